"""An HTTP/1.1 client: connections that are kept, redirects, cookies, proxies, TLS, and bounds on all of it.

`HTTPClient` is the interface for new code, `AsyncHTTPClient` Tornado's, `fetch` that of cyclone 1.x and
`getPage` what Twisted once had.

Theory of operation. What a program asks for becomes a `Fetch`, and that a `Hop` for each server that is
asked. A hop has a `Route`, which decides what connections it may use; the pool keeps those, `connecting`
makes new ones. An `Exchange` is one request and its answer on a `ClientConnection`; below that is
`http1`, which knows no network.
"""

from typing import Final

from cyclone_core.httpclient.async_client import AsyncHTTPClient
from cyclone_core.httpclient.authentication import basic, bearer
from cyclone_core.httpclient.classic import URLClient, fetch, getPage
from cyclone_core.httpclient.classic_agent import Receiver, StringProducer
from cyclone_core.httpclient.client import HTTPClient
from cyclone_core.httpclient.cookies import Cookie, CookieJar
from cyclone_core.httpclient.environment import proxy_from_environment
from cyclone_core.httpclient.errors import (
    BadResponse,
    ConnectError,
    ConnectTimeout,
    HTTPClientError,
    HTTPError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    IdleTimeout,
    InvalidRequest,
    ProxyError,
    QueueTimeout,
    RequestTimeout,
    ResolveError,
    ResponseTooLarge,
    TLSHandshakeError,
    TooManyRedirects,
    UnsafeRedirect,
)
from cyclone_core.httpclient.request import HTTPRequest
from cyclone_core.httpclient.response import HTTPResponse
from cyclone_core.httpclient.streaming import StreamedResponse
from cyclone_core.jsonrpc.proxy import JsonRPC

__all__ = [
    "AsyncHTTPClient",
    "BadResponse",
    "ConnectError",
    "ConnectTimeout",
    "Cookie",
    "CookieJar",
    "HTTPClient",
    "HTTPClientError",
    "HTTPError",
    "HTTPRequest",
    "HTTPResponse",
    "HTTPStreamClosedError",
    "HTTPTimeoutError",
    "IdleTimeout",
    "InvalidRequest",
    "JsonRPC",
    "ProxyError",
    "QueueTimeout",
    "Receiver",
    "RequestTimeout",
    "ResolveError",
    "ResponseTooLarge",
    "StreamedResponse",
    "StringProducer",
    "TLSHandshakeError",
    "TooManyRedirects",
    "URLClient",
    "UnsafeRedirect",
    "basic",
    "bearer",
    "fetch",
    "getPage",
    "proxy_from_environment",
]

_GONE: Final = {
    "agent": "each client has connections of its own; for Twisted's Agent make one,"
    " twisted.web.client.Agent(reactor)",
    "proxy_agent": "give proxy=(host, port) to fetch(), or proxy=URL to a client; Twisted's own is"
    " twisted.web.client.ProxyAgent",
}


def _missing(name: str) -> object:
    """Say what has taken the place of the names of cyclone 1.x that are not here."""
    instead = _GONE.get(name)
    hint = "" if instead is None else f", which cyclone 1.x had: {instead}"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")


# In this way, because type checkers that see it defined believe in any name.
globals()["__getattr__"] = _missing
