"""Who is at the other end of a connection."""

from typing import Any

from twisted.internet.address import UNIXAddress
from twisted.internet.interfaces import IAddress, ISSLTransport, ITransport

__all__ = ["Peer"]


class Peer:
    """The other end of a connection, and this end's address.

    Attributes:
        remote_ip: The peer's IP address, or `unix:PATH` with the path of the socket it came through.
        protocol: `"https"` on TLS, else `"http"`.
        local_address: The Twisted address at this end.
    """

    __slots__ = ("_transport", "local_address", "protocol", "remote_ip")

    def __init__(self, transport: ITransport) -> None:
        """Describe the ends of a transport.

        Args:
            transport: A connected Twisted transport.
        """
        self._transport = transport
        self.local_address: IAddress = transport.getHost()
        self.remote_ip = _remote_ip(transport.getPeer(), self.local_address)
        self.protocol = "https" if ISSLTransport.providedBy(transport) else "http"

    @property
    def certificate(self) -> Any:  # noqa: ANN401 -- pyOpenSSL is optional: its X509 cannot be named
        """The certificate that the peer has shown, a pyOpenSSL `X509`, or None."""
        if not ISSLTransport.providedBy(self._transport):
            return None
        return self._transport.getPeerCertificate()


def _remote_ip(peer: object, host: object) -> str:
    if isinstance(peer, UNIXAddress) or isinstance(host, UNIXAddress):
        name = host.name if isinstance(host, UNIXAddress) else None
        return "unix:" + ("" if name is None else name.decode("utf-8", "replace"))
    return str(getattr(peer, "host", ""))
