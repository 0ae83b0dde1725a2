"""Brings work, a place of the pool and a thread together, and counts."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.python.threadpool import ThreadPool

from cyclone_storage.errors import PoolClosed
from cyclone_storage.sql.lease import Lease
from cyclone_storage.sql.queue import LeaseQueue

__all__ = ["Jobs"]

T = TypeVar("T")

# How often it is looked for servers that do not answer, in seconds.
_WATCH: Final = 0.5


class Jobs:
    """Work that is done in threads. It is used by the reactor's thread only.

    Attributes:
        leases: The places of the pool.
        queue: Gives them out.
        running: Those whose connection a thread uses.
        transactions: How many are held by a transaction.
        begun: How much work was given to a thread.
        succeeded: How much of it has returned.
        failed: How much has raised.
        cut: How many connections were cut.
        last_error: What the last failure said.
        stopped: Nothing is given to threads any more.
        given_back: Called when a place was given back.
    """

    def __init__(
        self,
        leases: Sequence[Lease],
        queue: LeaseQueue,
        threads: ThreadPool,
        reactor: Any,  # noqa: ANN401 -- several interfaces
    ) -> None:
        """Begin without work.

        Args:
            leases: The places of the pool.
            queue: Gives them out.
            threads: Where the work is done.
            reactor: Where all else is.
        """
        self.leases = leases
        self.queue = queue
        self.running: set[Lease] = set()
        self.transactions = 0
        self.begun = self.succeeded = self.failed = self.cut = 0
        self.last_error: str | None = None
        self.stopped = False
        self.given_back: Callable[[], object] = int  # until somebody wants to know, it does nothing
        self._threads = threads
        self._reactor = reactor
        self._watch: Any = None
        self._when_quiet: list[tuple[Callable[[], bool], Deferred[None]]] = []

    def take(self) -> Deferred[Lease]:
        """Return a place, as `LeaseQueue.take` does."""
        return self.queue.take(self._why)

    def _why(self) -> str:
        text = f"of {len(self.leases)}, {self.transactions} are held by transactions"
        if self.transactions:
            text += " (a transaction that awaits the pool instead of itself needs a second one)"
        return f"{text}; the last failure was {self.last_error}" if self.last_error else text

    def give_back(self, lease: Lease) -> None:
        """Take a place back.

        Args:
            lease: The place.
        """
        self.queue.give_back(lease)
        self.given_back()
        self._tell_soon()

    def submit(self, work: Callable[[Lease], T]) -> Deferred[T]:
        """Do work with a connection that works, in a thread.

        Args:
            work: The function.

        Returns:
            What it returns. When the Deferred is cancelled while a thread does the work, the thread
            goes on, and the place is taken until it ends.
        """

        def run(lease: Lease) -> Deferred[T]:
            return self.run(lease, partial(lease.run, work), partial(self.give_back, lease))

        return self.take().addCallback(run)

    def run(self, lease: Lease, work: Callable[[], T], then: Callable[[], object]) -> Deferred[T]:
        """Do work in a thread.

        Args:
            lease: The place whose connection it uses; it has been taken.
            work: The function.
            then: Called when it is done, before the Deferred fires.

        Returns:
            What the function returns.
        """
        if self.stopped:
            then()
            return fail(PoolClosed("this pool of SQL connections is closed"))
        answer: Deferred[T] = Deferred()
        self.begun += 1

        def done(success: bool, result: Any) -> None:  # noqa: ANN401 -- ThreadPool's own
            self._count(success, result)
            then()
            answer.callback(result) if success else answer.errback(result)

        self.aside(lease, work, done)
        return answer

    def aside(
        self, lease: Lease, work: Callable[[], object], done: Callable[[bool, Any], object]
    ) -> None:
        """Do work in a thread that is not counted.

        Args:
            lease: The place whose connection it uses.
            work: The function.
            done: Told in the reactor's thread whether it succeeded, and its result or a Failure.
        """
        self.running.add(lease)
        if self._watch is None:
            self._watch = self._reactor.callLater(_WATCH, self._look)

        def back(success: bool, result: object) -> None:
            self._reactor.callFromThread(finish, success, result)

        def finish(success: bool, result: object) -> None:
            self.running.discard(lease)
            done(success, result)
            self._tell_soon()

        self._threads.callInThreadWithCallback(back, work)

    def _count(self, success: bool, result: Any) -> None:  # noqa: ANN401 -- as above
        if success:
            self.succeeded += 1
            return
        self.failed += 1
        self.last_error = in_one_line(result.value)

    def _look(self) -> None:
        self._watch = None
        for lease in self.running:
            if lease.overdue():
                self.cut += lease.cut()
        if self.running:
            self._watch = self._reactor.callLater(_WATCH, self._look)

    def cut_all(self) -> None:
        """Cut all connections that somebody has."""
        for lease in self.queue.taken:
            self.cut += lease.cut()
        self._tell_soon()

    def hang_up(self) -> None:
        """Close all connections, in threads."""

        def done(_success: bool, _result: object) -> None:
            pass

        for lease in self.leases:
            if lease.connection is not None:
                self.aside(lease, lease.close, done)

    def stop(self) -> None:
        """Give nothing to threads any more, of which there are soon none."""
        self.stopped = True
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def until(self, quiet: Callable[[], bool]) -> Deferred[None]:
        """Wait for work to end.

        Args:
            quiet: Asked whenever something ends.
        """
        told: Deferred[None] = Deferred()
        self._when_quiet.append((quiet, told))
        self._tell()
        return told

    def _tell_soon(self) -> None:
        # Not at once: whoever has waited for the work itself comes first.
        if self._when_quiet:
            self._reactor.callLater(0, self._tell)

    def _tell(self) -> None:
        for each in self._when_quiet[:]:
            quiet, told = each
            if quiet():
                self._when_quiet.remove(each)
                told.callback(None)


def in_one_line(error: BaseException) -> str:
    """Return what an exception says, short enough for a line of a log or of a page.

    Args:
        error: The exception.
    """
    first, *_ = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {first[:200]}" if first else type(error).__name__
