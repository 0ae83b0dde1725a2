"""A transaction that is held open over several turns of the reactor."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure

from cyclone_storage.errors import PoolClosed, StorageError
from cyclone_storage.sqlite.errors import TransactionError
from cyclone_storage.sqlite.interaction import Cursor, call
from cyclone_storage.sqlite.jobs import Job
from cyclone_storage.sqlite.outbox import Outbox
from cyclone_storage.sqlite.savepoint import Savepoint
from cyclone_storage.sqlite.statements import (
    Parameters,
    arguments,
    check_open,
    operate,
    operate_many,
    query,
    rows_of,
)
from cyclone_storage.sqlite.workers import WorkerConnection

__all__ = ["Transaction"]

T = TypeVar("T")
P = ParamSpec("P")
Row = TypeVar("Row")


class Transaction(Generic[Row]):
    """What `pool.transaction()` gives: `async with pool.transaction() as t`.

    Inside, a thread and its connection belong to it. It is committed at the end of the block, and
    rolled back if the block ends with an exception, also with the cancellation of the coroutine.
    An error of one statement that is handled inside of the block undoes that statement only.

    Statements are run by `t`. One that is given to the pool meanwhile stands outside: if it writes,
    it waits for the transaction to end, and so does one that reads where one thread does both
    (`:memory:`, `max_threads=1`). Awaiting it inside of the block would be a deadlock, were it not
    for the pool's `wait_timeout`.
    """

    def __init__(
        self,
        submit: Callable[..., Deferred[Any]],
        outbox: Outbox,
        opened: Callable[["Transaction[Row]"], object],
        over: Callable[["Transaction[Row]"], object],
        *,
        read_only: bool,
        shared: bool,
    ) -> None:
        """Make one; `pool.transaction()` does.

        Args:
            submit: Has a thread run a function.
            outbox: The way back to the reactor.
            opened: Called when it has begun.
            over: Called when its thread is free again, or if it got none.
            read_only: Whether it only reads.
            shared: Whether its connection writes at other times.
        """
        self._submit = submit
        self._outbox = outbox
        self._opened = opened
        self._over = over
        self._begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
        self._guarded = read_only and shared
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._begun: Deferred[None] | None = None
        self._freed: Deferred[None] = Deferred()
        self._savepoints = 0
        self._shut: StorageError | None = TransactionError(
            "the transaction has not begun: use 'async with pool.transaction() as t'"
        )

    def runQuery(  # noqa: N802 -- adbapi's name
        self,
        sql: str,
        *parameters: Any,  # noqa: ANN401
    ) -> Deferred[list[Row]]:
        """Return the rows of a query.

        Args:
            sql: The statement; it may write (`INSERT ... RETURNING`).
            parameters: One sequence or mapping of its parameters, or each by itself.

        Returns:
            Fires with the rows; fails with `sqlite3.Error`, or with `TransactionError` outside of
            the block.
        """
        return self._run(query, arguments, sql, parameters)

    def runOperation(  # noqa: N802 -- adbapi's name
        self,
        sql: str,
        *parameters: Any,  # noqa: ANN401
    ) -> Deferred[None]:
        """Run a statement that returns nothing.

        Args:
            sql: The statement.
            parameters: One sequence or mapping of its parameters, or each by itself.

        Returns:
            Fires when it is done; fails with `sqlite3.Error`, or with `TransactionError` outside of
            the block.
        """
        return self._run(operate, arguments, sql, parameters)

    def runOperationMany(  # noqa: N802 -- the name of InlineSQLite
        self, sql: str, rows: Iterable[Parameters]
    ) -> Deferred[None]:
        """Run a statement once for each set of parameters.

        Args:
            sql: The statement.
            rows: The parameters.

        Returns:
            Fires when it is done; fails with `sqlite3.Error`, or with `TransactionError` outside of
            the block. What came before a failure stays in the transaction.
        """
        return self._run(operate_many, rows_of, sql, rows)

    def runInteraction(  # noqa: N802 -- adbapi's name
        self,
        interaction: Callable[Concatenate[Cursor, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Deferred[T]:
        """Run a function in the thread of the transaction, which goes on when it returns.

        What it had done before it raises stays in the transaction; `savepoint` undoes that.

        Args:
            interaction: Called with a cursor; it sees the context variables of the caller.
            args: Further arguments for it.
            kwargs: Further arguments for it.

        Returns:
            Fires with what it returns; fails with what it raises, or with `TransactionError`
            outside of the block.
        """
        if self._shut is not None:
            return fail(self._shut)
        return self._put(call, copy_context(), interaction, args, kwargs)

    def savepoint(self) -> Savepoint:
        """Make a part of the transaction that can fail by itself.

        Returns:
            `async with t.savepoint()`: what is done inside is undone if the block ends with an
            exception, and the transaction goes on if that is handled. They nest.
        """
        self._savepoints += 1
        return Savepoint(self.runOperation, f"part_{self._savepoints}")

    async def __aenter__(self) -> Self:
        """Wait for a thread, and begin.

        Returns:
            Itself.

        Raises:
            TransactionError: It was used before.
        """
        if self._begun is not None:
            raise TransactionError("a transaction is used once: call pool.transaction() again")
        begun: Deferred[None] = Deferred(lambda _: held.cancel())
        self._begun = begun
        held = self._submit(self._hold)
        held.addBoth(self._free)
        await begun
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Commit, or roll back.

        Args:
            kind: The class of the exception that ended the block, or `None`.
            error: The exception.
            traceback: Where it was raised.

        Raises:
            TransactionError: A statement, or an error of one, has ended it before.
            PoolClosed: The pool was closed and did not wait any longer.
        """
        if self._shut is not None:
            if kind is None:
                raise self._shut
            return
        committed = self._put(_commit) if kind is None else None
        self._shut = TransactionError("the transaction is over: its block was left")
        self._queue.put(None)
        if kind is GeneratorExit:
            # A coroutine that is thrown away cannot wait.
            return
        if committed is not None:
            await committed
        await self._freed

    def abort(self, why: str) -> None:
        """Roll it back from outside; what it still waits for fails.

        Args:
            why: What happened.
        """
        self._shut = PoolClosed(why)
        with suppress(Empty):
            while True:
                job = self._queue.get_nowait()
                if job is not None:
                    job.refuse(self._shut)
        self._queue.put(None)

    def _run(
        self,
        work: Callable[..., object],
        prepare: Callable[[str, Any], tuple[object, ...]],
        sql: str,
        given: object,
    ) -> Deferred[Any]:
        try:
            if self._shut is not None:
                raise self._shut
            return self._put(work, *prepare(sql, given))
        except (StorageError, TypeError, ValueError) as error:
            return fail(error)

    def _put(self, work: Callable[..., object], *given: object) -> Deferred[Any]:
        job = Job(work, given, 0.0)
        self._queue.put(job)
        return job.deferred

    def _hold(self, connection: WorkerConnection) -> None:
        """Run what comes in, in the thread, until the end."""

        def run(job: Job) -> object:
            check_open(connection)
            return job.work(connection, *job.arguments)

        if self._guarded:
            connection.execute("PRAGMA query_only=1")
        try:
            connection.execute(self._begin)
            self._outbox.post(self._open)
            while (job := self._queue.get()) is not None:
                if job.claim():
                    connection.worker.run(job, run)
                self._outbox.post(job.settle)
            connection.worker.roll_back(connection)
        finally:
            if self._guarded:
                connection.execute("PRAGMA query_only=0")

    def _open(self) -> None:
        if self._begun is not None and not self._begun.called:
            self._shut = None
            self._opened(self)
            self._begun.callback(None)
        else:
            # Cancelled while it began.
            self._queue.put(None)

    def _free(self, result: object) -> None:
        self._over(self)
        if isinstance(result, Failure) and self._begun is not None and not self._begun.called:
            self._begun.errback(result)
        else:
            self._freed.callback(None)


def _commit(connection: WorkerConnection) -> None:
    connection.execute("COMMIT")
