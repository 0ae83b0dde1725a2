"""The client for new code."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Self, Unpack, cast, overload

from twisted.internet.defer import Deferred

from cyclone_core.httpclient.cookies import CookieJar
from cyclone_core.httpclient.fetcher import Fetcher
from cyclone_core.httpclient.request import FetchOptions, Headers, HTTPRequest, RequestOptions
from cyclone_core.httpclient.response import HTTPResponse
from cyclone_core.httpclient.settings import UNBOUNDED
from cyclone_core.httpclient.streaming import StreamedResponse

if TYPE_CHECKING:
    from types import TracebackType

    from cyclone_core.httpclient.classic import URLClient
    from cyclone_core.httpclient.connecting import HostnameMapping

__all__ = ["HTTPClient"]

_MAX_CLIENTS = 100

# A download may last for hours, but not in silence.
_STREAM_BOUNDS: Final = {
    "request_timeout": 0.0,
    "idle_timeout": 20.0,
    "max_body_size": UNBOUNDED,
}


class HTTPClient:
    """A client with connections, cookies and defaults of its own.

    It shares nothing with another one. `HTTPClient("http://host/path", ...)`, with a URL, is the class of
    cyclone 1.x: see `classic.URLClient`.

    Attributes:
        cookies: The cookies that servers have set; None if it keeps none.

    Example:
        >>> async def newest():
        ...     async with HTTPClient(base_url="https://api.example.com/v1/") as client:
        ...         response = await client.get("articles", params={"order": "newest"})
        ...         return response.json()
    """

    # The class of the first overload is one below this: that is how type checkers are told of it.
    @overload
    def __init__(  # type: ignore[misc]
        self: "URLClient",
        url: str | bytes,
        **options: Any,  # noqa: ANN401 -- those of URLClient
    ) -> None: ...

    @overload
    def __init__(
        self,
        *,
        base_url: str | None = None,
        headers: Headers | None = None,
        cookies: CookieJar | bool = True,
        raise_error: bool = True,
        max_clients: int = _MAX_CLIENTS,
        max_idle_connections: int | None = None,
        idle_connection_timeout: float | None = None,
        max_header_size: int | None = None,
        max_body_size: int | None = None,
        hostname_mapping: "HostnameMapping | None" = None,
        reactor: Any = None,  # noqa: ANN401 -- several interfaces
        **defaults: Any,  # noqa: ANN401 -- those of RequestOptions
    ) -> None: ...

    def __init__(self, url: str | bytes | None = None, **options: Any) -> None:
        """Make a client; it connects when it is asked for something.

        Args:
            url: Makes this the client of cyclone 1.x, whose `options` are those of `classic.fetch`.
            options: All that follows, by name.
            base_url: What relative URLs are relative to, as a link on that page would be: end it with a
                slash. Other origins get neither `Authorization`, `Cookie` nor the client's credentials.
            headers: Header fields of every request.
            cookies: A jar of your own; True for a new one, False for none.
            raise_error: Whether a status that is none of 200 to 299 is an error.
            max_clients: Most requests at a time; others wait in a queue.
            max_idle_connections: Most connections that are kept, by default `max_clients`.
            idle_connection_timeout: Seconds for which one is kept, by default 30.
            max_header_size: Bytes of the head of an answer, by default 64 KiB.
            max_body_size: Bytes of the body of an answer as sent and as decoded, by default 100 MiB.
            hostname_mapping: Other addresses for hosts: host or (host, port) to host or (host, port).
            reactor: The reactor; by default the installed one.
            defaults: What requests do that say nothing else, by the names of `HTTPRequest`'s arguments:
                `request_timeout`, `auth_username`, `proxy`, `ca_certs` and so on.

        Raises:
            TypeError: A default is no option of requests, an argument has another type, or the jar is none.
            ValueError: A value is out of range, or the base URL is none.
        """
        if url is None:
            self._begin(**options)
        else:
            # Here and not in __new__: only now it is known what a subclass makes of its own arguments.
            from cyclone_core.httpclient.classic import make_classic

            make_classic(self, url, **options)

    def _begin(
        self,
        *,
        base_url: str | None = None,
        headers: Headers | None = None,
        cookies: CookieJar | bool = True,
        raise_error: bool = True,
        max_clients: int = _MAX_CLIENTS,
        max_idle_connections: int | None = None,
        idle_connection_timeout: float | None = None,
        max_header_size: int | None = None,
        max_body_size: int | None = None,
        hostname_mapping: "HostnameMapping | None" = None,
        reactor: Any = None,  # noqa: ANN401 -- several interfaces
        **defaults: Any,  # noqa: ANN401 -- those of RequestOptions
    ) -> None:
        # An empty jar is false, as an empty dict is.
        given = CookieJar() if cookies is True else cookies
        self.cookies: CookieJar | None = None if given is False else given
        self._raise_error = raise_error
        said = {**defaults, "max_body_size": max_body_size}
        self._stream_bounds = {
            name: bound for name, bound in _STREAM_BOUNDS.items() if said.get(name) is None
        }
        self._fetcher = Fetcher(
            max_clients=max_clients,
            # Tornado's rules of bodies are for Tornado's interface.
            defaults={"allow_nonstandard_methods": True, **defaults},
            max_body_size=max_body_size,
            max_header_size=max_header_size,
            hostname_mapping=hostname_mapping,
            reactor=reactor,
            headers=headers,
            base_url=base_url,
            jar=self.cookies,
            max_idle_connections=max_idle_connections,
            idle_connection_timeout=idle_connection_timeout,
        )

    def fetch(
        self,
        request: str | HTTPRequest,
        raise_error: bool | None = None,
        **kwargs: Unpack[FetchOptions],
    ) -> Deferred[HTTPResponse]:
        """Ask a server.

        Args:
            request: A URL, relative to `base_url` if there is one; or a request.
            raise_error: By default what the client was made with.
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
        raises = self._raise_error if raise_error is None else raise_error
        return self._fetcher.fetch(request, raise_error=raises)

    def request(
        self,
        method: str,
        url: str,
        raise_error: bool | None = None,
        **kwargs: Unpack[RequestOptions],
    ) -> Deferred[HTTPResponse]:
        """Ask with any method; see `fetch`."""
        return self.fetch(url, raise_error, method=method, **kwargs)

    def get(
        self, url: str, raise_error: bool | None = None, **kwargs: Unpack[RequestOptions]
    ) -> Deferred[HTTPResponse]:
        """Ask with GET; see `fetch`."""
        return self.request("GET", url, raise_error, **kwargs)

    def head(
        self, url: str, raise_error: bool | None = None, **kwargs: Unpack[RequestOptions]
    ) -> Deferred[HTTPResponse]:
        """Ask with HEAD; see `fetch`."""
        return self.request("HEAD", url, raise_error, **kwargs)

    def options(
        self, url: str, raise_error: bool | None = None, **kwargs: Unpack[RequestOptions]
    ) -> Deferred[HTTPResponse]:
        """Ask with OPTIONS; see `fetch`."""
        return self.request("OPTIONS", url, raise_error, **kwargs)

    def post(
        self, url: str, raise_error: bool | None = None, **kwargs: Unpack[RequestOptions]
    ) -> Deferred[HTTPResponse]:
        """Ask with POST; see `fetch`."""
        return self.request("POST", url, raise_error, **kwargs)

    def put(
        self, url: str, raise_error: bool | None = None, **kwargs: Unpack[RequestOptions]
    ) -> Deferred[HTTPResponse]:
        """Ask with PUT; see `fetch`."""
        return self.request("PUT", url, raise_error, **kwargs)

    def patch(
        self, url: str, raise_error: bool | None = None, **kwargs: Unpack[RequestOptions]
    ) -> Deferred[HTTPResponse]:
        """Ask with PATCH; see `fetch`."""
        return self.request("PATCH", url, raise_error, **kwargs)

    def delete(
        self, url: str, raise_error: bool | None = None, **kwargs: Unpack[RequestOptions]
    ) -> Deferred[HTTPResponse]:
        """Ask with DELETE; see `fetch`."""
        return self.request("DELETE", url, raise_error, **kwargs)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        raise_error: bool | None = None,
        **kwargs: Unpack[RequestOptions],
    ) -> AsyncIterator[StreamedResponse]:
        """Ask, and read the body of the answer piece by piece, as much of it as is wanted.

        Neither size nor time are bounded unless you say so, here or when the client is made; the server
        must not be silent for longer than 20 seconds (`idle_timeout`), while somebody reads.

        Args:
            method: The request method.
            url: As in `fetch`.
            raise_error: As in `fetch`.
            kwargs: As in `fetch`.

        Yields:
            The answer; behind the block its connection is free, or closed if the body was not read.

        Example:
            >>> async def save(client, url, file):
            ...     async with client.stream("GET", url) as response:
            ...         async for chunk in response:
            ...             file.write(chunk)
        """
        said = {name: value for name, value in kwargs.items() if value is not None}
        request = HTTPRequest(url, method, **cast("Any", {**self._stream_bounds, **said}))
        raises = self._raise_error if raise_error is None else raise_error
        streamed = self._fetcher.stream(request)
        try:
            # A task may be cancelled in the very turn in which the answer comes: it is closed all the same.
            await streamed.open(raise_error=raises)
            yield streamed
        finally:
            streamed.close()

    def close(self) -> Deferred[None]:
        """Close the connections; what is under way fails with `HTTPStreamClosedError`.

        Returns:
            A Deferred that fires when no connection is left; one need not wait for it.
        """
        return self._fetcher.close()

    async def __aenter__(self) -> Self:
        """Begin a block at whose end the client is closed."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: "TracebackType | None",
    ) -> None:
        """Close the client, and wait until its connections are gone."""
        await self.close()
