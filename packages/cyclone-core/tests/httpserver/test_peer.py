"""Who is at the other end."""

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.testing import StringTransport
from zope.interface import implementer

from cyclone_core.httpserver import Peer


@implementer(ISSLTransport)
class TLSTransport(StringTransport):
    """A TLS transport whose peer has a certificate."""

    def getPeerCertificate(self) -> str:  # noqa: N802 -- Twisted's name
        """Return it."""
        return "the certificate"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (IPv4Address("TCP", "192.0.2.1", 5), "192.0.2.1"),
        (IPv6Address("TCP", "2001:db8::1", 5), "2001:db8::1"),
    ],
)
def test_ip(address: IPv4Address | IPv6Address, expected: str) -> None:
    """The address of an IP peer is without its port."""
    here = IPv4Address("TCP", "192.0.2.9", 80)
    peer = Peer(StringTransport(here, address))
    assert peer.remote_ip == expected
    assert peer.local_address is here
    assert peer.protocol == "http"
    assert peer.certificate is None


@pytest.mark.parametrize(
    ("host", "peer", "expected"),
    [
        (UNIXAddress("/run/web.sock"), UNIXAddress(None), "unix:/run/web.sock"),
        (UNIXAddress("/run/web.sock"), UNIXAddress(""), "unix:/run/web.sock"),
        (UNIXAddress(b"/run/\xff"), UNIXAddress(None), "unix:/run/\ufffd"),
        (UNIXAddress(None), UNIXAddress("/run/client.sock"), "unix:"),
        (None, UNIXAddress(None), "unix:"),
    ],
)
def test_unix(host: UNIXAddress | None, peer: UNIXAddress, expected: str) -> None:
    """A client of a unix socket, which has no name, is known by the socket's path."""
    assert Peer(StringTransport(host, peer)).remote_ip == expected


def test_tls() -> None:
    """On TLS the protocol is https, and the client's certificate can be asked for."""
    peer = Peer(TLSTransport())
    assert peer.protocol == "https"
    assert peer.certificate == "the certificate"


def test_unknown_address() -> None:
    """A transport without an address that we know has an empty one."""
    assert Peer(StringTransport(peerAddress=object())).remote_ip == ""
