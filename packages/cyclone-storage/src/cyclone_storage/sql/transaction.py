"""`async with pool.transaction()`: several statements, of which all are kept or none."""

from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Concatenate, Final, Literal, ParamSpec, Self, TypeAlias, TypeVar, get_args

from twisted.enterprise import adbapi
from twisted.internet.defer import Deferred, DeferredLock, fail
from twisted.python.failure import Failure

from cyclone_storage.sql.errors import TransactionOver
from cyclone_storage.sql.jobs import Jobs
from cyclone_storage.sql.lease import Lease
from cyclone_storage.sql.work import operation, query, with_cursor

__all__ = ["ISOLATIONS", "Isolation", "SQLTransaction"]

P = ParamSpec("P")
T = TypeVar("T")

Isolation: TypeAlias = Literal[
    "read uncommitted", "read committed", "repeatable read", "serializable"
]
ISOLATIONS: Final[tuple[str, ...]] = get_args(Isolation)


class SQLTransaction:
    """A transaction with a connection of its own, for the body of an `async with`.

    When the body ends it is committed, when it raises it is rolled back; the connection goes back to
    the pool in either case. Statements are executed one after the other, also if the body does not
    await each before the next.
    """

    def __init__(
        self,
        jobs: Jobs,
        pool: adbapi.ConnectionPool,
        isolation: Isolation | None,
        *,
        read_only: bool,
    ) -> None:
        """Prepare it; `SQLPool.transaction` makes them.

        Args:
            jobs: Does the work.
            pool: Makes adbapi's wrappers.
            isolation: How much it sees of others; None: as the database has it.
            read_only: It only reads.

        Raises:
            ValueError: There is no such isolation.
        """
        if isolation is not None and isolation not in ISOLATIONS:
            raise ValueError(f"isolation is {isolation!r}; there are {', '.join(ISOLATIONS)}")
        self._jobs = jobs
        self._pool = pool
        modes = [f"ISOLATION LEVEL {isolation}".upper()] if isolation else []
        self._modes = ", ".join([*modes, "READ ONLY"] if read_only else modes)
        self._lease: Lease | None = None
        self._lock = DeferredLock()
        self._entered = False

    async def __aenter__(self) -> Self:
        """Begin it.

        Raises:
            PoolClosed: The pool is closed.
            PoolTimeout: No connection became free in time.
            TransactionOver: It was entered before.
            Exception: What the driver raises, if it cannot connect.
        """
        if self._entered:
            raise TransactionOver("a transaction is entered once; pool.transaction() makes another")
        self._entered = True
        lease = self._lease = await self._jobs.take()
        self._jobs.transactions += 1
        try:
            await self._next(lease, partial(_begun, lease, self._modes))
        except BaseException:
            self._end(_roll_back).addErrback(_forget)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it: well if there is no exception.

        Raises:
            TransactionAborted: A statement has failed, and the database keeps nothing.
            TransactionOver: It has lost its connection, and the database keeps nothing; or a statement
                has ended it before, and what ran until then is as that has left it.
            Exception: What the driver raises when it commits: whether the database keeps it is not
                known then.
        """
        if error is None:
            await self._end(_commit)
        else:
            # The body's exception is what tells something; that of a rollback only says the same.
            await self._end(_roll_back).addErrback(_forget)

    def runQuery(self, *args: Any, **kw: Any) -> Deferred[list[Any]]:  # noqa: ANN401, N802 -- adbapi's
        """Execute a statement.

        Args:
            args: Positional arguments of the cursor's `execute`: the statement, its parameters.
            kw: Named ones.

        Returns:
            A Deferred of its rows.
        """
        return self._step(partial(query, args=args, kw=kw))

    def runOperation(self, *args: Any, **kw: Any) -> Deferred[None]:  # noqa: ANN401, N802 -- adbapi's
        """Execute a statement without asking for rows.

        Args:
            args: Positional arguments of the cursor's `execute`: the statement, its parameters.
            kw: Named ones.
        """
        return self._step(partial(operation, args=args, kw=kw))

    def runInteraction(  # noqa: N802 -- adbapi's name
        self, interaction: Callable[Concatenate[Any, P], T], *args: P.args, **kw: P.kwargs
    ) -> Deferred[T]:
        """Call a function with a cursor, in a thread; it does not end the transaction.

        Args:
            interaction: The function.
            args: Its arguments after the cursor.
            kw: Its named arguments.

        Returns:
            A Deferred of what it returns.
        """
        return self._step(lambda lease: with_cursor(self._pool, lease, interaction, args, kw))

    def _step(self, work: Callable[[Lease], T]) -> Deferred[T]:
        lease = self._lease
        if lease is None:
            return fail(TransactionOver("this transaction has ended, or has not been entered"))
        return self._next(lease, partial(lease.step, partial(_inside, work), keep=True))

    def _next(
        self, lease: Lease, work: Callable[[], T], then: Callable[[], object] | None = None
    ) -> Deferred[T]:
        def done() -> None:
            self._lock.release()
            if then is not None:
                then()

        def run(_: object) -> Deferred[T]:
            # The lock is given back when the thread is done, which may be after a cancellation.
            return self._jobs.run(lease, work, done)

        return self._lock.acquire().addCallback(run)

    def _end(self, work: Callable[[Lease], None]) -> Deferred[None]:
        lease, self._lease = self._lease, None
        if lease is None:
            return fail(TransactionOver("this transaction has not been entered"))

        def give_back() -> None:
            self._jobs.transactions -= 1
            self._jobs.give_back(lease)

        # Of its own, so that cancelling it does not keep the transaction open.
        ended: Deferred[None] = Deferred()
        ending = self._next(lease, partial(work, lease), give_back)
        ending.addCallbacks(ended.callback, ended.errback)
        return ended


def _begun(lease: Lease, modes: str) -> None:
    def begin(lease: Lease) -> None:
        lease.timed(lease.settings.driver.begin, lease.connection, modes)
        lease.held = True

    lease.ensure()
    lease.step(begin)


def _inside(work: Callable[[Lease], T], lease: Lease) -> T:
    result = work(lease)
    lease.still()
    return result


def _commit(lease: Lease) -> None:
    lease.held = False
    if lease.over is None:
        lease.step(_committed)
    else:
        over = lease.over
        _roll_back(lease)
        raise TransactionOver(over)


def _committed(lease: Lease) -> None:
    lease.settings.driver.commit(lease.connection)
    lease.settle()


def _roll_back(lease: Lease) -> None:
    lease.held, lease.over = False, None
    if lease.connection is not None:
        lease.step(_rolled_back)


def _rolled_back(lease: Lease) -> None:
    lease.connection.rollback()
    lease.settle()


def _forget(failure: Failure) -> None:
    """Drop a failure that tells nothing new."""
