"""What is found in contexts that somebody else has made."""

import ssl

import pytest
from OpenSSL import SSL
from twisted.internet.ssl import DefaultOpenSSLContextFactory
from twisted.internet.testing import StringTransport

from cyclone_core.tls import server_context_factory, weakness

from .conftest import Files, Shake


class Loose(DefaultOpenSSLContextFactory):
    """Twisted's factory with another list of suites, chosen by a test."""

    suites = b"ALL"

    def cacheContext(self) -> None:  # noqa: N802 -- Twisted's name
        """Make the context."""
        super().cacheContext()  # type: ignore[no-untyped-call]
        self.getContext().set_cipher_list(self.suites)  # type: ignore[no-untyped-call]


def loose(files: Files, chosen: bytes) -> Loose:
    """A factory with these suites."""
    kind = type("Chosen", (Loose,), {"suites": chosen})
    made: Loose = kind(*files.pair("rsa"))
    return made


def client(files: Files) -> ssl.SSLContext:
    """A client of the pair `rsa`."""
    return files.client("rsa")


def test_ours(files: Files, shake: Shake) -> None:
    """Our own contexts are not weak."""
    assert weakness(shake(files.client()).server) is None
    pair = files.pair("b")
    hosts = server_context_factory(*files.pair("rsa"), hosts={"other.example": pair})
    assert weakness(shake(client(files), factory=hosts).server) is None


def test_plain() -> None:
    """A connection without TLS has no weak TLS."""
    assert weakness(StringTransport()) is None


def test_default_of_twisted(files: Files, shake: Shake) -> None:
    """Twisted's default offers CBC; the sentence counts the suites and names the remedy."""
    factory = DefaultOpenSSLContextFactory(*files.pair("rsa"))  # type: ignore[no-untyped-call]
    found = weakness(shake(client(files), factory=factory).server)
    assert found is not None
    assert "cipher suites without forward secrecy or AEAD, like " in found
    assert "TLS 1.2" not in found
    assert found.endswith("cyclone_core.tls.server_context_factory makes one that does not.")


@pytest.mark.parametrize(
    ("chosen", "named"),
    [
        (b"ECDHE+AESGCM", None),
        (b"DHE+AESGCM:ECDHE+CHACHA20:ECDHE+AESCCM", None),
        (b"ECDHE-RSA-AES128-SHA", "1 cipher suites without .* like ECDHE-RSA-AES128-SHA:"),
        (b"ECDHE+AESGCM:AES128-GCM-SHA256", "1 cipher suites .* like AES128-GCM-SHA256:"),
    ],
)
def test_suites(files: Files, shake: Shake, chosen: bytes, named: str | None) -> None:
    """Suites count that lack forward secrecy or AEAD, and no others."""
    found = weakness(shake(client(files), factory=loose(files, chosen)).server)
    if named is None:
        assert found is None
    else:
        with pytest.raises(ValueError, match=named):
            raise ValueError(found)


def test_old_versions(files: Files, shake: Shake) -> None:
    """A context that takes TLS 1.1 is found out, and asking changes nothing for its clients."""
    factory = loose(files, b"ALL:@SECLEVEL=0")
    for _ in range(2):
        shaken = shake(client(files), factory=factory)
        found = weakness(shaken.server)
        assert found is not None
        assert "offers versions older than TLS 1.2 and " in found
        shaken.server.write(b"still here")
        assert shaken.read() == b"still here"


def test_openssl_without_old_versions(
    files: Files, shake: Shake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An OpenSSL that does not know old versions offers none."""

    def refuse(*_: object) -> None:
        raise SSL.Error([])

    shaken = shake(files.client())
    monkeypatch.setattr(SSL.Context, "set_max_proto_version", refuse)
    assert weakness(shaken.server) is None
