"""Calls that wait for a thread, and calls that are given up."""

import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, TimeoutError, ensureDeferred, gatherResults  # noqa: A004

from cyclone_storage.errors import PoolTimeout, StorageUnavailable
from cyclone_storage.sqlite import Cursor, QueueFull, SQLitePool, SQLiteStats, StatementInterrupted

from ..running import PATIENCE, Loop

Pools = Callable[..., SQLitePool[Any]]
ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


class Blocked:
    """Keeps the thread that writes busy until it is told to go on."""

    def __init__(self, pool: SQLitePool[Any]) -> None:
        self._go_on = threading.Event()
        self._begun = threading.Event()
        self.done = pool.runInteraction(self._block)
        assert self._begun.wait(PATIENCE)

    def _block(self, _: Cursor) -> str:
        self._begun.set()
        assert self._go_on.wait(PATIENCE)
        return "done"

    def go_on(self) -> None:
        """End it."""
        self._go_on.set()


def test_threads_are_bounded(loop: Loop, pools: Pools, path: Path) -> None:
    """However much there is to do, there are no more threads than were allowed."""
    pool = pools(path, max_threads=3)
    before = threading.active_count()

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        assert threading.active_count() == before + 1
        await gatherResults(
            [
                *(pool.runQuery("SELECT * FROM t") for _ in range(100)),
                *(pool.runOperation("INSERT INTO t VALUES (1)") for _ in range(50)),
            ]
        )
        assert pool.stats() == SQLiteStats(3, 0, 0, 0, 151)
        assert threading.active_count() == before + 3
        await pool.close()
        assert threading.active_count() == before

    loop.run(main)


def test_what_waits_is_bounded(loop: Loop, pools: Pools) -> None:
    """One call too many fails at once, as what a web framework answers with 503."""
    pool = pools(":memory:", max_waiting=2)

    async def main() -> None:
        blocked = Blocked(pool)
        waiting = [pool.runQuery("SELECT 1"), pool.runQuery("SELECT 2")]
        assert pool.stats() == SQLiteStats(1, 1, 2, 0, 0)
        with pytest.raises(QueueFull, match="2 calls wait, and no more may") as caught:
            await pool.runQuery("SELECT 3")
        assert isinstance(caught.value, StorageUnavailable)
        assert caught.value.http_status == 503
        blocked.go_on()
        assert await blocked.done == "done"
        assert await gatherResults(waiting) == [[(1,)], [(2,)]]
        assert await pool.runQuery("SELECT 3") == [(3,)]

    loop.run(main)


def test_waiting_ends(loop: Loop, pools: Pools) -> None:
    """After `wait_timeout` a call fails that has not begun; those that came later wait longer."""
    pool = pools(":memory:", wait_timeout=0.2)

    async def main() -> None:
        blocked = Blocked(pool)
        early = pool.runQuery("SELECT 1")
        await loop.pause(0.1)
        late = pool.runQuery("SELECT 2")
        with pytest.raises(PoolTimeout, match=r"no thread became free in 0\.\d s: what runs takes"):
            await early
        assert not late.called
        blocked.go_on()
        assert await late == [(2,)]
        assert await blocked.done == "done"

    loop.run(main)


def test_a_call_that_began_is_not_timed(loop: Loop, pools: Pools) -> None:
    """`wait_timeout` bounds the waiting, never the work."""
    pool = pools(":memory:", wait_timeout=0.01)

    async def main() -> None:
        blocked = Blocked(pool)
        for number in range(3):
            with pytest.raises(PoolTimeout):
                await pool.runQuery("SELECT ?", number)
        assert not blocked.done.called
        blocked.go_on()
        assert await blocked.done == "done"

    loop.run(main)


def test_a_call_that_waits_can_be_cancelled(loop: Loop, pools: Pools, path: Path) -> None:
    """It is not begun; its neighbours are."""
    pool = pools(path)

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        blocked = Blocked(pool)
        calls = [pool.runOperation("INSERT INTO t VALUES (?)", x) for x in range(3)]
        calls[1].cancel()
        with pytest.raises(CancelledError):
            await calls[1]
        blocked.go_on()
        await gatherResults([calls[0], calls[2], blocked.done])
        assert await pool.runQuery("SELECT x FROM t") == [(0,), (2,)]

    loop.run(main)


def test_a_statement_that_runs_can_be_cancelled(loop: Loop, pools: Pools, path: Path) -> None:
    """It is interrupted, so that its thread does something else."""
    pool = pools(path, max_threads=2)

    async def main() -> None:
        running = pool.runQuery(ENDLESS)
        await loop.until("query that runs", pool._readers._queue.empty)
        running.cancel()
        with pytest.raises(CancelledError):
            await running
        assert await pool.runQuery("SELECT 1") == [(1,)]

    loop.run(main)


def test_a_write_that_is_cancelled_is_undone(loop: Loop, pools: Pools, path: Path) -> None:
    """What an interrupted statement has written is rolled back."""
    pool = pools(path)

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        writing = pool.runOperation(f"INSERT INTO t {ENDLESS.replace('count(*)', 'i')}")
        await loop.pause(0.05)
        writing.cancel()
        with pytest.raises(CancelledError):
            await writing
        await pool.runOperation("INSERT INTO t VALUES (1)")
        assert await pool.runQuery("SELECT count(*) FROM t") == [(1,)]

    loop.run(main)


def test_a_deadline_for_one_statement(loop: Loop, pools: Pools) -> None:
    """Twisted's `addTimeout` is all that a statement that may take long needs."""
    pool = pools(":memory:")

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await pool.runQuery(ENDLESS).addTimeout(0.05, loop.reactor)
        assert await pool.runQuery("SELECT 1") == [(1,)]

    loop.run(main)


def test_an_interaction_that_is_cancelled_stops_at_its_next_statement(
    loop: Loop, pools: Pools
) -> None:
    """Nothing of it is kept; the function itself learns why."""
    pool = pools(":memory:")
    begun, go_on = threading.Event(), threading.Event()
    seen: list[BaseException] = []

    def insert(cursor: Cursor) -> None:
        cursor.execute("INSERT INTO t VALUES (1)")
        begun.set()
        assert go_on.wait(PATIENCE)
        try:
            cursor.execute("INSERT INTO t VALUES (2)")
        except StatementInterrupted as error:
            seen.append(error)
            raise

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        running = pool.runInteraction(insert)
        assert begun.wait(PATIENCE)
        running.cancel()
        with pytest.raises(CancelledError):
            await running
        go_on.set()
        assert await pool.runQuery("SELECT * FROM t") == []
        assert len(seen) == 1

    loop.run(main)


def test_cancelling_what_is_done_changes_nothing(loop: Loop, pools: Pools) -> None:
    """A Deferred that has fired keeps its result."""
    pool = pools(":memory:")

    async def main() -> None:
        asked = pool.runQuery("SELECT 1")
        await pool.runQuery("SELECT 2")
        asked.cancel()
        assert await asked == [(1,)]

    loop.run(main)


def test_no_more_threads(loop: Loop, pools: Pools, path: Path) -> None:
    """Where the system gives no thread, those that there are do the work; without one, it is a 503."""
    pool = pools(path)

    async def main() -> None:
        # More than any machine has.
        usual = threading.stack_size(2**46)
        try:
            with pytest.raises(StorageUnavailable, match="no thread can be started"):
                await pool.ready()
            threading.stack_size(usual)
            assert await pool.runQuery("SELECT 1") == [(1,)]
            threading.stack_size(2**46)
            found = await gatherResults([pool.runQuery("SELECT ?", x) for x in range(10)])
        finally:
            threading.stack_size(usual)
        assert found == [[(x,)] for x in range(10)]
        assert pool.stats().threads == 1

    loop.run(main)


@pytest.mark.parametrize("memory", [False, True], ids=["file", "memory"])
def test_cancelling_at_random(loop: Loop, pools: Pools, path: Path, memory: bool) -> None:
    """Whatever is given up whenever: what succeeded is there, what failed of itself is not."""
    pool = pools(":memory:" if memory else path, synchronous="off")
    chance = random.Random(6)  # noqa: S311 -- it is no secret
    succeeded: set[int] = set()
    cancelled: set[int] = set()

    async def write(x: int) -> None:
        try:
            if x % 3:
                await pool.runOperation("INSERT INTO t VALUES (?)", x)
            else:
                async with pool.transaction() as t:
                    await t.runOperation("INSERT INTO t VALUES (?)", x)
                    await t.runQuery("SELECT count(*) FROM t")
            succeeded.add(x)
        except CancelledError:
            cancelled.add(x)

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x PRIMARY KEY)")
        for batch in range(0, 600, 40):
            calls = [ensureDeferred(write(x)) for x in range(batch, batch + 40)]
            for _ in range(3):
                await loop.pause(0)
                for call in chance.sample(calls, 8):
                    call.cancel()
            await gatherResults(calls)
        found = {x for (x,) in await pool.runQuery("SELECT x FROM t")}
        assert succeeded | cancelled == set(range(600))
        assert succeeded <= found
        assert cancelled
        stats = pool.stats()
        assert (stats.running, stats.waiting, stats.transactions) == (0, 0, 0)

    loop.run(main)
