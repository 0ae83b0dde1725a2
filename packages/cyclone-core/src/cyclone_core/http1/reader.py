"""The receiving half of HTTP/1.1, from bytes to events.

Theory of operation. A `RequestReader` is told of received bytes and asked for events. It is in one of
three states, and these are all its transitions:

    state     event                                 next state
    HEAD      RequestHead, no body                  HEAD
    HEAD      RequestHead, Content-Length > 0       LENGTH
    HEAD      RequestHead, chunked                  CHUNKED
    LENGTH    bytes                                 LENGTH
    LENGTH    EndOfBody (all bytes have come)       HEAD
    CHUNKED   bytes                                 CHUNKED
    CHUNKED   EndOfBody (last chunk and trailers)   HEAD
    any       HTTPInputError is raised, from now on by every call

None instead of an event says that more bytes are needed. Nothing is read ahead: the caller asks for
the next head only when it has answered the last request, so `max_body_size` may be set between a head
and its first body event, and after an error or the last request of a connection nothing more is parsed.
Every bound comes from `Limits` and holds however the bytes are cut into pieces.
"""

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1.chunked import ChunkedDecoder
from cyclone_core.http1.head import RequestHead, overlong_request_line, parse_head
from cyclone_core.http1.message import EndOfBody, MessageReader
from cyclone_core.http1.unfinished import UnfinishedHead
from cyclone_core.limits import Limits

__all__ = ["EndOfBody", "Event", "RequestReader"]

_END_OF_HEAD = b"\r\n\r\n"
_START_OF_HEAD = b"\r\nHEAD "


Event = RequestHead | bytes | EndOfBody | None


class RequestReader(MessageReader):
    """Turns the bytes of one connection into the events of its requests.

    After `receive_data` you must ask `next_event` until it returns None or you do not want more.

    Attributes:
        max_body_size: Bytes that the body of the current request may have. Set it between the head
            and the first body event; with each head it returns to the limit.
    """

    __slots__ = ("_refused",)

    def __init__(self, limits: Limits) -> None:
        """Make a reader for one connection.

        Args:
            limits: Its bounds.
        """
        super().__init__(limits)
        # An empty start is not None: then, too, the buffer holds what came behind the refused head.
        self._refused: bytes | None = None

    @property
    def buffered(self) -> int:
        """The number of received bytes that no event has covered yet."""
        buffer = self._buffer
        return len(buffer.data) - buffer.pos

    @property
    def awaited(self) -> int | None:
        """The number of bytes that the body still lacks; None if it is chunked, or there is none."""
        return None if self._remaining is None else self._remaining - self.buffered

    @property
    def head_begun(self) -> bool:
        """Whether a part of the next head is there; an empty line before it is none."""
        buffer = self._buffer
        return len(buffer) > len(b"\r\n") or not b"\r\n".startswith(buffer.peek(0, 2))

    @property
    def starved(self) -> bool:
        """Whether a body goes on, and there is no event of it without more bytes."""
        buffer = self._buffer
        if buffer.pos != len(buffer.data) or self._remaining == 0:
            return False
        return self._chunks is None or not self._chunks.done

    @property
    def asks_head(self) -> bool:
        """Whether the head that was refused, or has not come to its end, is that of a HEAD.

        An answer to it has no body, even if it is an error (RFC 9110 section 9.3.2).
        """
        start = self._refused
        if start is None:
            start = self._buffer.peek(0, len(_START_OF_HEAD))
        return start.removeprefix(b"\r\n").startswith(b"HEAD ")

    def next_event(self) -> Event:
        """Parse the next event.

        Returns:
            The event; body data come as plain `bytes`; None when more bytes are needed.

        Raises:
            HTTPInputError: The peer broke a rule or a limit. The connection is spoilt: answer with
                the error's status and close.
        """
        # A complete head in one read is what nearly always comes: it costs no further call.
        if self._between and self._unfinished is None:
            buffer = self._buffer
            data, start = buffer.data, buffer.pos
            end = data.find(_END_OF_HEAD, start)
            if end >= 0:
                pos = end + len(_END_OF_HEAD)
                if pos == len(data):
                    buffer.data = b""  # while the connection idles nothing holds the bytes
                    pos = 0
                buffer.pos = pos
                return self._parse(data[start:end])
            if start == len(data):
                return None
        if self._error is not None:
            raise self._error
        try:
            if self._remaining is not None:
                return self._read_length(self._remaining)
            if self._chunks is not None:
                return self._read_chunked(self._chunks)
            return self._read_head()
        except HTTPInputError as error:
            self._fail(error)
            raise

    def _parse(self, block: bytes | bytearray) -> RequestHead:
        # RFC 9112 section 2.2: one empty line, left by an old client behind a body, is ignored.
        if block.startswith(b"\r\n"):
            block = block[2:]
        try:
            head = parse_head(block if isinstance(block, bytes) else bytes(block), self._limits)
        except HTTPInputError as error:
            self._refused = bytes(block[: len(_START_OF_HEAD)])
            self._fail(error)
            raise
        if head.has_body:
            self._between = False
            if head.chunked:
                self._chunks = ChunkedDecoder()
            else:
                self._remaining = head.content_length
            self._received = 0
            self.max_body_size = self._limits.max_body_size
        return head

    def _read_head(self) -> RequestHead | None:
        """Read a head that comes in pieces."""
        buffer = self._buffer
        block = buffer.take_until(_END_OF_HEAD)
        if block is not None:
            self._unfinished = None
            return self._parse(block)
        if self._unfinished is None:
            limits = self._limits
            self._unfinished = UnfinishedHead(
                limits, limits.max_request_line, overlong_request_line
            )
        self._unfinished.check(buffer)
        return None
