"""UI modules: parts of a page that are written once, with the CSS and JavaScript that they need."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from cyclone_core.httputil import HTTPServerRequest
from cyclone_escape import linkify, to_unicode
from cyclone_locale import Locale

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from cyclone_core.web.handler import RequestHandler

__all__ = ["BUILT_IN", "TemplateModule", "UIModule"]

Text = str | bytes
"""Text, or its UTF-8."""

Files = Text | Iterable[Text] | None
"""One URL or path, or several."""


class UIModule:
    """A part of a page (Tornado and cyclone: `web.UIModule`).

    Derive from it, override `render`, give the class to the application in the setting `ui_modules`, and
    write `{% module Name(...) %}` in templates. Each request has an instance of its own, however often the
    module stands in the page.

    The other methods say what the page needs beside: `RequestHandler.render` puts it into the head and the
    body, once for each module.

    Attributes:
        handler: The handler that renders the page.
        request: The request.
    """

    handler: "RequestHandler"
    request: HTTPServerRequest

    def __init__(self, handler: "RequestHandler") -> None:
        """Make the module of a request; the first `{% module %}` does.

        Args:
            handler: The handler that renders the page.
        """
        self.handler = handler
        self.request = handler.request

    @property
    def ui(self) -> Any:  # noqa: ANN401 -- its items are the application's own
        """The application's UI methods and modules, as `RequestHandler.ui`."""
        return self.handler.ui

    @property
    def current_user(self) -> Any:  # noqa: ANN401 -- as RequestHandler.current_user
        """The user who asks; looked up when it is read."""
        return self.handler.current_user

    @property
    def locale(self) -> Locale:
        """The locale of the page; looked up when it is read."""
        return self.handler.locale

    def render(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- overridden with the real ones
        """Override to write the part of the page; it is never escaped.

        Args:
            args: What stands in `{% module Name(...) %}`.
            kwargs: The same.

        Returns:
            Text or UTF-8 bytes, or a Deferred that fires with them; it may be `async def`.

        Raises:
            NotImplementedError: The class does not override it.
        """
        raise NotImplementedError(f"{type(self).__name__} has no render() of its own")

    def embedded_javascript(self) -> Text | None:
        """Override to give JavaScript that stands at the end of the page's body."""
        return None

    def javascript_files(self) -> Files:
        """Override to name JavaScript files, one or several; relative paths are for `static_url`."""
        return None

    def embedded_css(self) -> Text | None:
        """Override to give CSS that stands in the page's head."""
        return None

    def css_files(self) -> Files:
        """Override to name CSS files, one or several; relative paths are for `static_url`."""
        return None

    def html_head(self) -> Text | None:
        """Override to give HTML that stands at the end of the page's head."""
        return None

    def html_body(self) -> Text | None:
        """Override to give HTML that stands at the end of the page's body."""
        return None

    def render_string(self, path: str, **kwargs: Any) -> "bytes | Deferred[bytes]":  # noqa: ANN401
        """Render a template; see `RequestHandler.render_string`.

        Args:
            path: The name of the template.
            kwargs: Its variables.

        Returns:
            UTF-8 bytes, or a Deferred that fires with them.
        """
        return self.handler.render_string(path, **kwargs)


class _Linkify(UIModule):
    """Writes text with links where it has URLs: `{% module linkify(text) %}`."""

    def render(self, text: Text, **kwargs: Any) -> str:  # noqa: ANN401 -- those of linkify()
        return linkify(text, **kwargs)


class _XSRFForm(UIModule):
    """Writes the hidden field of a form against forgery: `{% module xsrf_form_html() %}`."""

    def render(self) -> str:
        return self.handler.xsrf_form_html()


class TemplateModule(UIModule):
    """Renders a template as a module: `{% module Template("entry.html", entry=entry) %}`.

    Unlike `{% include %}` it gives the template a namespace of its own. And the template may say what the
    page needs, with the names of the methods of `UIModule`: `{{ set_resources(css_files="entry.css") }}`.
    That counts once for a template, so it must not depend on the variables.

    Source: Tornado and cyclone, `web.TemplateModule`.
    """

    def __init__(self, handler: "RequestHandler") -> None:
        """Make the module of a request; see `UIModule`."""
        super().__init__(handler)
        self._resources: dict[str, dict[str, Any]] = {}  # by template, in the order of the page

    def render(self, path: str, **kwargs: Any) -> "bytes | Deferred[bytes]":  # noqa: ANN401 -- variables
        """Render a template.

        Args:
            path: The name of the template.
            kwargs: Its variables.

        Returns:
            UTF-8 bytes, or a Deferred that fires with them.
        """

        def set_resources(**resources: Text | Iterable[Text]) -> str:
            return self._set_resources(path, resources)

        return self.render_string(path, set_resources=set_resources, **kwargs)

    def _set_resources(self, path: str, resources: dict[str, Any]) -> str:
        # Tornado's documentation writes `js_files`, which has no effect there.
        if "js_files" in resources and "javascript_files" not in resources:
            resources["javascript_files"] = resources.pop("js_files")
        unknown = sorted(resources.keys() - _RESOURCES)
        if unknown:
            raise TypeError(
                f"set_resources() in {path} knows {', '.join(sorted(_RESOURCES))}; not {', '.join(unknown)}"
            )
        if self._resources.setdefault(path, resources) != resources:
            raise ValueError(
                f"set_resources() in {path} was called with other resources than before: they are sent once"
                " for each template, so they must not depend on its variables"
            )
        return ""

    def _given(self, name: str) -> list[Any]:
        return [given[name] for given in self._resources.values() if given.get(name)]

    def _joined(self, name: str, separator: str) -> str:
        return separator.join([to_unicode(text) for text in self._given(name)])

    def _files(self, name: str) -> list[str]:
        return [path for files in self._given(name) for path in file_names(files)]

    def embedded_javascript(self) -> str:
        """Give the JavaScript of all templates."""
        return self._joined("embedded_javascript", "\n")

    def javascript_files(self) -> list[str]:
        """Name the JavaScript files of all templates."""
        return self._files("javascript_files")

    def embedded_css(self) -> str:
        """Give the CSS of all templates."""
        return self._joined("embedded_css", "\n")

    def css_files(self) -> list[str]:
        """Name the CSS files of all templates."""
        return self._files("css_files")

    def html_head(self) -> str:
        """Give what all templates have for the head."""
        return self._joined("html_head", "")

    def html_body(self) -> str:
        """Give what all templates have for the end of the body."""
        return self._joined("html_body", "")


def file_names(files: Files) -> list[str]:
    """Give the names of the files that a module needs.

    Args:
        files: One or several, or None.
    """
    if not files:
        return []
    return [to_unicode(name) for name in ([files] if isinstance(files, (str, bytes)) else files)]


_RESOURCES: Final = frozenset(
    {
        "css_files",
        "embedded_css",
        "embedded_javascript",
        "html_body",
        "html_head",
        "javascript_files",
    }
)

BUILT_IN: Final[Mapping[str, type[UIModule]]] = {
    "linkify": _Linkify,
    "xsrf_form_html": _XSRFForm,
    "Template": TemplateModule,
}
"""The modules that every application has, by name."""
