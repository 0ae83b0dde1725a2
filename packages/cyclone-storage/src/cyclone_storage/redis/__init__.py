"""Redis on Twisted: the classic `cyclone.redis`, typed, with TLS that verifies and bounds that hold."""

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
from cyclone_storage.redis.protocol import BaseRedisProtocol, RedisProtocol
from cyclone_storage.redis.types import Key, Reply, Result, Value

__all__ = [
    "AuthenticationError",
    "BaseRedisProtocol",
    "CertificateError",
    "ConnectionError",
    "HandshakeError",
    "InvalidData",
    "InvalidResponse",
    "Key",
    "MasterNotFoundError",
    "NoScriptRunning",
    "ProtocolError",
    "RedisError",
    "RedisProtocol",
    "Reply",
    "ReplyTooLarge",
    "ResponseError",
    "Result",
    "ScriptDoesNotExist",
    "TLSError",
    "TimeoutError",
    "Value",
    "WaitTimeout",
    "WatchError",
]
