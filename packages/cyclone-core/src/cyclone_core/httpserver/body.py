"""Collecting a request's body in memory."""

from collections.abc import Callable

from cyclone_core.httputil import HTTPServerRequest

__all__ = ["BufferedBody"]


class BufferedBody:
    """Collects a body, then passes the complete request on; a `BodyReceiver`.

    The connection bounds it by `max_body_size`.
    """

    __slots__ = ("_chunks", "_request", "_then")

    def __init__(
        self, request: HTTPServerRequest, then: Callable[[HTTPServerRequest], object]
    ) -> None:
        """Make a receiver.

        Args:
            request: Its `body` is set.
            then: Called with the request when the body is complete; not called if it fails.
        """
        self._request = request
        self._then = then
        self._chunks: list[bytes] = []

    def data_received(self, chunk: bytes) -> None:
        """Keep a piece."""
        self._chunks.append(chunk)

    def body_finished(self) -> None:
        """Join the pieces and pass the request on."""
        chunks = self._chunks
        self._request.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self._then(self._request)

    def body_failed(self) -> None:
        """Forget what has come."""
        self._chunks.clear()
