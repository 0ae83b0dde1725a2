"""Redis on Twisted: the classic `cyclone.redis`, typed, with TLS that verifies and bounds that hold."""

from typing import Any

from cyclone_storage.redis.commands import Batch, Commands, Transaction
from cyclone_storage.redis.connecting import connect
from cyclone_storage.redis.connection.protocol import BaseRedisProtocol, RedisProtocol
from cyclone_storage.redis.errors import (
    AuthenticationError,
    CertificateError,
    ConnectionError,  # noqa: A004 -- txredisapi's name
    HandshakeError,
    InvalidData,
    InvalidResponse,
    MasterNotFoundError,
    NoScriptRunning,
    ProtocolError,
    RedisError,
    ReplyTooLarge,
    ResponseError,
    ScriptDoesNotExist,
    TimeoutError,  # noqa: A004 -- txredisapi's name
    TLSError,
    WaitTimeout,
    WatchError,
)
from cyclone_storage.redis.listening.inbox import (
    SlowConsumer,
    StreamClosed,
)
from cyclone_storage.redis.listening.monitor import (
    MonitorFactory,
    MonitorProtocol,
)
from cyclone_storage.redis.listening.monitored import (
    MonitoredCommand,
    parse_monitored,
)
from cyclone_storage.redis.listening.monitoring import (
    Monitor,
)
from cyclone_storage.redis.listening.subscriber import (
    SubscriberFactory,
    SubscriberProtocol,
)
from cyclone_storage.redis.listening.subscription import (
    Message,
    Subscription,
)
from cyclone_storage.redis.makers import (
    Connection,
    ConnectionPool,
    UnixConnection,
    UnixConnectionPool,
    lazyConnection,
    lazyConnectionPool,
    lazyUnixConnection,
    lazyUnixConnectionPool,
)
from cyclone_storage.redis.pool.errors import NotConnected, RedisPoolClosed
from cyclone_storage.redis.pool.factory import RedisFactory
from cyclone_storage.redis.pool.handler import ConnectionHandler, UnixConnectionHandler
from cyclone_storage.redis.pool.stats import PoolStats
from cyclone_storage.redis.sentinel.manager import (
    Sentinel,
    SentinelConnectionFactory,
    SentinelEndpoint,
    SentinelRedisProtocol,
)
from cyclone_storage.redis.sharding.handler import (
    DifferentShards,
    NotShardable,
    ShardedConnectionHandler,
    ShardedMethods,
    ShardedUnixConnectionHandler,
)
from cyclone_storage.redis.sharding.hashring import (
    HashRing,
)
from cyclone_storage.redis.sharding.makers import (
    ShardedConnection,
    ShardedConnectionPool,
    ShardedUnixConnection,
    ShardedUnixConnectionPool,
    lazyShardedConnection,
    lazyShardedConnectionPool,
    lazyShardedUnixConnection,
    lazyShardedUnixConnectionPool,
)
from cyclone_storage.redis.tls.context import client_tls
from cyclone_storage.redis.types import Key, Reply, Result, Value
from cyclone_storage.redis.urls import RedisURL, parse_url

__all__ = [
    "AuthenticationError",
    "BaseRedisProtocol",
    "Batch",
    "CertificateError",
    "Commands",
    "Connection",
    "ConnectionError",
    "ConnectionHandler",
    "ConnectionPool",
    "DifferentShards",
    "HandshakeError",
    "HashRing",
    "InvalidData",
    "InvalidResponse",
    "Key",
    "MasterNotFoundError",
    "Message",
    "Monitor",
    "MonitorFactory",
    "MonitorProtocol",
    "MonitoredCommand",
    "NoScriptRunning",
    "NotConnected",
    "NotShardable",
    "PoolStats",
    "ProtocolError",
    "RedisError",
    "RedisFactory",
    "RedisPoolClosed",
    "RedisProtocol",
    "RedisURL",
    "Reply",
    "ReplyTooLarge",
    "ResponseError",
    "Result",
    "ScriptDoesNotExist",
    "Sentinel",
    "SentinelConnectionFactory",
    "SentinelEndpoint",
    "SentinelRedisProtocol",
    "ShardedConnection",
    "ShardedConnectionHandler",
    "ShardedConnectionPool",
    "ShardedMethods",
    "ShardedUnixConnection",
    "ShardedUnixConnectionHandler",
    "ShardedUnixConnectionPool",
    "SlowConsumer",
    "StreamClosed",
    "SubscriberFactory",
    "SubscriberProtocol",
    "Subscription",
    "TLSError",
    "TimeoutError",
    "Transaction",
    "UnixConnection",
    "UnixConnectionHandler",
    "UnixConnectionPool",
    "Value",
    "WaitTimeout",
    "WatchError",
    "client_tls",
    "connect",
    "lazyConnection",
    "lazyConnectionPool",
    "lazyShardedConnection",
    "lazyShardedConnectionPool",
    "lazyShardedUnixConnection",
    "lazyShardedUnixConnectionPool",
    "lazyUnixConnection",
    "lazyUnixConnectionPool",
    "parse_monitored",
    "parse_url",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- a class that has no types
    """Return `HiredisProtocol`, a name of cyclone 1.x that there is only with hiredis.

    It is txredisapi's: nothing bounds what it reads. The protocols of this package are faster with single
    commands, and need no hiredis.

    Args:
        name: The name.

    Raises:
        AttributeError: It is another name, or hiredis is not installed.
    """
    if name != "HiredisProtocol":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import txredisapi  # type: ignore[import-untyped]

    if txredisapi.hiredis is None:
        raise AttributeError(
            "HiredisProtocol needs hiredis: `pip install hiredis`. RedisProtocol does the same without it,"
            " with bounds on what it reads."
        )
    return txredisapi.HiredisProtocol
