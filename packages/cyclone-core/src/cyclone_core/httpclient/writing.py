"""Bodies that the program's own code writes: functions as Tornado has them, and asynchronous iterables."""

from collections import deque
from collections.abc import AsyncIterable, Awaitable, Callable
from contextvars import Context
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer
from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_core.coroutines import CANCELLATIONS, FAILURES, run_in, settle
from cyclone_core.errors import HTTPOutputError, StreamClosedError
from cyclone_core.httpclient.sendings import Sending
from cyclone_core.httpclient.sources import as_piece

__all__ = ["BodyFunction", "FunctionSending", "write_all"]

_log = Logger(namespace="cyclone.httpclient")

BodyFunction = Callable[[Callable[[bytes], Awaitable[None]]], Any]
"""A function that writes a body (Tornado: `body_producer`). It is called with another function, `write`,
and returns something to wait for: it is a coroutine function or returns a Deferred. `await write(piece)`
waits until there is room for more."""


class FunctionSending(Sending):
    """A body that a function of the program writes."""

    _busy = False
    _returned = False
    _raised: BaseException | None = None
    _running: "Deferred[Any] | None" = None

    def __init__(self, function: BodyFunction, consumer: IConsumer, context: Context) -> None:
        """Prepare.

        Args:
            function: The function.
            consumer: Where the pieces go.
            context: Where the function runs.
        """
        super().__init__(consumer, context)
        self._function = function
        # What is not written yet, each with the Deferred that fires when there is room for more.
        self._queue: deque[tuple[bytes, Deferred[None]]] = deque()

    def begin(self) -> None:
        """Call the function."""
        run_in(self._context, self._call)

    def write(self, piece: bytes) -> Deferred[None]:
        """Write a piece; this is what the function gets.

        Args:
            piece: The piece. While there is no room it is kept here, and so is all that the function writes
                without waiting.

        Returns:
            A Deferred that fires when there is room for more. To cancel it takes nothing back.

        Raises:
            TypeError: The piece is no bytes.
            StreamClosedError: Nobody wants the body any more.
            HTTPOutputError: The function has come to its end already; or, from the connection, the body is
                longer than its head says.
        """
        data = as_piece(piece)
        if self._returned:
            raise HTTPOutputError(
                "write() was called after the end of the body_producer that it belongs to: that has to return"
                " a Deferred, or be a coroutine, which ends after the last piece"
            )
        if not self.active:
            raise StreamClosedError("the server or the program wants no more of this body")
        room: Deferred[None] = Deferred()
        self._queue.append((data, room))
        self._go_on()
        if self._raised is not None:
            raise self._raised
        return room

    def _call(self) -> None:
        try:
            running = settle(self._function(self.write), self._context)
        except FAILURES:
            self._fail(Failure())
            return
        if running is None:
            self._complete(None)
            return
        self._running = running
        running.addCallbacks(self._complete, self._fail)
        if not self.active:
            self._cancel()

    def _complete(self, _: object) -> None:
        self._returned = self.active
        self._go_on()

    def _fail(self, failure: Failure) -> None:
        if self.active:
            self._end(failure)
        elif failure.value is not self._raised and not failure.check(
            StreamClosedError, *CANCELLATIONS
        ):
            _log.failure("A body_producer has failed after its end", failure)

    def _go_on(self) -> None:
        # Whoever waits for room writes again when there is some: that adds to the queue, not to the stack.
        if self._busy:
            return
        self._busy = True
        try:
            self._empty_queue()
        except Exception as error:  # noqa: BLE001 -- the consumer's; `write` raises it
            self._raised = error
            self._end(Failure())
        finally:
            self._busy = False
        if self._returned and not any(data for data, _ in self._queue):
            self._end(None)

    def _empty_queue(self) -> None:
        queue = self._queue
        while queue and self.active and not self.paused:
            data, room = queue[0]
            if data:
                queue[0] = (b"", room)
                self._consumer.write(data)
            else:
                queue.popleft()
                room.callback(None)

    def _release(self) -> None:
        self._cancel()
        # What is still waiting is let go; if it writes again it is told that nobody wants that.
        queue, self._queue = self._queue, deque()
        for _, room in queue:
            room.callback(None)

    def _cancel(self) -> None:
        if self._running is not None:
            try:
                self._running.cancel()
            except Exception:  # noqa: BLE001 -- nobody is left to be told
                _log.failure("A body_producer cannot be cancelled")


async def write_all(
    iterable: AsyncIterable[bytes], write: Callable[[bytes], Awaitable[None]]
) -> None:
    """Write what an asynchronous iterable gives, and close it, whatever the end is.

    Args:
        iterable: The iterable.
        write: What a `BodyFunction` is called with.
    """
    iterator = aiter(iterable)
    try:
        async for piece in iterator:
            await write(piece)
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()
