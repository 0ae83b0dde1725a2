"""What a pool itself raises, besides what the protocol and the server do."""

from cyclone_storage.errors import PoolClosed, StorageError
from cyclone_storage.redis.errors import ConnectionError  # noqa: A004 -- txredisapi's name

__all__ = ["NotConnected", "RedisPoolClosed"]


class NotConnected(StorageError, ConnectionError, ValueError):  # noqa: N818 -- what it is
    """There is no connection and none is being made, as `reconnect=False` or `quit()` said.

    A `ValueError`, as this is what the classic makers failed with.
    """


class RedisPoolClosed(PoolClosed, ConnectionError):  # noqa: N818 -- as PoolClosed
    """A command was given to a pool after `disconnect()`, or waited in it at that moment."""
