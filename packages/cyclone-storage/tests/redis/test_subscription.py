"""Modern subscriptions: `async with pool.subscribe(...) as messages`."""

# ruff: noqa: ANN401, S106, SIM905 -- pools of any class, passwords of tests

import signal
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, ensureDeferred

from cyclone_storage.errors import StorageError
from cyclone_storage.redis.connecting import connect
from cyclone_storage.redis.errors import (
    AuthenticationError,
    ConnectionError,  # noqa: A004 -- txredisapi's name
    ResponseError,
    WaitTimeout,
)
from cyclone_storage.redis.listening.inbox import SlowConsumer, StreamClosed
from cyclone_storage.redis.listening.subscription import Message, Subscription
from cyclone_storage.redis.pool.errors import NotConnected, RedisPoolClosed
from cyclone_storage.redis.pool.factory import RedisFactory

from ..running import Loop
from ..servers.processes import free_port
from ..servers.redis import RedisServer
from ..servers.sentinel import client


def pool_of(server: RedisServer, **options: Any) -> Any:
    pool = connect(f"redis://127.0.0.1:{server.port}", pool_size=1, **options)
    pool._factory.initialDelay = 0.05
    return pool


async def take(messages: Subscription, count: int) -> list[Message]:
    return [await messages.get(10) for _ in range(count)]


def test_messages(loop: Loop, redis_server: RedisServer) -> None:
    """Messages of channels and patterns come in order, as text that is never made a number."""

    async def main() -> list[Message]:
        got = []
        async with (
            pool_of(redis_server) as pool,
            pool.subscribe("subs:news", b"subs:\xff", patterns="subs:user.*") as messages,
        ):
            assert messages.connected
            assert messages.channels == (b"subs:news", b"subs:\xff")
            assert messages.patterns == (b"subs:user.*",)
            await pool.publish("subs:news", "1")
            await pool.publish("subs:user.7", "é")
            await pool.publish(b"subs:\xff", b"\x00\xfe")
            await pool.publish("subs:news", "end")
            async for message in messages:
                if message.data == "end":
                    break
                got.append(message)
        return got

    assert loop.run(main) == [
        Message("subs:news", "1"),
        Message("subs:user.7", "é", "subs:user.*"),
        Message(b"subs:\xff", b"\x00\xfe"),
    ]


def test_more_and_less(loop: Loop, redis_server: RedisServer) -> None:
    """Channels and patterns come and go while it runs."""

    async def main() -> None:
        async with pool_of(redis_server) as pool, pool.subscribe("subs:a") as messages:
            await messages.subscribe("subs:b", patterns=["subs:p*"])
            await messages.unsubscribe("subs:a")
            assert await pool.publish("subs:a", "no") == 0
            for channel in ("subs:b", "subs:p1"):
                assert await pool.publish(channel, "yes") == 1
            assert [message.channel for message in await take(messages, 2)] == ["subs:b", "subs:p1"]
            await messages.unsubscribe(patterns="subs:p*")
            assert await pool.publish("subs:p1", "no") == 0
            assert (messages.channels, messages.patterns) == ((b"subs:b",), ())

    loop.run(main)


def test_server_killed(loop: Loop) -> None:
    """After kill -9 and a new start messages come again, the gap shows, and changes were not lost."""
    server = RedisServer()

    async def main() -> None:
        async with (
            pool_of(server) as pool,
            pool.subscribe("subs:a", "subs:b", patterns=["subs:p*"]) as messages,
        ):
            await pool.publish("subs:a", "before")
            assert [message.data for message in await take(messages, 1)] == ["before"]
            assert messages.reconnected == 0
            server.kill()
            await loop.until("loss", lambda: not messages.connected)
            await messages.unsubscribe("subs:b", patterns="subs:p*")
            await messages.subscribe("subs:c", patterns=["subs:q*"])
            server.start()
            await loop.until("return", lambda: messages.reconnected)
            await pool.ready()
            counts = [
                await pool.publish(f"subs:{name}", name) for name in ("a", "b", "c", "p1", "q1")
            ]
            assert counts == [1, 0, 1, 0, 1]
            assert [message.data for message in await take(messages, 3)] == ["a", "c", "q1"]
            assert (messages.reconnected, messages.dropped) == (1, 0)

    try:
        loop.run(main)
    finally:
        server.close()


def test_slow_consumer_drops(loop: Loop, redis_server: RedisServer) -> None:
    """A reader that is slow gets the newest messages, and how many it has lost."""

    async def main() -> None:
        async with (
            pool_of(redis_server) as pool,
            pool.subscribe("subs:slow", max_messages=10) as messages,
        ):
            for number in range(1000):
                pool.publish("subs:slow", str(number))
            await loop.until("messages", lambda: messages.dropped + messages.pending == 1000)
            assert (messages.dropped, messages.pending) == (990, 10)
            found = await take(messages, 10)
        assert [message.data for message in found] == [str(number) for number in range(990, 1000)]

    loop.run(main)


def test_slow_consumer_closes(loop: Loop, redis_server: RedisServer) -> None:
    """Where nothing may be lost unseen, it ends: with what fitted and an error that says what to do."""

    async def main() -> None:
        async with (
            pool_of(redis_server) as pool,
            pool.subscribe("subs:full", max_bytes=2000, when_full="close") as messages,
        ):
            for _ in range(100):
                await pool.publish("subs:full", "x" * 100)
            got = []
            with pytest.raises(SlowConsumer, match="of at most 1000 and 2000"):  # noqa: PT012
                async for message in messages:
                    got.append(message)  # noqa: PERF401
            assert len(got) == 2000 // 109
            assert not messages.connected
            await loop.until("the end of the connection", lambda: not messages._factory.attempts)
            assert await pool.publish("subs:full", "x") == 0

    loop.run(main)


def test_close(loop: Loop, redis_server: RedisServer) -> None:
    """Closing ends the iteration after what waits, fails `get`, and can be done twice."""

    async def main() -> None:
        async with pool_of(redis_server) as pool:
            messages = pool.subscribe("subs:close")
            await messages.open()
            with pytest.raises(WaitTimeout, match=r"no message from 127.0.0.1:.* within 0\.01 s"):
                await messages.get(0.01)
            waiting = messages.get()
            await pool.publish("subs:close", "taken")
            assert (await waiting).data == "taken"
            await pool.publish("subs:close", "waits")
            await loop.until("message", lambda: messages.pending)
            protocol = messages._protocol
            await messages.close()
            await messages.close()
            # What the server had acknowledged by then changes nothing.
            messages.listens(protocol)
            assert not messages.connected
            assert [message.data async for message in messages] == ["waits"]
            with pytest.raises(StreamClosed):
                await messages.get()
            with pytest.raises(NotConnected, match="was closed"):
                messages.subscribe("subs:other")
            with pytest.raises(StorageError, match="opened once"):
                messages.open()
            # What was closed before it was opened has no connection to close.
            await pool.subscribe("subs:never").close()

    loop.run(main)


def test_close_with_pool(loop: Loop, redis_server: RedisServer) -> None:
    """The pool's end is the end of its subscriptions, and waits for it."""

    async def main() -> None:
        pool = pool_of(redis_server)
        messages = await pool.subscribe("subs:pool").open()
        waiting = messages.get()
        await pool.disconnect()
        assert not messages._factory.attempts
        with pytest.raises(StreamClosed, match=r"the pool of 127.0.0.1:.* was closed"):
            await waiting
        assert [message async for message in messages] == []
        with pytest.raises(RedisPoolClosed):
            await pool.subscribe("subs:late").open()

    loop.run(main)


def test_abort(loop: Loop, redis_server: RedisServer) -> None:
    """A pool that has waited long enough may end the connection at once; there will be another one."""

    async def main() -> None:
        async with pool_of(redis_server) as pool, pool.subscribe("subs:a") as messages:
            messages.abort()
            await loop.until("return", lambda: messages.reconnected)

    loop.run(main)


def test_close_while_opening(loop: Loop) -> None:
    """The pool's end, or a cancelled Deferred, ends the opening of a subscription."""

    async def main() -> None:
        pool = connect(f"redis://127.0.0.1:{free_port()}", pool_size=1)
        messages = pool.subscribe("subs:a")
        opening = messages.open()
        cancelled = pool.subscribe("subs:a").open()
        cancelled.cancel()
        with pytest.raises(CancelledError):
            await cancelled
        await pool.disconnect()
        with pytest.raises(StreamClosed):
            await opening

    loop.run(main)


def test_server_away(loop: Loop) -> None:
    """Without a server it fails in time, and says what the last attempt has met."""

    async def main() -> None:
        pool = connect(f"redis://127.0.0.1:{free_port()}", pool_size=1, wait_timeout=0.1)
        messages = pool.subscribe("subs:a")
        with pytest.raises(WaitTimeout, match=r"within 0\.1 s; the last attempt met .*refused"):
            async with messages:
                pass
        with pytest.raises(WaitTimeout, match=r"within 0\.05 s"):
            await pool.subscribe("subs:a").open(0.05)
        await pool.disconnect()

    loop.run(main)


def test_wrong_password(loop: Loop) -> None:
    """A wrong password fails at once; one that becomes wrong later does not end the subscription."""
    server = RedisServer(requirepass="right")

    async def main() -> None:
        async with connect(f"redis://:wrong@127.0.0.1:{server.port}", pool_size=1) as pool:
            with pytest.raises(AuthenticationError):
                await pool.subscribe("subs:a").open()
        async with connect(f"redis://:right@127.0.0.1:{server.port}", pool_size=1) as pool:
            pool._factory.initialDelay = 0.05
            async with pool.subscribe("subs:a") as messages:
                with client(server.port, password="right") as asked:
                    asked.config_set("requirepass", "changed")
                    asked.client_kill_filter(_type="pubsub")
                    await loop.until("loss", lambda: not messages.connected)
                    problems = messages._factory.troubles
                    await loop.until("refusal", lambda: problems.refusal is not None)
                    asked.config_set("requirepass", "right")
                await loop.until("return", lambda: messages.reconnected)

    try:
        loop.run(main)
    finally:
        server.close()


def test_forbidden(loop: Loop) -> None:
    """A channel that the user may not have fails the opening; later, the call, or the subscription."""
    server = RedisServer()

    async def main() -> None:
        with client(server.port) as asked:
            asked.execute_command(
                *"ACL SETUSER reader on nopass +@all resetchannels &subs:a".split()
            )
            async with connect(f"redis://reader:any@127.0.0.1:{server.port}", pool_size=1) as pool:
                pool._factory.initialDelay = 0.05
                with pytest.raises(ResponseError, match="NOPERM"):
                    await pool.subscribe("subs:b").open()
                async with pool.subscribe("subs:a") as messages:
                    with pytest.raises(ResponseError, match="NOPERM"):
                        await messages.subscribe("subs:b")
                    assert messages.channels == (b"subs:a",)
                    asked.execute_command("ACL", "SETUSER", "reader", "resetchannels")
                    with pytest.raises(ResponseError, match="NOPERM"):
                        await messages.get(10)

    try:
        loop.run(main)
    finally:
        server.close()


def test_no_reconnecting(loop: Loop) -> None:
    """With `reconnect=False` the loss of the connection is the end of the subscription."""
    server = RedisServer()

    async def main() -> None:
        pool = pool_of(server, reconnect=False)
        messages = await pool.subscribe("subs:a").open()
        waiting = messages.get()
        server.kill()
        with pytest.raises(ConnectionError):
            await waiting
        await pool.disconnect()

    try:
        loop.run(main)
    finally:
        server.close()


def beats(server: RedisServer) -> int:
    """Tell how many PINGs a server has had."""
    with client(server.port) as asked:
        found: dict[str, dict[str, int]] = asked.info("commandstats")
    return found.get("cmdstat_ping", {}).get("calls", 0)


def test_heartbeat(loop: Loop) -> None:
    """A server that is there but says nothing is noticed; messages come when it speaks again."""
    server = RedisServer()

    async def main() -> None:
        async with pool_of(server) as pool:
            pool._factory.maxDelay = 0.1
            async with pool.subscribe("subs:a", heartbeat=0.2) as messages:
                begun = beats(server)
                await loop.until("some beats", lambda: beats(server) > begun + 2)
                assert messages.reconnected == 0
                process: Any = server.process
                process.send_signal(signal.SIGSTOP)
                await loop.until("notice", lambda: not messages.connected)
                process.send_signal(signal.SIGCONT)
                await loop.until("return", lambda: messages.reconnected)
                await pool.publish("subs:a", "again")
                assert (await messages.get(10)).data == "again"
            async with pool.subscribe("subs:a", heartbeat=None) as messages:
                assert messages._beat is None

    try:
        loop.run(main)
    finally:
        server.close()


def test_connected_by_connector(loop: Loop, redis_server: RedisServer) -> None:
    """A pool that has no endpoint says how to subscribe."""
    factory = RedisFactory("one", None, 1)

    async def main() -> None:
        loop.reactor.connectTCP("127.0.0.1", redis_server.port, factory)
        await factory.handler.ready()
        with pytest.raises(NotConnected, match="use SubscriberFactory"):
            await factory.handler.subscribe("subs:a").open()
        await factory.disconnect()

    loop.run(main)


@pytest.mark.parametrize(
    ("channels", "options", "text"),
    [
        ([], {}, "a channel or a pattern"),
        (["a"], {"heartbeat": 0}, "heartbeat=0 must be more than 0"),
        (["a"], {"max_messages": 0}, "no room"),
        (["a"], {"when_full": "wait"}, "when_full='wait'"),
    ],
)
def test_options(loop: Loop, channels: list[str], options: dict[str, Any], text: str) -> None:
    """What makes no sense is refused before anything is sent."""

    async def main() -> None:
        pool = connect(f"redis://127.0.0.1:{free_port()}", pool_size=1)
        with pytest.raises(ValueError, match=text):
            pool.subscribe(*channels, **options)
        await pool.disconnect()

    loop.run(main)


def test_as_a_task(loop: Loop, redis_server: RedisServer) -> None:
    """A reader that runs beside others ends with its subscription."""
    got: list[Any] = []

    async def read(messages: Subscription) -> str:
        async for message in messages:
            got.append(message.data)  # noqa: PERF401 -- seen while it runs
        return "ended"

    async def main() -> None:
        async with pool_of(redis_server) as pool:
            async with pool.subscribe("subs:task") as messages:
                reading = ensureDeferred(read(messages))
                await pool.publish("subs:task", "x")
                await loop.until("message", lambda: got)
            assert await reading == "ended"

    loop.run(main)
