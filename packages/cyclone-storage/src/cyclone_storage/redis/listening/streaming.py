"""What a pool has besides commands: connections of their own on which the server speaks by itself."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cyclone_storage.redis.listening.inbox import MAX_BYTES, MAX_MESSAGES, WhenFull
from cyclone_storage.redis.types import Key

if TYPE_CHECKING:
    from cyclone_storage.redis.listening.monitoring import Monitor
    from cyclone_storage.redis.listening.subscription import Subscription
    from cyclone_storage.redis.pool.factory import RedisFactory

__all__ = ["Streaming"]


class Streaming:
    """What a pool has besides commands: connections of their own on which the server speaks by itself."""

    _factory: "RedisFactory"

    def subscribe(
        self,
        *channels: Key,
        patterns: Key | Iterable[Key] = (),
        max_messages: int = MAX_MESSAGES,
        max_bytes: int = MAX_BYTES,
        when_full: WhenFull = "drop_oldest",
        heartbeat: float | None = 30.0,
    ) -> "Subscription":
        """Subscribe to channels: `async with pool.subscribe("news") as messages`.

        It has a connection of its own, outside the pool, which is made again when it is lost; it closes
        with the pool.

        Args:
            channels: Channels.
            patterns: A glob pattern of channels or several.
            max_messages: How many messages wait at most for a reader.
            max_bytes: How many bytes of messages wait at most.
            when_full: `drop_oldest`: the oldest make room, and `dropped` counts them. `close`: the
                subscription ends, with `SlowConsumer` after what waits.
            heartbeat: Seconds between questions whether the server is there, and for its answer; None:
                none are asked.

        Returns:
            An asynchronous context manager and iterator of `Message`.

        Raises:
            ValueError: There is neither a channel nor a pattern, or an option is out of its range.
        """
        from cyclone_storage.redis.listening.subscription import Subscription

        return Subscription(
            self._factory,
            channels,
            patterns,
            max_messages=max_messages,
            max_bytes=max_bytes,
            when_full=when_full,
            heartbeat=heartbeat,
        )

    def monitor(
        self,
        *,
        max_messages: int = MAX_MESSAGES,
        max_bytes: int = MAX_BYTES,
        when_full: WhenFull = "drop_oldest",
    ) -> "Monitor":
        """See all that the server executes: `async with pool.monitor() as commands`.

        It costs the server much of its speed, and shows whatever clients send.

        Args:
            max_messages: How many commands wait at most for a reader.
            max_bytes: How many characters of their lines wait at most.
            when_full: As of `subscribe`.

        Returns:
            An asynchronous context manager and iterator of `MonitoredCommand`.

        Raises:
            ValueError: An option is out of its range.
        """
        from cyclone_storage.redis.listening.monitoring import Monitor

        return Monitor(
            self._factory, max_messages=max_messages, max_bytes=max_bytes, when_full=when_full
        )
