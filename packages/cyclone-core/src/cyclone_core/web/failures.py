"""What happens to a request that fails: the log entry and the error page."""

import sys
import warnings
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from types import TracebackType
from typing import Any, Final, TypeVar, overload

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_core.coroutines import FAILURES, run_in, settle
from cyclone_core.errors import StreamClosedError
from cyclone_core.http1.status import BODYLESS, is_reason, reason_phrase
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.log.text import printable
from cyclone_core.web.errors import Finish, HTTPError, status_of
from cyclone_core.web.output import OutputMethods
from cyclone_escape import xhtml_escape

__all__ = ["FailureMethods"]

_log = Logger(namespace="cyclone.web")

_R = TypeVar("_R")

_INTERNAL_SERVER_ERROR: Final = 500

# Of one request; a page that turns out to be another error is one thing, a circle of them another.
_MOST_ERROR_PAGES: Final = 5


class FailureMethods(OutputMethods):
    """The methods of `RequestHandler` that turn exceptions into answers.

    Whatever fails, the client gets an answer or an end of the connection, and the log one entry.
    """

    def send_error(
        self,
        status_code: int = _INTERNAL_SERVER_ERROR,
        *,
        reason: str | None = None,
        **kwargs: Any,  # noqa: ANN401 -- passed on to an override
    ) -> None:
        """Answer with an error page instead of what was written.

        If the head is out already, nothing can be taken back: the connection is cut. If the answer is
        complete already, this does nothing but log a warning.

        Args:
            status_code: 400 to 599.
            reason: The reason phrase; by default that of the `HTTPError`, or the usual one.
            kwargs: For `write_error`, among them `exc_info` and `exception` of what was raised.

        Raises:
            ValueError: The status is no final one, or the reason cannot be sent.
        """
        if self._before_headers is not None and not self._headers_written:
            self._finished = False  # the head is held up: this takes the place of the answer
        if self._finished:
            if not self._derived_head:
                _log.warn("send_error({status}) came after the answer", status=status_code)
            return
        if self._headers_written:
            self._give_up()
            return
        exception = kwargs.get("exception")
        self.clear()
        self._active_modules = None  # those of the page that has failed
        self.set_status(status_code, _reason_of(exception) if reason is None else reason)
        self._auto_finish = False
        self._error_pending = True
        self._error_count += 1
        try:
            self._set_error_headers(exception)
            if self._error_count > _MOST_ERROR_PAGES:
                # The application's page sends another error instead of itself, again and again.
                result = FailureMethods.write_error(self, status_code)
            else:
                result = self.write_error(status_code, **kwargs)
            waiting = None if result is None else settle(result, self._context)
        except FAILURES:  # the page is the application's; there must be an answer
            self._error_page_failed(Failure())
        else:
            if waiting is None:
                self._finish_error_page()
            else:
                waiting.addCallbacks(self._error_page_done, self._error_page_failed)

    @overload
    def async_callback(self, callback: None, *args: object, **kwargs: object) -> None: ...

    @overload
    def async_callback(
        self, callback: Callable[..., _R], *args: object, **kwargs: object
    ) -> Callable[..., _R | None]: ...

    def async_callback(
        self, callback: Callable[..., _R] | None, *args: object, **kwargs: object
    ) -> Callable[..., _R | None] | None:
        """Make of a callback one whose exceptions lead to the error page (cyclone 1.x; Tornado up to 3).

        It runs in the context of the request. A Deferred that the method returns, or a coroutine, does
        without: its failure is answered anyway.

        Args:
            callback: A function, or None.
            args: Its first arguments.
            kwargs: Keyword arguments for it.

        Returns:
            A function that takes further arguments and returns what the callback does, or None if that
            has raised something; None for None.
        """
        if callback is None:
            return None
        bound = partial(callback, *args, **kwargs)
        context = getattr(self, "_context", None) or copy_context()

        def guarded(*more: object, **keywords: object) -> _R | None:
            return run_in(context, self._call_back, partial(bound, *more, **keywords))

        return guarded

    def _call_back(self, callback: Callable[[], _R]) -> _R | None:
        try:
            return callback()
        except FAILURES:  # as in _execute()
            self._handle_failure(*sys.exc_info())
        return None

    def _set_error_headers(self, exception: object) -> None:
        for name, value in (getattr(exception, "http_headers", None) or {}).items():
            try:
                self.set_header(name, value)
            except (TypeError, ValueError):
                _log.failure(
                    "an exception has an http_header {name!r} that cannot be sent", name=name
                )

    def write_error(self, status_code: int, **kwargs: Any) -> Any:  # noqa: ANN401 -- as send_error's
        """Override to write an error page of your own; what it returns is waited for.

        Args:
            status_code: The status of the answer, which is set already.
            kwargs: `exc_info` (type, value, traceback) and `exception` if something was raised.
        """
        if hasattr(self, "get_error_html"):
            return self._write_error_html(status_code, kwargs)
        if status_code in BODYLESS:
            self.finish()
            return None
        raised = kwargs.get("exc_info")
        if raised and self.application.settings.get("serve_traceback"):
            # Where it is not wanted, nothing of it is loaded.
            from cyclone_core.web.debugpage import answer_with_traceback

            if status_code >= _INTERNAL_SERVER_ERROR and answer_with_traceback(self, raised):
                return None
        title = f"{status_code}: {xhtml_escape(self._reason)}"
        self.finish(f"<html><title>{title}</title><body>{title}</body></html>")
        return None

    def _write_error_html(self, status_code: int, kwargs: dict[str, Any]) -> object:
        """Send the page of `get_error_html`, as handlers for cyclone 1.x and Tornado 1 have it."""
        method = self.get_error_html  # type: ignore[attr-defined] # defined by those handlers only
        name = f"{type(self).__module__}.{type(self).__qualname__}"
        warnings.warn(
            f"{name}.get_error_html() is deprecated: override write_error() and call finish() there",
            DeprecationWarning,
            stacklevel=2,
        )
        kwargs.pop("exc_info", None)
        page = method(status_code, **kwargs)
        if isinstance(page, Deferred):  # of render_string()
            return page.addCallback(self.finish)
        self.finish(page)
        return None

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log what a method has raised; override to log elsewhere.

        Messages are escaped and secrets of the URI masked as in the access log, see
        `cyclone_core.log.text`. A traceback is Twisted's, as it is.

        Args:
            typ: Its type.
            value: The exception.
            tb: Its traceback.
        """
        summary = self._request_summary()
        if isinstance(value, HTTPError):
            message = value.get_message()
            if message:
                _log.warn(
                    "{status} {summary}: {text}",
                    status=value.status_code,
                    summary=summary,
                    text=printable(message),
                )
        elif isinstance(value, StreamClosedError):
            # Somebody who waited for `flush` learned that the client has gone: no error of ours.
            _log.info("{summary}: {text}", summary=summary, text=printable(str(value)))
        elif status_of(value or Exception()) == _INTERNAL_SERVER_ERROR:
            _log.failure("Uncaught exception: {summary}", Failure(value, typ, tb), summary=summary)
        else:
            _log.warn("{summary}: {text}", summary=summary, text=printable(str(value)))

    def _request_summary(self) -> str:
        """Describe the request for the log; a `log_exception` that was written for Tornado calls it."""
        request = self.request
        uri = request.uri
        if "?" in uri:
            uri = self.application._mask(uri)  # noqa: SLF001 -- one for the framework's use
        return printable(f"{request.method} {uri} ({request.remote_ip})")

    def _handle_failure(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if isinstance(value, Finish):
            self._finish_early(value)
            return
        self._report(typ, value, tb)
        if self._finished or self._error_pending:
            return
        try:
            status = status_of(value or Exception())
            self.send_error(status, exc_info=(typ, value, tb), exception=value)
        except Exception:  # noqa: BLE001 -- set_default_headers() is the application's, too
            _log.failure("send_error failed")
            self._give_up()

    def _finish_early(self, raised: Finish) -> None:
        try:
            if not (self._finished or self._error_pending):
                self.finish(*raised.args)
        except Exception:  # noqa: BLE001 -- what `Finish` carries may be nothing that can be sent
            self._handle_failure(*sys.exc_info())

    def _report(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        try:
            self.log_exception(typ, value, tb)
        except Exception:  # noqa: BLE001 -- a failing log must not cost the client its answer
            _log.failure("log_exception failed")

    def _error_page_done(self, _: object) -> None:
        run_in(self._context, self._finish_error_page)

    def _error_page_failed(self, failure: Failure) -> None:
        if failure.check(StreamClosedError) is None:
            _log.failure("write_error failed", failure)
        self._write_buffer = []
        run_in(self._context, self._finish_error_page)

    def _finish_error_page(self) -> None:
        try:
            if not self._finished:
                self._finish()
        except Exception:  # noqa: BLE001 -- set_default_headers() may have set what cannot be sent
            _log.failure("the error page cannot be sent")
            self._give_up()

    def _give_up(self) -> None:
        """End the request with what is left when even its error page cannot be sent."""
        self._finished = True
        if self._headers_written:
            self._exchange.abort("the request failed behind the head of its answer")
        else:
            self._status_code = _INTERNAL_SERVER_ERROR
            reason = reason_phrase(_INTERNAL_SERVER_ERROR)
            self._exchange.respond(_INTERNAL_SERVER_ERROR, reason, HTTPHeaders(), b"")
        run_in(self._context, self._answered)


def _reason_of(exception: object) -> str | None:
    """Give the reason phrase that an `HTTPError` brings, unless it cannot be sent.

    The attribute of other exceptions with that name is none: that of a `UnicodeDecodeError`, say.
    """
    reason = exception.reason if isinstance(exception, HTTPError) else None
    return reason if isinstance(reason, str) and reason and is_reason(reason) else None
