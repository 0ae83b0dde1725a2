"""TLS to a Redis server: verified unless the program says otherwise.

txredisapi's `ssl_context_factory=True` asks no server who it is. Here it means `client_tls(host)`.
"""

from typing import TYPE_CHECKING, Any, Final, cast

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.python.failure import Failure
from zope.interface import implementer

from cyclone_storage.redis.errors import CertificateError
from cyclone_storage.redis.tls.files import load_client_certificate, trust
from cyclone_storage.redis.tls.problems import describe_names, describe_verification

if TYPE_CHECKING:
    from OpenSSL import SSL
    from OpenSSL.crypto import X509
    from twisted.protocols.tls import TLSMemoryBIOProtocol

__all__ = ["client_tls"]

# TLS 1.3 has suites of this kind only, in a list of its own. Level 2 refuses RSA keys below 2048 bits and
# signatures with SHA-1.
_CIPHERS: Final = b"ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2"


def client_tls(
    host: str,
    ca_certs: str | None = None,
    client_cert: str | None = None,
    client_key: str | None = None,
    verify: bool = True,
    server_name: str | None = None,
) -> IOpenSSLClientConnectionCreator:
    """Make what begins TLS on connections to a Redis server.

    TLS 1.2 or newer with authenticated encryption only; no compression, no renegotiation.

    Args:
        host: The name or address that connections are made to.
        ca_certs: Path of a PEM file of the authorities that are trusted; None: those of the system.
        client_cert: Path of a PEM file with the certificate that the server wants of us, its chain after it.
        client_key: Path of a PEM file with its private key; None: it is in `client_cert`.
        verify: Whether the server has to prove that it is `server_name`. Without that anybody on the way
            can read and change everything, the password included.
        server_name: The name or address that the server has to prove, if it is not `host`.

    Returns:
        It, for `wrapClientTLS`, `ssl_context_factory` or `TLSMemoryBIOFactory`. One will do for all
        connections to this server. Where there are several, as with shards and sentinels,
        `ssl_context_factory=functools.partial(client_tls, ca_certs="ca.pem")` makes one for each host.

    Raises:
        TLSError: A file cannot be read, or does not hold what it should.
        ValueError: The name is none, or a key was given without its certificate.
    """
    if client_key is not None and client_cert is None:
        raise ValueError(
            f"client_key is {client_key}, but there is no client_cert: give the certificate of this key, too."
        )
    name = _canonical(server_name or host)
    from OpenSSL import SSL

    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    if verify:
        trust(context, ca_certs)
    if client_cert is not None:
        load_client_certificate(context, client_cert, client_key or client_cert)
    # At last: some releases of pyOpenSSL make a connection here, which closes a context to changes.
    context.set_cipher_list(_CIPHERS)
    return ClientTLS(context, name, verify=verify)


@implementer(IOpenSSLClientConnectionCreator)
class ClientTLS:
    """Begins TLS on connections to one server."""

    def __init__(self, context: "SSL.Context", name: str, *, verify: bool) -> None:
        """Prepare.

        Args:
            context: Its settings.
            name: The name or address that the server has to prove.
            verify: Whether it has to.
        """
        self._context = context
        self._name = name
        self._verify = verify

    def clientConnectionForTLS(  # noqa: N802 -- Twisted's name
        self,
        tlsProtocol: "TLSMemoryBIOProtocol",  # noqa: N803 -- Twisted's name
    ) -> "SSL.Connection":
        """Begin one (Twisted: `IOpenSSLClientConnectionCreator`).

        Args:
            tlsProtocol: What it is for.

        Returns:
            The connection of OpenSSL.
        """
        from OpenSSL import SSL

        connection = SSL.Connection(self._context)
        if not _is_address(self._name):  # which SNI does not have (RFC 6066 section 3)
            connection.set_tlsext_host_name(self._name.encode("ascii"))
        if self._verify:
            connection.set_verify(SSL.VERIFY_PEER, _Check(tlsProtocol, self._name))
        else:
            connection.set_verify(SSL.VERIFY_NONE)
        return connection


class _Check:
    """Finds out who is at the other end of a connection.

    Twisted's `optionsForClientTLS` is not used: a certificate that names no host at all is good for every
    host there, as its callback lets pass what it cannot read.
    """

    def __init__(self, protocol: "TLSMemoryBIOProtocol", name: str) -> None:
        self._protocol = protocol
        self._name = name

    def __call__(
        self, _: "SSL.Connection", certificate: "X509", number: int, depth: int, ok: int
    ) -> bool:
        """Say whether a certificate will do; OpenSSL asks from the root to the server's own.

        Whatever cannot be answered is no: an exception would end in a callback of C.
        """
        try:
            problem = self._find_problem(certificate, number, depth, ok)
        except Exception as error:  # noqa: BLE001 -- see above
            problem = f"has a certificate that cannot be read: {error!r}"
        if problem is None:
            return True
        # This is what the protocol's connectionLost gets in place of OpenSSL's error.
        text = f"The Redis server that has to be {self._name!r} {problem}"
        self._protocol.failVerification(Failure(CertificateError(text)))
        return False

    def _find_problem(self, certificate: "X509", number: int, depth: int, ok: int) -> str | None:
        if not ok:
            return describe_verification(certificate, number, depth)
        if depth > 0:
            return None
        from service_identity import CertificateError as NoNames
        from service_identity import VerificationError
        from service_identity.pyopenssl import verify_hostname, verify_ip_address

        check = verify_ip_address if _is_address(self._name) else verify_hostname
        try:
            check(cast("Any", _Shown(certificate)), self._name)
        except (VerificationError, NoNames):
            return describe_names(certificate)
        return None


class _Shown:
    """A certificate in the middle of a handshake, where the connection does not hand it out yet."""

    def __init__(self, certificate: "X509") -> None:
        self._certificate = certificate

    def get_peer_certificate(self) -> "X509":
        return self._certificate


def _is_address(name: str) -> bool:
    return isIPAddress(name) or isIPv6Address(name)


def _canonical(name: str) -> str:
    """Return a name as certificates have it: in ASCII, and without the dot that makes it absolute."""
    try:
        canonical = name if _is_address(name) else name.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError(f"{name!r} is no name of a host: {error}") from None
    canonical = canonical.removesuffix(".")
    if not canonical:
        raise ValueError(
            "The name that the server has to prove is empty: give host, or server_name."
        )
    return canonical
