"""The names of header fields: their grammar, and the one spelling they are kept in."""

import re
from typing import Final

__all__ = ["KNOWN_NAMES", "MAX_KNOWN_NAMES", "is_token", "normalize_name"]

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

# Spelling -> Http-Header-Case. Bounded, because clients choose the keys; filled with the usual names
# first, so that a client that fills the rest cannot slow down the others.
MAX_KNOWN_NAMES: Final = 1000
_MAX_KNOWN_LENGTH: Final = 64
_USUAL_NAMES: Final = """
    Accept Accept-Charset Accept-Encoding Accept-Language Accept-Ranges
    Access-Control-Allow-Credentials Access-Control-Allow-Headers Access-Control-Allow-Methods
    Access-Control-Allow-Origin Access-Control-Expose-Headers Access-Control-Max-Age
    Access-Control-Request-Headers Access-Control-Request-Method Age Allow Alt-Svc
    Authentication-Info Authorization Cache-Control Connection Content-Disposition
    Content-Encoding Content-Language Content-Length Content-Location Content-Range
    Content-Security-Policy Content-Type Cookie Date Dnt Etag Expect Expires Forwarded From Host
    If-Match If-Modified-Since If-None-Match If-Range If-Unmodified-Since Keep-Alive
    Last-Modified Link Location Max-Forwards Origin Permissions-Policy Pragma Priority
    Proxy-Authenticate Proxy-Authorization Range Referer Referrer-Policy Retry-After Sec-Ch-Ua
    Sec-Ch-Ua-Mobile Sec-Ch-Ua-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site
    Sec-Fetch-User Sec-Gpc Sec-Websocket-Accept Sec-Websocket-Extensions Sec-Websocket-Key
    Sec-Websocket-Protocol Sec-Websocket-Version Server Server-Timing Set-Cookie
    Strict-Transport-Security Te Trailer Transfer-Encoding Upgrade Upgrade-Insecure-Requests
    User-Agent Vary Via Www-Authenticate X-Cache X-Content-Type-Options X-Forwarded-For
    X-Forwarded-Host X-Forwarded-Proto X-Frame-Options X-Powered-By X-Real-Ip X-Request-Id
    X-Requested-With X-Scheme X-Xsrftoken X-Xss-Protection
"""
# What servers send in another spelling more often than in either of the two.
_USUAL_SPELLINGS: Final = "ETag TE DNT WWW-Authenticate X-XSS-Protection X-Request-ID"
KNOWN_NAMES: Final[dict[str, str]] = {
    spelling: name for name in _USUAL_NAMES.split() for spelling in (name, name.lower())
} | {spelling: spelling.title() for spelling in _USUAL_SPELLINGS.split()}


def is_token(text: str) -> bool:
    """Tell whether `text` is a token (RFC 9110 section 5.6.2): a method or a field name."""
    return _TOKEN.fullmatch(text) is not None


def normalize_name(name: str) -> str:
    """Give a header name the spelling `Http-Header-Case` (Tornado: `httputil._normalize_header`).

    Args:
        name: A field name in any case.

    Returns:
        The name with each part between hyphens capitalized.

    Raises:
        ValueError: The name is no token (RFC 9110 section 5.1).
    """
    known = KNOWN_NAMES.get(name)
    if known is not None:
        return known
    if not isinstance(name, str):
        raise TypeError(f"a header name must be a str, not {type(name).__name__}: {name!r}")
    if not is_token(name):
        raise ValueError(
            f"a header name must be a token (letters, digits, !#$%&'*+-.^_`|~): {name[:100]!r}"
        )
    name = str.__str__(name)  # of a subclass the letters that were checked alone
    normal = "-".join([part.capitalize() for part in name.split("-")])
    if len(KNOWN_NAMES) < MAX_KNOWN_NAMES and len(name) <= _MAX_KNOWN_LENGTH:
        KNOWN_NAMES[name] = normal
    return normal
