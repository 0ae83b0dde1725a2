"""The head of an answer: status line and header fields (RFC 9112 sections 4 to 6)."""

import re
from typing import Final

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1.fields import (
    ALLOWED,
    Store,
    check_field_sizes,
    parse_fields,
    parse_framing,
    unfold,
    wants_keep_alive,
)
from cyclone_core.http1.status import BODYLESS, FIRST_FINAL, NO_CONTENT, REASONS
from cyclone_core.httputil.headers import HTTPHeaders
from cyclone_core.limits import Limits

__all__ = ["ResponseHead", "leaves_http", "overlong_status_line", "parse_response_head"]

_SWITCHING_PROTOCOLS: Final = 101
_FIRST_REDIRECT: Final = 300

# RFC 9112 section 4; the blank behind the status is missing where the reason is, from many servers. RFC
# 9110 section 15: what is 600 or more is no valid status and to be read as a server's error, which it is
# for everybody who compares it with 500.
_STATUS_LINE: Final = re.compile(r"HTTP/1\.([0-9]) ([1-9][0-9]{2})(?: (.*))?", re.DOTALL)

# Nearly every status line is one of these.
_STATUS_LINES: Final = {
    f"HTTP/1.1 {status} {reason}": ("HTTP/1.1", status, reason)
    for status, reason in REASONS.items()
}

# More than one of these, even of equal value, is how one answer is made to look like two.
_SINGLE: Final = ("Content-Length", "Transfer-Encoding")


class ResponseHead:
    """The event that an answer has begun, or that an interim one has come.

    Attributes:
        version: `"HTTP/1.1"` or `"HTTP/1.0"`.
        status: The status code; interim answers have 100 to 199.
        reason: The reason phrase, which may be empty.
        headers: The header fields.
        keep_alive: Whether the connection can be used again when the answer is complete; of an interim
            answer it says nothing.
        has_body: Whether there is a body, which may be empty if it comes in chunks or until the end of
            the connection; `EndOfBody` follows in any case.
        content_length: Bytes of the body that follows, or, behind HEAD and in a 304, that would follow;
            None if nobody has said.
        chunked: Whether the body comes in chunks. One that has no length either ends with the
            connection.
    """

    __slots__ = (
        "chunked",
        "content_length",
        "has_body",
        "headers",
        "keep_alive",
        "reason",
        "status",
        "version",
    )

    def __init__(self, version: str, status: int, reason: str, headers: HTTPHeaders) -> None:
        """Make the head of an answer without a body; `parse_response_head` adds the framing."""
        self.version = version
        self.status = status
        self.reason = reason
        self.headers = headers
        self.keep_alive = version == "HTTP/1.1"
        self.has_body = False
        self.content_length: int | None = None
        self.chunked = False


def parse_response_head(block: bytes, limits: Limits, method: str) -> ResponseHead:
    """Parse and check a complete head.

    Args:
        block: Status line and header lines, without the CRLF of the last one.
        limits: The bounds of lines and their number; the status line is one of them.
        method: What was asked with: the framing depends on it.

    Returns:
        The head, its framing decided.

    Raises:
        HTTPInputError: The head is malformed or ambiguous; or it is too large: status 431.
    """
    lines = block.decode("latin-1").split("\r\n")
    count = len(lines)
    if block.translate(None, ALLOWED) != b"\r\n" * (count - 1):
        raise HTTPInputError("control character, bare CR or bare LF in the head of an answer")
    if len(block) > limits.shortest or count > limits.max_header_count:
        _check_sizes(lines, len(block), limits)
    line = lines.pop(0)
    version, status, reason = _STATUS_LINES.get(line) or _parse_status_line(line)
    if b"\r\n " in block or b"\r\n\t" in block:
        lines = unfold(lines)
    store = parse_fields(lines, _SINGLE)
    head = ResponseHead(version, status, reason, HTTPHeaders.from_store(store))
    connection = store.get("Connection")
    if connection == "close":
        head.keep_alive = False
    elif connection is not None and not (head.keep_alive and connection == "keep-alive"):
        head.keep_alive = wants_keep_alive(connection, version)
    if status < FIRST_FINAL:
        _check_interim(store)
    elif not leaves_http(method, status):
        _decide_framing(head, store, method)
    return head


def leaves_http(method: str, status: int) -> bool:
    """Tell whether what follows the head of an answer is no longer HTTP.

    Args:
        method: What was asked with.
        status: The status code.

    Returns:
        Whether it is a 101 (RFC 9110 section 15.2.2), or a tunnel stands (section 9.3.6).
    """
    return status == _SWITCHING_PROTOCOLS or (
        method == "CONNECT" and FIRST_FINAL <= status < _FIRST_REDIRECT
    )


def _check_sizes(lines: list[str], size: int, limits: Limits) -> None:
    if len(lines[0]) > limits.max_header_line:
        raise overlong_status_line(lines[0])
    check_field_sizes(lines, size, limits)


def _parse_status_line(line: str) -> tuple[str, int, str]:
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise HTTPInputError(f"this is no status line of HTTP/1: {line[:100]!r}")
    # RFC 9110 section 6.2: a later minor version is read as the latest that we know.
    return "HTTP/1.0" if match[1] == "0" else "HTTP/1.1", int(match[2]), match[3] or ""


def overlong_status_line(start: str) -> HTTPInputError:
    """Make the error for a status line that exceeds its limit.

    Args:
        start: The line, or its beginning.

    Returns:
        One with status 431, as for a header line.
    """
    return HTTPInputError(f"the status line is too long: {start[:100]!r}", 431)


def _check_interim(store: Store) -> None:
    # RFC 9110 section 8.6, RFC 9112 section 6.1: neither may be there. We end the head at its empty line
    # in any case; a server that thinks of a body sends it where we look for the next head.
    if "Transfer-Encoding" in store or store.get("Content-Length", "0") != "0":
        raise HTTPInputError("an interim answer that announces a body")


def _decide_framing(head: ResponseHead, store: Store, method: str) -> None:
    """Find out how long the body is (RFC 9112 section 6.3)."""
    if "Content-Length" in store or "Transfer-Encoding" in store:
        length = head.content_length = parse_framing(store, head.version)
        if method != "HEAD" and head.status not in BODYLESS:
            head.chunked = length is None
            head.has_body = length != 0
        elif head.status == NO_CONTENT and length != 0:
            # It has no body and must not announce one (RFC 9110 section 8.6, RFC 9112 section 6.1): what
            # such a server sends behind it, the next answer or a last chunk, is not for us to guess.
            head.keep_alive = False
    elif method != "HEAD" and head.status not in BODYLESS:
        head.has_body = True
        head.keep_alive = False
