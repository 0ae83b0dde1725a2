"""Handlers that take the body of a request piece by piece.

Theory of operation. The handler of such a request is made when the head has come, and `prepare` runs.
The body is paused until that is done, so a client that waits for `100 Continue` is told to send only
when nothing has refused it. Then each piece is passed to `data_received`, the next one when what that
returned is done, and at the end the method is called. Whoever answers before the end, on purpose or with
an error page, ends the reading: the connection is closed behind the answer.

The exchange refers to the receiver and that to the handler, nothing the other way round, so a request
that comes to no end is freed with its connection.
"""

from contextvars import Context
from typing import TypeVar

from twisted.internet.defer import Deferred

from cyclone_core.coroutines import run_in
from cyclone_core.errors import HTTPInputError
from cyclone_core.web.handler import RequestHandler

__all__ = ["StreamedBody", "is_streaming", "stream_request_body"]

_H = TypeVar("_H", bound=RequestHandler)


def stream_request_body(cls: type[_H]) -> type[_H]:
    """Let a handler class take the bodies of its requests in pieces (Tornado: `stream_request_body`).

    `prepare` is called when the head of the request has come. It may bound the body, with
    `self.request.connection.set_max_body_size` and `set_body_timeout`, and may answer without it. Then
    each piece is passed to `data_received`, which the class must define; what the two return is waited
    for. The method (`post`, `put`) is called behind the last piece. `request.body` and the body's
    arguments stay empty. A request without a body has no pieces.

    Args:
        cls: A subclass of `RequestHandler`; what derives from it streams as well.

    Returns:
        The same class.

    Raises:
        TypeError: It is no such class.
    """
    checked: object = cls
    if not (isinstance(checked, type) and issubclass(checked, RequestHandler)):
        raise TypeError(f"@stream_request_body goes on a subclass of RequestHandler, not {cls!r}")
    cls._stream_request_body = True
    return cls


def is_streaming(handler_class: object) -> bool:
    """Tell whether what a route leads to is a class with `stream_request_body`."""
    return getattr(handler_class, "_stream_request_body", False) is True


class StreamedBody:
    """Passes a body on to its handler; a `StreamReceiver`."""

    __slots__ = ("_context", "_handler")

    def __init__(self, handler: RequestHandler, context: Context) -> None:
        """Make a receiver.

        Args:
            handler: A handler whose `prepare` runs or has run.
            context: The context of the request.
        """
        self._handler = handler
        self._context = context

    def data_received(self, chunk: bytes) -> Deferred[object] | None:
        """Pass a piece on, unless the request was answered."""
        # As in `Application._handle`: what is called is the handler's own, and no application's.
        return run_in(self._context, self._handler._receive, chunk)  # noqa: SLF001

    def body_finished(self) -> None:
        """Let the method answer."""
        run_in(self._context, self._handler._received)  # noqa: SLF001 -- see above

    def body_failed(self) -> None:
        """Do nothing: if the client has gone, the exchange tells the handler."""

    def refuse(self, error: HTTPInputError) -> None:
        """Let the handler answer a client's mistake in the body."""
        fail = self._handler._handle_failure  # noqa: SLF001 -- see above
        run_in(self._context, fail, type(error), error, None)
