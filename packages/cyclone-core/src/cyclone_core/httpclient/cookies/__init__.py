"""The cookies that a client keeps between requests (RFC 6265bis)."""

from cyclone_core.httpclient.cookies.jar import CookieJar
from cyclone_core.httpclient.cookies.rules import Cookie, RequestURL

__all__ = ["Cookie", "CookieJar", "RequestURL"]
