"""The server's end of a connection in memory, as Twisted's protocols see it."""

from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IConsumer,
    IHalfCloseableProtocol,
    IPushProducer,
    ITCPTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer
from zope.interface.verify import verifyObject

from cyclone_core.testing.transport import MemoryTransport


class Server(Protocol):
    """Records what it is told, and does what the test says.

    Attributes:
        seen: The events.
        on_data: What is done with data.
    """

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.on_data: list[Any] = []

    def connectionMade(self) -> None:
        self.seen.append("made")

    def dataReceived(self, data: bytes) -> None:
        self.seen.append(data)
        if self.on_data:
            self.on_data.pop(0)()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.seen.append(reason.type)

    def pauseProducing(self) -> None:
        self.seen.append("pause")

    def resumeProducing(self) -> None:
        self.seen.append("resume")


@implementer(IHalfCloseableProtocol)
class HalfClosing(Server):
    """Learns of halves, too."""

    def readConnectionLost(self) -> None:
        self.seen.append("read lost")

    def writeConnectionLost(self) -> None:
        self.seen.append("write lost")


class End:
    """The test's end of a connection."""

    def __init__(self, server: Server) -> None:
        self.seen: list[Any] = []
        self.server = server
        self.transport = MemoryTransport(
            server,
            IPv4Address("TCP", "10.0.0.1", 1),
            IPv4Address("TCP", "10.0.0.2", 2),
            received=self.seen.append,
            ended=lambda: self.seen.append("ended"),
            delivered=lambda: None,
        )
        self.transport.connect()


@pytest.fixture
def end() -> End:
    """A connection to a protocol that knows no halves."""
    return End(Server())


@pytest.fixture
def half() -> End:
    """A connection to a protocol that can close its half."""
    return End(HalfClosing())


def test_interfaces(end: End) -> None:
    """The transport has what Twisted's TCP transports have."""
    for interface in (ITCPTransport, IConsumer, IPushProducer):
        verifyObject(interface, end.transport)
    transport = end.transport
    transport.setTcpNoDelay(True)
    transport.setTcpKeepAlive(True)
    assert (transport.getTcpNoDelay(), transport.getTcpKeepAlive()) == (True, False)
    assert (transport.getPeer().host, transport.getHost().host) == ("10.0.0.1", "10.0.0.2")


def test_reads(end: End) -> None:
    """Each piece is one read, a large one several of 64 KiB, an empty one none."""
    end.transport.deliver([b"a", b"", bytes(150_000)])
    sizes = [len(read) for read in end.server.seen[1:]]
    assert sizes == [1, 65536, 65536, 18928]


def test_paused_reading(end: End) -> None:
    """Nothing is read while the protocol has paused, and nothing asked for that is not read."""
    asked = []

    def pieces() -> Any:  # noqa: ANN401 -- a generator
        for piece in (b"a", b"b", b"c"):
            asked.append(piece)
            yield piece

    transport = end.transport
    end.server.on_data = [transport.pauseProducing]
    transport.deliver(pieces())
    assert (end.server.seen, asked) == (["made", b"a"], [b"a"])
    transport.resumeProducing()
    assert end.server.seen == ["made", b"a", b"b", b"c"]


def test_resumed_while_reading(end: End) -> None:
    """A protocol that pauses and resumes at once is not called from within itself."""
    transport = end.transport
    depth: list[int] = []

    def pause_and_resume() -> None:
        depth.append(1)
        transport.pauseProducing()
        transport.resumeProducing()
        assert len(depth) == 1
        depth.pop()

    end.server.on_data = [pause_and_resume] * 2
    transport.deliver([b"a", b"b"])
    assert end.server.seen == ["made", b"a", b"b"]


def test_writes(end: End) -> None:
    """What is written arrives at once."""
    end.transport.write(b"a")
    end.transport.write(b"")
    end.transport.writeSequence([b"b", b"c"])
    assert end.seen == [b"a", b"bc"]


def test_slow_client(end: End) -> None:
    """Behind 64 KiB that nobody takes the producer is paused, once; it resumes when all are taken."""
    transport, server = end.transport, end.server
    transport.registerProducer(server, streaming=True)  # type: ignore[arg-type]
    transport.hold()
    for _ in range(3):
        transport.write(bytes(40_000))
    assert (end.seen, server.seen) == ([], ["made", "pause"])
    transport.release()
    assert [len(each) for each in end.seen] == [120_000]
    assert server.seen == ["made", "pause", "resume"]
    transport.hold()
    transport.write(b"a")
    transport.release()
    assert server.seen == ["made", "pause", "resume"]


def test_producers(end: End) -> None:
    """There is one push producer at a time."""
    transport, server = end.transport, end.server
    with pytest.raises(ValueError, match="push producers only"):
        transport.registerProducer(server, streaming=False)  # type: ignore[arg-type]
    transport.registerProducer(server, streaming=True)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="still registered"):
        transport.registerProducer(server, streaming=True)  # type: ignore[arg-type]
    transport.unregisterProducer()
    transport.registerProducer(server, streaming=True)  # type: ignore[arg-type]


def test_closed_by_the_server(end: End) -> None:
    """A connection that the server closes within a read ends behind that read, and nothing follows."""
    transport = end.transport

    def close() -> None:
        transport.write(b"bye")
        transport.stopProducing()
        transport.write(b"nobody gets this")
        transport.loseConnection()
        assert (transport.connected, transport.disconnecting) == (True, True)

    end.server.on_data = [close]
    transport.deliver([b"a", b"b"])
    assert end.server.seen == ["made", b"a", ConnectionDone]
    assert end.seen == [b"bye", "ended"]
    assert (transport.connected, transport.disconnecting) == (False, False)
    transport.write(b"x")
    transport.loseConnection()
    transport.close()
    transport.reset()
    assert end.seen == [b"bye", "ended"]


def test_closed_before_all_is_taken(end: End) -> None:
    """A connection is not closed before the test has taken all; one that is cut is."""
    end.transport.hold()
    end.transport.write(b"bye")
    end.transport.loseConnection()
    assert end.server.seen == ["made"]
    end.transport.release()
    assert (end.server.seen, end.seen) == (["made", ConnectionDone], [b"bye", "ended"])
    other = End(Server())
    other.transport.hold()
    other.transport.write(b"bye")
    other.transport.abortConnection()
    assert (other.server.seen, other.seen) == (["made", ConnectionAborted], ["ended"])


def test_half_closed_by_the_server(end: End, half: End) -> None:
    """A server that has closed its half is still read; the test sees the end when it has all."""
    half.transport.hold()
    half.transport.write(b"bye")
    half.transport.loseWriteConnection()
    half.transport.loseWriteConnection()
    half.transport.write(b"x")
    assert half.seen == []
    half.transport.release()
    assert half.seen == [b"bye", "ended"]
    half.transport.deliver([b"more"])
    assert half.server.seen == ["made", "write lost", b"more"]
    end.transport.loseWriteConnection()
    assert (end.seen, end.server.seen) == (["ended"], ["made"])


def test_closed_by_the_test(end: End, half: End) -> None:
    """A protocol that can tell halves learns of the end of reading first."""
    end.transport.close()
    assert end.server.seen == ["made", ConnectionDone]
    half.transport.close()
    assert half.server.seen == ["made", "read lost", ConnectionDone]
    other = End(HalfClosing())
    other.transport.reset()
    assert other.server.seen == ["made", ConnectionLost]


def test_dropped(end: End) -> None:
    """What was sent and not read may be forgotten."""
    end.transport.pauseProducing()
    end.transport.deliver([b"a"])
    end.transport.drop()
    end.transport.resumeProducing()
    assert end.server.seen == ["made"]


def test_held_in_the_middle() -> None:
    """A test may stop taking while it gets something."""
    server = Server()
    seen: list[bytes] = []

    def receive(data: bytes) -> None:
        seen.append(data)
        transport.hold()
        transport.write(b"second")

    address = IPv4Address("TCP", "10.0.0.1", 1)
    transport = MemoryTransport(
        server,
        address,
        address,
        received=receive,
        ended=lambda: None,
        delivered=lambda: None,
    )
    transport.connect()
    transport.write(b"first")
    assert seen == [b"first"]
    transport.release()
    assert seen == [b"first", b"second"]
