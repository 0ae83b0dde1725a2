"""What is said to be kept is kept: no connection goes back with a transaction open."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from cyclone_storage.sql import SQLPool, TransactionLeftOpen, TransactionOver, connect

from ..running import Loop
from .databases import Database, tables_of

ADVICE = r"pool.transaction\(\)"


async def kept(database: Database, pool: SQLPool, table: str, *numbers: int) -> None:
    """Close a pool, and look by another one what it has left."""
    await pool.close()
    other = database.pool()
    rows = await other.runQuery(f"SELECT n FROM {table} ORDER BY n")  # noqa: S608 -- a test's
    assert rows == [(number,) for number in numbers]
    await other.close()


def openers(database: Database) -> list[str]:
    """Return the statements that leave more than themselves behind."""
    if database.scheme == "postgresql":
        return ["BEGIN", "START TRANSACTION", "BEGIN; INSERT INTO lasting VALUES (100)"]
    return ["BEGIN", "START TRANSACTION", "SET autocommit = 0"]


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("method", ["runOperation", "runQuery"])
def test_statement(database: Database, loop: Loop, method: str, number: int) -> None:
    """A statement that leaves a transaction open is refused, and those after it are kept."""

    async def main() -> None:
        pool = database.pool(max_size=1)
        await tables_of(pool, lasting="n INT PRIMARY KEY")
        with pytest.raises(TransactionLeftOpen, match=ADVICE):
            await getattr(pool, method)(openers(database)[number])
        await pool.runOperation("INSERT INTO lasting VALUES (1)")
        stats = pool.stats()
        assert (stats.connects, stats.failed) == (1, 1)
        await kept(database, pool, "lasting", 1)

    loop.run(main)


def off(connection: Any) -> None:  # noqa: ANN401 -- a driver's
    """Switch the commit after each statement off, as each of the drivers has it."""
    if callable(connection.autocommit):
        connection.autocommit(False)
    else:
        connection.autocommit = False


def test_autocommit_off(database: Database, loop: Loop) -> None:
    """A function that switches autocommit off does so for itself only."""

    def function(connection: Any) -> None:  # noqa: ANN401 -- as above
        off(connection)
        connection.cursor().execute("INSERT INTO lasting VALUES (1)")

    def of_driver(connection: Any) -> None:  # noqa: ANN401 -- as above
        off(connection._connection)

    async def main() -> None:
        pool = database.pool(max_size=1)
        await tables_of(pool, lasting="n INT PRIMARY KEY")
        await pool.runWithConnection(function)
        await pool.runOperation("INSERT INTO lasting VALUES (2)")
        await pool.runWithConnection(of_driver)
        await pool.runOperation("INSERT INTO lasting VALUES (3)")
        assert pool.stats().connects == 1
        await kept(database, pool, "lasting", 1, 2, 3)

    loop.run(main)


@pytest.mark.parametrize("begins", [False, True])
def test_on_connect(database: Database, loop: Loop, begins: bool) -> None:
    """A function that makes connections ready does not change how statements are kept."""

    def ready(connection: Any) -> None:  # noqa: ANN401 -- as above
        off(connection)
        if begins:
            connection.cursor().execute("BEGIN")

    async def main() -> None:
        pool = database.pool(max_size=1, on_connect=ready)
        await tables_of(pool, lasting="n INT PRIMARY KEY")
        await pool.runOperation("INSERT INTO lasting VALUES (1)")
        await kept(database, pool, "lasting", 1)

    loop.run(main)


def test_transaction_after_transaction(mysql: Database, loop: Loop) -> None:
    """A connection on which each commit begins the next transaction is not used again."""

    def chain(connection: Any) -> None:  # noqa: ANN401 -- as above
        connection.cursor().execute("SET completion_type = 1")

    def nothing(_connection: object) -> None:
        pass

    async def main() -> None:
        pool = mysql.pool(max_size=1)
        await tables_of(pool, lasting="n INT PRIMARY KEY")
        await pool.runWithConnection(chain)
        await pool.runOperation("INSERT INTO lasting VALUES (1)")
        assert pool.stats().connects == 2
        async with pool.transaction() as t:
            await t.runOperation("SET completion_type = 1")
            await t.runOperation("INSERT INTO lasting VALUES (2)")
        await pool.runOperation("INSERT INTO lasting VALUES (3)")
        assert pool.stats().connects == 3
        with pytest.raises(TransactionLeftOpen):
            await connected_so(mysql, chain)
        await kept(mysql, pool, "lasting", 1, 2, 3)

    async def connected_so(database: Database, function: Callable[[Any], None]) -> None:
        async with connect(database.url(), on_connect=function) as pool:
            await pool.runWithConnection(nothing)

    loop.run(main)


@pytest.mark.parametrize("ending", ["COMMIT", "ROLLBACK"])
@pytest.mark.parametrize("first", [False, True])
def test_ended_inside(database: Database, loop: Loop, ending: str, first: bool) -> None:
    """A statement that ends a transaction from within is told, and nothing runs after it."""

    async def main() -> None:
        pool = database.pool(max_size=1)
        await tables_of(pool, lasting="n INT PRIMARY KEY")
        with pytest.raises(TransactionOver, match="has ended this transaction"):  # noqa: PT012 -- a body
            async with pool.transaction() as t:
                if not first:
                    await t.runOperation("INSERT INTO lasting VALUES (1)")
                with pytest.raises(TransactionOver, match="has ended this transaction"):
                    await t.runOperation(ending)
                for method in (t.runOperation, t.runQuery):
                    with pytest.raises(TransactionOver, match="has ended this transaction"):
                        await method("INSERT INTO lasting VALUES (2)")
        with pytest.raises(KeyError):  # noqa: PT012 -- as above
            async with pool.transaction() as t:
                with pytest.raises(TransactionOver):
                    await t.runOperation(ending)
                raise KeyError
        await pool.runOperation("INSERT INTO lasting VALUES (3)")
        async with pool.transaction() as t:
            await t.runOperation("INSERT INTO lasting VALUES (4)")
        assert pool.stats().connects == 1
        await kept(
            database, pool, "lasting", *([1] if ending == "COMMIT" and not first else []), 3, 4
        )

    loop.run(main)


def test_ended_by_a_function(database: Database, loop: Loop) -> None:
    """A function that ends the transaction goes no further, whichever way it takes."""

    def by_statement(cursor: Any) -> None:  # noqa: ANN401 -- as above
        cursor.execute("INSERT INTO lasting VALUES (1)")
        cursor.execute("COMMIT")
        raise AssertionError

    def by_method(cursor: Any) -> None:  # noqa: ANN401 -- as above
        cursor.execute("INSERT INTO lasting VALUES (2)")
        cursor._connection.commit()

    async def body(pool: SQLPool, function: Callable[[Any], None]) -> None:
        async with pool.transaction() as t:
            await t.runInteraction(function)

    async def main() -> None:
        pool = database.pool(max_size=1)
        await tables_of(pool, lasting="n INT PRIMARY KEY")
        for function in (by_statement, by_method):
            with pytest.raises(TransactionOver, match="has ended this transaction"):
                await Deferred.fromCoroutine(body(pool, function))
        await kept(database, pool, "lasting", 1, 2)

    loop.run(main)


def test_ended_by_the_server(mysql: Database, loop: Loop) -> None:
    """A deadlock takes all of a transaction back; if that is swallowed, nothing runs after it."""

    async def main() -> None:
        pool = mysql.pool()
        await tables_of(pool, lasting="n INT PRIMARY KEY, m INT")
        await pool.runOperation("INSERT INTO lasting VALUES (1, 0), (2, 0)")
        first, second = pool.transaction(), pool.transaction()
        await first.__aenter__()
        await second.__aenter__()
        change = "UPDATE lasting SET m = m + 1 WHERE n = %s"
        await first.runOperation("INSERT INTO lasting VALUES (3, 0), (4, 0)")
        await first.runOperation(change, [1])
        await second.runOperation(change, [2])
        waits = first.runOperation(change, [2])
        await loop.pause(0.05)
        with pytest.raises(pool.dbapi.OperationalError, match="Deadlock"):
            await second.runOperation(change, [1])
        await waits
        with pytest.raises(TransactionOver, match="has ended this transaction"):
            await second.runOperation("INSERT INTO lasting VALUES (5, 0)")
        with pytest.raises(TransactionOver, match="has ended this transaction"):
            await second.__aexit__(None, None, None)
        await first.__aexit__(None, None, None)
        rows = await pool.runQuery("SELECT n FROM lasting WHERE m = 1 ORDER BY n")
        assert rows == [(1,), (2,)]
        await kept(mysql, pool, "lasting", 1, 2, 3, 4)

    loop.run(main)


def test_statement_that_commits_by_itself(mysql: Database, loop: Loop) -> None:
    """In MySQL CREATE TABLE ends a transaction, which is told."""

    async def main() -> None:
        pool = mysql.pool()
        await tables_of(pool, lasting="n INT PRIMARY KEY")
        await pool.runOperation("DROP TABLE IF EXISTS other")
        with pytest.raises(TransactionOver, match="CREATE TABLE"):
            async with pool.transaction() as t:
                await t.runOperation("CREATE TABLE other (n INT)")
        await pool.close()

    loop.run(main)


def test_one_round_trip_of_mysql(mysql: Database, loop: Loop) -> None:
    """Looking how a connection was left asks the server nothing: a statement is one question."""

    async def main() -> None:
        pool = mysql.pool(max_size=1)
        asked = "SHOW SESSION STATUS LIKE 'Questions'"
        ((_, before),) = await pool.runQuery(asked)
        for _ in range(5):
            await pool.runQuery("SELECT 1")
        ((_, after),) = await pool.runQuery(asked)
        assert int(after) - int(before) == 6
        await pool.close()

    loop.run(main)


def test_one_round_trip_of_postgresql(postgresql: Database, loop: Loop, tmp_path: Path) -> None:
    """The same: each statement is one message after which the server answers that it is ready."""
    lines = tmp_path / "lines"

    async def main() -> None:
        with lines.open("wb") as file:
            pool = postgresql.pool(
                max_size=1, on_connect=lambda connection: connection.pgconn.trace(file.fileno())
            )
            for _ in range(5):
                await pool.runQuery("SELECT 1")
            await pool.close()
        assert lines.read_text("ascii").count("ReadyForQuery") == 5

    loop.run(main)
