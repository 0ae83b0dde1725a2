"""From a route to a protocol that can be used: resolve, connect, pass the proxy, agree on TLS."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IProtocol,
    IProtocolFactory,
    IReactorUNIX,
    IStreamClientEndpoint,
    ITCPTransport,
)
from twisted.python.failure import Failure

from cyclone_core.httpclient.connecting.explaining import explain, name_of
from cyclone_core.httpclient.connecting.handshaking import HandshakeFactory
from cyclone_core.httpclient.connecting.racing import (
    NO_TIMEOUT,
    Address,
    HostnameMapping,
    NamedEndpoint,
    address_endpoint,
    map_host,
)
from cyclone_core.httpclient.connecting.tls import TLSContexts
from cyclone_core.httpclient.connecting.tunnel import TunnelFactory
from cyclone_core.httpclient.errors import ConnectTimeout, InvalidRequest
from cyclone_core.httpclient.hosts import format_host
from cyclone_core.httpclient.routes import Route

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

__all__ = ["connect"]

# The system's struct sockaddr_un, with a zero byte at its end.
_LONGEST_PATH: Final = 107 if sys.platform == "linux" else 103


def connect(
    route: Route,
    factory: IProtocolFactory,
    reactor: Any,  # noqa: ANN401 -- several interfaces
    timeout: float | None,
    *,
    contexts: TLSContexts | None = None,
    hostname_mapping: HostnameMapping | None = None,
) -> Deferred[IProtocol]:
    """Make a connection that a request can be written to.

    Whatever happens, the factory is asked for one protocol at most, and not before proxy and TLS have
    agreed: `connectionMade()` means that the server can be talked to.

    Args:
        route: Where, and how.
        factory: Makes the protocol.
        reactor: Connects, resolves and has the time.
        timeout: Seconds for everything; None for as long as the system waits.
        contexts: The TLS contexts of the client, to which they belong; None makes one for this time.
        hostname_mapping: Other addresses for hosts and proxies: host or (host, port) to host or
            (host, port). Who has to be proved by TLS does not change with it.

    Returns:
        The connected protocol. Or one of `cyclone_core.httpclient.errors`; one of `cyclone_core.tls`, if
        files for TLS cannot be used; or what the factory has raised. Cancelling it closes what there is
        of a connection.
    """
    attempt = _Attempt(route, reactor)
    try:
        stages = _add_stages(attempt, route, factory, reactor, contexts)
        attempt.start(attempt.find_endpoint(hostname_mapping), stages, timeout)
    except Exception as error:  # noqa: BLE001 -- of files, resolvers and policies, too
        attempt.fail(error)
    return attempt.done


def _add_stages(
    attempt: "_Attempt",
    route: Route,
    factory: IProtocolFactory,
    reactor: Any,  # noqa: ANN401 -- several interfaces
    contexts: TLSContexts | None,
) -> IProtocolFactory:
    """Put in between what has to be agreed on before the protocol is made, the last one first."""
    if route.tls is None:
        return factory
    creator = (contexts or TLSContexts()).creator(route)
    attempt.staged = True
    stages: IProtocolFactory = HandshakeFactory(attempt, route, creator, factory, reactor)
    return stages if route.proxy is None else TunnelFactory(attempt, route, route.proxy, stages)


class _Attempt:
    """One attempt to connect, and what has to be cleared away if it fails.

    Attributes:
        done: What `connect` returns.
        staged: Whether there is something to do when TCP is connected.
    """

    def __init__(self, route: Route, reactor: Any) -> None:  # noqa: ANN401 -- as above
        self.done: Deferred[IProtocol] = Deferred(lambda _: self._clear())
        self.staged = False
        self._route = route
        self._reactor = reactor
        self._connection: ITCPTransport | None = None
        self._pending: Deferred[IProtocol] | None = None
        self._timer: IDelayedCall | None = None
        self._named: NamedEndpoint | None = None
        self._stage = ""
        self._target = ""
        self._ended = False

    def find_endpoint(self, mapping: HostnameMapping | None) -> IStreamClientEndpoint:
        """Choose the endpoint for what is connected to first."""
        route, reactor = self._route, self._reactor
        if route.unix_socket is not None:
            if not IReactorUNIX.providedBy(reactor):
                raise InvalidRequest(
                    f"{name_of(route)} cannot be used: {type(reactor).__name__} has no Unix sockets"
                )
            if len(os.fsencode(route.unix_socket)) > _LONGEST_PATH:
                # Twisted's reactor stumbles over the error, and the attempt never ends.
                raise InvalidRequest(
                    f"{name_of(route)} has more than {_LONGEST_PATH} bytes, which no socket's path has"
                )
            from twisted.internet.endpoints import UNIXClientEndpoint  # as in racing.py

            return UNIXClientEndpoint(reactor, route.unix_socket, NO_TIMEOUT)
        first = route if route.proxy is None else route.proxy
        host, port = map_host(first.host, first.port, mapping)
        self._target = f"{format_host(host)}:{port}"
        if isIPv6Address(host) and not route.ipv6:
            raise InvalidRequest(
                f"allow_ipv6=False, but {name_of(route)} is asked for by its IPv6 address"
            )
        if isIPAddress(host) or isIPv6Address(host):
            return address_endpoint(reactor, host, port, route.interface)
        self._named = NamedEndpoint(reactor, host, port, _families(route), route.interface)
        return self._named

    def start(
        self, endpoint: IStreamClientEndpoint, factory: IProtocolFactory, timeout: float | None
    ) -> None:
        """Begin."""
        if timeout is not None:
            self._timer = self._reactor.callLater(timeout, self._time_out, timeout)
        self._pending = endpoint.connect(factory)
        self._pending.addCallbacks(self._connected, self._not_connected)

    def enter(self, stage: str, transport: ITCPTransport) -> None:
        """Note how far it has come."""
        self._stage = stage
        self._connection = transport

    def succeed(self, protocol: IProtocol) -> None:
        """It can be used."""
        if not self._ended:
            self._ended = True
            self._stop_timer()
            # What the connection goes on with refers to this attempt, as long as it is there.
            self._connection = self._named = None
            self.done.callback(protocol)

    def fail(self, error: BaseException) -> None:
        """It cannot."""
        if not self._ended:
            self._clear()
            self.done.errback(Failure(error))

    def _connected(self, protocol: IProtocol) -> None:
        self._pending = None
        if not self.staged:
            self.succeed(protocol)

    def _not_connected(self, failure: Failure) -> None:
        self._pending = None
        addresses = [] if self._named is None else self._named.addresses
        reason = cast("BaseException", failure.value)
        self.fail(explain(reason, self._route, self._target, addresses))

    def _time_out(self, timeout: float) -> None:
        self._timer = None
        stage = self._stage or f"{name_of(self._route)} {self._describe_endpoint()}"
        self.fail(ConnectTimeout(f"there was no connection within {timeout:g} s: {stage}"))

    def _describe_endpoint(self) -> str:
        if self._named is None:
            return "did not answer"
        if not self._named.resolved:
            return "was still being looked up"
        return f"did not answer (tried {', '.join(self._named.addresses)})"

    def _clear(self) -> None:
        self._ended = True  # first: what is cancelled here fails, too
        self._stop_timer()
        if self._connection is not None:
            self._connection.abortConnection()
        elif self._pending is not None:
            self._pending.cancel()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _families(route: Route) -> Sequence[type[Address]]:
    if route.interface is not None:
        return (IPv6Address,) if isIPv6Address(route.interface) else (IPv4Address,)
    return (IPv4Address, IPv6Address) if route.ipv6 else (IPv4Address,)
