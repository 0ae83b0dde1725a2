"""A server for one port, with limits of its own."""

import dataclasses
import difflib
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httpserver.connections import Connections
from cyclone_core.httpserver.exchange import BodyReceiver
from cyclone_core.httpserver.factory import HTTPFactory
from cyclone_core.httpserver.intake import receive_body
from cyclone_core.httpserver.options import ServerOptions
from cyclone_core.httpserver.refusal import error_answer
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.limits import Limits

__all__ = ["HTTPServer"]

_log = Logger(namespace="cyclone.httpserver")

_OPTIONS: Final = frozenset(field.name for field in dataclasses.fields(ServerOptions))
_LIMITS: Final = frozenset(field.name for field in dataclasses.fields(Limits) if field.init)


class HTTPServer(HTTPFactory):
    """A thin factory around an application or a plain function (Tornado: `httpserver.HTTPServer`).

    An `Application` is a factory itself; this one is for a port that needs other limits, and for a
    function that answers requests without the web framework.
    """

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
            TypeError: An option is a field of neither; the message names it, and what it may mean.
            ValueError: An option has a wrong type or value.
        """
        for name in options.keys() - _OPTIONS - _LIMITS:
            raise TypeError(f"HTTPServer has no option {name!r}{_nearest(name)}")
        served = {name: options.pop(name) for name in _OPTIONS if name in options}
        limits = getattr(request_callback, "limits", None) or Limits()
        base = getattr(request_callback, "options", None) or ServerOptions()
        connections: Connections | None = getattr(request_callback, "connections", None)
        if connections is None:
            connections = Connections(CoarseClock(reactor))
        super().__init__(
            dataclasses.replace(limits, **options),
            dataclasses.replace(base, **served),
            connections,
            getattr(request_callback, "server_header", "cyclone"),
        )
        self._callback = request_callback
        self._start_request = getattr(request_callback, "start_request", None)

    def __call__(self, request: HTTPServerRequest) -> object:
        """Pass a complete request on."""
        return self._callback(request)

    def start_request(self, request: HTTPServerRequest) -> BodyReceiver | None:
        """Let the application take the body, or collect it for the function."""
        if self._start_request is None:
            return receive_body(request, self.options, self.clock, self._answer)
        request.options = self.options
        receiver: BodyReceiver | None = self._start_request(request)
        return receiver

    def _answer(self, request: HTTPServerRequest) -> None:
        """Call the function, unless the body is none: it knows nothing of that."""
        error, exchange = request.body_error, request.connection
        if error is None or exchange is None:
            self._callback(request)
            return
        _log.info("{status} to {ip}: {why}", status=error.status, ip=request.remote_ip, why=error)
        status, reason, headers, page = error_answer(
            error.status, self.server_header, self.clock.date
        )
        headers.update(error.http_headers)
        exchange.respond(status, reason, headers, page)


def _nearest(name: str) -> str:
    found = difflib.get_close_matches(name, sorted(_OPTIONS | _LIMITS))
    if not found:
        return ": its options are the fields of Limits and ServerOptions"
    return f"; did you mean {' or '.join([repr(each) for each in found])}?"
