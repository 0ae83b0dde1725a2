"""What the readers of requests and of answers share: the received bytes, and bodies of a known framing."""

from typing import TYPE_CHECKING

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1.buffer import ReceiveBuffer
from cyclone_core.http1.chunked import ChunkedDecoder
from cyclone_core.limits import Limits

if TYPE_CHECKING:
    from cyclone_core.http1.unfinished import UnfinishedHead

__all__ = ["EndOfBody", "MessageReader"]


class EndOfBody:
    """The event that a body is complete.

    Attributes:
        trailers: Trailer fields, as the store of an `HTTPHeaders`; they never join the headers.
    """

    __slots__ = ("trailers",)

    def __init__(self, trailers: dict[str, str | list[str]]) -> None:
        """Make the event."""
        self.trailers = trailers


class MessageReader:
    """The half of a reader that does not depend on which side reads; the states are its heirs'.

    A base and not a part of them: what a server does for each request would cost a further call.

    Attributes:
        max_body_size: Bytes that a body may have.
    """

    __slots__ = (
        "_between",
        "_buffer",
        "_chunks",
        "_error",
        "_limits",
        "_received",
        "_remaining",
        "_unfinished",
        "max_body_size",
    )

    def __init__(self, limits: Limits) -> None:
        """Make a reader for one connection.

        Args:
            limits: Its bounds.
        """
        self._limits = limits
        self._buffer = ReceiveBuffer()
        self._error: HTTPInputError | None = None
        # The state is CHUNKED while there is a decoder, LENGTH while bytes remain to be counted, and
        # HEAD while `_between` is true.
        self._between = True
        self._chunks: ChunkedDecoder | None = None
        self._remaining: int | None = None
        self._received = 0
        self._unfinished: UnfinishedHead | None = None
        self.max_body_size = limits.max_body_size

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the network; then you must call `next_event`.

        Args:
            data: Received bytes.
        """
        buffer = self._buffer
        if buffer.pos == len(buffer.data):
            buffer.data = data
            buffer.pos = 0
        else:
            buffer.append(data)

    def take_rest(self) -> bytes:
        """Give up the bytes that no event has covered, for the protocol that takes over."""
        return self._buffer.take(len(self._buffer))

    def _fail(self, error: HTTPInputError) -> None:
        # A copy: the original's traceback refers to frames that refer to this reader.
        self._error = HTTPInputError(str(error), error.status)
        self._between = False

    def _read_length(self, remaining: int) -> bytes | EndOfBody | None:
        if remaining == 0:
            self._remaining = None
            self._between = True
            return EndOfBody({})
        if remaining > self.max_body_size - self._received:
            raise self._too_long()
        piece = self._buffer.take(remaining)
        self._remaining = remaining - len(piece)
        self._received += len(piece)
        return piece or None

    def _read_chunked(self, chunks: ChunkedDecoder) -> bytes | EndOfBody | None:
        piece = chunks.decode(self._buffer, self._limits, self.max_body_size)
        if piece:
            return piece
        if not chunks.done:
            return None
        self._chunks = None
        self._between = True
        return EndOfBody(chunks.trailers)

    def _too_long(self) -> HTTPInputError:
        return HTTPInputError(f"the body is longer than {self.max_body_size} bytes", 413)
