"""Answering requests with a function, without the web framework."""

from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Final

from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_core.coroutines import CoroutineCancelled, settle
from cyclone_core.errors import HTTPOutputError
from cyclone_core.httpserver.refusal import error_answer
from cyclone_core.httputil import HTTPServerRequest

if TYPE_CHECKING:
    from cyclone_core.httpserver.factory import HTTPFactory

__all__ = ["FunctionServer"]

_log = Logger(namespace="cyclone.httpserver")

_INTERNAL_SERVER_ERROR: Final = 500


class FunctionServer:
    """Calls a function with each request.

    What it returns is waited for, as far as it can be: an `async def` runs in a context of its own, and
    if it fails before it has begun to answer, the client gets an error page.
    """

    def __init__(
        self, function: Callable[[HTTPServerRequest], Any], factory: "HTTPFactory"
    ) -> None:
        """Make a server.

        Args:
            function: It answers through `request.connection`, now or later.
            factory: The factory of the connections.
        """
        self._function = function
        self._factory = factory

    def answer(self, request: HTTPServerRequest) -> None:
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
        status, reason, headers, page = error_answer(
            status, factory.server_header, factory.clock.date
        )
        headers.update(more)
        try:
            exchange.respond(status, reason, headers, page)
        except HTTPOutputError:
            # It has begun already; if it is complete, this does nothing.
            exchange.abort("the application failed behind the head of its answer")
