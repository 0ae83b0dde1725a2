"""Telling from which site a request comes, by what browsers say of themselves and pages cannot change."""

from collections.abc import Callable
from typing import Final

from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.web.base import HandlerBase

__all__ = ["OriginMethods", "cross_origin_error"]

# By the page itself, or by nobody's page: an address typed, a bookmark.
_SAME_ORIGIN: Final = frozenset({"same-origin", "none"})

_SCHEMES: Final = frozenset({"http", "https"})


def cross_origin_error(request: HTTPServerRequest, is_trusted: Callable[[str], bool]) -> str | None:
    """Tell what is wrong with the origin of a request.

    Browsers of our days send `Sec-Fetch-Site` over https (W3C Fetch Metadata), and it decides. Without
    it the host of `Origin` must be the one that is asked; the scheme does not count, because behind a
    proxy it may be another one. What sends neither is no browser, and nobody forges its requests.

    Source: Tornado 6.6. Unlike there, an `Origin` must have the scheme http or https, so that `null`
    never is the host of a request without one.

    Args:
        request: The request; its method does not matter here.
        is_trusted: Called with the `Origin` of a request that comes from elsewhere.

    Returns:
        None if it comes from the same origin, a trusted one, or no browser; else a message for the log.
    """
    headers = request.headers
    site = headers.get("Sec-Fetch-Site")
    if site in _SAME_ORIGIN:
        return None
    origin = headers.get("Origin")
    if site is None:
        if origin is None or _is_host(origin, request.host) or is_trusted(origin):
            return None
        return f"the origin {origin!r} is not allowed"
    if origin and is_trusted(origin):
        return None
    return f"the site {site!r} with the origin {origin!r} is not allowed"


def _is_host(origin: str, host: str) -> bool:
    scheme, _, rest = origin.lower().partition("://")
    return scheme in _SCHEMES and rest.partition("/")[0] == host.lower()


class OriginMethods(HandlerBase):
    """The methods of `RequestHandler` for requests that another site has made a browser send."""

    def check_trusted_origin(self, origin: str) -> bool:
        """Tell whether pages of another origin may send requests; override it to decide otherwise.

        It is called before `prepare`, for a request that changes something and comes from elsewhere,
        in an application with the setting `cross_origin_protection`. An override that allows all
        must not go by cookies: anybody's page can then use them.

        Args:
            origin: The header `Origin`, for example `https://example.com`.

        Returns:
            Whether it is one of the setting `trusted_origins`, to the letter.

        Raises:
            ValueError: The setting is malformed.

        Source: Tornado 6.6.
        """
        trusted = self.application.settings.get("trusted_origins") or ()
        if isinstance(trusted, (str, bytes)):
            # `in` would look for a part of it.
            raise ValueError(  # noqa: TRY004 -- as for all settings
                f"setting 'trusted_origins' must be a list of origins, not {trusted!r}"
            )
        return origin in trusted
