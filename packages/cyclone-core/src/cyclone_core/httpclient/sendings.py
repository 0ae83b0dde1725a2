"""One sending of a body: it writes as long as there is room, until all is sent or nothing more is wanted.

Each may be paused, resumed and stopped from inside of the consumer's `write`, and from inside of the
program's own code.
"""

from abc import ABC, abstractmethod
from contextvars import Context

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer
from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_core.coroutines import run_in
from cyclone_core.httpclient.sources import Pieces, Source

__all__ = ["PieceSending", "Sending"]

_log = Logger(namespace="cyclone.httpclient")


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
