"""What the parts of a `RequestHandler` share."""

from contextvars import Context
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, cast

from cyclone_core.httpserver import Exchange
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from cyclone_core.web.application import Application

__all__ = ["HandlerBase"]


class HandlerBase:
    """The state of one request's handler.

    Attributes:
        application: The application that serves the request.
        request: The request.
        path_args: Values of the route's unnamed groups.
        path_kwargs: Values of the route's named groups.
    """

    application: "Application"
    request: HTTPServerRequest
    path_args: tuple[str | None, ...] = ()
    # Nobody can write to this one; a request that is handled has its own.
    path_kwargs: dict[str, str | None] = cast("Any", MappingProxyType({}))

    _context: Context
    _headers: HTTPHeaders
    _status_code: int
    _reason: str
    _write_buffer: list[bytes]
    _headers_written = False
    _finished = False
    _auto_finish = True
    _error_pending = False  # an error page is being made, by something that was not done at once
    _rendering: "Deferred[None] | None" = None  # of a page that waits; `_finished` is set, too
    _active_modules: dict[str, Any] | None = None  # UI modules of the page, by name
    _late = False  # the answer may be finished by code that does not run in the request's context
    _derived_head = False
    _stream_request_body: ClassVar[bool] = False
    _error_count = 0  # how often an error page was begun
    _body_held = False  # a body that comes in pieces waits for `prepare`
    _receiving = False  # such a body is coming
    _new_cookies: dict[str, str] | None = None  # by name, values of `Set-Cookie`

    @property
    def settings(self) -> Any:  # noqa: ANN401 -- an application's settings are its own
        """The application's settings, by item and by attribute."""
        return self.application.settings

    @property
    def _exchange(self) -> Exchange:
        exchange = self.request.connection
        if exchange is None:
            raise RuntimeError("this request was made by hand: it has no connection to answer on")
        return exchange
