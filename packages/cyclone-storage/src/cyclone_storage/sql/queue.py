"""Who gets the next free place: first come, first served, and nobody waits for ever."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from cyclone_storage.errors import PoolClosed, PoolTimeout
from cyclone_storage.sql.errors import PoolFull
from cyclone_storage.sql.lease import Lease

__all__ = ["LeaseQueue"]


class LeaseQueue:
    """Gives places out. It is used by the reactor's thread only.

    Attributes:
        idle: Places that are free. The next to be given out is last; those without a connection are
            first.
        taken: Places that somebody has.
        closed: No more are given out.
        refused: How many callers were sent away at once.
        timed_out: How many callers have waited in vain.
    """

    def __init__(
        self,
        leases: Sequence[Lease],
        *,
        max_waiting: int,
        wait_timeout: float,
        clock: Any,  # noqa: ANN401 -- IReactorTime
    ) -> None:
        """Begin with all places free.

        Args:
            leases: The places.
            max_waiting: How many callers may wait for one.
            wait_timeout: Seconds that they wait.
            clock: Measures them.
        """
        self.idle = deque(leases)
        self.taken: set[Lease] = set()
        self.closed = False
        self.refused = 0
        self.timed_out = 0
        self._max_waiting = max_waiting
        self._wait_timeout = wait_timeout
        self._clock = clock
        # In the order of their arrival, with the end of their patience.
        self._waiting: dict[Deferred[Lease], Any] = {}

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def take(self, why: Callable[[], str]) -> Deferred[Lease]:
        """Return a place, which has to be given back.

        Args:
            why: Tells what holds the places, for the message of the error.

        Returns:
            A Deferred of it; it may be cancelled. It fails with PoolClosed, PoolFull or PoolTimeout.
        """
        if self.closed:
            return fail(PoolClosed("this pool of SQL connections is closed"))
        if self.idle:
            return succeed(self._given(self.idle.pop()))
        if self.waiting >= self._max_waiting:
            self.refused += 1
            message = f"{self.waiting} wait for an SQL connection already, as many as may: {why()}"
            return fail(PoolFull(message))
        waiter: Deferred[Lease] = Deferred(self._forget)

        def give_up() -> None:
            del self._waiting[waiter]
            self.timed_out += 1
            seconds = f"{self._wait_timeout:g} s"
            waiter.errback(PoolTimeout(f"no SQL connection became free in {seconds}: {why()}"))

        self._waiting[waiter] = self._clock.callLater(self._wait_timeout, give_up)
        return waiter

    def _given(self, lease: Lease) -> Lease:
        self.taken.add(lease)
        return lease

    def _forget(self, waiter: Deferred[Lease]) -> None:
        self._waiting.pop(waiter).cancel()

    def give_back(self, lease: Lease) -> None:
        """Take a place back, and give it to whoever waits longest.

        Args:
            lease: The place.
        """
        self.taken.discard(lease)
        if self._waiting:
            waiter = next(iter(self._waiting))
            self._forget(waiter)
            waiter.callback(self._given(lease))
        elif lease.connection is not None:
            self.idle.append(lease)
        else:
            self.idle.appendleft(lease)

    def close(self) -> None:
        """Give out no more; those who wait are told."""
        self.closed = True
        while self._waiting:
            waiter = next(iter(self._waiting))
            self._forget(waiter)
            waiter.errback(PoolClosed("this pool of SQL connections was closed meanwhile"))
