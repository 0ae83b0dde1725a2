"""What has arrived and nobody has taken yet: a queue that a slow reader cannot make grow without end."""

from collections import deque
from typing import Final, Generic, Literal, TypeVar

from twisted.internet.defer import Deferred, fail, succeed

from cyclone_storage.errors import StorageError

__all__ = ["MAX_BYTES", "MAX_MESSAGES", "Inbox", "SlowConsumer", "StreamClosed", "WhenFull"]

M = TypeVar("M")

WhenFull = Literal["drop_oldest", "close"]


MAX_MESSAGES: Final = 1000
"""Messages that wait for a reader."""

MAX_BYTES: Final = 16 * 1024 * 1024
"""Bytes of the messages that wait: each of a thousand may be as long as a reply."""


class StreamClosed(StorageError):  # noqa: N818 -- as the others
    """Nothing arrives any more: the stream was closed by the program, or with its pool."""


class SlowConsumer(StorageError):  # noqa: N818 -- as the others
    """Messages arrived faster than they were taken, and the stream was to be closed then."""


class Inbox(Generic[M]):
    """Messages in the order of their arrival, bounded by their number and by their bytes.

    Attributes:
        dropped: How many messages were thrown away as there was no room.
        closed: Whether nothing more is taken in.
    """

    def __init__(self, max_messages: int, max_bytes: int, when_full: WhenFull) -> None:
        """Make an empty one.

        Args:
            max_messages: How many messages wait at most.
            max_bytes: How many bytes wait at most, counted as the sender of them counts; one message
                may be longer.
            when_full: `drop_oldest`: the oldest messages make room. `close`: the inbox is closed, and
                a reader gets what is in it and then `SlowConsumer`.

        Raises:
            ValueError: A bound is less than one, or there is no such policy.
        """
        if max_messages < 1 or max_bytes < 1:
            raise ValueError(f"room for {max_messages} messages and {max_bytes} bytes is no room")
        if when_full not in {"drop_oldest", "close"}:
            raise ValueError(f"when_full={when_full!r} must be 'drop_oldest' or 'close'")
        self.dropped = 0
        self.closed = False
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._when_full = when_full
        self._waiting: deque[tuple[M, int]] = deque()
        self._bytes = 0
        self._readers: deque[Deferred[M]] = deque()
        self._end: Exception = StreamClosed("the stream of messages was closed")

    def __len__(self) -> int:
        """Return how many messages wait."""
        return len(self._waiting)

    def put(self, message: M, size: int) -> None:
        """Take in a message, unless it is closed.

        Args:
            message: The message.
            size: Its bytes.
        """
        if self.closed:
            return
        if self._readers:
            self._readers.popleft().callback(message)
            return
        self._waiting.append((message, size))
        self._bytes += size
        # One message alone is never too long: the bound of a reply has let it in.
        while len(self._waiting) > 1 and self._full():
            if self._when_full == "close":
                self._remove(-1)
                self.dropped += 1
                self.close(SlowConsumer(self._problem()))
                return
            self._remove(0)
            self.dropped += 1

    def get(self) -> Deferred[M]:
        """Take the oldest message.

        Returns:
            It, as soon as there is one. After the end: a failure, `StreamClosed` if the program closed
            it, `SlowConsumer`, or whatever ended it.
        """
        if self._waiting:
            return succeed(self._remove(0))
        if self.closed:
            return fail(self._end)
        reader: Deferred[M] = Deferred(self._readers.remove)
        self._readers.append(reader)
        return reader

    def close(self, why: Exception | None = None) -> None:
        """Take in nothing more; what waits can still be taken.

        Args:
            why: With what readers fail after the last message; `StreamClosed` if it is None.
        """
        if self.closed:
            return
        self.closed = True
        if why is not None:
            self._end = why
        readers, self._readers = self._readers, deque()
        for reader in readers:
            reader.errback(self._end)

    def _full(self) -> bool:
        return len(self._waiting) > self._max_messages or self._bytes > self._max_bytes

    def _problem(self) -> str:
        return (
            f"messages came faster than they were taken: {len(self._waiting)} with {self._bytes} bytes "
            f"wait, of at most {self._max_messages} and {self._max_bytes}; take them faster, give more "
            "room (max_messages, max_bytes), or lose the oldest (when_full='drop_oldest')"
        )

    def _remove(self, index: int) -> M:
        message, size = self._waiting[index]
        del self._waiting[index]
        self._bytes -= size
        return message
