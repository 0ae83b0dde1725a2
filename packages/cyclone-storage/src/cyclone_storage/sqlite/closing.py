"""How a pool ends."""

import time
from collections.abc import Collection, Sequence
from typing import Any, Final, Literal

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from cyclone_storage.errors import PoolTimeout
from cyclone_storage.sqlite.lanes import Lane
from cyclone_storage.sqlite.transaction import Transaction

__all__ = ["CLOSE_TIMEOUT", "Closing"]

CLOSE_TIMEOUT: Final = 30.0
"""Seconds that what was accepted has before it is interrupted."""

# Beyond the busy timeout, which nothing interrupts, an interrupted statement needs some ms.
_GRACE: Final = 5.0


class Closing:
    """Ends the threads of a pool: in peace, by force, or, if even that fails, without them.

    Attributes:
        state: Whether the pool takes calls, waits for the last ones, or is gone.
    """

    def __init__(
        self,
        path: str,
        lanes: Sequence[Lane],
        transactions: Collection[Transaction[Any]],
        busy_timeout: float,
        reactor: Any,  # noqa: ANN401 -- several of Twisted's interfaces
    ) -> None:
        """Make one.

        Args:
            path: The database, for messages.
            lanes: What to end, in this order.
            transactions: Those that are open, at any time.
            busy_timeout: Seconds that a thread may wait for a lock.
            reactor: Its clock bounds the waiting; when it stops, the pool ends.
        """
        self.state: Literal["open", "closing", "closed"] = "open"
        self._path = path
        self._lanes = lanes
        self._transactions = transactions
        self._patience = busy_timeout + _GRACE
        self._reactor = reactor
        self._trigger: Any = None
        self._timer: Any = None
        self._waiters: list[Deferred[None]] = []

    def watch(self) -> None:
        """End the pool when the reactor stops, from now on."""
        if self._trigger is None:
            # Not `before`: there servers drain, whose handlers still need the pool.
            self._trigger = self._reactor.addSystemEventTrigger("during", "shutdown", self._end)

    def close(self, timeout: float) -> Deferred[None]:
        """End the pool.

        Args:
            timeout: Seconds to wait before anything is interrupted.

        Returns:
            Fires when the threads are gone, or fails with `PoolTimeout`.
        """
        if self.state == "closed":
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._waiters.append(done)
        if self.state == "open":
            self.state = "closing"
            self._timer = self._reactor.callLater(timeout, self._stop)
            self._next(None, list(self._lanes))
        return done

    def _next(self, _: None, lanes: list[Lane]) -> None:
        if lanes:
            lanes.pop(0).close().addCallback(self._next, lanes)
        elif self.state == "closing":
            self._finish(None)

    def _stop(self) -> None:
        self._timer = self._reactor.callLater(self._patience, self._give_up)
        self._abort()
        for lane in self._lanes:
            lane.stop()

    def _give_up(self) -> None:
        running = sum(len(lane.workers) for lane in self._lanes)
        said = (
            f"{self._path}: {running} of the threads did not end: a function that was given to "
            "runInteraction() or runWithConnection() does not return; they die with the process"
        )
        self._finish(PoolTimeout(said))

    def _finish(self, error: PoolTimeout | None) -> None:
        self.state = "closed"
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
        trigger, self._trigger = self._trigger, None
        if trigger is not None:
            self._reactor.removeSystemEventTrigger(trigger)
        waiters, self._waiters = self._waiters, []
        for done in waiters:
            if done.called:
                continue
            if error is None:
                done.callback(None)
            else:
                done.errback(Failure(error))

    def _abort(self) -> None:
        for transaction in list(self._transactions):
            transaction.abort(f"{self._path}: the pool was closed, and the transaction rolled back")

    def _end(self) -> None:
        # No coroutine goes on any more: transactions that are open would never end.
        self._trigger = None
        self.state = "closing"
        self._abort()
        deadline = time.monotonic() + CLOSE_TIMEOUT
        for lane in self._lanes:
            lane.end(deadline)
        self._finish(None)
