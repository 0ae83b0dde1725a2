"""Transactions as cyclone 1.x has them, and what was wrong with them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import pytest
import redis

from cyclone_storage.redis import (
    ConnectionError,  # noqa: A004 -- txredisapi's name
    ConnectionHandler,
    ConnectionPool,
    RedisError,
    RedisProtocol,
    ResponseError,
    WatchError,
)

from ...running import Loop
from ...servers.redis import RedisServer

DBID = 14

Pooled: TypeAlias = Callable[..., Any]


@pytest.fixture
def pooled(loop: Loop, redis_server: RedisServer) -> Pooled:
    """Give what runs a coroutine function with a pool of two connections to an empty database."""

    def run(body: Callable[[Any], Awaitable[Any]], size: int = 2) -> Any:  # noqa: ANN401 -- what it gives
        with redis.Redis(port=redis_server.port, db=DBID) as theirs:
            theirs.flushdb()

        async def main() -> object:
            async with pool_of(redis_server, size) as pool:
                found = await body(pool)
                # Whatever was done, all connections are in the pool again, or are being made anew.
                await loop.until("end of exclusive use", lambda: pool.stats().exclusive == 0)
                return found

        return loop.run(main)

    return run


@asynccontextmanager
async def pool_of(server: RedisServer, size: int) -> AsyncIterator[Any]:
    """Give a pool, and close it."""
    pool = await ConnectionPool("127.0.0.1", server.port, DBID, size)
    try:
        yield pool
    finally:
        await pool.disconnect()


def other(server: RedisServer) -> redis.Redis:
    """Give another client."""
    return redis.Redis(port=server.port, db=DBID, decode_responses=True)


def test_commit_gives_the_results(pooled: Pooled) -> None:
    """Each command is answered QUEUED, and `commit` gives the results in order."""

    async def main(pool: ConnectionHandler) -> None:
        t = await pool.multi()
        assert await t.set("a", 1) == "QUEUED"
        assert await t.incr("a") == "QUEUED"
        assert await t.get("none") == "QUEUED"
        assert await pool.get("a") is None
        assert await t.commit() == ["OK", 2, None]
        assert await pool.get("a") == 2

    pooled(main)


def test_commit_converts_as_the_commands_do(pooled: Pooled) -> None:
    """What a command makes of its reply, it makes of that in the results of a transaction, too."""

    async def main(pool: ConnectionHandler) -> None:
        await pool.sadd("s", "a", "b")
        await pool.zadd("z", 1.5, "a", 2, "b")
        await pool.hset("h", "name", "Ann")
        # txredisapi gave True for QUEUED and raw lists after it, all but for HGETALL.
        t = await pool.multi()
        queued = [
            await t.smembers("s"),
            await t.sismember("s", "a"),
            await t.smove("s", "t", "x"),
            await t.hgetall("h"),
            await t.zrange("z", withscores=True),
            await t.hexists("h", "x"),
            await t.info("cpu"),
            await t.script_exists("0" * 40),
            await t.zscore("z", "a"),
            await t.eval("return 'x'"),
            await t.evalsha("0" * 40),
        ]
        assert queued == ["QUEUED"] * 11
        found = await t.commit()
        assert found[:6] == [
            {"a", "b"},
            True,
            False,
            {"name": "Ann"},
            [("a", 1.5), ("b", 2.0)],
            False,
        ]
        assert "used_cpu_sys" in found[6]
        assert found[7:10] == [False, 1.5, "x"]
        assert isinstance(found[10], ResponseError)

    pooled(main)


def test_a_hash_after_watched_keys_is_a_dict(pooled: Pooled) -> None:
    """Conversions meet their own replies where `multi` watches keys; txredisapi's were one too late."""

    async def main(pool: ConnectionHandler) -> None:
        await pool.hset("h", "name", "Ann")
        t = await pool.multi("h")
        await t.incr("n")
        await t.hgetall("h")
        assert await t.commit() == [1, {"name": "Ann"}]

    pooled(main)


def test_conversions_do_not_outlive_a_watch_error(
    redis_server: RedisServer, pooled: Pooled
) -> None:
    """A transaction after one that failed has its own conversions only."""

    async def main(pool: ConnectionHandler) -> None:
        with other(redis_server) as theirs:
            t = await pool.multi(["w"])
            await t.hgetall("h")
            theirs.set("w", 1)
            with pytest.raises(WatchError, match="no command"):
                await t.commit()
        t = await pool.multi()
        await t.get("w")
        assert await t.commit() == [1]

    pooled(main, 1)


def test_an_error_of_one_command_is_in_its_place(pooled: Pooled) -> None:
    """The others have been run; a conversion does not meet an error."""

    async def main(pool: ConnectionHandler) -> None:
        await pool.set("a", "text")
        t = await pool.multi()
        await t.hgetall("a")
        await t.incr("a")
        await t.set("b", 1)
        wrong, no_number, done = await t.commit()
        assert isinstance(wrong, ResponseError)
        assert "WRONGTYPE" in str(wrong)
        assert isinstance(no_number, ResponseError)
        assert done == "OK"

    pooled(main)


def test_a_command_that_is_refused_ends_in_an_error_of_commit(pooled: Pooled) -> None:
    """Nothing is run, and the connection goes back; txredisapi kept it for ever."""

    async def main(pool: ConnectionHandler) -> None:
        for _ in range(3):
            t = await pool.multi()
            await t.set("a", 1)
            with pytest.raises(ResponseError):
                await t.execute_command("SET")
            with pytest.raises(ResponseError, match="EXECABORT"):
                await t.commit()
        assert await pool.get("a") is None

    pooled(main)


def test_discard_forgets_the_commands(pooled: Pooled) -> None:
    """Nothing is run, and the connection goes back."""

    async def main(pool: ConnectionHandler) -> None:
        t = await pool.multi()
        await t.set("a", 1)
        assert await t.discard() == "OK"
        assert await pool.get("a") is None

    pooled(main)


def test_nobody_slips_into_a_transaction_that_is_discarded(pooled: Pooled) -> None:
    """A command that waits for the connection comes after DISCARD, not before it."""

    async def main(pool: ConnectionHandler) -> None:
        t = await pool.multi()
        discarding = t.discard()
        waiting = pool.set("a", 1)
        assert await discarding == "OK"
        assert await waiting == "OK"

    pooled(main, 1)


def test_watch_reads_before_it_writes(redis_server: RedisServer, pooled: Pooled) -> None:
    """What `watch` gives reads at once; `multi` on it queues; a change by others fails it."""

    async def main(pool: ConnectionHandler) -> None:
        await pool.set("a", 1)
        with other(redis_server) as theirs:
            for change in (False, True):
                t = await pool.watch("a", "b")
                value = await t.get("a")
                same = await t.multi()
                assert same is t
                await t.set("a", value + 10)
                if change:
                    theirs.set("a", 5)
                    with pytest.raises(WatchError):
                        await t.commit()
                else:
                    assert await t.commit() == ["OK"]
        assert await pool.get("a") == 5

    pooled(main)


def test_unwatch_gives_the_connection_back(pooled: Pooled) -> None:
    """After `unwatch` nothing is watched; without `watch` it does nothing."""

    async def main(pool: ConnectionHandler) -> None:
        t = await pool.watch([b"a"])
        assert pool.stats().exclusive == 1
        assert await t.lrange("none", 0, -1) == []
        assert await t.unwatch() == "OK"
        assert pool.stats().exclusive == 0
        assert await pool.unwatch() == "OK"
        # Within a transaction it is one of its commands.
        t = await pool.multi("a")
        assert await t.unwatch() == "QUEUED"
        assert await t.commit() == ["OK"]

    pooled(main)


@pytest.mark.parametrize("name", ["commit", "discard"])
def test_an_end_without_a_transaction_is_an_error(pooled: Pooled, name: str) -> None:
    """On a pool, or once more on what `multi` gave, it is refused and says why."""

    async def main(pool: ConnectionHandler) -> None:
        with pytest.raises(RedisError, match=f"{name}\\(\\) belongs to what multi"):
            await getattr(pool, name)()
        t = await pool.multi()
        await getattr(t, name)()
        with pytest.raises(RedisError, match="Not in transaction"):
            await getattr(t, name)()

    pooled(main)


def test_a_transaction_in_a_transaction_is_refused(pooled: Pooled) -> None:
    """The first one is not harmed."""

    async def main(pool: ConnectionHandler) -> None:
        t = await pool.multi()
        await t.set("a", 1)
        with pytest.raises(RedisError, match="is open on this connection"):
            await t.multi()
        with pytest.raises(RedisError, match="is open on this connection"):
            async with t.transaction() as inner:
                inner.set("a", 2)
        assert await t.commit() == ["OK"]

    pooled(main)


def test_a_multi_that_is_refused_keeps_watching(redis_server: RedisServer, pooled: Pooled) -> None:
    """If the server refuses MULTI, `unwatch` gives the connection back."""

    async def main(pool: ConnectionHandler) -> None:
        with other(redis_server) as theirs:
            theirs.execute_command("ACL", "SETUSER", "default", "-multi")
            try:
                t = await pool.watch("a")
                with pytest.raises(ResponseError, match="NOPERM"):
                    await t.multi()
                await t.unwatch()
                with pytest.raises(ResponseError, match="NOPERM"):
                    await pool.multi()
            finally:
                theirs.execute_command("ACL", "SETUSER", "default", "+multi")

    pooled(main)


@pytest.mark.parametrize("stage", ["watch", "multi", "queued", "commit"])
def test_a_connection_that_is_lost_ends_the_transaction(loop: Loop, stage: str) -> None:
    """Whatever was open fails once with ConnectionError, and the pool comes back."""
    server = RedisServer()

    async def main() -> None:
        pool = await ConnectionPool("127.0.0.1", server.port, 0, 1)
        t = await (pool.watch("a") if stage == "watch" else pool.multi("a"))
        if stage in {"queued", "commit"}:
            await t.set("a", 1)
        server.kill()
        committing = t.commit() if stage == "commit" else None
        if committing is not None:
            with pytest.raises(ConnectionError):
                await committing
        await loop.until("loss of the connection", lambda: pool.stats().connected == 0)
        for call in (lambda: t.set("a", 2), t.commit):
            with pytest.raises(RedisError):
                await call()
        server.start()
        await pool.ready()
        assert await pool.get("a") is None
        assert pool.stats().exclusive == 0
        again = await pool.multi()
        await again.set("a", 3)
        assert await again.commit() == ["OK"]
        await pool.disconnect()

    loop.run(main)
    server.close()


def test_a_cancelled_commit_gives_the_connection_back(pooled: Pooled) -> None:
    """Whoever no longer waits for a transaction does not keep its connection."""

    async def main(pool: ConnectionHandler) -> None:
        t = await pool.multi()
        await t.set("a", 1)
        committing = t.commit()
        committing.addErrback(lambda _: None)
        committing.cancel()
        assert pool.stats().exclusive == 0
        assert await pool.get("a") == 1

    pooled(main, 1)


def test_a_pipeline_of_a_transaction_gives_the_connection_back_once(pooled: Pooled) -> None:
    """`multi` within a pipeline: its results are there, and one connection is not in the pool twice."""

    async def main(pool: ConnectionHandler) -> None:
        p = await pool.pipeline()
        p.multi()
        p.set("a", 1)
        p.hgetall("h")
        committing = p.commit()
        results = await p.execute_pipeline()
        assert results[1:] == ["QUEUED", "QUEUED", ["OK", {}]]
        assert await committing == ["OK", {}]
        assert pool.stats().connected == 2
        assert await pool.get("a") == 1

    pooled(main)


def test_what_is_asked_twice_ends_once(pooled: Pooled) -> None:
    """A second `unwatch` before the first is answered does not put the connection back twice."""

    async def main(pool: ConnectionHandler) -> None:
        t = await pool.watch("a")
        first, second = t.unwatch(), t.unwatch()
        assert [await first, await second] == ["OK", "OK"]
        assert pool.stats().connected == 2

    pooled(main)


def test_what_blocks_does_not_in_a_transaction(pooled: Pooled) -> None:
    """On a connection of one's own a blocking command is a command as any other."""

    async def main(pool: ConnectionHandler) -> None:
        t = await pool.multi()
        await t.rpush("l", "x")
        await t.blpop("l", 1)
        await t.bzpopmin("z", 1)
        assert await t.commit() == [1, ["l", "x"], None]
        own = await pool.watch("l")
        assert await own.blpop("l", 0.01) is None
        await own.unwatch()

    pooled(main)


def test_handle_transaction_data_is_there_for_programs_that_call_it() -> None:
    """Txredisapi's hook of a reply leaves it as it is."""
    assert RedisProtocol().handleTransactionData(["OK"]) == ["OK"]
