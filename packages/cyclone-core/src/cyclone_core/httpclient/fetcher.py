"""What the two clients have in common: connections, defaults, and the fetches that are under way."""

import functools
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.python import threadable

from cyclone_core.coroutines import awaitable
from cyclone_core.httpclient.checks import check_option, check_options
from cyclone_core.httpclient.connecting import TLSContexts, connect
from cyclone_core.httpclient.connection import ClientConnection
from cyclone_core.httpclient.cookies import CookieJar
from cyclone_core.httpclient.errors import HTTPStreamClosedError
from cyclone_core.httpclient.fetching import Fetch
from cyclone_core.httpclient.pool import ConnectionPool
from cyclone_core.httpclient.request import Headers, HTTPRequest, RequestOptions, as_headers
from cyclone_core.httpclient.settings import (
    DEFAULTS,
    MAX_BODY_SIZE,
    ClientSettings,
    response_limits,
)
from cyclone_core.httpclient.streaming import StreamedResponse
from cyclone_core.httpclient.urls import parse_url
from cyclone_core.reactors import find_reactor

if TYPE_CHECKING:
    from collections.abc import Callable

    from cyclone_core.httpclient.connecting import HostnameMapping
    from cyclone_core.httpclient.response import HTTPResponse
    from cyclone_core.httpclient.routes import Route
    from cyclone_core.limits import Limits

__all__ = ["Fetcher"]

_IDLE_TIMEOUT: Final = 30.0

# What belongs to one request, and what the client has arguments of its own for.
_NO_DEFAULTS: Final = frozenset(
    {
        "body",
        "body_producer",
        "expect_100_continue",
        "files",
        "form",
        "header_callback",
        "headers",
        "if_modified_since",
        "json",
        "max_body_size",
        "params",
        "prepare_curl_callback",
        "streaming_callback",
        "use_gzip",
    }
)
_OPTIONS: Final = frozenset(RequestOptions.__annotations__) - _NO_DEFAULTS


class Fetcher:
    """Fetches, on connections of its own.

    Attributes:
        closed: Whether `close` was called.
        settings: What its fetches share.
    """

    def __init__(
        self,
        *,
        max_clients: int,
        defaults: Mapping[str, Any] | None,
        max_body_size: int | None,
        max_header_size: int | None,
        hostname_mapping: "HostnameMapping | None",
        reactor: Any = None,  # noqa: ANN401 -- several interfaces
        headers: Headers | None = None,
        base_url: str | None = None,
        jar: "CookieJar | None" = None,
        max_idle_connections: int | None = None,
        idle_connection_timeout: float | None = None,
    ) -> None:
        """Make a fetcher without connections; see `HTTPClient` for the arguments.

        Raises:
            TypeError: A default is no option of requests, an argument has another type, or the jar is none.
            ValueError: A value is out of range, or the base URL is none.
        """
        reactor = find_reactor() if reactor is None else reactor
        said = {name: value for name, value in (defaults or {}).items() if value is not None}
        _check_defaults(defaults or {})
        if jar is not None and not isinstance(jar, CookieJar):
            raise TypeError(f"cookies are kept in a CookieJar, not in a {type(jar).__name__}")
        check_options(
            (
                "max_clients",
                "max_body_size",
                "max_header_size",
                "max_idle_connections",
                "idle_connection_timeout",
            ),
            (
                max_clients,
                max_body_size,
                max_header_size,
                max_idle_connections,
                idle_connection_timeout,
            ),
        )
        self.closed = False
        self._active: dict[Fetch, None] = {}  # in the order in which they wait for their turns
        make = functools.partial(
            _connect,
            reactor,
            response_limits(max_header_size),
            TLSContexts(),
            hostname_mapping,
        )
        pool = ConnectionPool(
            reactor,
            make,
            max_clients=max_clients,
            max_idle=max_clients if max_idle_connections is None else max_idle_connections,
            idle_timeout=_IDLE_TIMEOUT
            if idle_connection_timeout is None
            else idle_connection_timeout,
        )
        self.settings = ClientSettings(
            reactor=reactor,
            pool=pool,
            defaults={**DEFAULTS, **said},
            headers=None if headers is None else as_headers(headers),
            base_url=None if base_url is None else parse_url(base_url),
            jar=jar,
            max_body_size=MAX_BODY_SIZE if max_body_size is None else max_body_size,
        )
        # Connections that are kept know their pool, and the reactor knows them: without this a client
        # that nobody closes would leave them open until the server does.
        weakref.finalize(self, _close_later, reactor, pool).atexit = False

    def fetch(self, request: HTTPRequest, *, raise_error: bool) -> "Deferred[HTTPResponse]":
        """Fetch a request.

        Args:
            request: What is asked for.
            raise_error: Whether a status that is none of 200 to 299 is an error.

        Returns:
            A Deferred that fires with the answer.

        Raises:
            RuntimeError: The client is closed.
        """
        self._check_open()
        return awaitable(Deferred.fromCoroutine(self._fetch(request, raise_error)))

    def stream(self, request: HTTPRequest) -> StreamedResponse:
        """Prepare to fetch a request whose answer is read piece by piece.

        Args:
            request: What is asked for.

        Returns:
            The answer to be; it must be opened and, whatever becomes of that, closed.

        Raises:
            InvalidRequest: The request is impossible.
            RuntimeError: The client is closed.
        """
        self._check_open()
        fetch = Fetch(self.settings, request, streams=True)
        self._active[fetch] = None
        return StreamedResponse(fetch, self._forget)

    def close(self) -> Deferred[None]:
        """Cut what is under way, and close the connections that are kept.

        Returns:
            A Deferred that fires when no connection is left.
        """
        self.closed = True
        gone = self.settings.pool.close()
        for fetch in list(self._active):
            fetch.abandon(HTTPStreamClosedError("the client was closed before the answer came"))
        return awaitable(gone)

    async def _fetch(self, request: HTTPRequest, raise_error: bool) -> "HTTPResponse":
        fetch = Fetch(self.settings, request)
        self._active[fetch] = None
        try:
            response = await fetch.run()
        finally:
            del self._active[fetch]
        if raise_error and response.error is not None:
            raise response.error
        return response

    def _forget(self, fetch: Fetch) -> None:
        self._active.pop(fetch, None)

    def _check_open(self) -> None:
        if self.closed:
            raise RuntimeError("this client is closed: make another one")


def _check_defaults(defaults: Mapping[str, Any]) -> None:
    for name, value in defaults.items():
        if name not in _OPTIONS:
            raise TypeError(
                f"{name!r} is no default of a client; its defaults are {', '.join(sorted(_OPTIONS))}"
            )
        if value is not None:
            check_option(name, value)


def _connect(
    reactor: Any,  # noqa: ANN401 -- several interfaces
    limits: "Limits",
    contexts: TLSContexts,
    hostname_mapping: "HostnameMapping | None",
    route: "Route",
    on_close: "Callable[[ClientConnection], None]",
    timeout: float | None,
) -> Deferred[Any]:
    factory = Factory.forProtocol(lambda: ClientConnection(reactor, limits, on_close))
    factory.noisy = False  # or each connection would be two lines of the log
    return connect(
        route, factory, reactor, timeout, contexts=contexts, hostname_mapping=hostname_mapping
    )


def _close_later(reactor: Any, pool: ConnectionPool) -> None:  # noqa: ANN401 -- as above
    """Close a pool whose client is gone.

    Not now: garbage is collected anywhere, in the middle of the pool's own code or in another thread.
    """
    if not (pool.idle or pool.lent):
        return
    if threadable.ioThread in (None, threadable.getThreadID()):
        reactor.callLater(0, pool.close)
    else:
        reactor.callFromThread(pool.close)
