"""UI modules and methods: how they are loaded, called, and what they bring into a page."""

import copy
import gc
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed

from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.web import Application, RequestHandler, TemplateModule, UIModule
from cyclone_core.web.uinames import load_ui_methods, load_ui_modules
from cyclone_template import DictLoader

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported

PAGE = "<html><head></head><body>{}</body></html>"
Answer = Any  # as above


class Page(RequestHandler):
    """Renders `page.html`."""

    def get(self) -> None:
        self.render("page.html")


class Greet(UIModule):
    """Greets by name."""

    def render(self, name: str) -> str:
        return f"<b>{name}</b>"


def shout(handler: RequestHandler, text: str, *, mark: str = "!") -> str:
    """Write loudly."""
    return f"{text.upper()}{mark} at {handler.request.path}"


def namespace(**names: object) -> ModuleType:
    """Make a Python module."""
    module = ModuleType("names")
    vars(module).update(names)
    return module


# Loading.


@pytest.mark.parametrize(
    "value",
    [
        {"Greet": Greet, "number": 7, "plain": str},
        namespace(Greet=Greet, other=shout),
        [namespace(Greet=Greet), {"number": 7}],
        ({"Greet": Greet},),
    ],
)
def test_modules_are_loaded(value: object) -> None:
    """Modules come from a dict, a Python module or a list of those; other values are passed over."""
    loaded = load_ui_modules(value)
    assert loaded.pop("Greet") is Greet
    assert loaded.pop("Template") is TemplateModule
    assert sorted(loaded) == ["linkify", "xsrf_form_html"]


def test_later_modules_win() -> None:
    """Of two modules with one name the later is taken, and an own one before a built-in one."""

    class Linkify(UIModule):
        pass

    assert load_ui_modules([{"linkify": Greet}, {"linkify": Linkify}])["linkify"] is Linkify


@pytest.mark.parametrize(
    "value",
    [
        {"shout": shout, "_hidden": shout, "Capital": shout, "number": 7},
        namespace(shout=shout, Greet=Greet),
        [{"shout": shout}],
    ],
)
def test_methods_are_loaded(value: object) -> None:
    """Methods are functions with a small first letter."""
    assert load_ui_methods(value) == {"shout": shout}


def test_nothing_is_loaded() -> None:
    """An application may have no modules and no methods."""
    assert sorted(load_ui_modules(None)) == ["Template", "linkify", "xsrf_form_html"]
    assert load_ui_methods(None) == {}


@pytest.mark.parametrize("load", [load_ui_modules, load_ui_methods])
@pytest.mark.parametrize("value", [7, "package.uimodules", [7]])
def test_wrong_setting(load: Callable[[object], object], value: object) -> None:
    """Something else is refused, with the name of the setting."""
    with pytest.raises(TypeError, match=r"setting 'ui_m.* is a Python module, a dict, or a list"):
        load(value)


# Calling.


def ask(
    serve: Serve, template: str, handler: type[RequestHandler] = Page, **settings: object
) -> Answer:
    """Ask for a page with this template, in which `Greet` and `shout` are known."""
    templates = {"page.html": template}
    templates.update(settings.pop("templates", {}))  # type: ignore[call-overload]
    settings.setdefault("ui_modules", {"Greet": Greet})
    settings.setdefault("ui_methods", {"shout": shout})
    return serve(handler, template_loader=DictLoader(templates), **settings).ask("/page")


def test_module_in_a_template(serve: Serve) -> None:
    """A module is called by its name; what it gives is not escaped."""
    assert ask(serve, "{% module Greet('Ada') %}").text == "<b>Ada</b>"


def test_method_in_a_template(serve: Serve) -> None:
    """A method gets the handler first; what it gives is escaped as any value."""
    answer = ask(serve, "{{ shout('<hey>', mark='?') }} {% raw shout('&') %}")
    assert answer.text == "&lt;HEY&gt;? at /page &amp;! at /page".replace("&amp;", "&")


def test_modules_as_values(serve: Serve) -> None:
    """`modules` gives modules to expressions, by attribute and by item."""
    template = "{% raw modules.Greet('Ada') %} {% raw modules['Greet']('Alan') %}"
    assert ask(serve, template).text == "<b>Ada</b> <b>Alan</b>"


def test_module_directive_is_not_shadowed(serve: Serve) -> None:
    """A variable named `modules` takes nothing from `{% module %}`."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.render("page.html", modules=7)

    assert ask(serve, "{{ modules }}{% module Greet('Ada') %}", Handler).text == "7<b>Ada</b>"


@pytest.mark.parametrize(
    ("template", "kind"),
    [("{% module Grete('Ada') %}", AttributeError), ("{{ modules['Grete'] }}", KeyError)],
)
def test_unknown_module(serve: Serve, log: Log, template: str, kind: type[Exception]) -> None:
    """A module that the application does not have is an error that says which there are."""
    assert ask(serve, template).status == 500
    (error,) = log.failures()
    assert isinstance(error, kind)
    assert "there is no UI module 'Grete'" in str(error)
    assert "Template, Greet" in str(error)


def test_copy_of_the_modules(serve: Serve) -> None:
    """The namespace of a page may be copied."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write(copy.copy(self.ui.modules).Greet("Ada"))

    assert ask(serve, "", Handler).text == "<b>Ada</b>"


class Counter(UIModule):
    """Counts how often it stands in the page."""

    count = 0

    def render(self) -> str:
        self.count += 1
        return f"{self.count} "


def test_one_instance_for_a_request(serve: Serve) -> None:
    """Each request has one instance of a module, however often it stands in the page."""
    server = serve(
        Page,
        template_loader=DictLoader(
            {"page.html": "{% for _ in 'ab' %}{% module Counter() %}{% end %}"}
        ),
        ui_modules={"Counter": Counter},
    )
    assert [server.ask().text for _ in range(2)] == ["1 2 ", "1 2 "]


def test_what_a_module_knows(serve: Serve) -> None:
    """A module has the handler, the request, the user, the locale and the UI methods."""

    class Module(UIModule):
        def render(self) -> str:
            assert self.handler.request is self.request
            assert self.ui.modules.Greet("Ada") == "<b>Ada</b>"
            assert self.ui is self.handler.ui
            parts = [self.current_user, self.locale.code, self.ui.shout("hey"), self.request.path]
            return " ".join(parts)

    class Handler(Page):
        def get_current_user(self) -> str:
            return "Ada"

    modules = {"Module": Module, "Greet": Greet}
    answer = ask(serve, "{% module Module() %}", Handler, ui_modules=modules)
    assert answer.text == "Ada en_US HEY! at /page /page"


def test_module_asks_for_the_user_when_it_must(serve: Serve) -> None:
    """The user and the locale are looked up when a module reads them."""
    calls = []

    class WithUser(UIModule):
        def render(self) -> str:
            return f"{self.current_user} {self.locale.code}"

    class Handler(Page):
        def get_template_namespace(self) -> dict[str, Any]:
            return self.ui

        def get_current_user(self) -> str:
            calls.append("user")
            return "Ada"

        def get_user_locale(self) -> None:
            calls.append("locale")

    modules = {"Greet": Greet, "WithUser": WithUser}
    assert ask(serve, "{% module Greet('you') %}", Handler).text == "<b>you</b>"
    assert calls == []
    answer = ask(serve, "{% module WithUser() %}", Handler, ui_modules=modules)
    assert answer.text == "Ada en_US"
    assert calls == ["user", "locale"]


@pytest.mark.parametrize(
    ("rendered", "text"),
    [("é", "é"), ("é".encode(), "é"), (succeed("é"), "é"), (succeed("é".encode()), "é"), (7, "7")],
)
def test_what_render_returns(serve: Serve, rendered: object, text: str) -> None:
    """A module gives text, UTF-8, or a Deferred of either."""

    class Module(UIModule):
        def render(self) -> object:
            return rendered

    assert ask(serve, "{% module Module() %}", ui_modules={"Module": Module}).text == text


def test_bytes_as_a_value(serve: Serve) -> None:
    """In an expression a module is text, also if it gives bytes."""

    class Module(UIModule):
        def render(self) -> bytes:
            return b"abc"

    template = "{{ modules.Module() + '!' }}"
    assert ask(serve, template, ui_modules={"Module": Module}).text == "abc!"


@pytest.mark.parametrize("kind", ["deferred", "coroutine"])
def test_module_that_waits(serve: Serve, kind: str) -> None:
    """A module may return a Deferred or be `async def`; the page waits for it."""
    deferreds: list[Deferred[str]] = []

    class Waiting(UIModule):
        def render(self) -> object:
            deferreds.append(Deferred())
            return deferreds[-1] if kind == "deferred" else self.wait(deferreds[-1])

        @staticmethod
        async def wait(deferred: Deferred[str]) -> str:
            return await deferred

        def embedded_css(self) -> str:
            return "b {}"

    page = PAGE.format("{% module Waiting() %} {{ 1 + 1 }} {% module Waiting() %}")
    connection = serve(
        Page, template_loader=DictLoader({"page.html": page}), ui_modules={"Waiting": Waiting}
    ).connect()
    connection.request()
    deferreds[1].callback("second")
    assert connection.sent == b""
    deferreds[0].callback("<b>first</b>")
    (answer,) = connection.read("GET")
    assert "<body><b>first</b> 2 second</body>" in answer.text
    assert answer.text.count("b {}") == 1


def test_coroutine_that_does_not_wait(serve: Serve) -> None:
    """A module that is `async def` and does not wait costs no Deferred."""

    class Module(UIModule):
        async def render(self) -> str:
            return "abc"

    class Handler(RequestHandler):
        def get(self) -> None:
            assert self.ui.modules.Module() == "abc"

    assert serve(Handler, ui_modules={"Module": Module}).ask().status == 200


def test_module_without_render(serve: Serve, log: Log) -> None:
    """A module that does not override `render` says so."""

    class Module(UIModule):
        pass

    assert ask(serve, "{% module Module() %}", ui_modules={"Module": Module}).status == 500
    assert [str(error) for error in log.failures()] == ["Module has no render() of its own"]


def test_module_renders_templates(serve: Serve) -> None:
    """A module may render a template, with the namespace of the handler."""

    class Entry(UIModule):
        def render(self, title: str) -> object:
            return self.render_string("entry.html", title=title)

    answer = ask(
        serve,
        "{% for title in 'ab' %}{% module Entry(title) %}{% end %}",
        ui_modules={"Entry": Entry},
        templates={"entry.html": "<i>{{ title }} {{ request.path }}</i>"},
    )
    assert answer.text == "<i>a /page</i><i>b /page</i>"


def test_ui_of_a_handler(serve: Serve) -> None:
    """`ui` is one object for a request, to which a handler may add."""

    class Handler(RequestHandler):
        def get(self) -> None:
            assert self.ui is self.ui
            assert self.ui.modules is self.ui["_modules"] is self.ui["_tt_modules"]
            self.ui["added"] = "value"
            self.render("page.html")

    assert ask(serve, "{{ added }} {{ shout('a') }}", Handler).text == "value A! at /page"


# Built-in modules.


def test_linkify(serve: Serve) -> None:
    """`linkify` makes links of URLs, and escapes the rest."""
    answer = ask(serve, "{% module linkify('http://example.com <', shorten=True) %}")
    assert answer.text == '<a href="http://example.com">http://example.com</a> &lt;'


def test_xsrf_form_html(serve: Serve) -> None:
    """`xsrf_form_html` writes the field of the handler's own method, unescaped."""

    class Handler(Page):
        def xsrf_form_html(self) -> str:
            return "<input>"

    assert ask(serve, "{% module xsrf_form_html() %}", Handler).text == "<input>"


def test_template_module_has_a_namespace_of_its_own(serve: Serve) -> None:
    """`Template` passes on its arguments, and no variable of the template that it stands in."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.render("page.html", own=1)

    answer = ask(
        serve,
        "{% set local = 2 %}{% module Template('entry.html', passed=3) %}",
        Handler,
        templates={
            "entry.html": (
                "{% try %}{{ own }}{% except NameError %}-{% end %}"
                "{% try %}{{ local }}{% except NameError %}-{% end %}{{ passed }}{{ request.path }}"
            )
        },
    )
    assert answer.text == "--3/page"


# What is left behind.


@pytest.mark.parametrize(
    "template",
    [
        "{{ shout('a') }}",
        "{% module Greet('a') %}",
        "{% module Template('a.html') %}{{ handler.ui.shout('a') }}",
    ],
)
@pytest.mark.parametrize("send", ["render", "write"])
def test_nothing_is_left(serve: Serve, template: str, send: str) -> None:
    """A request with UI modules and methods leaves nothing for the garbage collector."""

    class Handler(RequestHandler):
        def get(self) -> None:
            if send == "render":
                self.render("page.html")
            else:
                page = self.render_string("page.html")
                assert isinstance(page, bytes)
                self.write(page)

    loader = DictLoader({"page.html": template, "a.html": "{{ set_resources(html_head='') }}"})
    server = serve(
        Handler,
        template_loader=loader,
        ui_modules={"Greet": Greet},
        ui_methods={"shout": shout},
        log_function=lambda _: None,
    )
    connection = server.connect()
    connection.request()
    connection.read("GET")
    gc.collect()
    connection.request()
    connection.read("GET")
    assert gc.collect() == 0


def test_module_made_by_hand() -> None:
    """A test may make a handler without a connection and call its modules."""
    application = Application(ui_modules={"Greet": Greet})
    handler = RequestHandler(application, HTTPServerRequest("GET", "/"))
    assert handler.ui.modules.Greet("Ada") == "<b>Ada</b>"
