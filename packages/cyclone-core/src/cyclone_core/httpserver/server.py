"""A server for one port, with limits of its own."""

import dataclasses
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import ServerFactory

from cyclone_core.httpserver.body import BufferedBody
from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httpserver.connection import HTTPConnection
from cyclone_core.httpserver.connections import Connections
from cyclone_core.httpserver.exchange import BodyReceiver
from cyclone_core.httpserver.options import ServerOptions
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.limits import Limits

__all__ = ["HTTPServer"]

_OPTIONS: Final = frozenset(field.name for field in dataclasses.fields(ServerOptions))


class HTTPServer(ServerFactory):
    """A thin factory around an application or a plain function (Tornado: `httpserver.HTTPServer`).

    An `Application` is a factory itself; this one is for a port that needs other limits, and for a
    function that answers requests without the web framework.

    Attributes:
        limits: The bounds of this port.
        options: How its connections are served.
        clock: The clock of its connections.
        connections: All connections that this clock watches.
        server_header: The `Server` header of answers to malformed requests.
    """

    protocol: type[HTTPConnection] = HTTPConnection  # type: ignore[assignment]
    noisy = False

    def __init__(
        self,
        request_callback: Callable[[HTTPServerRequest], Any],
        *,
        reactor: IReactorTime | None = None,
        **options: Any,  # noqa: ANN401 -- checked one by one, by their names
    ) -> None:
        """Make a server.

        Args:
            request_callback: An `Application`, or a callable that takes each complete request and
                answers it through `request.connection`.
            reactor: What tells the time for a function; by default the global reactor. An application
                has its own clock.
            options: Fields of `Limits` and of `ServerOptions` that differ from the application's, or
                from the defaults.

        Raises:
            TypeError: An option is a field of neither.
            ValueError: An option has a wrong type or value.
        """
        served = {name: options.pop(name) for name in _OPTIONS if name in options}
        limits = getattr(request_callback, "limits", None) or Limits()
        base = getattr(request_callback, "options", None) or ServerOptions()
        self.limits: Limits = dataclasses.replace(limits, **options)
        self.options: ServerOptions = dataclasses.replace(base, **served)
        self.clock: CoarseClock = getattr(request_callback, "clock", None) or CoarseClock(reactor)
        shared: Connections | None = getattr(request_callback, "connections", None)
        self.connections = Connections(self.clock) if shared is None else shared
        self.server_header: str = getattr(request_callback, "server_header", "cyclone")
        self._callback = request_callback
        self._start_request = getattr(request_callback, "start_request", None)

    def __call__(self, request: HTTPServerRequest) -> object:
        """Pass a complete request on."""
        return self._callback(request)

    def start_request(self, request: HTTPServerRequest) -> BodyReceiver | None:
        """Let the application take the body, or collect it for the function."""
        if self._start_request is None:
            return BufferedBody(request, self._callback)
        receiver: BodyReceiver | None = self._start_request(request)
        return receiver

    def drain(self, grace: float | None = None) -> Deferred[None]:
        """Let the requests in flight be answered, and close every connection.

        The connections of an application are its own, so this drains all its ports. It happens by
        itself before the reactor stops.

        Args:
            grace: Seconds; who is not ready then is cut off. By default `Limits.drain_timeout`.

        Returns:
            A Deferred that fires when every connection is closed. It never fails.
        """
        return self.connections.drain(self.limits.drain_timeout if grace is None else grace)

    def startFactory(self) -> None:
        """Take note of the first port."""
        self.connections.start(self.limits.drain_timeout)

    def stopFactory(self) -> None:
        """Take note that the last port was closed."""
        self.connections.stop()
