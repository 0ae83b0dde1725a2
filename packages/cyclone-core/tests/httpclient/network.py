"""A network in memory: a reactor that connects clients to a test, which plays the servers."""

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.internet.interfaces import IProtocol
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from cyclone_core.testing.transport import MemoryTransport

__all__ = ["Network", "Peer"]


class Peer:
    """The server's end of one connection.

    Attributes:
        received: What the client has sent and the test has not taken.
        transport: The client's end.
        closed: Whether the client has closed the connection.
    """

    def __init__(self, protocol: IProtocol, port: int) -> None:
        self.received = b""
        self.protocol = protocol
        self.closed = False
        self.transport = MemoryTransport(
            protocol,
            IPv4Address("TCP", "127.0.0.1", port),
            IPv4Address("TCP", "127.0.0.1", 40000),
            received=self._take,
            ended=self._ended,
            delivered=lambda: None,
        )

    def take(self) -> bytes:
        """Give what has come, and forget it."""
        received, self.received = self.received, b""
        return received

    def send(self, *pieces: bytes) -> None:
        """Send each piece in a read of its own."""
        for piece in pieces:
            self.transport.deliver([piece])

    def answer(self, body: bytes = b"hello", head: str = "200 OK", **headers: str) -> bytes:
        """Send a whole answer; returns what was asked."""
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        fields = "".join(f"{line}\r\n" for line in [f"Content-Length: {len(body)}", *lines])
        asked = self.take()
        self.send(f"HTTP/1.1 {head}\r\n{fields}\r\n".encode() + body)
        return asked

    def close(self) -> None:
        """Close the connection in good order."""
        self.transport.close()

    def reset(self) -> None:
        """Go without a word."""
        self.transport.reset()

    def _take(self, data: bytes) -> None:
        self.received += data

    def _ended(self) -> None:
        self.closed = True


class Network:
    """What lies between the clients of a test and the servers that it plays.

    Attributes:
        reactor: The reactor of the clients; its clock stands still unless the test moves it.
        peers: All connections that were made.
    """

    def __init__(self) -> None:
        self.reactor = MemoryReactorClock()
        self.peers: list[Peer] = []
        self._seen = 0

    @property
    def attempts(self) -> int:
        """How many connections wait to be accepted."""
        return len(self.reactor.tcpClients) - self._seen

    def accept(self) -> Peer:
        """Let the next attempt to connect succeed."""
        _, port, factory, *_ = self._next()
        protocol = factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", port))
        peer = Peer(protocol, port)
        self.peers.append(peer)
        peer.transport.connect()
        return peer

    def refuse(self, number: int | None = None) -> None:
        """Let the next attempt to connect fail."""
        factory = self._next()[2]
        factory.clientConnectionFailed(None, Failure(Refused(number)))

    def _next(self) -> Any:  # noqa: ANN401 -- a tuple without a name
        attempt = self.reactor.tcpClients[self._seen]
        self._seen += 1
        return attempt

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.reactor.advance(seconds)

    def is_quiet(self) -> bool:
        """Tell whether nothing is left: no connection is open, nobody waits for time to pass."""
        return all(not peer.transport.connected for peer in self.peers) and not (
            self.reactor.getDelayedCalls()
        )
