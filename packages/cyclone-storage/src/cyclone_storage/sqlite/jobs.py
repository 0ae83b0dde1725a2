"""One thing that a thread is to do."""

from collections.abc import Callable
from threading import Lock
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

__all__ = ["Job"]


class Job:
    """A function with its arguments, and the Deferred of what it returns.

    It is made and settled in the reactor's thread and run in another one. Whoever claims it first
    has it: the thread, to run it, or the reactor, which then fails it.

    Attributes:
        work: Called with a connection and the arguments.
        arguments: The arguments.
        since: When it was made, in seconds of the reactor's clock.
        cancelled: Nobody waits for it any more; a statement that runs is stopped.
        outcome: What it returned, or a Failure.
        deferred: Fires with the outcome.
    """

    __slots__ = ("_claims", "arguments", "cancelled", "deferred", "outcome", "since", "work")

    def __init__(
        self, work: Callable[..., object], arguments: tuple[Any, ...], since: float
    ) -> None:
        """Make one.

        Args:
            work: Called with a connection and the arguments, in a thread.
            arguments: The arguments.
            since: When it was made, in seconds of the reactor's clock.
        """
        self.work = work
        self.arguments = arguments
        self.since = since
        self.cancelled = False
        self.outcome: object = None
        self.deferred: Deferred[Any] = Deferred(self._cancel)
        self._claims = Lock()

    def claim(self) -> bool:
        """Take it.

        Returns:
            Whether it was still to be had.
        """
        return self._claims.acquire(blocking=False)

    def _cancel(self, _: Deferred[Any]) -> None:
        self.cancelled = True
        if self.claim():
            # It still stands in a queue: what it holds is not needed there.
            self.arguments = ()

    def settle(self) -> None:
        """Fire the Deferred with the outcome, unless it was cancelled."""
        outcome, self.outcome = self.outcome, None
        if self.deferred.called:
            return
        if isinstance(outcome, Failure):
            self.deferred.errback(outcome)
        else:
            self.deferred.callback(outcome)

    def refuse(self, error: Exception) -> bool:
        """Fail it if it has not begun.

        Args:
            error: Why.

        Returns:
            Whether it had not.
        """
        if not self.claim():
            return False
        self.arguments = ()
        self.outcome = Failure(error)
        self.settle()
        return True
