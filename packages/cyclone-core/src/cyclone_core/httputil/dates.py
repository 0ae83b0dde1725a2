"""Dates in the form of HTTP."""

import calendar
import datetime as dt
import math
from email.utils import formatdate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import time

__all__ = ["format_timestamp", "http_date"]


def http_date(timestamp: float) -> str:
    """Format a point in time as an IMF-fixdate (RFC 9110 section 5.6.7).

    Args:
        timestamp: Seconds since 1970-01-01 00:00:00 UTC; fractions are dropped.

    Returns:
        For example `Sun, 06 Nov 1994 08:49:37 GMT`.
    """
    # formatdate rounds to microseconds, which may end in the next second: a date in the future.
    return formatdate(math.floor(timestamp), usegmt=True)


def format_timestamp(
    ts: "float | tuple[int, ...] | time.struct_time | dt.datetime",
) -> str:
    """Format a point in time, in whatever form it comes, as HTTP does (Tornado: the same name).

    Args:
        ts: Seconds since 1970 as of `time.time()`; a tuple or a `struct_time` in UTC as of
            `time.gmtime()`; or a `datetime`, in UTC if it has no time zone.

    Returns:
        The date, see `http_date`.

    Raises:
        TypeError: It is something else.

    Example:
        >>> format_timestamp(784111777)
        'Sun, 06 Nov 1994 08:49:37 GMT'
    """
    if isinstance(ts, (int, float)):
        return http_date(ts)
    if isinstance(ts, dt.datetime):
        return http_date(calendar.timegm(ts.utctimetuple()))
    if isinstance(ts, tuple):  # which a struct_time is, too
        return http_date(calendar.timegm(ts))
    raise TypeError(f"a timestamp is a number, a time tuple or a datetime, not {ts!r}")
