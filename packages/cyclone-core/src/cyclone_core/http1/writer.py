"""The sending half of HTTP/1.1, from answers to bytes (RFC 9112 sections 4, 6 and 7)."""

import enum
import sys

from cyclone_core.errors import HTTPOutputError
from cyclone_core.http1.status import (
    BODYLESS,
    FIRST_FINAL,
    FIRST_INTERIM,
    LAST_FINAL,
    NO_CONTENT,
    REASONS,
    RESET_CONTENT,
    is_reason,
    reason_phrase,
)
from cyclone_core.httputil.headers import HTTPHeaders

__all__ = ["ResponseWriter"]


class _State(enum.Enum):
    """Where the answer stands.

    IDLE --send_response--> DONE, IDLE --send_head--> one of the next four, each --end--> DONE.
    """

    IDLE = enum.auto()
    LENGTH = enum.auto()  # Content-Length bytes follow
    CHUNKED = enum.auto()
    UNTIL_CLOSE = enum.auto()  # HTTP/1.0 without a length
    NO_BODY = enum.auto()  # HEAD, 204, 304: what is written is discarded
    DONE = enum.auto()


# Looked up once: a member of an enumeration costs more than a global.
_IDLE, _LENGTH, _CHUNKED, _UNTIL_CLOSE, _NO_BODY, _DONE = _State


class ResponseWriter:
    """Frames the answer to one request.

    Attributes:
        keep_alive: Whether the connection lives on; the framing may turn it off, never on.
    """

    __slots__ = ("_http_1_1", "_is_head", "_remaining", "_state", "keep_alive")

    def __init__(self, version: str, method: str, keep_alive: bool) -> None:
        """Make a writer.

        Args:
            version: The request's `"HTTP/1.1"` or `"HTTP/1.0"`.
            method: The request's method.
            keep_alive: Whether the client wants to go on using the connection.
        """
        self._http_1_1 = version == "HTTP/1.1"
        self._is_head = method == "HEAD"
        self._remaining = 0
        self._state = _IDLE
        self.keep_alive = keep_alive

    @property
    def started(self) -> bool:
        """Whether the head of the answer is out."""
        return self._state is not _IDLE

    @property
    def done(self) -> bool:
        """Whether the answer is complete."""
        return self._state is _DONE

    def send_interim(self, status: int, headers: HTTPHeaders) -> bytes:
        """Make an interim answer; the final one is still owed.

        Args:
            status: 100 to 199.
            headers: Its header fields.

        Returns:
            The bytes to send; none for an HTTP/1.0 client, which would take it for the answer.

        Raises:
            HTTPOutputError: The status is no interim one, a header is one of framing, or the final
                answer has begun.
        """
        if self._state is not _IDLE:
            raise HTTPOutputError("the answer to this request has begun already")
        if not FIRST_INTERIM <= status < FIRST_FINAL:
            raise HTTPOutputError(f"an interim answer has a status from 100 to 199, not {status}")
        for name in ("Content-Length", "Transfer-Encoding"):
            if name in headers.store:
                raise HTTPOutputError(f"an interim answer has no {name}")
        if not self._http_1_1:
            return b""
        head = f"HTTP/1.1 {status} {reason_phrase(status)}\r\n{headers.to_wire()}\r\n"
        return head.encode("latin-1")

    def send_response(self, status: int, reason: str, headers: HTTPHeaders, body: bytes) -> bytes:
        """Make a whole answer. `Content-Length` and `Connection` are added.

        Args:
            status: 200 to 599.
            reason: The reason phrase.
            headers: The header fields; a `Content-Length` among them must be right.
            body: The whole body; for HEAD it is counted and not sent.

        Returns:
            Head and body in one piece, to be sent in one write.

        Raises:
            HTTPOutputError: A rule of HTTP would be broken; nothing was sent.
        """
        if self._state is not _IDLE:
            raise HTTPOutputError("the answer to this request has begun already")
        size = len(body)
        promised = headers.store.get("Content-Length")
        extra = ""
        if status in BODYLESS:
            if size:
                raise HTTPOutputError(f"an answer with status {status} has no body")
            _check_unsent_length(status, promised)
        elif size and status == RESET_CONTENT:
            raise HTTPOutputError(f"an answer with status {status} has no body")
        elif promised is None:
            extra = f"Content-Length: {size}\r\n"
        elif self._is_head and not size:
            _check_unsent_length(status, promised)
        elif promised != str(size):
            raise HTTPOutputError(f"Content-Length is {promised}, but the body has {size} bytes")
        head = self._final_head(status, reason, headers, extra, self.keep_alive)
        answer = head + body if size and not self._is_head else head
        self._state = _DONE
        return answer

    def send_head(self, status: int, reason: str, headers: HTTPHeaders, chunk: bytes) -> bytes:
        """Begin an answer whose body comes in pieces; then `send_data` and finally `end`.

        With a `Content-Length` that many bytes are owed. Without, the body is chunked for HTTP/1.1;
        for HTTP/1.0 the end of the connection is the end of the body.

        Args:
            status: 200 to 599.
            reason: The reason phrase.
            headers: The header fields.
            chunk: The first piece of the body, or `b""`.

        Returns:
            The bytes to send.

        Raises:
            HTTPOutputError: A rule of HTTP would be broken; nothing was sent.
        """
        if self._state is not _IDLE:
            raise HTTPOutputError("the answer to this request has begun already")
        promised = headers.store.get("Content-Length")
        keep_alive = self.keep_alive
        remaining = 0
        extra = ""
        if self._is_head or status in BODYLESS:
            state = _NO_BODY
            if chunk and not self._is_head:
                raise HTTPOutputError(f"an answer with status {status} has no body")
            _check_unsent_length(status, promised)
        elif status == RESET_CONTENT:
            # Its end must be known at once, without a chunk (RFC 9110 section 15.3.6).
            if chunk or (promised is not None and promised != "0"):
                raise HTTPOutputError(f"an answer with status {status} has no body")
            state = _LENGTH
            extra = "" if promised else "Content-Length: 0\r\n"
        elif promised is not None:
            state = _LENGTH
            remaining = _parse_length(promised) - len(chunk)
            if remaining < 0:
                raise HTTPOutputError(f"Content-Length is exceeded by {-remaining} bytes")
        elif self._http_1_1:
            state = _CHUNKED
            extra = "Transfer-Encoding: chunked\r\n"
            chunk = _framed(chunk)
        else:
            state = _UNTIL_CLOSE
            keep_alive = False
        head = self._final_head(status, reason, headers, extra, keep_alive)
        answer = head if state is _NO_BODY else head + chunk
        self._state = state
        self._remaining = remaining
        return answer

    def send_data(self, chunk: bytes) -> bytes:
        """Frame a piece of the body.

        Args:
            chunk: The piece; an empty one sends nothing.

        Returns:
            The bytes to send.

        Raises:
            HTTPOutputError: No head was sent, the answer has ended, or `Content-Length` is exceeded.
        """
        state = self._state
        if state is _IDLE or state is _DONE:
            raise HTTPOutputError("data outside of an answer: call send_head first, and end last")
        if not chunk or state is _NO_BODY:
            return b""
        if state is _CHUNKED:
            return _framed(chunk)
        if state is _LENGTH:
            if len(chunk) > self._remaining:
                raise HTTPOutputError(
                    f"Content-Length is exceeded by {len(chunk) - self._remaining} bytes"
                )
            self._remaining -= len(chunk)
        return chunk

    @property
    def room(self) -> int:
        """How many bytes of the body may be sent as they are, past the writer.

        None in an answer that is framed in chunks or has no body, and outside of an answer.
        """
        return sys.maxsize if self._state is _UNTIL_CLOSE else self._remaining

    def count_data(self, size: int) -> None:
        """Count bytes of the body that were sent past the writer.

        Args:
            size: Their number, of which there was `room`.
        """
        if self._state is _LENGTH:
            self._remaining -= size

    def end(self) -> bytes:
        """End an answer that `send_head` began.

        Returns:
            The bytes to send.

        Raises:
            HTTPOutputError: Fewer bytes than `Content-Length` were sent: the connection must be
                aborted, or the client takes the next answer for the rest of this one.
        """
        state = self._state
        if state is _IDLE or state is _DONE:
            raise HTTPOutputError("no answer has begun that could end")
        if self._remaining:
            raise HTTPOutputError(f"{self._remaining} bytes of Content-Length were never written")
        self._state = _DONE
        return b"0\r\n\r\n" if state is _CHUNKED else b""

    def _final_head(
        self, status: int, reason: str, headers: HTTPHeaders, extra: str, keep_alive: bool
    ) -> bytes:
        # First all that may raise, then what changes the state.
        if not FIRST_FINAL <= status <= LAST_FINAL:
            raise HTTPOutputError(f"a final answer has a status from 200 to 599, not {status}")
        store = headers.store
        if "Transfer-Encoding" in store:
            raise HTTPOutputError("Transfer-Encoding is set by the server alone")
        if reason != REASONS.get(status) and not is_reason(reason):
            raise HTTPOutputError(f"a reason phrase must be printable and without '<': {reason!r}")
        if "Connection" in store:
            headers, keep_alive = _adjust_connection(headers, keep_alive)
        self.keep_alive = keep_alive
        if not keep_alive:
            if "Connection" not in headers.store:
                extra += "Connection: close\r\n"
        elif not self._http_1_1:
            extra += "Connection: keep-alive\r\n"
        # The status line says HTTP/1.1 whatever the client speaks: RFC 9110 section 6.2. Names and
        # values of the headers were checked when they were set.
        head = f"HTTP/1.1 {status} {reason}\r\n{headers.to_wire()}{extra}\r\n"
        return head.encode("latin-1")


def _adjust_connection(headers: HTTPHeaders, keep_alive: bool) -> tuple[HTTPHeaders, bool]:
    """Let the program close the connection, but not keep alive what the client wants closed."""
    options = [option.strip().lower() for option in headers["Connection"].split(",")]
    if "close" in options:
        return headers, False
    headers = headers.copy()
    kept = [option for option in options if option not in {"", "keep-alive"}]
    if not keep_alive:
        kept.append("close")
    del headers["Connection"]
    if kept:
        headers["Connection"] = ", ".join(kept)
    return headers, keep_alive


def _check_unsent_length(status: int, promised: str | list[str] | None) -> None:
    """Check the `Content-Length` of an answer whose content is not sent."""
    if promised is not None:
        if status == NO_CONTENT:
            raise HTTPOutputError("an answer with status 204 has no Content-Length")
        _parse_length(promised)


def _framed(chunk: bytes) -> bytes:
    """Frame a chunk; an empty one would end the body."""
    return b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunk else b""


def _parse_length(value: str | list[str]) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise HTTPOutputError(f"Content-Length must be one number of bytes, not {value!r}")
