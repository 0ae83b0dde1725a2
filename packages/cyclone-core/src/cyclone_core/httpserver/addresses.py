"""IP addresses as text, in the one spelling that logs, limits and comparisons can rely on."""

import functools
import ipaddress
from typing import Final, NamedTuple

__all__ = ["Address", "parse_address"]

_LONGEST: Final = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")


class Address(NamedTuple):
    """An IP address.

    Attributes:
        text: Its usual spelling (RFC 5952).
        ip: The address.
    """

    text: str
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address


def parse_address(text: str) -> Address | None:
    """Read an address, whatever the text is.

    An IPv4 address inside an IPv6 one, which is what a port of both families gives for an IPv4 client,
    is that IPv4 address.

    Args:
        text: What may be an address, without a port, brackets or a zone.

    Returns:
        The address, or None.
    """
    # Before the cache, whose keys would hold whatever a client sends.
    return _parse(text) if len(text) <= _LONGEST else None


# The same proxies come again and again; parsing costs ten times the look-up.
@functools.lru_cache(maxsize=1024)
def _parse(text: str) -> Address | None:
    if "%" in text:
        return None  # the name of a zone means something only on the machine that gave it
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return Address(str(ip), ip)
