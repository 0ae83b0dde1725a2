"""What can go wrong with Redis: txredisapi's own classes, and ours below them.

The tree; those in brackets are of this package::

    RedisError
    ├── ConnectionError              no connection, or it was lost
    │   ├── TimeoutError             no reply within `replyTimeout`
    │   │   └── [WaitTimeout]        no connection became usable in time
    │   ├── MasterNotFoundError      no sentinel knows a master
    │   ├── [HandshakeError]         no such database (a ResponseError and a ValueError, too)
    │   │   └── [AuthenticationError]  wrong password, or none
    │   └── [TLSError]               no TLS with this server
    │       └── [CertificateError]   it has not proved who it is
    ├── ResponseError                the server's answer is an error
    │   ├── ScriptDoesNotExist
    │   └── NoScriptRunning
    ├── InvalidResponse              an answer that cannot be used
    │   ├── [ProtocolError]          bytes that are not Redis's protocol
    │   └── [ReplyTooLarge]          a reply above a bound of ours
    ├── InvalidData                  a value that cannot be sent
    └── WatchError                   a watched key has changed
"""

from typing import TYPE_CHECKING

from cyclone_storage.errors import PoolTimeout, StorageError

__all__ = [
    "AuthenticationError",
    "CertificateError",
    "ConnectionError",
    "HandshakeError",
    "InvalidData",
    "InvalidResponse",
    "MasterNotFoundError",
    "NoScriptRunning",
    "ProtocolError",
    "RedisError",
    "ReplyTooLarge",
    "ResponseError",
    "ScriptDoesNotExist",
    "TLSError",
    "TimeoutError",
    "WaitTimeout",
    "WatchError",
]

if TYPE_CHECKING:
    # txredisapi has no types; a test compares this with what it has.
    class RedisError(Exception):
        """The root of all that txredisapi raises."""

    class ConnectionError(RedisError):  # noqa: A001 -- txredisapi's name
        """There is no connection, or it was lost."""

    class ResponseError(RedisError):
        """The server has answered with an error."""

    class ScriptDoesNotExist(ResponseError):  # noqa: N818 -- txredisapi's name
        """The server knows no script of this hash."""

    class NoScriptRunning(ResponseError):  # noqa: N818 -- txredisapi's name
        """There was no script to kill."""

    class InvalidResponse(RedisError):  # noqa: N818 -- txredisapi's name
        """The server's answer cannot be used."""

    class InvalidData(RedisError):  # noqa: N818 -- txredisapi's name
        """A value cannot be sent, or an answer cannot be read."""

    class WatchError(RedisError):
        """A watched key has changed: the transaction has not been run."""

    class TimeoutError(ConnectionError):  # noqa: A001 -- txredisapi's name
        """The server did not answer in time."""

    class MasterNotFoundError(ConnectionError):
        """No sentinel knows a master of this name."""
else:
    from txredisapi import (
        ConnectionError,  # noqa: A004 -- txredisapi's name
        InvalidData,
        InvalidResponse,
        MasterNotFoundError,
        NoScriptRunning,
        RedisError,
        ResponseError,
        ScriptDoesNotExist,
        TimeoutError,  # noqa: A004 -- txredisapi's name
        WatchError,
    )


class HandshakeError(StorageError, ConnectionError, ResponseError, ValueError):
    """The server refuses what a connection begins with: its database, or its name.

    A `ValueError`, as this is what the classic makers fail with.
    """


class AuthenticationError(HandshakeError):
    """The server does not accept the user name or the password, or wants one."""


class ProtocolError(StorageError, InvalidResponse):
    """The server has sent what is not Redis's protocol; the connection was dropped."""


class ReplyTooLarge(StorageError, InvalidResponse):  # noqa: N818 -- says what it is
    """A reply is above a bound of ours; the connection was dropped, as the rest of it would follow."""


class TLSError(StorageError, ConnectionError):
    """There is no TLS with this server, or one of our own files for it cannot be used."""


class CertificateError(TLSError):
    """The server has not proved who it is."""


class WaitTimeout(TimeoutError, PoolTimeout):  # noqa: N818 -- a timeout is an error
    """No connection became usable in time; the message says what the last attempt met."""
