"""The first line of a message, for programs that read one themselves.

The server does not: its parser is `cyclone_core.http1`, which bounds what it reads and explains what is
wrong.
"""

import re
from typing import Final, NamedTuple

from cyclone_core.errors import HTTPInputError

__all__ = [
    "RequestStartLine",
    "ResponseStartLine",
    "parse_request_start_line",
    "parse_response_start_line",
]

# RFC 9112 sections 3 and 4; a target is whatever has neither blanks nor control characters.
_REQUEST: Final = re.compile(
    r"([!#$%&'*+\-.^_`|~0-9A-Za-z]++) ([\x21-\x7e\x80-\xff]++) (HTTP/[0-9]\.[0-9])"
)
_RESPONSE: Final = re.compile(r"(HTTP/[0-9]\.[0-9]) ([0-9]{3}) ([\t\x20-\x7e\x80-\xff]*+)")


class RequestStartLine(NamedTuple):
    """The first line of a request (Tornado: the same name).

    Attributes:
        method: For example `GET`.
        path: The target, as it was sent.
        version: `HTTP/1.1` or the like.
    """

    method: str
    path: str
    version: str


class ResponseStartLine(NamedTuple):
    """The first line of an answer (Tornado: the same name).

    Attributes:
        version: `HTTP/1.1` or the like.
        code: The status.
        reason: The reason phrase, which may be empty.
    """

    version: str
    code: int
    reason: str


def parse_request_start_line(line: str) -> RequestStartLine:
    """Parse the first line of a request (Tornado: the same name).

    Args:
        line: The line without its end.

    Returns:
        Its parts.

    Raises:
        HTTPInputError: It is malformed, or no HTTP/1.

    Example:
        >>> parse_request_start_line("GET /foo HTTP/1.1")
        RequestStartLine(method='GET', path='/foo', version='HTTP/1.1')
    """
    match = _REQUEST.fullmatch(line)
    if match is None:
        raise HTTPInputError(f"malformed request line: {line[:100]!r}")
    _check_version(match[3])
    return RequestStartLine(match[1], match[2], match[3])


def parse_response_start_line(line: str) -> ResponseStartLine:
    """Parse the first line of an answer (Tornado: the same name).

    Args:
        line: The line without its end.

    Returns:
        Its parts.

    Raises:
        HTTPInputError: It is malformed, or no HTTP/1.

    Example:
        >>> parse_response_start_line("HTTP/1.1 200 OK")
        ResponseStartLine(version='HTTP/1.1', code=200, reason='OK')
    """
    match = _RESPONSE.fullmatch(line)
    if match is None:
        raise HTTPInputError(f"malformed status line: {line[:100]!r}")
    _check_version(match[1])
    return ResponseStartLine(match[1], int(match[2]), match[3])


def _check_version(version: str) -> None:
    if not version.startswith("HTTP/1"):
        raise HTTPInputError(f"only HTTP/1 has such a first line, not {version}")
