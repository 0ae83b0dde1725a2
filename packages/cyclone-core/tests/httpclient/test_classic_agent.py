"""What programs of cyclone 1.x give to Twisted's `Agent`, and take from it."""

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.iweb import IBodyProducer
from zope.interface.verify import verifyObject

from cyclone_core.httpclient import AsyncHTTPClient, Receiver, StringProducer
from cyclone_core.testing import result_of

from .network import Network


@pytest.mark.parametrize(("body", "sent"), [("é", b"\xc3\xa9"), (b"\xff", b"\xff")])
def test_producer(body: str | bytes, sent: bytes) -> None:
    """A producer gives all of its body at once, as often as it is asked."""
    producer = StringProducer(body)
    assert verifyObject(IBodyProducer, producer)
    assert producer.length == len(sent)
    for _ in range(2):
        transport = StringTransport()
        assert result_of(producer.startProducing(transport)) is None
        producer.pauseProducing()
        producer.resumeProducing()
        producer.stopProducing()
        assert transport.value() == sent
        assert producer.rewind()


def test_producer_of_ours(network: Network) -> None:
    """It is a body for our client, too, and is sent again where a redirect leads."""
    client = AsyncHTTPClient(reactor=network.reactor)
    waiting = client.fetch("http://127.0.0.1/", method="PUT", body=StringProducer("abc"))
    peer = network.accept()
    assert peer.answer(b"", "307 Temporary Redirect", Location="/x").endswith(b"\r\n\r\nabc")
    assert peer.answer(b"done").endswith(b"\r\n\r\nabc")
    assert result_of(waiting).body == b"done"


@pytest.mark.parametrize("end", [ResponseDone(), PotentialDataLoss()])
def test_receiver(end: Exception) -> None:
    """A receiver fires with the whole body, also with one whose end nobody can tell."""
    finished: Deferred[bytes] = Deferred()
    receiver = Receiver(finished)
    receiver.dataReceived(b"a")
    receiver.dataReceived(b"b")
    receiver.connectionLost(Failure(end))
    assert result_of(finished) == b"ab"


def test_receiver_fails() -> None:
    """A body that is cut off is a failure."""
    finished: Deferred[bytes] = Deferred()
    Receiver(finished).connectionLost(Failure(ConnectionLost()))
    with pytest.raises(ConnectionLost):
        result_of(finished)
