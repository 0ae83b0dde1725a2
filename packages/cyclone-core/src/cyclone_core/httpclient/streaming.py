"""Answers whose body is read piece by piece."""

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, cast

from twisted.internet.defer import Deferred

from cyclone_core.coroutines import awaitable
from cyclone_core.httputil import HTTPHeaders

if TYPE_CHECKING:
    from cyclone_core.httpclient.exchange import Exchange
    from cyclone_core.httpclient.fetching import Fetch
    from cyclone_core.httpclient.response import HTTPResponse
    from cyclone_core.httpclient.sinks import ChunkStream

__all__ = ["StreamedResponse"]


class StreamedResponse:
    """An answer whose body comes as fast as it is read; `HTTPClient.stream` gives it.

    Attributes:
        response: The answer without its body, once it is open.
    """

    response: "HTTPResponse"

    def __init__(self, fetch: "Fetch", closed: "Callable[[Fetch], object]") -> None:
        """Prepare.

        Args:
            fetch: The fetch, which has not begun.
            closed: Called with it when it is over.
        """
        self._fetch = fetch
        self._closed = closed
        self._stream = cast("ChunkStream", fetch.stream)
        self._begun = False

    def open(self, *, raise_error: bool) -> Deferred[None]:
        """Ask, and wait for the head of the answer.

        Args:
            raise_error: Whether a status that is none of 200 to 299 is an error.

        Returns:
            A Deferred that fires when it has come; it fails with `HTTPClientError`.
        """
        return awaitable(Deferred.fromCoroutine(self._open(raise_error)))

    @property
    def code(self) -> int:
        """The status."""
        return self.response.code

    @property
    def reason(self) -> str:
        """The reason phrase."""
        return self.response.reason

    @property
    def headers(self) -> HTTPHeaders:
        """The header fields."""
        return self.response.headers

    @property
    def trailers(self) -> HTTPHeaders:
        """The header fields behind the body, once it is read."""
        return HTTPHeaders.from_store(cast("Exchange", self._fetch.exchange).trailers)

    @property
    def effective_url(self) -> str:
        """The URL of the last of all redirects."""
        return self.response.effective_url

    async def read_chunk(self) -> bytes | None:
        """Wait for the next piece of the body.

        Returns:
            The piece; None behind the last one.

        Raises:
            HTTPClientError: The rest will not come.
        """
        if not self._begun:
            self._begun = True
            cast("Exchange", self._fetch.exchange).resume()
        return await self._stream.take()

    async def read(self) -> bytes:
        """Wait for the rest of the body, and keep it in memory.

        Returns:
            The rest.

        Raises:
            HTTPClientError: It will not come.
        """
        return b"".join([chunk async for chunk in self])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Iterate over the pieces of the body."""
        while (chunk := await self.read_chunk()) is not None:
            yield chunk

    def close(self) -> None:
        """Read no more: an answer that is not complete costs its connection."""
        self._fetch.end_stream()
        self._closed(self._fetch)

    async def _open(self, raise_error: bool) -> None:
        self.response = await self._fetch.run()
        if raise_error and self.response.error is not None:
            raise self.response.error
