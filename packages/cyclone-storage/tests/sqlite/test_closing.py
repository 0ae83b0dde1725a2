"""How a pool ends."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, ensureDeferred, gatherResults
from twisted.internet.testing import MemoryReactorClock

from cyclone_storage.errors import PoolClosed, PoolTimeout
from cyclone_storage.sqlite import SQLitePool, StatementInterrupted

from ..running import PATIENCE, Loop
from .test_waiting import ENDLESS, Blocked

Pools = Callable[..., SQLitePool[Any]]


def test_waits_for_what_was_accepted(loop: Loop, pools: Pools, path: Path) -> None:
    """What runs and what waits is done; nothing new is."""
    pool = pools(path)

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        blocked = Blocked(pool)
        writes = [pool.runOperation("INSERT INTO t VALUES (?)", x) for x in range(20)]
        reads = [pool.runQuery("SELECT 1") for _ in range(20)]
        closing = pool.close()
        again = pool.close()
        assert repr(pool) == f"<SQLitePool {path} closing>"
        for refused in (
            pool.runQuery("SELECT 1"),
            pool.runOperation("DELETE FROM t"),
            pool.runOperationMany("DELETE FROM t", []),
            pool.runInteraction(lambda _: None),
            pool.runWithConnection(lambda _: None),
            pool.runScript(""),
            pool.ready(),
        ):
            with pytest.raises(PoolClosed, match="the pool is closed"):
                await refused
        assert not closing.called
        blocked.go_on()
        await gatherResults([blocked.done, *writes, *reads])
        await closing
        await again
        await pool.close()
        # The log was emptied and is gone.
        assert [each.name for each in path.parent.iterdir()] == [path.name]

    loop.run(main)


def test_waits_for_open_transactions(loop: Loop, pools: Pools, path: Path) -> None:
    """A block that is open goes on to its end."""
    pool = pools(path)

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        async with pool.transaction() as t, pool.transaction(read_only=True) as r:
            closing = pool.close()
            await t.runOperation("INSERT INTO t VALUES (1)")
            assert await r.runQuery("SELECT * FROM t") == []
            await loop.pause(0.01)
            assert not closing.called
        await closing
        async with SQLitePool(path) as other:
            assert await other.runQuery("SELECT * FROM t") == [(1,)]

    loop.run(main)


def test_an_unused_pool_is_closed_at_once(pools: Pools, path: Path) -> None:
    """Without threads there is nothing to wait for."""
    pool = pools(path)
    assert pool.close().called
    assert not path.exists()


@pytest.mark.parametrize(
    ("timeout", "kind"),
    [(-1, ValueError), (float("nan"), ValueError), (None, TypeError), ("x", TypeError)],
)
def test_a_timeout_that_is_none(
    loop: Loop, pools: Pools, path: Path, timeout: float, kind: type[Exception]
) -> None:
    """It is refused before anything changes: the pool goes on, and can be closed."""
    pool = pools(path)

    async def main() -> None:
        await pool.ready()
        with pytest.raises(kind, match="timeout is"):
            await pool.close(timeout)
        assert await pool.runQuery("SELECT 1") == [(1,)]
        await pool.close()
        assert pool.stats().threads == 0

    loop.run(main)


def test_interrupts_at_the_bound(loop: Loop, pools: Pools, path: Path) -> None:
    """After the timeout statements are stopped, waiting calls refused, transactions rolled back."""
    pool = pools(path, max_threads=2)

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        held: Deferred[None] = Deferred()

        async def block() -> None:
            async with pool.transaction() as t:
                await t.runOperation("INSERT INTO t VALUES (1)")
                held.callback(None)
                await waiting_in_block

        async def write() -> None:
            async with pool.transaction():
                pytest.fail("it was entered")

        waiting_in_block: Deferred[None] = Deferred()
        blocking = ensureDeferred(block())
        await held
        endless = pool.runQuery(ENDLESS)
        waits = pool.runQuery("SELECT 1")
        operation = pool.runOperation("INSERT INTO t VALUES (2)")
        never = ensureDeferred(write())
        await pool.close(timeout=0.05)
        with pytest.raises(StatementInterrupted, match="the pool was closed, while it ran"):
            await endless
        for refused in (waits, operation, never):
            with pytest.raises(PoolClosed, match="before this call had begun"):
                await refused
        waiting_in_block.callback(None)
        with pytest.raises(PoolClosed, match="rolled back"):
            await blocking
        async with SQLitePool(path) as other:
            assert await other.runQuery("SELECT * FROM t") == []

    loop.run(main)


def test_an_idle_thread_has_nothing_to_interrupt(loop: Loop, pools: Pools, path: Path) -> None:
    """Where one thread is stopped by force, another that does nothing just ends."""
    pool = pools(path)

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        endless = pool.runQuery(ENDLESS)
        await pool.close(timeout=0.01)
        with pytest.raises(StatementInterrupted):
            await endless

    loop.run(main)


def test_statements_of_a_transaction_at_the_bound(loop: Loop, pools: Pools) -> None:
    """One that runs is stopped, those behind it are refused, and the block's own error goes on."""
    pool = pools(":memory:")

    async def main() -> None:
        with pytest.raises(StatementInterrupted):  # noqa: PT012 -- the block is what fails
            async with pool.transaction() as t:
                endless = t.runQuery(ENDLESS)
                behind = t.runQuery("SELECT 1")
                await loop.until("query that runs", lambda: t._queue.qsize() == 1)
                await pool.close(timeout=0.01)
                with pytest.raises(PoolClosed, match="rolled back"):
                    await behind
                with pytest.raises(PoolClosed, match="rolled back"):
                    await t.runQuery("SELECT 2")
                await endless

    loop.run(main)


def test_an_end_that_was_already_asked_for(loop: Loop, pools: Pools) -> None:
    """A transaction that is about to end when it is rolled back from outside ends once."""
    pool = pools(":memory:")

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        t = pool.transaction()
        await t.__aenter__()
        endless = t.runQuery(ENDLESS)
        leaving = ensureDeferred(t.__aexit__(None, None, None))
        await loop.until("query that runs", lambda: t._queue.qsize() == 2)
        await pool.close(timeout=0.01)
        for failed, kind in ((endless, StatementInterrupted), (leaving, PoolClosed)):
            with pytest.raises(kind):
                await failed

    loop.run(main)


def test_a_function_that_does_not_return(path: Path) -> None:
    """Nothing can stop a function: closing says so, and does not wait for ever."""
    clock = MemoryReactorClock()
    clock.run()
    calls: list[Callable[[], object]] = []
    clock.callFromThread = calls.append  # type: ignore[method-assign]
    pool = SQLitePool(path, reactor=clock, busy_timeout=1)
    blocked = Blocked(pool)
    closing = [pool.close(timeout=30), pool.close()]
    closing[1].cancel()
    clock.advance(30)
    assert not closing[0].called
    clock.advance(6)
    failed: list[Any] = []
    for each in closing:
        each.addErrback(failed.append)
    assert "1 of the threads did not end" in str(failed[0].trap(PoolTimeout) and failed[0].value)
    assert len(failed) == 2
    assert repr(pool).endswith("closed>")
    assert not clock.getDelayedCalls()
    workers = list(pool._writer.workers)
    blocked.go_on()
    assert workers[0].join(PATIENCE)
    for call in calls:
        call()
    assert pool.stats().threads == 0
    assert blocked.done.addErrback(failed.append).called


STOPPING = """
import sys
from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred
from cyclone_storage.sqlite import SQLitePool

pool = SQLitePool(sys.argv[1])

async def main():
    await pool.runOperation("CREATE TABLE t (x)")
    if "plainly" in sys.argv:
        last = ("INSERT INTO t VALUES (0)",)
        reactor.addSystemEventTrigger("before", "shutdown", pool.runOperation, *last)
    for x in range(1, 100):
        pool.runOperation("INSERT INTO t VALUES (?)", x)
    if "block" in sys.argv:
        async with pool.transaction() as t:
            await t.runOperation("INSERT INTO t VALUES (1000)")
            reactor.stop()
            await Deferred()
    if "close" in sys.argv:
        pool.close()
    reactor.stop()

reactor.callWhenRunning(lambda: ensureDeferred(main()))
reactor.run()
import threading
assert threading.active_count() == 1, threading.enumerate()
"""


@pytest.mark.parametrize("how", ["plainly", "block", "close"])
def test_the_reactor_stops(path: Path, how: str) -> None:
    """What was accepted is written, also by what drains before; open transactions are not."""
    subprocess.run([sys.executable, "-c", STOPPING, str(path), how], check=True, timeout=60)  # noqa: S603 -- this interpreter
    connection = sqlite3.connect(path)
    found = {x for (x,) in connection.execute("SELECT x FROM t")}
    connection.close()
    assert found - {0} == set(range(1, 100))
    assert (0 in found) == (how == "plainly")


def test_the_reactor_stops_while_a_statement_never_ends(
    loop: Loop, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is interrupted at the bound; the process ends."""
    monkeypatch.setattr("cyclone_storage.sqlite.closing.CLOSE_TIMEOUT", 0.05)
    pool = SQLitePool(path)

    async def main() -> None:
        endless = pool.runQuery(ENDLESS)
        pool._closing._end()
        assert repr(pool).endswith("closed>")
        with pytest.raises(StatementInterrupted):
            await endless

    loop.run(main)


def test_a_forgotten_pool_keeps_no_process_from_ending(path: Path) -> None:
    """A program that never closes its pool, nor stops a reactor, ends."""
    text = (
        "import sys; from twisted.internet import reactor;"
        "from cyclone_storage.sqlite import SQLitePool;"
        "pool = SQLitePool(sys.argv[1]); pool.runOperation('CREATE TABLE t (x)')"
    )
    subprocess.run([sys.executable, "-c", text, str(path)], check=True, timeout=60)  # noqa: S603 -- this interpreter
