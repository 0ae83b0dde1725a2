"""What Tornado's `ssl_options` mean here."""

import difflib
import ssl
from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any, Final, cast

from twisted.internet.interfaces import IOpenSSLContextFactory, IOpenSSLServerConnectionCreator
from twisted.logger import Logger

from cyclone_core.tls import server_context_factory

__all__ = ["context_factory"]

_log = Logger(namespace="cyclone.httpserver")

_KEYS: Final = ("certfile", "keyfile", "ca_certs", "cert_reqs", "ssl_version")

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
    for name in options:
        if name not in _KEYS:
            raise ValueError(_unknown(name))
    certificate = _path(options, "certfile")
    if certificate is None:
        raise ValueError(
            "ssl_options has no 'certfile': the path of the server's certificate, PEM, with its chain"
        )
    version = options.get("ssl_version")
    if version is not None and version not in _VERSIONS:
        raise ValueError(
            f"ssl_options has ssl_version {version!r}, but TLS 1.2 and newer are spoken here: leave it out"
        )
    authorities, required = _clients(options)
    return server_context_factory(
        _path(options, "keyfile") or certificate,
        certificate,
        client_ca_path=authorities,
        require_client_certificate=required,
    )


def _unknown(name: object) -> str:
    if name == "ciphers":
        return (
            "ssl_options has ciphers, which are not chosen by name here: TLS 1.2 and newer with forward"
            " secrecy and AEAD are offered and nothing else. Leave it out, or give " + _OWN_FACTORY
        )
    near = difflib.get_close_matches(str(name), _KEYS)
    hint = f"did you mean {near[0]!r}?" if near else f"its keys are {', '.join(_KEYS)}"
    return f"ssl_options has an unknown key {name!r}; {hint}"


def _path(options: Mapping[Any, Any], name: str) -> str | None:
    value = options.get(name)
    if value is None:
        return None
    if not isinstance(value, (str, PathLike)):
        raise ValueError(  # noqa: TRY004 -- what every bad option raises
            f"ssl_options has {name!r} {value!r}, which is no path"
        )
    return fspath(value)


def _clients(options: Mapping[Any, Any]) -> tuple[str | None, bool]:
    """Tell whose certificates clients may show, and whether they have to."""
    authorities = _path(options, "ca_certs")
    wanted = options.get("cert_reqs", ssl.CERT_NONE)
    if wanted not in (ssl.CERT_NONE, ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED):
        raise ValueError(
            f"ssl_options has cert_reqs {wanted!r}: it is ssl.CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED"
        )
    if wanted == ssl.CERT_NONE:
        if authorities is not None:
            _log.warn(
                "ssl_options has ca_certs but no cert_reqs: clients are not asked for a certificate."
                " ssl.CERT_REQUIRED does that"
            )
        return None, False
    if authorities is None:
        raise ValueError(
            "ssl_options has cert_reqs but no ca_certs: the path of the certificates of those who may"
            " sign the clients'"
        )
    return authorities, wanted == ssl.CERT_REQUIRED
