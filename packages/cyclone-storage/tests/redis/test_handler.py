"""What a pool's handler does besides commands: names, database, password, rare ends."""

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint
from zope.interface import implementer

from cyclone_storage.errors import PoolClosed
from cyclone_storage.redis import ConnectionHandler, NotConnected, ResponseError, connect

from ..running import Loop
from ..servers.redis import RedisServer


def test_a_name_that_there_is_not(loop: Loop, redis_server: RedisServer) -> None:
    """It is an AttributeError at once, with the nearest name; txredisapi failed when it was used."""

    async def main() -> None:
        async with connect(f"redis://127.0.0.1:{redis_server.port}") as pool:
            for name, hint in [("zad", r"zadd\(\)"), ("qqq", r"execute\("), ("_get", r"execute\(")]:
                with pytest.raises(AttributeError, match=hint):
                    getattr(pool, name)
            with pytest.raises(AttributeError, match=r"no command 'nosuch'\. Any command"):
                pool.nosuch  # noqa: B018 -- too little like touch()
            assert not hasattr(pool, "no_such_command")
        assert not hasattr(ConnectionHandler.__new__(ConnectionHandler), "anything")

    loop.run(main)


def test_select_is_for_all_connections(loop: Loop, redis_server: RedisServer) -> None:
    """Those of the pool, of blocking commands, in transactions, and those that are made later."""

    async def main() -> None:
        async with connect(f"redis://127.0.0.1:{redis_server.port}/9", pool_size=3) as pool:
            await loop.until("pool", lambda: pool.stats().connected == 3)
            transaction = await pool.multi()
            blocking = pool.blpop("handler:q")
            idle = pool.blpop("handler:q", timeout=1)
            await loop.until("it blocks", lambda: pool.stats().blocking == 2)
            assert await pool.rpush("handler:q", 1, 2) == 2
            await blocking
            blocking = pool.blpop("handler:r")
            await idle
            assert await pool.select(10) == "OK"
            await pool.rpush("handler:q", "in ten")
            assert await pool.blpop("handler:q") == ["handler:q", "in ten"]
            other = connect(f"redis://127.0.0.1:{redis_server.port}/9", pool_size=1)
            await other.rpush("handler:r", "in nine")
            assert await blocking == ["handler:r", "in nine"]
            await transaction.set("handler:a", 1)
            assert await transaction.commit() == ["OK"]
            await loop.until("pool", lambda: pool.stats().connected == 3)
            for _ in range(30):
                assert await pool.get("handler:a") is None
            assert await other.delete("handler:a") == 1
            with pytest.raises(ResponseError, match="out of range"):
                await pool.select(10**6)
            assert await pool.get("handler:a") is None
            await other.close()

    loop.run(main)


def test_a_connection_that_was_begun_before_select(loop: Loop, redis_server: RedisServer) -> None:
    """It comes with the old database, and is made again."""

    async def main() -> None:
        async with connect(f"redis://127.0.0.1:{redis_server.port}/9", pool_size=1) as pool:
            while not pool._factory.attempt_of:
                await loop.pause(0)
            assert pool.stats().connected == 0
            pool._factory.change("dbid", 10, [])
            await pool.ready()
            assert [conn.dbid for conn in pool._factory.pool] == [10]

    loop.run(main)


def test_auth_is_for_all_connections(loop: Loop) -> None:
    """When the password has changed, connections that are made later use the new one."""
    server = RedisServer(requirepass="old")

    async def main() -> None:
        async with connect(f"redis://:old@127.0.0.1:{server.port}", pool_size=2) as pool:
            await loop.until("pool", lambda: pool.stats().connected == 2)
            await pool.execute("CONFIG", "SET", "requirepass", "new")
            with pytest.raises(ResponseError):
                await pool.auth("wrong")
            assert await pool.auth("new", "default") == "OK"
            lost = pool._factory.pool[0].whenDisconnected()
            pool._factory.pool[0].transport.abortConnection()
            await lost
            await loop.until("pool", lambda: pool.stats().connected == 2)

    try:
        loop.run(main)
    finally:
        server.close()


@implementer(IStreamClientEndpoint)
class Fickle:
    """An endpoint that can be made to fail, or to hang.

    Attributes:
        how: None, "refuse" or "hang".
    """

    def __init__(self, wrapped: TCP4ClientEndpoint) -> None:
        self.wrapped = wrapped
        self.how: str | None = None

    def connect(self, factory: object) -> "Deferred[object]":
        """Connect, or not."""
        if self.how == "refuse":
            raise OSError("too many open files")
        if self.how == "hang":
            return Deferred()
        connecting: Deferred[object] = self.wrapped.connect(factory)
        return connecting


def test_a_blocking_command_that_gets_no_connection(loop: Loop, redis_server: RedisServer) -> None:
    """It fails with the reason, though the pool is connected; one that waits can be cancelled."""

    async def main() -> None:
        async with connect(f"redis://127.0.0.1:{redis_server.port}", pool_size=1) as pool:
            await pool.ready()
            factory = pool._factory
            endpoint = Fickle(TCP4ClientEndpoint(loop.reactor, "127.0.0.1", redis_server.port))
            factory.endpoint = endpoint
            endpoint.how = "refuse"
            with pytest.raises(NotConnected, match="blocking command: too many open files"):
                await pool.blpop("handler:none")
            endpoint.how = "hang"
            waiting = pool.blpop("handler:none")
            assert pool.stats().waiting == 1
            waiting.cancel()
            with pytest.raises(CancelledError):
                await waiting
            assert pool.stats().waiting == 0
            assert pool.stats().failures == 2

    loop.run(main)


def test_idle_connections_of_blocking_commands_are_closed(
    loop: Loop, redis_server: RedisServer
) -> None:
    """After a minute, or if the server closes them."""

    async def main() -> None:
        async with connect(f"redis://127.0.0.1:{redis_server.port}", pool_size=1) as pool:
            assert await pool.blpop("handler:none", timeout=0.01) is None
            (timer,) = pool._factory.blocking._idle.values()
            timer.reset(0)
            await loop.until("it is closed", lambda: pool.stats().blocking == 0)
            assert await pool.blpop("handler:none", timeout=0.01) is None
            (conn,) = pool._factory.blocking.connections
            conn.transport.abortConnection()
            await loop.until("it is gone", lambda: pool.stats().blocking == 0)

    loop.run(main)


def test_a_dead_connection_is_not_lent(loop: Loop, redis_server: RedisServer) -> None:
    """One that was given up is not used in the turn before the reactor says that it is lost."""

    async def main() -> None:
        async with connect(f"redis://127.0.0.1:{redis_server.port}", pool_size=2) as pool:
            await loop.until("pool", lambda: pool.stats().connected == 2)
            for conn in pool._factory.pool[:1]:
                conn.connected = 0
                conn.transport.abortConnection()
            assert await pool.ping() == "PONG"
            assert pool.stats().failures == 0

    loop.run(main)


def test_those_who_wait_may_cancel_each_other(loop: Loop) -> None:
    """When the pool is closed, a callback of one may have ended the waiting of the next."""

    async def main() -> None:
        pool = connect("redis://127.0.0.1:1")
        first, second = pool.get("a"), pool.get("b")
        first.addErrback(lambda _: second.cancel())
        await pool.close()
        await first
        with pytest.raises(CancelledError):
            await second
        with pytest.raises(PoolClosed):
            await pool.get("c")

    loop.run(main)


def test_complete_after_the_pool_is_complete(loop: Loop, redis_server: RedisServer) -> None:
    """It gives the handler at once."""

    async def main() -> None:
        async with connect(f"redis://127.0.0.1:{redis_server.port}", pool_size=1) as pool:
            await pool.ready()
            assert await pool._factory.complete() is pool

    loop.run(main)
