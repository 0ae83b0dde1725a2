"""One OpenSSL context for a server: what it offers, and the files that it reads."""

import os
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cyclone_core.tls.errors import CertificateError
from cyclone_core.tls.files import check_readable, describe_error, load_certificate, load_key
from cyclone_core.tls.policy import CIPHERS, begin_context

if TYPE_CHECKING:
    from OpenSSL import SSL

__all__ = ["make_context", "verify_clients"]

_PROTOCOLS: Final = (b"http/1.1", b"http/1.0")


def make_context(key_path: str, certificate_path: str) -> "SSL.Context":
    """Make a context that serves one certificate. The files are read now.

    Args:
        key_path: Path of the private key.
        certificate_path: Path of the certificate and its chain.

    Returns:
        The context, which no connection has used yet.

    Raises:
        TLSUnavailable: If pyOpenSSL is not installed.
        CertificateError: If the certificate file is missing, unreadable or broken.
        PrivateKeyError: If the key file is, or the two do not belong together.
    """
    context = begin_context()
    from OpenSSL import SSL

    # Tickets: their key lives as long as the context, and with it anybody can read what TLS 1.2 has said
    # since.
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_CIPHER_SERVER_PREFERENCE)
    context.set_session_id(secrets.token_bytes(16))  # OpenSSL asks for it with client certificates
    context.set_alpn_select_callback(_choose_protocol)
    load_certificate(context, certificate_path, "server")
    load_key(context, key_path, certificate_path, "server")
    context.set_cipher_list(CIPHERS)
    return context


def verify_clients(context: "SSL.Context", authorities: str, *, required: bool) -> None:
    """Ask clients for certificates.

    Args:
        context: What `make_context` has returned.
        authorities: Path of the certificates, PEM, of those who may have signed the clients'.
        required: Whether a client without a certificate is refused.

    Raises:
        CertificateError: If the file is missing, unreadable or broken.
    """
    from OpenSSL import SSL

    check_readable(authorities, "file of client authorities", CertificateError)
    try:
        context.load_verify_locations(authorities)
        context.load_client_ca(os.fsencode(authorities))
    except SSL.Error as error:
        raise CertificateError(
            f"The file of client authorities {authorities} holds no usable PEM certificate "
            f"({describe_error(error)}): it is a list of the certificates of those who sign the clients'."
        ) from None
    required_flag = SSL.VERIFY_FAIL_IF_NO_PEER_CERT if required else 0
    context.set_verify(SSL.VERIFY_PEER | required_flag)


def _choose_protocol(_: "SSL.Connection", offered: Sequence[bytes]) -> bytes:
    """Agree on HTTP, or refuse the connection (RFC 7301 section 3.2, ALPACA).

    To go on without an agreement, as Twisted does, would let a client take these answers for those of
    the protocol that it has asked for.
    """
    for protocol in _PROTOCOLS:
        if protocol in offered:
            return protocol
    from OpenSSL import SSL

    # pyOpenSSL turns any exception into the alert; this class is what Twisted expects of a handshake.
    raise SSL.Error([("SSL routines", "", "the client speaks no HTTP/1.1")])
