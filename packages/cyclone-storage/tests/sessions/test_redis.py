"""What is peculiar to sessions in Redis: keys that end by themselves, round trips, a server in trouble."""

import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from twisted.internet.defer import fail

from cyclone_storage.errors import StorageUnavailable
from cyclone_storage.redis import lazyConnectionPool
from cyclone_storage.sessions import RedisStore, StoredSession

from ..running import Loop
from ..servers.redis import RedisServer
from .handling import Browser, Handler, Whatever
from .stores import REDIS_DATABASE

KEY = "ab" * 32
FIRST = StoredSession("revision-0000001", "value")
SECOND = StoredSession("revision-0000002", "value")

Run = Callable[..., None]


def run(
    loop: Loop, server: RedisServer, main: Callable[[Any], Awaitable[None]], **options: Whatever
) -> None:
    """Run something on a pool, which is closed behind it."""

    async def whole() -> None:
        redis = lazyConnectionPool(
            port=server.port, dbid=REDIS_DATABASE, poolsize=1, reconnect=False, **options
        )
        try:
            await redis.flushdb()
            await main(redis)
        finally:
            await redis.disconnect()

    loop.run(whole)


def test_keys(loop: Loop, redis_server: RedisServer) -> None:
    """A session has one key, with the prefix, that Redis deletes when its time is over."""

    async def main(redis: Whatever) -> None:
        await RedisStore(redis).save(KEY, FIRST, None, 100)
        await RedisStore(redis, prefix="other:").save(KEY, FIRST, None, 0.0001)
        assert 99_000 < await redis.pttl(f"session:{KEY}") <= 100_000
        await loop.pause(0.01)
        assert await redis.keys("*") == [f"session:{KEY}"]

    run(loop, redis_server, main)


@pytest.mark.parametrize("charset", [None, "utf-8"])
def test_charset(loop: Loop, redis_server: RedisServer, charset: str | None) -> None:
    """A pool may give text or bytes."""

    async def main(redis: Whatever) -> None:
        store = RedisStore(redis)
        assert await store.save(KEY, FIRST, None, 100)
        assert await store.load(KEY) == FIRST
        assert await store.save(KEY, SECOND, FIRST.revision, 100)
        assert not await store.save(KEY, FIRST, FIRST.revision, 100)

    run(loop, redis_server, main, charset=charset)


def test_round_trips(loop: Loop, redis_server: RedisServer) -> None:
    """A request that loads and saves its session asks Redis twice; one that changes nothing, once."""

    class Counted:
        def __init__(self, redis: Whatever) -> None:
            self.redis = redis
            self.calls: list[str] = []

        def __getattr__(self, name: str) -> Whatever:
            self.calls.append(name)
            return getattr(self.redis, name)

    async def main(redis: Whatever) -> None:
        counted: Any = Counted(redis)
        browser = Browser(session_store=RedisStore(counted))

        def method(_: Handler, session: Whatever) -> None:
            session["n"] = session.get("n", 0) + 1

        for _ in range(3):
            await browser.ask(method)
        before = int((await redis.info("stats"))["total_commands_processed"])
        counted.calls.clear()
        await browser.ask(method)
        assert counted.calls == ["get", "eval"]
        await browser.ask(lambda _, session: session["n"])
        assert counted.calls == ["get", "eval", "get"]
        after = int((await redis.info("stats"))["total_commands_processed"])
        # Of these six, two are called by the script, and one is INFO itself.
        assert after - before <= 6

    run(loop, redis_server, main)


def test_server_goes(loop: Loop) -> None:
    """A server that is away is a storage that is away, for each method; afterwards it works."""
    server = RedisServer()

    async def main() -> None:
        redis = lazyConnectionPool(port=server.port, poolsize=1, replyTimeout=1)
        store = RedisStore(redis)
        assert await store.save(KEY, FIRST, None, 100)
        server.kill()
        for call in (store.load(KEY), store.save(KEY, SECOND, None, 1), store.delete(KEY)):
            with pytest.raises(StorageUnavailable, match="sessions in Redis: ") as caught:
                await call
            assert (caught.value.http_status, KEY in str(caught.value)) == (503, False)
        server.start()
        await redis.ready(timeout=20)
        assert await store.load(KEY) is None
        await redis.disconnect()
        with pytest.raises(StorageUnavailable):
            await store.load(KEY)

    try:
        loop.run(main)
    finally:
        server.close()


def test_full(loop: Loop) -> None:
    """A server without memory refuses to save, and says so."""
    server = RedisServer(maxmemory="1", maxmemory_policy="noeviction")

    async def main() -> None:
        redis = lazyConnectionPool(port=server.port, poolsize=1, reconnect=False)
        with pytest.raises(StorageUnavailable, match=r"ResponseError: .*OOM"):
            await RedisStore(redis).save(KEY, FIRST, None, 100)
        await redis.disconnect()

    try:
        loop.run(main)
    finally:
        server.close()


def test_secrets(loop: Loop) -> None:
    """A server that repeats what it was asked does not bring values into the log."""
    server = RedisServer(**{"rename_command EVAL": ""})

    async def main() -> None:
        redis = lazyConnectionPool(port=server.port, poolsize=1, reconnect=False)
        secret = StoredSession("revision-0000001", "the-password")
        with pytest.raises(StorageUnavailable, match="unknown command") as caught:
            await RedisStore(redis).save(KEY, secret, None, 100)
        assert "the-password" not in str(caught.value)
        await redis.disconnect()

    try:
        loop.run(main)
    finally:
        server.close()


def test_mistake(loop: Loop) -> None:
    """A mistake of the program stays what it is, and a failure that says 503 already, too."""

    class Wrong:
        def __init__(self, error: Exception) -> None:
            self.error = error

        def get(self, _: str) -> Whatever:
            return fail(self.error)

        eval = delete = get

    async def main() -> None:
        for error in (ZeroDivisionError("mine"), StorageUnavailable("as it is")):
            redis: Any = Wrong(error)
            with pytest.raises(type(error), match=f"^{error}$"):
                await RedisStore(redis).load(KEY)

    loop.run(main)


PROGRAM = """
import sys
from twisted.internet.defer import fail
import cyclone_storage.sessions as sessions

class Gone:
    def get(self, key):
        return fail(OSError("away"))

    eval = delete = get

async def main():
    try:
        await sessions.RedisStore(Gone()).load("a")
    except Exception as error:
        print(type(error).__name__, error)

try:
    main().send(None)
except StopIteration:
    pass
print({"txredisapi", "sqlite3", "twisted.internet.reactor"} & {*sys.modules})
"""


def test_imports() -> None:
    """Sessions load neither txredisapi nor the reactor, and their errors do not need either."""
    done = subprocess.run(  # noqa: S603 -- this interpreter
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "StorageUnavailable sessions in Redis: OSError: away",
        "{'sqlite3'}",
    ]
