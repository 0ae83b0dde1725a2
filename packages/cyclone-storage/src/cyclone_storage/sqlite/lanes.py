"""Threads that share one queue."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Final

from twisted.internet.defer import Deferred, fail, succeed

from cyclone_storage.errors import PoolClosed, PoolTimeout, StorageUnavailable
from cyclone_storage.sqlite.errors import QueueFull
from cyclone_storage.sqlite.jobs import Job
from cyclone_storage.sqlite.outbox import Outbox
from cyclone_storage.sqlite.workers import Worker, WorkerConnection

__all__ = ["Bounds", "Lane"]

# Seconds that an interrupted thread is waited for while nothing else can happen.
_GRACE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait, and how long.

    Attributes:
        max_waiting: Jobs that may wait for a thread.
        wait_timeout: Seconds that a job may wait for a thread.
    """

    max_waiting: int
    wait_timeout: float


class Lane:
    """A queue of jobs, done in the order in which they came by some threads, started at need.

    No thread is started before the reactor runs: what makes a daemon (`twistd`) forks before that,
    and a fork has no threads but the one that has called it, nor may it touch open databases.

    All methods are called in the reactor's thread.

    Attributes:
        completed: How many jobs are over.
        workers: The threads.
    """

    def __init__(
        self,
        name: str,
        max_threads: int,
        path: str,
        connect: Callable[[], WorkerConnection],
        bounds: Bounds,
        reactor: Any,  # noqa: ANN401 -- three of Twisted's interfaces
        outbox: Outbox,
        blame: Callable[["Lane"], str],
        behind: "Lane | None" = None,
    ) -> None:
        """Make one; no thread is started before the first job.

        Args:
            name: The beginning of its threads' names.
            max_threads: How many threads there may be.
            path: The database, for messages.
            connect: Opens a connection, in a thread.
            bounds: How much may wait, and how long.
            reactor: Its clock bounds the waiting.
            outbox: The way back to it.
            blame: Says what holds the threads, for whoever has waited in vain.
            behind: One that first does what it was given before the reactor ran: the schema.
        """
        self.completed = 0
        self.workers: list[Worker] = []
        self._name = name
        self._max_threads = max_threads
        self._path = path
        self._connect = connect
        self._bounds = bounds
        self._reactor = reactor
        self._outbox = outbox
        self._blame = blame
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        # In order; those that were cancelled stay until a thread has seen them, as they stand in
        # the queue until then.
        self._jobs: dict[Job, None] = {}
        self._timer: Any = None
        self._asked = self._turning = self._running = False
        self._behind = behind
        self._last: Job | None = None
        self._followers: list[Callable[[], object]] = []
        self._closed: Deferred[None] | None = None

    @property
    def waiting(self) -> int:
        """How many jobs wait for a thread."""
        return max(0, len(self._jobs) - len(self.workers))

    @property
    def running(self) -> int:
        """How many jobs a thread has."""
        return min(len(self._jobs), len(self.workers))

    def submit(self, work: Callable[..., object], *arguments: object) -> Deferred[Any]:
        """Have something done.

        Args:
            work: Called with a connection and the arguments, in a thread.
            arguments: The arguments.

        Returns:
            Fires with what it returns. Cancelled, it is not begun, or is stopped.
        """
        if not self._asked:
            self._asked = True
            self._reactor.callWhenRunning(self._begin)
        jobs = self._jobs
        if len(jobs) >= len(self.workers) and not self._start():
            if self._running and not self.workers:
                return fail(self._without_threads())
            if len(jobs) >= self._bounds.max_waiting + (len(self.workers) or self._max_threads):
                return fail(QueueFull(self._say(f"{self.waiting} calls wait, and no more may")))
        job = Job(work, arguments, self._reactor.seconds())
        jobs[job] = None
        self._queue.put(job)
        self._watch()
        return job.deferred

    def close(self) -> Deferred[None]:
        """End the threads when they have done what was submitted.

        Returns:
            Fires when they are gone.
        """
        if not self.workers and not self._jobs:
            return succeed(None)
        closed = self._closed = Deferred()
        if self._running:
            self._end_threads()
        return closed

    def stop(self) -> None:
        """Refuse what waits and interrupt what runs."""
        error = PoolClosed(f"{self._path}: the pool was closed before this call had begun")
        for job in list(self._jobs):
            if not job.refuse(error):
                # Its thread sees that at the next look, in a statement of its transaction as well.
                job.cancelled = True

    def end(self, deadline: float) -> None:
        """End the threads like `close`, but wait for them: the reactor stops and turns no more.

        Args:
            deadline: When to interrupt what still runs, in seconds of `time.monotonic`.
        """
        self._end_threads()
        if not all(worker.join(max(0.0, deadline - time.monotonic())) for worker in self.workers):
            self.stop()
            for worker in self.workers:
                worker.join(_GRACE)

    @property
    def _catching_up(self) -> bool:
        return self._last is not None or (bool(self._jobs) and not self._running)

    def caught_up(self) -> None:
        """Let those go on that are behind this one."""
        self._last = None
        followers, self._followers = self._followers, []
        for follower in followers:
            follower()

    def _begin(self) -> None:
        """Time what was submitted before the reactor ran, from now on, and do it."""
        self._turning = True
        now = self._reactor.seconds()
        for job in self._jobs:
            job.since = now
        if self._behind is None or not self._behind._catching_up:  # noqa: SLF001 -- of this class
            self._go()
        else:
            self._behind._followers.append(self._go)  # noqa: SLF001 -- of this class
            self._watch()

    def _go(self) -> None:
        self._running = True
        while len(self.workers) < len(self._jobs) and self._start():
            pass
        if self.workers:
            self._last = next(reversed(self._jobs))
        else:
            jobs, self._jobs, self._queue = self._jobs, {}, SimpleQueue()
            for job in jobs:
                job.refuse(self._without_threads())
            self.caught_up()
        self._watch()
        if self._closed is not None:
            self._end_threads()
            self._left()

    def _without_threads(self) -> StorageUnavailable:
        return StorageUnavailable(f"{self._path}: no thread can be started")

    def _end_threads(self) -> None:
        for _ in self.workers:
            self._queue.put(None)

    def _watch(self) -> None:
        if self._turning and self._timer is None and self.waiting:
            self._timer = self._reactor.callLater(self._bounds.wait_timeout, self._expire)

    def _start(self) -> bool:
        if not self._running or len(self.workers) >= self._max_threads:
            return False
        name = f"{self._name}-{len(self.workers)}"
        try:
            worker = Worker(
                name,
                self._queue,
                self._connect,
                self._path,
                self._outbox,
                self._settle,
                self._gone,
            )
        except RuntimeError:
            # The system has no more threads; those that there are do the work.
            return False
        self.workers.append(worker)
        return True

    def _settle(self, job: Job) -> None:
        del self._jobs[job]
        self.completed += 1
        if job is self._last:
            self.caught_up()
        if self._timer is not None and not self.waiting:
            self._timer.cancel()
            self._timer = None
        job.settle()

    def _gone(self, worker: Worker) -> None:
        self.workers.remove(worker)
        worker.join()
        self._left()

    def _left(self) -> None:
        if self._closed is not None and not self.workers:
            closed, self._closed = self._closed, None
            closed.callback(None)

    def _expire(self) -> None:
        self._timer = None
        now = self._reactor.seconds()
        for job in list(self._jobs):
            left = job.since + self._bounds.wait_timeout - now
            if left > 0:
                self._timer = self._reactor.callLater(left, self._expire)
                return
            job.refuse(PoolTimeout(self._say(f"no thread became free in {now - job.since:.1f} s")))

    def _say(self, what: str) -> str:
        return f"{self._path}: {what}: {self._blame(self)}"
