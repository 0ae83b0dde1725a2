"""How applications use templates, UI modules, users and locales; read by type checkers only, never run."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, assert_type

from twisted.internet.defer import Deferred

from cyclone_core.web import Application, RequestHandler, TemplateModule, UIModule
from cyclone_core.web.uinames import load_ui_methods, load_ui_modules
from cyclone_core.web.users import MissingSettingError, UnresolvedUserError
from cyclone_locale import Locale, get
from cyclone_template import BaseLoader, DictLoader


class Entry(UIModule):
    """A module with all that a page may need."""

    def render(self, title: str, *, short: bool = False) -> bytes | Deferred[bytes]:
        assert_type(self.handler, RequestHandler)
        assert_type(self.locale, Locale)
        return self.render_string("entry.html", title=title, short=short)

    def embedded_javascript(self) -> str:
        return "go()"

    def javascript_files(self) -> list[str]:
        return ["a.js"]

    def embedded_css(self) -> bytes:
        return b"b {}"

    def css_files(self) -> str:
        return "a.css"

    def html_head(self) -> None:
        return None


class Waiting(UIModule):
    """A module that waits."""

    async def render(self) -> str:
        return "text"


class Base(RequestHandler):
    """A handler with all that may be overridden."""

    async def get_current_user(self) -> dict[str, str] | None:
        return {"name": "Ada"}

    def get_user_locale(self) -> str | None:
        return "pl"

    def get_login_url(self) -> str:
        return "/in?" + super().get_login_url()

    def get_template_path(self) -> Path:
        return Path("templates")

    def create_template_loader(self, template_path: object) -> BaseLoader:
        return DictLoader({"page.html": str(template_path)})

    def get_template_namespace(self) -> dict[str, Any]:
        return {**super().get_template_namespace(), "more": 1}

    def render_linked_js(self, js_files: Iterable[str]) -> str:
        return "".join(js_files)

    def render_embed_css(self, css_embed: Iterable[bytes]) -> bytes:
        return b"".join(css_embed)


class Page(Base):
    """Renders."""

    def prepare(self) -> None:
        self.current_user = {"name": "Ada"}
        self.locale = get("pl")
        self.locale = "pl"
        self.require_setting("color", "the palette")
        self.require_setting("color")

    async def get(self) -> None:
        assert_type(self.locale, Locale)
        assert_type(self.get_browser_locale("en"), Locale)
        page = self.render_string("page.html", title="x")
        assert_type(page, bytes | Deferred[bytes])
        self.write(page if isinstance(page, bytes) else await page)
        assert_type(self.render("page.html", title="x"), Deferred[None])
        await self.render("page.html")
        self.ui.shout("x")
        self.ui["modules"].Entry("x")


assert_type(load_ui_modules({"Entry": Entry}), dict[str, type[UIModule]])
assert_type(load_ui_methods([]), dict[str, Callable[..., Any]])
assert_type(Application(ui_modules=[{"Waiting": Waiting}]).ui_modules["Template"], type[UIModule])
templates: type[UIModule] = TemplateModule
errors: list[type[Exception]] = [MissingSettingError, UnresolvedUserError]
