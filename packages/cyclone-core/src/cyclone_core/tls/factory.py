"""A safe TLS context for a server: what `listenSSL` needs, from two PEM files.

TLS 1.2 and newer, forward secrecy and AEAD suites only (RFC 9325, sections 3.1 and 4.2), HTTP/1.1
offered by ALPN (RFC 7301). pyOpenSSL comes with the extra `tls` and is imported when first needed.

```
TLSError               a CycloneError
├── TLSUnavailable       pyOpenSSL is not installed
├── CertificateError     the certificate file is missing, unreadable or no PEM certificate
└── PrivateKeyError      the same of the key file, or the key is not the certificate's
```
"""

from pathlib import Path
from typing import TYPE_CHECKING

from cyclone_core.errors import CycloneError

if TYPE_CHECKING:
    from twisted.internet.ssl import CertificateOptions

__all__ = [
    "CertificateError",
    "PrivateKeyError",
    "TLSError",
    "TLSUnavailable",
    "server_context_factory",
]

# TLS 1.3 has AEAD suites only and OpenSSL keeps them in a list of their own.
_CIPHERS = "ECDHE+CHACHA20:ECDHE+AESGCM"


class TLSError(CycloneError):
    """A TLS context cannot be made."""


class TLSUnavailable(TLSError):  # noqa: N818 -- an error by its base; the name says what happened
    """pyOpenSSL is not installed."""


class CertificateError(TLSError):
    """The certificate file cannot be used."""


class PrivateKeyError(TLSError):
    """The private key file cannot be used, or belongs to another certificate."""


def server_context_factory(key_path: str, certificate_path: str) -> "CertificateOptions":
    """Make the context factory of a server.

    The files are read now, so that a process may give up its rights afterwards.

    Args:
        key_path: Path of the private key, PEM, without a passphrase.
        certificate_path: Path of the certificate, PEM. The certificates that follow it in the same
            file are sent as its chain.

    Returns:
        What `reactor.listenSSL` takes as `contextFactory`.

    Raises:
        TLSUnavailable: If pyOpenSSL is not installed.
        CertificateError: If the certificate file is missing, unreadable or broken.
        PrivateKeyError: If the key file is, or the two do not belong together.
    """
    try:
        from OpenSSL import SSL
        from twisted.internet.ssl import (
            AcceptableCiphers,
            CertificateOptions,
            TLSVersion,
        )
    except ImportError as error:
        raise TLSUnavailable(
            f'HTTPS needs pyOpenSSL ({error}): pip install "cyclone-core[tls]"'
        ) from None
    _check_readable(certificate_path, "certificate file", CertificateError)
    if b"ENCRYPTED" in _check_readable(key_path, "key file", PrivateKeyError):
        # Otherwise OpenSSL asks for the passphrase on the terminal, and a daemon has none.
        raise PrivateKeyError(
            f"The key in {key_path} is protected by a passphrase: write one without it with "
            f"`openssl pkey -in {key_path} -out server.key`."
        )
    options = CertificateOptions(
        raiseMinimumTo=TLSVersion.TLSv1_2,
        acceptableCiphers=AcceptableCiphers.fromOpenSSLCipherString(_CIPHERS),
        acceptableProtocols=[b"http/1.1"],
    )
    # The options keep this one context. OpenSSL loads the files itself: handing certificate objects
    # through Twisted is deprecated in pyOpenSSL, and the newer way is unknown to older releases.
    context = options.getContext()
    try:
        context.use_certificate_chain_file(certificate_path)
    except SSL.Error as error:
        raise CertificateError(
            f"The certificate file {certificate_path} holds no usable PEM certificate "
            f'({_reason(error)}): it begins with "-----BEGIN CERTIFICATE-----", the server\'s own '
            "certificate first."
        ) from None
    try:
        context.use_privatekey_file(key_path)
        context.check_privatekey()
    except SSL.Error as error:
        raise PrivateKeyError(
            f"The key in {key_path} does not work with the certificate in {certificate_path} "
            f"({_reason(error)}): give the PEM key that this certificate was made for."
        ) from None
    return options


def _check_readable(path: str, kind: str, error_class: type[TLSError]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise error_class(
            f"The {kind} {path} cannot be read: {error.strerror}. Check the path and who may read "
            "the file."
        ) from None


def _reason(error: Exception) -> str:
    """Take the reasons out of an OpenSSL error: its argument lists (library, function, reason)."""
    reasons = [entry[-1] for entry in error.args[0]] if error.args else []
    return ", ".join(reason for reason in reasons if reason) or "OpenSSL gives no reason"
