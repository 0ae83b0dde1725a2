"""The client's receiving half of HTTP/1.1, from bytes to events.

Theory of operation. A `ResponseReader` is told of requests that went out and of bytes that came, and is
asked for events. It is in one of five states, and these are all its transitions:

    state         event                                           next state
    HEAD          ResponseHead, 100 to 199 without 101            HEAD
    HEAD          ResponseHead, 101, or 2xx to a CONNECT          RAW
    HEAD          ResponseHead, no body or Content-Length         LENGTH
    HEAD          ResponseHead, chunked                           CHUNKED
    HEAD          ResponseHead, neither                           UNTIL_CLOSE
    LENGTH        bytes                                           LENGTH
    LENGTH        EndOfBody (all bytes have come)                 HEAD
    CHUNKED       bytes                                           CHUNKED
    CHUNKED       EndOfBody (last chunk and trailers)             HEAD
    UNTIL_CLOSE   bytes; `close` returns the EndOfBody            UNTIL_CLOSE; HEAD
    RAW           bytes of the other protocol                     RAW
    any           HTTPInputError is raised, from now on by every call

None instead of an event says that more bytes are needed. Every bound comes from `Limits` and holds
however the bytes are cut into pieces. In HEAD nothing but one empty line may come that nobody has asked
for: an answer that lies there before its question is how one server's client is made to believe another's.
"""

from collections import deque
from typing import Final

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1.chunked import ChunkedDecoder
from cyclone_core.http1.message import EndOfBody, MessageReader
from cyclone_core.http1.response_head import (
    ResponseHead,
    leaves_http,
    overlong_status_line,
    parse_response_head,
)
from cyclone_core.http1.status import FIRST_FINAL
from cyclone_core.http1.unfinished import UnfinishedHead
from cyclone_core.limits import Limits

__all__ = ["ResponseEvent", "ResponseHead", "ResponseReader"]

_END_OF_HEAD: Final = b"\r\n\r\n"
_START_OF_HEAD: Final = b"HTTP/1."

ResponseEvent = ResponseHead | bytes | EndOfBody | None


class ResponseReader(MessageReader):
    """Turns the bytes of one connection into the events of its answers.

    After `receive_data` you must ask `next_event` until it returns None, before you call `close` or, if
    the answer is complete, `expect`.

    Attributes:
        max_body_size: Bytes that a body may have. It can be set until its first event, and stays.
    """

    __slots__ = ("_interim", "_max_interim", "_methods", "_raw")

    def __init__(self, limits: Limits, max_interim: int = 10) -> None:
        """Make a reader for one connection.

        Args:
            limits: Its bounds; those of sizes and of their number are used.
            max_interim: How many interim answers may come before the final one.
        """
        super().__init__(limits)
        self._max_interim = max_interim
        self._interim = 0
        self._methods: deque[str] = deque()
        # Where the base knows of no state it is RAW if this is true, else UNTIL_CLOSE.
        self._raw = False

    def expect(self, method: str) -> None:
        """Take note that a request goes out.

        Bytes that came before it are no answer to it: then `next_event` raises.

        Args:
            method: Its method: the answers to HEAD and CONNECT are framed in their own ways.
        """
        if self._between and not self._methods and self._begun():
            self._fail(self._unsolicited())
        self._methods.append(method)

    def next_event(self) -> ResponseEvent:
        """Parse the next event.

        Returns:
            The event; pieces of a body, and of another protocol, come as plain `bytes`; None when more
            bytes are needed.

        Raises:
            HTTPInputError: The server broke a rule or a limit: status 413 if the body is too large, 431
                if the head or the trailers are. The connection is spoilt: abort it.
        """
        if self._error is not None:
            raise self._error.with_traceback(None)
        try:
            if self._between:
                return self._read_head()
            if self._remaining is not None:
                return self._read_length(self._remaining)
            if self._chunks is not None:
                return self._read_chunked(self._chunks)
            return self._read_open()
        except HTTPInputError as error:
            self._fail(error)
            raise

    def close(self) -> EndOfBody | None:
        """Take note that the server sends nothing more.

        Returns:
            The end of a body that goes on until then. None if no answer has begun, though one may be
            owed, and if the connection had gone over to another protocol.

        Raises:
            HTTPInputError: The answer is cut off in its head or body, or was wrong before.
        """
        if self._error is not None:
            raise self._error.with_traceback(None)
        missing = self._missing()
        if missing is not None:
            error = HTTPInputError(f"the connection ended in the middle of {missing}")
            self._fail(error)
            raise error
        if self._between or self._raw:
            return None
        self._between = True
        return EndOfBody({})

    def _missing(self) -> str | None:
        """Name what has begun and cannot end without more bytes."""
        if self._between:
            return "the head of an answer" if self._begun() else None
        if self._remaining is not None:
            return f"a body of which {self._remaining} bytes are missing"
        return None if self._chunks is None else "a chunked body"

    def _begun(self) -> bool:
        """Tell whether there is something of a head; an empty line before it is nothing."""
        buffer = self._buffer
        return len(buffer) > 0 and not b"\r\n".startswith(buffer.peek(0, 3))

    def _unsolicited(self) -> HTTPInputError:
        start = self._buffer.peek(0, 100)
        return HTTPInputError(f"the server sends what nobody has asked for: {start!r}")

    def _read_head(self) -> ResponseHead | None:
        buffer = self._buffer
        if buffer.pos == len(buffer.data):
            return None
        if not self._methods:
            if self._begun():
                raise self._unsolicited()
            return None
        block = buffer.take_until(_END_OF_HEAD)
        if block is None:
            self._check_unfinished()
            return None
        self._unfinished = None
        # The one empty line that a server may leave behind a body, as clients do (RFC 9112 section 2.2).
        block = block.removeprefix(b"\r\n")
        method = self._methods[0]
        head = parse_response_head(block, self._limits, method)
        if leaves_http(method, head.status):
            head.keep_alive = False
            self._raw = True
        elif head.status < FIRST_FINAL:
            self._interim += 1
            if self._interim > self._max_interim:
                raise HTTPInputError(f"more than {self._max_interim} interim answers")
            return head
        elif head.chunked:
            self._chunks = ChunkedDecoder(unfolds=True)
        elif head.has_body:
            self._remaining = head.content_length
        else:
            self._remaining = 0
        self._between = False
        self._received = 0
        self._interim = 0
        self._methods.popleft()
        return head

    def _check_unfinished(self) -> None:
        """Check a head that comes in pieces."""
        buffer = self._buffer
        start = buffer.peek(0, len(b"\r\n") + len(_START_OF_HEAD)).removeprefix(b"\r\n")
        if not (
            start.startswith(_START_OF_HEAD) or _START_OF_HEAD.startswith(start) or start == b"\r"
        ):
            # Servers of other protocols greet and then wait: there would be no end of the head.
            raise HTTPInputError(f"this is no status line of HTTP/1: {buffer.peek(0, 100)!r}")
        if self._unfinished is None:
            limits = self._limits
            self._unfinished = UnfinishedHead(limits, limits.max_header_line, overlong_status_line)
        self._unfinished.check(buffer)

    def _read_open(self) -> bytes | None:
        """Read what goes on until the connection ends."""
        piece = self._buffer.take(len(self._buffer))
        if not self._raw:
            self._received += len(piece)
            if self._received > self.max_body_size:
                raise self._too_long()
        return piece or None
