"""`transaction()`, `batch()` and the classic `pipeline()`: commands that are sent together."""

import gc
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from typing import Any, TypeAlias

import pytest
import redis
from twisted.internet.defer import CancelledError, FirstError

from cyclone_storage.redis import (
    ConnectionError,  # noqa: A004 -- txredisapi's name
    ConnectionHandler,
    ConnectionPool,
    InvalidData,
    RedisError,
    ResponseError,
    WatchError,
)

from ...running import Loop
from ...servers.redis import RedisServer

DBID = 15

Pooled: TypeAlias = Callable[..., Any]


@pytest.fixture
def pooled(loop: Loop, redis_server: RedisServer) -> Pooled:
    """Give what runs a coroutine function with a pool of two connections to an empty database."""

    def run(body: Callable[..., Awaitable[None]]) -> None:
        with redis.Redis(port=redis_server.port, db=DBID) as theirs:
            theirs.flushdb()

        async def main() -> None:
            pool = await ConnectionPool("127.0.0.1", redis_server.port, DBID, 2)
            await body(pool)
            await loop.until("end of exclusive use", lambda: pool.stats().exclusive == 0)
            await pool.disconnect()

        loop.run(main)

    return run


@pytest.mark.parametrize("name", ["transaction", "batch"])
def test_commands_are_sent_at_the_end(pooled: Pooled, name: str) -> None:
    """Each Deferred fires with its own converted result, and `results` has all of them."""

    async def main(pool: ConnectionHandler) -> None:
        async with getattr(pool, name)() as block:
            block.set("a", 1)
            total = block.incr("a", 5)
            members = block.smembers("none")
            block.eval("return ARGV[1]", args=["x"])
            assert await pool.get("a") is None
        assert block.results == ["OK", 6, set(), "x"]
        assert await total == 6
        assert await members == set()

    pooled(main)


@pytest.mark.parametrize("name", ["transaction", "batch"])
def test_an_error_of_one_command_is_raised_after_all_were_run(pooled: Pooled, name: str) -> None:
    """It says which command it was; the results are complete; nothing is logged twice."""

    async def main(pool: ConnectionHandler) -> None:
        await pool.set("a", "text")
        block = getattr(pool, name)()
        with pytest.raises(ResponseError, match="not an integer") as raised:  # noqa: PT012 -- the block is what fails
            async with block:
                block.set("b", 1)
                failing = block.incr("a")
                unseen = block.lpush("a", "x")
                block.get("b")
        assert raised.value.__notes__ == ["command 2 of 4: INCRBY"]
        done, error, wrong, found = block.results
        assert (done, found) == ("OK", 1)
        assert error is raised.value
        assert "WRONGTYPE" in str(wrong)
        with pytest.raises(ResponseError, match="not an integer"):
            await failing
        del unseen
        gc.collect()

    pooled(main)


@pytest.mark.parametrize("name", ["transaction", "batch"])
def test_all_results_can_be_had(pooled: Pooled, name: str) -> None:
    """With `raise_errors=False` errors are results as any other, also without a block."""

    async def main(pool: ConnectionHandler) -> None:
        await pool.set("a", "text")
        block = getattr(pool, name)(raise_errors=False)
        block.incr("a")
        seen: list[Any] = []
        block.get("a").addBoth(seen.append)
        block.incr("a").addErrback(lambda failure: seen.append(failure.value))
        block.incr("a").addCallbacks(seen.append, lambda failure: seen.append(failure.value))
        block.get("a").addCallback(seen.append)
        results = await block.run()
        assert isinstance(results[0], ResponseError)
        assert results[1] == "text"
        assert seen == ["text", results[2], results[3], "text"]

    pooled(main)


def test_an_error_reaches_whoever_asks_later(pooled: Pooled) -> None:
    """Every way to ask a Deferred gives it its error."""

    async def main(pool: ConnectionHandler) -> None:
        await pool.set("a", "text")
        block = pool.batch(raise_errors=False)
        deferreds = [block.incr("a") for _ in range(5)]
        await block.run()
        seen: list[Any] = []
        deferreds[0].addBoth(lambda failure: seen.append(failure.value))
        deferreds[1].addErrback(lambda failure: seen.append(failure.value))
        deferreds[2].addCallbacks(seen.append, lambda failure: seen.append(failure.value))
        deferreds[3].addCallback(seen.append).addErrback(lambda f: seen.append(f.value))
        assert seen == block.results[:4]

    pooled(main)


def test_to_await_within_the_block_is_refused(pooled: Pooled) -> None:
    """It would wait for ever; the error says what to do, and nothing is sent."""

    async def main(pool: ConnectionHandler) -> None:
        with pytest.raises(RedisError, match="after the `async with` block"):  # noqa: PT012 -- the block is what fails
            async with pool.transaction() as t:
                t.set("b", 1)
                await t.get("a")
        assert await pool.get("b") is None

    pooled(main)


def test_an_exception_in_the_block_forgets_the_commands(pooled: Pooled) -> None:
    """Nothing is sent, and the Deferreds say why."""

    async def main(pool: ConnectionHandler) -> None:
        watching = pool.transaction(watch="w")
        for block in (pool.batch(), pool.transaction(), watching):
            with pytest.raises(ZeroDivisionError):  # noqa: PT012 -- the block is what fails
                async with block:
                    if block is watching:
                        watching.multi()
                    setting = block.set("a", 1)
                    raise ZeroDivisionError
            with pytest.raises(
                RedisError, match="not sent, as the block was left by ZeroDivisionError"
            ):
                await setting
            with pytest.raises(RedisError, match="begin another"):
                await block.set("a", 1)
            with pytest.raises(RedisError, match="begin another"):
                await block.run()
        assert await pool.get("a") is None

    pooled(main)


def test_an_empty_block_sends_nothing(pooled: Pooled) -> None:
    """No commands, no results, no connection kept."""

    async def main(pool: ConnectionHandler) -> None:
        before = pool.stats().commands
        async with pool.transaction() as t, pool.batch() as b:
            pass
        assert (t.results, b.results, pool.stats().commands) == ([], [], before)
        async with pool.transaction(watch=["a", "b"]) as t:
            assert await t.get("a") is None
        assert t.results == []

    pooled(main)


def test_what_is_written_follows_from_what_was_read(
    redis_server: RedisServer, pooled: Pooled
) -> None:
    """With watched keys commands run at once until `multi`; a change by others is a WatchError."""

    async def main(pool: ConnectionHandler) -> None:
        await pool.set("stock", 3)
        with redis.Redis(port=redis_server.port, db=DBID) as theirs:
            for change in (False, True):
                t = pool.transaction(watch="stock")
                with pytest.raises(WatchError) if change else nullcontext():
                    async with t:
                        left = await t.get("stock")
                        t.multi()
                        t.set("stock", left - 1)
                        asked = t.hgetall("none")
                        if change:
                            theirs.set("stock", 9)
                if change:
                    with pytest.raises(WatchError):
                        await asked
                else:
                    assert await asked == {}
        assert await pool.get("stock") == 9

    pooled(main)


def test_multi_is_for_watched_keys_only(pooled: Pooled) -> None:
    """Misuse is refused with what to do instead."""

    async def main(pool: ConnectionHandler) -> None:
        async with pool.transaction() as t:
            with pytest.raises(RedisError, match="collects already"):
                t.multi()
        with pytest.raises(RedisError, match="needs its `async with`"):
            await pool.transaction(watch="a").get("a")

    pooled(main)


def test_a_command_that_is_refused_fails_the_whole_transaction(pooled: Pooled) -> None:
    """The error is that of the command, not that of EXEC; nothing is run."""

    async def main(pool: ConnectionHandler) -> None:
        with pytest.raises(ResponseError, match="wrong number of arguments"):  # noqa: PT012 -- the block is what fails
            async with pool.transaction() as t:
                setting = t.set("a", 1)
                t.execute("GET")
        with pytest.raises(ResponseError, match="wrong number"):
            await setting
        assert await pool.get("a") is None

    pooled(main)


def test_a_value_that_cannot_be_sent_gives_the_connection_back(pooled: Pooled) -> None:
    """Keys are no longer watched; each Deferred says why."""

    async def main(pool: ConnectionHandler) -> None:
        t = pool.transaction(watch="w")
        with pytest.raises(InvalidData):  # noqa: PT012 -- the block is what fails
            async with t:
                t.multi()
                setting = t.set("b", "\ud800")
        with pytest.raises(InvalidData):
            await setting

    pooled(main)


@pytest.mark.parametrize("name", ["transaction", "batch"])
def test_a_value_that_cannot_be_sent_sends_nothing(pooled: Pooled, name: str) -> None:
    """Not even the commands before it."""

    async def main(pool: ConnectionHandler) -> None:
        with pytest.raises(InvalidData):  # noqa: PT012 -- the block is what fails
            async with getattr(pool, name)() as block:
                block.set("a", 1)
                block.set("b", "\ud800")
        assert await pool.mget("a", "b") == [None, None]

    pooled(main)


@pytest.mark.parametrize(
    "call",
    [
        lambda b: b.quit(),
        lambda b: b.shutdown(),
        lambda b: b.script_flush(),
        lambda b: b.script_kill(),
    ],
)
def test_what_concerns_the_connection_is_refused(pooled: Pooled, call: Callable[..., Any]) -> None:
    """A part of a transaction or a batch is a command that gives one reply."""

    async def main(pool: ConnectionHandler) -> None:
        with pytest.raises(RedisError, match="cannot be a part"):
            await call(pool.batch())

    pooled(main)


def test_what_blocks_is_refused_in_a_batch_only(pooled: Pooled) -> None:
    """In a transaction it does not block."""

    async def main(pool: ConnectionHandler) -> None:
        with pytest.raises(RedisError, match="not in a batch"):
            await pool.batch().blpop("l", 1)
        async with pool.transaction() as t:
            t.rpush("l", "x")
            t.blpop("l", 1)
            t.blpop("l", 1)
            t.bzpopmin("z", 1)
        assert t.results == [1, ["l", "x"], None, None]

    pooled(main)


@pytest.mark.parametrize("watch", [(), ("a",)])
def test_a_connection_that_is_lost_fails_the_block(loop: Loop, watch: Sequence[str]) -> None:
    """Nobody knows whether the commands were run; each Deferred fails, and the pool comes back."""
    server = RedisServer()

    async def main() -> None:
        pool = await ConnectionPool("127.0.0.1", server.port, 0, 1)
        with redis.Redis(port=server.port) as theirs:
            theirs.execute_command("CLIENT", "PAUSE", 60_000)
        block = pool.transaction() if not watch else pool.batch()
        asked = block.get("a")
        running = block.run()
        server.kill()
        with pytest.raises(ConnectionError):
            await running
        with pytest.raises(ConnectionError):
            await asked
        server.start()
        await pool.ready()
        if watch:
            t = pool.transaction(watch=watch)
            with pytest.raises(RedisError):  # noqa: PT012 -- the block is what fails
                async with t:
                    server.kill()
                    await loop.until("loss", lambda: pool.stats().connected == 0)
                    await t.get("a")
            server.start()
            await pool.ready()
        assert await pool.ping() == "PONG"
        await pool.disconnect()

    loop.run(main)
    server.close()


def test_a_cancelled_result_harms_nobody(pooled: Pooled) -> None:
    """The command is sent all the same."""

    async def main(pool: ConnectionHandler) -> None:
        async with pool.batch() as b:
            cancelled = b.set("a", 1)
            cancelled.addErrback(lambda failure: failure.trap(CancelledError))
            cancelled.cancel()
        assert b.results == ["OK"]
        assert await pool.get("a") == 1

    pooled(main)


def test_a_batch_within_a_classic_transaction_is_refused(pooled: Pooled) -> None:
    """Its replies would be QUEUED."""

    async def main(pool: ConnectionHandler) -> None:
        t = await pool.multi()
        with pytest.raises(RedisError, match="use its commands"):
            async with t.batch() as b:
                b.get("a")
        await t.discard()

    pooled(main)


def test_commands_of_a_transaction_are_not_mixed_with_those_of_others(pooled: Pooled) -> None:
    """Transactions and single commands on the same connections, all at the same time."""

    async def main(pool: ConnectionHandler) -> None:
        running = []
        for number in range(50):
            t = pool.transaction()
            t.set("a", number)
            t.get("a")
            running.append((number, t.run()))
            pool.set("a", "other")
        for number, deferred in running:
            assert await deferred == ["OK", number]

    pooled(main)


def test_pipeline_sends_at_the_end(pooled: Pooled) -> None:
    """The classic way: nothing is sent before `execute_pipeline`, which gives the results."""

    async def main(pool: ConnectionHandler) -> None:
        p = await pool.pipeline()
        p.set("a", 1)
        total = p.incr("a")
        p.sadd("s", "x")
        p.smembers("s")
        p.eval("return 7")
        p.eval("return 7")
        assert await pool.get("a") is None
        assert await p.execute_pipeline() == ["OK", 2, 1, {"x"}, 7, 7]
        assert await total == 2
        empty = await pool.pipeline()
        assert await empty.execute_pipeline() == []

    pooled(main)


def test_an_error_in_a_pipeline_is_a_first_error(pooled: Pooled) -> None:
    """As txredisapi has it: the first error ends the waiting, the other commands are run."""

    async def main(pool: ConnectionHandler) -> None:
        await pool.set("a", "text")
        p = await pool.pipeline()
        p.set("b", 1)
        p.incr("a")
        p.set("c", 2)
        with pytest.raises(FirstError) as raised:
            await p.execute_pipeline()
        assert raised.value.index == 1
        assert isinstance(raised.value.subFailure.value, ResponseError)
        assert await pool.mget("b", "c") == [1, 2]

    pooled(main)


def test_a_pipeline_is_used_once(pooled: Pooled) -> None:
    """What is not open cannot be executed, and what is open cannot be opened again."""

    async def main(pool: ConnectionHandler) -> None:
        with pytest.raises(RedisError, match="Not currently pipelining"):
            await pool.execute_pipeline()
        p = await pool.pipeline()
        p.set("a", 1)
        with pytest.raises(RedisError, match="is open on this connection"):
            await p.pipeline()
        assert await p.execute_pipeline() == ["OK"]
        with pytest.raises(RedisError, match="Not currently pipelining"):
            await p.execute_pipeline()

    pooled(main)


def test_a_pipeline_on_watched_keys_keeps_the_connection(pooled: Pooled) -> None:
    """It goes back when the transaction ends, not when the pipeline does."""

    async def main(pool: ConnectionHandler) -> None:
        t = await pool.watch("a")
        p = await t.pipeline()
        p.get("a")
        assert await p.execute_pipeline() == [None]
        assert pool.stats().exclusive == 1
        await t.unwatch()
        assert pool.stats().exclusive == 0

    pooled(main)
