"""Where a pool connects to: endpoints for TCP, TLS and Unix sockets."""

# ruff: noqa: ANN401 -- reactors and TLS contexts are of any class

from typing import TYPE_CHECKING, Any

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import UNIXAddress
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
    UNIXClientEndpoint,
)
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from zope.interface import implementer

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

__all__ = ["TLSEndpoint", "tcp_endpoint", "tune", "unix_endpoint"]

# Seconds that a connection may take, if the program sets no other bound.
_CONNECT = 10


@implementer(IStreamClientEndpoint)
class TLSEndpoint:
    """Another endpoint with TLS on it; `wrapClientTLS` would not take an old context factory."""

    def __init__(self, wrapped: IStreamClientEndpoint, context: Any) -> None:
        """Prepare.

        Args:
            wrapped: Makes the connection.
            context: Makes TLS: an IOpenSSLClientConnectionCreator or a ClientContextFactory.
        """
        self._wrapped = wrapped
        self._context = context

    def connect(self, protocolFactory: IProtocolFactory) -> "Deferred[Any]":  # noqa: N803 -- Twisted's
        """Connect (Twisted: `IStreamClientEndpoint`)."""
        from twisted.protocols.tls import TLSMemoryBIOFactory

        factory: Any = TLSMemoryBIOFactory(self._context, True, protocolFactory)
        connecting: Deferred[Any] = self._wrapped.connect(factory)
        return connecting.addCallback(lambda protocol: protocol.wrappedProtocol)


def tcp_endpoint(
    reactor: Any, host: str, port: int, timeout: float | None, tls: Any = False
) -> IStreamClientEndpoint:
    """Return an endpoint for a host; each of its addresses is tried, of IPv6 and IPv4.

    Args:
        reactor: What connects.
        host: Its name or address.
        port: The port.
        timeout: Seconds that it may take; 10 if None.
        tls: False for none; True for TLS that verifies the server; what makes TLS; or a function that
            makes such a thing for a host, as `functools.partial(client_tls, ca_certs="ca.pem")` does.

    Raises:
        TypeError: `tls` is none of that.
        TLSError: A file of a function for TLS cannot be used.
    """
    seconds = timeout or _CONNECT
    # A HostnameEndpoint tells of a failure only 0.3 s later, as there could be another address.
    if isIPAddress(host):
        endpoint: IStreamClientEndpoint = TCP4ClientEndpoint(reactor, host, port, timeout=seconds)
    elif isIPv6Address(host):
        endpoint = TCP6ClientEndpoint(reactor, host, port, timeout=seconds)
    else:
        endpoint = HostnameEndpoint(reactor, host, port, timeout=seconds)
    if not tls:
        return endpoint
    if tls is True:
        from cyclone_storage.redis.tls.context import client_tls

        tls = client_tls(host)
    elif callable(tls) and not _makes_tls(tls):
        tls = tls(host)
    if not _makes_tls(tls):
        raise TypeError(
            "ssl_context_factory must be True (TLS that verifies the server), False or what makes TLS"
            f" contexts, as client_tls({host!r}, ca_certs=PATH) does, not {tls!r}"
        )
    return TLSEndpoint(endpoint, tls)


def unix_endpoint(reactor: Any, path: str, timeout: float | None) -> IStreamClientEndpoint:
    """Return an endpoint for a Unix socket.

    Args:
        reactor: What connects.
        path: Its path.
        timeout: Seconds that it may take; 10 if None.
    """
    return UNIXClientEndpoint(reactor, path, timeout=timeout or _CONNECT)


def tune(transport: Any) -> None:
    """Set the options of a connection's socket.

    Commands are small and wait for their answers, so that Nagle's algorithm would delay them; and a peer
    that is gone is found out some time. A Unix socket has neither option.

    Args:
        transport: The connection.
    """
    if not isinstance(transport.getPeer(), UNIXAddress):
        transport.setTcpNoDelay(True)
        transport.setTcpKeepAlive(True)


def _makes_tls(tls: Any) -> bool:
    return IOpenSSLClientConnectionCreator.providedBy(tls) or hasattr(tls, "getContext")
