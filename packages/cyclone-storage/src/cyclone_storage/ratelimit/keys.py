"""By what those are told apart who make attempts."""

import hashlib
from ipaddress import IPv6Address, ip_address
from typing import Final, Protocol

__all__ = ["remote_network", "short_key"]

# Longer keys are hashed: what somebody types into a form must not decide how much memory a key needs.
_LONGEST_KEY: Final = 200
_HASHED: Final = b"sha256:"
# Providers give each of their customers a network of this size or larger (RFC 6177).
_NETWORK_BITS: Final = 64


class _Request(Protocol):
    @property
    def remote_ip(self) -> str | None:
        """Return the address of the client."""


class _Handler(Protocol):
    @property
    def request(self) -> _Request:
        """Return what is asked."""


def remote_network(handler: _Handler) -> str:
    """Return by whom a handler is asked: the key that limits clients who are not signed in.

    Args:
        handler: A web handler with `request.remote_ip`.

    Returns:
        The IPv4 address; of an IPv6 address its network of 64 bits, as everybody has as many of
        these addresses as they like; any other text, such as that of a Unix socket, as it is.
    """
    text = handler.request.remote_ip or ""
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if not isinstance(address, IPv6Address):
        return text
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    host_bits = address.max_prefixlen - _NETWORK_BITS
    return f"{IPv6Address(int(address) >> host_bits << host_bits)}/{_NETWORK_BITS}"


def short_key(key: str | bytes) -> bytes:
    """Return a key of bounded length; text means the same as its bytes in UTF-8.

    Args:
        key: Who makes an attempt.

    Raises:
        TypeError: It is no text.
    """
    if not isinstance(key, str | bytes):
        raise TypeError(
            f"the key of an attempt is {key!r}; it must be text or bytes that say who makes it"
        )
    data = key.encode("utf-8", "surrogatepass") if isinstance(key, str) else key
    # What looks like a hash is hashed, too, or somebody could type what the key of another becomes.
    if len(data) <= _LONGEST_KEY and not data.startswith(_HASHED):
        return data
    return _HASHED + hashlib.sha256(data).hexdigest().encode()
