"""TLS of a client: contexts made once, and a check of who answers on each connection."""

import os
from typing import TYPE_CHECKING, Any, Final, cast

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IOpenSSLContextFactory
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

from cyclone_core.httpclient.connecting.tls_problems import describe_names, describe_verification
from cyclone_core.httpclient.routes import Route
from cyclone_core.httpclient.tls_options import TLSOptions
from cyclone_core.tls import CertificateError
from cyclone_core.tls.files import check_readable, describe_error, load_certificate, load_key
from cyclone_core.tls.policy import CIPHERS, OLDEST_VERSION, begin_context

if TYPE_CHECKING:
    from OpenSSL import SSL
    from OpenSSL.crypto import X509
    from twisted.protocols.tls import TLSMemoryBIOProtocol

__all__ = ["ServerCheck", "TLSContexts", "find_weakness"]

_PROTOCOLS: Final = [b"http/1.1"]

# One takes 1 MB with the authorities of a system, and a program has few ways to trust.
_MOST_CONTEXTS: Final = 32

_Files = tuple[bool, str | None, str | None, str | None]
_State = tuple[tuple[int, int, int], ...]


class TLSContexts:
    """The TLS contexts of one client. They are made once, and again when one of their files changes.

    Clients do not share them, so that what one of them has been given goes nowhere else.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._contexts: dict[_Files, tuple[_State, SSL.Context]] = {}

    def creator(self, route: Route) -> IOpenSSLClientConnectionCreator:
        """Make what begins TLS on one connection.

        Args:
            route: Where it leads; it has `tls`.

        Returns:
            A `ServerCheck`, or what the options' own policy makes.

        Raises:
            TLSUnavailable: pyOpenSSL is not installed.
            CertificateError: A certificate file is missing, unreadable or broken.
            PrivateKeyError: The key file is, or it does not belong to the certificate.
        """
        tls = route.tls or TLSOptions()
        # The dot makes a name absolute for resolvers; no certificate has it (RFC 6066 section 3).
        name = tls.server_name or route.host.removesuffix(".")
        given = cast("Any", tls.options)
        if given is None:
            return ServerCheck(self._find(tls), name, validate=tls.validate)
        if IPolicyForHTTPS.providedBy(given):
            given = given.creatorForNetloc(name.encode("ascii"), route.port)
        # CertificateOptions is a creator of connections, too, but then it asks for no name.
        if IOpenSSLContextFactory.providedBy(given) or hasattr(given, "getContext"):
            return ServerCheck(given.getContext(), name, validate=tls.validate)
        return cast("IOpenSSLClientConnectionCreator", given)

    def _find(self, tls: TLSOptions) -> "SSL.Context":
        key = (tls.validate, tls.ca_certs, tls.client_cert, tls.client_key)
        state = tuple(_state(path) for path in key[1:] if path is not None)
        known = self._contexts.get(key)
        if known is not None and known[0] == state:
            return known[1]
        made = _make_context(tls)
        if known is None and len(self._contexts) >= _MOST_CONTEXTS:
            del self._contexts[next(iter(self._contexts))]
        self._contexts[key] = state, made
        return made


@implementer(IOpenSSLClientConnectionCreator)
class ServerCheck:
    """Begins TLS on one connection, and finds out who is at the other end.

    Twisted's own `optionsForClientTLS` is not used: it takes a certificate that names no host at all for
    one of every host (its callback passes what it cannot read), and it does not say which names there are.

    Attributes:
        problem: What is wrong with the server, if that is known.
        verified: Whether it is the one that was asked for.
        wanted: Whether it has to be.
    """

    def __init__(self, context: "SSL.Context", name: str, *, validate: bool) -> None:
        """Prepare.

        Args:
            context: Its settings.
            name: The name or address that the server has to prove.
            validate: Whether it has to.
        """
        self._context = context
        self._name = name
        self.wanted = validate
        self._is_address = bool(isIPAddress(name) or isIPv6Address(name))
        self.problem: str | None = None
        self.verified = False

    def clientConnectionForTLS(  # noqa: N802 -- Twisted's name
        self,
        tlsProtocol: "TLSMemoryBIOProtocol",  # noqa: ARG002, N803 -- Twisted's name
    ) -> "SSL.Connection":
        """Begin a connection (Twisted: `IOpenSSLClientConnectionCreator`)."""
        from OpenSSL import SSL

        connection = SSL.Connection(self._context)
        if not self._is_address:  # which SNI does not have (RFC 6066 section 3)
            connection.set_tlsext_host_name(self._name.encode("ascii"))
        connection.set_alpn_protos(_PROTOCOLS)
        if self.wanted:
            connection.set_verify(SSL.VERIFY_PEER, self._verify)
        else:
            connection.set_verify(SSL.VERIFY_NONE)
        return connection

    def _verify(
        self, _: "SSL.Connection", certificate: "X509", number: int, depth: int, ok: int
    ) -> bool:
        """Say whether a certificate of the chain will do; OpenSSL asks from the root to the server's own.

        Whatever cannot be answered is no: an exception would end in a callback of C.
        """
        try:
            if not ok:
                self.problem = describe_verification(certificate, number, depth)
            elif depth == 0:
                self._verify_name(certificate)
        except Exception as error:  # noqa: BLE001 -- see above
            self.problem = f"has a certificate that cannot be read: {error!r}"
        return self.problem is None

    def _verify_name(self, certificate: "X509") -> None:
        from service_identity import CertificateError as NoNames
        from service_identity import VerificationError
        from service_identity.pyopenssl import verify_hostname, verify_ip_address

        verify = verify_ip_address if self._is_address else verify_hostname
        try:
            verify(cast("Any", _Shown(certificate)), self._name)
        except (VerificationError, NoNames):
            self.problem = describe_names(certificate, self._name)
        else:
            self.verified = True


def find_weakness(
    connection: "SSL.Connection", creator: IOpenSSLClientConnectionCreator
) -> str | None:
    """Look at what has been agreed on: a context that is not ours may allow too much.

    Args:
        connection: The connection after its handshake.
        creator: What has begun it.

    Returns:
        What is wrong with the server, if anything is.
    """
    if connection.get_protocol_version() < OLDEST_VERSION:
        return f"speaks {connection.get_protocol_version_name()}, which is not safe any more"
    if isinstance(creator, ServerCheck) and creator.wanted and not creator.verified:
        return "has shown no certificate"
    return None


class _Shown:
    """A certificate in the middle of a handshake, where the connection does not hand it out yet."""

    def __init__(self, certificate: "X509") -> None:
        self._certificate = certificate

    def get_peer_certificate(self) -> "X509":
        return self._certificate


def _make_context(tls: TLSOptions) -> "SSL.Context":
    context = begin_context()
    if tls.validate:
        _trust(context, tls.ca_certs)
    if tls.client_cert is not None:
        load_certificate(context, tls.client_cert, "client")
        load_key(context, tls.client_key or tls.client_cert, tls.client_cert, "client")
    context.set_cipher_list(CIPHERS)
    return context


def _trust(context: "SSL.Context", path: str | None) -> None:
    from OpenSSL import SSL, crypto

    if path is None:
        # As Twisted's platformTrust(): OpenSSL's paths, or SSL_CERT_FILE and SSL_CERT_DIR.
        context.set_default_verify_paths()
        return
    check_readable(path, "file of authorities", CertificateError)
    try:
        context.load_verify_locations(path)
    except SSL.Error as error:
        raise CertificateError(
            f"The file of authorities {path}, ca_certs, holds no usable PEM certificate"
            f" ({describe_error(error)}): it is a list of the certificates of those who sign the servers'."
        ) from None
    # What is named here is trusted, an authority that another one has signed, too.
    store = cast("crypto.X509Store", context.get_cert_store())  # None only without memory
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)


def _state(path: str) -> tuple[int, int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116 -- a text
    except OSError:
        return 0, 0, 0  # reading it says why
    return status.st_mtime_ns, status.st_size, status.st_ino
