"""Queries and operations of the pool."""

import sqlite3
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from cyclone_storage.errors import StorageError
from cyclone_storage.sqlite import Cursor, SQLitePool, TransactionError

from ..running import Loop

Pools = Callable[..., SQLitePool[Any]]
Where = Callable[[Path], object]

PLACES = pytest.mark.parametrize(
    ("place", "options"),
    [
        (lambda path: path, {}),
        (str, {"max_threads": 1}),
        (str, {"wal": False}),
        (lambda _: ":memory:", {}),
    ],
    ids=["file", "one-thread", "no-wal", "memory"],
)


@PLACES
def test_reads_what_was_written(
    loop: Loop, pools: Pools, path: Path, place: Where, options: dict[str, Any]
) -> None:
    """Whoever awaits a write reads it afterwards, in a file as in memory."""
    pool = pools(place(path), **options)

    async def main() -> None:
        assert await pool.runOperation("CREATE TABLE t (x, y)") is None
        for x in range(20):
            await pool.runOperation("INSERT INTO t VALUES (?, ?)", (x, "a"))
            assert await pool.runQuery("SELECT max(x), y FROM t") == [(x, "a")]
        assert await pool.runQuery("SELECT x FROM t WHERE x < ?", 2) == [(0,), (1,)]
        assert await pool.runQuery("SELECT x FROM t WHERE x = :x", {"x": 7}) == [(7,)]
        assert await pool.runQuery("SELECT x FROM t WHERE x > 100") == []

    loop.run(main)


@PLACES
def test_many_at_once(
    loop: Loop, pools: Pools, path: Path, place: Where, options: dict[str, Any]
) -> None:
    """Hundreds of calls at once are all answered, each with its own rows."""
    pool = pools(place(path), **options)

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x INTEGER PRIMARY KEY)")
        await gatherResults([pool.runOperation("INSERT INTO t VALUES (?)", x) for x in range(300)])
        found = await gatherResults(
            [pool.runQuery("SELECT x FROM t WHERE x = ?", x) for x in range(300)]
        )
        assert found == [[(x,)] for x in range(300)]

    loop.run(main)


def test_writes_are_done_in_the_order_of_the_calls(loop: Loop, pools: Pools, path: Path) -> None:
    """One thread writes, first come, first served, of whatever kind the calls are."""
    pool = pools(path)

    def insert(cursor: Cursor, x: int) -> None:
        cursor.execute("INSERT INTO t (x) VALUES (?)", (x,))

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, x)")
        calls: list[Deferred[Any]] = []
        for x in range(0, 60, 3):
            calls += [
                pool.runOperation("INSERT INTO t (x) VALUES (?)", x),
                pool.runInteraction(insert, x + 1),
                pool.runQuery("INSERT INTO t (x) VALUES (?) RETURNING x", x + 2),
            ]
        await gatherResults(calls)
        assert await pool.runQuery("SELECT x FROM t ORDER BY id") == [(x,) for x in range(60)]

    loop.run(main)


def test_a_query_may_write(loop: Loop, pools: Pools, path: Path) -> None:
    """`INSERT ... RETURNING`, and WITH before a write, go to the thread that writes."""
    pool = pools(path)

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        assert await pool.runQuery("INSERT INTO t VALUES (1), (2) RETURNING x") == [(1,), (2,)]
        found = await pool.runQuery(
            "WITH n AS (SELECT 3 AS x) INSERT INTO t SELECT x FROM n RETURNING x"
        )
        assert found == [(3,)]
        assert await pool.runQuery("-- all\nSELECT count(*) FROM t") == [(3,)]
        assert await pool.runQuery("PRAGMA user_version") == [(0,)]
        await pool.runOperation("INSERT INTO t VALUES (4) RETURNING x")
        assert await pool.runQuery("SELECT max(x) FROM t") == [(4,)]

    loop.run(main)


def test_a_connection_that_reads_cannot_write(loop: Loop, pools: Pools, path: Path) -> None:
    """A statement that reads by its first word and writes all the same is refused."""
    pool = pools(
        path, on_connect=lambda c: c.create_function("w", 0, lambda: c.execute("DELETE FROM t"))
    )

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        with pytest.raises(sqlite3.OperationalError):
            await pool.runQuery("SELECT w()")

    loop.run(main)


def test_the_database_is_set_up(loop: Loop, pools: Pools, path: Path) -> None:
    """WAL, full synchronisation, foreign keys and the busy timeout are on, in each connection."""
    pool = pools(path, busy_timeout=1.5)
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 1500}

    async def main() -> None:
        for name, value in expected.items():
            assert await pool.runQuery(f"PRAGMA {name}") == [(value,)]
            if name != "busy_timeout":
                found = await pool.runQuery(f"SELECT * FROM pragma_{name}")  # noqa: S608 -- ours
                assert found == [(value,)]

    loop.run(main)


def test_what_is_set_otherwise(loop: Loop, pools: Pools, path: Path) -> None:
    """The journal, synchronisation and foreign keys are as the program wishes."""
    pool = pools(path, wal=False, synchronous="normal", foreign_keys=False)

    async def main() -> None:
        assert await pool.runQuery("PRAGMA journal_mode") == [("delete",)]
        assert await pool.runQuery("PRAGMA synchronous") == [(1,)]
        assert await pool.runQuery("PRAGMA foreign_keys") == [(0,)]

    loop.run(main)


def test_foreign_keys_are_enforced(loop: Loop, pools: Pools) -> None:
    """A reference to nothing is an IntegrityError of `sqlite3`."""
    pool = pools(":memory:")

    async def main() -> None:
        await pool.runScript("CREATE TABLE a (x PRIMARY KEY); CREATE TABLE b (x REFERENCES a);")
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            await pool.runOperation("INSERT INTO b VALUES (1)")

    loop.run(main)


def test_on_connect_prepares_each_connection(loop: Loop, pools: Pools, path: Path) -> None:
    """Functions of one's own are there in all threads."""
    pool = pools(path, on_connect=lambda c: c.create_function("twice", 1, lambda x: 2 * x))

    async def main() -> None:
        assert await pool.runQuery("SELECT twice(2)") == [(4,)]
        await pool.runOperation("CREATE TABLE t (x)")
        assert await pool.runQuery("INSERT INTO t VALUES (twice(3)) RETURNING x") == [(6,)]

    loop.run(main)


def test_extensions_are_not_loaded(loop: Loop, pools: Pools) -> None:
    """SQL cannot load code into the process."""
    pool = pools(":memory:")

    async def main() -> None:
        with pytest.raises(sqlite3.OperationalError, match="not authorized"):
            await pool.runQuery("SELECT load_extension('x')")

    loop.run(main)


def test_uris_are_not_attached(loop: Loop, pools: Pools, path: Path, tmp_path: Path) -> None:
    """`file:` URIs are off in ATTACH, as a literal and as a parameter; paths are attached."""
    pool = pools(path)
    uri, other = "file:x.db?mode=memory", str(tmp_path / "other.db")

    async def main() -> None:
        for _ in range(2):
            for run in (pool.runOperation, pool.runQuery, pool.runScript):
                with pytest.raises(sqlite3.DatabaseError, match=r"URIs are not read.*file:x\.db"):
                    await run(f"ATTACH '{uri}' AS other")
        for given in (uri, {"name": uri}):
            for sql in ("ATTACH :name AS other", "/* */ attach :name AS other"):
                with pytest.raises(ValueError, match=r"URIs are not read.*file:x\.db"):
                    await pool.runOperation(sql, given)
        with pytest.raises(ValueError, match="URIs are not read"):
            await pool.runQuery("ATTACH ? AS other", uri)
        async with pool.transaction() as t:
            with pytest.raises(ValueError, match="URIs are not read"):
                await t.runOperation("ATTACH ? AS other", uri)
        await pool.runOperation("ATTACH ? AS other", other)
        await pool.runOperation("CREATE TABLE other.t (x)")
        await pool.runOperation("DETACH other")
        await pool.runOperation(f"ATTACH '{other}' AS again")
        await pool.runOperation("INSERT INTO again.t VALUES ('file:')")

    loop.run(main)


def test_an_authorizer_of_ones_own(loop: Loop, pools: Pools) -> None:
    """One that `on_connect` sets is the one that counts, and its refusals stay SQLite's."""

    def refuse(action: int, *_: object) -> int:
        return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_DELETE else sqlite3.SQLITE_OK

    pool = pools(":memory:", on_connect=lambda connection: connection.set_authorizer(refuse))

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
            await pool.runOperation("DELETE FROM t")

    loop.run(main)


def test_a_row_is_a_sequence_of_parameters(loop: Loop, pools: Pools, path: Path) -> None:
    """What the row factory `sqlite3.Row` makes can be given to another statement."""
    pool = pools(path, row_factory=sqlite3.Row)

    async def main() -> None:
        (row,) = await pool.runQuery("SELECT 1 AS a, 2 AS b")
        assert tuple((await pool.runQuery("SELECT ?, ?", row))[0]) == (1, 2)
        assert tuple((await pool.runQuery("SELECT ?, ?", range(2)))[0]) == (0, 1)
        async with pool.transaction() as t:
            assert tuple((await t.runQuery("SELECT ?, ?", row))[0]) == (1, 2)

    loop.run(main)


@pytest.mark.parametrize(
    ("statement", "given", "kind"),
    [
        ("SELECT * FROM missing", (), sqlite3.OperationalError),
        ("SELEKT 1", (), sqlite3.OperationalError),
        ("SELECT ?, ?", (1,), sqlite3.ProgrammingError),
        ("SELECT ?", (object(),), sqlite3.Error),
        ("SELECT ?", (2**64,), OverflowError),
        ("SELECT 1; SELECT 2", (), (sqlite3.Warning, sqlite3.ProgrammingError)),
        (b"SELECT 1", (), TypeError),
        (None, (), TypeError),
    ],
)
def test_mistakes_fail_and_nothing_else_does(
    loop: Loop, pools: Pools, statement: str, given: tuple[object, ...], kind: type[Exception]
) -> None:
    """A wrong statement or parameter fails its own call, in the class of `sqlite3`."""
    pool = pools(":memory:")

    async def main() -> None:
        for run in (pool.runQuery, pool.runOperation):
            with pytest.raises(kind) as caught:
                await run(statement, *given)
            assert not isinstance(caught.value, StorageError)
        assert await pool.runQuery("SELECT 1") == [(1,)]

    loop.run(main)


@pytest.mark.parametrize("statement", ["BEGIN", "SAVEPOINT s", "BEGIN IMMEDIATE"])
def test_a_transaction_left_open_is_rolled_back(loop: Loop, pools: Pools, statement: str) -> None:
    """A BEGIN by itself fails with a word on what to use, and does not hold the writer."""
    pool = pools(":memory:")

    async def main() -> None:
        with pytest.raises(TransactionError, match=r"left it open.*pool\.transaction"):
            await pool.runOperation(statement)
        await pool.runOperation("CREATE TABLE t (x)")
        with pytest.raises(sqlite3.OperationalError, match="no transaction is active"):
            await pool.runOperation("COMMIT")

    loop.run(main)


def test_many_rows_are_all_written_or_none(loop: Loop, pools: Pools, path: Path) -> None:
    """`runOperationMany` is one transaction, and reads an iterator at once."""
    pool = pools(path)

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x UNIQUE)")
        sql = "INSERT INTO t VALUES (?)"
        assert await pool.runOperationMany(sql, ((x,) for x in range(5))) is None
        with pytest.raises(sqlite3.IntegrityError):
            await pool.runOperationMany(sql, [(7,), (8,), (1,)])
        assert await pool.runQuery("SELECT count(*) FROM t") == [(5,)]
        await pool.runOperationMany("INSERT INTO t VALUES (:x)", [{"x": 9}])
        for wrong in ((sql, None), (None, [])):
            with pytest.raises(TypeError):
                await pool.runOperationMany(*wrong)

    loop.run(main)


def test_scripts_run_by_their_own_method_only(loop: Loop, pools: Pools) -> None:
    """`runScript` takes several statements; what it leaves open, or fails in, is rolled back."""
    pool = pools(":memory:")

    async def main() -> None:
        assert await pool.runScript("CREATE TABLE t (x); INSERT INTO t VALUES (1);") is None
        with pytest.raises(TransactionError, match="left it open"):
            await pool.runScript("BEGIN; INSERT INTO t VALUES (2);")
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await pool.runScript("BEGIN; INSERT INTO t VALUES (3); INSERT INTO u VALUES (1);")
        with pytest.raises(TypeError, match="a script is a str, not bytes"):
            await pool.runScript(b"")  # type: ignore[arg-type]
        assert await pool.runQuery("SELECT x FROM t") == [(1,)]

    loop.run(main)


def test_an_interaction_is_a_transaction(loop: Loop, pools: Pools, path: Path) -> None:
    """It is committed when the function returns, and rolled back when it raises."""
    pool = pools(path)

    def fill(cursor: Cursor, count: int, *, fail: bool = False) -> int:
        cursor.executemany("INSERT INTO t VALUES (?)", [(x,) for x in range(count)])
        if fail:
            raise LookupError("as asked")
        return cursor.execute("SELECT count(*) FROM t").fetchall()[0][0]  # type: ignore[no-any-return]

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        assert await pool.runInteraction(fill, 3) == 3
        with pytest.raises(LookupError, match="as asked"):
            await pool.runInteraction(fill, 4, fail=True)
        assert await pool.runQuery("SELECT count(*) FROM t") == [(3,)]

    loop.run(main)


def test_an_interaction_stays_in_its_transaction(loop: Loop, pools: Pools) -> None:
    """After a COMMIT inside, or a script, the cursor refuses what would stand outside."""
    pool = pools(":memory:")

    def commit_and_go_on(cursor: Cursor) -> None:
        cursor.execute("INSERT INTO t VALUES (1)")
        cursor.execute("COMMIT")
        cursor.execute("INSERT INTO t VALUES (2)")

    def commit_and_many(cursor: Cursor) -> None:
        cursor.connection.rollback()
        cursor.executemany("INSERT INTO t VALUES (?)", [(3,)])

    def commit(cursor: Cursor) -> None:
        cursor.connection.commit()

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        for wrong in (commit_and_go_on, commit_and_many, commit):
            with pytest.raises(TransactionError, match="the transaction is over"):
                await pool.runInteraction(wrong)
        with pytest.raises(TransactionError, match="runScript"):
            await pool.runInteraction(lambda cursor: cursor.executescript("SELECT 1"))
        assert await pool.runQuery("SELECT x FROM t") == [(1,)]

    loop.run(main)


def test_functions_in_threads_cannot_await(loop: Loop, pools: Pools) -> None:
    """An `async def`, or a function that returns a Deferred, fails with a word on what to use."""
    pool = pools(":memory:")

    async def insert(_: object) -> None:
        """Nobody awaits it."""

    async def main() -> None:
        for run in (pool.runInteraction, pool.runWithConnection):
            for function in (insert, lambda _: Deferred()):
                with pytest.raises(TypeError, match=r"runs in a thread.*pool\.transaction"):
                    await run(function)

    loop.run(main)


def test_functions_see_the_context_of_their_caller(loop: Loop, pools: Pools) -> None:
    """Context variables, such as the id of a request, reach the thread."""
    pool = pools(":memory:")
    request: ContextVar[str] = ContextVar("request", default="none")

    async def main() -> None:
        request.set("mine")
        assert await pool.runInteraction(lambda _: request.get()) == "mine"
        assert await pool.runWithConnection(lambda _: request.get()) == "mine"

    loop.run(main)


def test_run_with_connection(loop: Loop, pools: Pools, path: Path, tmp_path: Path) -> None:
    """It allows what no transaction does, keeps what is open at the end, undoes it after an error."""
    pool = pools(path)

    def insert(connection: sqlite3.Connection, x: int, *, fail: bool) -> str:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO t VALUES (?)", (x,))
        if fail:
            raise LookupError("as asked")
        return "done"

    def back_up(connection: sqlite3.Connection) -> None:
        with sqlite3.connect(tmp_path / "copy.db") as copy:
            connection.backup(copy)
        copy.close()

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        assert await pool.runWithConnection(insert, 1, fail=False) == "done"
        with pytest.raises(LookupError):
            await pool.runWithConnection(insert, 2, fail=True)
        await pool.runWithConnection(lambda c: c.execute("VACUUM"))
        await pool.runWithConnection(back_up)
        copy = sqlite3.connect(tmp_path / "copy.db")
        assert copy.execute("SELECT x FROM t").fetchall() == [(1,)]
        copy.close()

    loop.run(main)


def test_a_connection_that_a_function_closed_is_replaced(
    loop: Loop, pools: Pools, path: Path
) -> None:
    """Closing what belongs to the pool fails that call; the next one has a new connection."""
    pool = pools(path)

    async def main() -> None:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            await pool.runWithConnection(sqlite3.Connection.close)
        await pool.runOperation("CREATE TABLE t (x)")

    loop.run(main)


def test_ready_opens_the_database(loop: Loop, pools: Pools, path: Path, tmp_path: Path) -> None:
    """`ready` gives the pool, or the reason why there is none; it can be asked again."""
    pool = pools(tmp_path / "late" / "test.db")

    async def main() -> None:
        with pytest.raises(sqlite3.OperationalError, match="directory must exist"):
            await pool.ready()
        (tmp_path / "late").mkdir()
        assert await pool.ready() is pool
        async with SQLitePool(path) as other:
            assert await other.runQuery("SELECT 1") == [(1,)]
            assert repr(other) == f"<SQLitePool {path} open>"
        assert repr(other) == f"<SQLitePool {path} closed>"

    loop.run(main)


def test_results_can_be_used_from_asyncio(loop: Loop, pools: Pools) -> None:
    """What comes back is a Deferred, which callbacks and coroutines take alike."""
    pool = pools(":memory:")
    found = loop.run(lambda: pool.runQuery("SELECT 5").addCallback(lambda rows: rows[0][0]))
    assert found == 5
