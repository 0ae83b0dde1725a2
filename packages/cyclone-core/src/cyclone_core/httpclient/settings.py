"""What all fetches of one client share."""

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from cyclone_core.httpclient.authentication import DigestAuth
from cyclone_core.limits import Limits

if TYPE_CHECKING:
    from cyclone_core.httpclient.cookies import CookieJar
    from cyclone_core.httpclient.pool import ConnectionPool
    from cyclone_core.httpclient.urls import URL
    from cyclone_core.httputil import HTTPHeaders

__all__ = ["DEFAULTS", "MAX_BODY_SIZE", "UNBOUNDED", "ClientSettings", "response_limits"]

MAX_BODY_SIZE: Final = 100 * 1024 * 1024
"""Bytes of the body of an answer, Tornado's default."""

UNBOUNDED: Final = 1 << 62
"""As many bytes as no body has."""

# Servers that we ask are bounded more generously than clients that ask us: some set cookies and policies
# of many kilobytes.
_MAX_HEADER_SIZE: Final = 64 * 1024
_MAX_HEADER_COUNT: Final = 256

_MAX_DIGESTS: Final = 100

DEFAULTS: Final[dict[str, Any]] = {
    "allow_ipv6": True,
    "allow_nonstandard_methods": False,
    "auth_mode": "basic",
    "connect_timeout": 20.0,
    "decompress_response": True,
    "follow_redirects": True,
    "idle_timeout": 0.0,
    "max_redirects": 5,
    "request_timeout": 20.0,
    "user_agent": "cyclone",
    "validate_cert": True,
}
"""What a request does that says nothing else, by the names of `HTTPRequest`'s arguments; those of
Tornado, where it has them."""


@dataclasses.dataclass(slots=True, kw_only=True)
class ClientSettings:
    """What all fetches of one client share.

    Attributes:
        reactor: Tells the time.
        pool: The connections.
        defaults: What a request does that says nothing else, complete.
        headers: Header fields of every request that has none of that name.
        base_url: What relative URLs are relative to.
        jar: The cookies; None for none.
        max_body_size: Bytes of a body, as sent and as decoded.
        digests: What is known of servers that want Digest authentication, by origin and credentials.
    """

    reactor: Any
    pool: "ConnectionPool"
    defaults: dict[str, Any] = dataclasses.field(repr=False)  # it has passwords, as the next has
    headers: "HTTPHeaders | None" = dataclasses.field(repr=False)
    base_url: "URL | None"
    jar: "CookieJar | None"
    max_body_size: int
    digests: dict[tuple[Any, ...], DigestAuth] = dataclasses.field(default_factory=dict, repr=False)

    def digest_for(self, url: "URL", credentials: tuple[str, str]) -> DigestAuth:
        """Find what is known of a server, or begin to know it.

        Args:
            url: What is asked for.
            credentials: Name and password.

        Returns:
            The state of the authentication; another one for other credentials or another origin.
        """
        key = (*url.origin, *credentials)
        found = self.digests.pop(key, None) or DigestAuth(*credentials)
        self.digests[key] = found  # at the end: the first ones were not used for longest
        if len(self.digests) > _MAX_DIGESTS:
            del self.digests[next(iter(self.digests))]
        return found


def response_limits(max_header_size: int | None) -> Limits:
    """Make the bounds of what a server may send.

    Args:
        max_header_size: Bytes of a head; None for 64 KiB.

    Returns:
        The bounds.

    Raises:
        ValueError: The size is not above zero.
    """
    size = _MAX_HEADER_SIZE if max_header_size is None else max_header_size
    return Limits(
        max_request_line=size,
        max_header_line=size,
        max_header_size=size,
        max_header_count=_MAX_HEADER_COUNT,
    )
