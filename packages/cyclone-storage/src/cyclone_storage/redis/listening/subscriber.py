"""Messages from channels, the classic way: a protocol whose `messageReceived` is overridden."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from twisted.internet.defer import Deferred, gatherResults
from twisted.python.failure import Failure

from cyclone_storage.redis.listening.factory import ListeningFactory
from cyclone_storage.redis.listening.names import listed_names
from cyclone_storage.redis.listening.protocol import ListeningProtocol, is_refusal
from cyclone_storage.redis.types import Key, Reply

__all__ = ["Subscribed", "SubscriberFactory", "SubscriberProtocol"]

_Names = Key | Iterable[Key]

_MESSAGE: Final = frozenset({"message", b"message"})
_PATTERN_MESSAGE: Final = frozenset({"pmessage", b"pmessage"})
_KINDS: Final = ("subscribe", "unsubscribe", "psubscribe", "punsubscribe")
_ACKNOWLEDGED: Final = frozenset(_KINDS) | {kind.encode() for kind in _KINDS}


@dataclass(slots=True)
class Subscribed:
    """Channels and patterns, in the order in which they were subscribed to.

    Attributes:
        channels: The channels, as they are sent.
        patterns: The patterns, as they are sent.
    """

    channels: dict[bytes, None] = field(default_factory=dict)
    patterns: dict[bytes, None] = field(default_factory=dict)


class SubscriberProtocol(ListeningProtocol):
    """A connection to subscribe with: override `messageReceived`.

    What was subscribed to comes back: the factory remembers it, and the next connection asks for it
    again after its `connectionMade`. What is published meanwhile is lost, as Redis keeps nothing.

    On this connection all other commands are refused by the server while it is subscribed.

    Attributes:
        subscribed: What was asked for on this connection.

    Source: cyclone 1.x.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- those of the base
        """Prepare a connection.

        Args:
            args: As of `RedisProtocol`.
            kwargs: As of `RedisProtocol`.
        """
        super().__init__(*args, **kwargs)
        self.subscribed = Subscribed()
        # How many channels and patterns the server says there are: messages come if there are any.
        self._active = 0
        # A command of several names is acknowledged once for each.
        self._left: dict[Deferred[Any], int] = {}

    def messageReceived(self, pattern: Reply, channel: Reply, message: Reply) -> object:  # noqa: N802
        """Take a message; override it.

        What it raises is logged. It may be a coroutine function or return a Deferred; nobody waits for
        that, and messages may overtake each other then.

        Args:
            pattern: The pattern that the channel matches, None if the channel itself was subscribed to.
            channel: The channel, in the factory's charset; a number if it looks like one and
                `convertNumbers` is not switched off.
            message: What was published, converted likewise.
        """

    def subscribe(self, channels: _Names) -> "Deferred[list[Reply]]":
        """Subscribe to channels.

        Args:
            channels: A channel or several.

        Returns:
            The acknowledgement of the last one: `["subscribe", channel, number of subscriptions]`. It
            fails with `ResponseError` if the user may not; the factory then forgets them.

        Raises:
            ValueError: There is none.
            TypeError: One is neither `str` nor `bytes`.
        """
        return self._ask("SUBSCRIBE", channels)

    def psubscribe(self, patterns: _Names) -> "Deferred[list[Reply]]":
        """Subscribe to all channels that match patterns.

        Args:
            patterns: A glob pattern or several.

        Returns:
            As of `subscribe`.

        Raises:
            ValueError: There is none.
            TypeError: One is neither `str` nor `bytes`.
        """
        return self._ask("PSUBSCRIBE", patterns)

    def unsubscribe(self, channels: _Names | None = None) -> "Deferred[list[Reply]]":
        """Get no messages of channels any more.

        Args:
            channels: A channel or several; None: all.

        Returns:
            As of `subscribe`.

        Raises:
            ValueError: There is none.
            TypeError: One is neither `str` nor `bytes`.
        """
        return self._ask("UNSUBSCRIBE", channels)

    def punsubscribe(self, patterns: _Names | None = None) -> "Deferred[list[Reply]]":
        """Get no messages of patterns any more.

        Args:
            patterns: A glob pattern or several; None: all.

        Returns:
            As of `subscribe`.

        Raises:
            ValueError: There is none.
            TypeError: One is neither `str` nor `bytes`.
        """
        return self._ask("PUNSUBSCRIBE", patterns)

    def replyReceived(self, reply: Any) -> None:  # noqa: ANN401, N802 -- txredisapi's
        """Tell messages and acknowledgements from replies (txredisapi).

        Args:
            reply: What has come.
        """
        kind = reply[0] if isinstance(reply, list) and reply else None
        # As a list of a program's own may begin with these words, too.
        if self._active and kind in _MESSAGE:
            self.give(None, reply[1], reply[2])
        elif self._active and kind in _PATTERN_MESSAGE:
            self.give(reply[1], reply[2], reply[3])
        elif kind in _ACKNOWLEDGED and self._acknowledged(reply):
            return
        else:
            super().replyReceived(reply)

    def listenAgain(self) -> None:  # noqa: N802 -- in the manner of the names beside it
        """Subscribe to what the factory remembers and `connectionMade` has not asked for."""
        remembered, mine = self._remembered(), self.subscribed
        # One by one: with the others the server would refuse one that the user may not have any more.
        asking = [
            self._ask(command, name)
            for command, names, known in (
                ("SUBSCRIBE", remembered.channels, mine.channels),
                ("PSUBSCRIBE", remembered.patterns, mine.patterns),
            )
            for name in list(names)
            if name not in known
        ]
        gatherResults(asking, consumeErrors=True).addCallbacks(self.listensAgain, self.failedAgain)

    def _ask(self, command: str, names: _Names | None) -> "Deferred[list[Reply]]":
        mine, remembered = self._sets(command)
        words = self._listed(command, names, mine)
        known = set(remembered)
        change: Callable[[dict[bytes, None], bytes], object]
        change = _discard if command.endswith("UNSUBSCRIBE") else dict.setdefault
        asking: Deferred[Any] = self.execute_command(command, *words)
        if not self.connected:
            return asking
        self._left[asking] = max(len(words), 1)
        for word in words:
            change(mine, word)
            change(remembered, word)

        def forget(failure: Failure) -> Failure:
            # A user that may not does not ask for it again and again.
            if is_refusal(failure):
                self._left.pop(asking, None)
                for word in words:
                    _discard(mine, word)
                    if word not in known:
                        _discard(remembered, word)
            return failure

        return asking.addErrback(forget)

    def _listed(self, command: str, names: _Names | None, mine: dict[bytes, None]) -> list[bytes]:
        if names is None:
            # Each by its name, as one acknowledgement comes for each.
            return list(mine)
        listed = listed_names(names)
        if not listed:
            raise ValueError(f"{command} needs a name; without an argument, UNSUBSCRIBE means all")
        return [self._encode_value(name) for name in listed]

    def _sets(self, command: str) -> tuple[dict[bytes, None], dict[bytes, None]]:
        mine, remembered = self.subscribed, self._remembered()
        if command.startswith("P"):
            return mine.patterns, remembered.patterns
        return mine.channels, remembered.channels

    def _remembered(self) -> Subscribed:
        # Also of a RedisFactory that was given this protocol.
        found: Subscribed = vars(self.factory).setdefault("subscribed", Subscribed())
        return found

    def _acknowledged(self, reply: list[Any]) -> bool:
        """Take an acknowledgement; tell whether it is none that somebody waits for any more."""
        if isinstance(reply[-1], int):
            self._active = reply[-1]
        waiting = self.replyQueue.waiting
        if not waiting:
            return True  # as the server has it with a SUBSCRIBE of execute_command
        left = self._left.get(waiting[0], 1) - 1
        if left:
            self._left[waiting[0]] = left
            return True
        self._left.pop(waiting[0], None)
        return False


class SubscriberFactory(ListeningFactory):
    """Makes connections to subscribe with; set `protocol` to a class of one's own.

    It is used with `reactor.connectTCP(host, port, factory)`, or `startConnecting(endpoint)`.

    Source: cyclone 1.x.
    """

    protocol: Any = SubscriberProtocol

    @cached_property
    def subscribed(self) -> Subscribed:
        """What each new connection subscribes to."""
        return Subscribed()


def _discard(names: dict[bytes, None], name: bytes) -> None:
    names.pop(name, None)
