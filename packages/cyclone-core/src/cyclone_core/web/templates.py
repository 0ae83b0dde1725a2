"""Templates within a handler: their variables, where they come from, UI methods and modules."""

import os
import sys
from collections.abc import Awaitable
from contextvars import Context, copy_context
from types import FrameType, MethodType
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from twisted.internet.defer import Deferred

import cyclone_template
from cyclone_core.coroutines import run_in, settle
from cyclone_core.web.output import OutputMethods
from cyclone_core.web.uinames import ModuleNamespace
from cyclone_core.web.urls import URLMethods
from cyclone_core.web.users import UnresolvedUserError, is_asynchronous
from cyclone_core.web.xsrf import ForgeryMethods
from cyclone_escape import ObjectDict, to_unicode
from cyclone_template import BaseLoader, Loader, Template

if TYPE_CHECKING:
    from cyclone_core.web.handler import RequestHandler
    from cyclone_core.web.uimodules import UIModule

__all__ = ["TemplateMethods"]

_T = TypeVar("_T")

TemplatePath = str | os.PathLike[str]

# Files of ours, and code of templates: not what has asked for a template.
_OURS: Final = frozenset(
    {os.path.split(module)[0] for module in (__file__, cyclone_template.__file__)}
)
_OF_TEMPLATE: Final = "<template "

# Those of an application, on the application: they go with it, even one that refers to it.
_LOADERS: Final = "_template_loaders"


class TemplateMethods(ForgeryMethods, URLMethods, OutputMethods):
    """The methods of `RequestHandler` that make text of templates."""

    _ui: ObjectDict[Any] | None = None
    _loaders_reset: set[int] | None = None  # for this request, by their ids

    def render_string(self, template_name: str, **kwargs: Any) -> bytes | Deferred[bytes]:  # noqa: ANN401
        """Render a template without sending it.

        Args:
            template_name: The name of the template.
            kwargs: Its variables, beside those of `get_template_namespace`.

        Returns:
            The page in UTF-8; or a Deferred that fires with it, if an expression in the template gives a
            Deferred that has not fired, the template awaits something, or it is not yet known who asks.

        Raises:
            Exception: As `render`.
        """
        template = self._load_template(template_name)
        try:
            return self._generate(template, kwargs)
        except UnresolvedUserError:
            waiting = self._resolve_user()
        if waiting is None:
            return self._generate(template, kwargs)
        context = self._own_context()
        return waiting.addCallback(lambda _: run_in(context, self._generate, template, kwargs))

    def _generate(self, template: Template, values: dict[str, Any]) -> bytes | Deferred[bytes]:
        names = {**self.get_template_namespace(), **values}
        # Loaders of another make have no such attribute, for example.
        if getattr(template, "is_async", False):
            return _value_of(template.generate_async(**names), self._own_context())
        return template.generate(**names)

    def get_template_namespace(self) -> dict[str, Any]:
        """Give the variables that all templates know; override it to add to them.

        Returns:
            A new dict, or another mapping.
        """
        locale = self.locale
        translate = locale.translate
        return {
            "handler": self,
            "request": self.request,
            "current_user": self.current_user,
            "locale": locale,
            "_": translate,
            "translate": translate,
            "pgettext": locale.pgettext,
            "static_url": self.static_url,
            "xsrf_form_html": self.xsrf_form_html,
            "reverse_url": self.reverse_url,
            **(self._ui or self._make_ui()),
        }

    # Loaders.

    def get_template_path(self) -> TemplatePath | None:
        """Tell where the templates are; override it to depend on the handler.

        Returns:
            The setting `template_path`; None for the directory of the source file that calls `render`.
        """
        path: TemplatePath | None = self.application.settings.get("template_path")
        return path

    def create_template_loader(self, template_path: TemplatePath) -> BaseLoader:
        """Make the loader of a directory; it is kept for all requests.

        Args:
            template_path: The directory.

        Returns:
            The setting `template_loader`, or else a `Loader` with the settings `autoescape` and
            `template_whitespace`.
        """
        settings = self.application.settings
        loader: BaseLoader | None = settings.get("template_loader")
        if loader is not None:
            return loader
        options: dict[str, Any] = {"whitespace": settings.get("template_whitespace")}
        if "autoescape" in settings:  # None means something
            options["autoescape"] = settings["autoescape"]
        return Loader(template_path, **options)

    def _load_template(self, name: str) -> Template:
        path = self.get_template_path() or _directory_of_caller(sys._getframe(2))  # noqa: SLF001
        # By the function, too: a derived class may have loaders of its own for the same directory.
        key = (type(self).create_template_loader, path)
        application = self.application
        loaders: dict[object, BaseLoader] = vars(application).setdefault(_LOADERS, {})
        loader = loaders.get(key)
        if loader is None:
            loader = loaders[key] = self.create_template_loader(path)
        if not application.settings.get("compiled_template_cache", True):
            self._reset_once(loader)
        return loader.load(name)

    def _reset_once(self, loader: BaseLoader) -> None:
        if self._loaders_reset is None:
            self._loaders_reset = set()
        if id(loader) not in self._loaders_reset:
            self._loaders_reset.add(id(loader))
            loader.reset()

    # UI methods and modules.

    @property
    def ui(self) -> ObjectDict[Any]:
        """The application's UI methods, and its UI modules as `modules`, for this request."""
        ui = self._ui
        if ui is None:
            ui = self._ui = self._make_ui()
            self._release_ui()
        return ui

    def _make_ui(self) -> ObjectDict[Any]:
        # Not kept by those who only render: it refers to the handler, and that would be a cycle.
        application = self.application
        modules = ModuleNamespace(self._call_module, application.ui_modules)
        ui: ObjectDict[Any] = ObjectDict(
            {name: MethodType(method, self) for name, method in application.ui_methods.items()}
        )
        # `{% module %}` uses the first, which no variable of a template takes away.
        ui["_tt_modules"] = ui["_modules"] = ui["modules"] = modules
        return ui

    def _release_ui(self) -> None:
        """Let go, when the request is over, of what refers to the handler; at once if it is."""
        if self.request.connection is not None:
            self._exchange.notifyFinish().addCallback(self._drop_ui)

    def _drop_ui(self, _: object) -> None:
        self._ui = self._active_modules = None

    def _call_module(self, name: str, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- a module's
        active = self._active_modules
        if active is None:
            active = self._active_modules = {}
            self._release_ui()
        module: UIModule | None = active.get(name)
        if module is None:
            make = self.application.ui_modules[name]
            module = active[name] = make(cast("RequestHandler", self))
        rendered = module.render(*args, **kwargs)
        if isinstance(rendered, bytes):
            return to_unicode(rendered)
        if is_asynchronous(rendered) and not isinstance(rendered, Deferred):
            return _value_of(rendered, self._own_context())
        return rendered

    def _own_context(self) -> Context:
        # There is none before the request is handled, nor where a test makes the handler.
        return getattr(self, "_context", None) or copy_context()


async def _put(value: Awaitable[_T], values: list[_T]) -> None:
    values.append(await value)


def _value_of(value: Awaitable[_T], context: Context) -> "_T | Deferred[_T]":
    """Await something: at once, if nothing waits."""
    values: list[_T] = []
    waiting = settle(_put(value, values), context)
    return values[0] if waiting is None else waiting.addCallback(lambda _: values[0])


def _directory_of_caller(frame: FrameType) -> str:
    """Give the directory of the source file that has called us, be it from a template."""
    while _is_ours(frame.f_code.co_filename) and frame.f_back is not None:
        frame = frame.f_back
    return os.path.split(frame.f_code.co_filename)[0]


def _is_ours(file: str) -> bool:
    return os.path.split(file)[0] in _OURS or file.startswith(_OF_TEMPLATE)
