"""The sending half of HTTP/1.1, from answers to bytes (RFC 9112 sections 4, 6 and 7)."""

import enum
from typing import Final

from cyclone_core.errors import HTTPOutputError
from cyclone_core.http1.status import has_body, is_final, is_reason, reason_phrase
from cyclone_core.httputil.headers import HTTPHeaders

__all__ = ["ResponseWriter"]

_SMALLEST_STATUS: Final = 100
_FIRST_FINAL_STATUS: Final = 200


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
        self._state = _State.IDLE
        self.keep_alive = keep_alive

    @property
    def started(self) -> bool:
        """Whether the head of the answer is out."""
        return self._state is not _State.IDLE

    @property
    def done(self) -> bool:
        """Whether the answer is complete."""
        return self._state is _State.DONE

    def send_interim(self, status: int, headers: HTTPHeaders) -> bytes:
        """Make an interim answer; the final one is still owed.

        Args:
            status: 100 to 199.
            headers: Its header fields.

        Returns:
            The bytes to send; none for an HTTP/1.0 client, which would take it for the answer.

        Raises:
            HTTPOutputError: The status is no interim one, or the final answer has begun.
        """
        self._require(_State.IDLE, "send an interim answer")
        if not _SMALLEST_STATUS <= status < _FIRST_FINAL_STATUS:
            raise HTTPOutputError(f"an interim answer has a status from 100 to 199, not {status}")
        if not self._http_1_1:
            return b""
        return self._head(status, reason_phrase(status), headers, "")

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
        self._require(_State.IDLE, "send an answer")
        size = len(body)
        promised = headers.get("Content-Length")
        extra = ""
        if not has_body(status):
            if size:
                raise HTTPOutputError(
                    f"an answer with status {status} has no body, not {size} bytes"
                )
            if promised is not None and status != 304:  # noqa: PLR2004 -- RFC 9110 section 8.6
                raise HTTPOutputError(f"an answer with status {status} has no Content-Length")
        elif promised is None:
            extra = f"Content-Length: {size}\r\n"
        elif promised != str(size) and not (self._is_head and not size):
            raise HTTPOutputError(f"Content-Length is {promised}, but the body has {size} bytes")
        head = self._final_head(status, reason, headers, extra)
        self._state = _State.DONE
        return head + body if size and not self._is_head else head

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
        self._require(_State.IDLE, "send a head")
        promised = headers.get("Content-Length")
        extra = ""
        if self._is_head or not has_body(status):
            state = _State.NO_BODY
            if chunk and not self._is_head:
                raise HTTPOutputError(f"an answer with status {status} has no body")
        elif promised is not None:
            state = _State.LENGTH
            self._remaining = _parse_length(promised)
        elif self._http_1_1:
            state = _State.CHUNKED
            extra = "Transfer-Encoding: chunked\r\n"
        else:
            state = _State.UNTIL_CLOSE
            self.keep_alive = False
        head = self._final_head(status, reason, headers, extra)
        self._state = state
        return head + self.send_data(chunk) if chunk else head

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
        if state is _State.IDLE or state is _State.DONE:
            raise HTTPOutputError("data outside of an answer: call send_head first, and end last")
        if not chunk or state is _State.NO_BODY:
            return b""
        if state is _State.CHUNKED:
            return b"%x\r\n%b\r\n" % (len(chunk), chunk)
        if state is _State.LENGTH:
            if len(chunk) > self._remaining:
                raise HTTPOutputError(
                    f"Content-Length is exceeded by {len(chunk) - self._remaining} bytes"
                )
            self._remaining -= len(chunk)
        return chunk

    def end(self) -> bytes:
        """End an answer that `send_head` began.

        Returns:
            The bytes to send.

        Raises:
            HTTPOutputError: Fewer bytes than `Content-Length` were sent: the connection must be
                aborted, or the client takes the next answer for the rest of this one.
        """
        state = self._state
        if state is _State.IDLE or state is _State.DONE:
            raise HTTPOutputError("no answer has begun that could end")
        if self._remaining:
            raise HTTPOutputError(f"{self._remaining} bytes of Content-Length were never written")
        self._state = _State.DONE
        return b"0\r\n\r\n" if state is _State.CHUNKED else b""

    def _require(self, state: _State, act: str) -> None:
        if self._state is not state:
            raise HTTPOutputError(f"cannot {act}: the answer to this request has begun already")

    def _final_head(self, status: int, reason: str, headers: HTTPHeaders, extra: str) -> bytes:
        if not is_final(status):
            raise HTTPOutputError(f"a final answer has a status from 200 to 599, not {status}")
        if "Transfer-Encoding" in headers:
            raise HTTPOutputError("Transfer-Encoding is set by the server alone")
        connection = headers.get("Connection")
        if connection is not None:
            if "close" in [token.strip().lower() for token in connection.split(",")]:
                self.keep_alive = False
            elif not self.keep_alive:
                headers = headers.copy()
                del headers["Connection"]
                connection = None
        if connection is None:
            if not self.keep_alive:
                extra += "Connection: close\r\n"
            elif not self._http_1_1:
                extra += "Connection: keep-alive\r\n"
        return self._head(status, reason, headers, extra)

    @staticmethod
    def _head(status: int, reason: str, headers: HTTPHeaders, extra: str) -> bytes:
        """Render a head. Names and values were checked when they were set; the reason is now."""
        if not is_reason(reason):
            raise HTTPOutputError(f"a reason phrase must be printable and without '<': {reason!r}")
        # The status line says HTTP/1.1 whatever the client speaks: RFC 9110 section 6.2.
        lines = [f"HTTP/1.1 {status} {reason}\r\n"]
        lines += [f"{name}: {value}\r\n" for name, value in headers.get_all()]
        lines.append(extra)
        lines.append("\r\n")
        return "".join(lines).encode("latin-1")


def _parse_length(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise HTTPOutputError(f"Content-Length must be a number of bytes, not {value!r}")
    return int(value)
