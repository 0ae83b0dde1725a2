"""The error page of a request that never reaches the application."""

from cyclone_core.http1.status import reason_phrase
from cyclone_core.httputil import HTTPHeaders

__all__ = ["error_answer"]


def error_answer(status: int, server: str, date: str) -> tuple[int, str, HTTPHeaders, bytes]:
    """Make a small page that says the status and nothing of the request.

    Args:
        status: 400 to 599.
        server: The value of the `Server` header; empty for none.
        date: The value of the `Date` header.

    Returns:
        Status, reason phrase, headers and body, as `ResponseWriter.send_response` takes them.
    """
    reason = reason_phrase(status)
    title = f"{status}: {reason}"
    page = f"<html><title>{title}</title><body>{title}</body></html>"
    headers = HTTPHeaders({"Server": server} if server else {})
    headers["Content-Type"] = "text/html; charset=UTF-8"
    headers["Date"] = date
    return status, reason, headers, page.encode()
