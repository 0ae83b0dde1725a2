"""Where a redirect leads, and with what (RFC 9110 section 15.4)."""

from collections.abc import Iterable
from typing import Final

from cyclone_core.http1 import ResponseHead
from cyclone_core.httpclient.bodies import make_body, rewind
from cyclone_core.httpclient.errors import InvalidRequest, TooManyRedirects, UnsafeRedirect
from cyclone_core.httpclient.messages import Hop
from cyclone_core.httpclient.urls import URL, UnsupportedScheme, parse_location
from cyclone_core.httputil import HTTPHeaders

__all__ = ["SECRETS", "follow"]

SECRETS: Final = ("Authorization", "Cookie", "Proxy-Authorization", "Host")
"""Header fields that are meant for one server, and for no other."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

_SEE_OTHER: Final = 303
_CHANGED_BY_BROWSERS: Final = frozenset({301, 302})

# And all that begin with `Content-`.
_OF_BODIES: Final = frozenset({"Digest", "Expect", "Repr-Digest", "Trailer", "Transfer-Encoding"})


def follow(hop: Hop, head: ResponseHead, made: int, most: int) -> Hop | None:
    """Find out what an answer asks us to ask.

    303 becomes a GET, and 301 and 302 turn a POST into one, as browsers have always done it. Another
    origin gets neither credentials nor cookies (CVE-2026-49853), and a body that was meant for https is
    not sent without it.

    Args:
        hop: What was asked for; it is not changed.
        head: The head of the answer.
        made: How many redirects were followed before.
        most: How many may be.

    Returns:
        What is asked next; None if the answer is no redirect.

    Raises:
        TooManyRedirects: It is one, and is not followed; the message says why.
    """
    status = head.status
    if status not in _REDIRECTS:
        return None
    locations = head.headers.get_list("Location")
    if not locations:
        return None
    there = _parse(status, locations, hop.url)
    if made >= most:
        problem = f"{most} redirects (max_redirects), and {there.shown} is another one"
        raise TooManyRedirects(status, problem)
    headers = hop.headers.copy()
    same_origin = hop.url.origin == there.origin
    if not same_origin:
        _drop(headers, SECRETS)
    elif there.username is None:
        there = there._replace(username=hop.url.username, password=hop.url.password)
    method, body = hop.method, hop.body
    if _becomes_get(status, method):
        _drop(headers, [name for name in headers if _is_of_body(name)])
        method, body = "GET", make_body(None)
    elif body.content is not None:
        _keep_body(status, hop, there)
    return Hop(there, method, headers, body, hop.trusted and same_origin)


def _parse(status: int, locations: list[str], here: URL) -> URL:
    if len(locations) > 1:
        problem = (
            "the redirect leads nowhere: it has several locations, which others may choose from"
        )
        raise UnsafeRedirect(status, problem)
    try:
        return parse_location(locations[0], here)
    except UnsupportedScheme as error:
        problem = f"the redirect is not followed: {error}"
    except InvalidRequest as error:
        problem = f"the redirect leads nowhere: {error}"
    raise UnsafeRedirect(status, problem)


def _becomes_get(status: int, method: str) -> bool:
    if status == _SEE_OTHER:
        return method != "HEAD"
    return status in _CHANGED_BY_BROWSERS and method == "POST"


def _keep_body(status: int, hop: Hop, there: URL) -> None:
    """Prepare the body to be sent once more."""
    if hop.url.scheme == "https" and there.scheme == "http":
        problem = f"the body was meant for https, and {there.shown} would get it in clear"
        raise UnsafeRedirect(status, problem)
    if not rewind(hop.body.content):
        raise UnsafeRedirect(status, f"the body cannot be sent a second time, to {there.shown}")


def _is_of_body(name: str) -> bool:
    return name.startswith("Content-") or name in _OF_BODIES


def _drop(headers: HTTPHeaders, names: Iterable[str]) -> None:
    for name in names:
        headers.pop(name, None)
