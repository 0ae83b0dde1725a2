"""What has to do with a whole server, or with a whole connection: each test has one of its own."""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from cyclone_storage.redis import (
    Connection,
    ConnectionError,  # noqa: A004 -- txredisapi's name
    ConnectionPool,
    NoScriptRunning,
    RedisError,
    ResponseError,
    ScriptDoesNotExist,
)

from ...running import Loop
from ...servers.redis import RedisServer

LUA = "return {KEYS[1], ARGV[1], 7}"
ENDLESS = "while true do end"


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """Give a server that no other test uses."""
    server = RedisServer()
    yield server
    server.close()


def test_auth_signs_one_connection_in(loop: Loop) -> None:
    """With the password of a server a connection can be used, with another one it cannot."""
    server = RedisServer(requirepass="secret")

    async def main() -> None:
        connection = await Connection("127.0.0.1", server.port, password="secret")  # noqa: S106
        with pytest.raises(ResponseError, match="WRONGPASS"):
            await connection.auth("wrong")
        assert await connection.auth("secret") == "OK"
        assert await connection.auth("secret", "default") == "OK"
        assert await connection.acl_whoami() == "default"
        await connection.disconnect()

    loop.run(main)
    server.close()


def test_a_connection_of_its_own_can_change_its_database(loop: Loop, server: RedisServer) -> None:
    """What `watch` gives may sign in and choose a database, and goes back as it was."""

    async def main() -> None:
        pool = await ConnectionPool("127.0.0.1", server.port, poolsize=1)
        own = await pool.watch("key")
        with pytest.raises(ResponseError, match="password"):
            await own.auth("secret")
        assert await own.select(1) == "OK"
        assert await own.set("a", 1) == "OK"
        assert await own.select(0) == "OK"
        await own.unwatch()
        assert await pool.get("a") is None
        await pool.disconnect()

    loop.run(main)


def test_quit_ends_a_connection_for_good(loop: Loop, server: RedisServer) -> None:
    """After `quit` nothing is connected, and nothing tries to be."""

    async def main() -> None:
        connection = await Connection("127.0.0.1", server.port)
        await connection.quit()
        with pytest.raises(ConnectionError):
            await connection.ping()

    loop.run(main)


def test_quit_of_a_protocol_is_answered(loop: Loop, server: RedisServer) -> None:
    """On a connection itself `quit` gives what the server says, and the factory stops trying."""

    async def main() -> None:
        pool = await ConnectionPool("127.0.0.1", server.port, poolsize=1)
        own = await pool.watch("key")
        assert await own.quit() == "OK"
        await loop.until("end of the connection", lambda: pool.stats().connected == 0)
        await pool.disconnect()

    loop.run(main)


def test_flushall_deletes_all(loop: Loop, server: RedisServer) -> None:
    """`flushall`, `flushdb` and the deprecated `flush` delete what they say."""

    async def main() -> None:
        pool = await ConnectionPool("127.0.0.1", server.port, poolsize=1)
        sizes = []
        for delete in (pool.flush, pool.flushdb, lambda: pool.flush(True), pool.flushall):
            with (
                redis.Redis(port=server.port) as first,
                redis.Redis(port=server.port, db=1) as second,
            ):
                first.set("a", 1)
                second.set("a", 1)
                with warnings.catch_warnings(record=True):
                    warnings.simplefilter("always")
                    assert await delete() == "OK"
                sizes.append((first.dbsize(), second.dbsize()))
        assert sizes == [(0, 1), (0, 1), (0, 0), (0, 0)]
        await pool.disconnect()

    loop.run(main)


def test_deprecated_ones_warn_where_they_are_called(loop: Loop, server: RedisServer) -> None:
    """`push`, `pop` and `flush` do what they did, and say what to use."""

    async def main() -> list[Any]:
        pool = await ConnectionPool("127.0.0.1", server.port, poolsize=1)
        found = []
        for call in (
            lambda: pool.push("l", "a"),
            lambda: pool.push("l", "b", tail=True),
            lambda: pool.pop("l"),
            lambda: pool.pop("l", tail=True),
            pool.flush,
        ):
            with pytest.warns(DeprecationWarning, match="use .* or") as warned:
                found.append(await call())
            assert warned[0].filename == __file__
        await pool.disconnect()
        return found

    assert loop.run(main) == [1, 2, "a", "b", "OK"]


def test_writes_to_the_disk(loop: Loop, server: RedisServer) -> None:
    """`save`, `bgsave` and `bgrewriteaof` answer as redis-py's do."""

    async def main() -> None:
        pool = await ConnectionPool("127.0.0.1", server.port, poolsize=1)
        before = await pool.lastsave()
        assert await pool.save() == "OK"
        assert await pool.lastsave() >= before
        assert "saving started" in await pool.bgsave()
        with redis.Redis(port=server.port) as theirs:
            await loop.until("end of saving", lambda: not theirs.info()["rdb_bgsave_in_progress"])
        assert "rewriting started" in await pool.bgrewriteaof()
        await pool.disconnect()

    loop.run(main)
    assert (server.directory / "dump.rdb").stat().st_size > 0


@pytest.mark.parametrize("mode", [None, "NOSAVE"])
def test_shutdown_ends_the_server(loop: Loop, mode: str | None) -> None:
    """The end of the connection is the answer to `shutdown`; the pool does not come back."""
    server = RedisServer()

    async def main() -> None:
        pool = await ConnectionPool("127.0.0.1", server.port, poolsize=2)
        assert await pool.shutdown(mode) is None
        with pytest.raises(ConnectionError):
            await pool.ping()
        await pool.disconnect()

    loop.run(main)
    server.close()


def test_shutdown_that_fails_is_an_error(loop: Loop) -> None:
    """A server that cannot save goes on, and so does the pool."""
    server = RedisServer(save="900 1")
    (server.directory / "dump.rdb").mkdir()

    async def main() -> None:
        pool = await ConnectionPool("127.0.0.1", server.port, poolsize=1)
        await pool.set("a", 1)
        with pytest.raises(ResponseError):
            await pool.shutdown("SAVE")
        assert await pool.ping() == "PONG"
        await pool.disconnect()

    loop.run(main)
    server.close()


def test_a_shutdown_that_is_not_answered_in_time_is_an_error(
    loop: Loop, server: RedisServer
) -> None:
    """That the server has ended is not said where it has only not answered."""

    async def main() -> None:
        pool = await ConnectionPool("127.0.0.1", server.port, poolsize=1, replyTimeout=0.1)
        with redis.Redis(port=server.port) as theirs:
            theirs.execute_command("CLIENT", "PAUSE", 1000)
            with pytest.raises(RedisError, match=r"0\.1 s"):
                await pool.shutdown("NOSAVE")
        await pool.disconnect()

    loop.run(main)


def test_scripts_are_known_by_their_hashes(loop: Loop, server: RedisServer) -> None:
    """`script_load`, `script_exists`, `evalsha` and `script_flush` belong together."""

    async def main() -> None:
        pool = await ConnectionPool("127.0.0.1", server.port, poolsize=1)
        name = await pool.script_load(LUA)
        assert await pool.script_exists(name) is True
        assert await pool.script_exists(name, "0" * 40) == [True, False]
        assert await pool.evalsha(name, ["a"], ["x"]) == ["a", "x", 7]
        assert await pool.script_flush("SYNC") == "OK"
        with pytest.raises(ScriptDoesNotExist, match=name):
            await pool.evalsha(name, ["a"], ["x"])
        with pytest.raises(ResponseError, match="user_script") as raised:
            await pool.evalsha(await pool.script_load("return redis.call('no')"))
        assert not isinstance(raised.value, ScriptDoesNotExist)
        await pool.disconnect()

    loop.run(main)


def test_eval_runs_on_every_connection_of_a_pool(loop: Loop, server: RedisServer) -> None:
    """No connection fails as it has not seen a script, or as the server has forgotten it."""

    async def main() -> None:
        pool = await ConnectionPool("127.0.0.1", server.port, poolsize=4)
        for _ in range(3):
            found = [await pool.eval(LUA, ["a"], [number]) for number in range(12)]
            assert found == [["a", number, 7] for number in range(12)]
            with redis.Redis(port=server.port) as theirs:
                theirs.script_flush()
        # What is run again is named by its hash only.
        for _ in range(12):
            await pool.eval(LUA.encode(), ["a"], ["x"])
        with redis.Redis(port=server.port) as theirs:
            assert theirs.info("commandstats")["cmdstat_evalsha"]["calls"] >= 12
        await pool.disconnect()

    loop.run(main)


def test_an_error_within_a_script_is_not_hidden(loop: Loop, server: RedisServer) -> None:
    """Only that a script is not known sends it again."""

    async def main() -> None:
        pool = await ConnectionPool("127.0.0.1", server.port, poolsize=1)
        wrong_type = "return redis.call('incr', KEYS[1])"
        await pool.set("n", 1)
        await pool.eval(wrong_type, ["n"])
        await pool.set("n", "text")
        with pytest.raises(ResponseError, match="not an integer"):
            await pool.eval(wrong_type, ["n"])
        await pool.disconnect()

    loop.run(main)


def test_script_kill_ends_what_runs(loop: Loop, server: RedisServer) -> None:
    """An endless script can be ended; where there is none, that is said."""

    async def main() -> None:
        pool = await ConnectionPool("127.0.0.1", server.port, poolsize=2)
        await pool.config_set("busy-reply-threshold", 10)
        with pytest.raises(NoScriptRunning):
            await pool.script_kill()
        own = await pool.watch("key")
        running = own.eval(ENDLESS)
        await loop.pause(0.05)
        assert await pool.script_kill() == "OK"
        with pytest.raises(ResponseError, match="killed"):
            await running
        # One that has written cannot be ended without losing what it wrote.
        writing = own.eval("redis.call('set', 'a', 1) while true do end")
        await loop.pause(0.05)
        with pytest.raises(ResponseError, match="UNKILLABLE"):
            await pool.script_kill()
        server.kill()
        with pytest.raises(ConnectionError):
            await writing
        await pool.disconnect()

    loop.run(main)


def test_object_freq_counts_uses(loop: Loop, server: RedisServer) -> None:
    """`object_freq` answers where the server counts, and is refused where it does not."""

    async def main() -> None:
        pool = await ConnectionPool("127.0.0.1", server.port, poolsize=1)
        await pool.set("a", 1)
        with pytest.raises(ResponseError, match="LFU"):
            await pool.object_freq("a")
        await pool.config_set("maxmemory-policy", "allkeys-lfu")
        await pool.set("a", 1)
        assert await pool.object_freq("a") >= 1
        await pool.disconnect()

    loop.run(main)


def test_scan_iter_gives_every_key(loop: Loop, server: RedisServer) -> None:
    """A loop over `scan_iter` meets each key, in several round trips."""

    async def main() -> set[Any]:
        pool = await ConnectionPool("127.0.0.1", server.port, poolsize=3)
        await pool.mset({f"key:{number}": number for number in range(200)})
        await pool.lpush("key:list", "x")
        found = {key async for key in pool.scan_iter("key:*", count=10, type="string")}
        assert int((await pool.info("commandstats"))["cmdstat_scan"].split(",")[0][6:]) > 5
        await pool.disconnect()
        return found

    assert loop.run(main) == {f"key:{number}" for number in range(200)}
