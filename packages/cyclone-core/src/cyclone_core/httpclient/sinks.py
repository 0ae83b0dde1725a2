"""Where the body of an answer goes; each a `BodyReceiver`."""

from collections.abc import Callable
from contextvars import Context
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_core.coroutines import CANCELLATIONS, awaitable, run_in, settle

__all__ = ["CallbackSink", "ChunkStream", "Collector", "Discarder"]


_log = Logger(namespace="cyclone.httpclient")


class Collector:
    """Keeps a body.

    Attributes:
        chunks: What has come.
    """

    __slots__ = ("chunks",)

    def __init__(self) -> None:
        """Begin with nothing."""
        self.chunks: list[bytes] = []

    def data_received(self, chunk: bytes) -> None:
        """Keep a piece."""
        self.chunks.append(chunk)

    def body_finished(self) -> None:
        """Do nothing."""

    def body_failed(self) -> None:
        """Forget it: the error of an answer may be kept for long."""
        self.chunks.clear()


class Discarder:
    """Reads a body that nobody wants, so that the connection can be used again.

    That of a large one is cheaper to be closed.
    """

    __slots__ = ("_left", "_too_much")

    def __init__(self, most: int, too_much: Callable[[], None]) -> None:
        """Begin.

        Args:
            most: How many bytes are read.
            too_much: Called once when there are more.
        """
        self._left = most
        self._too_much = too_much

    def data_received(self, chunk: bytes) -> None:
        """Count a piece."""
        self._left -= len(chunk)
        if self._left < 0:
            self._too_much()

    def body_finished(self) -> None:
        """Do nothing."""

    def body_failed(self) -> None:
        """Do nothing."""


class CallbackSink:
    """Passes a body to a function, and waits for it."""

    __slots__ = ("_callback", "_context", "_failed", "_running")

    def __init__(self, callback: Callable[[bytes], Any], context: Context) -> None:
        """Begin.

        Args:
            callback: Called with each piece; it may be a coroutine function.
            context: The context in which it runs: that of the call of `fetch`.
        """
        self._callback = callback
        self._context = context
        self._failed = False
        self._running: Deferred[Any] | None = None

    def data_received(self, chunk: bytes) -> Deferred[Any] | None:
        """Pass a piece on."""
        running = self._running = run_in(self._context, self._call, chunk)
        return None if running is None else running.addErrback(self._callback_failed)

    def body_finished(self) -> None:
        """Do nothing."""

    def body_failed(self) -> None:
        """Cancel what the function waits for: nobody waits for the function."""
        self._failed = True
        if self._running is not None:
            try:
                self._running.cancel()
            except Exception:  # noqa: BLE001 -- nobody is left to be told
                _log.failure("A streaming_callback cannot be cancelled")

    def _callback_failed(self, failure: Failure) -> Failure | None:
        if not self._failed:
            return failure
        if not failure.check(*CANCELLATIONS):
            _log.failure("A streaming_callback has failed after the end of its fetch", failure)
        return None

    def _call(self, chunk: bytes) -> Deferred[Any] | None:
        return settle(self._callback(chunk), self._context)


class ChunkStream:
    """Hands a body out piece by piece, and no more of it than somebody asks for."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._chunk: bytes | None = None
        self._room: Deferred[Any] | None = None
        self._waiting: Deferred[None] | None = None
        self._ended = False
        self._error: BaseException | None = None

    def data_received(self, chunk: bytes) -> Deferred[Any]:
        """Keep a piece until somebody takes it."""
        self._chunk = chunk
        self._room = room = Deferred[Any]()
        self._wake()
        return room

    def body_finished(self) -> None:
        """Take note of the end."""
        self._ended = True
        self._wake()

    def body_failed(self) -> None:
        """Do nothing: `fail` says what has happened."""

    def fail(self, error: BaseException) -> None:
        """Take note that there will be no more, unless that was the end.

        Args:
            error: What `take` raises, behind the piece that is there.
        """
        if not self._ended:
            self._error = error
            self._wake()

    def close(self, error: BaseException) -> None:
        """Forget the piece that is there: nobody may read on.

        Args:
            error: What `take` raises.
        """
        self._chunk = None
        self.fail(error)

    async def take(self) -> bytes | None:
        """Wait for the next piece.

        Returns:
            The piece; None behind the last one.

        Raises:
            HTTPClientError: The rest will not come.
            RuntimeError: Somebody else waits already.
        """
        if self._waiting is not None:
            raise RuntimeError("two readers of one answer: each piece of it comes once")
        while self._chunk is None and not self._ended and self._error is None:
            self._waiting = Deferred()
            try:
                await awaitable(self._waiting)
            finally:
                self._waiting = None
        chunk, self._chunk = self._chunk, None
        if chunk is None and self._error is not None:
            raise self._error
        room, self._room = self._room, None
        if room is not None:
            room.callback(None)
        return chunk

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.called:
            self._waiting.callback(None)
