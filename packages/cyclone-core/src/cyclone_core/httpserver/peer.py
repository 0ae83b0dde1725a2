"""Who is at the other end of a connection."""

import contextlib
import re
from typing import Any, Final

from twisted.internet.abstract import FileDescriptor
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.interfaces import IAddress, ISSLTransport, ITransport

from cyclone_core.httpserver.addresses import parse_address

__all__ = ["UNIX", "Peer"]

UNIX: Final = "unix:"
"""How `remote_ip` begins on a unix socket."""

# A link-local address, and the name of the interface behind which it is.
_ADDRESS: Final = re.compile(r"([0-9A-Fa-f:.]+)((?:%[0-9A-Za-z._-]+)?)")


class Peer:
    """The other end of a connection, and this end's address.

    The addresses are looked up when first asked for, that is with the first request: the PROXY protocol
    names them later than the transport is connected.

    Attributes:
        protocol: `"https"` on TLS, else `"http"`.
    """

    __slots__ = ("_local_address", "_remote_ip", "_transport", "protocol")

    def __init__(self, transport: ITransport) -> None:
        """Describe the ends of a transport.

        Args:
            transport: A connected Twisted transport.
        """
        self._transport = transport
        self._local_address: IAddress | None = None
        self._remote_ip: str | None = None
        self.protocol = "https" if ISSLTransport.providedBy(transport) else "http"

    @property
    def remote_ip(self) -> str:
        """The peer's IP address, or `unix:PATH` with the path of the socket it came through.

        An IPv4 client of an IPv6 port has an IPv4 address. Empty for what is neither.
        """
        if self._remote_ip is None:
            self._remote_ip = self._find_ip()
        return self._remote_ip

    @property
    def local_address(self) -> IAddress | None:
        """The Twisted address at this end.

        None if it is first asked for after the end of the connection: the system does not tell it any
        more.
        """
        if self._local_address is None:
            with contextlib.suppress(AttributeError, OSError):
                self._local_address = self._transport.getHost()
        return self._local_address

    def _find_ip(self) -> str:
        address = self._transport.getPeer()
        if type(address) is IPv4Address and isinstance(self._transport, FileDescriptor):
            return address.host  # from the system itself, which knows what an address is
        if isinstance(address, UNIXAddress):
            return UNIX + _name_of(self.local_address)
        return _checked_ip(str(getattr(address, "host", "")))

    @property
    def certificate(self) -> Any:  # noqa: ANN401 -- pyOpenSSL is optional: its X509 cannot be named
        """The certificate that the peer has shown, a pyOpenSSL `X509`.

        None without TLS, without a certificate, before the end of the handshake and after the end of
        the connection.
        """
        if not ISSLTransport.providedBy(self._transport):
            return None
        try:
            return self._transport.getPeerCertificate()
        except AttributeError:
            return None  # Twisted drops its TLS state with the connection


def _name_of(address: object) -> str:
    name = address.name if isinstance(address, UNIXAddress) else None
    return "" if name is None else name.decode("utf-8", "replace")


def _checked_ip(host: str) -> str:
    # A PROXY header may hold anything, and this goes into logs.
    match = _ADDRESS.fullmatch(host)
    address = parse_address(match[1]) if match else None
    return "" if match is None or address is None else address.text + match[2]
