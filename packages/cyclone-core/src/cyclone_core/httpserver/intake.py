"""The ways on which the body of a request reaches who wants it."""

from collections.abc import Callable
from typing import Protocol

from cyclone_core.bodies import BodyReceiver, DecompressedBody
from cyclone_core.errors import HTTPInputError
from cyclone_core.httpserver.body import BufferedBody
from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httpserver.decompress import consume_coding
from cyclone_core.httpserver.options import ServerOptions
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.httputil.inflate import Inflater

__all__ = ["DiscardedBody", "StreamReceiver", "receive_body", "receive_stream"]


class StreamReceiver(BodyReceiver, Protocol):
    """A `BodyReceiver` that answers the client's mistakes."""

    def refuse(self, error: HTTPInputError) -> None:
        """Answer a body that cannot be decoded; nothing more of it comes.

        Args:
            error: What was wrong, with the status of the answer.
        """
        ...


class DiscardedBody:
    """Reads a body that nobody wants, so that the connection can go on behind it; a `BodyReceiver`."""

    __slots__ = ("_request", "_then")

    def __init__(
        self, request: HTTPServerRequest, then: Callable[[HTTPServerRequest], object]
    ) -> None:
        """Make a receiver.

        Args:
            request: The request; its body stays empty.
            then: Called with the request when the body has come to its end.
        """
        self._request = request
        self._then = then

    def data_received(self, chunk: bytes) -> None:
        """Forget a piece."""

    def body_finished(self) -> None:
        """Pass the request on."""
        self._then(self._request)

    def body_failed(self) -> None:
        """Do nothing."""

    def refuse(self, error: HTTPInputError) -> None:
        """Pass the request on: it is answered alike, whatever is wrong with its body.

        Args:
            error: The client's mistake.
        """
        del error
        self._then(self._request)


def receive_body(
    request: HTTPServerRequest,
    options: ServerOptions,
    clock: CoarseClock,
    then: Callable[[HTTPServerRequest], object],
) -> BodyReceiver | None:
    """Take a body that is wanted whole.

    Args:
        request: The request, without its body.
        options: With `decompress_request`, a compressed body is decoded.
        clock: The clock of the connection.
        then: Called once with the request: with its whole body, or as soon as something is wrong with
            the body, with its `body_error`.

    Returns:
        Who takes the body, or None if `then` has been called already.
    """
    coding = consume_coding(request) if options.decompress_request else None
    if request.body_error is not None:
        then(request)
        return None
    body = BufferedBody(request, then)
    if coding is None:
        return body

    def refuse(error: HTTPInputError) -> None:
        # What was decoded may have been malformed itself, and then the request has been passed on.
        if request.body_error is None:
            body.body_failed()
            request.body_error = error
            then(request)

    return DecompressedBody(Inflater(coding), body, refuse, _limit_of(request), clock.call_soon)


def receive_stream(
    request: HTTPServerRequest,
    options: ServerOptions,
    clock: CoarseClock,
    begin: Callable[[HTTPServerRequest], StreamReceiver | None],
) -> BodyReceiver | None:
    """Take a body that is wanted piece by piece.

    Args:
        request: The request, without its body.
        options: With `decompress_request`, a compressed body is decoded.
        clock: The clock of the connection.
        begin: Called once with the request, perhaps with a `body_error`, to get who takes the pieces,
            or None if the request was answered without them.

    Returns:
        Who takes the body, or None if there is nobody.
    """
    coding = consume_coding(request) if options.decompress_request else None
    receiver = begin(request)
    if receiver is None or coding is None:
        return receiver
    limit = _limit_of(request)
    return DecompressedBody(Inflater(coding), receiver, receiver.refuse, limit, clock.call_soon)


def _limit_of(request: HTTPServerRequest) -> Callable[[], int]:
    """Make what tells how large a decoded body may be; a handler may have said so meanwhile."""

    def limit() -> int:
        exchange = request.connection
        return request.limits.max_body_size if exchange is None else exchange.max_body_size

    return limit
