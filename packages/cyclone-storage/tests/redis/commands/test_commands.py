"""Each command once, compared with redis-py on the same server."""

from typing import Any

import pytest
import redis

from cyclone_storage.redis import ConnectionPool

from ...running import Loop
from ...servers.redis import RedisServer
from .classic_rows import ROWS
from .new_rows import NEW_ROWS
from .rows import Row, plain

DBID = 12


def state(client: redis.Redis) -> dict[Any, object]:
    """Return what the database holds."""
    read = {
        "string": client.get,
        "list": lambda key: client.lrange(key, 0, -1),
        "set": client.smembers,
        "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        "hash": client.hgetall,
        "stream": client.xrange,
    }
    return {
        key: (plain(read[client.type(key)](key)), client.ttl(key) > 0) for key in client.scan_iter()
    }


# redis-py wants newer commands in place of some of the documented ones.
@pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning")
@pytest.mark.parametrize("row", [*ROWS, *NEW_ROWS], ids=str)
def test_does_what_redis_py_does(loop: Loop, redis_server: RedisServer, row: Row) -> None:
    """A command gives what redis-py gives, and leaves the same behind."""
    theirs = redis.Redis(
        port=redis_server.port, db=DBID, decode_responses=True, encoding_errors="surrogateescape"
    )

    def prepare() -> None:
        theirs.flushdb()
        # Where keys are moved or copied to.
        with redis.Redis(port=redis_server.port, db=DBID + 1) as other:
            other.flushdb()
        for words in row.setup:
            theirs.execute_command(*words)

    async def main() -> object:
        pool = await ConnectionPool("127.0.0.1", redis_server.port, DBID, 2)
        try:
            return await row.ours(pool)
        finally:
            await pool.disconnect()

    prepare()
    ours = loop.run(main)
    left = state(theirs)
    prepare()
    expected = row.theirs(theirs)
    assert row.compare(ours, expected), (ours, expected)
    assert left == state(theirs)
    theirs.close()
