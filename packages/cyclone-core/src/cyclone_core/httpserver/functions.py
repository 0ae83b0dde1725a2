"""Answering requests with a function, without the web framework."""

import time
from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from typing import Any, Final, Protocol

from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_core.bodies import BodyReceiver
from cyclone_core.coroutines import CoroutineCancelled, settle
from cyclone_core.errors import HTTPOutputError
from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httpserver.intake import receive_body
from cyclone_core.httpserver.options import ServerOptions
from cyclone_core.httpserver.refusal import error_answer
from cyclone_core.httputil import HTTPServerRequest, http_date

__all__ = ["FunctionServer", "Serving"]

_log = Logger(namespace="cyclone.httpserver")

_INTERNAL_SERVER_ERROR: Final = 500


class Serving(Protocol):
    """What a function's answers need of the factory of the connections.

    Attributes:
        server_header: The value of the `Server` header; empty for none.
    """

    server_header: str

    @property
    def options(self) -> ServerOptions:
        """How connections are served."""
        ...

    @property
    def clock(self) -> CoarseClock:
        """The clock of the connections."""
        ...


class _Alone:
    """Stands for a factory that nobody has named."""

    server_header = "cyclone"

    def __init__(self) -> None:
        self.options = ServerOptions()
        self.clock = CoarseClock()


class FunctionServer:
    """Calls a function with each request; a `RequestServer`.

    What it returns is waited for, as far as it can be: an `async def` runs in a context of its own, and
    if it fails before it has begun to answer, the client gets an error page.
    """

    def __init__(
        self, function: Callable[[HTTPServerRequest], Any], factory: Serving | None = None
    ) -> None:
        """Make a server.

        Args:
            function: It answers through `request.connection`, now or later.
            factory: The factory of the connections; without one, the defaults and the global reactor.
        """
        self._function = function
        self._factory: Serving = _Alone() if factory is None else factory

    def start_request(self, request: HTTPServerRequest) -> BodyReceiver | None:
        """Collect the body of a request.

        Args:
            request: The request, without its body.

        Returns:
            Who takes the body, or None if the request has been answered without it.
        """
        options = request.options or self._factory.options
        return receive_body(request, options, self._factory.clock, self)

    def __call__(self, request: HTTPServerRequest) -> None:
        """Answer a complete request; the connection answers what the function raises.

        Args:
            request: The request. If its body is none, the function does not see it.
        """
        error = request.body_error
        if error is not None:
            _log.info(
                "{status} to {ip}: {why}", status=error.status, ip=request.remote_ip, why=error
            )
            self._refuse(request, error.status, error.http_headers)
            return
        context = copy_context()
        context.run(self._call, request, context)

    def _call(self, request: HTTPServerRequest, context: Context) -> None:
        result = self._function(request)
        waiting = None if result is None else settle(result, context)
        if waiting is not None:
            waiting.addErrback(self._failed, request)

    def _failed(self, failure: Failure, request: HTTPServerRequest) -> None:
        if isinstance(failure.value, CoroutineCancelled):
            status = failure.value.http_status
            _log.info(
                "{status} to {ip}: {why}", status=status, ip=request.remote_ip, why=failure.value
            )
        else:
            status = _INTERNAL_SERVER_ERROR
            _log.failure("The application failed to handle a request", failure)
        self._refuse(request, status, {})
        failure.cleanFailure()

    def _refuse(self, request: HTTPServerRequest, status: int, more: Mapping[str, str]) -> None:
        exchange = request.connection
        if exchange is None:
            return
        factory = self._factory
        # A clock stands still where there are no connections of its own.
        date = factory.clock.date or http_date(time.time())
        status, reason, headers, page = error_answer(status, factory.server_header, date)
        headers.update(more)
        try:
            exchange.respond(status, reason, headers, page)
        except HTTPOutputError:
            # It has begun already; if it is complete, this does nothing.
            exchange.abort("the application failed behind the head of its answer")
