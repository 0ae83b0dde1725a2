"""Messages from channels: `async with pool.subscribe("news") as messages`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.python.failure import Failure

from cyclone_storage.redis.listening.inbox import MAX_BYTES, MAX_MESSAGES, Inbox, WhenFull
from cyclone_storage.redis.listening.names import checked_names, listed_names
from cyclone_storage.redis.listening.stream import MessageStream, StreamFactory
from cyclone_storage.redis.listening.subscriber import Subscribed, SubscriberProtocol
from cyclone_storage.redis.pool.errors import NotConnected
from cyclone_storage.redis.pool.factory import RedisFactory
from cyclone_storage.redis.types import Key

__all__ = ["Message", "Subscription"]


@dataclass(frozen=True, slots=True)
class Message:
    """What was published.

    Attributes:
        channel: The channel; `bytes` if it is no text in the pool's charset.
        data: What was published; `bytes` if it is no text. It is never made a number.
        pattern: The pattern that the channel matches, None if the channel itself was subscribed to.
    """

    channel: str | bytes
    data: str | bytes
    pattern: str | bytes | None = None


class Subscription(MessageStream[Message]):
    """Messages from channels and patterns, as an asynchronous iterator."""

    def __init__(
        self,
        pool: RedisFactory,
        channels: Iterable[Key],
        patterns: Key | Iterable[Key] = (),
        *,
        max_messages: int = MAX_MESSAGES,
        max_bytes: int = MAX_BYTES,
        when_full: WhenFull = "drop_oldest",
        heartbeat: float | None = 30.0,
    ) -> None:
        """Prepare; nothing is sent before `async with`.

        Args:
            pool: The pool whose server it is.
            channels: Channels.
            patterns: A glob pattern of channels or several.
            max_messages: How many messages wait at most for a reader.
            max_bytes: How many bytes of messages wait at most.
            when_full: `drop_oldest`: the oldest make room, and `dropped` counts them. `close`: the
                subscription ends, with `SlowConsumer` after what waits.
            heartbeat: Seconds between questions whether the server is there, and for its answer.

        Raises:
            ValueError: There is neither a channel nor a pattern, or an option is out of its range.
            TypeError: A channel or a pattern is neither `str` nor `bytes`.
        """
        names = checked_names(channels)
        globs = listed_names(patterns)
        if not names and not globs:
            raise ValueError("a subscription needs a channel or a pattern: subscribe('news')")
        super().__init__(pool, Inbox(max_messages, max_bytes, when_full), heartbeat)
        self._subscribed = Subscribed(
            dict.fromkeys(_encoded(pool, names)), dict.fromkeys(_encoded(pool, globs))
        )

    @property
    def channels(self) -> tuple[bytes, ...]:
        """The channels that are subscribed to, as they are sent."""
        return tuple(self._subscribed.channels)

    @property
    def patterns(self) -> tuple[bytes, ...]:
        """The patterns that are subscribed to, as they are sent."""
        return tuple(self._subscribed.patterns)

    def subscribe(self, *channels: Key, patterns: Key | Iterable[Key] = ()) -> Deferred[None]:
        """Subscribe to more; while there is no connection, when it comes back.

        Args:
            channels: Channels.
            patterns: A pattern or several.

        Returns:
            A Deferred that fires when messages come; it fails with `ResponseError` if the user may not.
        """
        return self._change(channels, patterns, dict.setdefault, "subscribe")

    def unsubscribe(self, *channels: Key, patterns: Key | Iterable[Key] = ()) -> Deferred[None]:
        """Subscribe to less; messages that wait already still come.

        Args:
            channels: Channels.
            patterns: A pattern or several.

        Returns:
            A Deferred that fires when the server knows.
        """
        return self._change(channels, patterns, _discard, "unsubscribe")

    def _change(
        self,
        channels: Iterable[Key],
        patterns: Key | Iterable[Key],
        change: Callable[[dict[bytes, None], bytes], object],
        method: str,
    ) -> Deferred[None]:
        if self._inbox.closed:
            raise NotConnected("the subscription was closed")
        names = {
            "": _encoded(self._pool, checked_names(channels)),
            "p": _encoded(self._pool, listed_names(patterns)),
        }
        if self._protocol is None:
            # listenAgain of the next connection has it sent.
            for name in names[""]:
                change(self._subscribed.channels, name)
            for name in names["p"]:
                change(self._subscribed.patterns, name)
            return succeed(None)
        asking = [
            getattr(self._protocol, prefix + method)(listed)
            for prefix, listed in names.items()
            if listed
        ]
        changing = gatherResults(asking, consumeErrors=True)
        return changing.addCallbacks(lambda _: None, _unwrap)

    def _make_factory(self, pool: RedisFactory) -> StreamFactory:
        factory = super()._make_factory(pool)
        factory.protocol = _Subscriber
        factory.subscribed = self._subscribed
        return factory


class _Subscriber(SubscriberProtocol):
    @property
    def _subscription(self) -> Subscription:
        return cast("Subscription", cast("StreamFactory", self.factory).stream)

    def messageReceived(self, pattern: Any, channel: Any, message: Any) -> None:  # noqa: ANN401, N802
        self._subscription.received(Message(channel, message, pattern), len(message) + len(channel))

    def listensAgain(self, _: object = None) -> None:  # noqa: N802
        self._subscription.listens(self)

    def cannotListen(self, problem: Exception) -> None:  # noqa: N802
        self._subscription.refused(problem)


def _encoded(pool: RedisFactory, names: Iterable[Key]) -> list[bytes]:
    charset = pool.charset or "utf-8"
    return [name if isinstance(name, bytes) else name.encode(charset) for name in names]


def _discard(names: dict[bytes, None], name: bytes) -> None:
    names.pop(name, None)


def _unwrap(failure: Failure) -> Failure:
    inner: Failure = getattr(failure.value, "subFailure", failure)
    return inner
