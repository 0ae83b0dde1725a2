"""Tornado's `ssl_options` as a mapping, for either end."""

import ssl
from pathlib import Path

import pytest

from cyclone_core.tls.mapping import SSLMapping, read_ssl_mapping

VERSIONS = (ssl.PROTOCOL_TLS_CLIENT,)


def test_all_keys() -> None:
    """Every key has its place; paths may be objects."""
    options = {
        "certfile": Path("a.crt"),
        "keyfile": "a.key",
        "ca_certs": "root.crt",
        "cert_reqs": ssl.CERT_REQUIRED,
        "ssl_version": ssl.PROTOCOL_TLS_CLIENT,
    }
    found = read_ssl_mapping(options, VERSIONS, "something else")
    assert found == SSLMapping("a.crt", "a.key", "root.crt", ssl.CERT_REQUIRED)


def test_no_keys() -> None:
    """Nothing is needed here."""
    assert read_ssl_mapping({}, VERSIONS, "something else") == SSLMapping(None, None, None, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ciphers": "ALL"}, "ciphers, which are not chosen .*give something else$"),
        ({"certifle": "x"}, "unknown key 'certifle'; did you mean 'certfile'"),
        ({5: "x"}, "unknown key 5; its keys are certfile, keyfile, ca_certs, cert_reqs, ssl_v"),
        ({"ssl_version": ssl.PROTOCOL_TLS_SERVER}, "TLS 1.2 and newer are spoken here"),
        ({"cert_reqs": [1]}, r"cert_reqs \[1\]: it is ssl.CERT_NONE"),
        ({"ca_certs": 5}, "'ca_certs' 5, which is no path"),
    ],
)
def test_impossible(options: dict[object, object], message: str) -> None:
    """What cannot be had is refused, with what to do."""
    with pytest.raises(ValueError, match=message):
        read_ssl_mapping(options, VERSIONS, "something else")
