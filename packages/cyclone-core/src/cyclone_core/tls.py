# Copyright 2026 The cyclone developers; see LICENSE.
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

import re
from pathlib import Path
from typing import TYPE_CHECKING

from cyclone_core.errors import CycloneError

if TYPE_CHECKING:
    from OpenSSL.crypto import X509, PKey
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

_PEM_CERTIFICATE = re.compile(
    rb"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----", re.ASCII
)


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
        from OpenSSL import SSL  # noqa: PLC0415 -- the extra `tls`
        from twisted.internet.ssl import (  # noqa: PLC0415 -- needs pyOpenSSL itself
            AcceptableCiphers,
            CertificateOptions,
            TLSVersion,
        )
    except ImportError as error:
        raise TLSUnavailable(
            f'HTTPS needs pyOpenSSL ({error}): pip install "cyclone-core[tls]"'
        ) from None
    certificate, *chain = _certificates(certificate_path)
    options = CertificateOptions(
        privateKey=_private_key(key_path),
        certificate=certificate,
        extraCertChain=chain,
        raiseMinimumTo=TLSVersion.TLSv1_2,
        acceptableCiphers=AcceptableCiphers.fromOpenSSLCipherString(_CIPHERS),  # type: ignore[no-untyped-call]
        acceptableProtocols=[b"http/1.1"],
    )
    try:
        # Made once and kept by the options; without this the first client would meet the error.
        options.getContext()
    except SSL.Error as error:
        raise PrivateKeyError(
            f"The key in {key_path} and the certificate in {certificate_path} do not work together "
            f"({_reason(error)}): is it the key that the certificate was made with?"
        ) from None
    return options


def _read(path: str, kind: str, error_class: type[TLSError]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise error_class(
            f"The {kind} {path} cannot be read: {error.strerror or error}. Check the path and who "
            "may read the file."
        ) from None


def _certificates(path: str) -> "list[X509]":
    from OpenSSL import crypto  # noqa: PLC0415 -- the extra `tls`

    blocks = _PEM_CERTIFICATE.findall(_read(path, "certificate file", CertificateError))
    if not blocks:
        raise CertificateError(
            f"The certificate file {path} holds no PEM certificate: it must contain a line "
            '"-----BEGIN CERTIFICATE-----".'
        )
    try:
        return [crypto.load_certificate(crypto.FILETYPE_PEM, block) for block in blocks]
    except crypto.Error as error:
        raise CertificateError(
            f"The certificate file {path} is damaged ({_reason(error)}): copy it again."
        ) from None


def _private_key(path: str) -> "PKey":
    from OpenSSL import crypto  # noqa: PLC0415 -- the extra `tls`

    text = _read(path, "key file", PrivateKeyError)
    if b"ENCRYPTED" in text:
        # Otherwise OpenSSL asks for the passphrase on the terminal, and a daemon has none.
        raise PrivateKeyError(
            f"The key in {path} is protected by a passphrase: write one without it with "
            f"`openssl pkey -in {path} -out server.key`."
        )
    try:
        return crypto.load_privatekey(crypto.FILETYPE_PEM, text)
    except crypto.Error as error:
        raise PrivateKeyError(
            f"The key file {path} holds no usable PEM key ({_reason(error)}): it must contain a "
            'line "-----BEGIN PRIVATE KEY-----".'
        ) from None


def _reason(error: Exception) -> str:
    """Take the reasons out of an OpenSSL error: its argument lists (library, function, reason)."""
    reasons = [entry[-1] for entry in error.args[0]] if error.args else []
    return ", ".join(reason for reason in reasons if reason) or "OpenSSL gives no reason"
