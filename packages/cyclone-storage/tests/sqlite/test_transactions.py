"""`async with pool.transaction()`."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, ensureDeferred, gatherResults

from cyclone_storage.errors import PoolClosed, PoolTimeout
from cyclone_storage.sqlite import Cursor, DatabaseReadOnly, SQLitePool, TransactionError, dict_row

from ..running import Loop

Pools = Callable[..., SQLitePool[Any]]


class Rows:
    """A table `t` of a pool."""

    def __init__(self, pool: SQLitePool[Any]) -> None:
        self.pool = pool

    async def make(self) -> None:
        """Make it."""
        await self.pool.runOperation("CREATE TABLE t (x UNIQUE)")

    async def now(self) -> list[int]:
        """Return what the world sees."""
        return [x for (x,) in await self.pool.runQuery("SELECT x FROM t ORDER BY x")]


INSERT = "INSERT INTO t VALUES (?)"
ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
MEMORY_TOO = pytest.mark.parametrize("memory", [False, True], ids=["file", "memory"])


@MEMORY_TOO
def test_commits_at_the_end(loop: Loop, pools: Pools, path: Path, memory: bool) -> None:
    """What the block has done is there when it ends, and the block sees it before."""
    pool = pools(":memory:" if memory else path)
    rows = Rows(pool)

    async def main() -> None:
        await rows.make()
        async with pool.transaction() as t:
            assert await t.runOperation(INSERT, 1) is None
            assert await t.runQuery("INSERT INTO t VALUES (2) RETURNING x") == [(2,)]
            assert await t.runOperationMany(INSERT, ((x,) for x in (3, 4))) is None
            assert await t.runQuery("SELECT count(*) FROM t WHERE x > :x", {"x": 0}) == [(4,)]
            assert pool.stats().transactions == 1
        assert await rows.now() == [1, 2, 3, 4]
        assert pool.stats().transactions == 0

    loop.run(main)


@MEMORY_TOO
def test_rolls_back_after_an_exception(loop: Loop, pools: Pools, path: Path, memory: bool) -> None:
    """An exception that leaves the block leaves nothing of it, and goes on."""
    pool = pools(":memory:" if memory else path)
    rows = Rows(pool)

    async def main() -> None:
        await rows.make()
        with pytest.raises(LookupError, match="mine"):  # noqa: PT012 -- the block is what fails
            async with pool.transaction() as t:
                await t.runOperation(INSERT, 1)
                raise LookupError("mine")
        assert await rows.now() == []

    loop.run(main)


def test_readers_see_nothing_before_the_commit(loop: Loop, pools: Pools, path: Path) -> None:
    """Beside a transaction the pool reads what was committed before."""
    pool = pools(path)
    rows = Rows(pool)

    async def main() -> None:
        await rows.make()
        async with pool.transaction() as t:
            await t.runOperation(INSERT, 1)
            assert await rows.now() == []
        assert await rows.now() == [1]

    loop.run(main)


def test_in_memory_readers_wait(loop: Loop, pools: Pools) -> None:
    """Where there is one connection, nobody sees what is not committed: a query waits."""
    pool = pools(":memory:")
    rows = Rows(pool)

    async def main() -> None:
        await rows.make()
        async with pool.transaction() as t:
            await t.runOperation(INSERT, 1)
            waiting = pool.runQuery("SELECT x FROM t")
            await t.runOperation(INSERT, 2)
            assert not waiting.called
        assert await waiting == [(1,), (2,)]

    loop.run(main)


def test_writers_wait_for_their_turn(loop: Loop, pools: Pools, path: Path) -> None:
    """Two transactions and an operation follow each other in the order of their calls."""
    pool = pools(path)
    rows = Rows(pool)
    order: list[str] = []

    async def write(name: str, x: int) -> None:
        async with pool.transaction() as t:
            order.append(name)
            await t.runOperation(INSERT, x)
            await loop.pause(0)
            order.append(name)

    async def main() -> None:
        await rows.make()
        first = ensureDeferred(write("first", 1))
        second = ensureDeferred(write("second", 2))
        third = pool.runOperation(INSERT, 3).addCallback(lambda _: order.append("third"))
        await gatherResults([first, second, third])
        assert order == ["first", "first", "second", "second", "third"]

    loop.run(main)


def test_a_handled_error_undoes_its_statement_only(loop: Loop, pools: Pools, path: Path) -> None:
    """A block that catches what a statement raises goes on and is committed."""
    pool = pools(path)
    rows = Rows(pool)

    async def main() -> None:
        await rows.make()
        async with pool.transaction() as t:
            await t.runOperation(INSERT, 1)
            with pytest.raises(sqlite3.IntegrityError):
                await t.runOperation(INSERT, 1)
            with pytest.raises(TypeError, match="a statement is a str"):
                await t.runOperation(5)  # type: ignore[arg-type]
            await t.runOperation(INSERT, 2)
        assert await rows.now() == [1, 2]

    loop.run(main)


def test_statements_that_nobody_awaited_belong_to_it(loop: Loop, pools: Pools, path: Path) -> None:
    """They are done before the commit, in their order."""
    pool = pools(path)
    rows = Rows(pool)

    async def main() -> None:
        await rows.make()
        async with pool.transaction() as t:
            forgotten = [t.runOperation(INSERT, x) for x in range(50)]
        assert all(each.called for each in forgotten)
        assert await rows.now() == list(range(50))

    loop.run(main)


def test_a_commit_can_fail(loop: Loop, pools: Pools) -> None:
    """What SQLite checks at the end fails the block, which is rolled back."""
    pool = pools(":memory:")

    async def main() -> None:
        await pool.runScript(
            "CREATE TABLE a (x PRIMARY KEY);"
            "CREATE TABLE b (x REFERENCES a DEFERRABLE INITIALLY DEFERRED);"
        )
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            async with pool.transaction() as t:
                await t.runOperation("INSERT INTO b VALUES (1)")
        assert await pool.runQuery("SELECT * FROM b") == []
        async with pool.transaction() as t:
            await t.runOperation("INSERT INTO b VALUES (1)")
            await t.runOperation("INSERT INTO a VALUES (1)")
        assert await pool.runQuery("SELECT * FROM b") == [(1,)]

    loop.run(main)


def test_statements_outside_of_the_block(loop: Loop, pools: Pools) -> None:
    """Before and after it, and a second time, the transaction is refused."""
    pool = pools(":memory:")

    async def main() -> None:
        t = pool.transaction()
        with pytest.raises(TransactionError, match="has not begun"):
            await t.runQuery("SELECT 1")
        async with t:
            assert await t.runQuery("SELECT 1") == [(1,)]
        with pytest.raises(TransactionError, match="its block was left"):
            await t.runOperation("SELECT 1")
        with pytest.raises(TransactionError, match="used once"):
            async with t:
                pytest.fail("it was entered")

    loop.run(main)


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK"])
def test_ending_it_by_hand(loop: Loop, pools: Pools, statement: str) -> None:
    """A COMMIT or ROLLBACK in the block: what follows would stand outside, so it fails."""
    pool = pools(":memory:")
    rows = Rows(pool)

    async def main() -> None:
        await rows.make()
        with pytest.raises(TransactionError, match="the transaction is over"):  # noqa: PT012 -- the block is what fails
            async with pool.transaction() as t:
                await t.runOperation(INSERT, 1)
                await t.runOperation(statement)
                await t.runOperation(INSERT, 2)
        assert 2 not in await rows.now()
        with pytest.raises(TransactionError, match="the transaction is over"):
            async with pool.transaction() as t:
                await t.runOperation(statement)

    loop.run(main)


def test_savepoints(loop: Loop, pools: Pools) -> None:
    """A part that fails is undone by itself, also one inside of another."""
    pool = pools(":memory:")
    rows = Rows(pool)

    async def main() -> None:
        await rows.make()
        async with pool.transaction() as t:
            await t.runOperation(INSERT, 1)
            async with t.savepoint():
                await t.runOperation(INSERT, 2)
                with pytest.raises(LookupError):  # noqa: PT012 -- the block is what fails
                    async with t.savepoint():
                        await t.runOperation(INSERT, 3)
                        raise LookupError
            with pytest.raises(LookupError):  # noqa: PT012 -- the block is what fails
                async with t.savepoint():
                    async with t.savepoint():
                        await t.runOperation(INSERT, 4)
                    raise LookupError
            await t.runOperation(INSERT, 5)
        assert await rows.now() == [1, 2, 5]

    loop.run(main)


def test_a_read_only_transaction_is_a_snapshot(loop: Loop, pools: Pools, path: Path) -> None:
    """It sees one state of the database, beside writers, and cannot write."""
    pool = pools(path)
    rows = Rows(pool)

    async def main() -> None:
        await rows.make()
        async with pool.transaction(read_only=True) as t:
            assert await t.runQuery("SELECT x FROM t") == []
            await pool.runOperation(INSERT, 1)
            assert await rows.now() == [1]
            assert await t.runQuery("SELECT x FROM t") == []
            with pytest.raises(DatabaseReadOnly, match="read_only=True"):
                await t.runOperation(INSERT, 2)

    loop.run(main)


@pytest.mark.parametrize("memory", [False, True], ids=["one thread", "memory"])
def test_a_read_only_transaction_of_the_one_thread(
    loop: Loop, pools: Pools, path: Path, memory: bool
) -> None:
    """It refuses to write, too; the connection writes again when it is over, whatever ended it."""
    pool = pools(":memory:" if memory else path, max_threads=1, row_factory=dict_row)

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x UNIQUE)")
        async with pool.transaction(read_only=True) as t:
            with pytest.raises(DatabaseReadOnly, match="does not write: use 'async with"):
                await t.runOperation(INSERT, 2)
            assert await t.runQuery("SELECT count(*) AS n FROM t") == [{"n": 0}]
        await pool.runOperation(INSERT, 1)
        with pytest.raises(LookupError):
            async with pool.transaction(read_only=True):
                raise LookupError
        await pool.runOperation(INSERT, 2)
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            async with pool.transaction(read_only=True) as t:
                await t.runInteraction(lambda cursor: cursor.connection.close())
        await pool.runOperation("CREATE TABLE IF NOT EXISTS u (x)")

    loop.run(main)


def test_interactions_of_a_transaction(loop: Loop, pools: Pools) -> None:
    """A function gets a cursor of the transaction, which goes on after it, and after its error."""
    pool = pools(":memory:")
    rows = Rows(pool)

    def insert(cursor: Cursor, x: int, *, fail: bool = False) -> int:
        cursor.execute(INSERT, (x,))
        if fail:
            raise LookupError("as asked")
        return x

    async def main() -> None:
        await rows.make()
        async with pool.transaction() as t:
            assert await t.runInteraction(insert, 1) == 1
            with pytest.raises(LookupError, match="as asked"):
                async with t.savepoint():
                    await t.runInteraction(insert, 2, fail=True)
            with pytest.raises(TransactionError, match="runScript"):
                await t.runInteraction(lambda cursor: cursor.executescript(""))
            with pytest.raises(TypeError, match="runs in a thread"):
                await t.runInteraction(lambda _: Deferred())
            await t.runOperation(INSERT, 3)
        assert await rows.now() == [1, 3]
        with pytest.raises(TransactionError, match="its block was left"):
            await t.runInteraction(insert, 4)
        with pytest.raises(LookupError):  # noqa: PT012 -- the block is what fails
            async with pool.transaction() as t:
                await t.runInteraction(insert, 5)
                raise LookupError
        assert await rows.now() == [1, 3]

    loop.run(main)


@pytest.mark.parametrize("nested", [False, True], ids=["operation", "transaction"])
def test_a_deadlock_ends_with_a_word_on_its_cause(
    loop: Loop, pools: Pools, path: Path, nested: bool
) -> None:
    """Awaiting a write of the pool in the block fails after `wait_timeout`, and rolls it back."""
    pool = pools(path, wait_timeout=0.1)
    rows = Rows(pool)

    async def write() -> None:
        if nested:
            async with pool.transaction():
                pytest.fail("it was entered")
        await pool.runOperation(INSERT, 2)

    async def main() -> None:
        await rows.make()
        with pytest.raises(  # noqa: PT012 -- the block is what fails
            PoolTimeout, match=r"open for 0\.\d s: inside of .* run statements by t"
        ):
            async with pool.transaction() as t:
                await t.runOperation(INSERT, 1)
                await write()
        assert await rows.now() == []
        await pool.runOperation(INSERT, 3)
        assert await rows.now() == [3]

    loop.run(main)


def test_cancelled_while_it_waits_for_a_thread(loop: Loop, pools: Pools, path: Path) -> None:
    """A block that was not begun is not begun, and the others get their turn."""
    pool = pools(path)
    rows = Rows(pool)

    async def never() -> None:
        async with pool.transaction():
            pytest.fail("it was entered")

    async def main() -> None:
        await rows.make()
        async with pool.transaction() as t:
            waiting = ensureDeferred(never())
            await t.runOperation(INSERT, 1)
            waiting.cancel()
            with pytest.raises(CancelledError):
                await waiting
        await pool.runOperation(INSERT, 2)
        assert await rows.now() == [1, 2]

    loop.run(main)


def test_cancelled_while_it_begins(loop: Loop, pools: Pools, path: Path) -> None:
    """A thread that has just begun one for nobody is free again."""
    pool = pools(path)
    rows = Rows(pool)

    async def main() -> None:
        await rows.make()
        for _ in range(20):
            entering = ensureDeferred(pool.transaction().__aenter__())
            # The thread begins meanwhile; what it says of that comes in the next turn.
            while pool._writer._queue.qsize():
                pass
            entering.cancel()
            with pytest.raises(CancelledError):
                await entering
            await pool.runOperation("DELETE FROM t")

    loop.run(main)


def test_cancelled_inside(loop: Loop, pools: Pools, path: Path) -> None:
    """A block that is cancelled while a statement runs stops it and is rolled back."""
    pool = pools(path)
    rows = Rows(pool)

    async def main() -> None:
        await rows.make()
        running: Deferred[Any] = Deferred()

        async def work() -> None:
            async with pool.transaction() as t:
                await t.runOperation(INSERT, 1)
                query = t.runQuery(ENDLESS)
                forgotten = t.runOperation(INSERT, 2)
                forgotten.addErrback(lambda _: None)
                running.callback(None)
                await query

        working = ensureDeferred(work())
        await running
        await loop.pause(0.02)
        working.cancel()
        with pytest.raises(CancelledError):
            await working
        assert await rows.now() == []
        await pool.runOperation(INSERT, 3)

    loop.run(main)


def test_a_statement_that_waits_inside_can_be_cancelled(
    loop: Loop, pools: Pools, path: Path
) -> None:
    """It is not begun; one that runs is interrupted; the block that handles both goes on."""
    pool = pools(path)
    rows = Rows(pool)

    async def main() -> None:
        await rows.make()
        async with pool.transaction() as t:
            endless = t.runQuery(ENDLESS)
            waiting = t.runOperation(INSERT, 1)
            last = t.runOperation(INSERT, 2)
            for each in (waiting, endless):
                each.cancel()
                with pytest.raises(CancelledError):
                    await each
            await last
        assert await rows.now() == [2]

    loop.run(main)


def test_a_coroutine_that_is_thrown_away(loop: Loop, pools: Pools, path: Path) -> None:
    """Its transaction is rolled back without anyone to wait for that."""
    pool = pools(path)
    rows = Rows(pool)

    async def main() -> None:
        await rows.make()
        inside: Deferred[Any] = Deferred()

        async def work() -> None:
            async with pool.transaction() as t, t.savepoint():
                await t.runOperation(INSERT, 1)
                inside.callback(None)
                await Deferred()

        coroutine = work()
        step = coroutine.send(None)
        while not inside.called:
            ready: Deferred[Any] = Deferred()
            step.addBoth(lambda result, ready=ready: ready.callback(result))
            await ready
            step = coroutine.send(None)
        coroutine.close()
        await pool.runOperation(INSERT, 2)
        assert await rows.now() == [2]

    loop.run(main)


def test_it_needs_an_open_pool(loop: Loop, pools: Pools, path: Path) -> None:
    """After `close` none begins."""
    pool = pools(path)

    async def main() -> None:
        await pool.close()
        with pytest.raises(PoolClosed):
            async with pool.transaction():
                pytest.fail("it was entered")

    loop.run(main)
