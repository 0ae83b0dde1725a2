"""Commands that cyclone 1.x has not."""

from typing import Any

from .classic_rows import HASH, LIST, SETS, ZSET, ZSETS, A
from .rows import Row, about, anything, ordered

__all__ = ["NEW_ROWS"]

STREAM = [
    ["XADD", "x", "1-1", "name", "Ann", "age", "31"],
    ["XADD", "x", "2-1", "name", "Bob"],
    ["XADD", "x", "3-1", "name", "Eve"],
]
GROUP = [*STREAM, ["XGROUP", "CREATE", "x", "g", "0"]]
READ = [*GROUP, ["XREADGROUP", "GROUP", "g", "c1", "COUNT", "2", "STREAMS", "x", ">"]]
GEO = [["GEOADD", "g", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania"]]
LIBRARY = (
    "#!lua name=rows\nredis.register_function('first', function(keys, args) return args[1] end)"
)

KEYS = [
    Row("unlink", lambda r: r.unlink("a", "c"), lambda p: p.unlink("a", "c"), A),
    Row("touch", lambda r: r.touch(["a", "c"]), lambda p: p.touch("a", "c"), A),
    Row("scan", lambda r: r.scan(type="list"), lambda p: p.scan(_type="list"), A, note="type"),
    Row(
        "copy",
        lambda r: r.copy("a", "b", replace=True),
        lambda p: p.copy("a", "b", replace=True),
        A,
    ),
    Row("copy", lambda r: r.copy("a", "b"), lambda p: p.copy("a", "b"), A, note="there"),
    Row("copy", lambda r: r.copy("a", "b", 13), lambda p: p.copy("a", "b", 13), A, note="database"),
    Row("pexpire", lambda r: r.pexpire("a", 10**6), lambda p: p.pexpire("a", 10**6), A),
    Row("expireat", lambda r: r.expireat("a", 2**33), lambda p: p.expireat("a", 2**33), A),
    Row("pexpireat", lambda r: r.pexpireat("a", 2**43), lambda p: p.pexpireat("a", 2**43), A),
    Row(
        "expiretime",
        lambda r: r.expiretime("c"),
        lambda p: p.expiretime("c"),
        [["SET", "c", "1", "EXAT", "8589934592"]],
    ),
    Row(
        "pttl",
        lambda r: r.pttl("c"),
        lambda p: p.pttl("c"),
        [["SET", "c", "1", "EX", "900"]],
        about(2000),
    ),
    Row(
        "object_encoding", lambda r: r.object_encoding("a"), lambda p: p.object("ENCODING", "a"), A
    ),
    Row(
        "object_idletime",
        lambda r: r.object_idletime("a"),
        lambda p: p.object("IDLETIME", "a"),
        A,
        about(1),
    ),
    Row(
        "object_refcount", lambda r: r.object_refcount("b"), lambda p: p.object("REFCOUNT", "b"), A
    ),
    Row("memory_usage", lambda r: r.memory_usage("a"), lambda p: p.memory_usage("a"), A),
    Row(
        "memory_usage",
        lambda r: r.memory_usage("l", 0),
        lambda p: p.memory_usage("l", 0),
        LIST,
        note="samples",
    ),
]

STRINGS = [
    Row("getdel", lambda r: r.getdel("b"), lambda p: p.getdel("b"), A),
    Row("getex", lambda r: r.getex("b", 100), lambda p: p.getex("b", ex=100), A),
    Row(
        "getex",
        lambda r: r.getex("c", persist=True),
        lambda p: p.getex("c", persist=True),
        [["SET", "c", "1", "EX", "9"]],
        note="persist",
    ),
    Row(
        "getex",
        lambda r: r.getex("b", pexpire=10**6),
        lambda p: p.getex("b", px=10**6),
        A,
        note="pexpire",
    ),
    Row("psetex", lambda r: r.psetex("a", 10**6, "x"), lambda p: p.psetex("a", 10**6, "x")),
    Row("incrbyfloat", lambda r: r.incrbyfloat("a", 0.5), lambda p: p.incrbyfloat("a", 0.5), A),
    Row(
        "incrbyfloat",
        lambda r: r.incrbyfloat("a", 2),
        lambda p: p.incrbyfloat("a", 2),
        A,
        note="whole",
    ),
    Row("getrange", lambda r: r.getrange("b", 0, 1), lambda p: p.getrange("b", 0, 1), A),
    Row("setrange", lambda r: r.setrange("b", 1, "!"), lambda p: p.setrange("b", 1, "!"), A),
    Row("strlen", lambda r: r.strlen("b"), lambda p: p.strlen("b"), A),
    Row("bitpos", lambda r: r.bitpos("b", 1), lambda p: p.bitpos("b", 1), A),
    Row("bitpos", lambda r: r.bitpos("b", 0, 1), lambda p: p.bitpos("b", 0, 1), A, note="start"),
    Row(
        "bitpos", lambda r: r.bitpos("b", 1, 1, 2), lambda p: p.bitpos("b", 1, 1, 2), A, note="part"
    ),
    Row(
        "bitfield",
        lambda r: r.bitfield("b", "GET", "u8", 0, "INCRBY", "i5", 100, 1),
        lambda p: p.execute_command("BITFIELD", "b", "GET", "u8", 0, "INCRBY", "i5", 100, 1),
        A,
    ),
]

LISTS = [
    Row("rpushx", lambda r: r.rpushx("l", "x"), lambda p: p.rpushx("l", "x"), LIST),
    Row("lpushx", lambda r: r.lpushx("none", "x"), lambda p: p.lpushx("none", "x"), LIST),
    Row(
        "linsert",
        lambda r: r.linsert("l", "BEFORE", "two", "x"),
        lambda p: p.linsert("l", "BEFORE", "two", "x"),
        LIST,
    ),
    Row("lpos", lambda r: r.lpos("l", "one"), lambda p: p.lpos("l", "one"), LIST),
    Row(
        "lpos",
        lambda r: r.lpos("l", "one", -1, 0, 9),
        lambda p: p.lpos("l", "one", -1, 0, 9),
        LIST,
        note="all",
    ),
    Row("lmove", lambda r: r.lmove("l", "m"), lambda p: p.lmove("l", "m", "LEFT", "RIGHT"), LIST),
    Row(
        "lmpop",
        lambda r: r.lmpop(["k", "l"], "RIGHT", 2),
        lambda p: p.lmpop(2, "k", "l", direction="RIGHT", count=2),
        LIST,
    ),
    Row(
        "blmove",
        lambda r: r.blmove("l", "m", 1, "RIGHT", "LEFT"),
        lambda p: p.blmove("l", "m", 1, "RIGHT", "LEFT"),
        LIST,
    ),
]

SET_ROWS = [
    Row(
        "smismember",
        lambda r: r.smismember("s", ["a", "x"]),
        lambda p: p.smismember("s", ["a", "x"]),
        SETS,
    ),
    Row(
        "sintercard",
        lambda r: r.sintercard(["s", "t"]),
        lambda p: p.sintercard(2, ["s", "t"]),
        SETS,
    ),
    Row(
        "sintercard",
        lambda r: r.sintercard(["s", "t"], 1),
        lambda p: p.sintercard(2, ["s", "t"], 1),
        SETS,
        note="limit",
    ),
]

ZSET_ROWS = [
    Row(
        "zmscore",
        lambda r: r.zmscore("z", ["a", "x", "c"]),
        lambda p: p.zmscore("z", ["a", "x", "c"]),
        ZSET,
    ),
    Row("zpopmin", lambda r: r.zpopmin("z"), lambda p: p.zpopmin("z"), ZSET),
    Row("zpopmin", lambda r: r.zpopmin("z", 2), lambda p: p.zpopmin("z", 2), ZSET, note="count"),
    Row("zpopmax", lambda r: r.zpopmax("z"), lambda p: p.zpopmax("z"), ZSET),
    Row("bzpopmin", lambda r: r.bzpopmin(["q", "z"], 1), lambda p: p.bzpopmin(["q", "z"], 1), ZSET),
    Row(
        "bzpopmin",
        lambda r: r.bzpopmin("none", 0.01),
        lambda p: p.bzpopmin("none", 0.01),
        note="nothing",
    ),
    Row("bzpopmax", lambda r: r.bzpopmax("z", 1), lambda p: p.bzpopmax("z", 1), ZSET),
    Row("zrandmember", lambda r: r.zrandmember("z"), lambda p: p.zrandmember("z"), ZSET, anything),
    Row(
        "zrandmember",
        lambda r: r.zrandmember("z", 3),
        lambda p: p.zrandmember("z", 3),
        ZSET,
        ordered,
        "count",
    ),
    Row(
        "zrangebylex",
        lambda r: r.zrangebylex("e", "[b"),
        lambda p: p.zrangebylex("e", "[b", "+"),
        [["ZADD", "e", "0", "a", "0", "b", "0", "c"]],
    ),
    Row(
        "zrangebylex",
        lambda r: r.zrangebylex("e", offset=1, count=1),
        lambda p: p.zrangebylex("e", "-", "+", 1, 1),
        [["ZADD", "e", "0", "a", "0", "b"]],
        note="limit",
    ),
    Row(
        "zrevrangebylex",
        lambda r: r.zrevrangebylex("e"),
        lambda p: p.zrevrangebylex("e", "+", "-"),
        [["ZADD", "e", "0", "a", "0", "b"]],
    ),
    Row(
        "zlexcount",
        lambda r: r.zlexcount("e", "[b"),
        lambda p: p.zlexcount("e", "[b", "+"),
        [["ZADD", "e", "0", "a", "0", "b"]],
    ),
    Row(
        "zremrangebylex",
        lambda r: r.zremrangebylex("e", "[b"),
        lambda p: p.zremrangebylex("e", "[b", "+"),
        [["ZADD", "e", "0", "a", "0", "b"]],
    ),
    Row(
        "zdiffstore",
        lambda r: r.zdiffstore("d", ["z", "y"]),
        lambda p: p.zdiffstore("d", ["z", "y"]),
        ZSETS,
    ),
    Row(
        "zrangestore",
        lambda r: r.zrangestore("d", "z", 0, 1),
        lambda p: p.zrangestore("d", "z", 0, 1),
        ZSET,
    ),
]

HASHES = [
    Row(
        "hincrbyfloat",
        lambda r: r.hincrbyfloat("h", "size", 0.25),
        lambda p: p.hincrbyfloat("h", "size", 0.25),
        HASH,
    ),
    Row("hstrlen", lambda r: r.hstrlen("h", "name"), lambda p: p.hstrlen("h", "name"), HASH),
    Row("hrandfield", lambda r: r.hrandfield("h"), lambda p: p.hrandfield("h"), HASH, anything),
    Row(
        "hrandfield",
        lambda r: r.hrandfield("h", 5),
        lambda p: p.hrandfield("h", 5),
        HASH,
        ordered,
        "count",
    ),
]

GEO_ROWS = [
    Row(
        "geoadd",
        lambda r: r.geoadd("g", 13.5, 38.5, "P", 15.5, 37.5, "C"),
        lambda p: p.geoadd("g", (13.5, 38.5, "P", 15.5, 37.5, "C")),
    ),
    Row(
        "geodist",
        lambda r: r.geodist("g", "Palermo", "Catania", "km"),
        lambda p: p.geodist("g", "Palermo", "Catania", "km"),
        GEO,
    ),
    Row(
        "geohash",
        lambda r: r.geohash("g", ["Palermo", "x"]),
        lambda p: p.geohash("g", "Palermo", "x"),
        GEO,
    ),
    Row(
        "geopos",
        lambda r: r.geopos("g", ["Palermo", "x"]),
        lambda p: p.geopos("g", "Palermo", "x"),
        GEO,
    ),
    Row(
        "geosearch",
        lambda r: r.geosearch(
            "g", longitude=15, latitude=37, radius=200, unit="km", sort="ASC", count=1
        ),
        lambda p: p.geosearch(
            "g", longitude=15, latitude=37, radius=200, unit="km", sort="ASC", count=1
        ),
        GEO,
    ),
    Row(
        "geosearch",
        lambda r: r.geosearch("g", member="Palermo", width=400, height=400, unit="km", sort="DESC"),
        lambda p: p.geosearch("g", member="Palermo", width=400, height=400, unit="km", sort="DESC"),
        GEO,
        note="box",
    ),
]


def entries(found: object) -> object:
    """Make a dict of what redis-py gives for several streams."""
    return dict(found) if isinstance(found, list) else found


def waiting(found: dict[str, Any]) -> dict[str, Any]:
    """Make a dict of the consumers that redis-py gives as a list."""
    counts = {each["name"]: each["pending"] for each in found["consumers"]}
    return {**found, "consumers": counts}


STREAMS = [
    Row(
        "xadd",
        lambda r: r.xadd("x", {"name": "Dan"}, "4-1"),
        lambda p: p.xadd("x", {"name": "Dan"}, "4-1"),
        STREAM,
    ),
    Row(
        "xadd",
        lambda r: r.xadd("x", {"name": "Dan"}, "4-1", maxlen=2, exact=True),
        lambda p: p.xadd("x", {"name": "Dan"}, "4-1", maxlen=2, approximate=False),
        STREAM,
        note="maxlen",
    ),
    Row(
        "xadd",
        lambda r: r.xadd("x", {"name": "Dan"}, "4-1", minid="2-0", limit=10),
        lambda p: p.xadd("x", {"name": "Dan"}, "4-1", minid="2-0", limit=10),
        STREAM,
        note="minid",
    ),
    Row(
        "xadd",
        lambda r: r.xadd("none", {"a": 1}, create=False),
        lambda p: p.xadd("none", {"a": 1}, nomkstream=True),
        note="not made",
    ),
    Row("xlen", lambda r: r.xlen("x"), lambda p: p.xlen("x"), STREAM),
    Row("xrange", lambda r: r.xrange("x"), lambda p: p.xrange("x"), STREAM),
    Row(
        "xrange",
        lambda r: r.xrange("x", "2", "+", 1),
        lambda p: p.xrange("x", "2", "+", 1),
        STREAM,
        note="part",
    ),
    Row(
        "xrevrange",
        lambda r: r.xrevrange("x", count=2),
        lambda p: p.xrevrange("x", count=2),
        STREAM,
    ),
    Row("xread", lambda r: r.xread({"x": "1-1"}), lambda p: entries(p.xread({"x": "1-1"})), STREAM),
    Row(
        "xread",
        lambda r: r.xread({"x": "0", "w": "0"}, 1, 10),
        lambda p: entries(p.xread({"x": "0", "w": "0"}, 1, 10)),
        STREAM,
        note="block",
    ),
    Row(
        "xread",
        lambda r: r.xread({"x": "$"}, block=10),
        lambda p: dict(p.xread({"x": "$"}, block=10) or {}),
        STREAM,
        note="nothing",
    ),
    Row(
        "xgroup_create",
        lambda r: r.xgroup_create("x", "g", mkstream=True),
        lambda p: p.xgroup_create("x", "g", mkstream=True),
    ),
    Row(
        "xgroup_setid",
        lambda r: r.xgroup_setid("x", "g", "2-1"),
        lambda p: p.xgroup_setid("x", "g", "2-1"),
        GROUP,
    ),
    Row(
        "xgroup_destroy",
        lambda r: r.xgroup_destroy("x", "g"),
        lambda p: p.xgroup_destroy("x", "g"),
        GROUP,
    ),
    Row(
        "xgroup_createconsumer",
        lambda r: r.xgroup_createconsumer("x", "g", "c"),
        lambda p: p.xgroup_createconsumer("x", "g", "c"),
        GROUP,
    ),
    Row(
        "xgroup_delconsumer",
        lambda r: r.xgroup_delconsumer("x", "g", "c1"),
        lambda p: p.xgroup_delconsumer("x", "g", "c1"),
        READ,
    ),
    Row(
        "xreadgroup",
        lambda r: r.xreadgroup("g", "c1", {"x": ">"}, 2),
        lambda p: entries(p.xreadgroup("g", "c1", {"x": ">"}, 2)),
        GROUP,
    ),
    Row(
        "xreadgroup",
        lambda r: r.xreadgroup("g", "c1", {"x": ">"}, block=10, noack=True),
        lambda p: entries(p.xreadgroup("g", "c1", {"x": ">"}, block=10, noack=True)),
        GROUP,
        note="block",
    ),
    Row(
        "xreadgroup",
        lambda r: r.xreadgroup("g", "c1", {"x": "0"}),
        lambda p: entries(p.xreadgroup("g", "c1", {"x": "0"})),
        [*READ, ["XDEL", "x", "1-1"]],
        note="history",
    ),
    Row(
        "xack",
        lambda r: r.xack("x", "g", "1-1", "9-9"),
        lambda p: p.xack("x", "g", "1-1", "9-9"),
        READ,
    ),
    Row("xdel", lambda r: r.xdel("x", ["1-1", "9-9"]), lambda p: p.xdel("x", "1-1", "9-9"), STREAM),
    Row(
        "xtrim",
        lambda r: r.xtrim("x", 1, exact=True),
        lambda p: p.xtrim("x", 1, approximate=False),
        STREAM,
    ),
    Row(
        "xtrim",
        lambda r: r.xtrim("x", minid="2", limit=5),
        lambda p: p.xtrim("x", minid="2", limit=5),
        STREAM,
        note="minid",
    ),
    Row(
        "xpending",
        lambda r: r.xpending("x", "g"),
        lambda p: waiting(p.xpending("x", "g")),
        READ,
    ),
    Row(
        "xpending",
        lambda r: r.xpending("x", "g"),
        lambda p: {**p.xpending("x", "g"), "consumers": {}},
        GROUP,
        note="none",
    ),
    Row(
        "xpending_range",
        lambda r: r.xpending_range("x", "g", count=1, consumer="c1", idle=0),
        lambda p: p.xpending_range("x", "g", "-", "+", 1, "c1", 0),
        READ,
        lambda o, t: [e[:2] for e in o] == [["1-1", "c1"]] and len(o) == len(t),
    ),
    Row(
        "xclaim",
        lambda r: r.xclaim("x", "g", "c2", 0, ["1-1"], idle=5, retrycount=3, force=True),
        lambda p: p.xclaim("x", "g", "c2", 0, ["1-1"], idle=5, retrycount=3, force=True),
        READ,
    ),
    Row(
        "xclaim",
        lambda r: r.xclaim("x", "g", "c2", 0, "2-1", time=10**12),
        lambda p: p.xclaim("x", "g", "c2", 0, ["2-1"], time=10**12),
        READ,
        note="time",
    ),
    Row(
        "xautoclaim",
        lambda r: r.xautoclaim("x", "g", "c2", 0, count=1),
        lambda p: p.xautoclaim("x", "g", "c2", 0, count=1)[:2],
        READ,
    ),
    Row(
        "xinfo_stream",
        lambda r: r.xinfo_stream("x"),
        lambda p: p.xinfo_stream("x"),
        STREAM,
        lambda o, t: o["length"] == t["length"] == 3,
    ),
    Row("xinfo_groups", lambda r: r.xinfo_groups("x"), lambda p: p.xinfo_groups("x"), READ),
    Row(
        "xinfo_consumers",
        lambda r: r.xinfo_consumers("x", "g"),
        lambda p: p.xinfo_consumers("x", "g"),
        READ,
        lambda o, t: o[0].keys() == t[0].keys() and o[0]["pending"] == 2,
    ),
]

SERVER = [
    Row(
        "flushdb",
        lambda r: r.flushdb("ASYNC"),
        lambda p: p.flushdb(asynchronous=True),
        A,
        note="async",
    ),
    Row("role", lambda r: r.role(), lambda p: p.role()),
    Row("config_get", lambda r: r.config_get("maxmem*"), lambda p: p.config_get("maxmem*")),
    Row(
        "config_set",
        lambda r: r.config_set("slowlog-max-len", 128),
        lambda p: p.config_set("slowlog-max-len", 128),
    ),
    Row("config_resetstat", lambda r: r.config_resetstat(), lambda p: p.config_resetstat()),
    Row("client_id", lambda r: r.client_id(), lambda p: p.client_id(), (), anything),
    Row("client_getname", lambda r: r.client_getname(), lambda p: p.client_getname()),
    Row(
        "client_list",
        lambda r: r.client_list("normal"),
        lambda p: p.client_list("normal"),
        (),
        lambda o, t: o[0].keys() == t[0].keys(),
    ),
    Row(
        "client_kill",
        lambda r: r.client_kill(10**9),
        lambda p: p.client_kill_filter(_id=str(10**9)),
    ),
    Row("acl_whoami", lambda r: r.acl_whoami(), lambda p: p.acl_whoami()),
    Row(
        "slowlog_get",
        lambda r: r.slowlog_get(2),
        lambda p: p.slowlog_get(2),
        [["SLOWLOG", "RESET"]],
    ),
    Row(
        "slowlog_len", lambda r: r.slowlog_len(), lambda p: p.slowlog_len(), [["SLOWLOG", "RESET"]]
    ),
    Row("slowlog_reset", lambda r: r.slowlog_reset(), lambda p: p.slowlog_reset()),
    Row("wait", lambda r: r.wait(0, 1), lambda p: p.wait(0, 1)),
    Row(
        "pubsub_channels",
        lambda r: r.pubsub_channels("rows*"),
        lambda p: p.pubsub_channels("rows*"),
    ),
    Row(
        "pubsub_numsub", lambda r: r.pubsub_numsub("rows"), lambda p: dict(p.pubsub_numsub("rows"))
    ),
    Row("pubsub_numpat", lambda r: r.pubsub_numpat(), lambda p: p.pubsub_numpat()),
    Row(
        "fcall",
        lambda r: r.fcall("first", ["k"], ["x"]),
        lambda p: p.fcall("first", 1, "k", "x"),
        [["FUNCTION", "LOAD", "REPLACE", LIBRARY]],
    ),
    Row(
        "function_load",
        lambda r: r.function_load(LIBRARY, replace=True),
        lambda p: p.function_load(LIBRARY, replace=True),
    ),
    Row(
        "function_delete",
        lambda r: r.function_delete("rows"),
        lambda p: p.function_delete("rows"),
        [["FUNCTION", "LOAD", "REPLACE", LIBRARY]],
    ),
    Row("function_flush", lambda r: r.function_flush(), lambda p: p.function_flush()),
    Row(
        "execute",
        lambda r: r.execute("object encoding", "a"),
        lambda p: p.object("ENCODING", "a"),
        A,
    ),
    Row(
        "execute",
        lambda r: r.execute("BLPOP", "l", 1),
        lambda p: p.blpop("l", 1),
        LIST,
        note="blocking",
    ),
    Row(
        "execute",
        lambda r: r.execute("XREAD", "BLOCK", 10, "STREAMS", "x", "$"),
        lambda p: p.xread({"x": "$"}, block=10) or None,
        (),
        note="stream",
    ),
    Row(
        "execute",
        lambda r: r.execute("XREAD", "STREAMS", "block", "$"),
        lambda p: p.xread({"block": "$"}) or None,
        (),
        note="key of an option",
    ),
]

SERVER.append(Row("swapdb", lambda r: r.swapdb(12, 13), lambda p: p.swapdb(12, 13), A))

NEW_ROWS = [*KEYS, *STRINGS, *LISTS, *SET_ROWS, *ZSET_ROWS, *HASHES, *GEO_ROWS, *STREAMS, *SERVER]
