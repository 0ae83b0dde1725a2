"""The server's end of a connection that never leaves the memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, cast

from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IAddress,
    IConsumer,
    IHalfCloseableProtocol,
    IProducer,
    IProtocol,
    IPushProducer,
    ITCPTransport,
)
from twisted.python.failure import Failure
from zope.interface import implementer

__all__ = ["MemoryTransport"]

# As much as a TCP transport of Twisted reads at once, and as it takes before its producer is paused.
_READ: Final = 64 * 1024
_BUFFER: Final = 64 * 1024


@implementer(ITCPTransport, IConsumer, IPushProducer)
class MemoryTransport:
    """Carries bytes between a protocol and a test, at once and without a socket.

    What the test sends is delivered in reads of at most 64 KiB, and not while the protocol has paused
    reading. What the protocol writes is passed on at once, unless the test has paused: then it is kept,
    and the protocol's producer is paused when 64 KiB wait, as a TCP transport of Twisted does it. A
    connection that the protocol closes in the middle of a read ends behind that read.

    Attributes:
        connected: Whether neither side has closed the connection.
        disconnecting: Whether the protocol has closed it, and what it wrote has not arrived yet.
        delivering: Whether the protocol is being told something: what follows comes later.
    """

    def __init__(
        self,
        protocol: IProtocol,
        peer: IAddress,
        host: IAddress,
        *,
        received: Callable[[bytes], None],
        ended: Callable[[], None],
        delivered: Callable[[], None],
    ) -> None:
        """Make a transport; `connect` connects the protocol.

        Args:
            protocol: The server's end.
            peer: The address of the test.
            host: The address of the server.
            received: It is called with what the protocol sends.
            ended: It is called when the protocol has closed the connection, or its half of it.
            delivered: It is called when the protocol has dealt with what it was told.
        """
        self.connected = False
        self.disconnecting = False
        self.delivering = False
        self._protocol = protocol
        self._peer = peer
        self._host = host
        self._received = received
        self._ended = ended
        self._delivered = delivered
        self._incoming: deque[Iterator[bytes]] = deque()
        self._outgoing: list[bytes] = []
        self._paused = False  # by the protocol
        self._held = False  # by the test
        self._half_closed = False
        self._reason: Exception | None = None
        self._producer: IPushProducer | None = None
        self._producer_paused = False

    # What the test does.

    def connect(self) -> None:
        """Connect the protocol."""
        self.connected = True
        self._tell(lambda: self._protocol.makeConnection(self))

    def deliver(self, data: Iterable[bytes]) -> None:
        """Send to the protocol, as soon as it reads.

        Args:
            data: Pieces; each of them, or 64 KiB of it, is one read. The next one is asked for when the
                protocol has taken the last.
        """
        self._incoming.append(iter(data))
        self._read()

    def drop(self) -> None:
        """Forget what was sent and the protocol has not read."""
        self._incoming.clear()

    def hold(self) -> None:
        """Take nothing off the protocol from now on."""
        self._held = True

    def release(self) -> None:
        """Take what the protocol has written, and go on."""
        self._held = False
        self._pass_on()

    def close(self) -> None:
        """Close the connection from the test's side, in good order."""
        self._incoming.clear()
        half_closeable = IHalfCloseableProtocol(self._protocol, None)
        if self.connected and half_closeable is not None:
            self._tell(half_closeable.readConnectionLost)
        self._lose(ConnectionDone())

    def reset(self) -> None:
        """Go without a word, as a client does whose network fails."""
        self._incoming.clear()
        self._lose(ConnectionLost())

    def _read(self) -> None:
        if not self.delivering:
            self._tell(None)

    def _tell(self, event: Callable[[], object] | None) -> None:
        """Tell the protocol of an event, then let it read what there is."""
        nested, self.delivering = self.delivering, True
        try:
            if event is not None:
                event()
            while not nested and self.connected and not self._paused and self._reason is None:
                data = self._next_read()
                if data is None:
                    break
                # Looked up each time: an upgraded connection has another one.
                self._protocol.dataReceived(data)
        finally:
            self.delivering = nested
        if not nested:
            self._finish()
            self._delivered()

    def _next_read(self) -> bytes | None:
        while self._incoming:
            data = next(self._incoming[0], None)
            if data is None:
                self._incoming.popleft()
            elif len(data) > _READ:
                self._incoming.appendleft(_cut(data))
            elif data:
                return data
        return None

    # What the protocol does.

    def write(self, data: bytes) -> None:
        """Send to the test (Twisted: `ITransport.write`)."""
        if not self.connected or self._reason is not None or self._half_closed or not data:
            return
        self._outgoing.append(data)
        if not self._held:
            self._pass_on()
        elif self._producer is not None and not self._producer_paused and self._full:
            self._producer_paused = True
            self._producer.pauseProducing()

    def writeSequence(self, data: Iterable[bytes]) -> None:  # noqa: N802 -- Twisted's name
        """Send several pieces to the test (Twisted: `ITransport.writeSequence`)."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:  # noqa: N802 -- Twisted's name
        """Close the connection when all is sent (Twisted: `ITransport.loseConnection`)."""
        self._end(ConnectionDone())

    def abortConnection(self) -> None:  # noqa: N802 -- Twisted's name
        """Close the connection now (Twisted: `ITCPTransport.abortConnection`)."""
        self._outgoing.clear()
        self._end(ConnectionAborted())

    def loseWriteConnection(self) -> None:  # noqa: N802 -- Twisted's name
        """Send nothing more (Twisted: `ITCPTransport.loseWriteConnection`)."""
        if self.connected and not self._half_closed:
            self._half_closed = True
            half_closeable = IHalfCloseableProtocol(self._protocol, None)
            if half_closeable is not None:
                half_closeable.writeConnectionLost()
            if not self._outgoing:
                self._ended()

    def pauseProducing(self) -> None:
        """Stop reading (Twisted: `IPushProducer.pauseProducing`)."""
        self._paused = True

    def resumeProducing(self) -> None:
        """Read again (Twisted: `IPushProducer.resumeProducing`)."""
        self._paused = False
        self._read()

    def stopProducing(self) -> None:
        """Close the connection (Twisted: `IPushProducer.stopProducing`)."""
        self.loseConnection()

    def registerProducer(self, producer: IProducer, streaming: bool) -> None:  # noqa: N802 -- Twisted's name
        """Take note of who writes much (Twisted: `IConsumer.registerProducer`).

        Args:
            producer: It is paused while the test takes nothing.
            streaming: True; a connection in memory has no turns in which to pull.

        Raises:
            RuntimeError: There is a producer already.
            ValueError: It is a pull producer.
        """
        if self._producer is not None:
            raise RuntimeError(f"{self._producer!r} is still registered as producer")
        if not streaming:
            raise ValueError("a connection in memory takes push producers only (streaming=True)")
        self._producer = cast("IPushProducer", producer)

    def unregisterProducer(self) -> None:  # noqa: N802 -- Twisted's name
        """Forget the producer (Twisted: `IConsumer.unregisterProducer`)."""
        self._producer = None
        self._producer_paused = False

    def getPeer(self) -> Any:  # noqa: ANN401 -- that of a unix socket, too
        """Give the address of the test."""
        return self._peer

    def getHost(self) -> Any:  # noqa: ANN401 -- as above
        """Give the address of the server."""
        return self._host

    def getTcpNoDelay(self) -> bool:  # noqa: N802 -- Twisted's name
        """Tell that nothing is delayed."""
        return True

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802 -- Twisted's name
        """Do nothing: there is no socket."""

    def getTcpKeepAlive(self) -> bool:  # noqa: N802 -- Twisted's name
        """Tell that nobody asks whether the other side is alive."""
        return False

    def setTcpKeepAlive(self, enabled: bool) -> None:  # noqa: N802 -- Twisted's name
        """Do nothing: there is no socket."""

    # Endings, and what waits.

    @property
    def _full(self) -> bool:
        return sum(map(len, self._outgoing)) > _BUFFER

    def _pass_on(self) -> None:
        while self._outgoing and not self._held:
            data, self._outgoing = b"".join(self._outgoing), []
            self._received(data)
        if self._held:
            return
        if self._producer is not None and self._producer_paused:
            self._producer_paused = False
            self._producer.resumeProducing()
        if self._half_closed and self.connected:
            self._ended()
        self._finish()

    def _end(self, reason: Exception) -> None:
        if self.connected and self._reason is None:
            self._reason = reason
            self.disconnecting = True
            self._finish()

    def _finish(self) -> None:
        """Come to the end that the protocol wants, if nothing is in its way."""
        reason = self._reason
        if reason is not None and not self.delivering and not self._outgoing:
            self._lose(reason)

    def _lose(self, reason: Exception) -> None:
        if not self.connected:
            return
        self.connected = self.disconnecting = False
        self._outgoing.clear()
        self._incoming.clear()
        # The server first: a test that goes on when its answer is lost may look at what it did.
        self._protocol.connectionLost(Failure(reason))
        self._ended()
        self._delivered()


def _cut(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _READ):
        yield data[start : start + _READ]
