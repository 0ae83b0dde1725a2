"""Twisted's `IBodyProducer` for everything that makes a body piece by piece.

Theory of operation. A `BodyProducer` is what the connection sees. Each time it is started it makes a
`Sending`, which lives until the body is complete, has failed, or is not wanted any more. There are two:

* `PieceSending` takes pieces from a generator, as long as there is room.
* `FunctionSending` calls a function of the program, which writes; and it tells that when there is room.

All of them may be paused, resumed and stopped from inside of the consumer's `write`, and from inside of
the program's own code. How much is sent, and whether that is as much as the head says, is counted where the
head is known: by the consumer.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterable, Awaitable, Callable
from contextvars import Context
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.iweb import UNKNOWN_LENGTH, IBodyProducer
from zope.interface import implementer

from cyclone_core.coroutines import CANCELLATIONS, FAILURES, run_in, settle
from cyclone_core.errors import HTTPOutputError, StreamClosedError
from cyclone_core.httpclient.sources import Pieces, Source, as_piece

__all__ = ["BodyFunction", "BodyProducer", "Sending"]

_log = Logger(namespace="cyclone.httpclient")

BodyFunction = Callable[[Callable[[bytes], Awaitable[None]]], Any]
"""A function that writes a body (Tornado: `body_producer`). It is called with another function, `write`,
and returns something to wait for: it is a coroutine function or returns a Deferred. `await write(piece)`
waits until there is room for more."""


class Sending(ABC):
    """One sending of a body.

    Attributes:
        done: It fires with None when the consumer has got everything, or with the failure that has kept it
            from that. To cancel it stops.
        active: False when it has fired, and when nothing more is wanted.
        paused: Whether the consumer has no room.
    """

    def __init__(self, consumer: IConsumer, context: Context) -> None:
        """Prepare.

        Args:
            consumer: Where the pieces go.
            context: Where the program's code runs.
        """
        self.done: Deferred[None] = Deferred(lambda _: self.stop())
        self.active = True
        self.paused = False
        self._consumer = consumer
        self._context = context

    @abstractmethod
    def begin(self) -> None:
        """Begin; all may be over when this returns."""

    def pause(self) -> None:
        """Write nothing more for now."""
        self.paused = True

    def resume(self) -> None:
        """Go on."""
        self.paused = False
        if self.active:
            self._go_on()

    def stop(self) -> None:
        """End before the end; `done` does not fire."""
        if self.active:
            self.active = False
            self._release()

    @abstractmethod
    def _go_on(self) -> None:
        """Write as long as there is room."""

    @abstractmethod
    def _release(self) -> None:
        """Let go of whatever makes the pieces."""

    def _end(self, failure: Failure | None) -> None:
        """Let go of everything, and tell that it is over."""
        if self.active:
            self.active = False
            self._release()
            if self.done.called:
                return  # cancelled by what was let go
            if failure is None:
                self.done.callback(None)
            else:
                self.done.errback(failure)


class PieceSending(Sending):
    """A body whose pieces are there for the taking."""

    _busy = False
    _pieces: Pieces

    def __init__(self, source: Source, consumer: IConsumer, context: Context) -> None:
        """Prepare.

        Args:
            source: What gives the pieces.
            consumer: Where they go.
            context: Where the source runs.
        """
        super().__init__(consumer, context)
        self._source = source

    def begin(self) -> None:
        """Take the first pieces."""
        self._pieces = self._source.pieces()
        self._go_on()

    def _go_on(self) -> None:
        if self._busy:
            return
        self._busy = True
        ended, failure = False, None
        try:
            ended = run_in(self._context, self._send)
        except Exception:  # noqa: BLE001 -- whatever the program's own code raises is for its caller
            ended, failure = True, Failure()
        finally:
            self._busy = False
        if ended:
            self._end(failure)
        elif not self.active:
            self._release()  # what could not be closed while it ran

    def _send(self) -> bool:
        """Take and write pieces; tells whether that was all."""
        while self.active and not self.paused:
            piece = next(self._pieces, None)
            if piece is None:
                return True
            if piece and self.active:
                self._consumer.write(piece)
        return False

    def _release(self) -> None:
        if not self._busy:
            try:
                run_in(self._context, self._pieces.close)
            except Exception:  # noqa: BLE001 -- nobody is left to be told
                _log.failure("What makes the body of a request cannot be closed")


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
        self._running = None
        self._returned = self.active
        self._go_on()

    def _fail(self, failure: Failure) -> None:
        self._running = None
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


@implementer(IBodyProducer)
class BodyProducer:
    """Sends a body piece by piece; made by its class methods.

    Attributes:
        length: How many bytes there are, or `twisted.web.iweb.UNKNOWN_LENGTH`.
    """

    def __init__(
        self, make: Callable[[IConsumer], Sending], length: int | None, *, repeatable: bool
    ) -> None:
        """Wrap what makes sendings.

        Args:
            make: Makes one, for a consumer.
            length: How many bytes there are, None if nobody knows.
            repeatable: Whether `make` may be called again.
        """
        self.length: int | str = UNKNOWN_LENGTH if length is None else length
        self._make = make
        self._repeatable = repeatable
        self._sending: Sending | None = None
        self._ready = True
        self._paused = False

    @classmethod
    def from_source(
        cls, source: Source, context: Context, length: int | None = None
    ) -> "BodyProducer":
        """Send what a source gives.

        Args:
            source: The source.
            context: Where it runs.
            length: How many bytes there are, if the source does not know.

        Returns:
            The producer.
        """
        make = partial(_send_pieces, source, context)
        known = length if source.size is None else source.size
        return cls(make, known, repeatable=source.repeatable)

    @classmethod
    def from_function(
        cls, function: BodyFunction, context: Context, length: int | None = None
    ) -> "BodyProducer":
        """Send what a function writes.

        Args:
            function: The function; to send the body again it is called again, as in Tornado.
            context: Where it runs.
            length: How many bytes there are, if that is known.

        Returns:
            The producer.
        """
        return cls(partial(_call_function, function, context), length, repeatable=True)

    @classmethod
    def from_async_iterable(
        cls, iterable: AsyncIterable[bytes], context: Context, length: int | None = None
    ) -> "BodyProducer":
        """Send what an asynchronous iterable gives.

        Args:
            iterable: The iterable. A generator is closed at the end, whatever that is.
            context: Where it runs.
            length: How many bytes there are, if that is known.

        Returns:
            The producer.
        """
        make = partial(_call_function, partial(_iterate, iterable), context)
        return cls(make, length, repeatable=not hasattr(iterable, "__anext__"))

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:  # noqa: N802 -- Twisted's name
        """Send the body.

        Args:
            consumer: Where it goes.

        Returns:
            A Deferred that fires with None when the consumer has got everything. It fails with whatever the
            program's code, a file or the consumer has raised. To cancel it stops.

        Raises:
            RuntimeError: It was started or stopped before; see `rewind`.
        """
        if not self._ready:
            raise RuntimeError(
                "this body was sent or stopped before: ask rewind() whether it can go again"
            )
        self._ready = False
        sending = self._sending = self._make(consumer)
        sending.paused = self._paused
        sending.begin()
        return sending.done

    def pauseProducing(self) -> None:
        """Write nothing more for now."""
        self._paused = True
        if self._sending is not None:
            self._sending.pause()

    def resumeProducing(self) -> None:
        """Go on."""
        self._paused = False
        if self._sending is not None:
            self._sending.resume()

    def stopProducing(self) -> None:
        """End, and let go of whatever makes the body; the Deferred of `startProducing` does not fire."""
        self._ready = self._paused = False
        if self._sending is not None:
            self._sending.stop()

    def rewind(self) -> bool:
        """Go back to the beginning, to send the body once more: for a redirect, or after a challenge.

        Returns:
            Whether it may be started. What comes from an iterator, or from a file that cannot seek, can be
            sent once. A sending that is under way is stopped.
        """
        if not self._ready:
            self.stopProducing()
            self._ready = self._repeatable
        return self._ready


def _send_pieces(source: Source, context: Context, consumer: IConsumer) -> Sending:
    return PieceSending(source, consumer, context)


def _call_function(function: BodyFunction, context: Context, consumer: IConsumer) -> Sending:
    return FunctionSending(function, consumer, context)


async def _iterate(
    iterable: AsyncIterable[bytes], write: Callable[[bytes], Awaitable[None]]
) -> None:
    iterator = aiter(iterable)
    try:
        async for piece in iterator:
            await write(piece)
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()
