"""Which words of a command are keys: they say to which of several servers it goes."""

from collections.abc import Callable, Sequence
from typing import Any, Final

__all__ = ["SPREAD", "ShardedMethods", "find_keys"]

_CLASSIC: Final = (
    "decr delete exists expire get get_type getset hdel hexists hget hgetall hincrby hkeys hlen hmget hmset"
    " hset hvals incr lindex llen lrange lrem lset ltrim pop publish push rename sadd set setex setnx"
    " sismember smembers srem ttl zadd zcard zcount zdecr zincr zincrby zrange zrangebyscore"
    " zrevrangebyscore zrevrank zrank zrem zremrangebyscore zremrangebyrank zrevrange zscore"
)

ShardedMethods: Final = frozenset(_CLASSIC.split())
"""The methods that cyclone 1.x shards (and `mget`); there are more now: all whose keys are known."""

SPREAD: Final = frozenset({"DEL", "UNLINK", "EXISTS", "TOUCH"})
"""Commands of any number of keys that count: each server is asked for its own, and the sum is given."""

_Finder = Callable[[Sequence[Any]], Sequence[Any]]


def _words(text: str, finder: _Finder) -> dict[str, _Finder]:
    return dict.fromkeys(text.split(), finder)


def _numbered(words: Sequence[Any]) -> Sequence[Any]:
    """Find the keys of `COMMAND number key …`."""
    return words[2 : 2 + int(words[1])]


def _stored(words: Sequence[Any]) -> Sequence[Any]:
    """Find the keys of `COMMAND destination number key …`."""
    return [words[1], *words[3 : 3 + int(words[2])]]


_FINDERS: Final[dict[str, _Finder]] = {
    **_words(
        "APPEND BITCOUNT BITFIELD BITFIELD_RO BITPOS DECR DECRBY DUMP EXPIRE EXPIREAT EXPIRETIME GEOADD"
        " GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUSBYMEMBER GEOSEARCH GET GETBIT GETDEL GETEX GETRANGE"
        " GETSET HDEL HEXISTS HGET HGETALL HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HMSET HRANDFIELD HSCAN"
        " HSET HSETNX HSTRLEN HVALS INCR INCRBY INCRBYFLOAT LINDEX LINSERT LLEN LPOP LPOS LPUSH LPUSHX"
        " LRANGE LREM LSET LTRIM PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PFADD PSETEX PTTL PUBLISH RESTORE"
        " RPOP RPUSH RPUSHX SADD SCARD SET SETBIT SETEX SETNX SETRANGE SISMEMBER SMEMBERS SMISMEMBER SORT"
        " SORT_RO SPOP SRANDMEMBER SREM SSCAN STRLEN SUBSTR TTL TYPE XACK XADD XAUTOCLAIM XCLAIM XDEL XLEN"
        " XPENDING XRANGE XREVRANGE XTRIM ZADD ZCARD ZCOUNT ZINCRBY ZLEXCOUNT ZMSCORE ZPOPMAX ZPOPMIN"
        " ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK"
        " ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE",
        lambda words: words[1:2],
    ),
    **_words(
        "BLMOVE BRPOPLPUSH COPY GEOSEARCHSTORE LCS LMOVE RENAME RENAMENX RPOPLPUSH SMOVE ZRANGESTORE",
        lambda words: words[1:3],
    ),
    **_words(
        "DEL EXISTS MGET PFCOUNT PFMERGE SDIFF SDIFFSTORE SINTER SINTERSTORE SUNION SUNIONSTORE TOUCH"
        " UNLINK",
        lambda words: words[1:],
    ),
    **_words("BLPOP BRPOP BZPOPMAX BZPOPMIN", lambda words: words[1:-1]),
    **_words("MSET MSETNX", lambda words: words[1::2]),
    **_words("BITOP", lambda words: words[2:]),
    **_words("MEMORY OBJECT XGROUP XINFO", lambda words: words[2:3]),
    **_words("LMPOP SINTERCARD ZDIFF ZINTER ZINTERCARD ZMPOP ZUNION", _numbered),
    **_words("ZDIFFSTORE ZINTERSTORE ZUNIONSTORE", _stored),
}


def find_keys(words: Sequence[Any]) -> Sequence[Any]:
    """Find the keys of a command.

    Args:
        words: Its words, the name in capitals first.

    Returns:
        The keys; none if the command has none, or if it is not known.
    """
    finder = _FINDERS.get(words[0])
    return () if finder is None else finder(words)
