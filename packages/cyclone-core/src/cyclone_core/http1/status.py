"""Status codes and their reason phrases."""

import http
import re
from typing import Final

__all__ = ["REASONS", "UNKNOWN_REASON", "has_body", "is_final", "is_reason", "reason_phrase"]

# The RFC 9110 names where an older Python still has the RFC 7231 ones.
REASONS: Final[dict[int, str]] = {status.value: status.phrase for status in http.HTTPStatus} | {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}

UNKNOWN_REASON: Final = "Unknown"

# RFC 9112 section 4: reason-phrase; a `<` is legal there, but old clients show it (CVE-2025-67724).
_REASON: Final = re.compile(r"[\t -;=-~\x80-\xff]*")

_NO_CONTENT: Final = 204
_NOT_MODIFIED: Final = 304
_FIRST_FINAL: Final = 200
_LAST: Final = 599


def reason_phrase(status: int) -> str:
    """Name a status code, `"Unknown"` if nobody has registered it."""
    return REASONS.get(status, UNKNOWN_REASON)


def has_body(status: int) -> bool:
    """Tell whether an answer with this status may have content (RFC 9110 section 6.4.1)."""
    return status >= _FIRST_FINAL and status not in (_NO_CONTENT, _NOT_MODIFIED)


def is_final(status: int) -> bool:
    """Tell whether a status code can end a request: 200 to 599."""
    return _FIRST_FINAL <= status <= _LAST


def is_reason(reason: str) -> bool:
    """Tell whether a reason phrase can be sent: printable latin-1 without `<`."""
    return _REASON.fullmatch(reason) is not None
