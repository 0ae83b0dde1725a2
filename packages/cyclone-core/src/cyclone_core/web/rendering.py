"""Answering with templates.

Theory of operation. A page is complete at once unless an expression in its template gave a Deferred that
has not fired, or the template awaits something. Then `render` returns at once, too, and the handler counts
as finished: nothing else may be written. The answer is sent when the page is there, whatever the handler
does with the Deferred. If the page fails, that Deferred fails first, so a handler that waits for it may
answer otherwise; if nobody has taken the failure, it becomes the error page.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cyclone_core.coroutines import run_in
from cyclone_core.httpserver.streams import close_stream
from cyclone_core.web.pages import Needs, insert, linked_urls
from cyclone_core.web.templates import TemplateMethods
from cyclone_core.web.uimodules import Text

__all__ = ["RenderMethods"]


class RenderMethods(TemplateMethods):
    """The methods of `RequestHandler` that answer with templates."""

    if TYPE_CHECKING:
        _abandoned: bool

        def _error_page_failed(self, failure: Failure) -> None: ...

    def render(self, template_name: str, **kwargs: Any) -> Deferred[None]:  # noqa: ANN401 -- variables
        """Answer with a template; nothing may be written behind it.

        A handler need not return the Deferred: the request stays open until the page is complete.

        Args:
            template_name: The name of the template.
            kwargs: Its variables, beside those of `get_template_namespace`.

        Returns:
            A Deferred like that of `finish`. If the page had to wait for something that failed, it fails
            likewise; nobody need handle that, the client gets an error page then.

        Raises:
            RuntimeError: The answer is finished already, or waits for a page.
            TemplateNotFoundError: There is no such template. It is an `OSError`.
            ParseError: The template is wrong; says where.
            Exception: What the template's code raises.
        """
        if self._finished:
            if self._derived_head and not self._rendering:
                return self._drained()
            raise RuntimeError(
                f"cannot render({template_name!r}) after "
                + ("render(): its page is still to come" if self._rendering else "finish()")
            )
        page = self.render_string(template_name, **kwargs)
        if isinstance(page, Deferred):
            return self._finish_later(page)
        return self._finish_page(page)

    def render_linked_js(self, js_files: Iterable[str]) -> Text:
        """Write the links to JavaScript files; override it to write them otherwise.

        Args:
            js_files: URLs, absolute paths, or paths among the static files.

        Returns:
            HTML.
        """
        urls = linked_urls(js_files, self.static_url)
        return "".join([f'<script src="{url}" type="text/javascript"></script>' for url in urls])

    def render_embed_js(self, js_embed: Iterable[bytes]) -> Text:
        """Write JavaScript into the page; override it to write it otherwise.

        Args:
            js_embed: JavaScript.

        Returns:
            HTML.
        """
        code = b"\n".join(js_embed)
        return b'<script type="text/javascript">\n//<![CDATA[\n' + code + b"\n//]]>\n</script>"

    def render_linked_css(self, css_files: Iterable[str]) -> Text:
        """Write the links to CSS files; override it to write them otherwise.

        Args:
            css_files: URLs, absolute paths, or paths among the static files.

        Returns:
            HTML.
        """
        urls = linked_urls(css_files, self.static_url)
        return "".join([f'<link href="{url}" type="text/css" rel="stylesheet"/>' for url in urls])

    def render_embed_css(self, css_embed: Iterable[bytes]) -> Text:
        """Write CSS into the page; override it to write it otherwise.

        Args:
            css_embed: CSS.

        Returns:
            HTML.
        """
        return b'<style type="text/css">\n' + b"\n".join(css_embed) + b"\n</style>"

    # The page.

    def _finish_page(self, page: Text) -> Deferred[None]:
        if self._active_modules:
            page = self._with_resources(page, Needs.of(self._active_modules.values()))
        return self.finish(page)

    def _with_resources(self, page: Text, needs: Needs) -> bytes:
        head: list[Text] = []
        scripts: list[Text] = []
        if needs.js_files:
            scripts.append(self.render_linked_js(needs.js_files))
        if needs.js_embed:
            scripts.append(self.render_embed_js(needs.js_embed))
        if needs.css_files:
            head.append(self.render_linked_css(needs.css_files))
        if needs.css_embed:
            head.append(self.render_embed_css(needs.css_embed))
        head.append(b"".join(needs.head))
        return insert(page, head=head, scripts=scripts, body=[b"".join(needs.body)])

    def _finish_later(self, page: Deferred[bytes]) -> Deferred[None]:
        """Finish when a page is there; until then nobody else may write."""
        rendered: Deferred[None] = Deferred(lambda _: page.cancel())
        self._finished = True
        self._rendering = rendered
        page.addCallbacks(
            self._page_came, self._page_failed, callbackArgs=(rendered,), errbackArgs=(rendered,)
        )
        if self._abandoned:
            rendered.cancel()
        return rendered

    def _page_came(self, page: bytes, rendered: Deferred[None]) -> None:
        if not self._rendering:
            close_stream(rendered, "an error page was sent instead")
            return
        self._finished = False
        self._rendering = None
        try:
            sent = run_in(self._context, self._finish_page, page)
        except Exception:  # noqa: BLE001 -- the resources of modules are the application's
            self._tell_failure(Failure(), rendered)
        else:
            sent.addCallbacks(_tell_sent, _tell_lost, (rendered,), {}, (rendered,))

    def _page_failed(self, failure: Failure, rendered: Deferred[None]) -> None:
        if not self._rendering:
            close_stream(rendered, "an error page was sent instead")
            return
        self._finished = False
        self._rendering = None
        self._tell_failure(failure, rendered)

    def _tell_failure(self, failure: Failure, rendered: Deferred[None]) -> None:
        of_error_page = self._error_pending
        rendered.errback(failure)
        rendered.addErrback(self._answer_failure, of_error_page)

    def _answer_failure(self, failure: Failure, of_error_page: bool) -> None:
        """Answer a failure that nobody has taken."""
        if self._finished or self._error_pending != of_error_page:
            return  # somebody has, and passed it on
        if of_error_page:
            self._error_page_failed(failure)
        else:
            self._fail(failure)


def _tell_sent(_: object, rendered: Deferred[None]) -> None:
    if not rendered.called:  # it may have been cancelled
        rendered.callback(None)


def _tell_lost(failure: Failure, rendered: Deferred[None]) -> None:
    if not rendered.called:
        close_stream(rendered, str(failure.value))
