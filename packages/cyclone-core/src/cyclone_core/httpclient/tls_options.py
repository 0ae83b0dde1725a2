"""What a request says about TLS, in the one form that connections are compared by."""

import os
import ssl
from collections.abc import Mapping
from os import PathLike
from typing import Any, Final, NamedTuple, cast

from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IOpenSSLContextFactory
from twisted.web.iweb import IPolicyForHTTPS

from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.hosts import format_host, normalize_host
from cyclone_core.tls.mapping import read_ssl_mapping

__all__ = ["DEFAULT_TLS", "TLSOptions", "make_tls_options", "without_certificate"]

# All that Python's `ssl` has for TLS 1.2 and newer; what it calls TLS includes these.
_VERSIONS: Final = (ssl.PROTOCOL_TLS, ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLSv1_2)

_KNOWN: Final = (IPolicyForHTTPS, IOpenSSLContextFactory, IOpenSSLClientConnectionCreator)

_OURS: Final = ("certfile", "keyfile")

_INSTEAD: Final = (
    "what Twisted has for it: IPolicyForHTTPS, ssl.CertificateOptions, or what"
    " ssl.optionsForClientTLS(host) makes"
)


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
    *,
    validate: bool | None = None,
    ca_certs: str | PathLike[str] | None = None,
    client_cert: str | PathLike[str] | None = None,
    client_key: str | PathLike[str] | None = None,
    ssl_options: object | None = None,
    server_name: str | None = None,
) -> TLSOptions:
    """Make them of what a request has; see `route_for` for what the parameters are.

    Returns:
        The options. Files are not read yet.

    Raises:
        InvalidRequest: There is a key without a certificate, the name is none, or `ssl_options` is a
            mapping with an impossible key or value.
        TypeError: `ssl_options` is nothing that can be used; an `ssl.SSLContext` among them.
    """
    name = None if server_name is None else _name(server_name)
    if isinstance(ssl_options, Mapping):
        try:
            found = read_ssl_mapping(ssl_options, _VERSIONS, _INSTEAD)
        except ValueError as error:
            raise InvalidRequest(str(error)) from None
        validate = found.cert_reqs != ssl.CERT_NONE
        ca_certs, client_cert, client_key = found.ca_certs, found.certfile, found.keyfile
    elif ssl_options is not None:
        return TLSOptions(validate is not False, None, None, None, _check(ssl_options), name)
    if client_key is not None and client_cert is None:
        raise InvalidRequest("client_key needs client_cert, the certificate that it belongs to")
    paths = (_absolute(ca_certs), _absolute(client_cert), _absolute(client_key))
    return TLSOptions(validate is not False, *paths, None, name)


def without_certificate(ssl_options: object) -> object | None:
    """Take out of `ssl_options` what shows who we are, for a server that it is not meant for.

    Args:
        ssl_options: See `make_tls_options`.

    Returns:
        The same without a certificate of ours. None, which is the system's trust, if nobody can look into
        it; a server that only the other one trusts is refused then.
    """
    if isinstance(ssl_options, Mapping):
        return {name: ssl_options[name] for name in ssl_options if name not in _OURS}
    # A policy is asked for each host; CertificateOptions tell what they have.
    if IPolicyForHTTPS.providedBy(ssl_options) or getattr(ssl_options, "privateKey", 0) is None:
        return ssl_options
    return None


def _check(ssl_options: object) -> object:
    if isinstance(ssl_options, ssl.SSLContext):
        raise TypeError(
            "ssl_options is an ssl.SSLContext, which Twisted cannot use, as its TLS is pyOpenSSL's. Give"
            f" ca_certs, client_cert and client_key, or {_INSTEAD}"
        )
    provided = any(each.providedBy(ssl_options) for each in cast("Any", _KNOWN))
    # Twisted itself asks old context factories, which provide no interface, for this method.
    if not provided and not callable(getattr(ssl_options, "getContext", None)):
        raise TypeError(
            "ssl_options is a mapping with certfile, keyfile, ca_certs and cert_reqs, or"
            f" {_INSTEAD}, not {ssl_options!r}"
        )
    return ssl_options


def _name(text: str) -> str:
    bare = text[1:-1] if text.startswith("[") else text
    try:
        return normalize_host(format_host(bare)).removesuffix(".")
    except InvalidRequest as error:
        raise InvalidRequest(f"server_name={text!r} cannot be proved: {error}") from None


def _absolute(path: str | PathLike[str] | None) -> str | None:
    # Relative paths that are equal need not be the same file, once the process has moved.
    return None if path is None else os.path.abspath(path)  # noqa: PTH100 -- texts
