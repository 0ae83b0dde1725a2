"""The stage of TLS: wait until it is known who answers, then make the protocol that talks to it."""

from typing import TYPE_CHECKING, cast

from twisted.internet.error import NoProtocol
from twisted.internet.interfaces import (
    IAddress,
    IHandshakeListener,
    IOpenSSLClientConnectionCreator,
    IProtocolFactory,
    IReactorTime,
)
from twisted.internet.protocol import Protocol, connectionDone
from zope.interface import implementer

from cyclone_core.httpclient.connecting.stages import Attempt
from cyclone_core.httpclient.connecting.tls import ServerCheck, find_weakness
from cyclone_core.httpclient.connecting.tls_problems import describe_handshake
from cyclone_core.httpclient.errors import TLSHandshakeError
from cyclone_core.httpclient.routes import Route

if TYPE_CHECKING:
    from OpenSSL import SSL
    from twisted.protocols.tls import TLSMemoryBIOProtocol
    from twisted.python.failure import Failure

__all__ = ["HandshakeFactory"]


@implementer(IProtocolFactory, IOpenSSLClientConnectionCreator)
class HandshakeFactory:
    """Makes the TLS of one connection, and when its handshake is done, the protocol above it.

    Twisted's `wrapClientTLS` is done when TCP is, before anybody knows whether the certificate is right.
    """

    def __init__(
        self,
        attempt: Attempt,
        route: Route,
        creator: IOpenSSLClientConnectionCreator,
        factory: IProtocolFactory,
        clock: IReactorTime,
    ) -> None:
        """Prepare.

        Args:
            attempt: What it is part of.
            route: Where it leads.
            creator: What begins TLS.
            factory: Makes the protocol.
            clock: Twisted collects small writes for a turn of the reactor.
        """
        from twisted.protocols.tls import TLSMemoryBIOFactory

        self._creator = creator
        self._connection: SSL.Connection | None = None
        self._wrapper = TLSMemoryBIOFactory(
            self, True, _Handshakes(attempt, route, creator, factory), clock
        )

    def doStart(self) -> None:
        """Begin (Twisted: `IProtocolFactory`)."""
        self._wrapper.doStart()

    def doStop(self) -> None:
        """End (Twisted: `IProtocolFactory`)."""
        self._wrapper.doStop()

    def buildProtocol(self, addr: IAddress) -> "TLSMemoryBIOProtocol":
        """Make the TLS of a connection (Twisted: `IProtocolFactory`)."""
        protocol = self._wrapper.buildProtocol(addr)
        # Here, because what it raises when TLS begins ends in the reactor, and the attempt never does.
        self._connection = self._creator.clientConnectionForTLS(protocol)
        return protocol

    def clientConnectionForTLS(  # noqa: N802 -- as above
        self,
        tlsProtocol: "TLSMemoryBIOProtocol",  # noqa: ARG002, N803 -- as above
    ) -> "SSL.Connection":
        """Hand out what has been made (Twisted: `IOpenSSLClientConnectionCreator`)."""
        connection, self._connection = self._connection, None
        return cast("SSL.Connection", connection)


@implementer(IProtocolFactory)
class _Handshakes:
    """Makes what waits for the end of a handshake."""

    def __init__(
        self,
        attempt: Attempt,
        route: Route,
        creator: IOpenSSLClientConnectionCreator,
        factory: IProtocolFactory,
    ) -> None:
        self.attempt = attempt
        self.route = route
        self.creator = creator
        self.factory = factory

    def doStart(self) -> None:
        self.factory.doStart()

    def doStop(self) -> None:
        self.factory.doStop()

    def buildProtocol(self, addr: IAddress) -> "_Handshake":
        return _Handshake(self, addr)


@implementer(IHandshakeListener)
class _Handshake(Protocol):
    """Stands where the protocol will be, as long as it is not known who answers."""

    transport: "TLSMemoryBIOProtocol"

    def __init__(self, settings: _Handshakes, address: IAddress) -> None:
        self._settings = settings
        self._address = address

    def connectionMade(self) -> None:
        self._settings.attempt.enter(
            f"{self._settings.route.authority} did not end the TLS handshake",
            self.transport.transport,
        )

    def handshakeCompleted(self) -> None:
        settings = self._settings
        if self.transport.disconnecting:
            return  # a creator of somebody else's has refused the server; connectionLost() comes next
        problem = find_weakness(self.transport.getHandle(), settings.creator)
        if problem:
            settings.attempt.fail(TLSHandshakeError(f"{settings.route.authority} {problem}"))
            return
        try:
            protocol = settings.factory.buildProtocol(self._address)
            if protocol is None:
                raise NoProtocol  # noqa: TRY301 -- as Twisted's endpoints do
            self.transport.wrappedProtocol = protocol
            protocol.makeConnection(self.transport)
        except Exception as error:  # noqa: BLE001 -- the program's own
            settings.attempt.fail(error)
        else:
            settings.attempt.succeed(protocol)

    def connectionLost(self, reason: "Failure" = connectionDone) -> None:
        settings = self._settings
        cause = cast("BaseException", reason.value)
        creator = settings.creator
        problem = creator.problem if isinstance(creator, ServerCheck) else None
        error = TLSHandshakeError(
            f"{settings.route.authority} {problem or describe_handshake(cause)}"
        )
        error.__cause__ = cause
        settings.attempt.fail(error)
