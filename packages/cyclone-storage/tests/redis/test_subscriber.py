"""Classic subscribers: `messageReceived`, connected by `reactor.connectTCP` or by an endpoint."""

# ruff: noqa: ANN401, ARG002, N802, S106, SIM905 -- txredisapi's names, factories of any class

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs, formatEvent

from cyclone_storage.redis.connecting import connect
from cyclone_storage.redis.errors import AuthenticationError, ResponseError
from cyclone_storage.redis.listening.subscriber import (
    Subscribed,
    SubscriberFactory,
    SubscriberProtocol,
)
from cyclone_storage.redis.pool.factory import RedisFactory

from ..running import Loop
from ..servers.redis import RedisServer
from ..servers.sentinel import client


class Reader(SubscriberProtocol):
    """Keeps what comes in lists of its factory."""

    def connectionMade(self) -> None:
        factory: Any = self.factory
        factory.made = [*getattr(factory, "made", []), self]

    def messageReceived(self, pattern: Any, channel: Any, message: Any) -> None:
        factory: Any = self.factory
        factory.got = [*getattr(factory, "got", []), (pattern, channel, message)]


class ClassicReader(Reader):
    """Subscribes as cyclone 1.x's demos do: in a `connectionMade` that calls no other."""

    def connectionMade(self) -> None:
        super().connectionMade()
        self.subscribe("sub:news")
        self.psubscribe("sub:user.*")

    def connectionLost(self, reason: Any) -> None:
        """Call no other, as it was common."""


def make_factory(protocol: type[Reader] = Reader, **options: Any) -> Any:
    factory = SubscriberFactory(**options)
    factory.protocol = protocol
    factory.initialDelay = 0.05
    factory.made, factory.got = [], []  # type: ignore[attr-defined] # what Reader keeps
    return factory


def connect_tcp(loop: Loop, server: RedisServer, factory: Any) -> None:
    loop.reactor.connectTCP("127.0.0.1", server.port, factory)


async def publish_until(
    loop: Loop, pool: Any, channel: Any, message: str, receivers: int = 1
) -> None:
    """Publish as soon as somebody listens."""
    while await pool.publish(channel, message) < receivers:
        await loop.pause(0.01)


def test_classic(loop: Loop, redis_server: RedisServer) -> None:
    """`reactor.connectTCP` and a `connectionMade` that subscribes: channels and patterns, converted."""
    factory = make_factory(ClassicReader)

    async def main() -> None:
        async with connect(f"redis://127.0.0.1:{redis_server.port}", pool_size=1) as pool:
            connect_tcp(loop, redis_server, factory)
            await publish_until(loop, pool, "sub:news", "hello")
            await publish_until(loop, pool, "sub:user.7", "42")
            await pool.publish("sub:news", b"\xff\xfe")
            await loop.until("messages", lambda: len(factory.got) == 3)
            await factory.disconnect()

    loop.run(main)
    assert factory.got == [
        (None, "sub:news", "hello"),
        ("sub:user.*", "sub:user.7", 42),
        (None, "sub:news", b"\xff\xfe"),
    ]


@pytest.mark.parametrize("protocol", [Reader, ClassicReader])
def test_server_killed(loop: Loop, protocol: type[Reader]) -> None:
    """After kill -9 and a new start of the server messages come again: the factory remembers."""
    server = RedisServer()
    factory = make_factory(protocol)

    async def main() -> None:
        connect_tcp(loop, server, factory)
        await loop.until("connection", lambda: factory.made)
        if protocol is Reader:
            await factory.made[0].subscribe("sub:news")
            await factory.made[0].psubscribe("sub:user.*")
        for round_number in range(2):
            async with connect(f"redis://127.0.0.1:{server.port}", pool_size=1) as pool:
                await publish_until(loop, pool, "sub:news", f"news {round_number}")
                await publish_until(loop, pool, "sub:user.1", f"user {round_number}")
            await loop.until(
                "messages", lambda count=2 * round_number + 2: len(factory.got) == count
            )
            if round_number == 0:
                server.kill()
                await loop.until("loss", lambda: not factory.size)
                server.start()
        await factory.disconnect()

    try:
        loop.run(main)
    finally:
        server.close()
    assert [message for _, _, message in factory.got] == ["news 0", "user 0", "news 1", "user 1"]
    assert len(factory.made) == 2


def test_acknowledgements(loop: Loop, redis_server: RedisServer) -> None:
    """A command of several names is answered when all are acknowledged, and the next one as it should."""
    factory = make_factory()

    async def main() -> None:
        connect_tcp(loop, redis_server, factory)
        await loop.until("connection", lambda: factory.made)
        reader = factory.made[0]
        asked = [
            reader.subscribe(["sub:a", "sub:b", "sub:c"]),
            reader.psubscribe(("sub:*", b"sub:\xff*")),
            reader.unsubscribe("sub:b"),
            reader.unsubscribe(),
            reader.unsubscribe(),
            reader.punsubscribe(iter(["sub:*"])),
            reader.punsubscribe(),
        ]
        found = [await each for each in asked]
        assert found == [
            ["subscribe", "sub:c", 3],
            ["psubscribe", b"sub:\xff*", 5],
            ["unsubscribe", "sub:b", 4],
            ["unsubscribe", "sub:c", 2],
            ["unsubscribe", None, 2],
            ["punsubscribe", "sub:*", 1],
            ["punsubscribe", b"sub:\xff*", 0],
        ]
        assert not factory.subscribed.channels
        assert not factory.subscribed.patterns
        assert await reader.ping() == "PONG"
        await factory.disconnect()

    loop.run(main)


def test_unsubscribed_stays_so(loop: Loop) -> None:
    """What was unsubscribed from does not come back with the next connection."""
    server = RedisServer()
    factory = make_factory()

    async def main() -> None:
        connect_tcp(loop, server, factory)
        await loop.until("connection", lambda: factory.made)
        await factory.made[0].subscribe(["sub:a", "sub:b"])
        await factory.made[0].unsubscribe("sub:a")
        server.kill()
        server.start()
        async with connect(f"redis://127.0.0.1:{server.port}", pool_size=1) as pool:
            await publish_until(loop, pool, "sub:b", "yes")
            assert await pool.publish("sub:a", "no") == 0
        await factory.disconnect()

    try:
        loop.run(main)
    finally:
        server.close()


def test_list_is_no_message(loop: Loop, redis_server: RedisServer) -> None:
    """Before it is subscribed a list that looks like a message is the reply that it is."""
    factory = make_factory()

    async def main() -> None:
        connect_tcp(loop, redis_server, factory)
        await loop.until("connection", lambda: factory.made)
        reader = factory.made[0]
        for words in (["message", "x", "y"], ["subscribe", "x", "y"]):
            await reader.delete("sub:list")
            await reader.rpush("sub:list", words)
            assert await reader.lrange("sub:list", 0, -1) == words
        await reader.delete("sub:list")
        await reader.subscribe("sub:a")
        assert await reader.ping() == ["pong", ""]
        await reader.unsubscribe()
        await factory.disconnect()

    loop.run(main)
    assert factory.got == []


def test_password(loop: Loop) -> None:
    """The password is sent before anything else, also where `connectionMade` calls no other."""
    server = RedisServer(requirepass="right")
    factory = make_factory(ClassicReader, password="right", charset=None, convertNumbers=False)

    async def main() -> None:
        factory.startConnecting(HostnameEndpoint(loop.reactor, "127.0.0.1", server.port))
        async with connect(f"redis://:right@127.0.0.1:{server.port}", pool_size=1) as pool:
            await publish_until(loop, pool, "sub:news", "1")
        await loop.until("message", lambda: factory.got)
        await factory.disconnect()
        wrong = make_factory(password="wrong", isLazy=True)
        wrong.startConnecting(UNIXClientEndpoint(loop.reactor, str(server.path)))
        with pytest.raises(AuthenticationError) as found:
            await wrong.handler.ready(5)
        assert "wrong" not in str(found.value)
        await wrong.disconnect()

    try:
        loop.run(main)
    finally:
        server.close()
    assert factory.got == [(None, b"sub:news", b"1")]


def test_forbidden(loop: Loop) -> None:
    """A channel that the user may not have fails the Deferred, and is not asked for again."""
    server = RedisServer()
    with client(server.port) as asked:
        asked.execute_command(*"ACL SETUSER reader on nopass +@all resetchannels &sub:a".split())
    factory = make_factory(username="reader", password="any")

    async def main() -> None:
        connect_tcp(loop, server, factory)
        await loop.until("connection", lambda: factory.made)
        reader = factory.made[0]
        await reader.subscribe("sub:a")
        with pytest.raises(ResponseError, match="NOPERM"):
            await reader.subscribe(["sub:a", "sub:b"])
        assert list(factory.subscribed.channels) == [b"sub:a"]
        assert await reader.unsubscribe("sub:a") == ["unsubscribe", "sub:a", 0]
        await factory.disconnect()

    try:
        loop.run(main)
    finally:
        server.close()


def test_failing_receiver(loop: Loop, redis_server: RedisServer) -> None:
    """What messageReceived raises, at once or later, is logged; the next message comes all the same."""
    got: list[Any] = []

    class Failing(Reader):
        def messageReceived(self, pattern: Any, channel: Any, message: Any) -> Any:
            got.append(message)
            if message == "now":
                raise RuntimeError("at once")
            if message == "later":
                return self.fail_later()
            failing: Deferred[None] = Deferred()
            failing.errback(RuntimeError("as a Deferred"))
            return failing

        async def fail_later(self) -> None:
            await loop.pause(0)
            raise RuntimeError("in a coroutine")

    factory = make_factory(Failing)

    async def main() -> None:
        connect_tcp(loop, redis_server, factory)
        await loop.until("connection", lambda: factory.made)
        await factory.made[0].subscribe("sub:fail")
        async with connect(f"redis://127.0.0.1:{redis_server.port}", pool_size=1) as pool:
            for message in ("now", "later", "deferred"):
                await pool.publish("sub:fail", message)
        await loop.until("messages", lambda: len(got) == 3)
        await loop.until("errors", lambda: len(loop.errors) == 3)
        await factory.disconnect()

    loop.run(main)
    errors, loop.errors = loop.errors, []
    assert len(factory.made) == 1
    for text in ("at once", "in a coroutine", "as a Deferred"):
        assert any(text in error for error in errors)


def test_nothing_yet() -> None:
    """A new factory remembers nothing, in a place of its own."""
    factory = SubscriberFactory()
    assert factory.subscribed == Subscribed()
    assert factory.subscribed is factory.subscribed
    assert factory.subscribed is not SubscriberFactory().subscribed


def test_other_factory(loop: Loop) -> None:
    """A RedisFactory that was given the protocol remembers, too."""
    server = RedisServer()
    factory: Any = RedisFactory("reader", None, 1)
    factory.protocol, factory.initialDelay, factory.got = Reader, 0.05, []

    async def main() -> None:
        connect_tcp(loop, server, factory)
        await loop.until("connection", lambda: factory.size)
        await factory.made[0].subscribe("sub:a")
        server.kill()
        server.start()
        async with connect(f"redis://127.0.0.1:{server.port}", pool_size=1) as pool:
            await publish_until(loop, pool, "sub:a", "yes")
        await loop.until("message", lambda: factory.got)
        await factory.disconnect()

    try:
        loop.run(main)
    finally:
        server.close()
    assert factory.got == [(None, "sub:a", "yes")]


def test_refused_again(loop: Loop) -> None:
    """A channel that the user may not have any more is told in the log; the others come back."""
    server = RedisServer()
    factory = make_factory(username="reader", password="any")

    async def main() -> None:
        with client(server.port) as asked:
            asked.execute_command(*"ACL SETUSER reader on nopass +@all allchannels".split())
            connect_tcp(loop, server, factory)
            await loop.until("connection", lambda: factory.made)
            await factory.made[0].subscribe(["sub:a", "sub:b", "sub:c"])
            # The server also ends the connections of those who have what they may not any more.
            asked.execute_command(*"ACL SETUSER reader resetchannels &sub:a &sub:c".split())
        async with connect(f"redis://127.0.0.1:{server.port}", pool_size=1) as pool:
            await publish_until(loop, pool, "sub:c", "yes")
            assert await pool.publish("sub:b", "no") == 0
        assert list(factory.subscribed.channels) == [b"sub:a", b"sub:b", b"sub:c"]
        await factory.disconnect()

    try:
        with capturedLogs() as logs:
            loop.run(main)
    finally:
        server.close()
    (warning,) = [
        formatEvent(event)
        for event in logs
        if "problem" in event and "refuses" in formatEvent(event)
    ]
    assert "NOPERM" in warning


def test_not_connected() -> None:
    """A connection that is gone fails what is asked of it, and remembers nothing."""
    factory = make_factory()
    reader: Any = factory.buildProtocol(None)
    found: list[Any] = []
    reader.subscribe("a").addErrback(lambda failure: found.append(str(failure.value)))
    assert found == ["Not connected"]
    assert not factory.subscribed.channels


def test_unexpected() -> None:
    """What execute_command subscribed to is acknowledged without confusion."""
    factory = make_factory()
    reader: Any = factory.buildProtocol(None)
    reader.makeConnection(StringTransport())
    found: list[Any] = []
    reader.replyQueue.waiting.clear()
    reader.execute_command("SUBSCRIBE", "a", "b").addCallback(found.append)
    for name in (b"a", b"b"):
        reader.dataReceived(b"*3\r\n$9\r\nsubscribe\r\n$1\r\n%b\r\n:1\r\n" % name)
    assert found == [["subscribe", "a", 1]]
    assert reader.connected


@pytest.mark.parametrize("method", ["subscribe", "psubscribe", "unsubscribe", "punsubscribe"])
def test_no_names(method: str) -> None:
    """No name is refused: for Redis it would mean all."""
    reader: Any = make_factory().buildProtocol(None)
    with pytest.raises(ValueError, match=r"needs a name"):
        getattr(reader, method)([])


def test_base_does_nothing(loop: Loop, redis_server: RedisServer) -> None:
    """The protocol itself takes messages and does nothing with them."""
    factory = SubscriberFactory()

    async def main() -> None:
        connect_tcp(loop, redis_server, factory)
        await loop.until("connection", lambda: factory.size)
        await factory.pool[0].subscribe("sub:a")
        async with connect(f"redis://127.0.0.1:{redis_server.port}", pool_size=1) as pool:
            assert await pool.publish("sub:a", "x") == 1
        assert await factory.pool[0].ping() == ["pong", ""]
        await factory.disconnect()

    loop.run(main)
