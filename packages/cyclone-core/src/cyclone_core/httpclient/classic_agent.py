"""What cyclone 1.x had for programs that talk to `twisted.web.client.Agent` themselves."""

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IConsumer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

__all__ = ["Receiver", "StringProducer"]


@implementer(IBodyProducer)
class StringProducer:
    """Gives a body that is there already (cyclone: the same name).

    Attributes:
        body: The body.
        length: Its size in bytes.
    """

    def __init__(self, body: str | bytes) -> None:
        """Make a producer.

        Args:
            body: The body; text is encoded as UTF-8.
        """
        self.body = body.encode() if isinstance(body, str) else body
        self.length = len(self.body)

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:  # noqa: N802 -- Twisted's name
        """Give all of it (Twisted: `IBodyProducer`)."""
        consumer.write(self.body)
        return succeed(None)

    def pauseProducing(self) -> None:
        """Do nothing: all of it was given."""

    def resumeProducing(self) -> None:
        """Do nothing, as above."""

    def stopProducing(self) -> None:
        """Do nothing, as above."""

    def rewind(self) -> bool:
        """Tell that it can be sent again."""
        return True


class Receiver(Protocol):
    """Collects a body: `response.deliverBody(Receiver(deferred))` (cyclone: the same name)."""

    def __init__(self, finished: Deferred[bytes]) -> None:
        """Make a receiver.

        Args:
            finished: It fires with the body; it fails if the connection ends before.
        """
        self._finished = finished
        self._pieces: list[bytes] = []

    def dataReceived(self, data: bytes) -> None:
        """Take a piece (Twisted: `Protocol.dataReceived`)."""
        self._pieces.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Take note of the end (Twisted: `Protocol.connectionLost`)."""
        from twisted.web.client import ResponseDone  # not above: with it comes all of OpenSSL

        # Without a length nobody can tell whether that was all; cyclone 1.x did not ask either.
        if reason.check(ResponseDone, "twisted.web.http.PotentialDataLoss"):
            self._finished.callback(b"".join(self._pieces))
        else:
            self._finished.errback(reason)
