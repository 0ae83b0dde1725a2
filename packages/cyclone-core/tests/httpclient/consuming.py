"""A consumer in memory that pauses, goes on and stops as a test wants it."""

from collections.abc import Iterable, Iterator
from typing import Any

from twisted.internet.interfaces import IConsumer
from twisted.python.failure import Failure
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

Actions = Iterable[str]
Producer = Any


@implementer(IConsumer)
class Consumer:
    """Takes the pieces of one body, and complains of what no producer may do."""

    def __init__(self, producer: Producer, actions: Actions = ()) -> None:
        """Make a consumer; each write is followed by the next of the actions."""
        self.producer = producer
        self.pieces: list[bytes] = []
        self.ends: list[object] = []
        self.paused = self.stopped = False
        self._actions: Iterator[str] = iter(actions)

    def start(self) -> "Consumer":
        """Begin."""
        self.producer.startProducing(self).addBoth(self.ends.append)
        return self

    def write(self, data: bytes) -> None:
        """Take a piece, and do what is due."""
        assert type(data) is bytes
        assert data
        assert not self.paused
        assert not self.stopped
        assert not self.ends
        self.pieces.append(data)
        self.act(next(self._actions, ""))

    def act(self, name: str) -> None:
        """Do one thing, or several one after the other: `pause resume`."""
        for each in name.split():
            self.paused = each == "pause"
            self.stopped = self.stopped or each == "stop"
            getattr(self.producer, f"{each}Producing")()

    def resume(self) -> None:
        """Go on until there is nothing left to go on with."""
        while self.paused:
            self.act("resume")

    @property
    def body(self) -> bytes:
        """What has come."""
        return b"".join(self.pieces)

    @property
    def error(self) -> BaseException:
        """What it has failed with."""
        (end,) = self.ends
        assert isinstance(end, Failure)
        error = end.value
        assert isinstance(error, BaseException)
        return error

    def registerProducer(self, producer: object, streaming: bool) -> None:  # noqa: N802 -- Twisted's name
        """No producer of a body registers itself."""
        raise AssertionError(producer, streaming)

    def unregisterProducer(self) -> None:  # noqa: N802 -- as above
        """No producer of a body does that."""
        raise AssertionError


def collect(producer: IBodyProducer | bytes | None) -> bytes:
    """Take a body from beginning to end."""
    if isinstance(producer, bytes):
        return producer
    consumer = Consumer(producer).start()
    assert consumer.ends == [None]
    return consumer.body
