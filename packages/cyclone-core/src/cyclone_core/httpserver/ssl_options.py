"""What Tornado's `ssl_options` mean here."""

import ssl
from collections.abc import Mapping
from typing import Any, Final, cast

from twisted.internet.interfaces import IOpenSSLContextFactory, IOpenSSLServerConnectionCreator
from twisted.logger import Logger

from cyclone_core.tls import server_context_factory
from cyclone_core.tls.mapping import SSLMapping, read_ssl_mapping

__all__ = ["context_factory"]

_log = Logger(namespace="cyclone.httpserver")

# All that Python's `ssl` has for TLS 1.2 and newer; what it calls TLS includes these.
_VERSIONS: Final = (ssl.PROTOCOL_TLS, ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLSv1_2)

_OWN_FACTORY: Final = (
    "a context factory, which cyclone_core.tls.server_context_factory(key, certificate) and Twisted's"
    " ssl.CertificateOptions are"
)


def context_factory(ssl_options: object) -> Any:  # noqa: ANN401 -- one of Twisted's interfaces
    """Make what Twisted needs for TLS out of the option `ssl_options`.

    Args:
        ssl_options: A mapping with `certfile` and, if that holds no key, `keyfile`, paths of PEM files;
            optionally with `ca_certs`, a path, and `cert_reqs`, a constant of `ssl`, for clients'
            certificates, and with `ssl_version`. Or a context factory, which is returned as it is.

    Returns:
        A context factory. The files have been read.

    Raises:
        TypeError: It is neither; an `ssl.SSLContext` among them, which Twisted cannot use.
        ValueError: A key or its value is not possible; the message says why.
        TLSUnavailable: pyOpenSSL is not installed.
        CertificateError: A certificate file is missing, unreadable or broken.
        PrivateKeyError: The key file is, or it does not belong to the certificate.
    """
    if isinstance(ssl_options, Mapping):
        return _from_mapping(ssl_options)
    if isinstance(ssl_options, ssl.SSLContext):
        raise TypeError(
            "ssl_options is an ssl.SSLContext, which Twisted cannot use, as its TLS is pyOpenSSL's. Give"
            ' {"certfile": PATH, "keyfile": PATH} or ' + _OWN_FACTORY
        )
    known = (IOpenSSLServerConnectionCreator, IOpenSSLContextFactory)
    provided = any(each.providedBy(ssl_options) for each in cast("Any", known))
    # Twisted itself asks old context factories, which provide no interface, for this method.
    if not provided and not callable(getattr(ssl_options, "getContext", None)):
        raise TypeError(
            "ssl_options is a mapping with certfile and keyfile, or "
            + _OWN_FACTORY
            + f", not {ssl_options!r}"
        )
    return ssl_options


def _from_mapping(options: Mapping[Any, Any]) -> object:
    found = read_ssl_mapping(options, _VERSIONS, _OWN_FACTORY)
    if found.certfile is None:
        raise ValueError(
            "ssl_options has no 'certfile': the path of the server's certificate, PEM, with its chain"
        )
    authorities, required = _clients(found)
    return server_context_factory(
        found.keyfile or found.certfile,
        found.certfile,
        client_ca_path=authorities,
        require_client_certificate=required,
    )


def _clients(found: SSLMapping) -> tuple[str | None, bool]:
    """Tell whose certificates clients may show, and whether they have to."""
    if found.cert_reqs in {None, ssl.CERT_NONE}:
        if found.ca_certs is not None:
            _log.warn(
                "ssl_options has ca_certs but no cert_reqs: clients are not asked for a certificate."
                " ssl.CERT_REQUIRED does that"
            )
        return None, False
    if found.ca_certs is None:
        raise ValueError(
            "ssl_options has cert_reqs but no ca_certs: the path of the certificates of those who may"
            " sign the clients'"
        )
    return found.ca_certs, found.cert_reqs == ssl.CERT_REQUIRED
