"""Tornado's `ssl_options` as a mapping: what servers and clients have in common of it."""

import difflib
import ssl
from collections.abc import Collection, Mapping
from os import PathLike, fspath
from typing import Any, Final, NamedTuple

__all__ = ["SSLMapping", "read_ssl_mapping"]

_PATHS: Final = ("certfile", "keyfile", "ca_certs")
_KEYS: Final = (*_PATHS, "cert_reqs", "ssl_version")


class SSLMapping(NamedTuple):
    """What such a mapping says.

    Attributes:
        certfile: Path of our certificate.
        keyfile: Path of its key.
        ca_certs: Path of the certificates of those who sign the other end's.
        cert_reqs: Whether the other end shows a certificate; None if nothing is said.
    """

    certfile: str | None
    keyfile: str | None
    ca_certs: str | None
    cert_reqs: ssl.VerifyMode | None


def read_ssl_mapping(
    options: Mapping[Any, Any], versions: Collection[object], instead: str
) -> SSLMapping:
    """Read a mapping.

    Args:
        options: The mapping.
        versions: What `ssl_version` may be: what Python's `ssl` has that includes TLS 1.2 and newer.
        instead: What can be given instead by whoever wants something else.

    Returns:
        What it says.

    Raises:
        ValueError: A key or its value is not possible; the message says why.
    """
    for name in options:
        if name not in _KEYS:
            raise ValueError(_unknown(name, instead))
    version = options.get("ssl_version")
    if version is not None and version not in versions:
        raise ValueError(
            f"ssl_options has ssl_version {version!r}, but TLS 1.2 and newer are spoken here: leave it out"
        )
    wanted = options.get("cert_reqs")
    if wanted not in (None, ssl.CERT_NONE, ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED):
        raise ValueError(
            f"ssl_options has cert_reqs {wanted!r}: it is ssl.CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED"
        )
    certificate, key, authorities = (_path(options, name) for name in _PATHS)
    return SSLMapping(certificate, key, authorities, wanted)


def _unknown(name: object, instead: str) -> str:
    if name == "ciphers":
        return (
            "ssl_options has ciphers, which are not chosen by name here: TLS 1.2 and newer with forward"
            f" secrecy and AEAD are offered and nothing else. Leave it out, or give {instead}"
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
