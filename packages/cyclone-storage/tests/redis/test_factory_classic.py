"""The classic ways: `reactor.connectTCP(host, port, factory)`, factories and protocols of one's own."""

# ruff: noqa: ANN401, ARG002, B023 -- signatures are Twisted's, and loops wait for their functions

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint
from txredisapi import BaseRedisProtocol as ClassicProtocol
from txredisapi import SubscriberProtocol
from zope.interface import implementer

from cyclone_storage.redis import (
    AuthenticationError,
    ConnectionError,  # noqa: A004 -- txredisapi's name
    NotConnected,
    RedisFactory,
    RedisProtocol,
)

from ..running import Loop
from ..servers.redis import RedisServer


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """Give a server that a test may kill."""
    server = RedisServer()
    yield server
    server.close()


def quick(**options: Any) -> RedisFactory:
    """Return a factory that tries again soon."""
    factory = RedisFactory(None, None, 1, **options)
    factory.initialDelay = 0.05
    return factory


def test_connect_tcp_makes_and_keeps_a_connection(loop: Loop, server: RedisServer) -> None:
    """The factory's Deferred gives the handler, and a lost connection is made again."""

    async def main() -> None:
        factory = quick()
        loop.reactor.connectTCP("127.0.0.1", server.port, factory)
        handler = await factory.deferred
        assert handler is factory.handler
        assert await handler.set("classic:a", 1) == "OK"
        server.kill()
        await loop.until("loss", lambda: factory.size == 0)
        assert "127.0.0.1" in handler.stats().where
        await loop.pause(0.1)
        server.start()
        assert await handler.get("classic:a") is None
        assert (handler.stats().lost, handler.stats().reconnects) == (1, 1)
        await handler.disconnect()

    loop.run(main)


def test_connect_unix_does_so_too(loop: Loop, server: RedisServer) -> None:
    """A Unix socket is a server as well; several connections are several calls."""

    async def main() -> None:
        factory = RedisFactory(None, None, 2)
        for _ in range(2):
            loop.reactor.connectUNIX(str(server.path), factory)
        handler = await factory.deferred
        assert handler.stats().connected == 2
        assert handler.stats().where == str(server.path)
        assert await handler.ping() == "PONG"
        await handler.disconnect()

    loop.run(main)


def test_nobody_listens_and_trying_stops(loop: Loop) -> None:
    """`stopTrying` ends it, and those who wait are told; `resetDelay` begins anew."""

    async def main() -> None:
        factory = quick(isLazy=True)
        loop.reactor.connectTCP("127.0.0.1", 1, factory)
        waiting = factory.handler.get("a")
        await loop.until("failure", lambda: factory.troubles.last_error)
        factory.resetDelay()
        await loop.until("another", lambda: factory.connectors.backoffs()[0].failures == 1)
        factory.stopTrying()
        with pytest.raises(NotConnected, match="refused"):
            await waiting
        await factory.disconnect()

    loop.run(main)


def test_trying_can_be_stopped_while_it_connects(loop: Loop, server: RedisServer) -> None:
    """An attempt that is under way is given up; a connection stays until it is lost."""

    async def main() -> None:
        factory = quick(isLazy=True)
        loop.reactor.connectTCP("127.0.0.1", server.port, factory)
        factory.stopTrying()
        with pytest.raises(ConnectionError):
            await factory.handler.get("a")
        second = quick()
        loop.reactor.connectTCP("127.0.0.1", server.port, second)
        handler = await second.deferred
        second.stopTrying()
        assert await handler.get("a") is None
        server.kill()
        await loop.until("loss", lambda: second.size == 0)
        with pytest.raises(NotConnected):
            await handler.get("a")
        await factory.disconnect()
        await second.disconnect()

    loop.run(main)


def test_slots_stop_trying(loop: Loop, server: RedisServer) -> None:
    """The same with endpoints: before a connection, with one, and between two attempts."""

    async def main() -> None:
        endpoint = TCP4ClientEndpoint(loop.reactor, "127.0.0.1", server.port)
        early = quick(isLazy=True)
        early.startConnecting(endpoint)
        waiting = early.handler.get("a")
        await early.stopTrying()
        with pytest.raises(NotConnected):
            await waiting
        factory = quick()
        factory.startConnecting(endpoint)
        handler = await factory.deferred
        await factory.stopTrying()
        assert await handler.get("a") is None
        server.kill()
        await loop.until("loss", lambda: factory.size == 0)
        with pytest.raises(NotConnected):
            await handler.get("a")
        between = quick(isLazy=True)
        between.startConnecting(endpoint)
        await loop.until("failure", lambda: between.troubles.last_error)
        await between.stopTrying()
        with pytest.raises(NotConnected):
            await between.handler.get("a")
        for each in (early, factory, between):
            await each.disconnect()

    loop.run(main)


def test_a_blocking_command_of_a_classic_factory_uses_its_connection(
    loop: Loop, redis_server: RedisServer
) -> None:
    """There is nothing to make another one with; afterwards it is everybody's."""

    async def main() -> None:
        factory = quick()
        loop.reactor.connectTCP("127.0.0.1", redis_server.port, factory)
        handler = await factory.deferred
        await handler.rpush("classic:queue", "job")
        assert await handler.blpop("classic:queue") == ["classic:queue", "job"]
        waiting = handler.blpop("classic:queue")
        assert handler.stats().exclusive == 1
        waiting.cancel()
        with pytest.raises(CancelledError):
            await waiting
        assert await handler.llen("classic:queue") == 0
        await handler.disconnect()

    loop.run(main)


class Loud(RedisProtocol):
    """A protocol whose `connectionLost` calls no other, as the demos of cyclone 1.x have it."""

    gone = 0

    def connectionLost(self, reason: object) -> None:  # type: ignore[override]
        """Count."""
        Loud.gone += 1

    def shout(self, text: str) -> "Deferred[Any]":
        """Answer in capitals: a command of one's own."""
        return self.execute_command("ECHO", text.upper())


def test_a_protocol_of_ones_own(loop: Loop, server: RedisServer) -> None:
    """Its commands are the pool's, and its loss is noticed though it says nothing."""

    async def main() -> None:
        for classic in (True, False):
            factory = quick()
            factory.protocol = Loud
            if classic:
                loop.reactor.connectTCP("127.0.0.1", server.port, factory)
            else:
                factory.startConnecting(TCP4ClientEndpoint(loop.reactor, "127.0.0.1", server.port))
            handler = await factory.deferred
            assert await handler.shout("hello") == "HELLO"
            lost = Loud.gone
            server.kill()
            await loop.until("loss", lambda: factory.size == 0)
            server.start()
            await handler.ready()
            assert Loud.gone == lost + 1
            await handler.disconnect()

    loop.run(main)


def test_txredisapis_own_protocol(loop: Loop, server: RedisServer) -> None:
    """A program that has written its protocols for txredisapi keeps them: reply by reply."""

    async def main() -> None:
        factory = quick()
        factory.protocol = ClassicProtocol
        factory.startConnecting(TCP4ClientEndpoint(loop.reactor, "127.0.0.1", server.port))
        handler = await factory.deferred
        assert await handler.set("classic:tx", "5") == "OK"
        assert await handler.get("classic:tx") == 5
        transaction = await handler.multi()
        await transaction.get("classic:tx")
        waiting = handler.get("classic:tx")
        await transaction.discard()
        assert await waiting == 5
        watching = await handler.watch("classic:tx")
        await watching.unwatch()
        assert handler.stats().exclusive == 0
        await handler.disconnect()

    loop.run(main)


def test_the_queue_of_connections(loop: Loop, redis_server: RedisServer) -> None:
    """`getConnection` and `connectionQueue` are what txredisapi's programs know."""

    async def main() -> None:
        factory = quick()
        factory.startConnecting(TCP4ClientEndpoint(loop.reactor, "127.0.0.1", redis_server.port))
        await factory.deferred
        conn = await factory.getConnection()
        assert factory.connectionQueue.pending == []
        factory.connectionQueue.put(conn)
        factory.connectionQueue.put(conn)
        assert factory.connectionQueue.pending == [conn]
        assert await factory.getConnection(peek=True) is conn
        assert await factory.connectionQueue.peek() is conn
        assert await factory.connectionQueue.get() is conn
        assert factory.pool == [conn]
        factory.delConnection(conn)
        assert (factory.size, factory.pool) == (0, [])
        factory.delConnection(conn)
        empty = factory.waitForEmptyPool()
        assert empty.called
        await factory.disconnect()

    loop.run(main)


def test_waiting_for_an_empty_pool_closes_nothing(loop: Loop, server: RedisServer) -> None:
    """It fires when the last connection is lost; who is cancelled is forgotten."""

    async def main() -> None:
        factory = quick()
        factory.startConnecting(TCP4ClientEndpoint(loop.reactor, "127.0.0.1", server.port))
        await factory.deferred
        empty, cancelled = factory.waitForEmptyPool(), factory.waitForEmptyPool()
        cancelled.addErrback(lambda _: None)
        cancelled.cancel()
        assert not empty.called
        server.kill()
        await empty
        await factory.disconnect()

    loop.run(main)


def test_a_pool_that_nobody_waits_for_any_more_is_closed(
    loop: Loop, redis_server: RedisServer
) -> None:
    """Cancelling what a maker returned closes what was connected."""

    async def main() -> None:
        factory = quick()
        factory.startConnecting(TCP4ClientEndpoint(loop.reactor, "127.0.0.1", redis_server.port))
        making = factory.complete()
        making.addErrback(lambda _: None)
        making.cancel()
        assert factory.disconnectCalled
        await factory.waitForEmptyPool()

    loop.run(main)


def test_what_a_protocol_complains_of(loop: Loop) -> None:
    """Text becomes an exception, as in txredisapi a ValueError."""

    async def main() -> None:
        factory = quick()
        making = factory.complete()
        factory.connectionError("Redis error: could not auth")
        with pytest.raises(ValueError, match="could not auth"):
            await making
        lazy = quick(isLazy=True)
        lazy.connectionError(AuthenticationError("no"))
        with pytest.raises(AuthenticationError, match="no"):
            await lazy.handler.get("a")

    loop.run(main)


def test_a_connection_that_comes_too_late_is_closed(loop: Loop, redis_server: RedisServer) -> None:
    """One that was lost, or whose pool was closed, before it could be taken in."""

    async def main() -> None:
        factory = quick()
        factory.startConnecting(TCP4ClientEndpoint(loop.reactor, "127.0.0.1", redis_server.port))
        await factory.deferred
        (conn,) = factory.pool
        await factory.disconnect()
        factory.addConnection(conn)
        assert factory.size == 0
        second = quick()
        second.addConnection(conn)
        assert second.size == 0

    loop.run(main)


def test_an_endpoint_that_gives_no_protocol(loop: Loop, redis_server: RedisServer) -> None:
    """A factory may refuse an address; that is a failed attempt."""

    class Refusing(RedisFactory):
        def buildProtocol(self, addr: object) -> Any:
            return None

    async def main() -> None:
        factory = Refusing(None, None, 1, isLazy=True)
        factory.reconnect = False
        factory.startConnecting(TCP4ClientEndpoint(loop.reactor, "127.0.0.1", redis_server.port))
        with pytest.raises(NotConnected, match="NoProtocol"):
            await factory.handler.get("a")
        await factory.disconnect()

    loop.run(main)


def test_a_classic_connection_that_is_refused(loop: Loop) -> None:
    """A missing password is found out in the classic way, too."""
    server = RedisServer(requirepass="pw")

    async def main() -> None:
        factory = quick(isLazy=True)
        loop.reactor.connectTCP("127.0.0.1", server.port, factory)
        with pytest.raises(AuthenticationError, match="wants a password"):
            await factory.handler.get("a")
        await factory.disconnect()

    try:
        loop.run(main)
    finally:
        server.close()


def test_a_classic_connection_that_is_given_up_is_made_again(
    loop: Loop, redis_server: RedisServer
) -> None:
    """A transaction that was cancelled at its beginning takes its connection with it."""

    async def main() -> None:
        factory = RedisFactory("named", None, 1)
        loop.reactor.connectTCP("127.0.0.1", redis_server.port, factory)
        handler = await factory.deferred
        assert handler.stats().where == "named"
        beginning = handler.multi()
        beginning.cancel()
        with pytest.raises(CancelledError):
            await beginning
        await loop.until("loss", lambda: factory.size == 0)
        assert await handler.ping() == "PONG"
        await handler.disconnect()

    loop.run(main)


def test_a_complaint_does_not_stop_what_works(loop: Loop, redis_server: RedisServer) -> None:
    """While other connections can be used, one that is refused is only remembered."""

    async def main() -> None:
        factory = quick()
        factory.startConnecting(TCP4ClientEndpoint(loop.reactor, "127.0.0.1", redis_server.port))
        handler = await factory.deferred
        factory.connectionError(AuthenticationError("changed"))
        assert await handler.ping() == "PONG"
        assert handler.stats().last_error == "AuthenticationError: changed"
        await handler.disconnect()

    loop.run(main)


def test_a_listener_is_not_asked_anything(loop: Loop, redis_server: RedisServer) -> None:
    """A subscriber may be subscribed already, and PING would be answered by a message."""

    async def main() -> None:
        factory = quick()
        factory.protocol = SubscriberProtocol
        factory.startConnecting(TCP4ClientEndpoint(loop.reactor, "127.0.0.1", redis_server.port))
        await factory.deferred
        assert factory.attempt_of.keys() == set(factory.pool)
        await factory.disconnect()

    loop.run(main)


def test_closing_while_a_classic_connection_begins(loop: Loop, redis_server: RedisServer) -> None:
    """It is closed as well, in whichever turn that is."""

    async def main() -> None:
        for turns in range(6):
            factory = quick(isLazy=True)
            loop.reactor.connectTCP("127.0.0.1", redis_server.port, factory)
            for _ in range(turns):
                await loop.pause(0)
            await factory.disconnect()
            assert factory.size == 0
            assert not factory.connectors.open
        factory = quick(isLazy=True)
        loop.reactor.connectTCP("127.0.0.1", 1, factory)
        await loop.until("failure", lambda: factory.troubles.last_error)
        await factory.disconnect()

    loop.run(main)


@implementer(IStreamClientEndpoint)
class Regretful:
    """An endpoint that connects, and then says that it could not."""

    def __init__(self, wrapped: TCP4ClientEndpoint) -> None:
        self.wrapped = wrapped

    def connect(self, factory: object) -> "Deferred[object]":
        """Connect, and fail."""

        def regret(_: object) -> object:
            raise OSError("second thoughts")

        connecting: Deferred[object] = self.wrapped.connect(factory).addCallback(regret)
        return connecting


def test_an_endpoint_that_regrets_it(loop: Loop, redis_server: RedisServer) -> None:
    """Its connection is closed, and counts as a failed attempt."""

    async def main() -> None:
        factory = quick(isLazy=True)
        factory.reconnect = False
        endpoint = TCP4ClientEndpoint(loop.reactor, "127.0.0.1", redis_server.port)
        factory.startConnecting(Regretful(endpoint))
        with pytest.raises(NotConnected, match="second thoughts"):
            await factory.handler.get("a")
        await factory.disconnect()

    loop.run(main)
