"""Dates in the form of HTTP."""

import math
from email.utils import formatdate

__all__ = ["http_date"]


def http_date(timestamp: float) -> str:
    """Format a point in time as an IMF-fixdate (RFC 9110 section 5.6.7).

    Args:
        timestamp: Seconds since 1970-01-01 00:00:00 UTC; fractions are dropped.

    Returns:
        For example `Sun, 06 Nov 1994 08:49:37 GMT`.
    """
    # formatdate rounds to microseconds, which may end in the next second: a date in the future.
    return formatdate(math.floor(timestamp), usegmt=True)
