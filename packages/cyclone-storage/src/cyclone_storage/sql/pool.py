"""A pool of connections to an SQL database, shaped like `twisted.enterprise.adbapi`'s."""

import random
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

from twisted.enterprise import adbapi
from twisted.internet import defer
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from cyclone_storage.errors import PoolClosed, PoolTimeout, StorageError
from cyclone_storage.sql.checks import check_seconds
from cyclone_storage.sql.errors import TransactionOver
from cyclone_storage.sql.jobs import Jobs, in_one_line
from cyclone_storage.sql.lease import Lease, LeaseSettings, current_lease
from cyclone_storage.sql.queue import LeaseQueue
from cyclone_storage.sql.stats import SQLHealth, SQLPoolStats
from cyclone_storage.sql.transaction import Isolation, SQLTransaction
from cyclone_storage.sql.upkeep import Upkeep
from cyclone_storage.sql.work import CursorTransaction, connected, operation, query
from cyclone_storage.sql.work import interaction as in_cursor

__all__ = ["SQLPool"]

P = ParamSpec("P")
T = TypeVar("T")

# The pauses of `ready` between its attempts, in seconds: the first, and the longest.
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0


class SQLPool(adbapi.ConnectionPool):
    """Connections to an SQL database, used in threads; `connect` makes it.

    It takes the place of an `adbapi.ConnectionPool`, and differs from it where that makes a program
    safer: there is a bound for everything that waits; a connection that has died while nobody used it
    is replaced before a statement is sent; one that dies under a statement fails that statement, which
    is never sent twice; and the statement of `runQuery` or `runOperation` is a transaction by itself,
    in one round trip where adbapi makes three.

    Connections are made when they are needed. All methods but `connect` and `disconnect` are called in
    the reactor's thread.

    Attributes:
        shown: The database as it may be shown: without user and password.
    """

    transactionFactory = CursorTransaction  # noqa: N815 -- adbapi's name

    def __init__(
        self,
        settings: LeaseSettings,
        *,
        min_size: int,
        max_size: int,
        max_waiting: int,
        wait_timeout: float,
        max_idle: float,
        reactor: Any,  # noqa: ANN401 -- several interfaces of zope
    ) -> None:
        """Begin without a connection; `connect` explains the arguments."""
        self.shown = settings.driver.shown
        self._driver = settings.driver
        leases = [Lease(settings) for _ in range(max_size)]
        self._queue = LeaseQueue(
            leases, max_waiting=max_waiting, wait_timeout=wait_timeout, clock=reactor
        )
        self._closing: Deferred[None] | None = None
        self._min_size = min_size
        name = settings.driver.module.__name__
        base: Any = super()  # adbapi has no types
        base.__init__(name, cp_reactor=reactor, cp_min=0, cp_max=max_size)
        self._jobs = Jobs(leases, self._queue, self.threadpool, reactor)
        self._upkeep = Upkeep(self._jobs, reactor, min_size=min_size, max_idle=max_idle)

    def __repr__(self) -> str:
        """Show which database it is, never how one signs in."""
        return f"<SQLPool {self.shown}: {self.stats().open} of {len(self._jobs.leases)} open>"

    def runQuery(self, *args: Any, **kw: Any) -> Deferred[list[Any]]:  # noqa: ANN401, N802 -- adbapi's
        """Execute a statement, as a transaction of its own.

        Args:
            args: Positional arguments of the cursor's `execute`: the statement, its parameters.
            kw: Named ones.

        Returns:
            A Deferred of its rows; of an empty list if it is not a statement that has rows. It fails with
            TransactionLeftOpen if the statement leaves a transaction open, which is rolled back.
        """
        return self._jobs.submit(partial(query, args=args, kw=kw))

    def runOperation(self, *args: Any, **kw: Any) -> Deferred[None]:  # noqa: ANN401, N802 -- adbapi's
        """Execute a statement without asking for rows, as a transaction of its own.

        Args:
            args: Positional arguments of the cursor's `execute`: the statement, its parameters.
            kw: Named ones.

        Returns:
            A Deferred that fails as that of `runQuery` does.
        """
        return self._jobs.submit(partial(operation, args=args, kw=kw))

    def runInteraction(  # noqa: N802 -- adbapi's name
        self, interaction: Callable[Concatenate[Any, P], T], *args: P.args, **kw: P.kwargs
    ) -> Deferred[T]:
        """Call a function with a cursor, in a thread and in a transaction.

        Args:
            interaction: The function. When it raises, the transaction is rolled back.
            args: Its arguments after the cursor.
            kw: Its named arguments.

        Returns:
            A Deferred of what it returns.
        """
        return self._jobs.submit(lambda lease: in_cursor(self, lease, interaction, args, kw))

    def runWithConnection(  # noqa: N802 -- adbapi's name
        self, func: Callable[Concatenate[Any, P], T], *args: P.args, **kw: P.kwargs
    ) -> Deferred[T]:
        """Call a function with a connection, in a thread and in a transaction.

        Args:
            func: The function. When it raises, the transaction is rolled back. Only the server bounds
                how long its statements take.
            args: Its arguments after the connection.
            kw: Its named arguments.

        Returns:
            A Deferred of what it returns.
        """
        return self._jobs.submit(lambda lease: connected(self, lease, func, args, kw))

    def transaction(
        self, isolation: Isolation | None = None, *, read_only: bool = False
    ) -> SQLTransaction:
        """Return a transaction for `async with`, which has a connection of its own.

        Args:
            isolation: How much it sees of others; None: as the database has it.
            read_only: The database refuses it to write.

        Raises:
            ValueError: There is no such isolation.
        """
        return SQLTransaction(self._jobs, self, isolation, read_only=read_only)

    async def __aenter__(self) -> Self:
        """Return this pool; its connections are made when they are needed."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it.

        Args:
            kind: The class of the exception that ended the block, or None.
            error: The exception.
            trace: Where it was raised.
        """
        await self.close()

    def ready(self, timeout: float | None = None) -> Deferred[Self]:
        """Connect, to see whether the database is there.

        Args:
            timeout: Seconds for which it is tried again, with growing pauses; None: try once.

        Returns:
            A Deferred of the pool, which then has at least `min_size` connections. It fails with what
            the driver says, or after the timeout with PoolTimeout, whose cause that is.

        Raises:
            TypeError: The timeout is no number.
            ValueError: It is negative or not finite.
        """
        if timeout is not None:
            check_seconds("timeout", timeout, zero=True)
        return Deferred.fromCoroutine(self._ready(timeout))

    async def _ready(self, timeout: float | None) -> Self:  # noqa: ASYNC109 -- of several attempts
        end = self._reactor.seconds() + (timeout or 0)
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._ping_all()
            except (CancelledError, PoolClosed):
                raise
            except Exception as error:
                left = end - self._reactor.seconds()
                if timeout is None:
                    raise
                if left <= 0:
                    message = f"{self.shown} is not there after {timeout:g} s: {in_one_line(error)}"
                    raise PoolTimeout(message) from error
                # Not all that wait for a server ask it at the same moment.
                seconds = random.uniform(pause / 2, pause)  # noqa: S311 -- no secret
                await deferLater(self._reactor, min(seconds, left))
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                return self

    async def _ping_all(self) -> None:
        count = max(1, self._min_size)
        pings = [self._jobs.submit(self._ping) for _ in range(count)]
        # All of them, so that none fails unheard after another one.
        for _, result in await DeferredList(pings, consumeErrors=True):
            if isinstance(result, Failure):
                result.raiseException()

    def _ping(self, lease: Lease) -> None:
        self._driver.ping(lease.connection)

    async def health(self, timeout: float = 5.0) -> SQLHealth:  # noqa: ASYNC109 -- Twisted has no scopes
        """Ask the database whether it is there; for a page that tells how a program is.

        Args:
            timeout: Seconds after which it is not.

        Returns:
            What was found; it does not fail.

        Raises:
            TypeError: The timeout is no number.
            ValueError: It is negative or not finite.
        """
        check_seconds("timeout", timeout, zero=True)
        begun = self._reactor.seconds()
        error = None
        try:
            await self._jobs.submit(self._ping).addTimeout(timeout, self._reactor)
        except defer.TimeoutError:  # Twisted's own
            error = f"no answer in {timeout:g} s"
        except Exception as found:  # noqa: BLE001 -- the answer tells it
            error = in_one_line(found)
        return SQLHealth(error is None, self._reactor.seconds() - begun, error, self.stats())

    def stats(self) -> SQLPoolStats:
        """Return the figures of this moment."""
        jobs, queue = self._jobs, self._queue
        return SQLPoolStats(
            size=len(jobs.leases),
            open=sum(lease.connection is not None for lease in jobs.leases),
            idle=sum(lease.connection is not None for lease in queue.idle),
            transactions=jobs.transactions,
            running=jobs.begun - jobs.succeeded - jobs.failed,
            waiting=queue.waiting,
            begun=jobs.begun,
            succeeded=jobs.succeeded,
            failed=jobs.failed,
            refused=queue.refused,
            timed_out=queue.timed_out,
            cut=jobs.cut,
            connects=sum(lease.connects for lease in jobs.leases),
            lost=sum(lease.lost for lease in jobs.leases),
            last_error=jobs.last_error,
        )

    def connect(self) -> Any:  # noqa: ANN401 -- a driver's own class
        """Return the driver's connection that this thread of the pool uses at present.

        adbapi's own wrappers call it. Connections are made by the pool, not by this.

        Raises:
            StorageError: This is no thread of the pool that has one.
            TransactionOver: The function has thrown it away, as adbapi's `reconnect` does.
        """
        connection = self._current().connection
        if connection is None:
            raise TransactionOver(
                "this function has thrown its connection away, by reconnect() or pool.disconnect(): "
                "nothing of it is kept, and it gets no other one. Let the exception leave the function; "
                "the next call has a connection that works"
            )
        return connection

    def _current(self) -> Lease:
        lease = current_lease()
        if lease is None or lease not in self._jobs.leases:
            raise StorageError(
                "only a function that runWithConnection or runInteraction calls in a thread of this "
                "pool has a connection"
            )
        return lease

    def disconnect(self, conn: object) -> None:
        """Throw the connection away that this thread uses; the next use of its place makes another.

        Args:
            conn: The driver's connection.

        Raises:
            StorageError: This thread does not use it.
        """
        lease = self._current()
        if lease.connection is not conn:
            raise StorageError("this connection is not the one that this thread uses")
        lease.close()

    def start(self) -> None:
        """Start the threads; adbapi calls it when the reactor runs, and nobody else has to."""
        if not self.running and self._closing is None:
            self.threadpool.start()
            self.shutdownID = self._reactor.addSystemEventTrigger(
                "before", "shutdown", self.finalClose
            )
            self.running = True

    def close(self, timeout: float = 30.0) -> Deferred[None]:
        """Close the pool: refuse what is new, wait for what runs, close the connections.

        It is done by itself when the reactor stops.

        Args:
            timeout: Seconds after which connections that are still in use are cut.

        Returns:
            A Deferred that fires when it is done. Calling it again waits for the same.

        Raises:
            TypeError: The timeout is no number; the pool goes on.
            ValueError: It is negative or not finite; the pool goes on.
        """
        check_seconds("timeout", timeout, zero=True)
        if self._closing is None:
            self._closing = Deferred.fromCoroutine(self._close(timeout))
        # One for each caller, which he may cancel.
        told: Deferred[None] = Deferred()
        self._closing.addBoth(told.callback)
        return told

    async def _close(self, timeout: float) -> None:  # noqa: ASYNC109 -- it ends nothing, it cuts
        jobs = self._jobs
        self._queue.close()
        self._upkeep.stop()
        was_cut = False

        def cut() -> None:
            nonlocal was_cut
            was_cut = True
            jobs.cut_all()

        cutting = self._reactor.callLater(timeout, cut)
        # A transaction whose body goes on for ever is not waited for, but a thread always is.
        await jobs.until(lambda: not jobs.running and (was_cut or not self._queue.taken))
        if not was_cut:
            cutting.cancel()
        jobs.hang_up()
        await jobs.until(lambda: not jobs.running)
        jobs.stop()
        self._forget_triggers()
        if self.running:
            self.threadpool.stop()
            self.running = False

    def _forget_triggers(self) -> None:
        for handle in (self.startID, self.shutdownID):
            if handle is not None:
                self._reactor.removeSystemEventTrigger(handle)
        self.startID = self.shutdownID = None

    def finalClose(self) -> Deferred[None]:  # noqa: N802 -- adbapi's name
        """Close the pool; what happens when the reactor stops."""
        self.shutdownID = None
        return self.close()
