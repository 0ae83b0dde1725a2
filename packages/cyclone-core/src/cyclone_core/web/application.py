"""`Application`: routes and settings, and the Twisted factory that serves them."""

from collections.abc import Iterable
from contextvars import Context, copy_context
from typing import Any, Self, cast, overload

from twisted.internet.interfaces import IReactorTime

from cyclone_core.httpserver import BodyReceiver, ServerOptions
from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httpserver.connections import Connections
from cyclone_core.httpserver.factory import HTTPFactory
from cyclone_core.httpserver.intake import DiscardedBody, receive_body, receive_stream
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.limits import Limits
from cyclone_core.web.access import log_function, mask_function
from cyclone_core.web.handler import ErrorHandler, RequestHandler, ServerOptionsHandler
from cyclone_core.web.routing import Match, Route, RoutingTable, URLSpec
from cyclone_core.web.streaming import StreamedBody, is_streaming
from cyclone_core.web.transforms import default_transforms
from cyclone_escape import ObjectDict

__all__ = ["Application"]

_CLASSIC_NAME = "cyclone.web.Application"


class Application(HTTPFactory):
    """A web application (Tornado and cyclone: `web.Application`).

    It is a Twisted factory: `reactor.listenTCP(8888, application)` serves it, and one application may
    serve several ports, with TLS on some. Derive from it to set it up in `__init__`.

    Attributes:
        settings: The settings, by item and by attribute. Any name may be used; those of `Limits` and
            of `ServerOptions`, and `log_function`, `access_log`, `access_log_mask` and
            `server_header`, have a meaning here.
    """

    def __init__(
        self,
        handlers: Iterable[URLSpec | Route] | None = None,
        *,
        reactor: IReactorTime | None = None,
        **settings: Any,  # noqa: ANN401 -- an application's settings are its own
    ) -> None:
        """Make an application.

        Args:
            handlers: Routes in the order in which they are tried: `(pattern, handler)`, optionally
                with keyword arguments for `initialize` and a name, or `URLSpec` objects.
            reactor: What tells the time; by default the global reactor.
            settings: The settings.

        Raises:
            ValueError: A route or a setting is malformed; the message says which.
            ImportError: A handler's dotted name leads nowhere.
        """
        # Requests copy this context and not the one they arrive in: the asyncio reactor calls in the
        # context of whoever asked for the call, and that may have been another request.
        self._context = copy_context()
        self.settings: ObjectDict[Any] = ObjectDict(settings)
        super().__init__(
            Limits.from_settings(settings),
            ServerOptions.from_settings(settings),
            Connections(CoarseClock(reactor)),
            _server_header(settings.get("server_header", "cyclone")),
        )
        self.router = RoutingTable(handlers or ())
        self.transforms = default_transforms(settings)
        self._log_function = log_function(settings, self.clock)
        self._mask = mask_function(settings)
        self._not_found = Match(ErrorHandler, {"status_code": 404})
        # An application may have a route of its own for this.
        self._fallback = {"*": Match(ServerOptionsHandler, {})}

    @overload
    def __call__(self) -> Self: ...

    @overload
    def __call__(self, request: HTTPServerRequest) -> None: ...

    def __call__(self, request: HTTPServerRequest | None = None) -> Self | None:
        """Answer a complete request; without one, return the application itself.

        The second form is for documented code such as `TCPServer(8888, application())`.

        Args:
            request: The request.

        Returns:
            The application, if there was no request.
        """
        if request is None:
            return self
        match = self.router.find(request.path) or self._unmatched(request.path)
        context = self._context.copy()
        context.run(self._handle, request, match, context)
        return None

    def start_request(self, request: HTTPServerRequest) -> BodyReceiver | None:
        """Choose the handler of a request whose body is still to come, and so its limits.

        Args:
            request: The request, without its body.

        Returns:
            Who takes the body, or None if the request is answered without it.
        """
        match = self.router.find(request.path) or self._unmatched(request.path)
        if "Expect" in request.headers and not self._wants_body(match, request.method):
            self._run(request, match)
            return None
        exchange = request.connection
        size = getattr(match.handler_class, "max_body_size", None)
        timeout = getattr(match.handler_class, "body_timeout", None)
        if exchange is not None and size is not None:
            exchange.set_max_body_size(size)
        if exchange is not None and timeout is not None:
            exchange.set_body_timeout(timeout)
        options = request.options or self.options
        if is_streaming(match.handler_class):
            return receive_stream(
                request, options, self.clock, lambda begun: self._stream(begun, match)
            )

        def run(complete: HTTPServerRequest) -> None:
            self._run(complete, match)

        if match is self._not_found:
            return DiscardedBody(request, run)
        return receive_body(request, options, self.clock, run)

    def log_request(self, handler: RequestHandler) -> None:
        """Write the access log's line of an answered request; `log_function` replaces it.

        Args:
            handler: The handler that has answered.
        """
        self._log_function(handler)

    def logPrefix(self) -> str:
        """Name the application in Twisted's log: `cyclone.web.Application starting on 8888`."""
        kind = type(self)
        return _CLASSIC_NAME if kind is Application else f"{kind.__module__}.{kind.__qualname__}"

    def _wants_body(self, match: Match, method: str) -> bool:
        """Tell whether a body can change the answer (RFC 9110 section 10.1.1)."""
        answers = getattr(match.handler_class, "_answers_method", None)
        return match is not self._not_found and (answers is None or answers(method))

    def _unmatched(self, path: str) -> Match:
        return self._fallback.get(path, self._not_found)

    def _run(self, request: HTTPServerRequest, match: Match) -> None:
        context = self._context.copy()
        context.run(self._handle, request, match, context)

    def _stream(self, request: HTTPServerRequest, match: Match) -> StreamedBody | None:
        context = self._context.copy()
        return context.run(self._begin_stream, request, match, context)

    def _begin_stream(
        self, request: HTTPServerRequest, match: Match, context: Context
    ) -> StreamedBody | None:
        """Make the handler of a body that comes in pieces; returns who takes it, if somebody does."""
        handler = match.handler_class(self, request, **match.kwargs)
        handler._body_held = True  # noqa: SLF001 -- as below
        handler._execute(context, match.args, match.named)  # noqa: SLF001 -- as below
        if handler._finished:  # noqa: SLF001 -- as below
            return None
        if handler._body_held and request.connection is not None:  # noqa: SLF001 -- as below
            request.connection.pause_body()
        return StreamedBody(handler, context)

    def _handle(self, request: HTTPServerRequest, match: Match, context: Context) -> None:
        handler = match.handler_class(self, request, **match.kwargs)
        # Tornado's and cyclone 1.x's name: whatever a route calls must return something that has it.
        handler._execute(context, match.args, match.named)  # noqa: SLF001


def _server_header(value: object) -> str:
    try:
        return HTTPHeaders({"Server": cast("str", value or "")})["Server"]
    except (TypeError, ValueError) as error:
        raise ValueError(f"setting 'server_header' cannot be sent: {error}") from None
