"""A reactor in memory that is asked to connect, and servers at the other end of what it was asked."""

from typing import Any

from OpenSSL import SSL
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IHostnameResolver,
    IHostResolution,
    IOpenSSLContextFactory,
    IProtocol,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.testing import MemoryReactorClock
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from twisted.test.iosim import FakeTransport, IOPump
from zope.interface import implementer

from cyclone_core.httpclient.connecting import connect
from cyclone_core.httpclient.errors import HTTPClientError
from cyclone_core.httpclient.routes import Route, route_for
from cyclone_core.httpclient.urls import parse_url


class Talk(Protocol):
    """Notes what happens to it."""

    transport: Any

    def __init__(self) -> None:
        self.received = b""
        self.made = 0
        self.lost: Any = None

    def connectionMade(self) -> None:
        self.made += 1

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost = reason.value


class Talks(Factory):
    """Makes them, and keeps them."""

    noisy = False

    def __init__(self) -> None:
        self.made: list[Talk] = []

    def buildProtocol(self, addr: IAddress | None) -> Any:  # noqa: ANN401, ARG002 -- subclasses make others
        self.made.append(Talk())
        return self.made[-1]


@implementer(IHostnameResolver, IHostResolution)
class Resolver:
    """Says what names stand for, at once or when a test says so.

    Attributes:
        asked: Name, port and families that it was asked for.
        receivers: Who waits for the answer.
    """

    def __init__(self, *addresses: IAddress, waits: bool = False) -> None:
        self.addresses = addresses
        self.waits = waits
        self.asked: list[tuple[str, int, Any]] = []
        self.receivers: list[Any] = []
        self.name = ""

    def resolveHostName(  # noqa: N802 -- Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: ANN401, N803 -- Twisted's name
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Any = None,  # noqa: ANN401, N803
        transportSemantics: str = "TCP",  # noqa: ARG002, N803
    ) -> "Resolver":
        self.asked.append((hostName, portNumber, addressTypes))
        self.receivers.append(resolutionReceiver)
        resolutionReceiver.resolutionBegan(self)
        if not self.waits:
            self.answer()
        return self

    def answer(self) -> None:
        """Answer who has waited longest."""
        receiver = self.receivers.pop(0)
        for address in self.addresses:
            receiver.addressResolved(address)
        receiver.resolutionComplete()

    def cancel(self) -> None:
        """Do nothing, as Twisted's own."""


class Attempt:
    """What becomes of an attempt to connect."""

    def __init__(self, deferred: Deferred[IProtocol]) -> None:
        self.deferred = deferred
        self.results: list[Any] = []
        deferred.addBoth(self.results.append)

    @property
    def protocol(self) -> Talk:
        """What it has ended with."""
        (found,) = self.results
        assert isinstance(found, Talk), found
        return found

    @property
    def error(self) -> Any:  # noqa: ANN401 -- any of them
        """What it has failed with."""
        (found,) = self.results
        assert isinstance(found, Failure), found
        return found.value

    @property
    def message(self) -> str:
        """What the client's error says."""
        assert isinstance(self.error, HTTPClientError), repr(self.error)
        return self.error.message


class Dialler:
    """Connects, and lets servers accept.

    Attributes:
        reactor: The reactor.
        factory: What makes the client's protocols.
        pumps: What moves bytes on each connection.
        refused: How many attempts have failed.
    """

    def __init__(self, *addresses: IAddress, waits: bool = False) -> None:
        self.reactor = MemoryReactorClock()
        self.resolver = Resolver(*(addresses or [_four("192.0.2.1")]), waits=waits)
        self.reactor.nameResolver = self.resolver
        self.factory = Talks()
        self.pumps: list[IOPump] = []
        self.refused = 0

    def connect(self, url: str, timeout: float | None = 20.0, **options: Any) -> Attempt:  # noqa: ANN401 -- a request's
        """Begin; the options are those of a request, or of `connect` itself."""
        names = ("contexts", "hostname_mapping")
        own = {name: options.pop(name) for name in names if name in options}
        return self.follow(route_for(parse_url(url), **options), timeout, **own)

    def follow(self, route: Route, timeout: float | None = 20.0, **options: Any) -> Attempt:  # noqa: ANN401 -- as above
        """Begin along a route."""
        return Attempt(connect(route, self.factory, self.reactor, timeout, **options))

    @property
    def asked(self) -> list[tuple[str, int, str | None]]:
        """What the reactor was asked to connect: host, port, and address of ours."""
        return [(each[0], each[1], each[4]) for each in self.reactor.tcpClients]

    def accept(self, server: IProtocol, index: int = -1) -> IOPump:
        """Let TCP connect to a server, and bytes flow as far as they do."""
        host, port, factory, *_ = self.reactor.tcpClients[index]
        return self._join(factory, server, IPv4Address("TCP", host, port))

    def accept_unix(self, server: IProtocol) -> IOPump:
        """Do that with a Unix socket."""
        return self._join(self.reactor.unixClients[-1][1], server, None)

    def _join(self, factory: Any, server: IProtocol, address: IAddress | None) -> IOPump:  # noqa: ANN401 -- a client's
        client = factory.buildProtocol(address)
        if client is None:
            raise ConnectionError
        ends = FakeTransport(client, False), FakeTransport(server, True)
        server.makeConnection(ends[1])
        client.makeConnection(ends[0])
        pump = IOPump(client, server, *ends, False, clock=self.reactor)
        self.pumps.append(pump)
        pump.flush()
        return pump

    def refuse(self, reason: Exception, index: int = -1) -> None:
        """Let TCP fail."""
        factory = self.reactor.tcpClients[index][2]
        self.refused += 1
        factory.clientConnectionFailed(self.reactor.connectors[index], Failure(reason))

    def flush(self) -> None:
        """Let bytes flow."""
        for pump in self.pumps:
            pump.flush()

    def check_clear(self) -> None:
        """Make sure that nothing is left: no connection, no attempt, no delayed call."""
        self.flush()
        assert all(pump.clientIO.disconnecting for pump in self.pumps), "a connection"
        waiting = len(self.reactor.connectors) - len(self.pumps) - self.refused
        stopped = [each for each in self.reactor.connectors if each.stoppedConnecting]
        assert len(stopped) >= waiting, "an attempt"
        assert not self.reactor.getDelayedCalls(), "a delayed call"


def _four(host: str) -> IPv4Address:
    return IPv4Address("TCP", host, 0)


@implementer(IOpenSSLContextFactory)
class Given:
    """Gives a context."""

    def __init__(self, context: SSL.Context) -> None:
        self._context = context

    def getContext(self) -> SSL.Context:  # noqa: N802 -- Twisted's name
        return self._context


def over_tls(context: SSL.Context, inner: IProtocol, reactor: Any) -> Any:  # noqa: ANN401 -- Twisted's
    """Put TLS below a server's protocol."""

    class Once(Factory):
        noisy = False

        def buildProtocol(self, addr: IAddress | None) -> Any:  # noqa: ANN401, ARG002 -- Twisted's
            return inner

    return TLSMemoryBIOFactory(Given(context), False, Once(), reactor).buildProtocol(None)
