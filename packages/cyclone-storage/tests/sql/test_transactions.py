"""`async with pool.transaction()`."""

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, gatherResults

from cyclone_storage.errors import PoolTimeout
from cyclone_storage.sql import Isolation, TransactionAborted, TransactionOver

from ..running import Loop
from .databases import Database, tables_of


def insert(cursor: Any, number: int) -> int:  # noqa: ANN401 -- whatever it is
    """Insert a row, and return how many there are."""
    cursor.execute("INSERT INTO held VALUES (%s)", (number,))
    cursor.execute("SELECT n FROM held")
    return len(cursor.fetchall())


def test_kept_or_not(database: Database, loop: Loop) -> None:
    """All of it is kept if the body ends, nothing if it raises; nobody else sees it before."""

    async def main() -> None:
        pool = database.pool(max_size=2)
        await tables_of(pool, held="n INT PRIMARY KEY")
        async with pool.transaction() as t:
            assert await t.runOperation("INSERT INTO held VALUES (%s)", [1]) is None
            assert await t.runInteraction(insert, 2) == 2
            assert await t.runInteraction(insert, number=3) == 3
            assert await pool.runQuery("SELECT n FROM held") == []
            assert pool.stats().transactions == 1
        with pytest.raises(KeyError):  # noqa: PT012 -- the body of a transaction
            async with pool.transaction() as t:
                await t.runOperation("INSERT INTO held VALUES (4)")
                raise KeyError
        assert await pool.runQuery("SELECT n FROM held ORDER BY n") == [(1,), (2,), (3,)]
        stats = pool.stats()
        assert (stats.transactions, stats.open, stats.idle) == (0, 2, 2)
        await pool.close()

    loop.run(main)


def test_one_after_the_other(database: Database, loop: Loop) -> None:
    """Statements that are not awaited each for itself are executed in their order."""

    async def main() -> None:
        pool = database.pool()
        async with pool.transaction() as t:
            found = await gatherResults([t.runQuery(f"SELECT {n}") for n in range(20)])
        assert found == [[(n,)] for n in range(20)]
        await pool.close()

    loop.run(main)


@pytest.mark.parametrize(
    "isolation", ["read uncommitted", "read committed", "repeatable read", "serializable"]
)
def test_isolation(database: Database, loop: Loop, isolation: Isolation) -> None:
    """It has the isolation that was asked for, and the next one has what the database has."""

    async def level(t: Any) -> str:  # noqa: ANN401 -- as above
        if database.scheme == "postgresql":
            rows = await t.runQuery("SHOW transaction_isolation")
        else:
            await t.runQuery("SELECT n FROM isolated")
            await loop.pause(0.12)  # the table below is as it was up to 0.1 s ago
            rows = await t.runQuery(
                "SELECT trx_isolation_level FROM information_schema.innodb_trx "
                "WHERE trx_mysql_thread_id = CONNECTION_ID()"
            )
        return str(rows[0][0]).lower()

    async def main() -> None:
        pool = database.pool(max_size=1)
        await tables_of(pool, isolated="n INT PRIMARY KEY")
        usual = "read committed" if database.scheme == "postgresql" else "repeatable read"
        async with pool.transaction(isolation) as t:
            assert await level(t) == isolation
        async with pool.transaction() as t:
            assert await level(t) == usual
        await pool.close()

    loop.run(main)


def test_read_only(database: Database, loop: Loop) -> None:
    """A transaction that only reads may not write."""

    async def main() -> None:
        pool = database.pool()
        await tables_of(pool, reading="n INT PRIMARY KEY")
        with pytest.raises(pool.dbapi.Error, match=r"(?i)read.only"):
            async with pool.transaction("repeatable read", read_only=True) as t:
                await t.runOperation("INSERT INTO reading VALUES (1)")
        await pool.runOperation("INSERT INTO reading VALUES (1)")
        await pool.close()

    loop.run(main)


def test_wrong_use(database: Database, loop: Loop) -> None:
    """An unknown isolation, entering twice, and statements outside are refused."""

    async def main() -> None:
        pool = database.pool()
        with pytest.raises(ValueError, match="there are read uncommitted, read committed"):
            pool.transaction("snapshot")  # type: ignore[arg-type]
        t = pool.transaction()
        with pytest.raises(TransactionOver, match="not been entered"):
            await t.runQuery("SELECT 1")
        with pytest.raises(TransactionOver, match="not been entered"):
            await t.__aexit__(None, None, None)
        async with t:
            assert await t.runQuery("SELECT 1") == [(1,)]
            with pytest.raises(TransactionOver, match="entered once"):
                await t.__aenter__()
        with pytest.raises(TransactionOver, match="has ended"):
            await t.runOperation("SELECT 1")
        await pool.close()

    loop.run(main)


def test_failed_statement(postgresql: Database, loop: Loop) -> None:
    """PostgreSQL keeps nothing after a failed statement; leaving the body as if it did is an error."""

    def swallow(cursor: Any, error: type[Exception]) -> None:  # noqa: ANN401 -- as above
        cursor.execute("INSERT INTO failing VALUES (3)")
        with pytest.raises(error):
            cursor.execute("SELECT nothing")

    async def main() -> None:
        pool = postgresql.pool(max_size=1)
        await tables_of(pool, failing="n INT PRIMARY KEY")
        with pytest.raises(TransactionAborted, match="all of it is rolled back"):  # noqa: PT012 -- as above
            async with pool.transaction() as t:
                await t.runOperation("INSERT INTO failing VALUES (1)")
                with pytest.raises(pool.dbapi.Error):
                    await t.runQuery("SELECT nothing")
        with pytest.raises(TransactionAborted):
            await pool.runInteraction(swallow, pool.dbapi.Error)
        async with pool.transaction() as t:
            await t.runOperation("INSERT INTO failing VALUES (2)")
            await t.runOperation("SAVEPOINT here")
            with pytest.raises(pool.dbapi.Error):
                await t.runQuery("SELECT nothing")
            await t.runOperation("ROLLBACK TO SAVEPOINT here")
        assert await pool.runQuery("SELECT n FROM failing") == [(2,)]
        assert pool.stats().connects == 1
        await pool.close()

    loop.run(main)


def test_failed_statement_of_mysql(mysql: Database, loop: Loop) -> None:
    """MySQL takes back the failed statement alone."""

    async def main() -> None:
        pool = mysql.pool()
        await tables_of(pool, failing="n INT PRIMARY KEY")
        async with pool.transaction() as t:
            await t.runOperation("INSERT INTO failing VALUES (1)")
            with pytest.raises(pool.dbapi.Error):
                await t.runQuery("SELECT nothing")
        assert await pool.runQuery("SELECT n FROM failing") == [(1,)]
        await pool.close()

    loop.run(main)


def test_lost_connection(database: Database, loop: Loop) -> None:
    """A transaction that loses its connection ends; it does not go on with another one."""

    async def main() -> None:
        pool = database.pool()
        await tables_of(pool, losing="n INT PRIMARY KEY")
        with pytest.raises(TransactionOver, match="lost its connection"):  # noqa: PT012 -- as above
            async with pool.transaction() as t:
                await t.runOperation("INSERT INTO losing VALUES (1)")
                ((number,),) = await t.runQuery(database.myself)
                await database.end(pool, number)
                with pytest.raises(pool.dbapi.Error):
                    await t.runOperation("INSERT INTO losing VALUES (2)")
                with pytest.raises(TransactionOver):
                    await t.runOperation("INSERT INTO losing VALUES (3)")
        with pytest.raises(KeyError):  # noqa: PT012 -- as above
            async with pool.transaction() as t:
                ((number,),) = await t.runQuery(database.myself)
                await database.end(pool, number)
                raise KeyError
        assert await pool.runQuery("SELECT n FROM losing") == []
        assert pool.stats().transactions == 0
        await pool.close()

    loop.run(main)


def test_second_connection(database: Database, loop: Loop) -> None:
    """A body that asks the pool instead of the transaction is told what it waits for."""

    async def main() -> None:
        pool = database.pool(max_size=1, wait_timeout=0.05)
        async with pool.transaction():
            with pytest.raises(
                PoolTimeout, match=r"of 1, 1 are held by transactions .a transaction that"
            ):
                await pool.runQuery("SELECT 1")
        with pytest.raises(pool.dbapi.Error):
            await pool.runQuery("SELECT nothing")
        async with pool.transaction():
            with pytest.raises(PoolTimeout, match=r"; the last failure was \w+: .*nothing"):
                await pool.runQuery("SELECT 1")
        await pool.close()

    loop.run(main)


def test_cancelled(database: Database, loop: Loop) -> None:
    """A body that is cancelled at any of its points gives its connection back, rolled back."""

    async def main() -> None:
        pool = database.pool(max_size=1)
        await tables_of(pool, cancelling="n INT PRIMARY KEY")

        async def body(statement: str, *args: object) -> None:
            async with pool.transaction() as t:
                await t.runOperation("INSERT INTO cancelling VALUES (1)")
                await t.runQuery(statement, args)

        for delay in [0.0, 0.0005, 0.001, 0.002, 0.004, 0.05]:
            running: Deferred[None] = Deferred.fromCoroutine(body(database.sleep, 0.1))
            await loop.pause(delay)
            running.cancel()
            with pytest.raises(CancelledError):
                await running
            assert await pool.runQuery("SELECT n FROM cancelling") == []
        stats = pool.stats()
        assert (stats.transactions, stats.running, stats.connects) == (0, 0, 1)

        # While its end is under way: it is carried through.
        t = await pool.transaction().__aenter__()
        slow = t.runQuery(database.sleep, [0.05])
        await t.runOperation("INSERT INTO cancelling VALUES (2)")
        await slow
        ending = Deferred.fromCoroutine(t.__aexit__(None, None, None))
        ending.cancel()
        with pytest.raises(CancelledError):
            await ending
        assert await pool.runQuery("SELECT n FROM cancelling") == [(2,)]
        await pool.close()

    loop.run(main)


def test_cannot_begin(database: Database, loop: Loop) -> None:
    """A transaction that gets no connection raises where it is entered, and holds nothing."""

    def refuse(_connection: object) -> None:
        raise KeyError("no")

    async def main() -> None:
        pool = database.pool(max_size=1, on_connect=refuse)
        for _ in range(3):
            with pytest.raises(KeyError):
                await pool.transaction().__aenter__()
        await loop.until("place", lambda: pool.stats().transactions == 0)
        await pool.close()

    loop.run(main)
