"""The exceptions of the TLS module; the tree stands in its docstring."""

from cyclone_core.errors import CycloneError

__all__ = ["CertificateError", "PrivateKeyError", "TLSError", "TLSUnavailable"]


class TLSError(CycloneError):
    """A TLS context cannot be made."""


class TLSUnavailable(TLSError):  # noqa: N818 -- an error by its base; the name says what happened
    """pyOpenSSL is not installed."""


class CertificateError(TLSError):
    """The certificate file cannot be used."""


class PrivateKeyError(TLSError):
    """The private key file cannot be used, or belongs to another certificate."""
