"""Closes connections that nobody has used for a while."""

import time
from typing import Any

from cyclone_storage.sql.jobs import Jobs
from cyclone_storage.sql.lease import Lease

__all__ = ["Upkeep"]


class Upkeep:
    """Keeps no more connections than are of use. It is used by the reactor's thread only."""

    def __init__(
        self,
        jobs: Jobs,
        clock: Any,  # noqa: ANN401 -- IReactorTime
        *,
        min_size: int,
        max_idle: float,
    ) -> None:
        """Begin.

        Args:
            jobs: Where the connections are.
            clock: When to look at them.
            min_size: How many stay open however long nobody uses them.
            max_idle: Seconds without use after which the others are closed.
        """
        self._jobs = jobs
        self._clock = clock
        self._min_size = min_size
        self._max_idle = max_idle
        self._timer: Any = None
        jobs.given_back = self.note

    def note(self) -> None:
        """See whether there is something to be closed later."""
        spare = self._spare()
        if self._timer is None and spare and not self._jobs.queue.closed:
            seconds = spare[0].used + self._max_idle - time.monotonic()
            self._timer = self._clock.callLater(max(seconds, 0.01), self._sweep)

    def _spare(self) -> list[Lease]:
        """Return the connections that may be closed, the one that was used longest ago first."""
        idle = sorted(
            (lease for lease in self._jobs.queue.idle if lease.connection is not None),
            key=lambda lease: lease.used,
        )
        busy = len(self._jobs.queue.taken)
        return idle[: max(0, len(idle) + busy - self._min_size)]

    def _sweep(self) -> None:
        self._timer = None
        latest = time.monotonic() - self._max_idle
        for lease in self._spare():
            if lease.used <= latest:
                self._close(lease)
        self.note()

    def _close(self, lease: Lease) -> None:
        self._jobs.queue.idle.remove(lease)
        self._jobs.queue.taken.add(lease)

        def done(_success: bool, _result: object) -> None:
            self._jobs.give_back(lease)

        self._jobs.aside(lease, lease.close, done)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
