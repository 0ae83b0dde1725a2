"""The commands that cyclone 1.x documents."""

import operator

from .rows import Row, about, anything, ordered

__all__ = ["CLASSIC", "ROWS"]

# As they are documented, group by group.
_DOCUMENTED = """
quit auth ping exists delete type keys scan randomkey rename renamenx dbsize expire persist ttl
select move flush flushdb flushall time set get getbit getset mget setbit setnx setex mset
msetnx bitop bitcount incr incrby decr decrby append substr push pop rpush lpush llen lrange
ltrim lindex lset lrem lpop rpop blpop brpop brpoplpush rpoplpush sadd srem spop smove scard
sismember sinter sinterstore sunion sunionstore sdiff sdiffstore smembers srandmember sscan
zadd zrem zincr zdecr zincrby zrank zrevrank zrange zrevrange zrangebyscore zrevrangebyscore
zcount zcard zscore zremrangebyrank zremrangebyscore zunionstore zinterstore zscan hset hsetnx
hget hmget hmset hincr hdecr hincrby hexists hdel hlen hkeys hvals hgetall hscan sort watch
unwatch multi commit discard pipeline execute_pipeline publish save bgsave lastsave shutdown
bgrewriteaof info eval evalsha script_exists script_flush script_kill script_load pfadd pfcount
pfmerge
"""
CLASSIC = _DOCUMENTED.split()

A = [["SET", "a", "1"], ["SET", "b", "two"]]
LIST = [["RPUSH", "l", "one", "two", "one", "3"]]
SETS = [["SADD", "s", "a", "b", "c"], ["SADD", "t", "b", "c", "d"]]
ZSET = [["ZADD", "z", "1", "a", "2", "b", "3.5", "c"]]
ZSETS = [*ZSET, ["ZADD", "y", "10", "a", "20", "d"]]
HASH = [["HSET", "h", "name", "Ann", "age", "31", "size", "1.5"]]
LUA = "return {KEYS[1], ARGV[1], 7}"


def flat(cursor: int, items: dict[str, str] | list[tuple[str, float]]) -> list[object]:
    """Make of a scan of redis-py what the server has sent: names and values in turn."""
    pairs = items.items() if isinstance(items, dict) else items
    return [cursor, [word for pair in pairs for word in pair]]


KEYS = [
    Row("ping", lambda r: r.ping(), lambda p: p.execute_command("PING") and "PONG"),
    Row(
        "ping",
        lambda r: r.ping("hello"),
        lambda p: p.execute_command("ECHO", "hello"),
        note="message",
    ),
    Row("exists", lambda r: r.exists("a"), lambda p: p.exists("a"), A),
    Row(
        "exists",
        lambda r: r.exists("a", "b", "c"),
        lambda p: p.exists("a", "b", "c"),
        A,
        note="several",
    ),
    Row("delete", lambda r: r.delete("a"), lambda p: p.delete("a"), A),
    Row(
        "delete",
        lambda r: r.delete(["a", "b", "c"]),
        lambda p: p.delete("a", "b", "c"),
        A,
        note="list",
    ),
    Row("delete", lambda r: r.delete("a", "b"), lambda p: p.delete("a", "b"), A, note="arguments"),
    Row("type", lambda r: r.type("a"), lambda p: p.type("a"), A),
    Row("type", lambda r: r.type("none"), lambda p: p.type("none"), note="none"),
    Row("keys", lambda r: r.keys(), lambda p: p.keys(), A, ordered),
    Row("keys", lambda r: r.keys("a*"), lambda p: p.keys("a*"), A, note="pattern"),
    Row("scan", lambda r: r.scan(0, "a*", 10), lambda p: p.scan(0, "a*", 10), A),
    Row("randomkey", lambda r: r.randomkey(), lambda p: p.randomkey(), [["SET", "a", "1"]]),
    Row("rename", lambda r: r.rename("a", "c"), lambda p: p.rename("a", "c"), A),
    Row("renamenx", lambda r: r.renamenx("a", "c"), lambda p: p.renamenx("a", "c"), A),
    Row(
        "renamenx", lambda r: r.renamenx("a", "b"), lambda p: p.renamenx("a", "b"), A, note="there"
    ),
    Row("dbsize", lambda r: r.dbsize(), lambda p: p.dbsize(), A),
    Row("expire", lambda r: r.expire("a", 100), lambda p: p.expire("a", 100), A),
    Row("expire", lambda r: r.expire("c", 100), lambda p: p.expire("c", 100), A, note="none"),
    Row(
        "expire",
        lambda r: r.expire("a", 9, "XX"),
        lambda p: p.expire("a", 9, xx=True),
        A,
        note="XX",
    ),
    Row(
        "persist",
        lambda r: r.persist("c"),
        lambda p: p.persist("c"),
        [["SET", "c", "1", "EX", "9"]],
    ),
    Row(
        "ttl",
        lambda r: r.ttl("c"),
        lambda p: p.ttl("c"),
        [["SET", "c", "1", "EX", "900"]],
        about(1),
    ),
    Row("ttl", lambda r: r.ttl("a"), lambda p: p.ttl("a"), A, note="without end"),
    Row("select", lambda r: r.select(12), lambda p: p.select(12)),
    Row("move", lambda r: r.move("a", 13), lambda p: p.move("a", 13), A),
    Row("flushdb", lambda r: r.flushdb(), lambda p: p.flushdb(), A),
    Row("time", lambda r: r.time(), lambda p: p.time(), (), anything),
    Row("sort", lambda r: r.sort("l", alpha=True), lambda p: p.sort("l", alpha=True), LIST),
    Row(
        "sort",
        lambda r: r.sort("s", 1, 2, by="w_*", get=["#", "v_*"], desc=True, store="d"),
        lambda p: p.sort("s", 1, 2, by="w_*", get=["#", "v_*"], desc=True, store="d"),
        [*SETS, ["MSET", "w_a", "3", "w_b", "2", "w_c", "1", "v_a", "A", "v_b", "B"]],
        note="all",
    ),
    Row(
        "sort",
        lambda r: r.sort("s", alpha=True, get="v_*"),
        lambda p: p.sort("s", alpha=True, get="v_*"),
        [*SETS, ["MSET", "v_a", "A", "v_b", "B"]],
        note="get",
    ),
]

STRINGS = [
    Row("set", lambda r: r.set("a", "x"), lambda p: p.set("a", "x"), A),
    Row("set", lambda r: r.set("a", 1.5), lambda p: p.set("a", 1.5), A, note="number"),
    Row(
        "set",
        lambda r: r.set("a", b"\xff\x00\r\n"),
        lambda p: p.set("a", b"\xff\x00\r\n"),
        note="bytes",
    ),
    Row("set", lambda r: r.set("a", "x", 100), lambda p: p.set("a", "x", 100), note="expire"),
    Row(
        "set",
        lambda r: r.set("a", "x", pexpire=10**6),
        lambda p: p.set("a", "x", px=10**6),
        note="pexpire",
    ),
    Row(
        "set",
        lambda r: r.set("a", "x", only_if_not_exists=True),
        lambda p: p.set("a", "x", nx=True),
        A,
        note="only if not exists",
    ),
    Row(
        "set",
        lambda r: r.set("c", "x", only_if_exists=True),
        lambda p: p.set("c", "x", xx=True),
        note="xx",
    ),
    Row(
        "set",
        lambda r: r.set("b", "x", get=True),
        lambda p: p.set("b", "x", get=True),
        A,
        note="get",
    ),
    Row(
        "set",
        lambda r: r.set("c", "x", keep_ttl=True),
        lambda p: p.set("c", "x", keepttl=True),
        [["SET", "c", "1", "EX", "900"]],
        note="keep ttl",
    ),
    Row("get", lambda r: r.get("b"), lambda p: p.get("b"), A),
    Row("get", lambda r: r.get("none"), lambda p: p.get("none"), note="none"),
    Row("getset", lambda r: r.getset("b", "x"), lambda p: p.getset("b", "x"), A),
    Row("mget", lambda r: r.mget(["a", "c", "b"]), lambda p: p.mget(["a", "c", "b"]), A),
    Row(
        "mget",
        lambda r: r.mget("a", "c", "b"),
        lambda p: p.mget("a", "c", "b"),
        A,
        note="arguments",
    ),
    Row("setnx", lambda r: r.setnx("a", "x"), lambda p: p.setnx("a", "x"), A),
    Row("setex", lambda r: r.setex("a", 100, "x"), lambda p: p.setex("a", 100, "x")),
    Row("mset", lambda r: r.mset({"a": 5, "c": "x"}), lambda p: p.mset({"a": 5, "c": "x"}), A),
    Row(
        "msetnx", lambda r: r.msetnx({"a": 5, "c": "x"}), lambda p: p.msetnx({"a": 5, "c": "x"}), A
    ),
    Row("incr", lambda r: r.incr("a"), lambda p: p.incr("a"), A),
    Row("incr", lambda r: r.incr("a", 5), lambda p: p.incr("a", 5), A, note="amount"),
    Row("incrby", lambda r: r.incrby("a", 4), lambda p: p.incrby("a", 4), A),
    Row("decr", lambda r: r.decr("a"), lambda p: p.decr("a"), A),
    Row("decrby", lambda r: r.decrby("a", 4), lambda p: p.decrby("a", 4), A),
    Row("append", lambda r: r.append("b", "!"), lambda p: p.append("b", "!"), A),
    Row("substr", lambda r: r.substr("b", 1), lambda p: p.substr("b", 1), A),
    Row("getbit", lambda r: r.getbit("b", 1), lambda p: p.getbit("b", 1), A),
    Row("setbit", lambda r: r.setbit("b", 7, True), lambda p: p.setbit("b", 7, 1), A),
    Row(
        "bitop",
        lambda r: r.bitop("and", "c", "a", "b"),
        lambda p: p.bitop("AND", "c", "a", "b"),
        A,
    ),
    Row(
        "bitop",
        lambda r: r.bitop(operator.not_, "c", "b"),
        lambda p: p.bitop("NOT", "c", "b"),
        A,
        note="not",
    ),
    Row(
        "bitop",
        lambda r: r.bitop(operator.xor, "c", "b", "a"),
        lambda p: p.bitop("XOR", "c", "b", "a"),
        A,
        note="xor",
    ),
    Row("bitcount", lambda r: r.bitcount("b"), lambda p: p.bitcount("b"), A),
    Row(
        "bitcount",
        lambda r: r.bitcount("b", 1, -1),
        lambda p: p.bitcount("b", 1, -1),
        A,
        note="part",
    ),
    Row(
        "bitcount",
        lambda r: r.bitcount("b", 1, 8, "BIT"),
        lambda p: p.bitcount("b", 1, 8, "BIT"),
        A,
        note="bits",
    ),
    Row("pfadd", lambda r: r.pfadd("f", ["a", "b"]), lambda p: p.pfadd("f", "a", "b")),
    Row(
        "pfadd",
        lambda r: r.pfadd("f", "a", "b"),
        lambda p: p.pfadd("f", "a", "b"),
        note="arguments",
    ),
    Row("pfcount", lambda r: r.pfcount("f"), lambda p: p.pfcount("f"), [["PFADD", "f", "a", "b"]]),
    Row(
        "pfmerge",
        lambda r: r.pfmerge("d", ["f", "g"]),
        lambda p: p.pfmerge("d", "f", "g"),
        [["PFADD", "f", "a"], ["PFADD", "g", "b"]],
    ),
]

LISTS = [
    Row("rpush", lambda r: r.rpush("l", "x"), lambda p: p.rpush("l", "x"), LIST),
    Row(
        "rpush",
        lambda r: r.rpush("l", ["x", "y"]),
        lambda p: p.rpush("l", "x", "y"),
        LIST,
        note="list",
    ),
    Row("lpush", lambda r: r.lpush("l", "x"), lambda p: p.lpush("l", "x"), LIST),
    Row(
        "lpush",
        lambda r: r.lpush("l", ("x", "y")),
        lambda p: p.lpush("l", "x", "y"),
        LIST,
        note="tuple",
    ),
    Row("llen", lambda r: r.llen("l"), lambda p: p.llen("l"), LIST),
    Row("lrange", lambda r: r.lrange("l", 0, -1), lambda p: p.lrange("l", 0, -1), LIST),
    Row("ltrim", lambda r: r.ltrim("l", 1, 2), lambda p: p.ltrim("l", 1, 2), LIST),
    Row("lindex", lambda r: r.lindex("l", -1), lambda p: p.lindex("l", -1), LIST),
    Row("lset", lambda r: r.lset("l", 0, "x"), lambda p: p.lset("l", 0, "x"), LIST),
    Row("lrem", lambda r: r.lrem("l", 0, "one"), lambda p: p.lrem("l", 0, "one"), LIST),
    Row("lpop", lambda r: r.lpop("l"), lambda p: p.lpop("l"), LIST),
    Row("lpop", lambda r: r.lpop("l", 2), lambda p: p.lpop("l", 2), LIST, note="count"),
    Row("rpop", lambda r: r.rpop("l"), lambda p: p.rpop("l"), LIST),
    Row("rpop", lambda r: r.rpop("l", 2), lambda p: p.rpop("l", 2), LIST, note="count"),
    Row("blpop", lambda r: r.blpop("l", 1), lambda p: p.blpop("l", 1), LIST),
    Row(
        "blpop",
        lambda r: r.blpop([b"k", b"l"]),
        lambda p: p.blpop(["k", "l"]),
        LIST,
        note="several",
    ),
    Row("blpop", lambda r: r.blpop("none", 0.01), lambda p: p.blpop("none", 0.01), note="nothing"),
    Row("brpop", lambda r: r.brpop(["k", "l"], 1), lambda p: p.brpop(["k", "l"], 1), LIST),
    Row(
        "brpoplpush", lambda r: r.brpoplpush("l", "m", 1), lambda p: p.brpoplpush("l", "m", 1), LIST
    ),
    Row("rpoplpush", lambda r: r.rpoplpush("l", "m"), lambda p: p.rpoplpush("l", "m"), LIST),
]

SET_ROWS = [
    Row("sadd", lambda r: r.sadd("s", "x"), lambda p: p.sadd("s", "x"), SETS),
    Row(
        "sadd", lambda r: r.sadd("s", {"x", "a"}), lambda p: p.sadd("s", "x", "a"), SETS, note="set"
    ),
    Row(
        "sadd",
        lambda r: r.sadd("s", "x", "a"),
        lambda p: p.sadd("s", "x", "a"),
        SETS,
        note="arguments",
    ),
    Row("sadd", lambda r: r.sadd("s", 5), lambda p: p.sadd("s", 5), SETS, note="number"),
    Row("srem", lambda r: r.srem("s", ["a", "x"]), lambda p: p.srem("s", "a", "x"), SETS),
    Row("spop", lambda r: r.spop("u"), lambda p: p.spop("u"), [["SADD", "u", "a"]]),
    Row(
        "spop",
        lambda r: r.spop("u", 2),
        lambda p: p.spop("u", 2),
        [["SADD", "u", "a", "b"]],
        ordered,
        "count",
    ),
    Row("smove", lambda r: r.smove("s", "t", "a"), lambda p: p.smove("s", "t", "a"), SETS),
    Row(
        "smove",
        lambda r: r.smove("s", "t", "x"),
        lambda p: p.smove("s", "t", "x"),
        SETS,
        note="none",
    ),
    Row("scard", lambda r: r.scard("s"), lambda p: p.scard("s"), SETS),
    Row("sismember", lambda r: r.sismember("s", "a"), lambda p: p.sismember("s", "a"), SETS),
    Row(
        "sismember",
        lambda r: r.sismember("s", "x"),
        lambda p: p.sismember("s", "x"),
        SETS,
        note="none",
    ),
    Row("sinter", lambda r: r.sinter(["s", "t"]), lambda p: p.sinter("s", "t"), SETS),
    Row(
        "sinter", lambda r: r.sinter("s", "t"), lambda p: p.sinter("s", "t"), SETS, note="arguments"
    ),
    Row(
        "sinterstore",
        lambda r: r.sinterstore("d", ["s", "t"]),
        lambda p: p.sinterstore("d", "s", "t"),
        SETS,
    ),
    Row("sunion", lambda r: r.sunion(["s", "t"]), lambda p: p.sunion("s", "t"), SETS),
    Row(
        "sunionstore",
        lambda r: r.sunionstore("d", ["s", "t"]),
        lambda p: p.sunionstore("d", "s", "t"),
        SETS,
    ),
    Row("sdiff", lambda r: r.sdiff(["s", "t"]), lambda p: p.sdiff("s", "t"), SETS),
    Row(
        "sdiffstore",
        lambda r: r.sdiffstore("d", ["s", "t"]),
        lambda p: p.sdiffstore("d", "s", "t"),
        SETS,
    ),
    Row("smembers", lambda r: r.smembers("s"), lambda p: p.smembers("s"), SETS),
    Row("smembers", lambda r: r.smembers("none"), lambda p: p.smembers("none"), note="none"),
    Row(
        "srandmember",
        lambda r: r.srandmember("u"),
        lambda p: p.srandmember("u"),
        [["SADD", "u", "a"]],
    ),
    Row(
        "srandmember",
        lambda r: r.srandmember("s", 3),
        lambda p: p.srandmember("s", 3),
        SETS,
        ordered,
        "count",
    ),
    Row("sscan", lambda r: r.sscan("s"), lambda p: p.sscan("s"), SETS, ordered),
]

ZSET_ROWS = [
    Row("zadd", lambda r: r.zadd("z", 5, "x"), lambda p: p.zadd("z", {"x": 5}), ZSET),
    Row(
        "zadd",
        lambda r: r.zadd("z", 5, "a", 1e-7, "x"),
        lambda p: p.zadd("z", {"a": 5, "x": 1e-7}),
        ZSET,
        note="several",
    ),
    Row(
        "zadd",
        lambda r: r.zadd("z", 0, "a", gt=True, changed=True),
        lambda p: p.zadd("z", {"a": 0}, gt=True, ch=True),
        ZSET,
        note="gt",
    ),
    Row(
        "zadd",
        lambda r: r.zadd("z", 0, "a", nx=True),
        lambda p: p.zadd("z", {"a": 0}, nx=True),
        ZSET,
        note="nx",
    ),
    Row(
        "zadd",
        lambda r: r.zadd("z", 0, "a", xx=True, lt=True),
        lambda p: p.zadd("z", {"a": 0}, xx=True, lt=True),
        ZSET,
        note="xx lt",
    ),
    Row("zrem", lambda r: r.zrem("z", "a", "x"), lambda p: p.zrem("z", "a", "x"), ZSET),
    Row(
        "zrem",
        lambda r: r.zrem("z", ["a", "b"]),
        lambda p: p.zrem("z", "a", "b"),
        ZSET,
        note="list",
    ),
    Row("zincr", lambda r: r.zincr("z", "a"), lambda p: p.zincrby("z", 1, "a"), ZSET),
    Row("zdecr", lambda r: r.zdecr("z", "c"), lambda p: p.zincrby("z", -1, "c"), ZSET),
    Row("zincrby", lambda r: r.zincrby("z", 2.5, "a"), lambda p: p.zincrby("z", 2.5, "a"), ZSET),
    Row("zrank", lambda r: r.zrank("z", "b"), lambda p: p.zrank("z", "b"), ZSET),
    Row("zrank", lambda r: r.zrank("z", "x"), lambda p: p.zrank("z", "x"), ZSET, note="none"),
    Row("zrevrank", lambda r: r.zrevrank("z", "b"), lambda p: p.zrevrank("z", "b"), ZSET),
    Row("zrange", lambda r: r.zrange("z"), lambda p: p.zrange("z", 0, -1), ZSET),
    Row(
        "zrange",
        lambda r: r.zrange("z", 0, 1, True),
        lambda p: p.zrange("z", 0, 1, withscores=True),
        ZSET,
        note="scores",
    ),
    Row(
        "zrevrange",
        lambda r: r.zrevrange("z", 0, 1, True),
        lambda p: p.zrevrange("z", 0, 1, True),
        ZSET,
    ),
    Row(
        "zrangebyscore",
        lambda r: r.zrangebyscore("z", "(1", 3),
        lambda p: p.zrangebyscore("z", "(1", 3),
        ZSET,
    ),
    Row(
        "zrangebyscore",
        lambda r: r.zrangebyscore("z", withscores=True, offset=1, count=1),
        lambda p: p.zrangebyscore("z", "-inf", "+inf", start=1, num=1, withscores=True),
        ZSET,
        note="limit",
    ),
    Row(
        "zrevrangebyscore",
        lambda r: r.zrevrangebyscore("z", 3, 1),
        lambda p: p.zrevrangebyscore("z", 3, 1),
        ZSET,
    ),
    Row("zcount", lambda r: r.zcount("z", 1, 2), lambda p: p.zcount("z", 1, 2), ZSET),
    Row(
        "zcount", lambda r: r.zcount("z"), lambda p: p.zcount("z", "-inf", "+inf"), ZSET, note="all"
    ),
    Row("zcard", lambda r: r.zcard("z"), lambda p: p.zcard("z"), ZSET),
    Row("zscore", lambda r: r.zscore("z", "c"), lambda p: p.zscore("z", "c"), ZSET),
    Row("zscore", lambda r: r.zscore("z", "x"), lambda p: p.zscore("z", "x"), ZSET, note="none"),
    Row(
        "zremrangebyrank",
        lambda r: r.zremrangebyrank("z", 0, 1),
        lambda p: p.zremrangebyrank("z", 0, 1),
        ZSET,
    ),
    Row(
        "zremrangebyscore",
        lambda r: r.zremrangebyscore("z", 1, 2),
        lambda p: p.zremrangebyscore("z", 1, 2),
        ZSET,
    ),
    Row(
        "zunionstore",
        lambda r: r.zunionstore("d", ["z", "y"]),
        lambda p: p.zunionstore("d", ["z", "y"]),
        ZSETS,
    ),
    Row(
        "zunionstore",
        lambda r: r.zunionstore("d", {"z": 2, "y": 3}, max),
        lambda p: p.zunionstore("d", {"z": 2, "y": 3}, "MAX"),
        ZSETS,
        note="weights",
    ),
    Row(
        "zinterstore",
        lambda r: r.zinterstore("d", ["z", "y"], "min"),
        lambda p: p.zinterstore("d", ["z", "y"], "MIN"),
        ZSETS,
    ),
    Row(
        "zscan",
        lambda r: r.zscan("z"),
        lambda p: flat(*p.zscan("z")),
        ZSET,
    ),
]

HASHES = [
    Row("hset", lambda r: r.hset("h", "name", "x"), lambda p: p.hset("h", "name", "x"), HASH),
    Row(
        "hset",
        lambda r: r.hset("h", mapping={"x": 1, "y": 2}),
        lambda p: p.hset("h", mapping={"x": 1, "y": 2}),
        HASH,
        note="mapping",
    ),
    Row("hsetnx", lambda r: r.hsetnx("h", "name", "x"), lambda p: p.hsetnx("h", "name", "x"), HASH),
    Row("hget", lambda r: r.hget("h", "name"), lambda p: p.hget("h", "name"), HASH),
    Row(
        "hmget",
        lambda r: r.hmget("h", ["name", "x", "age"]),
        lambda p: p.hmget("h", ["name", "x", "age"]),
        HASH,
    ),
    Row(
        "hmget", lambda r: r.hmget("h", "name"), lambda p: p.hmget("h", ["name"]), HASH, note="text"
    ),
    Row(
        "hmset",
        lambda r: r.hmset("h", {"x": 1, "age": 2}),
        lambda p: p.execute_command("HMSET", "h", "x", 1, "age", 2),
        HASH,
    ),
    Row("hincr", lambda r: r.hincr("h", "age"), lambda p: p.hincrby("h", "age", 1), HASH),
    Row("hdecr", lambda r: r.hdecr("h", "age"), lambda p: p.hincrby("h", "age", -1), HASH),
    Row("hincrby", lambda r: r.hincrby("h", "age", 9), lambda p: p.hincrby("h", "age", 9), HASH),
    Row("hexists", lambda r: r.hexists("h", "age"), lambda p: p.hexists("h", "age"), HASH),
    Row("hdel", lambda r: r.hdel("h", "age"), lambda p: p.hdel("h", "age"), HASH),
    Row(
        "hdel",
        lambda r: r.hdel("h", ["age", "name"]),
        lambda p: p.hdel("h", "age", "name"),
        HASH,
        note="list",
    ),
    Row("hdel", lambda r: r.hdel("h", b"age"), lambda p: p.hdel("h", b"age"), HASH, note="bytes"),
    Row("hlen", lambda r: r.hlen("h"), lambda p: p.hlen("h"), HASH),
    Row("hkeys", lambda r: r.hkeys("h"), lambda p: p.hkeys("h"), HASH),
    Row("hvals", lambda r: r.hvals("h"), lambda p: p.hvals("h"), HASH),
    Row("hgetall", lambda r: r.hgetall("h"), lambda p: p.hgetall("h"), HASH),
    Row("hgetall", lambda r: r.hgetall("none"), lambda p: p.hgetall("none"), note="none"),
    Row(
        "hscan",
        lambda r: r.hscan("h", 0, "*a*", 5),
        lambda p: flat(*p.hscan("h", 0, "*a*", 5)),
        HASH,
    ),
]

SERVER = [
    Row("publish", lambda r: r.publish("nobody", "x"), lambda p: p.publish("nobody", "x")),
    Row("lastsave", lambda r: r.lastsave(), lambda p: int(p.lastsave().timestamp()), (), about(2)),
    Row(
        "info",
        lambda r: r.info("cpu"),
        lambda p: dict.fromkeys(p.info("cpu"), ""),
        (),
        lambda o, t: o.keys() == t.keys(),
    ),
    Row(
        "info",
        lambda r: r.info(),
        lambda p: p.info(),
        (),
        lambda o, t: o["redis_version"] == t["redis_version"],
        "all",
    ),
    Row("eval", lambda r: r.eval(LUA, ["a"], ["x"]), lambda p: p.eval(LUA, 1, "a", "x")),
    Row("script_load", lambda r: r.script_load(LUA), lambda p: p.script_load(LUA)),
    Row(
        "script_exists", lambda r: r.script_exists("0" * 40), lambda p: p.script_exists("0" * 40)[0]
    ),
    Row(
        "script_exists",
        lambda r: r.script_exists("0" * 40, "1" * 40),
        lambda p: p.script_exists("0" * 40, "1" * 40),
        note="several",
    ),
    Row("script_flush", lambda r: r.script_flush(), lambda p: p.script_flush()),
]

ROWS = [*KEYS, *STRINGS, *LISTS, *SET_ROWS, *ZSET_ROWS, *HASHES, *SERVER]
