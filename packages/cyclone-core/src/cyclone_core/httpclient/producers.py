"""Twisted's `IBodyProducer` for everything that makes a body piece by piece.

Theory of operation. A `BodyProducer` is what the connection sees. Each time it is started it makes a
`Sending`, which lives until the body is complete, has failed, or is not wanted any more. There are two:

* `PieceSending` takes pieces from a generator, as long as there is room.
* `FunctionSending` calls a function of the program, which writes; and it tells that when there is room.

How much is sent, and whether that is as much as the head says, is counted where the head is known: by the
consumer.
"""

from collections.abc import AsyncIterable, Callable
from contextvars import Context
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer
from twisted.web.iweb import UNKNOWN_LENGTH, IBodyProducer
from zope.interface import implementer

from cyclone_core.httpclient.sendings import PieceSending, Sending
from cyclone_core.httpclient.sources import Source
from cyclone_core.httpclient.writing import BodyFunction, FunctionSending, write_all

__all__ = ["BodyProducer"]


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
        make = partial(_call_function, partial(write_all, iterable), context)
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
