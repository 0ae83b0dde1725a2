"""What is given up, by the program or by the server: nothing is lost by it, and it is said once, and why."""

# ruff: noqa: ANN401, ARG002, S106 -- names of Twisted, factories of any class, passwords of tests

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Protocol
from twisted.logger import capturedLogs, formatEvent
from zope.interface import implementer

from cyclone_storage.redis import (
    AuthenticationError,
    RedisFactory,
    RedisProtocol,
    SubscriberFactory,
    SubscriberProtocol,
    WaitTimeout,
    connect,
)

from ..running import Loop
from ..servers.redis import RedisServer
from .dialling import serve


@pytest.fixture
def warned() -> Iterator[Callable[[], list[str]]]:
    """Give what tells the warnings of Redis since the test began."""
    with capturedLogs() as events:
        yield lambda: [
            formatEvent(event)
            for event in events
            if event["log_namespace"] == "cyclone.redis" and event["log_level"].name == "warn"
        ]


def subscriber(**options: Any) -> Any:
    """Return a classic factory that tries again soon."""
    factory: Any = SubscriberFactory(**options)
    factory.initialDelay = 0.05
    return factory


def test_a_cancelled_blpop_takes_nothing(loop: Loop, redis_server: RedisServer) -> None:
    """What is pushed in the same turn of the reactor stays in the list, or goes to the next one."""

    async def main() -> None:
        where = f"redis://127.0.0.1:{redis_server.port}/9"
        async with connect(where, pool_size=1) as pool:
            await pool.delete("giving:q")
            for number in range(10):
                waiting = pool.blpop("giving:q", 0)
                await loop.until("it blocks", lambda: pool.stats().in_flight == 1)
                await pool.ping()
                await loop.pause(0)  # from a timer: what is written now is sent before the next one
                waiting.cancel()
                assert await pool.rpush("giving:q", f"item {number}") == 1
                with pytest.raises(CancelledError):
                    await waiting
                assert await pool.blpop("giving:q", 0) == ["giving:q", f"item {number}"]

    loop.run(main)


@pytest.mark.parametrize("end", ["stopTrying", "disconnect"])
def test_a_classic_factory_is_ended(loop: Loop, end: str, warned: Callable[[], list[str]]) -> None:
    """Its Deferred, which nobody has asked for, is no unhandled error: one line is logged."""
    factory = subscriber()

    async def main() -> None:
        loop.reactor.connectTCP("127.0.0.1", 1, factory)
        await loop.until("failure", lambda: factory.troubles.last_error)
        await getattr(factory, end)()

    loop.run(main)
    ends = [line for line in warned() if "has ended before it was complete" in line]
    assert len(ends) == 1
    assert "127.0.0.1:1" in ends[0]
    assert ("stopTrying()" if end == "stopTrying" else "disconnect()") in ends[0]


def test_a_classic_factory_has_a_wrong_password(
    loop: Loop, warned: Callable[[], list[str]]
) -> None:
    """It is told in the log; who has asked for the Deferred is told by it, and nobody else."""
    server = RedisServer(requirepass="right")

    async def main() -> None:
        unheard = subscriber(password="wrong")
        loop.reactor.connectTCP("127.0.0.1", server.port, unheard)
        await loop.until("line", warned)
        (line,) = warned()
        assert "does not accept the password" in line
        heard = subscriber(password="wrong")
        waiting = heard.deferred
        loop.reactor.connectTCP("127.0.0.1", server.port, heard)
        with pytest.raises(AuthenticationError):
            await waiting
        assert warned() == [line]
        for factory in (unheard, heard):
            await factory.disconnect()

    try:
        loop.run(main)
    finally:
        server.close()


def raising(base: type) -> Any:
    """Return a class of protocols whose connectionLost raises."""

    class Raising(base):  # type: ignore[misc]
        def connectionLost(self, reason: Any) -> None:
            super().connectionLost(reason)
            raise RuntimeError("of the program")

    return Raising


@pytest.mark.parametrize("base", [SubscriberProtocol, RedisProtocol])
@pytest.mark.parametrize("by_endpoint", [True, False])
def test_a_connection_lost_that_raises(loop: Loop, base: type, by_endpoint: bool) -> None:
    """It is logged, and the factory connects again all the same."""
    server = RedisServer()
    factory: Any = RedisFactory(None, None, 1)
    factory.protocol, factory.initialDelay = raising(base), 0.05

    async def main() -> None:
        if by_endpoint:
            factory.startConnecting(TCP4ClientEndpoint(loop.reactor, "127.0.0.1", server.port))
        else:
            loop.reactor.connectTCP("127.0.0.1", server.port, factory)
        await loop.until("connection", lambda: factory.size)
        for number in range(1, 3):
            factory.pool[0].transport.loseConnection()
            await loop.until("another", lambda: factory.reconnects == number and factory.size)  # noqa: B023
        await factory.disconnect()

    try:
        loop.run(main)
    finally:
        server.close()
    errors, loop.errors = loop.errors, []
    assert len(errors) == 3
    assert all("connectionLost has failed" in error for error in errors)


@pytest.mark.parametrize("method", ["multi", "watch"])
def test_a_cancelled_transaction_is_no_trouble(
    loop: Loop, redis_server: RedisServer, method: str, warned: Callable[[], list[str]]
) -> None:
    """The connection is made again, and nothing is said against the server, which is well."""

    async def main() -> None:
        async with connect(f"redis://127.0.0.1:{redis_server.port}/9", pool_size=1) as pool:
            await pool.ready()
            beginning = getattr(pool, method)(*(["giving:w"] if method == "watch" else []))
            beginning.cancel()
            with pytest.raises(CancelledError):
                await beginning
            assert await pool.ping() == "PONG"
            assert pool.stats().last_error is None

    loop.run(main)
    assert warned() == []


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("redis", "the connection was accepted, and the server has not answered yet"),
        ("rediss", r"the connection was accepted, and TLS is not answered"),
    ],
)
def test_a_silent_port(loop: Loop, scheme: str, said: str) -> None:
    """Who waits in vain learns how far the first attempt is."""

    async def main() -> None:
        port, stop = await serve(loop, Protocol)
        async with connect(f"{scheme}://127.0.0.1:{port}", pool_size=1) as pool:
            with pytest.raises(WaitTimeout, match=said):
                await pool.ready(0.05)
            with pytest.raises(WaitTimeout, match=said):
                await pool.subscribe("a").open(0.05)
        classic = subscriber(isLazy=True)
        classic.protocol = RedisProtocol
        if scheme == "redis":
            loop.reactor.connectTCP("127.0.0.1", port, classic)
        else:
            from twisted.internet.ssl import optionsForClientTLS

            loop.reactor.connectSSL("127.0.0.1", port, classic, optionsForClientTLS("localhost"))
        with pytest.raises(WaitTimeout, match=said):
            await classic.handler.ready(0.05)
        await classic.disconnect()
        await stop()

    loop.run(main)


@implementer(IStreamClientEndpoint)
class Silent:
    """An endpoint where nobody accepts or refuses a connection."""

    def connect(self, protocolFactory: object) -> Deferred[Any]:  # noqa: N803
        """Do nothing."""
        return Deferred()


def test_a_host_that_does_not_answer(loop: Loop) -> None:
    """It says so while it is being connected to, as often as there is no other problem to tell."""

    async def main() -> None:
        factory = RedisFactory("nowhere", None, 1, isLazy=True)
        factory.startConnecting(Silent())
        with pytest.raises(WaitTimeout, match="nobody has accepted or refused the connection"):
            await factory.handler.ready(0.01)
        await factory.disconnect()
        classic = subscriber(isLazy=True)
        loop.reactor.connectTCP("127.0.0.1", 1, classic)
        assert "nobody has accepted or refused the connection" in classic.troubles.last()
        await loop.until("failure", lambda: classic.troubles.last_error)
        assert "refused" in classic.troubles.last()
        assert classic.connectors.doing is None
        await classic.disconnect()

    loop.run(main)
