"""Parts of an answer: the `Range` of a request (RFC 9110 section 14)."""

import re
from typing import Final

__all__ = ["content_range", "find_range", "unsatisfied_range"]

# More digits than any size has; one with still more is nobody's.
_RANGE: Final = re.compile(r"bytes=([0-9]{0,40})-([0-9]{0,40})", re.IGNORECASE)


def find_range(field: str, size: int) -> range | None:
    """Find the bytes that a request asks for.

    One range is understood. Several are not, for which the client gets the whole, as it does for every
    field that is malformed: many small or overlapping ones would cost many times the file (RFC 9110
    section 14.2 allows both).

    Args:
        field: The value of `Range`.
        size: The size of the whole in bytes.

    Returns:
        The positions; an empty range if there are none, which is answered with 416. So is a range that
        ends before its beginning: it may be refused, and Tornado does. None if the field asks for no
        part, as one without a hyphen does, in which Tornado sees a range without an end.

    Source: RFC 9110 section 14.1.2; Tornado: `httputil._parse_request_range`.
    """
    match = _RANGE.fullmatch(field.strip(" \t"))
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        return range(max(size - int(match[2]), 0), size)
    first = int(match[1])
    last = int(match[2]) if match[2] else size
    return range(first, max(min(last + 1, size), first))


def content_range(part: range, size: int) -> str:
    """Spell the `Content-Range` of a part.

    Args:
        part: The positions, at least one.
        size: The size of the whole in bytes.

    Returns:
        For example `bytes 0-9/26`.

    Source: RFC 9110 section 14.4.
    """
    return f"bytes {part.start}-{part.stop - 1}/{size}"


def unsatisfied_range(size: int) -> str:
    """Spell the `Content-Range` of an answer with status 416.

    Args:
        size: The size of the whole in bytes.

    Returns:
        For example `bytes */26`.
    """
    return f"bytes */{size}"
