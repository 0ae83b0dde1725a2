"""One OpenSSL context for a server: what it offers, and the files that it reads."""

import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cyclone_core.tls.errors import CertificateError, PrivateKeyError, TLSError, TLSUnavailable

if TYPE_CHECKING:
    from OpenSSL import SSL

__all__ = ["make_context", "verify_clients"]

# TLS 1.3 has AEAD suites only and OpenSSL keeps them in a list of their own. Level 2, the default of
# newer OpenSSL, refuses RSA keys below 2048 bits and SHA-1 signatures.
_CIPHERS: Final = b"ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2"

_PROTOCOLS: Final = (b"http/1.1", b"http/1.0")

# Four times what a system's list of all authorities has.
_LARGEST_FILE: Final = 1024 * 1024


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
    try:
        from OpenSSL import SSL
    except ImportError as error:
        raise TLSUnavailable(
            f'HTTPS needs pyOpenSSL ({error}): pip install "cyclone-core[tls]"'
        ) from None
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    # Renegotiation: each would cost the server a handshake, the client almost nothing. Tickets: their
    # key lives as long as the context, and with it anybody can read what TLS 1.2 has said since.
    context.set_options(
        SSL.OP_NO_COMPRESSION
        | SSL.OP_NO_RENEGOTIATION
        | SSL.OP_NO_TICKET
        | SSL.OP_CIPHER_SERVER_PREFERENCE
    )
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_session_id(secrets.token_bytes(16))  # OpenSSL asks for it with client certificates
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # 34 KiB less for each idle connection
    context.set_alpn_select_callback(_choose_protocol)
    _load_certificate(context, certificate_path)
    _load_key(context, key_path, certificate_path)
    # Last: some releases of pyOpenSSL make a connection here, after which a context is closed to changes.
    context.set_cipher_list(_CIPHERS)
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

    _check_readable(authorities, "file of client authorities", CertificateError)
    try:
        context.load_verify_locations(authorities)
        context.load_client_ca(os.fsencode(authorities))
    except SSL.Error as error:
        raise CertificateError(
            f"The file of client authorities {authorities} holds no usable PEM certificate "
            f"({_reason(error)}): it is a list of the certificates of those who sign the clients'."
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


def _load_certificate(context: "SSL.Context", path: str) -> None:
    from OpenSSL import SSL

    _check_readable(path, "certificate file", CertificateError)
    try:
        # OpenSSL loads the files itself: pyOpenSSL's own certificate objects are deprecated.
        context.use_certificate_chain_file(path)
    except SSL.Error as error:
        raise CertificateError(
            f"The certificate file {path} holds no usable PEM certificate "
            f'({_reason(error)}): it begins with "-----BEGIN CERTIFICATE-----", the server\'s own '
            "certificate first."
        ) from None


def _load_key(context: "SSL.Context", path: str, certificate_path: str) -> None:
    from OpenSSL import SSL

    if b"ENCRYPTED" in _check_readable(path, "key file", PrivateKeyError):
        # Otherwise OpenSSL asks for the passphrase on the terminal, and a daemon has none.
        raise PrivateKeyError(
            f"The key in {path} is protected by a passphrase: write one without it with "
            f"`openssl pkey -in {path} -out server.key`."
        )
    try:
        context.use_privatekey_file(path)
        context.check_privatekey()
    except SSL.Error as error:
        raise PrivateKeyError(
            f"The key in {path} does not work with the certificate in {certificate_path} "
            f"({_reason(error)}): give the PEM key that this certificate was made for."
        ) from None


def _check_readable(path: str, kind: str, error_class: type[TLSError]) -> bytes:
    """Read a file before OpenSSL does, which tells less and waits for ever where a pipe has no writer."""
    try:
        status = Path(path).stat()
        regular = stat.S_ISREG(status.st_mode)
        if regular and status.st_size <= _LARGEST_FILE:
            with Path(path).open("rb") as file:
                return file.read(_LARGEST_FILE)
    except OSError as error:
        raise error_class(
            f"The {kind} {path} cannot be read: {error.strerror}. Check the path and who may read "
            "the file."
        ) from None
    if not regular:
        raise error_class(
            f"The {kind} {path} is no regular file but a {_kind(status.st_mode)}, which could keep the "
            "server waiting: give the path of a PEM file."
        )
    raise error_class(
        f"The {kind} {path} has {status.st_size} bytes, more than {_LARGEST_FILE}: it is no PEM file "
        "of a key or of certificates. Check the path."
    )


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "directory"
    return "pipe" if stat.S_ISFIFO(mode) else "device or socket"


def _reason(error: Exception) -> str:
    """Take the reasons out of an OpenSSL error: its argument lists (library, function, reason)."""
    reasons = [entry[-1] for entry in error.args[0]] if error.args else []
    return ", ".join(reason for reason in reasons if reason) or "OpenSSL gives no reason"
