"""Databases that refuse, die, come back, or say nothing any more."""

import os
import signal
import socket
import threading
import time
from typing import Any

import pytest
from twisted.internet.defer import Deferred, DeferredList, gatherResults

from cyclone_storage.dbsafe import dbsafe
from cyclone_storage.errors import PoolTimeout, StorageUnavailable
from cyclone_storage.sql import SQLPool, StatementTimeout, connect

from ..running import Loop
from ..servers.postgresql import PASSWORD
from ..servers.processes import free_port
from .databases import Database, tables_of


def test_wrong_password(database: Database, loop: Loop) -> None:
    """A wrong password is the driver's error, and it is nowhere shown."""

    async def main() -> None:
        pool = connect(database.url(password="not the secret"))  # noqa: S106 -- a wrong one
        for _ in range(2):
            with pytest.raises(pool.dbapi.OperationalError) as caught:
                await pool.ready()
            assert "not the secret" not in str(caught.value) + repr(pool) + str(pool.stats())
        health = await pool.health()
        assert not health.ok
        assert "OperationalError" in str(health.error)
        assert pool.stats().open == 0
        await pool.close()

    loop.run(main)


def test_wrong_database(database: Database, loop: Loop) -> None:
    """A database that is not there is the driver's error."""

    async def main() -> None:
        pool = connect(database.url(database="nowhere"))
        with pytest.raises(pool.dbapi.OperationalError, match="nowhere"):
            await pool.runQuery("SELECT 1")
        await pool.close()

    loop.run(main)


def test_nobody_listens(database: Database, loop: Loop) -> None:
    """Where nobody listens, once is enough to know; with a timeout it is tried until then."""

    async def main() -> None:
        pool = connect(database.url().replace(str(database.server.port), str(free_port())))
        with pytest.raises(pool.dbapi.OperationalError, match="refused"):
            await pool.ready()
        before = pool.stats().begun
        with pytest.raises(
            PoolTimeout, match=r"is not there after 0.3 s: OperationalError"
        ) as caught:
            await pool.ready(0.3)
        assert isinstance(caught.value.__cause__, pool.dbapi.OperationalError)
        assert PASSWORD not in str(caught.value)
        assert 2 <= pool.stats().begun - before <= 10
        await pool.close()

    loop.run(main)


def test_silent_server(database: Database, loop: Loop) -> None:
    """A server that accepts and says nothing ends the wait for a connection in time."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        async def main() -> None:
            url = database.url().replace(str(database.server.port), str(port))
            pool = connect(url, connect_timeout=1.0)
            begun = time.monotonic()
            with pytest.raises((pool.dbapi.OperationalError, StatementTimeout)):
                await pool.runQuery("SELECT 1")
            assert time.monotonic() - begun < 10
            health = await pool.health(0.05)
            assert health.error == "no answer in 0.05 s"
            await pool.close(0.1)

        loop.run(main)


@pytest.mark.parametrize("length", [b"", b"\x4a\x00\x00\x00"])
def test_garbage(database: Database, loop: Loop, length: bytes) -> None:
    """A server that speaks another language is an error of the driver, and trouble."""
    with socket.create_server(("127.0.0.1", 0)) as garbage:
        port = garbage.getsockname()[1]

        def speak() -> None:
            peer, _ = garbage.accept()
            peer.sendall((length + b"HTTP/1.1 400 Bad Request\r\n\r\n") * 4)
            peer.close()

        async def main() -> None:
            pool = connect(database.url().replace(str(database.server.port), str(port)))
            loop.reactor.callInThread(speak)
            with pytest.raises(StorageUnavailable) as caught:
                await dbsafe(pool.runQuery)("SELECT 1")
            assert isinstance(caught.value.__cause__, pool.dbapi.OperationalError)
            if database.scheme == "mysql":
                assert "is not MySQL's protocol" in str(caught.value)
            assert pool.stats().open == 0
            await pool.close()

        loop.run(main)


def test_server_that_only_reads(own: Database, loop: Loop) -> None:
    """A server that has become read-only is trouble: another one may be there soon."""

    async def main() -> None:
        pool, root = own.pool(), own.pool()
        await tables_of(pool, reading="n INT")
        if own.scheme == "postgresql":
            await root.runOperation("ALTER DATABASE cyclone SET default_transaction_read_only = on")
            await pool.close()
            pool = own.pool()
            with pytest.raises(StorageUnavailable, match="ReadOnlySqlTransaction"):
                await dbsafe(pool.runOperation)("INSERT INTO reading VALUES (1)")
        else:
            await pool.runWithConnection(
                lambda connection: connection.cursor().execute("SET SESSION tx_read_only = 1")
            )
            with pytest.raises(StorageUnavailable, match="1792"):
                await dbsafe(pool.runOperation)("INSERT INTO reading VALUES (1)")
        await pool.close()
        await root.close()

    loop.run(main)


def test_lost_while_idle(database: Database, loop: Loop) -> None:
    """A connection that the server has closed meanwhile is replaced before a statement is sent."""

    async def main() -> None:
        pool, other = database.pool(max_size=1), database.pool()
        ((number,),) = await pool.runQuery(database.myself)
        await database.end(other, number)
        await loop.pause(0.05)
        ((again,),) = await pool.runQuery(database.myself)
        assert again != number
        stats = pool.stats()
        assert (stats.failed, stats.lost, stats.connects) == (0, 1, 2)
        await pool.close()
        await other.close()

    loop.run(main)


def test_lost_under_a_statement(database: Database, loop: Loop) -> None:
    """A statement whose connection is lost fails once, and the next one works."""

    async def main() -> None:
        pool, other = database.pool(max_size=1), database.pool()
        ((number,),) = await pool.runQuery(database.myself)
        running = pool.runQuery(database.sleep, [20])
        await loop.pause(0.05)
        await database.end(other, number)
        with pytest.raises(pool.dbapi.OperationalError):
            await running
        assert await pool.runQuery("SELECT 1") == [(1,)]
        assert pool.stats().failed == 1
        await pool.close()
        await other.close()

    loop.run(main)


def test_lost_under_a_function(database: Database, loop: Loop) -> None:
    """A function that raises keeps its exception, also if its connection was lost meanwhile."""
    lost = threading.Event()
    numbers: list[int] = []

    def function(cursor: Any) -> None:  # noqa: ANN401 -- adbapi's
        cursor.execute(database.myself)
        numbers.append(cursor.fetchone()[0])
        lost.wait(10)
        raise KeyError

    async def main() -> None:
        pool, other = database.pool(max_size=1), database.pool()
        running = pool.runInteraction(function)
        await loop.until("connection", lambda: numbers)
        await database.end(other, numbers[0])
        await loop.pause(0.05)
        lost.set()
        with pytest.raises(KeyError):
            await running
        assert pool.stats().lost == 1
        assert await pool.runQuery("SELECT 1") == [(1,)]
        await pool.close()
        await other.close()

    loop.run(main)


def test_closed_by_a_function(database: Database, loop: Loop) -> None:
    """A function that closes the driver's connection does no harm beyond its own failure."""

    def close(_connection: object, pool: SQLPool) -> None:
        pool.connect().close()
        raise KeyError

    async def main() -> None:
        pool = database.pool(max_size=1)
        for _ in range(2):
            with pytest.raises(KeyError):
                await pool.runWithConnection(close, pool)
        assert await pool.runQuery("SELECT 1") == [(1,)]
        assert pool.stats().connects == 3
        await pool.close()

    loop.run(main)


def test_statement_timeout_of_mysql(loop: Loop, mysql: Database) -> None:
    """A server that does not call itself MariaDB is told the timeout in MySQL's words."""
    assert mysql.scheme == "mysql"
    oracle = Database.start("mysql", version="8.0.36")

    async def main() -> None:
        pool = oracle.pool()
        with pytest.raises(pool.dbapi.Error, match="'max_execution_time'"):  # MariaDB has none
            await pool.ready()
        await pool.close()

    try:
        loop.run(main)
    finally:
        oracle.server.close()


def test_ping(database: Database, loop: Loop) -> None:
    """After a time without use a connection is asked whether it lives, and goes on."""

    async def main() -> None:
        pool = database.pool(max_size=1, ping_after=0)
        numbers = [await pool.runQuery(database.myself) for _ in range(3)]
        assert numbers[0] == numbers[1] == numbers[2]
        assert pool.stats().lost == 0
        await pool.close()

    loop.run(main)


def test_statement_timeout(database: Database, loop: Loop) -> None:
    """The server gives up a statement that takes too long, and the connection goes on."""
    statement = (
        "SELECT pg_sleep(20)"
        if database.scheme == "postgresql"
        else "SELECT COUNT(*) FROM seq_1_to_100000 a, seq_1_to_100000 b"
    )

    async def main() -> None:
        pool = database.pool(max_size=1, statement_timeout=0.2)
        with pytest.raises(pool.dbapi.OperationalError, match=r"timeout|interrupted"):
            await pool.runQuery(statement)
        assert await pool.runQuery("SELECT 1") == [(1,)]
        assert pool.stats().connects == 1
        await pool.close()

    loop.run(main)


def test_no_statement_timeout(database: Database, loop: Loop) -> None:
    """Without a bound nothing is set, and nothing is cut."""

    async def main() -> None:
        pool = database.pool(statement_timeout=None)
        assert len(await pool.runQuery(database.sleep, [0.6])) == 1
        assert pool.stats().cut == 0
        await loop.until("rest", lambda: not loop.left())
        await pool.close()

    loop.run(main)


def test_server_that_hangs(own: Database, loop: Loop) -> None:
    """A server that says nothing any more fails all that wait for it, and works when it goes on."""

    def wait(cursor: Any) -> None:  # noqa: ANN401 -- whatever it is
        cursor.execute("SELECT 1")

    async def main() -> None:
        pool = own.pool(max_size=4, statement_timeout=0.5, connect_timeout=1)
        await gatherResults([pool.runQuery(own.sleep, [0.05]) for _ in range(3)])
        held = await pool.transaction().__aenter__()
        processes = processes_of(own)
        for each in processes:
            os.kill(each, signal.SIGSTOP)
        try:
            asked = [
                pool.runQuery("SELECT 1"),
                pool.runInteraction(wait),
                held.runQuery("SELECT 1"),
            ]
            asked.append(pool.runOperation("SELECT 2"))
            results = await DeferredList(asked, consumeErrors=True)
        finally:
            for each in processes:
                os.kill(each, signal.SIGCONT)
        assert [success for success, _ in results] == [False] * 4
        errors = [result.value for _, result in results]
        assert all("did not answer in time" in str(error) for error in errors[:3]), errors
        assert pool.stats().cut >= 3
        await held.__aexit__(KeyError, KeyError(), None)
        assert await pool.runQuery("SELECT 1") == [(1,)]
        await pool.close()

    loop.run(main)


def processes_of(database: Database) -> list[int]:
    """Return the numbers of a server's process and of its children."""
    assert database.server.process is not None
    number = database.server.process.pid
    with open(f"/proc/{number}/task/{number}/children", encoding="ascii") as children:  # noqa: PTH123 -- of the kernel
        return [*map(int, children.read().split()), number]


async def write(pool: SQLPool, number: int, results: dict[str, list[int]]) -> None:
    """Write one row, and keep what became of it."""

    @dbsafe
    async def method() -> None:
        await pool.runOperation("INSERT INTO written VALUES (%s)", [number])

    try:
        await method()
    except StorageUnavailable:
        results["failed"].append(number)
    else:
        results["kept"].append(number)


def test_killed_and_restarted_under_load(own: Database, loop: Loop) -> None:
    """A server dies under load and comes back: all Deferreds fire, the figures add up.

    What was said to be kept is there, once; of what failed, some may be, but nothing twice.
    """

    async def main() -> None:
        pool = own.pool(max_size=5, wait_timeout=10)
        await tables_of(pool, written="n INT")
        results: dict[str, list[int]] = {"kept": [], "failed": []}
        count = 0

        async def client() -> None:
            nonlocal count
            while not stop:
                count += 1
                await write(pool, count, results)
                await loop.pause(0.001)

        stop = False
        clients = [Deferred.fromCoroutine(client()) for _ in range(20)]
        for _ in range(2):
            kept = len(results["kept"])
            await loop.until("rows", lambda kept=kept: len(results["kept"]) > kept + 100)
            own.server.kill()
            failed = len(results["failed"])
            await loop.until("failures", lambda failed=failed: len(results["failed"]) > failed + 50)
            own.server.start()
        kept = len(results["kept"])
        await loop.until("rows", lambda: len(results["kept"]) > kept + 100)
        stop = True
        await gatherResults(clients)
        assert len(results["kept"]) + len(results["failed"]) == count
        stats = pool.stats()
        assert stats.begun == stats.succeeded + stats.failed
        assert stats.waiting == stats.running == 0
        rows = [number for (number,) in await pool.runQuery("SELECT n FROM written")]
        assert len(rows) == len(set(rows))
        assert set(results["kept"]) <= set(rows) <= {*results["kept"], *results["failed"]}
        await pool.close()

    loop.run(main, patience=60)
