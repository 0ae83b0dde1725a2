"""What proxies say of the client, and whom to believe it.

Any client can send the headers that proxies send. So they count only if the peer of the connection is
trusted: loopback, a unix socket, or an address of `trusted_downstream`. In `X-Forwarded-For` each proxy
adds at the right whom it has seen: read from the right, the first address that is not itself a trusted
proxy is the last one that somebody trusted vouches for, and all to the left of it may be invented.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Final, Self

from twisted.logger import Logger

from cyclone_core.httpserver.addresses import Address, parse_address
from cyclone_core.httpserver.options import Network, ServerOptions
from cyclone_core.httpserver.peer import UNIX, Peer

__all__ = ["ProxyHeaders"]

_log = Logger(namespace="cyclone.httpserver")

_NAMES: Final = ("X-Real-Ip", "X-Forwarded-For", "X-Scheme", "X-Forwarded-Proto")

# More proxies in a row than anybody has; it bounds the work for a header of 32 KiB.
_MAX_PROXIES: Final = 32

# `address:port` and `[address]:port` are what IIS and the gateways of Azure send.
_WITH_PORT: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15}))(?::[0-9]{1,5})?")

_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")

Store = Mapping[str, str | list[str]]


class ProxyHeaders:
    """Finds out who the client of a request is, on one port (Tornado: `xheaders`)."""

    __slots__ = ("_protocol", "_silent", "_trusted", "_xheaders")

    def __init__(self, options: ServerOptions) -> None:
        """Take over what the options of a port say of proxies.

        Args:
            options: `xheaders`, `trusted_downstream` and `protocol` are read.
        """
        self._xheaders = options.xheaders
        self._trusted = tuple([_unmapped(network) for network in options.trusted_downstream])
        self._protocol = options.protocol
        self._silent = True

    @classmethod
    def for_options(cls, options: ServerOptions) -> Self | None:
        """Make one if there is anything to find out.

        Args:
            options: The options of a port.

        Returns:
            None if every client is the peer of its connection.
        """
        return cls(options) if options.xheaders or options.protocol is not None else None

    def client(self, peer: Peer, headers: Store) -> tuple[str, str]:
        """Tell who has sent a request, and how.

        Args:
            peer: The peer of the connection.
            headers: Normal name to value, or to the list of values of a repeated header.

        Returns:
            An IP address, which is the peer's `remote_ip` unless a trusted proxy names another one; and
            `"http"` or `"https"`.
        """
        remote_ip, protocol = peer.remote_ip, peer.protocol
        if self._xheaders:
            if self._trusts(remote_ip):
                remote_ip = self._named_by_proxy(headers) or remote_ip
                protocol = _told_protocol(headers) or protocol
            elif self._silent:
                self._warn(remote_ip, headers)
        return remote_ip, self._protocol or protocol

    def _named_by_proxy(self, headers: Store) -> str | None:
        single = headers.get("X-Real-Ip")
        if single is not None:
            address = _parse_entry(single) if isinstance(single, str) else None
            return None if address is None else address.text
        chain = headers.get("X-Forwarded-For")
        if chain is None:
            return None
        entries = _joined(chain).rsplit(",", _MAX_PROXIES)
        if len(entries) > _MAX_PROXIES:
            del entries[0]  # the rest of the header
        farthest = None
        for entry in reversed(entries):
            if entry.strip(" \t") == UNIX:
                continue  # nginx: its client came through a unix socket
            address = _parse_entry(entry)
            if address is None:
                return None
            farthest = address.text
            if not self._trusts_address(address):
                break
        return farthest

    def _trusts(self, remote_ip: str) -> bool:
        if remote_ip.startswith(UNIX):
            return True
        address = parse_address(remote_ip.partition("%")[0])
        return address is not None and self._trusts_address(address)

    def _trusts_address(self, address: Address) -> bool:
        ip = address.ip
        return ip.is_loopback or any(ip in network for network in self._trusted)

    def _warn(self, remote_ip: str, headers: Store) -> None:
        for name in _NAMES:
            if name in headers:
                self._silent = False
                _log.warn(
                    "The header {name} from {ip} is ignored, and so are all others from addresses that "
                    "are not in the setting trusted_downstream. If {ip} is your proxy, add it there.",
                    name=name,
                    ip=remote_ip or "an unknown address",
                )
                return


def _parse_entry(entry: str) -> Address | None:
    entry = entry.strip(" \t")
    address = parse_address(entry)
    if address is None and (match := _WITH_PORT.fullmatch(entry)):
        address = parse_address(match[1] or match[2])
    return address


def _told_protocol(headers: Store) -> str | None:
    told = headers.get("X-Scheme")
    if told is None:
        told = headers.get("X-Forwarded-Proto")
        if told is None:
            return None
    # The last one comes from the proxy that we trust.
    last = _joined(told).rpartition(",")[2].strip(" \t").lower()
    return last if last in {"http", "https"} else None


def _joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)


def _unmapped(network: Network) -> Network:
    """Give IPv4 networks inside IPv6 the form in which addresses are compared."""
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        start = int(network.network_address) & 0xFFFFFFFF
        return ipaddress.IPv4Network((start, network.prefixlen - _MAPPED.prefixlen))
    return network
