"""What the heads of requests and of answers share: fields, framing, sizes (RFC 9112 sections 5 and 6)."""

from collections.abc import Iterable
from typing import Final

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.headers import add_field_line
from cyclone_core.httputil.names import KNOWN_NAMES, is_token
from cyclone_core.limits import Limits

__all__ = [
    "ALLOWED",
    "Store",
    "check_field_sizes",
    "parse_fields",
    "parse_framing",
    "tokens",
    "unfold",
    "wants_keep_alive",
]

Store = dict[str, str | list[str]]
"""Normal field name to value, or to the list of values of a repeated name."""

ALLOWED: Final = bytes([9, *range(32, 127), *range(128, 256)])
"""Everything that may stand in a head beside CRLF: HTAB, visible ASCII, blank and obs-text.

One translate() that deletes these must leave exactly the CRLFs between the lines: it finds every stray
control character, bare CR and bare LF of the block at once, where a regex per line costs thrice.
"""

# Header lines that browsers and servers send again and again, with the name and the value that were made
# of them. Only of these names, which hold no secrets; forgotten when there are too many, because the peer
# chooses the lines.
_MAX_LINES: Final = 1000
_MAX_LINE_LENGTH: Final = 512
_REPEATED_NAMES: Final = """
    Accept Accept-Encoding Accept-Language Accept-Ranges Access-Control-Allow-Origin Cache-Control
    Connection Content-Encoding Content-Type Dnt Host Keep-Alive Pragma Priority Referrer-Policy
    Sec-Ch-Ua Sec-Ch-Ua-Mobile Sec-Ch-Ua-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site
    Sec-Fetch-User Sec-Gpc Server Strict-Transport-Security Transfer-Encoding
    Upgrade-Insecure-Requests User-Agent Vary X-Content-Type-Options X-Frame-Options X-Powered-By
    X-Requested-With
"""
_REPEATED: Final = frozenset(_REPEATED_NAMES.split())
_lines: Final[dict[str, tuple[str, str]]] = {}

_MAX_LENGTH_DIGITS: Final = 19


def parse_fields(lines: list[str], single: Iterable[str]) -> Store:
    """Parse the header lines of a head whose characters have been checked.

    Args:
        lines: Header lines without their line ends.
        single: The names that must not be repeated, not even with equal values.

    Returns:
        The store of an `HTTPHeaders`.

    Raises:
        HTTPInputError: A line is folded, has no colon or a bad name, or such a name is repeated.
    """
    # The common line is handled here without a call; `add_field_line` does the uncommon ones. The
    # values need no check of their own: the caller has checked the whole block.
    store: Store = {}
    known = KNOWN_NAMES
    for line in lines:
        seen = _lines.get(line)
        if seen is not None and seen[0] not in store:
            store[seen[0]] = seen[1]
            continue
        spelling, colon, value = line.partition(":")
        known_name = known.get(spelling)
        if known_name is None or not colon or known_name in store:
            add_field_line(store, line)
        else:
            store[known_name] = value = value.strip(" \t")
            if known_name in _REPEATED and len(line) <= _MAX_LINE_LENGTH:
                _remember(line, known_name, value)
    if len(store) < len(lines):
        for name in single:
            if isinstance(store.get(name), list):
                raise HTTPInputError(f"more than one {name} header")
    return store


def _remember(line: str, name: str, value: str) -> None:
    if len(_lines) >= _MAX_LINES:
        _lines.clear()
    _lines[line] = name, value


def unfold(lines: list[str]) -> list[str]:
    """Put folded lines behind the line that they continue, with one blank each (RFC 9112 section 5.2).

    Args:
        lines: Header lines without their line ends.

    Returns:
        Lines of which none is folded.

    Raises:
        HTTPInputError: The first line continues nothing.
    """
    fields: list[list[str]] = []
    for line in lines:
        if line[:1] not in {" ", "\t"}:
            fields.append([line])
        elif fields:
            fields[-1].append(line)
        else:
            # RFC 9112 section 2.2: others read past such a line, and so see another message.
            raise HTTPInputError("a blank stands in front of the first header field")
    return [
        field[0] if len(field) == 1 else " ".join([line.strip(" \t") for line in field])
        for field in fields
    ]


def check_field_sizes(lines: list[str], size: int, limits: Limits) -> None:
    """Check a head against its limits, save for its first line.

    Args:
        lines: The first line and the header lines.
        size: Bytes of the head.
        limits: The bounds.

    Raises:
        HTTPInputError: There are too many lines, or too long ones: status 431.
    """
    if len(lines) - 1 > limits.max_header_count:
        raise HTTPInputError("too many header fields", 431)
    if size > limits.max_header_size:
        raise HTTPInputError("header fields too large", 431)
    if max(map(len, lines[1:]), default=0) > limits.max_header_line:
        raise HTTPInputError("header line too long", 431)


def tokens(value: str | list[str]) -> list[str]:
    """List the members of a field value in lower case, empty ones included."""
    return [token.strip(" \t").lower() for token in _single(value).split(",")]


def _single(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)


def wants_keep_alive(connection: str | list[str], version: str) -> bool:
    """Tell whether the sender of a message wants to go on using the connection (RFC 9112 section 9.3).

    Args:
        connection: The value of `Connection`.
        version: `"HTTP/1.1"` or `"HTTP/1.0"`.

    Returns:
        Whether it does.
    """
    options = tokens(connection)
    if "close" in options:
        return False
    return version == "HTTP/1.1" or "keep-alive" in options


def parse_framing(store: Store, version: str) -> int | None:
    """Apply RFC 9112 section 6.3, without the leniency that makes two recipients disagree.

    Args:
        store: Header fields, with `Content-Length` or `Transfer-Encoding` or both among them.
        version: `"HTTP/1.1"` or `"HTTP/1.0"`.

    Returns:
        The number of bytes of the body; None if it is chunked.

    Raises:
        HTTPInputError: The fields are malformed or contradict each other; status 501 for a transfer
            coding that may exist.
    """
    length = store.get("Content-Length")
    encoding = store.get("Transfer-Encoding")
    if encoding is None:
        length = _single(length or "")
        if not (length.isascii() and length.isdigit() and len(length) <= _MAX_LENGTH_DIGITS):
            raise HTTPInputError(f"invalid Content-Length: {length[:100]!r}")
        return int(length)
    if length is not None:
        raise HTTPInputError("both Content-Length and Transfer-Encoding")
    if version == "HTTP/1.0":
        raise HTTPInputError("Transfer-Encoding in an HTTP/1.0 message")
    codings = tokens(encoding)
    if codings != ["chunked"]:
        known = all(is_token(coding) for coding in codings) and "chunked" not in codings[:-1]
        raise HTTPInputError(f"unsupported Transfer-Encoding: {encoding!r}", 501 if known else 400)
    return None
