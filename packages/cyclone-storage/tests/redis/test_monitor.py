"""MONITOR, classic and modern."""

# ruff: noqa: ANN401, N802, S106, SIM905 -- txredisapi's names, factories of any class, passwords of tests

from typing import Any

import pytest

from cyclone_storage.redis.connecting import connect
from cyclone_storage.redis.errors import ResponseError
from cyclone_storage.redis.listening.inbox import SlowConsumer
from cyclone_storage.redis.listening.monitor import MonitorFactory, MonitorProtocol

from ..running import Loop
from ..servers.redis import RedisServer
from ..servers.sentinel import client


class Watcher(MonitorProtocol):
    """Keeps what comes in lists of its factory; monitors as cyclone 1.x's demos do."""

    def connectionMade(self) -> None:
        factory: Any = self.factory
        factory.made = [*getattr(factory, "made", []), self]
        if factory.begins:
            self.monitor()

    def messageReceived(self, message: str) -> None:
        factory: Any = self.factory
        factory.got = [*getattr(factory, "got", []), message]


def make_factory(*, begins: bool = True, **options: Any) -> Any:
    factory: Any = MonitorFactory(**options)
    factory.protocol, factory.begins, factory.initialDelay = Watcher, begins, 0.05
    factory.made, factory.got = [], []
    return factory


async def see(loop: Loop, server: RedisServer, factory: Any, text: str) -> None:
    """Have a command executed until it is seen."""
    with client(server.port) as asked:
        while not any(text in message for message in factory.got):
            asked.echo(text)
            await loop.pause(0.01)


def test_classic(loop: Loop) -> None:
    """`messageReceived` has each command, also after the server was killed and started; `stop` ends it."""
    server = RedisServer()
    factory = make_factory()

    async def main() -> None:
        loop.reactor.connectTCP("127.0.0.1", server.port, factory)
        await see(loop, server, factory, "before")
        server.kill()
        await loop.until("loss", lambda: not factory.size)
        server.start()
        await see(loop, server, factory, "after")
        assert len(factory.made) == 2
        assert not any(message == "OK" for message in factory.got)
        factory.pool[0].stop()
        await loop.until("end", lambda: not factory.size)
        await factory.disconnect()

    try:
        loop.run(main)
    finally:
        server.close()


def test_begun_once(loop: Loop) -> None:
    """What was begun by hand comes back by itself; other commands have their replies meanwhile."""
    server = RedisServer()
    factory = make_factory(begins=False)

    async def main() -> None:
        loop.reactor.connectTCP("127.0.0.1", server.port, factory)
        await loop.until("connection", lambda: factory.made)
        assert await factory.made[0].ping() == "PONG"
        assert await factory.made[0].monitor() == "OK"
        assert await factory.made[0].ping() == "PONG"
        await see(loop, server, factory, "before")
        server.kill()
        server.start()
        await see(loop, server, factory, "after")
        await factory.disconnect()

    try:
        loop.run(main)
    finally:
        server.close()


def test_long_command(loop: Loop, redis_server: RedisServer) -> None:
    """A command of a megabyte comes as one line; txredisapi hangs up at 16 KiB."""
    factory = make_factory()

    async def main() -> None:
        loop.reactor.connectTCP("127.0.0.1", redis_server.port, factory)
        await see(loop, redis_server, factory, "begun")
        with client(redis_server.port) as asked:
            asked.echo("x" * 1_000_000)
        await loop.until("line", lambda: any(len(message) > 1_000_000 for message in factory.got))
        assert len(factory.made) == 1
        await factory.disconnect()

    loop.run(main)


def test_forbidden(loop: Loop) -> None:
    """A user that may not monitor is told so, and not asked again."""
    server = RedisServer()

    async def main() -> None:
        with client(server.port) as asked:
            asked.execute_command(*"ACL SETUSER reader on nopass +@all -monitor".split())
        factory = make_factory(begins=False, username="reader", password="any")
        loop.reactor.connectTCP("127.0.0.1", server.port, factory)
        await loop.until("connection", lambda: factory.size)
        with pytest.raises(ResponseError, match="NOPERM"):
            await factory.made[0].monitor()
        assert not factory.monitoring
        await factory.disconnect()
        async with connect(f"redis://reader:any@127.0.0.1:{server.port}", pool_size=1) as pool:
            with pytest.raises(ResponseError, match="NOPERM"):
                await pool.monitor().open()

    try:
        loop.run(main)
    finally:
        server.close()


def test_base_does_nothing(loop: Loop, redis_server: RedisServer) -> None:
    """The protocol itself takes lines and does nothing with them."""
    factory = MonitorFactory()

    async def main() -> None:
        loop.reactor.connectTCP("127.0.0.1", redis_server.port, factory)
        await loop.until("connection", lambda: factory.size)
        (watcher,) = factory.pool
        await watcher.monitor()
        with client(redis_server.port) as asked:
            asked.ping()
        assert await watcher.ping() == "PONG"
        await factory.disconnect()

    loop.run(main)


def test_modern(loop: Loop) -> None:
    """`async for` gives commands with their words as bytes, also after a restart of the server."""
    server = RedisServer()

    async def main() -> None:
        async with connect(f"redis://127.0.0.1:{server.port}/3", pool_size=1) as pool:
            pool._factory.initialDelay = 0.05
            async with pool.monitor() as commands:
                for word in (b"before", b'\x00\xff "\n'):
                    await pool.set(b"monitor:" + word, 7)
                    while (command := await commands.get(5)).name != "SET":
                        pass
                    assert command.words == (b"SET", b"monitor:" + word, b"7")
                    assert command.database == 3
                    assert command.client.startswith("127.0.0.1:")
                    assert command.time > 1_600_000_000
                server.kill()
                server.start()
                await loop.until("return", lambda: commands.reconnected)
                await pool.ready()
                await pool.set("monitor:after", 7)
                async for command in commands:
                    if command.name == "SET":
                        break
                assert commands.dropped == 0

    try:
        loop.run(main)
    finally:
        server.close()


def test_modern_full(loop: Loop, redis_server: RedisServer) -> None:
    """It is bounded as a subscription is."""

    async def main() -> None:
        async with (
            connect(f"redis://127.0.0.1:{redis_server.port}", pool_size=1) as pool,
            pool.monitor(max_messages=3, when_full="close") as commands,
        ):
            for _ in range(10):
                await pool.ping()
            with pytest.raises(SlowConsumer):
                async for _ in commands:
                    pass

    loop.run(main)


def test_not_connected() -> None:
    """A connection that is gone fails; the next one monitors."""
    factory = make_factory(begins=False)
    found: list[str] = []
    factory.buildProtocol(None).monitor().addErrback(
        lambda failure: found.append(str(failure.value))
    )
    assert found == ["Not connected"]
    assert factory.monitoring
