"""Dates in the form of HTTP."""

from email.utils import formatdate

__all__ = ["http_date"]


def http_date(timestamp: float) -> str:
    """Format a point in time as an IMF-fixdate (RFC 9110 section 5.6.7).

    Args:
        timestamp: Seconds since 1970-01-01 00:00:00 UTC.

    Returns:
        For example `Sun, 06 Nov 1994 08:49:37 GMT`.
    """
    return formatdate(timestamp, usegmt=True)
