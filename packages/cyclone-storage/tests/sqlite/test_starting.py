"""A pool that is given work before the reactor runs."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, ensureDeferred, gatherResults
from twisted.internet.testing import MemoryReactorClock

from cyclone_storage.errors import PoolTimeout, StorageUnavailable
from cyclone_storage.sqlite import QueueFull, SQLitePool, SQLiteStats

from ..running import PATIENCE, Loop

Pools = Callable[..., SQLitePool[Any]]

FORKING = """
import os, sys
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from cyclone_storage.sqlite import SQLitePool

pool = SQLitePool(sys.argv[1], wait_timeout=10)
pool.runScript("CREATE TABLE t (x);")
pool.runQuery("SELECT 1")
pid = os.fork()
if pid:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

async def main():
    try:
        await pool.runOperation("INSERT INTO t VALUES (7)")
        assert await pool.runQuery("SELECT x FROM t") == [(7,)]
        print("done", flush=True)
    finally:
        reactor.stop()

reactor.callWhenRunning(lambda: ensureDeferred(main()))
reactor.run()
"""


def test_a_daemon_works(path: Path) -> None:
    """Work given before a fork is done by the process that runs the reactor, which then ends."""
    done = subprocess.run(  # noqa: S603 -- this interpreter
        [sys.executable, "-c", FORKING, str(path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_no_thread_is_started_before_the_reactor_runs(loop: Loop, pools: Pools, path: Path) -> None:
    """What was given waits, and no file is opened; then all is done in its order."""
    pool = pools(path)
    before = threading.active_count()
    calls = [
        pool.runScript("CREATE TABLE t (x);"),
        *(pool.runOperation("INSERT INTO t VALUES (?)", x) for x in range(20)),
        pool.runQuery("INSERT INTO t SELECT count(*) FROM t RETURNING x"),
    ]
    calls[3].cancel()
    assert (pool.stats().threads, pool.stats().waiting) == (0, 22)
    assert threading.active_count() == before
    assert not path.exists()

    async def main() -> None:
        with pytest.raises(CancelledError):
            await calls.pop(3)
        assert (await gatherResults(calls))[-1] == [(19,)]

    loop.run(main)


def test_closing_before_the_reactor_runs(loop: Loop, pools: Pools, path: Path) -> None:
    """What was accepted is done when it does, and then the pool is closed."""
    pool = pools(path)
    writing = pool.runScript("CREATE TABLE t (x);")
    closing = pool.close()
    assert not closing.called
    loop.run(lambda: closing)
    assert writing.called
    assert path.exists()


def later(**options: Any) -> tuple[MemoryReactorClock, SQLitePool[Any]]:  # noqa: ANN401 -- whatever it is
    """Make a pool in memory, of a reactor that does not run yet."""
    clock = MemoryReactorClock()
    clock.callFromThread = lambda _: None  # type: ignore[method-assign]
    return clock, SQLitePool(":memory:", reactor=clock, **options)


def test_what_waits_for_the_reactor_is_bounded() -> None:
    """As many calls are accepted as later have a thread or may wait for one."""
    _, pool = later(max_waiting=1)
    waiting = [pool.runQuery("SELECT 1"), pool.runQuery("SELECT 2")]
    refused: list[Any] = []
    pool.runQuery("SELECT 3").addErrback(refused.append)
    assert refused[0].check(QueueFull)
    assert not any(each.called for each in waiting)


def test_waiting_is_timed_from_the_beginning() -> None:
    """A program that takes long to start loses no call by that."""
    clock, pool = later(wait_timeout=2)
    go_on = threading.Event()
    pool.runInteraction(lambda _: go_on.wait(PATIENCE))
    failed: list[Any] = []
    pool.runQuery("SELECT 1").addErrback(failed.append)
    clock.advance(100)
    assert not clock.getDelayedCalls()
    clock.run()
    clock.advance(1.9)
    assert not failed
    clock.advance(0.2)
    assert failed[0].check(PoolTimeout)
    workers = list(pool._writer.workers)
    pool.close()
    go_on.set()
    assert workers[0].join(PATIENCE)


@pytest.mark.parametrize("close", [False, True])
def test_no_threads_when_the_reactor_runs(close: bool) -> None:
    """Where the system gives none, each call that waits fails, and the pool can be closed."""
    clock, pool = later()
    failed: list[Any] = []
    for number in range(3):
        pool.runQuery("SELECT ?", number).addErrback(failed.append)
    closing = pool.close() if close else None
    # More than any machine has.
    usual = threading.stack_size(2**46)
    try:
        clock.run()
    finally:
        threading.stack_size(usual)
    assert [each.check(StorageUnavailable) for each in failed] == [StorageUnavailable] * 3
    assert pool.stats() == SQLiteStats(0, 0, 0, 0, 0)
    assert (closing or pool.close()).called
    assert not clock.getDelayedCalls()


def test_reads_see_what_was_written_before_the_reactor_ran(
    loop: Loop, pools: Pools, path: Path
) -> None:
    """A server that listens at once asks nothing before its schema is there."""
    pool = pools(path, max_threads=3)
    first = pool.runQuery("SELECT count(*) FROM t")
    for table in range(50):
        pool.runOperation(f"CREATE TABLE t{table} (x)")
    pool.runScript("CREATE TABLE t (x); INSERT INTO t VALUES (1);")

    async def main() -> None:
        assert await pool.runQuery("SELECT x FROM t") == [(1,)]
        assert await first == [(1,)]

    loop.run(main)


def test_reads_wait_for_that_no_longer_than_allowed(loop: Loop, pools: Pools, path: Path) -> None:
    """A schema that takes too long fails those that wait for it; later ones are answered."""
    pool = pools(path, wait_timeout=0.05)
    go_on = threading.Event()
    pool.runInteraction(lambda _: go_on.wait(PATIENCE))

    async def main() -> None:
        with pytest.raises(PoolTimeout):
            await pool.runQuery("SELECT 1")
        go_on.set()
        await pool.runQuery("PRAGMA user_version")
        assert await pool.runQuery("SELECT 2") == [(2,)]

    loop.run(main)


def test_a_transaction_that_waited_for_the_reactor_may_read_beside_it(
    loop: Loop, pools: Pools, path: Path
) -> None:
    """A coroutine that was begun before holds up none of its own reads."""
    pool = pools(path, wait_timeout=5)

    async def write() -> object:
        async with pool.transaction():
            return await pool.runQuery("SELECT 1")

    writing = ensureDeferred(write())
    assert loop.run(lambda: writing) == [(1,)]
