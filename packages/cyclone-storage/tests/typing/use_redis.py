"""How programs use Redis; read by type checkers only, never run."""

from typing import TYPE_CHECKING, Any, assert_type

from cyclone_storage.redis import (
    Batch,
    Commands,
    Key,
    RedisProtocol,
    Reply,
    Result,
    Transaction,
    Value,
    connect,
)

if TYPE_CHECKING:
    from cyclone_storage.redis.commands import ConnectionCommands


async def classic(pool: Commands) -> None:
    """Use the commands that cyclone 1.x has."""
    assert_type(await pool.set("key", 1.5, 60, only_if_not_exists=True), Value | None)
    assert_type(await pool.get(b"key"), Value | None)
    assert_type(await pool.mget(["a", b"b"], "c"), list[Value | None])
    assert_type(await pool.delete("a"), int)
    assert_type(await pool.incr("n"), int)
    assert_type(await pool.smembers("s"), set[Value])
    assert_type(await pool.sismember("s", 1), bool)
    assert_type(await pool.hgetall("h"), dict[Value, Value])
    assert_type(await pool.hexists("h", "f"), bool)
    assert_type(await pool.zscore("z", "m"), float | None)
    assert_type(await pool.zadd("z", 1, "a", 2, "b"), int)
    assert_type(await pool.info("memory"), dict[str, str])
    assert_type(await pool.time(), list[int])
    assert_type(await pool.blpop(["a", "b"], 5), list[Value] | None)
    assert_type(await pool.eval("return 1", ["key"], [1, b"2"]), Reply)
    assert_type(await pool.script_exists("0" * 40), bool | list[bool])
    assert_type(await pool.zunionstore("d", {"a": 2, "b": 0.5}, max), int)
    assert_type(await pool.shutdown("NOSAVE"), None)


async def newer(pool: Commands) -> None:
    """Use the commands that cyclone 1.x has not."""
    assert_type(await pool.getex("key", persist=True), Value | None)
    assert_type(await pool.incrbyfloat("n", 0.5), float)
    assert_type(await pool.smismember("s", ["a", 1]), list[bool])
    assert_type(await pool.bzpopmin("z", 1), tuple[Value, Value, float] | None)
    assert_type(await pool.zpopmin("z", 2), list[tuple[Value, float]])
    assert_type(await pool.hset("h", mapping={"a": 1, b"b": "two"}), int)
    assert_type(await pool.geopos("g", "Palermo"), list[tuple[float, float] | None])
    assert_type(await pool.execute("OBJECT FREQ", "key"), Reply)
    async for key in pool.scan_iter("user:*", count=100, type="hash"):
        assert_type(key, Reply)


async def streams(pool: Commands) -> None:
    """Use streams."""
    assert_type(await pool.xadd("x", {"name": "Ann", "age": 31}, maxlen=1000), str | None)
    found = await pool.xread({"x": "0"}, count=10, block=1000)
    for stream, entries in found.items():
        assert_type(stream, Value)
        for name, fields in entries:
            assert_type(name, str)
            assert_type(fields, dict[Value, Value])
    await pool.xgroup_create("x", "workers", mkstream=True)
    await pool.xreadgroup("workers", "one", {"x": ">"}, block=0)
    assert_type(await pool.xack("x", "workers", "1-1", "2-1"), int)
    assert_type(await pool.xtrim("x", 100, exact=True), int)


async def transactions(pool: Commands) -> None:
    """Use transactions and pipelines, classic and not."""
    t = await pool.multi(["a", b"b"])
    assert_type(t, Commands)
    await t.set("a", 1)
    assert_type(await t.commit(), list[Result])
    watching = await pool.watch("a")
    assert_type(await watching.unwatch(), str)
    p = await pool.pipeline()
    assert_type(await p.execute_pipeline(), list[Result])

    async with pool.transaction() as together:
        assert_type(together, Transaction)
        members = together.smembers("s")
    assert_type(await members, set[Value])
    assert_type(together.results, list[Result])

    async with pool.transaction(watch=["stock"]) as careful:
        left = await careful.get("stock")
        careful.multi()
        careful.set("stock", left if isinstance(left, int) else 0)

    async with pool.batch(raise_errors=False) as batch:
        assert_type(batch, Batch)
        batch.get("a")
    assert_type(await pool.batch().run(), list[Result])


def surface(protocol: RedisProtocol, key: Key) -> tuple[Commands, Commands, Any]:
    """Pools and connections have the same commands."""
    connection: ConnectionCommands = protocol
    return connect("redis://localhost"), connection, connection.get(key)
