"""What all factories of HTTP connections share."""

from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocolNegotiationFactory, ITransport
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger
from zope.interface import implementer

from cyclone_core.httpserver.connection import HTTPConnection
from cyclone_core.httpserver.connections import Connections
from cyclone_core.httpserver.options import ServerOptions
from cyclone_core.httpserver.proxies import ProxyHeaders
from cyclone_core.limits import Limits
from cyclone_core.tls import weakness

__all__ = ["HTTPFactory"]

_log = Logger(namespace="cyclone.httpserver")

# More ports with a TLS context of their own than an application has.
_MAX_EXAMINED: Final = 10


@implementer(IProtocolNegotiationFactory)
class HTTPFactory(ServerFactory):
    """A Twisted factory of HTTP connections; who answers the requests derives from it.

    Attributes:
        limits: The bounds of each connection.
        options: How connections are served.
        clock: The clock of all connections.
        connections: All connections that this clock watches, those of other ports too.
        proxies: Finds the client of a request behind a proxy; None where the peer is the client.
        server_header: The value of the `Server` header; empty for none.
        protocol: The class of connections.
    """

    protocol: type[HTTPConnection] = HTTPConnection  # type: ignore[assignment]
    noisy = False

    def __init__(
        self,
        limits: Limits,
        options: ServerOptions,
        connections: Connections,
        server_header: str,
    ) -> None:
        """Make a factory.

        Args:
            limits: The bounds of each connection.
            options: How connections are served.
            connections: Where connections are counted; factories may share it.
            server_header: The value of the `Server` header; empty for none.
        """
        self.limits = limits
        self.options = options
        self.connections = connections
        self.clock = connections.clock
        self.proxies = ProxyHeaders.for_options(options)
        self.server_header = server_header
        self._examined: set[object] = set()

    def drain(self, grace: float | None = None) -> Deferred[None]:
        """Let the requests in flight be answered, and close every connection.

        Ports that were opened by `listen` are closed first; on others new connections are refused. All
        ports of an application are drained together; it happens by itself before the reactor stops.

        Args:
            grace: Seconds; who is not ready then is cut off. By default `Limits.drain_timeout`.

        Returns:
            A Deferred that fires when every connection is closed. It never fails.
        """
        return self.connections.drain(self.limits.drain_timeout if grace is None else grace)

    def acceptableProtocols(self) -> list[bytes]:  # noqa: N802 -- Twisted's name
        """Name what is spoken here, for a TLS context that asks (RFC 7301).

        Returns:
            The names that ALPN has for HTTP/1.
        """
        return [b"http/1.1", b"http/1.0"]

    def examine_tls(self, transport: ITransport) -> None:
        """Warn if the TLS context of the port, which may be the user's own, is weak.

        Args:
            transport: The transport of a connection after its handshake; only the first one of each
                context counts.
        """
        context = transport.getHandle().get_context()  # type: ignore[attr-defined]
        # Some context factories of users make a new one for each connection.
        if context not in self._examined and len(self._examined) < _MAX_EXAMINED:
            self._examined.add(context)
            found = weakness(transport)
            if found is not None:
                _log.warn("{found}", found=found)

    def startFactory(self) -> None:
        """Take note of the first port."""
        self.connections.start(self.limits.drain_timeout)

    def stopFactory(self) -> None:
        """Take note that the last port was closed."""
        self.connections.stop()
