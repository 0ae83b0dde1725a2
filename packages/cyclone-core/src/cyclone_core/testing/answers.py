"""The client's half of HTTP/1.1, from bytes to events.

Theory of operation. An `AnswerReader` is told which methods were asked for, in order, and gets the bytes
that the server has sent. Its states:

    state     event                                      next state
    HEAD      AnswerHead 100 to 199                      HEAD
    HEAD      AnswerHead 101                             RAW
    HEAD      AnswerHead, Content-Length or no body      LENGTH
    HEAD      AnswerHead, chunked                        CHUNKED
    HEAD      AnswerHead, neither                        UNTIL_CLOSE
    LENGTH    bytes; EndOfAnswer when all have come      HEAD
    CHUNKED   bytes; EndOfAnswer behind the trailers     HEAD
    UNTIL_CLOSE, RAW   bytes                             the same; `close` ends it

None instead of an event says that more bytes are needed.
"""

import dataclasses
import re
from collections import deque
from typing import Final

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1.buffer import ReceiveBuffer
from cyclone_core.http1.chunked import ChunkedDecoder
from cyclone_core.http1.status import BODYLESS, FIRST_FINAL
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.limits import Limits
from cyclone_core.testing.errors import BadAnswer

__all__ = ["AnswerEvent", "AnswerHead", "AnswerReader", "EndOfAnswer"]

_SWITCHING_PROTOCOLS: Final = 101

_STATUS_LINE: Final = re.compile(r"(HTTP/1\.[01]) ([1-5][0-9]{2})(?: ([^\r\n]*))?")

# A test asks its own server, which may send what it likes; only a malformed answer is refused.
_ANY_SIZE: Final = 1 << 62
_LIMITS: Final = Limits()


@dataclasses.dataclass(frozen=True, slots=True)
class AnswerHead:
    """The event that the head of an answer has come.

    Attributes:
        version: `"HTTP/1.1"` or `"HTTP/1.0"`.
        status: The status code.
        reason: The reason phrase.
        headers: The header fields.
    """

    version: str
    status: int
    reason: str
    headers: HTTPHeaders


@dataclasses.dataclass(frozen=True, slots=True)
class EndOfAnswer:
    """The event that an answer is complete.

    Attributes:
        trailers: What came behind a chunked body.
    """

    trailers: HTTPHeaders


AnswerEvent = AnswerHead | bytes | EndOfAnswer | None


class AnswerReader:
    """Turns the bytes of one connection into the events of its answers.

    After `receive_data` you must ask `next_event` until it returns None.
    """

    def __init__(self) -> None:
        """Make a reader for one connection."""
        self._buffer = ReceiveBuffer()
        self._methods: deque[str] = deque()
        self._remaining: int | None = None
        self._chunks: ChunkedDecoder | None = None
        self._until_close = False
        self._raw = False

    def expect(self, method: str) -> None:
        """Take note of a request: the answer to HEAD has no body.

        Args:
            method: Its method.
        """
        self._methods.append(method)

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the network; then you must call `next_event`.

        Args:
            data: Received bytes.
        """
        self._buffer.append(data)

    def next_event(self) -> AnswerEvent:
        """Parse the next event.

        Returns:
            The event; pieces of a body come as plain `bytes`; None when more bytes are needed.

        Raises:
            BadAnswer: The server has broken the rules. Nothing else can be read.
        """
        try:
            if self._raw or self._until_close:
                return self._buffer.take(len(self._buffer)) or None
            if self._chunks is not None:
                return self._read_chunked(self._chunks)
            if self._remaining is not None:
                return self._read_length(self._remaining)
            return self._read_head()
        except HTTPInputError as error:
            raise BadAnswer(f"the answer breaks the rules of HTTP: {error}") from None

    def close(self) -> EndOfAnswer | None:
        """Take note that the server has closed the connection.

        Returns:
            The end of an answer that goes on until then; None if there was none.
        """
        if not self._until_close:
            return None
        self._until_close = False
        return EndOfAnswer(HTTPHeaders())

    def _read_head(self) -> AnswerHead | None:
        block = self._buffer.take_until(b"\r\n\r\n")
        if block is None:
            return None
        line, _, fields = block.decode("latin-1").partition("\r\n")
        match = _STATUS_LINE.fullmatch(line)
        if match is None:
            raise BadAnswer(f"this is no status line: {line[:100]!r}")
        headers = HTTPHeaders.parse(fields)
        head = AnswerHead(match[1], int(match[2]), match[3] or "", headers)
        if head.status == _SWITCHING_PROTOCOLS:
            self._raw = True
        elif head.status >= FIRST_FINAL:
            self._frame(head)
        return head

    def _frame(self, head: AnswerHead) -> None:
        """Find out how long the body is (RFC 9112 section 6.3)."""
        if not self._methods:
            raise BadAnswer(f"nobody has asked for this answer: {head.status} {head.reason}")
        method = self._methods.popleft()
        length = head.headers.get("Content-Length")
        if method == "HEAD" or head.status in BODYLESS:
            self._remaining = 0
        elif "Transfer-Encoding" in head.headers:
            self._chunks = ChunkedDecoder()
        elif length is None:
            self._until_close = True
        elif length.isascii() and length.isdigit():
            self._remaining = int(length)
        else:
            raise BadAnswer(f"this is no Content-Length: {length!r}")

    def _read_length(self, remaining: int) -> bytes | EndOfAnswer | None:
        if remaining == 0:
            self._remaining = None
            return EndOfAnswer(HTTPHeaders())
        piece = self._buffer.take(remaining)
        self._remaining = remaining - len(piece)
        return piece or None

    def _read_chunked(self, chunks: ChunkedDecoder) -> bytes | EndOfAnswer | None:
        piece = chunks.decode(self._buffer, _LIMITS, _ANY_SIZE)
        if piece:
            return piece
        if not chunks.done:
            return None
        self._chunks = None
        return EndOfAnswer(HTTPHeaders.from_store(chunks.trailers))
