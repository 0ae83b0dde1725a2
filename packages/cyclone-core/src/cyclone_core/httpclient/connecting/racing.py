"""Connecting to a name: look it up, and try its addresses until one answers (RFC 8305)."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, cast

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import (
    IAddress,
    IHostResolution,
    IProtocol,
    IProtocolFactory,
    IResolutionReceiver,
    IStreamClientEndpoint,
)
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from cyclone_core.httpclient.connecting.explaining import leads_nowhere
from cyclone_core.httpclient.errors import InvalidRequest, ResolveError
from cyclone_core.httpclient.hosts import format_host, normalize_host

if TYPE_CHECKING:
    from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
    from twisted.internet.interfaces import IDelayedCall

__all__ = [
    "NO_TIMEOUT",
    "Address",
    "HostnameMapping",
    "NamedEndpoint",
    "address_endpoint",
    "map_host",
]

Address = IPv4Address | IPv6Address
Target = str | tuple[str, int]
HostnameMapping = Mapping[Target, Target]
"""Other addresses for hosts: host or (host, port) to host or (host, port)."""

NO_TIMEOUT: Final = cast("int", None)
"""For Twisted's endpoints, which know no bound of the whole: each attempt has all the time there is."""

_log = Logger(namespace="cyclone.httpclient")

_DELAY: Final = 0.25  # seconds, as RFC 8305 section 5 recommends
_MOST_ADDRESSES: Final = (
    32  # whoever answers for a name does not decide how many sockets are opened
)


def map_host(host: str, port: int, mapping: HostnameMapping | None) -> tuple[str, int]:
    """Look up where a host is connected to (Tornado: `netutil.OverrideResolver`).

    Args:
        host: The host.
        port: The port.
        mapping: Other addresses; an entry for host and port goes before one for the host.

    Returns:
        Host and port to connect to.

    Raises:
        InvalidRequest: The mapping gives a host that is none.
    """
    found = mapping and (mapping.get((host, port)) or mapping.get(host))
    if not found:
        return host, port
    mapped, port = (found, port) if isinstance(found, str) else found
    try:
        # A resolver that is asked for what is no name may never answer, as Twisted's.
        return normalize_host(format_host(mapped)), port
    except InvalidRequest as error:
        raise InvalidRequest(f"hostname_mapping gives {mapped!r} for {host!r}: {error}") from None


def address_endpoint(
    reactor: Any,  # noqa: ANN401 -- several interfaces
    host: str,
    port: int,
    interface: str | None,
) -> "TCP4ClientEndpoint | TCP6ClientEndpoint":
    """Make the endpoint of one address.

    Args:
        reactor: The reactor.
        host: The address.
        port: The port.
        interface: The address of ours that the connection comes from.

    Returns:
        The endpoint, without a timeout of its own.
    """
    # Not above: with it comes all of OpenSSL, a third of what it takes to import the client.
    from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint

    kind = TCP6ClientEndpoint if ":" in host else TCP4ClientEndpoint
    return kind(reactor, host, port, NO_TIMEOUT, interface and (interface, 0))


@implementer(IStreamClientEndpoint, IResolutionReceiver)
class NamedEndpoint:
    """The endpoint of a name, for one connection.

    Twisted's `HostnameEndpoint` waits 0.3 s for the next address when one has failed already, so long, too,
    before it says that all have: `localhost` is an IPv6 address first and few servers listen there. It
    takes no names with an underscore, which containers have, and does not say what it has tried.

    Attributes:
        addresses: What the name stands for, in the order in which it is tried.
        resolved: Whether that is known.
    """

    def __init__(
        self,
        reactor: Any,  # noqa: ANN401 -- several interfaces
        host: str,
        port: int,
        families: Sequence[type[Address]],
        interface: str | None,
    ) -> None:
        """Prepare.

        Args:
            reactor: Resolves, connects and has the time.
            host: The name.
            port: The port.
            families: Which addresses will do.
            interface: The address of ours that the connection comes from.
        """
        self._reactor = reactor
        self._host = host
        self._port = port
        self._families = tuple(families)
        self._interface = interface
        self._found: list[Address] = []
        self._next = 0
        self._pending: list[Deferred[IProtocol]] = []
        self._failures: list[Failure] = []
        self._timer: IDelayedCall | None = None
        self._ended = False
        self._done: Deferred[IProtocol] = Deferred(lambda _: self._end())
        self.addresses: list[str] = []
        self.resolved = False

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:  # noqa: N803 -- Twisted's name
        """Begin (Twisted: `IStreamClientEndpoint`).

        Args:
            protocolFactory: Makes the protocol.

        Returns:
            The protocol; or what an address has failed with, a `DNSLookupError` if there is none.
            Cancelling it ends all attempts.

        Raises:
            ResolveError: The resolver has raised something, which is the cause.
        """
        self._factory = protocolFactory
        try:
            self._reactor.nameResolver.resolveHostName(self, self._host, self._port, self._families)
        except Exception as error:  # the program's own, or a plugin's
            if not self.resolved:
                raise ResolveError(
                    f"{self._host} could not be looked up: the reactor's resolver has raised"
                    f" {type(error).__name__}: {error}"
                ) from error
            _log.failure("the resolver has raised when it had answered for {name}", name=self._host)
        return self._done

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:  # noqa: N802, N803 -- as above
        """Do nothing: not even Twisted's own can be stopped (Twisted: `IResolutionReceiver`)."""

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802 -- as above
        """Take note of an address (Twisted: `IResolutionReceiver`)."""
        # Resolvers are free to find more than was asked for.
        if not self.resolved and isinstance(address, self._families):
            self._found.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802 -- as above
        """Begin with the first address (Twisted: `IResolutionReceiver`); a second answer is none."""
        if self.resolved:
            return
        self.resolved = True
        self._found = list(_alternate(self._found))[:_MOST_ADDRESSES]
        self.addresses = [address.host for address in self._found]
        if self._ended:
            return
        if self._found:
            self._try_next()
        else:
            self._done.errback(DNSLookupError(f"there is no address of {self._host}"))

    def _try_next(self) -> None:
        address = self._found[self._next]
        self._next += 1
        more = self._next < len(self._found)
        self._timer = self._reactor.callLater(_DELAY, self._try_next) if more else None
        endpoint = address_endpoint(self._reactor, address.host, self._port, self._interface)
        attempt = endpoint.connect(self._factory)
        self._pending.append(attempt)
        attempt.addCallbacks(self._win, self._lose, callbackArgs=(attempt,), errbackArgs=(attempt,))

    def _win(self, protocol: IProtocol, attempt: Deferred[IProtocol]) -> None:
        self._pending.remove(attempt)
        self._end()
        self._done.callback(protocol)

    def _lose(self, failure: Failure, attempt: Deferred[IProtocol]) -> None:
        self._pending.remove(attempt)
        if self._ended:
            return
        self._failures.append(failure)
        if self._next < len(self._found):
            self._stop_timer()
            self._try_next()
        elif not self._pending:
            self._ended = True
            self._done.errback(self._choose())

    def _choose(self) -> Failure:
        """Choose what to report: that this machine has no IPv6, say, is not why a server refuses."""
        told = (each for each in self._failures if not leads_nowhere(each.value))
        return next(told, self._failures[0])

    def _end(self) -> None:
        self._ended = True
        self._stop_timer()
        for attempt in self._pending[:]:
            attempt.cancel()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _alternate(addresses: Sequence[Address]) -> Iterable[Address]:
    """Alternate between the families, beginning with that of the first (RFC 8305 section 4)."""
    first = [each for each in addresses if type(each) is type(addresses[0])]
    second = [each for each in addresses if type(each) is not type(addresses[0])]
    pairs = zip_longest(first, second)
    return (each for pair in pairs for each in pair if each is not None)
