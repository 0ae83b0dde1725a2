"""The head of a request: request line and header fields (RFC 9112 sections 2, 3, 5 and 6)."""

import ipaddress
import re
from typing import Final

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1.fields import (
    ALLOWED,
    Store,
    check_field_sizes,
    parse_fields,
    parse_framing,
    tokens,
    wants_keep_alive,
)
from cyclone_core.httputil.names import is_token
from cyclone_core.limits import Limits

__all__ = ["RequestHead", "is_host", "overlong_request_line", "parse_head"]

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_VERSION: Final = re.compile(r"HTTP/[0-9]\.[0-9]")
_LATER_VERSION: Final = re.compile(r"HTTP/1\.[2-9]")

_ABSOLUTE: Final = re.compile(r"https?://([^/?]*)(.*)", re.IGNORECASE)

# RFC 9110 section 7.2, RFC 3986 section 3.2.2: a name, an IPv4 or a bracketed address, and a port.
_HOST: Final = re.compile(
    r"(?:[A-Za-z0-9\-._~!$&'()*+,;=]++|%[0-9A-Fa-f]{2})++(?::[0-9]{0,5})?"
    r"|\[[0-9A-Fa-f:.]++\](?::[0-9]{0,5})?"
)

# Hosts that were found valid. A server has few; a client that fills this up only makes others pay for
# the check.
_MAX_HOSTS: Final = 100
_MAX_HOST_LENGTH: Final = 255
_hosts: Final[dict[str, str]] = {}

# More than one of these, even of equal value, is how messages are smuggled past a proxy.
_SINGLE: Final = ("Content-Length", "Host", "Transfer-Encoding")


class RequestHead:
    """The event that a request has begun.

    Attributes:
        method: A token; case matters.
        uri: Path and query; from an absolute target, without scheme and authority. `*` for OPTIONS.
        version: `"HTTP/1.1"` or `"HTTP/1.0"`.
        host: The one `Host`, or the authority of an absolute target; None for HTTP/1.0 without.
        headers: Normal field name to value or list of values: the store of an `HTTPHeaders`.
        content_length: Bytes of the body that follows, 0 if none or if it is chunked.
        chunked: Whether the body comes in chunks.
        keep_alive: Whether the client wants to go on using the connection.
        has_body: Whether body events follow.
        expects_continue: Whether the client waits for `100 Continue` before it sends the body.
    """

    __slots__ = (
        "chunked",
        "content_length",
        "expects_continue",
        "has_body",
        "headers",
        "host",
        "keep_alive",
        "method",
        "uri",
        "version",
    )

    def __init__(self, method: str, uri: str, version: str, headers: Store) -> None:
        """Make the head of a request without a body; `parse_head` adds the framing."""
        self.method = method
        self.uri = uri
        self.version = version
        self.headers = headers
        self.host: str | None = None
        self.content_length = 0
        self.chunked = False
        self.has_body = False
        self.keep_alive = version == "HTTP/1.1"
        self.expects_continue = False


def parse_head(block: bytes, limits: Limits) -> RequestHead:
    """Parse and check a complete head.

    Args:
        block: Request line and header lines, without the CRLF of the last one.
        limits: The bounds of lines and their number.

    Returns:
        The head, its framing decided.

    Raises:
        HTTPInputError: The head is malformed, ambiguous or too large; its status says how.
    """
    lines = block.decode("latin-1").split("\r\n")
    count = len(lines)
    if block.translate(None, ALLOWED) != b"\r\n" * (count - 1):
        raise HTTPInputError("control character, bare CR or bare LF in the head of a request")
    if len(block) > limits.shortest or count > limits.max_header_count:
        _check_sizes(lines, len(block), limits)
    method, uri, version, authority = _parse_request_line(lines.pop(0))
    headers = parse_fields(lines, _SINGLE)
    head = RequestHead(method, uri, version, headers)
    host = headers.get("Host")
    if isinstance(host, str):
        head.host = _hosts.get(host) or _check_host(host)
    elif version == "HTTP/1.1":
        raise HTTPInputError("HTTP/1.1 request without a Host header")
    if authority is not None:
        # RFC 9112 section 3.2.2: the target wins over the header.
        headers["Host"] = head.host = authority
    connection = headers.get("Connection")
    if connection == "close":
        head.keep_alive = False
    elif connection is not None and not (head.keep_alive and connection == "keep-alive"):
        head.keep_alive = wants_keep_alive(connection, version)
    if "Content-Length" in headers or "Transfer-Encoding" in headers:
        _decide_framing(head)
    if "Expect" in headers and version == "HTTP/1.1":
        head.expects_continue = _expects_continue(headers["Expect"])
    return head


def _check_host(host: str) -> str:
    if not is_host(host):
        raise HTTPInputError(f"invalid Host header: {host[:100]!r}")
    if len(_hosts) < _MAX_HOSTS and len(host) <= _MAX_HOST_LENGTH:
        _hosts[host] = host
    return host


def is_host(host: str) -> bool:
    """Tell whether a text can be the value of a `Host` header (RFC 9110 section 7.2).

    Args:
        host: The text.

    Returns:
        Whether it is a name, an IPv4 or a bracketed IPv6 address, with or without a port.
    """
    if not _HOST.fullmatch(host):
        return False
    if host[0] == "[":
        try:
            ipaddress.IPv6Address(host[1 : host.index("]")])
        except ValueError:
            return False
    return True


def _check_sizes(lines: list[str], size: int, limits: Limits) -> None:
    if len(lines[0]) > limits.max_request_line:
        raise overlong_request_line(lines[0][: limits.max_request_line])
    check_field_sizes(lines, size, limits)


def _parse_request_line(line: str) -> tuple[str, str, str, str | None]:
    try:
        method, target, version = line.split(" ")
    except ValueError:
        raise HTTPInputError(f"malformed request line: {line[:100]!r}") from None
    if method not in _METHODS and not is_token(method):
        raise HTTPInputError(f"the method is no token: {method[:100]!r}")
    if version != "HTTP/1.1" and version != "HTTP/1.0":  # noqa: PLR1714 -- half the price
        version = _known_version(version)
    # RFC 9112 section 3.2: visible ASCII only; a client has to percent-encode the rest. There is no
    # blank in it, or the line would have had another part. A fragment never leaves the client. Marks
    # such as `|` are no URI either, but browsers send them: refusing those would only break pages.
    if not (target.isascii() and target.isprintable()) or "#" in target:
        raise HTTPInputError("the request target holds a fragment, or more than visible ASCII")
    if method == "CONNECT":
        raise HTTPInputError("CONNECT is for proxies", 501)
    if target.startswith("/"):
        return method, target, version, None
    if target == "*" and method == "OPTIONS":
        return method, target, version, None
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None or not is_host(absolute[1]):
        raise HTTPInputError(f"invalid request target: {target[:100]!r}")
    path = absolute[2]
    if not path:
        path = "*" if method == "OPTIONS" else "/"
    return method, path if path[0] != "?" else "/" + path, version, absolute[1]


def _known_version(version: str) -> str:
    """Read a later HTTP/1 as the latest that we know (RFC 9110 section 6.2); refuse the others."""
    if _LATER_VERSION.fullmatch(version):
        return "HTTP/1.1"
    status = 505 if _VERSION.fullmatch(version) else 400
    raise HTTPInputError(f"unsupported protocol version: {version[:100]!r}", status)


def overlong_request_line(start: str) -> HTTPInputError:
    """Make the error for a request line that exceeds its limit (RFC 9112 section 3).

    Args:
        start: As much of the line as the limit allows.

    Returns:
        414 for a long target, 501 for a long method, 400 for what is neither.
    """
    if " " in start:
        return HTTPInputError("request line too long", 414)
    if is_token(start):
        return HTTPInputError("the method is longer than any that there is", 501)
    return HTTPInputError(f"the method is no token: {start[:100]!r}")


def _expects_continue(expect: str | list[str]) -> bool:
    # RFC 9110 section 5.6.1: empty members of a list count for nothing.
    expectations = set(tokens(expect)) - {""}
    if expectations - {"100-continue"}:
        raise HTTPInputError(f"unknown expectation: {expect!r}", 417)
    return bool(expectations)


def _decide_framing(head: RequestHead) -> None:
    length = parse_framing(head.headers, head.version)
    if length is None:
        head.chunked = head.has_body = True
    else:
        head.content_length = length
        head.has_body = length > 0
