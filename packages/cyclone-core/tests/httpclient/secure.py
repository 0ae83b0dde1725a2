"""Servers with TLS on the network in memory."""

from contextlib import suppress

from OpenSSL import SSL

from .connecting.authorities import Pair
from .network import Network

__all__ = ["SecurePeer"]


class SecurePeer:
    """The server's end of a connection with TLS; it asks for a certificate, and trusts any.

    Attributes:
        network: Where it is.
        peer: What is below it.
        received: What the client has sent and the test has not taken.
        asked_for: The name that the client has asked for.
    """

    def __init__(self, network: Network, pair: Pair) -> None:
        self.network = network
        self.peer = network.accept()
        self.received = b""
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.use_certificate_chain_file(pair.certificate)
        context.use_privatekey_file(pair.key)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        self._connection = SSL.Connection(context, None)
        self._connection.set_accept_state()
        self._pump()

    @property
    def asked_for(self) -> str | None:
        """The name that the client has asked for, if it has."""
        name = self._connection.get_servername()
        return None if name is None else name.decode()

    @property
    def client_name(self) -> str | None:
        """The name in the certificate of the client, if it has shown one."""
        certificate = self._connection.get_peer_certificate()
        if certificate is None:
            return None
        (name,) = certificate.to_cryptography().subject
        return str(name.value)

    def take(self) -> bytes:
        """Give what has come, and forget it."""
        self._pump()
        received, self.received = self.received, b""
        return received

    def answer(self, body: bytes = b"hello", head: str = "200 OK", **headers: str) -> bytes:
        """Send a whole answer; gives what was asked."""
        lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
        asked = self.take()
        self._connection.send(
            f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n{''.join(lines)}\r\n".encode()
            + body
        )
        self._pump()
        return asked

    def _pump(self) -> None:
        """Move bytes as long as there are some."""
        while True:
            self.network.advance(0)  # Twisted collects what is written to TLS until the next turn
            came = self.peer.take()
            if came:
                self._connection.bio_write(came)
            # A client that does not trust us says so.
            with suppress(SSL.WantReadError, SSL.Error):
                self._connection.do_handshake()
            with suppress(SSL.WantReadError, SSL.ZeroReturnError, SSL.Error):
                self.received += self._connection.recv(100_000)
            with suppress(SSL.WantReadError):
                self.peer.send(self._connection.bio_read(100_000))
                continue
            if not came:
                return
