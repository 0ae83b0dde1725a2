"""Tornado's interface of the client."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, Unpack

from twisted.internet.defer import Deferred

from cyclone_core.httpclient.fetcher import Fetcher
from cyclone_core.httpclient.request import FetchOptions, HTTPRequest
from cyclone_core.httpclient.response import HTTPResponse
from cyclone_core.util import Configurable

if TYPE_CHECKING:
    from cyclone_core.httpclient.connecting import HostnameMapping
    from cyclone_core.httpclient.cookies import CookieJar

__all__ = ["AsyncHTTPClient"]

_MAX_CLIENTS = 10


class AsyncHTTPClient(Configurable):
    """A client that does not block (Tornado: `httpclient.AsyncHTTPClient`).

    Each object has connections of its own and keeps them for the next request to the same server; none
    shares anything with another one. They are closed with `close`, or when the object is collected.

    Example:
        >>> async def get(url):
        ...     response = await AsyncHTTPClient().fetch(url)
        ...     return response.body
    """

    def __new__(cls, force_instance: bool = False, **kwargs: Any) -> Self:  # noqa: ANN401 -- those of initialize
        """Make a client.

        Args:
            force_instance: Every call makes a new one here.
            kwargs: See `initialize`.
        """
        del force_instance
        return super().__new__(cls, **kwargs)

    @classmethod
    def configurable_base(cls) -> type[Configurable]:
        """Name the class whose implementation can be chosen."""
        return AsyncHTTPClient

    @classmethod
    def configurable_default(cls) -> type[Configurable]:
        """Name the implementation: this class itself."""
        return AsyncHTTPClient

    def initialize(
        self,
        max_clients: int = _MAX_CLIENTS,
        hostname_mapping: "HostnameMapping | None" = None,
        max_buffer_size: int | None = None,
        defaults: Mapping[str, Any] | None = None,
        max_header_size: int | None = None,
        max_body_size: int | None = None,
        *,
        reactor: Any = None,  # noqa: ANN401 -- several interfaces
        cookies: "CookieJar | None" = None,
        max_idle_connections: int | None = None,
        idle_connection_timeout: float | None = None,
    ) -> None:
        """Make the client; the arguments are given to the class, or to `configure`.

        Args:
            max_clients: Most requests at a time; others wait in a queue.
            hostname_mapping: Other addresses for hosts: host or (host, port) to host or (host, port).
            max_buffer_size: The same as `max_body_size`, and weaker.
            defaults: What requests do that say nothing else, by the names of `HTTPRequest`'s arguments.
            max_header_size: Bytes of the head of an answer, by default 64 KiB.
            max_body_size: Bytes of the body of an answer as sent and as decoded, by default 100 MiB.
            reactor: The reactor; by default the installed one.
            cookies: Where cookies are kept; by default nowhere.
            max_idle_connections: Most connections that are kept, by default `max_clients`.
            idle_connection_timeout: Seconds for which one is kept, by default 30.

        Raises:
            TypeError: A default is no option of requests, an argument has another type, or the jar is none.
            ValueError: A value is out of range.
        """
        self._fetcher = Fetcher(
            max_clients=max_clients,
            defaults=defaults,
            max_body_size=max_buffer_size if max_body_size is None else max_body_size,
            max_header_size=max_header_size,
            hostname_mapping=hostname_mapping,
            reactor=reactor,
            jar=cookies,
            max_idle_connections=max_idle_connections,
            idle_connection_timeout=idle_connection_timeout,
        )

    @property
    def defaults(self) -> dict[str, Any]:
        """What requests do that say nothing else."""
        return self._fetcher.settings.defaults

    def fetch(
        self,
        request: str | HTTPRequest,
        raise_error: bool = True,
        **kwargs: Unpack[FetchOptions],
    ) -> Deferred[HTTPResponse]:
        """Ask a server.

        Args:
            request: A URL, or a request.
            raise_error: Fail if the status of the answer is none of 200 to 299.
            kwargs: With a URL: `method` and the other arguments of `HTTPRequest`.

        Returns:
            A Deferred that fires with the answer. It fails with `HTTPClientError`, if there is none in
            any case; with `InvalidRequest` if nothing could be asked. To cancel it ends the request.

        Raises:
            RuntimeError: The client is closed.
            TypeError: An argument is unknown, or has another type.
            ValueError: There are arguments beside a request, or a header is none.
        """
        if not isinstance(request, HTTPRequest):
            request = HTTPRequest(request, **kwargs)
        elif kwargs:
            raise ValueError("arguments beside an HTTPRequest: give them to that")
        return self._fetcher.fetch(request, raise_error=raise_error)

    def close(self) -> Deferred[None]:
        """Close the connections; what is under way fails with `HTTPStreamClosedError`.

        Returns:
            A Deferred that fires when no connection is left; one need not wait for it.
        """
        return self._fetcher.close()
