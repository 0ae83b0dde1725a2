"""What `listenSSL` takes: contexts from files, which can be read again."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from twisted.internet.interfaces import IOpenSSLContextFactory, IOpenSSLServerConnectionCreator
from zope.interface import implementer

from cyclone_core.tls.context import make_context, verify_clients

if TYPE_CHECKING:
    from OpenSSL import SSL
    from twisted.protocols.tls import TLSMemoryBIOProtocol

__all__ = ["ServerContextFactory", "server_context_factory"]

Pair = tuple[str, str]


@implementer(IOpenSSLContextFactory, IOpenSSLServerConnectionCreator)
class ServerContextFactory:
    """Gives each new connection the TLS context of the day; `server_context_factory` makes it."""

    def __init__(
        self,
        key_path: str,
        certificate_path: str,
        *,
        hosts: Mapping[str, Pair] | None = None,
        client_ca_path: str | None = None,
        require_client_certificate: bool = False,
    ) -> None:
        """Read the files; see `server_context_factory` for what they are and what is raised."""
        if require_client_certificate and client_ca_path is None:
            raise ValueError(
                "require_client_certificate needs client_ca_path: the file with the certificates of "
                "those who may sign the clients'"
            )
        self._pair = (key_path, certificate_path)
        self._hosts = {_host(name): pair for name, pair in (hosts or {}).items()}
        self._client_ca = client_ca_path
        self._required = require_client_certificate
        self._context = self._make()
        # Not earlier, so that messages about what somebody has typed show just that. From now on the
        # process may change its directory.
        self._pair = _absolute(self._pair)
        self._hosts = {name: _absolute(pair) for name, pair in self._hosts.items()}
        self._client_ca = None if client_ca_path is None else os.path.abspath(client_ca_path)  # noqa: PTH100 -- a text

    def reload(self) -> None:
        """Read all files again, and use them for new connections.

        Connections that are open keep what they have. If anything is wrong nothing changes.

        Raises:
            CertificateError: A file of certificates is missing, unreadable or broken.
            PrivateKeyError: A key file is, or a pair does not belong together.
        """
        self._context = self._make()

    def getContext(self) -> "SSL.Context":  # noqa: N802 -- Twisted's name
        """Return the context for new connections (Twisted: `IOpenSSLContextFactory`)."""
        return self._context

    def serverConnectionForTLS(  # noqa: N802 -- Twisted's name
        self,
        tlsProtocol: "TLSMemoryBIOProtocol",  # noqa: ARG002, N803 -- Twisted's name
    ) -> "SSL.Connection":
        """Begin a connection (Twisted: `IOpenSSLServerConnectionCreator`)."""
        from OpenSSL import SSL

        return SSL.Connection(self._context)

    def _make(self) -> "SSL.Context":
        context = self._make_one(self._pair)
        others = {name: self._make_one(pair) for name, pair in self._hosts.items()}
        if others:

            def choose(connection: "SSL.Connection") -> None:
                other = _find(others, connection.get_servername())
                if other is not None:
                    connection.set_context(other)

            context.set_tlsext_servername_callback(choose)
        return context

    def _make_one(self, pair: Pair) -> "SSL.Context":
        context = make_context(*pair)
        if self._client_ca is not None:
            verify_clients(context, self._client_ca, required=self._required)
        return context


def server_context_factory(
    key_path: str,
    certificate_path: str,
    *,
    hosts: Mapping[str, Pair] | None = None,
    client_ca_path: str | None = None,
    require_client_certificate: bool = False,
) -> ServerContextFactory:
    """Make the context factory of a server.

    The files are read now, so that a process may give up its rights afterwards.

    Args:
        key_path: Path of the private key, PEM, without a passphrase.
        certificate_path: Path of the certificate, PEM. The certificates that follow it in the same
            file are sent as its chain.
        hosts: Other pairs of key path and certificate path for the host names that clients ask for
            (SNI, RFC 6066 section 3); `*.example.org` stands for one more label.
        client_ca_path: Path of the certificates, PEM, of those who may sign clients' certificates.
            With it clients are asked for one, and a wrong one ends the handshake.
        require_client_certificate: Whether none ends it, too.

    Returns:
        What `reactor.listenSSL` takes as `contextFactory`. Its `reload()` reads the files again.

    Raises:
        TLSUnavailable: If pyOpenSSL is not installed.
        CertificateError: If a certificate file is missing, unreadable or broken.
        PrivateKeyError: If a key file is, or it does not belong to its certificate.
        ValueError: If a certificate is required and nobody may sign it, or a host is no host name.
    """
    return ServerContextFactory(
        key_path,
        certificate_path,
        hosts=hosts,
        client_ca_path=client_ca_path,
        require_client_certificate=require_client_certificate,
    )


def _host(name: str) -> str:
    plain = name.removeprefix("*.")
    if not plain.isascii() or not plain or "*" in plain:
        raise ValueError(
            f"{name!r} in hosts is no host name: it is ASCII (IDNA, `xn--...`), a star may only stand "
            "for its first label"
        )
    return name.lower()


def _find(contexts: "Mapping[str, SSL.Context]", asked: bytes | None) -> "SSL.Context | None":
    # A client may send anything; what is not ASCII is in no mapping.
    name = (asked or b"").decode("latin-1").lower()
    return contexts.get(name) or contexts.get("*." + name.partition(".")[2])


def _absolute(pair: Pair) -> Pair:
    return os.path.abspath(pair[0]), os.path.abspath(pair[1])  # noqa: PTH100 -- texts
