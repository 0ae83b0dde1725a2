"""Limits in a real Redis: shared by all, gone when full, and what happens while it is away."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, fail, gatherResults
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.logger import LogEvent, capturedLogs, formatEvent

from cyclone_storage.errors import PoolClosed, StorageUnavailable
from cyclone_storage.ratelimit import Decision, RateLimit, RateLimited
from cyclone_storage.redis import ConnectionHandler, connect

from .running import Loop
from .servers.processes import free_port
from .servers.redis import RedisServer

Run = Callable[[Callable[[ConnectionHandler], Awaitable[None]]], None]


@pytest.fixture
def run(loop: Loop, redis_server: RedisServer) -> Run:
    """A function that runs a coroutine function with a pool and an empty database."""

    def run(main: Callable[[ConnectionHandler], Awaitable[None]]) -> None:
        async def with_pool() -> None:
            async with connect(f"redis://127.0.0.1:{redis_server.port}/11", pool_size=3) as pool:
                await pool.flushdb()
                await main(pool)

        loop.run(with_pool)

    return run


def said(events: list[LogEvent]) -> list[str]:
    """Return what limits have logged, without the reason."""
    mine = [event for event in events if event.get("log_namespace") == "cyclone.storage"]
    return [formatEvent(event).partition(":")[0] for event in mine]


def test_burst_then_refused(run: Run) -> None:
    """It allows the burst, then says when the next attempt would be allowed; keys are apart."""

    async def main(pool: ConnectionHandler) -> None:
        limit = RateLimit(1, 3600, burst=2, store=pool, name="burst")
        first, second, third = [await limit.take("a") for _ in range(3)]
        assert first == Decision(True, 1, 0)
        assert second == Decision(True, 0, 0)
        assert (third.allowed, third.remaining) == (False, 0)
        assert 3590 < third.retry_after <= 3600
        with pytest.raises(
            RateLimited, match="too many attempts for the limit 'burst': the next one"
        ):
            await limit.check("a")
        assert (await limit.check("b")).allowed
        await limit.reset("a")
        assert (await limit.take("a", cost=2)) == Decision(True, 0, 0)

    run(main)


def test_filled_by_the_server_clock(run: Run, loop: Loop) -> None:
    """Tokens flow in by the server's clock; when the bucket is full its key is gone."""

    async def main(pool: ConnectionHandler) -> None:
        limit = RateLimit(1, 0.1, burst=2, store=pool, name="fill")
        assert [(await limit.take("a", cost=2)).allowed for _ in range(2)] == [True, False]
        decision = await limit.take("a")
        assert 0 < decision.retry_after <= 0.1
        await loop.pause(decision.retry_after)
        assert (await limit.take("a")).allowed
        assert await pool.keys("*") == ["ratelimit:fill:a"]
        assert 0 < await pool.pttl("ratelimit:fill:a") <= 200
        while await pool.keys("*"):
            await loop.pause(0.01)

    run(main)


def test_many_at_once(run: Run) -> None:
    """Any number of processes share a bucket: of 100 attempts at the same time a burst is allowed."""

    async def main(pool: ConnectionHandler) -> None:
        limits = [RateLimit(10, 3600, store=pool, name="many") for _ in range(4)]
        taking = [limits[number % 4].take("a") for number in range(100)]
        decisions = await gatherResults(taking)
        assert sum(decision.allowed for decision in decisions) == 10

    run(main)


def test_same_as_in_memory(run: Run) -> None:
    """The same attempts get the same answers in Redis and in memory."""

    async def main(pool: ConnectionHandler) -> None:
        stored = RateLimit(1, 3600, burst=7, store=pool, name="same")
        memory = RateLimit(1, 3600, burst=7)
        for cost in (1, 3, 4, 2, 2, 1, 1):
            mine, other = await stored.take(b"\xff\x00", cost), await memory.take(b"\xff\x00", cost)
            assert (mine.allowed, mine.remaining) == (other.allowed, other.remaining)
            assert mine.retry_after == pytest.approx(other.retry_after, abs=5)

    run(main)


def test_names_are_apart(run: Run) -> None:
    """Limits of different names have buckets of their own, those of the same name share."""

    async def main(pool: ConnectionHandler) -> None:
        for name, allowed in (("one", True), ("two", True), ("one", False)):
            limit = RateLimit(1, 3600, store=pool, name=name)
            assert (await limit.take("a")).allowed is allowed

    run(main)


def test_colons_are_apart(run: Run) -> None:
    """A colon in a name or in a key makes no two limits share a bucket; other names stay readable."""

    async def main(pool: ConnectionHandler) -> None:
        for name, key in (("a:b", "c"), ("a", "b:c"), ("a%3Ab", "c"), ("a", "b%3Ac"), ("ä", "b")):
            assert (await RateLimit(1, 3600, store=pool, name=name).take(key)).allowed
        assert "ratelimit:ä:b" in await pool.keys("*")

    run(main)


def test_clock_set_back(run: Run) -> None:
    """A bucket that is to be full in years, as a clock that was set back leaves it, is empty at most."""

    async def main(pool: ConnectionHandler) -> None:
        for stored in ("9000000000000000", "inf"):
            await pool.set("ratelimit:clock:a", stored)
            limit = RateLimit(1, 10, burst=2, store=pool, name="clock")
            assert (await limit.take("a")) == Decision(False, 0, 10)

    run(main)


def test_what_is_no_number(run: Run) -> None:
    """What somebody else has put where a bucket is opens no limit."""

    async def main(pool: ConnectionHandler) -> None:
        limit = RateLimit(1, 3600, burst=2, store=pool, name="strange")
        await pool.set("ratelimit:strange:a", "nan")
        assert (await limit.take("a")) == Decision(True, 1, 0)
        assert [(await limit.take("a")).allowed for _ in range(2)] == [True, False]
        await pool.set("ratelimit:strange:a", "text")
        with pytest.raises(StorageUnavailable, match="number expected"):
            await limit.take("a")

    run(main)


def test_survives_a_script_flush(run: Run) -> None:
    """A server that has forgotten its scripts is told again."""

    async def main(pool: ConnectionHandler) -> None:
        limit = RateLimit(10, 3600, store=pool, name="flush")
        for _ in range(6):
            assert (await limit.take("a")).allowed
        await pool.execute("SCRIPT", "FLUSH")
        for _ in range(3):
            assert (await limit.take("a")).allowed

    run(main)


def test_without_a_name(run: Run) -> None:
    """A limit in Redis must be told apart from others; it shows its name."""

    async def main(pool: ConnectionHandler) -> None:
        with pytest.raises(ValueError, match=r"a RateLimit with store= needs name="):
            RateLimit(1, store=pool)
        limit = RateLimit(1, store=pool, name="sign-in")
        assert repr(limit) == "<RateLimit: one in 1 s, 1 at once, in Redis as 'sign-in'>"

    run(main)


def test_wrong_type_in_redis(run: Run) -> None:
    """A key that something else holds is an error of the storage that says so, not a refusal."""

    async def main(pool: ConnectionHandler) -> None:
        await pool.lpush("ratelimit:wrong:a", "x")
        with pytest.raises(StorageUnavailable, match=r"'wrong' cannot ask Redis: .*WRONGTYPE"):
            await RateLimit(1, store=pool, name="wrong").take("a")

    run(main)


def test_server_dies_and_returns(loop: Loop) -> None:
    """Closed, the limit fails with a 503 while Redis is away; open, it allows and logs it once."""
    server = RedisServer()

    async def main() -> None:
        async with connect(f"redis://127.0.0.1:{server.port}", pool_size=2, wait_timeout=5) as pool:
            shut = RateLimit(1, 3600, store=pool, name="shut", timeout=0.1)
            opened = RateLimit(1, 3600, store=pool, name="open", timeout=0.1, fail_open=True)
            assert (await shut.take("a")).allowed
            assert (await opened.take("a")).allowed
            server.kill()
            with pytest.raises(
                StorageUnavailable, match="the limit 'shut' cannot ask Redis"
            ) as caught:
                await shut.check("a")
            assert (caught.value.http_status, caught.value.__cause__ is None) == (503, False)
            with capturedLogs() as lines:
                for _ in range(3):
                    assert (await opened.check("a")).allowed
            assert said(lines) == ["the limit 'open' allows everything while Redis is away"]
            server.start()
            await pool.ready(20)
            assert (await opened.take("a")).allowed
            assert not (await opened.take("a")).allowed
            server.kill()
            with capturedLogs() as lines:
                assert (await opened.take("a")).allowed
            assert len(said(lines)) == 1

    try:
        loop.run(main)
    finally:
        server.close()


def test_silent_server(loop: Loop) -> None:
    """A server that says nothing is waited for no longer than `timeout`, also by `reset`."""

    async def main() -> None:
        port = loop.reactor.listenTCP(0, Factory.forProtocol(Protocol), interface="127.0.0.1")
        pool = connect(f"redis://127.0.0.1:{port.getHost().port}", pool_size=1)
        limit = RateLimit(1, store=pool, name="silent", timeout=0.05)
        with pytest.raises(StorageUnavailable, match=r"cannot ask Redis: .*0\.05"):
            await limit.take("a")
        resetting = limit.reset("a")
        failed: list[Any] = []
        resetting.addErrback(failed.append)
        await loop.until("end of reset", lambda: failed)
        clock = Clock()
        taking = RateLimit(1, store=pool, name="silent", timeout=60, clock=clock).take("a")
        clock.advance(60)
        with pytest.raises(StorageUnavailable, match=r"cannot ask Redis: .*60"):
            await taking
        opened = RateLimit(1, store=pool, name="silent", timeout=0.05, fail_open=True)
        with capturedLogs() as lines:
            assert (await opened.take("a")) == Decision(True, 0, 0)
        assert len(said(lines)) == 1
        await pool.close()
        await port.stopListening()

    loop.run(main)


def test_nobody_listens(loop: Loop) -> None:
    """The error, that of `reset`, and the log of an open limit name what the pool has met."""

    async def main() -> None:
        async with connect(f"redis://127.0.0.1:{free_port()}") as pool:
            limit = RateLimit(1, store=pool, name="away", timeout=0.1)
            says = r"'away' cannot ask Redis: no answer within 0\.1 s; .* ConnectionRefusedError: "
            with pytest.raises(StorageUnavailable, match=says):
                await limit.take("a")
            with pytest.raises(StorageUnavailable, match=says):
                await limit.reset("a")
            opened = RateLimit(1, store=pool, name="away", timeout=0.1, fail_open=True)
            with capturedLogs() as lines:
                await opened.take("a")
            assert "ConnectionRefusedError" in formatEvent(lines[0])

    loop.run(main)


def test_store_of_ones_own(loop: Loop) -> None:
    """A store that tells nothing of itself is enough; what it raises is told."""

    class Store:
        def eval(self, *_: object) -> Deferred[Any]:
            return fail(OSError("no wire"))

        def delete(self, _: object) -> Deferred[Any]:
            return Deferred()

    async def main() -> None:
        limit = RateLimit(1, store=Store(), name="own", timeout=0.05)
        with pytest.raises(StorageUnavailable, match=r"'own' cannot ask Redis: OSError: no wire$"):
            await limit.take("a")
        with pytest.raises(StorageUnavailable, match=r"no answer within 0\.05 s$"):
            await limit.reset("a")

    loop.run(main)


@pytest.mark.parametrize("fail_open", [False, True])
def test_closed_pool(run: Run, fail_open: bool) -> None:
    """A closed pool does not come back: its limit answers 503 and never opens."""

    async def main(pool: ConnectionHandler) -> None:
        limit = RateLimit(1, store=pool, name="closed", fail_open=fail_open)
        await pool.close()
        for ask in (limit.take, limit.reset):
            with pytest.raises(StorageUnavailable, match="were closed") as caught:
                await ask("a")
            assert isinstance(caught.value.__cause__, PoolClosed)

    run(main)


def test_given_up(run: Run) -> None:
    """A wait that was given up is no outage."""

    async def main(pool: ConnectionHandler) -> None:
        limit = RateLimit(1, store=pool, name="given up", fail_open=True)
        for ask in (limit.take, limit.reset):
            asking = ask("a")
            asking.cancel()
            with pytest.raises(CancelledError):
                await asking

    run(main)
