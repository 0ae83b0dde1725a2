"""Who is at the other end."""

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.testing import MemoryReactorClock, StringTransport
from zope.interface import implementer

from cyclone_core.httpserver import Peer

from .conftest import Wire


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
        (IPv6Address("TCP", "0:0:0:0:0:0:0:1", 5), "::1"),
        (IPv6Address("TCP", "::ffff:192.0.2.1", 5), "192.0.2.1"),
        (IPv6Address("TCP", "fe80::1%br-0.1_a", 5), "fe80::1%br-0.1_a"),
    ],
)
def test_ip(address: IPv4Address | IPv6Address, expected: str) -> None:
    """The address of an IP peer is without its port."""
    here = IPv4Address("TCP", "192.0.2.9", 80)
    peer = Peer(StringTransport(here, address))
    assert peer.remote_ip == expected
    assert peer.local_address is here
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


class Dropped(TLSTransport):
    """A TLS transport after the end of the connection."""

    def getPeerCertificate(self) -> str:  # noqa: N802 -- Twisted's name
        """Fail as Twisted does."""
        raise AttributeError("'NoneType' object has no attribute 'get_peer_certificate'")


def test_certificate_of_the_past() -> None:
    """After the connection there is no certificate."""
    assert Peer(Dropped()).certificate is None


def test_address_that_comes_later() -> None:
    """The address is the one at the first question: a PROXY header comes after the connection."""
    transport = StringTransport()
    peer = Peer(transport)
    transport.peerAddr = IPv4Address("TCP", "192.0.2.1", 5)
    transport.hostAddr = here = IPv4Address("TCP", "192.0.2.9", 80)
    assert peer.local_address is here
    assert peer.remote_ip == "192.0.2.1"
    transport.peerAddr = IPv4Address("TCP", "192.0.2.2", 5)
    assert peer.remote_ip == "192.0.2.1"


@pytest.mark.parametrize(
    "host", ["", "nobody", "192.0.2.1\x1b[31m", "::1%\x1b[31m", "::1%", "1" * 5000, "192.0.2.1 2"]
)
def test_address_that_is_none(host: str) -> None:
    """What a PROXY header says may be anything, and does not get into the log."""
    assert Peer(StringTransport(peerAddress=IPv4Address("TCP", host, 5))).remote_ip == ""


def test_unknown_address() -> None:
    """A transport without an address that we know has an empty one."""
    assert Peer(StringTransport(peerAddress=object())).remote_ip == ""


def test_local_address_of_the_past() -> None:
    """After the connection this end's address is known only if somebody has asked before."""

    class Closed(StringTransport):
        """A transport after the end of the connection."""

        def getHost(self) -> IPv4Address:
            """Fail as Twisted does."""
            raise AttributeError("'Server' object has no attribute 'socket'")

    assert Peer(Closed()).local_address is None


def test_address_of_a_socket(reactor: MemoryReactorClock) -> None:
    """What the system says of a TCP connection is taken as it is."""
    wire = Wire(reactor)
    assert Peer(wire).remote_ip == wire.getPeer().host
