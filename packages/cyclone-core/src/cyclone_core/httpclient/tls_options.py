"""What a request says about TLS, in the one form that connections are compared by."""

import os
from os import PathLike
from typing import NamedTuple

from cyclone_core.httpclient.errors import InvalidRequest

__all__ = ["DEFAULT_TLS", "TLSOptions", "make_tls_options"]


class TLSOptions(NamedTuple):
    """How the server is trusted, and who we are to it.

    Attributes:
        validate: Whether the server's certificate is verified. If not, everything is still encrypted,
            but nobody knows for whom.
        ca_certs: Absolute path of the certificates, PEM, that are trusted and nothing else. None is
            what the system trusts.
        client_cert: Absolute path of our certificate and its chain, PEM.
        client_key: Absolute path of its private key, PEM; None if the certificate's file has it.
        options: What Twisted has for it: an `IPolicyForHTTPS`, a `CertificateOptions`, or an
            `IOpenSSLClientConnectionCreator`. It is used instead of the three paths.
        server_name: The name that the server is asked for (SNI) and has to prove; None is the host.
    """

    validate: bool = True
    ca_certs: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    options: object | None = None
    server_name: str | None = None


DEFAULT_TLS = TLSOptions()
"""What requests have that say nothing about it."""


def make_tls_options(
    validate: bool | None,
    ca_certs: str | PathLike[str] | None,
    client_cert: str | PathLike[str] | None,
    client_key: str | PathLike[str] | None,
    ssl_options: object | None,
    server_name: str | None,
) -> TLSOptions:
    """Make them of what a request has; see `route_for` for what the parameters are.

    Raises:
        InvalidRequest: There is a key without a certificate.
    """
    if client_key is not None and client_cert is None:
        raise InvalidRequest("client_key needs client_cert, the certificate that it belongs to")
    return TLSOptions(
        validate is not False,
        _absolute(ca_certs),
        _absolute(client_cert),
        _absolute(client_key),
        ssl_options,
        server_name,
    )


def _absolute(path: str | PathLike[str] | None) -> str | None:
    # Relative paths that are equal need not be the same file, once the process has moved.
    return None if path is None else os.path.abspath(path)  # noqa: PTH100 -- texts
