"""How programs use SQLite; read by type checkers only, never run."""

import sqlite3
from pathlib import Path
from typing import Any, assert_type

from twisted.internet.defer import Deferred

from cyclone_storage.errors import StorageError, StorageUnavailable
from cyclone_storage.sqlite import (
    Cursor,
    DatabaseBusy,
    DatabaseCorrupt,
    DatabaseFull,
    DatabaseIOError,
    DatabaseReadOnly,
    DatabaseUnopened,
    InlineSQLite,
    QueueFull,
    RowFactory,
    Savepoint,
    SQLitePool,
    SQLiteStats,
    StatementInterrupted,
    Transaction,
    TransactionError,
    dict_row,
    namedtuple_row,
    scalar_row,
)


def use_inline() -> None:
    database = InlineSQLite("app.db", autoCommit=True)
    assert_type(database.runQuery("SELECT ?", (1,)), list[Any])
    assert_type(database.runQuery("SELECT ?", 1), list[Any])
    database.runOperation("DELETE FROM t WHERE x = ?", 1)
    database.runOperationMany("INSERT INTO t VALUES (?)", [(1,), (2,)])
    database.commit()
    database.rollback()
    assert_type(database.conn, sqlite3.Connection)
    assert_type(database.curs, sqlite3.Cursor)
    database.close()


def first(_: sqlite3.Cursor, row: tuple[Any, ...]) -> str:
    return str(row[0])


async def use_pool() -> None:
    pool = SQLitePool(Path("app.db"), max_threads=3, busy_timeout=1, synchronous="normal")
    assert_type(pool, SQLitePool[tuple[Any, ...]])
    assert_type(pool.runQuery("SELECT 1"), Deferred[list[tuple[Any, ...]]])
    assert_type(await pool.runQuery("SELECT ?", (1,)), list[tuple[Any, ...]])
    assert_type(pool.runOperation("DELETE FROM t"), Deferred[None])
    assert_type(pool.runOperationMany("INSERT INTO t VALUES (?)", [[1]]), Deferred[None])
    assert_type(pool.runScript("CREATE TABLE t (x);"), Deferred[None])
    assert_type(await pool.ready(), SQLitePool[tuple[Any, ...]])
    assert_type(pool.stats(), SQLiteStats)
    assert_type(pool.close(timeout=5), Deferred[None])


async def use_row_factories() -> None:
    factory: RowFactory[str] = first
    assert_type(SQLitePool("app.db", row_factory=factory), SQLitePool[str])
    dicts = SQLitePool("app.db", row_factory=dict_row)
    assert_type(await dicts.runQuery("SELECT 1"), list[dict[str, Any]])
    rows = SQLitePool("app.db", row_factory=sqlite3.Row)
    assert_type(await rows.runQuery("SELECT 1"), list[sqlite3.Row])
    assert_type(SQLitePool("app.db", row_factory=namedtuple_row), SQLitePool[tuple[Any, ...]])
    scalars = SQLitePool("app.db", row_factory=scalar_row)
    assert_type(await scalars.runQuery("SELECT 1"), list[Any])


def count(cursor: Cursor, table: str, *, least: int) -> int:
    cursor.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    cursor.executemany("INSERT INTO t VALUES (?)", [(1,)])
    return least


def back_up(connection: sqlite3.Connection) -> bool:
    return connection.in_transaction


async def use_functions(pool: SQLitePool[dict[str, Any]]) -> None:
    assert_type(await pool.runInteraction(count, "t", least=1), int)
    assert_type(pool.runWithConnection(back_up), Deferred[bool])
    await pool.runInteraction(count, "t")  # type: ignore[call-arg]
    await pool.runInteraction(count, 5, least=1)  # type: ignore[arg-type]


async def use_transactions(pool: SQLitePool[dict[str, Any]]) -> None:
    async with pool.transaction() as t:
        assert_type(t, Transaction[dict[str, Any]])
        assert_type(await t.runQuery("SELECT ?", 1), list[dict[str, Any]])
        await t.runOperation("INSERT INTO t VALUES (:x)", {"x": 1})
        await t.runOperationMany("INSERT INTO t VALUES (?)", [(1,)])
        assert_type(await t.runInteraction(count, "t", least=1), int)
        assert_type(t.savepoint(), Savepoint)
        async with t.savepoint():
            await t.runOperation("DELETE FROM t")
    async with pool.transaction(read_only=True) as snapshot:
        await snapshot.runQuery("SELECT 1")


def use_errors(error: Exception) -> StorageError | None:
    match error:
        case DatabaseBusy() | DatabaseFull() | DatabaseIOError() | QueueFull():
            unavailable: StorageUnavailable = error
            return unavailable
        case DatabaseReadOnly() | DatabaseUnopened() | StatementInterrupted():
            operational: sqlite3.OperationalError = error
            assert_type(operational.sqlite_errorcode, int)
            return error
        case DatabaseCorrupt() | TransactionError():
            return error
    return None
