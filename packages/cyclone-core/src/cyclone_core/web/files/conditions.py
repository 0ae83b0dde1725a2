"""Whether the condition of a request holds (RFC 9110 section 13), for what has dates and entity tags."""

import datetime as dt
import re
from email.utils import parsedate_to_datetime
from typing import Final

from cyclone_core.httputil import HTTPHeaders

__all__ = ["is_unchanged_since", "may_send_part", "parse_date", "precondition_fails"]

_ENTITY_TAG: Final = re.compile(r'(?:W/)?"[^"]*"')
_ONE_SECOND: Final = dt.timedelta(seconds=1)


def parse_date(field: str) -> dt.datetime | None:
    """Read a date of HTTP, also in its two old forms, and more: a zone of its own, say.

    Args:
        field: The value of a header such as `If-Modified-Since`.

    Returns:
        The point in time, aware; None if the field is no date.

    Source: RFC 9110 section 5.6.7.
    """
    try:
        date = parsedate_to_datetime(field)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=dt.UTC)


def is_unchanged_since(field: str, modified: dt.datetime | None) -> bool:
    """Tell whether something has not been modified since a date.

    Args:
        field: The value of `If-Modified-Since` or `If-Unmodified-Since`.
        modified: When it was modified; None if that is not known.

    Returns:
        False also if one of the two is not known.
    """
    date = parse_date(field)
    return date is not None and modified is not None and _in_seconds(modified) <= date


def precondition_fails(headers: HTTPHeaders, etag: str, modified: dt.datetime | None) -> bool:
    """Evaluate what must hold for a request to be answered at all (412 otherwise).

    Args:
        headers: Those of the request.
        etag: The entity tag of what would be sent; empty for none.
        modified: When it was modified; None if that is not known.

    Returns:
        Whether `If-Match` names other versions only; or else, whether it was modified since
        `If-Unmodified-Since`.

    Source: RFC 9110 sections 13.1.1, 13.1.4 and 13.2.2.
    """
    condition = headers.get("If-Match")
    if condition is not None:
        if condition.strip(" \t") == "*":
            return False
        # The comparison is strong: two weak tags never match.
        return etag.startswith("W/") or etag not in _ENTITY_TAG.findall(condition)
    condition = headers.get("If-Unmodified-Since")
    if condition is None or modified is None or parse_date(condition) is None:
        return False
    return not is_unchanged_since(condition, modified)


def may_send_part(
    condition: str, etag: str, modified: dt.datetime | None, now: dt.datetime
) -> bool:
    """Evaluate an `If-Range`: whether a part fits to what the client has of the same file.

    Args:
        condition: The value of `If-Range`, one entity tag or one date.
        etag: The entity tag of what would be sent; empty for none.
        modified: When it was modified; None if that is not known.
        now: The current time. A file that has just been modified may be so once more within the same
            second, and then the date is the same.

    Returns:
        Whether to send the part; the client gets the whole otherwise.

    Source: RFC 9110 section 13.1.5.
    """
    condition = condition.strip(" \t")
    if condition.endswith('"'):
        return condition == etag and not etag.startswith("W/")
    if modified is None:
        return False
    modified = _in_seconds(modified)
    return parse_date(condition) == modified and now - modified >= _ONE_SECOND


def _in_seconds(modified: dt.datetime) -> dt.datetime:
    """Give a time as `Last-Modified` tells it; a naive one is UTC."""
    aware = modified if modified.tzinfo else modified.replace(tzinfo=dt.UTC)
    return aware.replace(microsecond=0)
