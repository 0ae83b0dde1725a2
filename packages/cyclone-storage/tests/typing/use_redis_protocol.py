"""How the errors, the types and one connection of `cyclone_storage.redis` are used, for mypy."""

from typing import assert_type

from twisted.internet.interfaces import IOpenSSLClientConnectionCreator

from cyclone_storage.errors import PoolTimeout, StorageError
from cyclone_storage.redis import (
    AuthenticationError,
    ConnectionError,  # noqa: A004 -- txredisapi's name
    Key,
    RedisError,
    RedisProtocol,
    Reply,
    ReplyTooLarge,
    ResponseError,
    Result,
    TimeoutError,  # noqa: A004 -- txredisapi's name
    Value,
    WaitTimeout,
)
from cyclone_storage.redis.connection.protocol import BaseRedisProtocol
from cyclone_storage.redis.connection.resp import PENDING, RawReply, ReplyReader
from cyclone_storage.redis.tls.context import client_tls

root: type[RedisError] = AuthenticationError
other_root: type[StorageError] = ReplyTooLarge
answered: type[ResponseError] = AuthenticationError
timeouts: tuple[type[TimeoutError], type[PoolTimeout], type[ConnectionError]] = (WaitTimeout,) * 3

tls: IOpenSSLClientConnectionCreator = client_tls("redis.example", ca_certs="ca.pem")

protocol = RedisProtocol("utf-8", replyTimeout=5, password="x", max_reply_size=1_000_000)  # noqa: S106
base: BaseRedisProtocol = protocol
assert_type(protocol.in_flight, int)
assert_type(protocol.problem, Exception | None)
assert_type(protocol.host, str)


def count(reply: Reply) -> int:
    """Take a reply of any depth apart."""
    if isinstance(reply, list):
        return sum(count(each) for each in reply)
    return 0 if reply is None else len(str(reply))


def keep(key: Key, value: Value, results: list[Result]) -> tuple[bytes | str, Value | None, bool]:
    """Use the other types."""
    return key, value, any(isinstance(each, ResponseError) for each in results)


def read(data: bytes) -> list[RawReply]:
    """Read replies without a connection."""
    reader = ReplyReader(max_depth=2)
    reader.feed(data)
    found: list[RawReply] = []
    while (reply := reader.next_reply()) is not PENDING:
        found.append(reply)
    return found


async def use() -> None:
    """Wait for a connection, and send."""
    assert_type(await protocol.whenConnected(), RedisProtocol)
    await protocol.execute_command("SET", "a", 1, reply_timeout=2.5, post_proc=bool)
