"""Looking up a name, on behalf of Twisted's `HostnameEndpoint`."""

from collections.abc import Mapping, Sequence
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IAddress,
    IHostnameResolver,
    IHostResolution,
    IReactorPluggableNameResolver,
    IResolutionReceiver,
)
from zope.interface import implementer

__all__ = ["Family", "HostnameMapping", "ResolvingReactor", "map_host"]

Family = type[IPv4Address] | type[IPv6Address]
Target = str | tuple[str, int]
HostnameMapping = Mapping[Target, Target]
"""Other addresses for hosts: host or (host, port) to host or (host, port)."""


def map_host(host: str, port: int, mapping: HostnameMapping | None) -> tuple[str, int]:
    """Look up where a host is connected to (Tornado: `netutil.OverrideResolver`).

    Args:
        host: The host.
        port: The port.
        mapping: Other addresses; an entry for host and port goes before one for the host.

    Returns:
        Host and port to connect to.
    """
    if not mapping:
        return host, port
    found = mapping.get((host, port)) or mapping.get(host) or host
    return (found, port) if isinstance(found, str) else found


@implementer(IReactorPluggableNameResolver, IHostnameResolver)
class ResolvingReactor:
    """What `HostnameEndpoint` takes for its reactor: it looks up our name, and we see what comes of it.

    The endpoint itself takes names of hosts only, as IDNA 2008 has them, but the names of containers
    and of services may have an underscore; it asks for both families of addresses; and of what it has
    found and tried it says nothing.

    Attributes:
        families: Which addresses are looked for.
        nameResolver: Itself.
        addresses: What the name stands for, as far as that is known.
        resolved: Whether it is.
    """

    def __init__(
        self,
        reactor: Any,  # noqa: ANN401 -- several interfaces
        host: str,
        families: Sequence[Family],
    ) -> None:
        """Prepare.

        Args:
            reactor: The reactor.
            host: The name to look up.
            families: Which addresses will do.
        """
        self._reactor = reactor
        self._host = host
        self.families = tuple(families)
        self.nameResolver: IHostnameResolver = self
        self.addresses: list[str] = []
        self.resolved = False
        self.connectTCP = reactor.connectTCP
        self.callLater = reactor.callLater
        self.seconds = reactor.seconds

    def installNameResolver(self, resolver: IHostnameResolver) -> IHostnameResolver:  # noqa: N802 -- Twisted's name
        """Use another resolver (Twisted: `IReactorPluggableNameResolver`)."""
        before, self.nameResolver = self.nameResolver, resolver
        return before

    def resolveHostName(  # noqa: N802 -- Twisted's name
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803 -- Twisted's name
        hostName: str,  # noqa: ARG002, N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: ARG002, N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        """Look up our own name (Twisted: `IHostnameResolver`)."""
        resolution: IHostResolution = self._reactor.nameResolver.resolveHostName(
            _Witness(self, resolutionReceiver),
            self._host,
            portNumber,
            self.families,
            transportSemantics,
        )
        return resolution


@implementer(IResolutionReceiver)
class _Witness:
    """Passes on what a resolver finds, and notes it."""

    def __init__(self, notes: ResolvingReactor, receiver: IResolutionReceiver) -> None:
        self._notes = notes
        self._receiver = receiver

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:  # noqa: N802, N803
        self._receiver.resolutionBegan(resolutionInProgress)

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802
        # Resolvers are free to find more than was asked for.
        if isinstance(address, self._notes.families):
            self._notes.addresses.append(address.host)
            self._receiver.addressResolved(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        self._notes.resolved = True
        self._receiver.resolutionComplete()
