"""SQLite in threads: one writes, others read beside it."""

import sqlite3
from collections.abc import Callable, Iterable
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from os import PathLike
from types import TracebackType
from typing import Any, Concatenate, Final, Generic, Literal, ParamSpec, Self, TypeVar, overload

from twisted.internet.defer import Deferred, fail

from cyclone_storage.errors import PoolClosed
from cyclone_storage.sqlite import options
from cyclone_storage.sqlite.closing import CLOSE_TIMEOUT, Closing
from cyclone_storage.sqlite.connections import Settings, open_connection
from cyclone_storage.sqlite.interaction import Cursor, interact, run_with_connection
from cyclone_storage.sqlite.lanes import Bounds, Lane
from cyclone_storage.sqlite.outbox import Outbox
from cyclone_storage.sqlite.rows import RowFactory
from cyclone_storage.sqlite.statements import (
    Parameters,
    arguments,
    operate,
    query,
    reads,
    rows_of,
    run_script,
)
from cyclone_storage.sqlite.transaction import Transaction

__all__ = ["SQLitePool", "SQLiteStats"]

T = TypeVar("T")
P = ParamSpec("P")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class SQLiteStats:
    """What a pool does at the moment.

    Attributes:
        threads: How many threads it has.
        running: How many calls a thread has.
        waiting: How many calls wait for one.
        transactions: How many blocks of `transaction()` are open.
        completed: How many calls are over, those of transactions not counted singly.
    """

    threads: int
    running: int
    waiting: int
    transactions: int
    completed: int


class SQLitePool(Generic[Row]):
    """A SQLite database that never blocks the reactor, shaped like `twisted.enterprise.adbapi`.

    One thread writes, in the order of the calls; the others read what was committed, beside it (the
    journal is a write-ahead log). So no two writers of one process refuse each other, and whoever
    awaits a write reads it afterwards. `:memory:` has one thread for both.

    A SELECT, VALUES, EXPLAIN, or a WITH that does not write, goes to a thread that reads; its
    connection refuses to write, and does not see temporary tables. All else goes to the one that
    writes. Threads start at need and are gone when the pool is closed.

    A pool may be given work before the reactor runs, and before a daemon forks: it is done as soon as
    the reactor runs, and reads wait for the writes among it (a schema).

    A Deferred that is cancelled, or whose `addTimeout` has passed, stops its statement: it is not
    begun, or interrupted and rolled back. Where it was just done, that stays.

    Attributes:
        path: Where the database is.
    """

    @overload
    def __init__(
        self: "SQLitePool[tuple[Any, ...]]",
        path: str | PathLike[str],
        *,
        row_factory: None = None,
        max_threads: int = ...,
        max_waiting: int = ...,
        wait_timeout: float = ...,
        busy_timeout: float = ...,
        wal: bool = ...,
        synchronous: Literal["full", "normal", "off"] = ...,
        foreign_keys: bool = ...,
        on_connect: Callable[[sqlite3.Connection], object] | None = ...,
        reactor: Any = ...,  # noqa: ANN401
    ) -> None: ...

    @overload
    def __init__(
        self,
        path: str | PathLike[str],
        *,
        row_factory: RowFactory[Row],
        max_threads: int = ...,
        max_waiting: int = ...,
        wait_timeout: float = ...,
        busy_timeout: float = ...,
        wal: bool = ...,
        synchronous: Literal["full", "normal", "off"] = ...,
        foreign_keys: bool = ...,
        on_connect: Callable[[sqlite3.Connection], object] | None = ...,
        reactor: Any = ...,  # noqa: ANN401
    ) -> None: ...

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        row_factory: RowFactory[Any] | None = None,
        max_threads: int = 5,
        max_waiting: int = 10_000,
        wait_timeout: float = 30.0,
        busy_timeout: float = 5.0,
        wal: bool = True,
        synchronous: Literal["full", "normal", "off"] = "full",
        foreign_keys: bool = True,
        on_connect: Callable[[sqlite3.Connection], object] | None = None,
        reactor: Any = None,
    ) -> None:
        """Make a pool; it opens the database when it is first used (`ready` does).

        Args:
            path: A file, or `:memory:`; a relative path is resolved now. It is no URI.
            row_factory: What makes a row: `None` for tuples, `sqlite3.Row`, `dict_row`,
                `namedtuple_row`, `scalar_row`, or a function of a cursor and a tuple.
            max_threads: How many threads there may be; with 1, it reads and writes.
            max_waiting: How many calls may wait for a thread, of those that write and those that
                read each; one more fails with `QueueFull`.
            wait_timeout: Seconds that a call may wait for a thread; then it fails with
                `PoolTimeout`.
            busy_timeout: Seconds that a statement waits for a lock of another process; then it
                fails with `DatabaseBusy`.
            wal: Whether to switch the database to a write-ahead log. It needs shared memory, which
                network file systems do not have. Without it reading and writing wait for each
                other.
            synchronous: `"full"`: each commit waits for the disk. `"normal"`: with a write-ahead
                log, the last commits can be lost when the power fails, but nothing is damaged.
                `"off"`: the database can be damaged then.
            foreign_keys: Whether references (`REFERENCES`) are enforced.
            on_connect: Called in the thread with each new connection, before it is used: for
                functions, collations or PRAGMAs of your own.
            reactor: The reactor; the installed one if it is not given.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument has no sensible value.
        """
        if reactor is None:
            from twisted.internet import reactor
        self.path = options.checked_path(path)
        options.checked_function("row_factory", row_factory)
        options.checked_function("on_connect", on_connect)
        memory = self.path == options.MEMORY
        settings = Settings(
            path=self.path,
            busy_timeout=options.checked_seconds("busy_timeout", busy_timeout),
            wal=options.checked_switch("wal", wal) and not memory,
            synchronous=options.checked_choice("synchronous", synchronous, _SYNCHRONOUS),
            foreign_keys=options.checked_switch("foreign_keys", foreign_keys),
            row_factory=row_factory,
            on_connect=on_connect,
        )
        bounds = Bounds(
            options.checked_count("max_waiting", max_waiting, 0),
            options.checked_seconds("wait_timeout", wait_timeout),
        )
        self._reactor: Any = reactor
        self._outbox = Outbox(reactor)
        lane = partial(self._lane, settings, bounds)
        readers = 0 if memory else options.checked_count("max_threads", max_threads, 1) - 1
        self._writer = lane("writer", 1, read_only=False)
        behind = self._writer
        self._readers = (
            lane("reader", readers, read_only=True, behind=behind) if readers else self._writer
        )
        self._lanes = [self._readers, self._writer] if readers else [self._writer]
        self._open: dict[Transaction[Row], tuple[Lane, float]] = {}
        self._closing = Closing(self.path, self._lanes, self._open, settings.busy_timeout, reactor)

    def _lane(
        self,
        settings: Settings,
        bounds: Bounds,
        name: str,
        threads: int,
        *,
        read_only: bool,
        behind: Lane | None = None,
    ) -> Lane:
        return Lane(
            f"sqlite-{name}",
            threads,
            settings.path,
            partial(open_connection, settings, read_only=read_only),
            bounds,
            self._reactor,
            self._outbox,
            self._blame,
            behind,
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
            Fires with the rows; fails with `sqlite3.Error`, `PoolTimeout`, `QueueFull`,
            `PoolClosed`, or `TypeError` if the statement is no string.
        """
        try:
            given = arguments(sql, parameters)
        except (TypeError, ValueError) as error:
            return fail(error)
        return self._submit(self._readers if reads(sql) else self._writer, query, *given)

    def runOperation(  # noqa: N802 -- adbapi's name
        self,
        sql: str,
        *parameters: Any,  # noqa: ANN401
    ) -> Deferred[None]:
        """Run a statement that returns nothing, and commit it.

        Args:
            sql: The statement.
            parameters: One sequence or mapping of its parameters, or each by itself.

        Returns:
            Fires when it is committed; fails as `runQuery` does.
        """
        try:
            given = arguments(sql, parameters)
        except (TypeError, ValueError) as error:
            return fail(error)
        return self._submit(self._writer, operate, *given)

    def runOperationMany(  # noqa: N802 -- the name of InlineSQLite
        self, sql: str, rows: Iterable[Parameters]
    ) -> Deferred[None]:
        """Run a statement once for each set of parameters, all in one transaction.

        Args:
            sql: The statement.
            rows: The parameters; an iterator is read at once.

        Returns:
            Fires when all are committed; fails as `runQuery` does, and then none is.
        """
        try:
            given = rows_of(sql, rows)
        except TypeError as error:
            return fail(error)
        return self._submit(self._writer, interact, copy_context(), _execute_many, given, {})

    def runScript(self, script: str) -> Deferred[None]:  # noqa: N802 -- named like its siblings
        """Run statements without parameters, one after the other: a schema, for example.

        Never make one of what users have typed. It is no transaction unless it says `BEGIN;` and
        `COMMIT;`; what it leaves open is rolled back and fails with `TransactionError`.

        Args:
            script: The statements.

        Returns:
            Fires when all are done; fails as `runQuery` does.
        """
        if not isinstance(script, str):
            return fail(TypeError(f"a script is a str, not {type(script).__name__}: {script!r}"))
        return self._submit(self._writer, run_script, script)

    def runInteraction(  # noqa: N802 -- adbapi's name
        self,
        interaction: Callable[Concatenate[Cursor, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Deferred[T]:
        """Run a function in the thread that writes, in a transaction.

        It is committed when the function returns and rolled back when it raises. The function must
        not touch what belongs to the reactor's thread.

        Args:
            interaction: Called with a cursor of the transaction; it sees the context variables of
                the caller.
            args: Further arguments for it.
            kwargs: Further arguments for it.

        Returns:
            Fires with what it returns; fails with what it raises, or as `runQuery` does.
        """
        return self._submit(self._writer, interact, copy_context(), interaction, args, kwargs)

    def runWithConnection(  # noqa: N802 -- adbapi's name
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Deferred[T]:
        """Run a function with the connection that writes: for backups, PRAGMAs, VACUUM.

        Unlike `adbapi`'s it begins no transaction, in which those are refused: each statement is
        committed by itself. What the function begins is committed when it returns and rolled back
        when it raises.

        Args:
            function: Called in the thread with the connection, which it must not keep.
            args: Further arguments for it.
            kwargs: Further arguments for it.

        Returns:
            Fires with what it returns; fails with what it raises, or as `runQuery` does.
        """
        return self._submit(
            self._writer, run_with_connection, copy_context(), function, args, kwargs
        )

    def transaction(self, *, read_only: bool = False) -> Transaction[Row]:
        """Make several statements one, with other awaits between them.

        Args:
            read_only: Whether it only reads, beside the writer: all its queries see the database as
                it was at the first of them.

        Returns:
            `async with pool.transaction() as t`: no other writes until the end of the block.
        """
        lane = self._readers if read_only else self._writer
        return Transaction(
            partial(self._submit, lane),
            self._outbox,
            partial(self._opened, lane),
            self._over,
            read_only=read_only,
            shared=lane is self._writer,
        )

    def ready(self) -> Deferred[Self]:
        """Open the database, to learn at once if that is not possible.

        Returns:
            Fires with the pool; fails as `runQuery` does.
        """
        opened: Deferred[Any] = self.runWithConnection(_look)
        return opened.addCallback(lambda _: self)

    def stats(self) -> SQLiteStats:
        """Tell what the pool does at the moment.

        Returns:
            The figures.
        """
        lanes = self._lanes
        return SQLiteStats(
            threads=sum(len(lane.workers) for lane in lanes),
            running=sum(lane.running for lane in lanes),
            waiting=sum(lane.waiting for lane in lanes),
            transactions=len(self._open),
            completed=sum(lane.completed for lane in lanes),
        )

    def close(self, timeout: float = CLOSE_TIMEOUT) -> Deferred[None]:
        """Refuse new calls, wait for those that were accepted, and end the threads.

        When the reactor stops, this happens by itself, in the phase `during`: whatever drains
        before that can still use the pool.

        Args:
            timeout: Seconds to wait for what runs and waits, also for open transactions; then it is
                interrupted, refused and rolled back.

        Returns:
            Fires when the threads are gone; fails with `PoolTimeout` if a function that
            `runInteraction` or `runWithConnection` has been given does not return even then, and
            with `TypeError` or `ValueError`, which leaves the pool open, if the timeout is none.
        """
        try:
            seconds = options.checked_seconds("timeout", timeout)
        except (TypeError, ValueError) as error:
            return fail(error)
        return self._closing.close(seconds)

    async def __aenter__(self) -> Self:
        """Open the database.

        Returns:
            The pool.
        """
        return await self.ready()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the pool.

        Args:
            kind: The class of the exception that ended the block, or `None`.
            error: The exception.
            traceback: Where it was raised.
        """
        await self.close()

    def __repr__(self) -> str:
        """Return what it is, for people who debug."""
        return f"<{type(self).__name__} {self.path} {self._closing.state}>"

    def _submit(self, lane: Lane, work: Callable[..., object], *given: object) -> Deferred[Any]:
        if self._closing.state != "open":
            return fail(PoolClosed(f"{self.path}: the pool is closed, and nothing more can be run"))
        self._closing.watch()
        return lane.submit(work, *given)

    def _opened(self, lane: Lane, transaction: Transaction[Row]) -> None:
        self._open[transaction] = (lane, self._reactor.seconds())
        # It may read by the pool, too: those reads must not wait for its end.
        lane.caught_up()

    def _over(self, transaction: Transaction[Row]) -> None:
        self._open.pop(transaction, None)

    def _blame(self, lane: Lane) -> str:
        ages = [since for where, since in self._open.values() if where is lane]
        if not ages:
            return (
                "what runs takes too long: shorten it, or use a transaction for many small writes"
            )
        return (
            f"a transaction has been open for {self._reactor.seconds() - min(ages):.1f} s: inside of "
            "'async with pool.transaction() as t' run statements by t, not by the pool, and await "
            "nothing slow"
        )


_SYNCHRONOUS: Final = ("full", "normal", "off")


def _execute_many(cursor: Cursor, sql: str, rows: list[Parameters]) -> None:
    cursor.executemany(sql, rows)


def _look(connection: sqlite3.Connection) -> None:
    # The file itself is read by the first statement only.
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
