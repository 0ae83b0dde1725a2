"""A pool of SQL connections, used as adbapi's is."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from twisted.enterprise import adbapi
from twisted.internet.defer import CancelledError, DeferredList, gatherResults, succeed

from cyclone_storage.errors import PoolClosed, PoolTimeout, StorageError
from cyclone_storage.sql import PoolFull, SQLPool, TransactionOver, connect

from ..running import Loop
from .databases import Database, tables_of


def test_statements(database: Database, loop: Loop) -> None:
    """Statements take parameters and give rows; one that has no rows gives none, and is kept."""

    async def main() -> None:
        pool = database.pool()
        await tables_of(pool, numbers="n INT PRIMARY KEY, name VARCHAR(20)")
        assert await pool.runOperation("INSERT INTO numbers VALUES (%s, %s)", [1, "één"]) is None
        assert await pool.runQuery("INSERT INTO numbers VALUES (%s, %s)", [2, "two"]) == []
        rows = await pool.runQuery("SELECT n, name FROM numbers ORDER BY n")
        assert rows == [(1, "één"), (2, "two")]
        assert await pool.runQuery("SELECT n FROM numbers WHERE n = %(n)s", {"n": 7}) == []
        await pool.close()

    loop.run(main)


def test_one_statement_is_kept_or_not(database: Database, loop: Loop) -> None:
    """A statement that fails leaves nothing, and the connection goes on."""

    async def main() -> None:
        pool = database.pool(max_size=1)
        await tables_of(pool, once="n INT PRIMARY KEY")
        with pytest.raises(pool.dbapi.IntegrityError):
            await pool.runOperation("INSERT INTO once VALUES (1), (2), (1)")
        assert await pool.runQuery("SELECT n FROM once") == []
        with pytest.raises(pool.dbapi.ProgrammingError):
            await pool.runQuery("SELECT n FROM nowhere")
        stats = pool.stats()
        assert (stats.failed, stats.connects, stats.lost) == (2, 1, 0)
        assert "nowhere" in str(stats.last_error)
        await pool.close()

    loop.run(main)


def test_interaction(database: Database, loop: Loop) -> None:
    """A function has a cursor in a transaction that is kept if it returns, and not if it raises."""

    def add(cursor: Any, number: int, *, fail: bool = False) -> tuple[int, str]:  # noqa: ANN401 -- whatever it is
        cursor.execute("INSERT INTO adding VALUES (%s)", (number,))
        if fail:
            raise KeyError(number)
        return cursor.rowcount, threading.current_thread().name

    async def main() -> None:
        pool = database.pool(max_size=1)
        await tables_of(pool, adding="n INT PRIMARY KEY")
        count, thread = await pool.runInteraction(add, 1)
        assert (count, thread) == (1, thread)
        assert thread != threading.current_thread().name
        with pytest.raises(KeyError):
            await pool.runInteraction(add, 2, fail=True)
        assert await pool.runQuery("SELECT n FROM adding") == [(1,)]
        await pool.close()

    loop.run(main)


def test_with_connection(database: Database, loop: Loop) -> None:
    """A function has the connection in a transaction; adbapi's wrapper is around it."""

    def add(connection: Any, number: int) -> list[Any]:  # noqa: ANN401 -- as above
        assert isinstance(connection, adbapi.Connection)
        cursor = connection.cursor()
        cursor.execute("INSERT INTO connecting VALUES (%s)", (number,))
        cursor.execute("SELECT n FROM connecting")
        if number == 2:
            raise KeyError
        return list(cursor.fetchall())

    async def main() -> None:
        pool = database.pool()
        await tables_of(pool, connecting="n INT PRIMARY KEY")
        assert await pool.runWithConnection(add, 1) == [(1,)]
        with pytest.raises(KeyError):
            await pool.runWithConnection(add, 2)
        assert await pool.runQuery("SELECT n FROM connecting") == [(1,)]
        await pool.close()

    loop.run(main)


def test_is_an_adbapi_pool(database: Database, loop: Loop) -> None:
    """It passes for an adbapi pool, with the wrappers that a subclass chooses."""

    class Cursor(adbapi.Transaction):
        pass

    def kind(cursor: object) -> type:
        return type(cursor)

    async def main() -> None:
        pool = database.pool()
        assert isinstance(pool, adbapi.ConnectionPool)
        assert pool.dbapi.apilevel == "2.0"
        pool.transactionFactory = Cursor
        assert await pool.runInteraction(kind) is Cursor
        with pytest.raises(StorageError, match="only a function"):
            pool.connect()
        await pool.close()

    loop.run(main)


def test_block(database: Database, loop: Loop) -> None:
    """`async with` closes the pool at its end, whatever ended it."""

    async def main() -> None:
        async with connect(database.url()) as pool:
            assert await pool.runQuery("SELECT 7") == [(7,)]
        with pytest.raises(PoolClosed):
            await pool.runQuery("SELECT 7")
        with pytest.raises(LookupError):
            async with connect(database.url()) as pool:
                raise LookupError
        with pytest.raises(PoolClosed):
            await pool.ready()

    loop.run(main)


def test_disconnect(database: Database, loop: Loop) -> None:
    """A function may throw its connection away, but no other; the next has a new one."""

    def disconnect(_connection: object, pool: SQLPool, other: object = None) -> None:
        pool.disconnect(other or pool.connect())

    def disconnect_and_raise(_connection: object, pool: SQLPool) -> None:
        pool.disconnect(pool.connect())
        raise KeyError

    async def main() -> None:
        pool = database.pool(max_size=1)
        before = await pool.runQuery(database.myself)
        with pytest.raises(StorageError, match="not the one"):
            await pool.runWithConnection(disconnect, pool, object())
        assert await pool.runQuery(database.myself) == before
        with pytest.raises(TransactionOver, match="thrown its connection away"):
            await pool.runWithConnection(disconnect, pool)
        with pytest.raises(KeyError):
            await pool.runWithConnection(disconnect_and_raise, pool)
        assert await pool.runQuery(database.myself) != before
        await pool.close()

    loop.run(main)


def test_figures(database: Database, loop: Loop) -> None:
    """The figures tell what there is; the connections are those that were needed, and no more."""

    async def main() -> None:
        pool = database.pool(max_size=3)
        assert pool.stats().open == 0
        asked = [pool.runQuery(database.sleep, [0.05]) for _ in range(7)]
        stats = pool.stats()
        assert (stats.size, stats.running, stats.waiting, stats.idle) == (3, 3, 4, 0)
        await gatherResults(asked)
        stats = pool.stats()
        assert (stats.open, stats.idle, stats.connects) == (3, 3, 3)
        assert (stats.begun, stats.succeeded, stats.failed) == (7, 7, 0)
        assert repr(pool) == f"<SQLPool {pool.shown}: 3 of 3 open>"
        assert pool.shown == f"{database.scheme}://127.0.0.1:{database.server.port}/cyclone"
        for _ in range(3):
            await pool.runQuery("SELECT 1")
        assert pool.stats().connects == 3
        await pool.close()
        assert pool.stats().open == 0

    loop.run(main)


def test_first_come_first_served(database: Database, loop: Loop) -> None:
    """Who waits longest is next."""

    async def main() -> None:
        pool = database.pool(max_size=1)
        order: list[int] = []
        asked = [pool.runQuery(f"SELECT {n}") for n in range(20)]
        for each in asked:
            each.addCallback(lambda rows: order.append(rows[0][0]))
        await gatherResults(asked)
        assert order == list(range(20))
        await pool.close()

    loop.run(main)


def test_bounds_of_waiting(database: Database, loop: Loop) -> None:
    """One too many is refused at once; those who wait too long are told why; a cancelled one is not."""

    async def main() -> None:
        pool = database.pool(max_size=1, max_waiting=2, wait_timeout=0.05)
        running = pool.runQuery(database.sleep, [0.3])
        patient, cancelled = pool.runQuery("SELECT 1"), pool.runQuery("SELECT 2")
        with pytest.raises(PoolFull, match="2 wait for an SQL connection already, as many as may"):
            await pool.runQuery("SELECT 3")
        cancelled.cancel()
        with pytest.raises(CancelledError):
            await cancelled
        with pytest.raises(
            PoolTimeout, match=r"no SQL connection became free in 0.05 s: of 1, 0 are"
        ):
            await patient
        await running
        stats = pool.stats()
        assert (stats.refused, stats.timed_out, stats.begun, stats.waiting) == (1, 1, 1, 0)
        await pool.close()

    loop.run(main)


def test_cancelled_while_it_runs(database: Database, loop: Loop) -> None:
    """Whoever cancels goes on at once; the place is free when the thread is done."""

    async def main() -> None:
        pool = database.pool(max_size=1)
        await pool.ready()
        running = pool.runQuery(database.sleep, [0.1])
        running.cancel()
        with pytest.raises(CancelledError):
            await running
        assert pool.stats().running == 1
        assert await pool.runQuery("SELECT 1") == [(1,)]
        stats = pool.stats()
        assert (stats.begun, stats.succeeded, stats.connects) == (3, 3, 1)
        await pool.close()

    loop.run(main)


def test_idle_connections_are_closed(database: Database, loop: Loop) -> None:
    """Connections beyond the least number go when nobody uses them."""

    async def main() -> None:
        pool = database.pool(min_size=1, max_size=4, max_idle=0.1)
        await gatherResults([pool.runQuery(database.sleep, [0.02]) for _ in range(4)])
        assert pool.stats().open == 4
        await loop.until("connection closed", lambda: pool.stats().open == 1)
        # One is in use when the next look comes.
        await gatherResults([pool.runQuery(database.sleep, [n / 10]) for n in range(1, 4)])
        await loop.until("connection closed", lambda: pool.stats().open == 1)
        assert await pool.runQuery("SELECT 1") == [(1,)]
        await pool.close()

    loop.run(main)


def test_ready(database: Database, loop: Loop) -> None:
    """When it is ready, the connections that are to stay are there."""

    async def main() -> None:
        pool = database.pool(min_size=3)
        assert await pool.ready() is pool
        assert pool.stats().open == 3
        health = await pool.health()
        assert health.ok
        assert health.error is None
        assert 0 <= health.seconds < 5
        assert health.stats.open == 3
        await pool.close()

    loop.run(main)


def test_on_connect(database: Database, loop: Loop) -> None:
    """A function sees each new connection first, in a thread; if it raises there is none."""
    seen: list[str] = []

    def look(connection: Any) -> None:  # noqa: ANN401 -- as above
        seen.append(threading.current_thread().name)
        if len(seen) == 2:
            raise KeyError("no")
        connection.cursor().execute("SELECT 1")

    async def main() -> None:
        pool = database.pool(on_connect=look)
        await pool.runQuery("SELECT 1")
        asked = [pool.runQuery("SELECT 1") for _ in range(2)]
        results = await DeferredList(asked, consumeErrors=True)
        assert [success for success, _ in results] == [True, False]
        assert pool.stats().open == 1
        assert threading.current_thread().name not in seen
        await pool.close()

    loop.run(main)


def test_closing_waits(database: Database, loop: Loop) -> None:
    """Closing waits for what runs and refuses what is new; those who wait are told."""

    async def main() -> None:
        pool = database.pool(max_size=1)
        order: list[str] = []
        running = pool.runQuery(database.sleep, [0.1]).addCallback(lambda _: order.append("done"))
        waiting = pool.runQuery("SELECT 1")
        closed = pool.close().addCallback(lambda _: order.append("closed"))
        again = pool.close()
        with pytest.raises(PoolClosed, match="meanwhile"):
            await waiting
        with pytest.raises(PoolClosed, match="is closed"):
            await pool.runQuery("SELECT 1")
        with pytest.raises(PoolClosed):
            await pool.ready(10)
        assert (await pool.health()).error == "PoolClosed: this pool of SQL connections is closed"
        await running
        await closed
        await again
        await pool.finalClose()
        assert order == ["done", "closed"]

    loop.run(main)


def test_wrong_timeouts(database: Database, loop: Loop) -> None:
    """A timeout that makes no sense changes nothing: the pool goes on, and can be closed."""

    async def main() -> None:
        pool = database.pool()
        wrong: list[tuple[Any, type[Exception]]] = [
            (-1, ValueError),
            (float("nan"), ValueError),
            (float("inf"), ValueError),
            ("x", TypeError),
        ]
        for timeout, error in [*wrong, (None, TypeError)]:
            with pytest.raises(error, match="timeout is"):
                pool.close(timeout)
            with pytest.raises(error, match="timeout is"):
                await pool.health(timeout)
        for timeout, error in wrong:
            with pytest.raises(error, match="timeout is"):
                pool.ready(timeout)
        assert await pool.runQuery("SELECT 1") == [(1,)]
        await pool.close()
        assert not pool.running

    loop.run(main)


def test_reconnect_of_adbapi(database: Database, loop: Loop) -> None:
    """A function that reconnects is told that it does not go on, and the next one works."""

    def reconnect(cursor: Any) -> None:  # noqa: ANN401 -- as above
        cursor.execute("SELECT 1")
        cursor.reconnect()
        cursor.reopen()

    def of_connection(connection: Any) -> None:  # noqa: ANN401 -- as above
        connection.reconnect()

    async def main() -> None:
        pool = database.pool(max_size=1)
        for run in (
            lambda: pool.runInteraction(reconnect),
            lambda: pool.runWithConnection(of_connection),
        ):
            with pytest.raises(TransactionOver, match="thrown its connection away, by reconnect"):
                await run()
            assert await pool.runQuery("SELECT 1") == [(1,)]
        assert pool.stats().connects == 3
        await pool.close()

    loop.run(main)


def test_function_that_waits(database: Database, loop: Loop) -> None:
    """A coroutine or Deferred cannot be awaited in a thread, which is told; nothing is kept."""

    async def coroutine(_cursor: object) -> None:
        raise AssertionError

    def deferred(connection: Any) -> Any:  # noqa: ANN401 -- as above
        connection.cursor().execute("INSERT INTO awaiting VALUES (1)")
        return succeed(None)

    async def main() -> None:
        pool = database.pool(max_size=1)
        await tables_of(pool, awaiting="n INT PRIMARY KEY")
        for run in (pool.runInteraction, pool.runWithConnection):
            with pytest.raises(TypeError, match="returned a coroutine, but it runs in a thread"):
                await run(coroutine)
        with pytest.raises(TypeError, match="returned a Deferred"):
            await pool.runWithConnection(deferred)
        with pytest.raises(TypeError, match="returned a coroutine"):
            async with pool.transaction() as t:
                await t.runInteraction(coroutine)
        assert await pool.runQuery("SELECT n FROM awaiting") == []
        await pool.close()

    loop.run(main)


def test_closing_cuts(database: Database, loop: Loop) -> None:
    """Closing waits no longer than it may; then the connections are cut."""

    async def main() -> None:
        pool = database.pool(max_size=2)
        running = pool.runQuery(database.sleep, [20])
        held = pool.transaction()
        await held.__aenter__()
        await loop.until("connection", lambda: pool.stats().open == 2)
        closed = pool.close(timeout=0.1)
        with pytest.raises(TimeoutError, match="cut"):
            await running
        await closed
        with pytest.raises(PoolClosed):
            await held.runQuery("SELECT 1")
        with pytest.raises(PoolClosed):
            await held.__aexit__(None, None, None)
        assert pool.stats().cut == 2

    loop.run(main)


def test_without_a_reactor_that_runs(database: Database, loop: Loop) -> None:
    """A pool may be made and closed where no reactor runs, and be asked before it does."""
    pool = database.pool()
    assert pool.close().called
    early = database.pool()
    asked = early.runQuery("SELECT 1")

    async def main() -> None:
        assert await asked == [(1,)]
        await early.close()

    loop.run(main)


def test_the_reactor_stops(database: Database) -> None:
    """A reactor that stops closes the pool first; nobody has to."""
    events: list[Any] = []

    class Reactor:
        """Only what a pool that nobody uses asks for."""

        def callWhenRunning(self, function: Callable[[], object]) -> None:  # noqa: N802 -- Twisted's name
            function()

        def addSystemEventTrigger(self, phase: str, event: str, function: object) -> str:  # noqa: N802 -- as above
            events.append((phase, event))
            events.append(function)
            return "handle"

        def callLater(self, _seconds: float, _function: object) -> threading.Timer:  # noqa: N802 -- as above
            return threading.Timer(0, int)

    pool = connect(database.url(), reactor=Reactor())
    assert events[0] == ("before", "shutdown")
    pool.start()
    assert len(events) == 2
    assert pool.running
    assert events[1]().called
    assert not pool.running
    pool.start()
    assert not pool.running
