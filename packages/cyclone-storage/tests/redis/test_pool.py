"""A pool against a real server: lending, waiting, blocking, ending."""

import pytest
from twisted.internet.defer import CancelledError, Deferred, gatherResults

from cyclone_storage.redis import (
    ConnectionError,  # noqa: A004 -- txredisapi's name
    ConnectionHandler,
    RedisPoolClosed,
    ResponseError,
    WaitTimeout,
    connect,
)

from ..running import Loop
from ..servers.redis import RedisServer


def pool_of(server: RedisServer, **options: object) -> ConnectionHandler:
    """Return a pool of two connections to a server."""
    return connect(f"redis://127.0.0.1:{server.port}/9", **{"pool_size": 2, **options})  # type: ignore[arg-type]


def test_commands_may_be_given_before_there_is_a_connection(
    loop: Loop, redis_server: RedisServer
) -> None:
    """They wait for one, and each gets its own answer."""

    async def main() -> None:
        async with pool_of(redis_server) as pool:
            waiting = [pool.execute("ECHO", f"n{n}") for n in range(100)]
            assert pool.stats().waiting == 100
            assert await gatherResults(waiting) == [f"n{n}" for n in range(100)]
            stats = pool.stats()
            assert (stats.waiting, stats.in_flight, stats.commands) == (0, 0, 100)
            assert stats.failures == 0

    loop.run(main)


def test_ready_says_whether_commands_can_be_sent(loop: Loop, redis_server: RedisServer) -> None:
    """It gives the pool, at once if there is a connection."""

    async def main() -> None:
        async with pool_of(redis_server) as pool:
            assert await pool.ready() is pool
            ready = pool.ready()
            assert ready.called
            assert await ready is pool
            await loop.until("second connection", lambda: pool.stats().connected == 2)
            assert (
                repr(pool) == f"<Redis Connection: 127.0.0.1:{redis_server.port} - 2 connection(s)>"
            )
        assert repr(pool) == "<Redis Connection: Not connected>"

    loop.run(main)


def test_transactions_have_connections_of_their_own(loop: Loop, redis_server: RedisServer) -> None:
    """What others do meanwhile is not part of them; with all lent, others wait for a bounded time."""

    async def main() -> None:
        async with pool_of(redis_server, wait_timeout=0.2) as pool:
            first, second = await pool.multi(), await pool.multi()
            assert first is not second
            assert pool.stats().exclusive == 2
            assert await pool.ready() is pool
            with pytest.raises(WaitTimeout, match=r"all 2 connections .* in use by transactions"):
                await pool.get("pool:a")
            waiting = pool.set("pool:a", "b")
            await first.set("pool:a", "c")
            await first.commit()
            assert await waiting == "OK"
            assert await pool.get("pool:a") == "b"
            await second.discard()
            assert pool.stats().exclusive == 0
            assert await pool.delete("pool:a") == 1

    loop.run(main)


def test_a_transaction_waits_in_line(loop: Loop, redis_server: RedisServer) -> None:
    """It gets the connection when another one ends, before those who came later."""

    async def main() -> None:
        async with pool_of(redis_server, pool_size=1) as pool:
            first = await pool.multi()
            waiting = pool.multi()
            behind = pool.get("pool:none")
            await first.discard()
            second = await waiting
            assert second is first
            assert not behind.called
            await second.commit()
            assert await behind is None

    loop.run(main)


def test_a_connection_lost_in_a_transaction_is_replaced(
    loop: Loop, redis_server: RedisServer
) -> None:
    """Its commands fail, nothing of it is run, and the pool is complete again."""

    async def main() -> None:
        async with pool_of(redis_server) as pool:
            transaction = await pool.multi()
            await transaction.set("pool:lost", 1)
            lost = transaction.whenDisconnected()
            transaction.transport.abortConnection()
            await lost
            assert pool.stats().exclusive == 0
            with pytest.raises(ConnectionError, match="Not connected"):
                await transaction.commit()
            with pytest.raises(ConnectionError, match="Not connected"):
                await transaction.discard() if transaction.inMulti else await transaction.ping()
            await loop.until("replacement", lambda: pool.stats().connected == 2)
            stats = pool.stats()
            assert (stats.lost, stats.reconnects, stats.exclusive) == (1, 1, 0)
            assert await pool.exists("pool:lost") == 0

    loop.run(main)


def test_a_transaction_that_is_given_up_at_its_beginning_does_not_keep_its_connection(
    loop: Loop, redis_server: RedisServer
) -> None:
    """Nobody knows whether it is in the state of MULTI: another takes its place."""

    async def main() -> None:
        async with pool_of(redis_server, pool_size=1) as pool:
            await pool.ready()
            beginning = pool.multi()
            beginning.cancel()
            with pytest.raises(CancelledError):
                await beginning
            assert await pool.get("pool:none") is None
            stats = pool.stats()
            assert (stats.connected, stats.exclusive) == (1, 0)
            assert (stats.commands, stats.failures) == (2, 1)

    loop.run(main)


def test_a_command_that_waits_can_be_cancelled(loop: Loop, redis_server: RedisServer) -> None:
    """It leaves the line and is never sent."""

    async def main() -> None:
        async with pool_of(redis_server, pool_size=1) as pool:
            transaction = await pool.multi()
            waiting = pool.set("pool:cancelled", 1)
            waiting.cancel()
            with pytest.raises(CancelledError):
                await waiting
            assert pool.stats().waiting == 0
            await transaction.discard()
            assert await pool.exists("pool:cancelled") == 0
            assert pool.stats().failures == 1

    loop.run(main)


def test_a_command_in_flight_can_be_cancelled(loop: Loop, redis_server: RedisServer) -> None:
    """Its answer goes nowhere; those of others are not mixed up."""

    async def main() -> None:
        async with pool_of(redis_server, pool_size=1) as pool:
            await pool.ready()
            first, second, third = (pool.execute("ECHO", f"n{n}") for n in range(3))
            second.cancel()
            with pytest.raises(CancelledError):
                await second
            assert (await first, await third) == ("n0", "n2")
            assert pool.stats().failures == 1

    loop.run(main)


def test_an_error_of_the_server_is_an_answer(loop: Loop, redis_server: RedisServer) -> None:
    """It fails the command, and is not counted as a failure of the pool."""

    async def main() -> None:
        async with pool_of(redis_server) as pool:
            with pytest.raises(ResponseError, match="unknown command"):
                await pool.execute("NOSUCH")
            assert (pool.stats().commands, pool.stats().failures) == (1, 0)

    loop.run(main)


def test_what_a_command_raises_fails_its_deferred(loop: Loop, redis_server: RedisServer) -> None:
    """Both with a connection at hand and while it waits for one."""

    async def main() -> None:
        async with pool_of(redis_server) as pool:
            broken = [pool._run("execute_command", "GET", "a", no_such=1)]
            await pool.ready()
            broken.append(pool._run("execute_command", "GET", "a", no_such=1))
            for each in broken:
                with pytest.raises(TypeError):
                    await each

    loop.run(main)


def test_blocking_commands_block_nobody(loop: Loop, redis_server: RedisServer) -> None:
    """Each has a connection of its own, which is used again; the pool serves the others."""

    async def main() -> None:
        async with pool_of(redis_server, pool_size=1) as pool:
            waiting = [pool.blpop(f"pool:queue{n}") for n in range(5)]
            await loop.until("five", lambda: pool.stats().blocking == 5)
            assert pool.stats().connected == 1
            for n in range(5):
                assert await pool.rpush(f"pool:queue{n}", f"job{n}") == 1
            assert await gatherResults(waiting) == [[f"pool:queue{n}", f"job{n}"] for n in range(5)]
            assert await pool.blpop("pool:queue0", timeout=1) is None
            assert pool.stats().blocking == 5

    loop.run(main)


def test_the_connections_for_blocking_commands_are_bounded(
    loop: Loop, redis_server: RedisServer
) -> None:
    """The next command waits until one ends, or until it has waited too long."""

    async def main() -> None:
        async with pool_of(redis_server, max_blocking=1, wait_timeout=0.3) as pool:
            await pool.ready()
            first, second = pool.blpop("pool:one"), pool.blpop("pool:two")
            with pytest.raises(WaitTimeout, match=r"all 1 connections .* for blocking commands"):
                await second
            third = pool.blpop("pool:three")
            await pool.rpush("pool:three", "c")
            await pool.rpush("pool:one", "a")
            assert await first == ["pool:one", "a"]
            assert await third == ["pool:three", "c"]
            assert pool.stats().blocking == 1

    loop.run(main)


def test_a_blocking_command_that_is_cancelled_takes_nothing_more(
    loop: Loop, redis_server: RedisServer
) -> None:
    """Its connection is closed, so that what comes later is left for others."""

    async def main() -> None:
        async with pool_of(redis_server) as pool:
            waiting = pool.blpop("pool:gone")
            await loop.until("it blocks", lambda: pool.stats().blocking == 1)
            waiting.cancel()
            with pytest.raises(CancelledError):
                await waiting
            await loop.until("it is closed", lambda: pool.stats().blocking == 0)
            await pool.rpush("pool:gone", "job")
            assert await pool.lpop("pool:gone") == "job"

    loop.run(main)


def test_a_blocking_command_can_be_cancelled_while_it_connects(
    loop: Loop, redis_server: RedisServer
) -> None:
    """Nothing is left of it."""

    async def main() -> None:
        async with pool_of(redis_server) as pool:
            await pool.ready()
            waiting = pool.blpop("pool:never")
            assert pool.stats().waiting == 1
            waiting.cancel()
            with pytest.raises((CancelledError, ConnectionError)):
                await waiting
            await loop.until("it is gone", lambda: pool.stats().waiting == 0)
            assert pool.stats().blocking == 0

    loop.run(main)


def test_closing_ends_all_that_waits(loop: Loop, redis_server: RedisServer) -> None:
    """In flight, waiting, blocking, connecting: each fails once, and no connection is left."""

    async def main() -> None:
        pool = pool_of(redis_server, pool_size=1)
        transaction = await pool.multi()
        waiting = pool.get("pool:a")
        blocking = pool.blpop("pool:b")
        await loop.until("it blocks", lambda: pool.stats().blocking == 1)
        connecting = pool.blpop("pool:c")
        queued = transaction.get("pool:d")
        closing = pool.close()
        again = pool.disconnect()
        for each in (waiting, blocking, connecting, queued):
            with pytest.raises(ConnectionError):
                await each
        await closing
        await again
        stats = pool.stats()
        assert (stats.connected, stats.blocking, stats.exclusive, stats.closed) == (0, 0, 0, True)
        for late in (pool.get("pool:a"), pool.multi(), pool.blpop("pool:b"), pool.ready()):
            with pytest.raises(RedisPoolClosed, match=r"closed by disconnect\(\)"):
                await late

    loop.run(main)


def test_a_pool_can_be_closed_while_it_connects(loop: Loop, redis_server: RedisServer) -> None:
    """At once, in the turn in which it is open, and while it authenticates."""

    async def main() -> None:
        for turns in range(8):
            pool = pool_of(redis_server, pool_size=3)
            waiting = pool.get("pool:a")
            for _ in range(turns):
                await loop.pause(0)
            await pool.close()
            assert pool.stats().connected == 0
            waiting.addErrback(lambda failure: failure.trap(ConnectionError) and None)
            await waiting

    loop.run(main)


def test_quit_closes_the_pool(loop: Loop, redis_server: RedisServer) -> None:
    """It answers as Redis does."""

    async def main() -> None:
        pool = pool_of(redis_server)
        await pool.ready()
        assert await pool.quit() == "OK"
        assert pool.stats().closed

    loop.run(main)


def test_the_line_is_bounded(loop: Loop) -> None:
    """A server that is away does not fill the memory with commands."""

    async def main() -> None:
        pool = connect("redis://127.0.0.1:1", wait_timeout=20)
        waiting: list[Deferred[object]] = [pool.get("a") for _ in range(10_000)]
        with pytest.raises(WaitTimeout, match=r"10000 commands wait for 127\.0\.0\.1:1 already"):
            await pool.get("a")
        await pool.close()
        for each in waiting:
            each.addErrback(lambda failure: failure.trap(RedisPoolClosed) and None)

    loop.run(main)


def test_a_connection_lost_at_the_beginning_of_a_transaction(
    loop: Loop, redis_server: RedisServer
) -> None:
    """The transaction fails; there is nothing to give up any more."""

    async def main() -> None:
        async with pool_of(redis_server, pool_size=1) as pool:
            await pool.ready()
            beginning = pool.multi()
            (conn,) = pool._factory.lending.exclusive
            conn.transport.abortConnection()
            with pytest.raises(ConnectionError, match="not sent again"):
                await beginning
            assert await pool.ping() == "PONG"

    loop.run(main)
