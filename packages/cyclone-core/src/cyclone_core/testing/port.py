"""The server's side of connections in memory: it learns which handler has answered."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cyclone_core.httpserver import HTTPServer
from cyclone_core.web import Application, RequestHandler

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime

    from cyclone_core.httpserver import BodyReceiver
    from cyclone_core.httputil import HTTPServerRequest
    from cyclone_core.testing.connection import Connection, OpenRequest
    from cyclone_core.testing.transport import MemoryTransport

__all__ = ["Port"]


class Port(HTTPServer):
    """An `HTTPServer` without a port: its connections are in memory.

    All else is the real thing: parser, limits, routing, handlers and the writer of answers.

    Attributes:
        open: The connections, by the server's end.
    """

    def __init__(
        self,
        application: Callable[..., Any],
        reactor: "IReactorTime | None" = None,
        protocol: str = "http",
    ) -> None:
        """Make a port.

        Args:
            application: An `Application`, an `HTTPServer`, or a function that answers requests.
            reactor: What tells the time for a function.
            protocol: `"http"` or `"https"`: what its requests say of themselves.

        Raises:
            ValueError: The protocol is neither.
        """
        if protocol == "http":
            super().__init__(application, reactor=reactor)
        else:
            super().__init__(application, reactor=reactor, protocol=protocol)
        self.open: dict[MemoryTransport, Connection] = {}
        self._watches: dict[OpenRequest, _LogWatch] = {}
        self._find_handler = _find_handler(application)

    def __call__(self, request: "HTTPServerRequest") -> object:
        """Pass a complete request on."""
        self._arrived(request)
        return super().__call__(request)

    def start_request(self, request: "HTTPServerRequest") -> "BodyReceiver | None":
        """Let the application take the body of a request."""
        self._arrived(request)
        return super().start_request(request)

    def watch(self, connection: "Connection") -> None:
        """Take note of a connection that is about to be made."""
        self.open[connection.transport] = connection

    def unwatch(self, connection: "Connection") -> None:
        """Take note that a connection has ended; the last one leaves nothing in the reactor."""
        self.open.pop(connection.transport, None)
        self.clock.stop()

    def forget(self, opened: "OpenRequest") -> None:
        """Take note that nobody waits for the handler of a request any more."""
        watch = self._watches.pop(opened, None)
        if watch is not None:
            watch.discard(opened)

    def _arrived(self, request: "HTTPServerRequest") -> None:
        exchange: Any = request.connection
        opened = self.open[exchange.transport].arrived(request)
        if opened is None or self._find_handler is None:
            return
        # Applications may be nested: each logs what its own handlers have answered.
        application = getattr(self._find_handler(request), "application", None)
        if isinstance(application, Application):
            self._watches[opened] = _LogWatch.of(application)
            self._watches[opened].add(opened)


class _LogWatch:
    """Stands before `Application.log_request` while answers are waited for.

    That is where an application hands out its handlers when they have answered. It is put on the
    instance, and goes with the last request that is waited for.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._own = vars(application).get("log_request")
        self._original: Callable[[RequestHandler], object] = application.log_request
        self._waiting: list[OpenRequest] = []
        application.log_request = self  # type: ignore[method-assign]

    @classmethod
    def of(cls, application: Application) -> "_LogWatch":
        present = vars(application).get("log_request")
        return present if isinstance(present, cls) else cls(application)

    def add(self, opened: "OpenRequest") -> None:
        self._waiting.append(opened)

    def discard(self, opened: "OpenRequest") -> None:
        self._waiting.remove(opened)
        if self._waiting:
            return
        if self._own is None:
            del self._application.log_request
        else:
            self._application.log_request = self._own  # type: ignore[method-assign]

    def __call__(self, handler: RequestHandler) -> None:
        for opened in self._waiting:
            if opened.request is handler.request:
                opened.answered_by(handler)
                break
        self._original(handler)


def _find_handler(server: object) -> "Callable[[HTTPServerRequest], object] | None":
    while isinstance(server, HTTPServer):
        server = server.request_callback
    return getattr(server, "find_handler", None)
