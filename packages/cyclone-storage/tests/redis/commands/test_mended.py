"""What txredisapi 1.6 does wrong, and this package does not; each test fails with txredisapi."""

import operator
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

import pytest
import redis

from cyclone_storage.redis import ConnectionHandler, ConnectionPool, InvalidData, RedisError

from ...running import Loop
from ...servers.redis import RedisServer

DBID = 11

Pooled: TypeAlias = Callable[..., Any]


@pytest.fixture
def pooled(loop: Loop, redis_server: RedisServer) -> Pooled:
    """Give what runs a coroutine function with a pool, made with some options."""

    def run(body: Callable[..., Awaitable[Any]], **options: Any) -> Any:  # noqa: ANN401 -- what it gives
        with redis.Redis(port=redis_server.port, db=DBID) as theirs:
            theirs.flushdb()

        async def main() -> object:
            pool = await ConnectionPool("127.0.0.1", redis_server.port, DBID, 2, **options)
            try:
                return await body(pool)
            finally:
                await pool.disconnect()

        return loop.run(main)

    return run


def test_the_list_of_the_caller_stays_as_it_is(pooled: Pooled) -> None:
    """What comes as a list and as arguments is put together in a list of ours."""

    async def main(pool: ConnectionHandler) -> None:
        keys = ["a", "b"]
        await pool.delete(keys, "c")
        await pool.blpop(keys, 0.01)
        assert keys == ["a", "b"]

    pooled(main)


@pytest.mark.parametrize(
    "several",
    [("a", "b"), {"a", "b"}, frozenset("ab"), {"a": 1, "b": 2}, {"a": 1, "b": 2}.keys()],
    ids=lambda each: type(each).__name__,
)
def test_several_may_come_in_any_iterable(pooled: Pooled, several: Iterable[str]) -> None:
    """Also together with arguments, where txredisapi wanted a list; also as what yields once."""

    async def main(pool: ConnectionHandler) -> None:
        assert await pool.sadd("s", several, "c") == 3
        assert await pool.sadd("t", (each for each in several), "c") == 3
        assert await pool.rpush("l", several) == 2
        assert await pool.zadd("z", 1, "a") == 1
        assert await pool.zrem("z", several) == 1

    pooled(main)


def test_bytes_and_numbers_are_one_thing(pooled: Pooled) -> None:
    """Txredisapi took bytes for a list of numbers, text for one of letters, and failed at a number."""

    async def main(pool: ConnectionHandler) -> None:
        await pool.hset("h", mapping={"name": "Ann", 7: "seven"})
        assert await pool.hmget("h", "name") == ["Ann"]
        assert await pool.hdel("h", b"name") == 1
        assert await pool.hdel("h", 7) == 1
        await pool.rpush("l", bytearray(b"x"))
        assert await pool.blpop(b"l", 1) == ["l", "x"]
        t = await pool.watch(b"key")
        await t.unwatch()

    pooled(main)


@pytest.mark.parametrize(
    "number", [0.1, 1e-7, 1e22, 1.7976931348623157e308, -2.5, 123456789.123456789]
)
def test_floats_keep_their_digits(pooled: Pooled, number: float) -> None:
    """Txredisapi sent six digits behind the point: 1e-7 became 0."""

    async def main(pool: ConnectionHandler) -> None:
        await pool.set("a", number)
        assert await pool.get("a") == number
        await pool.zadd("z", number, "m")
        assert await pool.zscore("z", "m") == number
        assert await pool.zcount("z", number, number) == 1

    pooled(main)


def test_scores_may_be_infinite_or_have_an_exponent(pooled: Pooled) -> None:
    """Txredisapi's zscore failed with ValueError at both."""

    async def main(pool: ConnectionHandler) -> None:
        await pool.zadd("z", "inf", "a", "-inf", "b", 1e20, "c", 1.5, "d", 2, "e")
        scores = [await pool.zscore("z", member) for member in "abcde"]
        assert scores == [float("inf"), float("-inf"), 1e20, 1.5, 2]
        assert await pool.zincrby("z", 1, "a") == float("inf")
        assert await pool.zmscore("z", "abcde") == [None]
        assert [await pool.zscore("z", "e"), type(await pool.zscore("z", "e"))] == [2, int]

    pooled(main)
    # Where numbers are not converted, txredisapi failed at 1.5.
    pooled(main, convertNumbers=False)


@pytest.mark.parametrize(
    "options", [{}, {"convertNumbers": False}, {"charset": None, "convertNumbers": False}]
)
def test_a_cursor_and_the_time_are_integers(pooled: Pooled, options: dict[str, Any]) -> None:
    """A loop until the cursor is 0 ends, also where numbers are not converted."""

    async def main(pool: ConnectionHandler) -> None:
        await pool.set("a", 1)
        await pool.sadd("s", "x")
        await pool.hset("h", "f", 1)
        await pool.zadd("z", 1, "m")
        for found in (
            await pool.scan(count=100),
            await pool.sscan("s"),
            await pool.hscan("h"),
            await pool.zscan("z"),
        ):
            assert found[0] == 0
            assert isinstance(found[0], int)
        assert all(isinstance(each, int) for each in await pool.time())

    pooled(main, **options)


def test_info_is_a_dict_in_any_charset(pooled: Pooled) -> None:
    """Txredisapi gave text without a section."""

    async def main(pool: ConnectionHandler) -> None:
        whole = await pool.info()
        assert whole["redis_mode"] == "standalone"
        assert whole["redis_version"] == (await pool.info("server"))["redis_version"]
        client = (await pool.client_list())[0]
        assert client["db"] == str(DBID)

    pooled(main)
    pooled(main, charset=None)


@pytest.mark.parametrize(
    "text",
    [
        "1_000",
        "5 ",
        "1.5\n",
        "+",
        "-",
        ".",
        "+.nan",
        "nan",
        "inf",
        "1e5",
        " 5",
        "1.0e999",
        "٣",
        "1٣",
    ],
)
def test_only_numbers_become_numbers(pooled: Pooled, text: str) -> None:
    """What Python takes for a number, and nobody else does, stays text."""

    async def main(pool: ConnectionHandler) -> None:
        await pool.set("a", text)
        assert await pool.get("a") == text

    pooled(main)


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("-7", -7), ("+5", 5), ("1.5", 1.5), ("-.5", -0.5), ("1.5e3", 1500)],
)
def test_numbers_become_numbers(pooled: Pooled, text: str, number: float) -> None:
    """As cyclone 1.x has it, unless that is switched off."""

    async def main(pool: ConnectionHandler) -> object:
        await pool.set("a", text)
        return await pool.get("a")

    assert pooled(main) == number
    assert pooled(main, convertNumbers=False) == text
    assert pooled(main, charset=None, convertNumbers=False) == text.encode()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda r: r.set("a", 1, only_if_exists=True, only_if_not_exists=True),
            RedisError,
            "exclude",
        ),
        (lambda r: r.sort("l", start=1), RedisError, "must both"),
        (lambda r: r.sort("l", end=1), RedisError, "must both"),
        (lambda r: r.bitcount("a", 1), RedisError, "must both"),
        (lambda r: r.bitop("AND", "d"), RedisError, "srckeys"),
        (lambda r: r.bitop("NOT", "d", "a", "b"), RedisError, "only one"),
        (lambda r: r.bitop("NAND", "d", "a"), InvalidData, "'NAND'"),
        (lambda r: r.bitop(operator.add, "d", "a"), InvalidData, "add"),
        (lambda r: r.zadd("z", 1, "a", 2), InvalidData, "in turn"),
        (lambda r: r.zrangebyscore("z", offset=1), InvalidData, "must both"),
        (lambda r: r.zrevrangebylex("z", count=1), InvalidData, "must both"),
        (lambda r: r.zunionstore("d", ["a"], "avg"), InvalidData, "'avg'"),
        (lambda r: r.zunionstore("d", ["a"], len), InvalidData, "len"),
        (lambda r: r.hset("h"), InvalidData, "mapping"),
        (lambda r: r.hset("h", "f"), InvalidData, "mapping"),
        (lambda r: r.hset("h", None, "v"), InvalidData, "mapping"),
        (lambda r: r.xadd("x", {"a": 1}, maxlen=1, minid="1"), InvalidData, "one of"),
        (lambda r: r.xtrim("x"), InvalidData, "one of"),
        (lambda r: r.geosearch("g", radius=1), InvalidData, "member"),
        (
            lambda r: r.geosearch("g", member="a", longitude=1, latitude=1, radius=1),
            InvalidData,
            "member",
        ),
    ],
)
def test_arguments_that_do_not_fit_fail_the_deferred(
    pooled: Pooled, call: Callable[..., Any], error: type[Exception], message: str
) -> None:
    """Nothing is raised at once, as some of txredisapi's do; nothing is sent."""

    async def main(pool: ConnectionHandler) -> None:
        deferred = call(pool)
        with pytest.raises(error, match=message):
            await deferred

    pooled(main)
