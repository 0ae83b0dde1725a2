"""Servers that die, come back, refuse or are silent, under load."""

# ruff: noqa: B023, C901, PLR0915, S106, S107 -- passwords of tests, and stories that are told at once

import signal
from collections import Counter
from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred, ensureDeferred, gatherResults
from twisted.internet.protocol import Factory, Protocol

from cyclone_storage.redis import (
    AuthenticationError,
    ConnectionError,  # noqa: A004 -- txredisapi's name
    ConnectionHandler,
    ConnectionPool,
    HandshakeError,
    NotConnected,
    RedisError,
    ResponseError,
    WaitTimeout,
    connect,
    lazyConnection,
)
from cyclone_storage.redis import TimeoutError as RedisTimeoutError

from ..running import Loop
from ..servers.redis import RedisServer


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """Give a server that a test may kill."""
    server = RedisServer(requirepass="right", databases="4")
    yield server
    server.close()


def url(server: RedisServer, password: str = "right") -> str:
    """Return the URL of a server."""
    return f"redis://:{password}@127.0.0.1:{server.port}"


def test_a_server_that_is_killed_and_restarted_under_load(loop: Loop, server: RedisServer) -> None:
    """Each command ends once, nothing waits for ever, and the figures add up."""
    counted: Counter[str] = Counter()

    async def main() -> None:
        pool = connect(url(server), pool_size=5, wait_timeout=3, reply_timeout=3)
        pool._factory.initialDelay = 0.1
        running = True

        async def work(number: int) -> None:
            while running:
                counted["given"] += 1
                try:
                    match number % 4:
                        case 0:
                            await pool.incr("load:n")
                        case 1:
                            transaction = await pool.multi()
                            await transaction.incr("load:n")
                            await transaction.commit()
                        case 2:
                            await pool.blpop("load:queue", timeout=1)
                        case 3:
                            pipeline = await pool.pipeline()
                            first = pipeline.incr("load:n")
                            first.addErrback(lambda _: None)
                            await pipeline.execute_pipeline()
                except RedisError as error:
                    counted[type(error).__name__] += 1
                    # A worker that fails at once must leave the reactor time for the others.
                    await loop.pause(0.01)
                except Exception as error:  # noqa: BLE001 -- counted, and looked at below
                    counted[f"other {type(error).__name__}"] += 1
                    await loop.pause(0.01)
                else:
                    counted["done"] += 1

        workers = [ensureDeferred(work(number)) for number in range(40)]
        for _ in range(2):
            done = counted["done"]
            await loop.until("work", lambda: counted["done"] > done + 200)
            server.kill()
            await loop.until("loss", lambda: pool.stats().connected == 0)
            assert repr(pool) == "<Redis Connection: Not connected>"
            await loop.pause(0.3)
            server.start()
            await loop.until("complete pool", lambda: pool.stats().connected == 5)
        done = counted["done"]
        await loop.until("work", lambda: counted["done"] > done + 200)
        running = False
        await gatherResults(workers)
        stats = pool.stats()
        assert (stats.in_flight, stats.waiting, stats.exclusive) == (0, 0, 0)
        assert stats.lost >= 10
        assert stats.reconnects == stats.lost
        assert stats.commands == counted["given"]
        failed = counted["given"] - counted["done"]
        assert failed >= stats.failures > 0
        assert set(counted) - {"given", "done"} <= {
            "ConnectionError",
            "WaitTimeout",
            "NotConnected",
            "other FirstError",
        }
        await pool.close()

    loop.run(main)


def test_commands_in_flight_fail_once_and_are_not_sent_again(
    loop: Loop, server: RedisServer
) -> None:
    """Whether they were executed is not known; the next ones wait and work."""

    async def main() -> None:
        pool = connect(url(server), pool_size=1, wait_timeout=10)
        await pool.ready()
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        waiting = [pool.incr("flight:n") for _ in range(10)]
        await loop.until("sent", lambda: pool.stats().in_flight == 10)
        server.kill()
        for each in waiting:
            with pytest.raises(ConnectionError, match="not sent again"):
                await each
        later = pool.incr("flight:n")
        server.start()
        assert await later == 1
        stats = pool.stats()
        assert (stats.commands, stats.failures, stats.lost, stats.reconnects) == (11, 10, 1, 1)
        await pool.close()

    loop.run(main)


def test_a_server_that_does_not_answer_is_given_up(loop: Loop, server: RedisServer) -> None:
    """After the time of a reply, of a connection's beginning, and of waiting."""

    async def main() -> None:
        pool = connect(
            url(server), pool_size=1, reply_timeout=0.3, connect_timeout=0.3, wait_timeout=1
        )
        await pool.ready()
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        with pytest.raises(RedisTimeoutError, match=r"0\.3 s"):
            await pool.get("a")
        with pytest.raises(WaitTimeout, match=r"within 1 s; the last attempt met .*0\.3 s"):
            await pool.get("a")
        server.process.send_signal(signal.SIGCONT)
        assert await pool.get("a") is None
        await pool.close()

    loop.run(main)


def test_a_frozen_server_does_not_keep_a_pool_from_closing(loop: Loop, server: RedisServer) -> None:
    """What cannot be written is thrown away after a while."""

    async def main() -> None:
        pool = connect(url(server), pool_size=1)
        await pool.ready()
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        waiting = pool.set("a", b"x" * 50_000_000)
        await loop.pause(0)
        closing = pool.close()
        with pytest.raises(ConnectionError):
            await waiting
        await closing

    loop.run(main)


def test_a_wrong_password_fails_all_at_once(loop: Loop, server: RedisServer) -> None:
    """Those who wait and those who come; and the pool goes on when the password is right."""

    async def main() -> None:
        pool = connect(url(server, "wr0ng"), pool_size=2, wait_timeout=20)
        pool._factory.initialDelay = 0.05
        waiting: list[Deferred[object]] = [pool.get("a"), pool.ready(), pool.multi()]
        for each in waiting:
            with pytest.raises(AuthenticationError) as caught:
                await each
            assert "wr0ng" not in str(caught.value)
        late = pool.get("a")
        assert late.called
        with pytest.raises(AuthenticationError):
            await late
        admin = connect(url(server))
        await admin.execute("CONFIG", "SET", "requirepass", "wr0ng")
        await loop.until("pool", lambda: pool.stats().connected == 2)
        assert await pool.get("a") is None
        await pool.close()
        await admin.close()

    loop.run(main)


def test_a_missing_password_is_found_out(loop: Loop, server: RedisServer) -> None:
    """Before the first command meets it; in the classic makers it is a ValueError."""

    async def main() -> None:
        with pytest.raises(AuthenticationError, match="wants a password"):
            await ConnectionPool("127.0.0.1", server.port)
        with pytest.raises(ValueError, match="wants a password"):
            await ConnectionPool("127.0.0.1", server.port)
        pool = lazyConnection("127.0.0.1", server.port)
        with pytest.raises(AuthenticationError, match="wants a password"):
            await pool.get("a")
        await pool.disconnect()

    loop.run(main)


def test_a_database_that_there_is_not(loop: Loop, server: RedisServer) -> None:
    """It is an error at once, and names the database."""

    async def main() -> None:
        async with connect(f"{url(server)}/7") as pool:
            with pytest.raises(HandshakeError, match="dbid=7"):
                await pool.ready()

    loop.run(main)


def test_a_user_who_may_do_little_can_be_used(loop: Loop, server: RedisServer) -> None:
    """Who may not PING has a pool all the same."""

    async def main() -> None:
        async with connect(url(server)) as admin:
            await admin.execute("ACL", "SETUSER", "ann", "on", ">pw", "~*", "+get", "+auth")
            async with connect(f"redis://ann:pw@127.0.0.1:{server.port}") as pool:
                assert await pool.get("a") is None
                with pytest.raises(ResponseError, match="NOPERM"):
                    await pool.set("a", 1)

    loop.run(main)


def test_a_server_that_has_no_room(loop: Loop) -> None:
    """What it says is in the error."""
    server = RedisServer(maxclients="1")

    async def main() -> None:
        async with connect(f"redis://127.0.0.1:{server.port}", pool_size=1) as first:
            await first.ready()
            second = connect(f"redis://127.0.0.1:{server.port}", pool_size=1, wait_timeout=0.5)
            with pytest.raises(WaitTimeout, match="max number of clients"):
                await second.get("a")
            await second.close()

    try:
        loop.run(main)
    finally:
        server.close()


def test_nobody_listens(loop: Loop) -> None:
    """A command waits for its time and says what the attempts met; without reconnecting, at once."""

    async def main() -> None:
        async with connect("redis://127.0.0.1:1", wait_timeout=0.2) as pool:
            with pytest.raises(WaitTimeout, match=r"127\.0\.0\.1:1 .* refused"):
                await pool.get("a")
            assert "refused" in str(pool.stats().last_error)
        async with connect("redis://127.0.0.1:1", reconnect=False) as pool:
            waiting = pool.get("a")
            with pytest.raises(NotConnected, match="refused"):
                await waiting
            late = pool.get("a")
            assert late.called
            with pytest.raises(NotConnected, match="reconnect=False"):
                await late
        with pytest.raises(ValueError, match="refused"):
            await ConnectionPool("127.0.0.1", 1, reconnect=False)

    loop.run(main)


def test_what_is_no_redis_server(loop: Loop) -> None:
    """Garbage is an error that says so, and is asked again at a pace."""
    asked = 0

    class Web(Protocol):
        def connectionMade(self) -> None:
            nonlocal asked
            asked += 1
            assert self.transport is not None
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def main() -> None:
        port = loop.reactor.listenTCP(0, Factory.forProtocol(Web), interface="127.0.0.1")
        where = f"redis://127.0.0.1:{port.getHost().port}"
        async with connect(where, pool_size=1, wait_timeout=0.5) as pool:
            with pytest.raises(WaitTimeout, match="ProtocolError"):
                await pool.get("a")
        assert asked == 1
        await port.stopListening()

    loop.run(main)


def test_without_reconnecting_a_lost_pool_stays_lost(loop: Loop, server: RedisServer) -> None:
    """Commands fail at once, for they would wait in vain."""

    async def main() -> None:
        pool: ConnectionHandler = await ConnectionPool(
            "127.0.0.1", server.port, poolsize=2, reconnect=False, password="right"
        )
        server.kill()
        await loop.until("loss", lambda: pool.stats().connected == 0)
        with pytest.raises(NotConnected, match="Not connected"):
            await pool.get("a")
        with pytest.raises(NotConnected, match="Not connected"):
            await pool.blpop("a")
        await pool.disconnect()

    loop.run(main)


def test_a_blocking_command_waits_for_the_server(loop: Loop, server: RedisServer) -> None:
    """A consumer of a queue goes on when the server has come back."""

    async def main() -> None:
        pool = connect(url(server), pool_size=1, wait_timeout=10)
        pool._factory.initialDelay = 0.05
        first = pool.blpop("b:queue")
        await loop.until("it blocks", lambda: pool.stats().blocking == 1)
        server.kill()
        with pytest.raises(ConnectionError):
            await first
        await loop.until("loss", lambda: pool.stats().connected == 0)
        second = pool.blpop("b:queue")
        server.start()
        await pool.rpush("b:queue", "job")
        assert await second == ["b:queue", "job"]
        await pool.close()

    loop.run(main)


def test_a_server_that_accepts_and_says_nothing(loop: Loop) -> None:
    """The beginning of a connection is bounded, also where replies are not."""

    async def main() -> None:
        port = loop.reactor.listenTCP(0, Factory.forProtocol(Protocol), interface="127.0.0.1")
        where = f"redis://127.0.0.1:{port.getHost().port}"
        async with connect(
            where, reply_timeout=None, connect_timeout=0.1, wait_timeout=0.5
        ) as pool:
            with pytest.raises(WaitTimeout, match=r"did not answer within 0\.1 s"):
                await pool.get("a")
        await port.stopListening()

    loop.run(main)
