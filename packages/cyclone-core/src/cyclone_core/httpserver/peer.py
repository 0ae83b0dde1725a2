"""Who is at the other end of a connection."""

import re
from typing import Any, Final

from twisted.internet.address import UNIXAddress
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
        self._remote_ip = ""
        self.protocol = "https" if ISSLTransport.providedBy(transport) else "http"

    @property
    def remote_ip(self) -> str:
        """The peer's IP address, or `unix:PATH` with the path of the socket it came through.

        An IPv4 client of an IPv6 port has an IPv4 address. Empty for what is neither.
        """
        if self._local_address is None:
            self._look_up()
        return self._remote_ip

    @property
    def local_address(self) -> IAddress:
        """The Twisted address at this end."""
        return self._local_address or self._look_up()

    def _look_up(self) -> IAddress:
        # Both at once: after the end of the connection the system does not tell its own end any more.
        self._local_address = host = self._transport.getHost()
        self._remote_ip = _remote_ip(self._transport.getPeer(), host)
        return host

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


def _remote_ip(peer: object, host: object) -> str:
    if isinstance(peer, UNIXAddress) or isinstance(host, UNIXAddress):
        name = host.name if isinstance(host, UNIXAddress) else None
        return UNIX + ("" if name is None else name.decode("utf-8", "replace"))
    # A PROXY header may hold anything, and this goes into logs.
    match = _ADDRESS.fullmatch(str(getattr(peer, "host", "")))
    address = parse_address(match[1]) if match else None
    return "" if match is None or address is None else address.text + match[2]
