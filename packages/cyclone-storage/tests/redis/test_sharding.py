"""Several real servers as one, by TCP and by Unix sockets."""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred, DeferredList, fail, gatherResults, succeed

from cyclone_storage.redis.connecting import connect
from cyclone_storage.redis.errors import (
    ConnectionError,  # noqa: A004 -- txredisapi's name
    ResponseError,
    WaitTimeout,
)
from cyclone_storage.redis.sharding.handler import (
    DifferentShards,
    NotShardable,
    ShardedConnectionHandler,
    ShardedMethods,
    ShardedUnixConnectionHandler,
)
from cyclone_storage.redis.sharding.makers import (
    ShardedConnection,
    ShardedUnixConnectionPool,
    lazyShardedConnectionPool,
    lazyShardedUnixConnection,
)

from ..running import Loop
from ..servers.redis import RedisServer
from ..servers.sentinel import client

KEYS = [f"shard:{number}" for number in range(60)]


@pytest.fixture(scope="module")
def servers() -> Iterator[list[RedisServer]]:
    """Give three servers."""
    three = [RedisServer() for _ in range(3)]
    yield three
    for server in three:
        server.close()


@pytest.fixture(autouse=True)
def _empty(servers: list[RedisServer]) -> None:
    for server in servers:
        with client(server.port) as asked:
            asked.flushall()


def hosts(servers: list[RedisServer]) -> list[str]:
    return [f"127.0.0.1:{server.port}" for server in servers]


def keys_of(server: RedisServer) -> set[str]:
    with client(server.port) as asked:
        return set(asked.keys())


@pytest.mark.parametrize("unix", [False, True])
def test_spread(loop: Loop, servers: list[RedisServer], unix: bool) -> None:
    """Keys are on the servers that the ring says, each on one; `mget` gives them in its order."""

    async def main() -> None:
        pool: Any
        if unix:
            pool = await ShardedUnixConnectionPool(
                [str(server.path) for server in servers], poolsize=2
            )
            assert isinstance(pool, ShardedUnixConnectionHandler)
        else:
            pool = await ShardedConnection(hosts(servers))
        async with pool:
            await gatherResults([pool.set(key, number) for number, key in enumerate(KEYS)])
            found = [keys_of(server) for server in servers]
            assert sorted(key for keys in found for key in keys) == sorted(KEYS)
            for key in KEYS:
                index = pool.nodes.index(pool.node_of(key))
                assert key in found[index]
            assert await gatherResults([pool.get(key) for key in KEYS]) == list(range(60))
            wanted = [KEYS[7], "shard:none", KEYS[3], KEYS[59], KEYS[7], KEYS[0]]
            assert await pool.mget(wanted) == [7, None, 3, 59, 7, 0]
            assert await pool.mget(*wanted) == [7, None, 3, 59, 7, 0]
            assert await pool.mget([]) == []
            assert await pool.exists(*KEYS, "shard:none") == 60
            assert await pool.delete(KEYS[:30], *KEYS[30:40]) == 40
            assert await pool.unlink(*KEYS[30:50]) == 10
            assert sum(len(keys_of(server)) for server in servers) == 10
            where = [str(server.path) for server in servers] if unix else hosts(servers)
            size = 2 if unix else 1
            assert (
                repr(pool)
                == f"<Redis Sharded Connection: {', '.join(f'{each}/{size}' for each in where)}>"
            )
            assert sorted(pool.stats()) == sorted(where)
        assert repr(pool) == "<Redis Sharded Connection: >"

    loop.run(main)


def test_classic_methods(loop: Loop, servers: list[RedisServer]) -> None:
    """Every method that cyclone 1.x shards is there, and goes to the server of its key."""
    calls: dict[str, tuple[Any, ...]] = {
        "decr": (1,), "delete": (), "exists": (), "expire": (9,), "get": (), "get_type": (),
        "getset": ("x",), "hdel": ("f",), "hexists": ("f",), "hget": ("f",), "hgetall": (),
        "hincrby": ("f", 1), "hkeys": (), "hlen": (), "hmget": (["f"],), "hmset": ({"f": 1},),
        "hset": ("f", 1), "hvals": (), "incr": (1,), "lindex": (0,), "llen": (), "lrange": (0, -1),
        "lrem": (1, "x"), "lset": (0, "x"), "ltrim": (0, 1), "pop": (), "publish": ("x",), "push": ("x",),
        "rename": ("y{shard}",), "sadd": ("x",), "set": ("x",), "setex": (9, "x"), "setnx": ("x",),
        "sismember": ("x",), "smembers": (), "srem": ("x",), "ttl": (), "zadd": (1, "x"), "zcard": (),
        "zcount": (0, 1), "zdecr": ("x",), "zincr": ("x",), "zincrby": (1, "x"), "zrange": (0, -1),
        "zrangebyscore": (0, 1), "zrevrangebyscore": (1, 0), "zrevrank": ("x",), "zrank": ("x",),
        "zrem": ("x",), "zremrangebyscore": (0, 1), "zremrangebyrank": (0, 1), "zrevrange": (0, -1),
        "zscore": ("x",),
    }  # fmt: skip
    assert set(calls) == ShardedMethods

    async def main() -> None:
        async with lazyShardedConnectionPool(hosts(servers), poolsize=1) as pool:
            await pool.ready()
            for name, arguments in calls.items():
                key = f"x:{name}{{shard}}"
                if name == "rename":
                    await pool.set(key, "x")
                if name == "lset":
                    await pool.rpush(key, "y")
                before = [node.stats().commands for node in pool.nodes]
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", DeprecationWarning)  # of push() and pop()
                    await getattr(pool, name)(key, *arguments)
                after = [node.stats().commands for node in pool.nodes]
                asked = [index for index in range(3) if after[index] > before[index]]
                assert asked == [pool.nodes.index(pool.node_of(key))], name

    loop.run(main)


def test_several_keys(loop: Loop, servers: list[RedisServer]) -> None:
    """A command of several keys needs them on one server; a tag puts them there."""

    async def main() -> None:
        async with lazyShardedConnectionPool(hosts(servers), poolsize=1) as pool:
            await pool.mset({"a:{t}": 1, "b:{t}": 2})
            assert await pool.mget("a:{t}", "b:{t}") == [1, 2]
            await pool.rename("a:{t}", "c:{t}")
            assert await pool.get("c:{t}") == 1
            await pool.rpush("list:{t}", ["x", "y"])
            assert await pool.blpop(["none:{t}", "list:{t}"], 1) == ["list:{t}", "x"]
            assert await pool.brpoplpush("list:{t}", "other:{t}", 1) == "y"
            await pool.zadd("z1:{t}", 1, "m")
            await pool.zunionstore("z2:{t}", ["z1:{t}"])
            assert await pool.zrange("z2:{t}") == ["m"]
            script = "return redis.call('get', KEYS[1])"
            assert await pool.eval(script, ["c:{t}"]) == 1
            assert await pool.execute("object", "encoding", "c:{t}") == "int"
            assert await pool.execute(b"bitop", "NOT", "bits:{t}", "c:{t}") == 1
            assert await pool.execute("LMPOP", 1, "list:{t}", "LEFT") is None
            other = next(key for key in KEYS if pool.node_of(key) is not pool.node_of("a:{t}"))
            for refuse in (
                lambda: pool.rename("c:{t}", other),
                lambda: pool.mset({"c:{t}": 1, other: 2}),
                lambda: pool.sinter(["c:{t}", other]),
                lambda: pool.blpop(["c:{t}", other], 1),
                lambda: pool.eval(script, ["c:{t}", other]),
            ):
                with pytest.raises(DifferentShards, match=r"A tag that they share"):
                    refuse()
            assert await pool.get("c:{t}") == 1

    loop.run(main)


def test_not_shardable(loop: Loop, servers: list[RedisServer]) -> None:
    """What has no key says so, as a NotImplementedError, and where it can be asked."""

    async def main() -> None:
        async with lazyShardedUnixConnection([str(server.path) for server in servers]) as pool:
            for refuse in (
                pool.keys,
                pool.flushdb,
                pool.multi,
                pool.ping,
                lambda: pool.execute("XREAD", "STREAMS", "a", "0"),
                lambda: pool.eval("return 1"),
                lambda: pool.evalsha("0" * 40),
                pool.pipeline,
            ):
                with pytest.raises(NotImplementedError, match=r"node_of\(key\)") as found:
                    refuse()
                assert isinstance(found.value, NotShardable)
            for key in (7, None, ["a"]):
                with pytest.raises(ValueError, match="must be text or bytes"):
                    pool.get(key)  # type: ignore[arg-type]
            with pytest.raises(ValueError, match="needs a key"):
                pool.execute("DEL")
            assert await pool.nodes[0].ping() == "PONG"

    loop.run(main)


def test_charset(loop: Loop, servers: list[RedisServer]) -> None:
    """Text and its bytes are the same key, in the charset of the pools."""

    async def main() -> None:
        for charset in ("latin-1", "utf-8", None):
            async with lazyShardedConnectionPool(
                hosts(servers), poolsize=1, charset=charset
            ) as pool:
                for key in KEYS[:20]:
                    name = f"é{key}"
                    assert pool.node_of(name) is pool.node_of(name.encode(charset or "utf-8"))

    loop.run(main)


def test_one_away(loop: Loop) -> None:
    """When one server is away the keys of the others can be used; what needs it fails in time."""
    three = [RedisServer() for _ in range(3)]

    async def main() -> None:
        pools = [connect(f"redis://{host}", pool_size=1, wait_timeout=0.2) for host in hosts(three)]
        async with ShardedConnectionHandler(pools) as pool:
            await pool.ready()
            await gatherResults([pool.set(key, 1) for key in KEYS])
            three[0].kill()
            here = [key for key in KEYS if pool.node_of(key) is not pools[0]]
            away = [key for key in KEYS if pool.node_of(key) is pools[0]]
            await loop.until("loss", lambda: not pools[0].stats().connected)
            assert await pool.mget(here) == ["1"] * len(here)
            for ask in (
                lambda: pool.get(away[0]),
                lambda: pool.mget(KEYS),
                lambda: pool.ready(0.1),
            ):
                with pytest.raises(WaitTimeout):
                    await ask()
            three[0].start()
            assert await pools[0].ready(10) is pools[0]
            assert await pool.get(away[0]) is None

    try:
        loop.run(main)
    finally:
        for server in three:
            server.close()


def test_deferred_of_pools(loop: Loop, servers: list[RedisServer]) -> None:
    """The classic way to make one: of a DeferredList, which then fires with it."""

    async def main() -> None:
        waiting: Deferred[Any] = Deferred()
        handlers = [connect(f"redis://{host}", pool_size=1) for host in hosts(servers)]
        connecting = DeferredList([waiting, *(succeed(each) for each in handlers[1:])])
        pool = ShardedConnectionHandler(connecting)
        assert pool.nodes == ()
        assert repr(pool) == "<Redis Sharded Connection: >"
        with pytest.raises(ConnectionError, match="not complete yet"):
            pool.get("a")
        with pytest.raises(ConnectionError, match="Not connected"):
            await pool.disconnect()
        waiting.callback(handlers[0])
        assert await connecting is pool
        assert await pool.set("shard:a", 1) == "OK"
        assert await pool.close() is True
        one = connect(f"redis://{hosts(servers)[0]}", pool_size=1)
        failing = DeferredList([succeed(one), fail(ResponseError("no"))], consumeErrors=True)
        ShardedConnectionHandler(failing)
        with pytest.raises(ResponseError, match="no"):
            await failing
        assert one.stats().closed
        gathered = gatherResults([succeed(connect(f"redis://{hosts(servers)[0]}", pool_size=1))])
        await ShardedConnectionHandler(gathered).disconnect()

    loop.run(main)


def test_no_servers() -> None:
    """Several servers are at least one."""
    with pytest.raises(ValueError, match="at least one server"):
        ShardedConnectionHandler([])
