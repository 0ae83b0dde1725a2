"""Status codes and their reason phrases."""

import http
import re
from typing import Final

__all__ = [
    "BODYLESS",
    "FIRST_FINAL",
    "FIRST_INTERIM",
    "LAST_FINAL",
    "NO_CONTENT",
    "REASONS",
    "RESET_CONTENT",
    "UNKNOWN_REASON",
    "is_final",
    "is_reason",
    "reason_phrase",
]

FIRST_INTERIM: Final = 100
FIRST_FINAL: Final = 200
LAST_FINAL: Final = 599
NO_CONTENT: Final = 204
RESET_CONTENT: Final = 205

BODYLESS: Final = frozenset({204, 304})
"""Final statuses whose answers have no content (RFC 9110 section 6.4.1)."""

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


def reason_phrase(status: int) -> str:
    """Name a status code, `"Unknown"` if nobody has registered it."""
    return REASONS.get(status, UNKNOWN_REASON)


def is_final(status: int) -> bool:
    """Tell whether a status code can end a request: 200 to 599."""
    return FIRST_FINAL <= status <= LAST_FINAL


def is_reason(reason: str) -> bool:
    """Tell whether a reason phrase can be sent: printable latin-1 without `<`."""
    return _REASON.fullmatch(reason) is not None
