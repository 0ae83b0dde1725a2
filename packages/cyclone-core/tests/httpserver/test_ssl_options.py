"""The option `ssl_options`."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from cyclone_core.httpserver.ssl_options import context_factory
from cyclone_core.testing.certificates import write_certificate
from cyclone_core.tls import CertificateError, PrivateKeyError, ServerContextFactory

pytest.importorskip("OpenSSL")

from OpenSSL import SSL
from twisted.internet.ssl import CertificateOptions, DefaultOpenSSLContextFactory
from twisted.logger import formatEvent

Log = Any  # it is in conftest.py


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A key and its certificate."""
    return write_certificate(tmp_path_factory.mktemp("tls"))


def verify_mode(made: object) -> int:
    """What a context asks of clients."""
    assert isinstance(made, ServerContextFactory)
    mode: int = made.getContext().get_verify_mode()
    return mode


def test_two_files(files: dict[str, str]) -> None:
    """Tornado's mapping makes a context of ours; clients need no certificate."""
    assert verify_mode(context_factory(files)) == SSL.VERIFY_NONE
    assert verify_mode(context_factory({key: Path(path) for key, path in files.items()})) == 0


def test_one_file(files: dict[str, str], tmp_path: Path) -> None:
    """The certificate's file may hold the key as well."""
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join([Path(path).read_bytes() for path in files.values()]))
    assert verify_mode(context_factory({"certfile": str(both)})) == 0
    assert verify_mode(context_factory({"certfile": str(both), "keyfile": None})) == 0


@pytest.mark.parametrize(
    ("wanted", "mode"),
    [
        (ssl.CERT_NONE, SSL.VERIFY_NONE),
        (ssl.CERT_OPTIONAL, SSL.VERIFY_PEER),
        (ssl.CERT_REQUIRED, SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT),
    ],
)
def test_clients(files: dict[str, str], wanted: ssl.VerifyMode, mode: int, log: Log) -> None:
    """Clients are asked for a certificate as `cert_reqs` says."""
    made = context_factory({**files, "ca_certs": files["certfile"], "cert_reqs": wanted})
    assert verify_mode(made) == mode
    assert bool(log.events) == (wanted == ssl.CERT_NONE)


def test_authorities_for_nothing(files: dict[str, str], log: Log) -> None:
    """Authorities alone ask nobody, as in Tornado; that is said."""
    assert verify_mode(context_factory({**files, "ca_certs": files["certfile"]})) == 0
    assert "clients are not asked" in str(formatEvent(log.events[0]))


@pytest.mark.parametrize("version", [None, ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLSv1_2])
def test_versions(files: dict[str, str], version: object) -> None:
    """A version that is spoken may be named."""
    assert verify_mode(context_factory({**files, "ssl_version": version})) == 0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"ssl_version": ssl.PROTOCOL_TLSv1_1}, "TLS 1.2 and newer"),
        ({"ssl_version": ssl.PROTOCOL_TLS_CLIENT}, "TLS 1.2 and newer"),
        ({"ciphers": "ALL"}, "ciphers, which are not chosen by name .*CertificateOptions"),
        ({"certificate": "x"}, "unknown key 'certificate'; did you mean 'certfile'"),
        ({"q": 1}, "unknown key 'q'; its keys are certfile, keyfile"),
        ({"keyfile": 5}, "'keyfile' 5, which is no path"),
        ({"certfile": None}, "no 'certfile'"),
        ({"cert_reqs": "required"}, "cert_reqs 'required'"),
        ({"cert_reqs": ssl.CERT_REQUIRED}, "cert_reqs but no ca_certs"),
    ],
)
def test_impossible(files: dict[str, str], more: dict[str, object], message: str) -> None:
    """What cannot be had is refused, with what to do."""
    with pytest.raises(ValueError, match=message):
        context_factory({**files, **more})


def test_files_are_read(files: dict[str, str]) -> None:
    """A wrong file is found when the server is made, not when a client comes."""
    with pytest.raises(CertificateError, match=r"missing\.crt"):
        context_factory({**files, "certfile": "missing.crt"})
    with pytest.raises(PrivateKeyError, match=r"missing\.key"):
        context_factory({**files, "keyfile": "missing.key"})


def test_own_factories(files: dict[str, str]) -> None:
    """A context factory is used as it is, whichever of Twisted's interfaces it has."""

    class Old:
        def getContext(self) -> object:  # noqa: N802 -- Twisted's name
            raise NotImplementedError

    own = [
        CertificateOptions(),
        DefaultOpenSSLContextFactory(files["keyfile"], files["certfile"]),
        context_factory(files),
        Old(),
    ]
    assert [context_factory(each) for each in own] == own


def test_context_of_python() -> None:
    """An `SSLContext`, which Tornado recommends, is refused with what to give instead."""
    with pytest.raises(TypeError, match=r"which Twisted cannot use.*certfile.*keyfile"):
        context_factory(ssl.create_default_context(ssl.Purpose.CLIENT_AUTH))


@pytest.mark.parametrize("value", ["server.crt", True, 5, []])
def test_nonsense(value: object) -> None:
    """Something else is refused, too."""
    with pytest.raises(
        TypeError, match="a mapping with certfile and keyfile, or a context factory"
    ):
        context_factory(value)
