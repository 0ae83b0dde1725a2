"""The TLS context of a server: what it accepts, and each file it cannot use."""

import contextlib
import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cyclone_core.errors import CycloneError
from cyclone_core.tls import (
    CertificateError,
    PrivateKeyError,
    TLSError,
    TLSUnavailable,
    server_context_factory,
)

from .conftest import Files, Shake

if TYPE_CHECKING:
    from OpenSSL import SSL


def test_the_newest_version_is_spoken_and_http_agreed_on(files: Files, shake: Shake) -> None:
    """A checking client gets TLS 1.3, the certificate of the name, and http/1.1 by ALPN."""
    context = files.client()
    context.set_alpn_protocols(["h2", "http/1.0", "http/1.1"])
    client = shake(context).client
    assert client.version() == "TLSv1.3"
    assert client.selected_alpn_protocol() == "http/1.1"
    assert client.compression() is None


def test_http_1_0_is_agreed_on_if_there_is_nothing_better(files: Files, shake: Shake) -> None:
    """An old client may say what it speaks."""
    context = files.client()
    context.set_alpn_protocols(["http/0.9", "http/1.0"])
    assert shake(context).client.selected_alpn_protocol() == "http/1.0"


def test_a_client_without_alpn_is_served(files: Files, shake: Shake) -> None:
    """Who offers no protocol speaks HTTP."""
    assert shake(files.client()).client.selected_alpn_protocol() is None


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("protocols", [["h2"], ["smtp", "http/1"], ["http/1.1 "]])
def test_a_client_of_another_protocol_is_refused(
    files: Files, shake: Shake, version: ssl.TLSVersion, protocols: list[str]
) -> None:
    """The alert is the one of RFC 7301, section 3.2; the next client is served."""
    context = files.client()
    context.maximum_version = version
    context.set_alpn_protocols(protocols)
    factory = server_context_factory(files.at("a.key"), files.at("chain.crt"))
    with pytest.raises(ssl.SSLError, match=r"(?i)alert.no.application.protocol"):
        shake(context, factory=factory)
    assert shake(files.client(), factory=factory).client.version() is not None


def test_the_rest_of_the_file_is_sent_as_the_chain(files: Files, shake: Shake) -> None:
    """A client that knows the root only needs the authority between: the chain file brings it."""
    assert shake(files.client()).client.getpeercert() is not None
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        shake(files.client(), sent="a.crt")


@pytest.mark.parametrize(
    ("pair", "suite"),
    [
        ("a", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        ("a", "ECDHE-ECDSA-AES128-GCM-SHA256"),
        ("a", "ECDHE-ECDSA-CHACHA20-POLY1305"),
        ("rsa", "ECDHE-RSA-AES256-GCM-SHA384"),
        ("rsa", "ECDHE-RSA-AES128-GCM-SHA256"),
        ("rsa", "ECDHE-RSA-CHACHA20-POLY1305"),
    ],
)
def test_tls_1_2_is_spoken_with_aead_suites(
    files: Files, shake: Shake, pair: str, suite: str
) -> None:
    """TLS 1.2 works with forward secrecy and an AEAD suite, for keys of both kinds."""
    context = files.client("rsa" if pair == "rsa" else "middle")
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    client = shake(context, factory=server_context_factory(*files.pair(pair))).client
    assert client.version() == "TLSv1.2"
    cipher = client.cipher()
    assert cipher is not None
    assert cipher[0] == suite


@pytest.mark.parametrize(
    ("pair", "suite"),
    [
        ("a", "ECDHE-ECDSA-AES256-SHA384"),
        ("a", "ECDHE-ECDSA-AES128-SHA"),
        ("a", "ECDHE-ECDSA-AES256-SHA"),
        ("a", "ECDHE-ECDSA-AES256-CCM"),
        ("rsa", "ECDHE-RSA-AES256-SHA"),
        ("rsa", "AES256-GCM-SHA384"),
        ("rsa", "DHE-RSA-AES256-GCM-SHA384"),
    ],
)
def test_other_suites_are_refused(files: Files, shake: Shake, pair: str, suite: str) -> None:
    """A client that offers CBC only, or no forward secrecy, is turned away."""
    context = files.client(pair)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    with pytest.raises(ssl.SSLError, match=r"(?i)handshake.failure"):
        shake(context, factory=server_context_factory(*files.pair(pair)))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_older_versions_are_refused(files: Files, shake: Shake) -> None:
    """A client that speaks TLS 1.1 at most is turned away."""
    context = files.client()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match=r"(?i)alert.protocol.version"):
        shake(context)


def test_no_session_is_kept(files: Files, shake: Shake) -> None:
    """There are no tickets, whose key would open what was recorded."""
    context = files.client()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    session = shake(context).client.session
    assert session is None or not session.has_ticket


def test_a_client_cannot_renegotiate(files: Files) -> None:
    """A request for another handshake is answered with the alert no_renegotiation."""
    from OpenSSL import SSL

    factory = server_context_factory(files.at("a.key"), files.at("chain.crt"))
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    client, server = SSL.Connection(context), SSL.Connection(factory.getContext())
    client.set_connect_state()
    server.set_accept_state()
    _talk(client, server)
    assert client.get_protocol_version_name() == "TLSv1.2"
    client.renegotiate()
    with pytest.raises(SSL.Error, match="no renegotiation"):
        _talk(client, server)
    assert server.total_renegotiations() == 0


def _talk(client: "SSL.Connection", server: "SSL.Connection") -> None:
    """Shake hands, in memory, as far as it goes."""
    from OpenSSL import SSL

    for _ in range(5):
        for one, other in ((client, server), (server, client)):
            with contextlib.suppress(SSL.WantReadError):
                one.do_handshake()
            with contextlib.suppress(SSL.WantReadError):
                one.recv(1)
            with contextlib.suppress(SSL.WantReadError):
                other.bio_write(one.bio_read(65536))


def test_missing_files_are_told_apart(files: Files) -> None:
    """The message names the file that is missing, and the class its kind."""
    with pytest.raises(
        CertificateError, match=r"certificate file .*none\.crt cannot be read: No s"
    ):
        server_context_factory(files.at("a.key"), files.at("none.crt"))
    with pytest.raises(PrivateKeyError, match=r"key file .*none\.key cannot be read: No such file"):
        server_context_factory(files.at("none.key"), files.at("a.crt"))


def test_what_is_no_regular_file(files: Files, tmp_path: Path) -> None:
    """A pipe without a writer would stop the server for ever: it is refused before it is opened."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(PrivateKeyError, match=r"key file .*pipe is no regular file but a pipe"):
        server_context_factory(str(pipe), files.at("a.crt"))
    with pytest.raises(CertificateError, match="is no regular file but a directory"):
        server_context_factory(files.at("a.key"), str(files.directory))
    with pytest.raises(
        CertificateError, match="file of client authorities /dev/zero is no regular"
    ):
        server_context_factory(*files.pair("a"), client_ca_path="/dev/zero")


def test_a_link_is_followed(files: Files, tmp_path: Path) -> None:
    """Certificates often are links, those of certbot for example."""
    (tmp_path / "a.key").symlink_to(files.at("a.key"))
    server_context_factory(str(tmp_path / "a.key"), files.at("a.crt"))


def test_the_size_of_a_file(files: Files, tmp_path: Path) -> None:
    """A file of 1 MiB is read, a larger one, a log for example, is not."""
    large = tmp_path / "large"
    certificate = (files.directory / "a.crt").read_bytes()
    large.write_bytes(certificate.ljust(1024 * 1024, b"\n"))
    server_context_factory(files.at("a.key"), str(large))
    large.write_bytes(certificate.ljust(1024 * 1024 + 1, b"\n"))
    with pytest.raises(
        CertificateError, match=r"large has 1048577 bytes, more than 1048576: it is"
    ):
        server_context_factory(files.at("a.key"), str(large))


def test_a_file_without_a_certificate_is_refused(files: Files) -> None:
    """A key in place of the certificate: the message says how a certificate begins."""
    with pytest.raises(CertificateError, match=r"no usable PEM certificate .*BEGIN CERTIFICATE"):
        server_context_factory(files.at("a.key"), files.at("a.key"))


def test_a_damaged_certificate_is_refused(files: Files, tmp_path: Path) -> None:
    """Bytes that are no certificate, between the right lines."""
    broken = tmp_path / "broken.crt"
    broken.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(CertificateError, match="no usable PEM certificate"):
        server_context_factory(files.at("a.key"), str(broken))


def test_a_key_of_another_certificate_is_refused(files: Files) -> None:
    """The two files must belong together."""
    with pytest.raises(PrivateKeyError, match=r"other\.key does not work .*key values mismatch"):
        server_context_factory(files.at("other.key"), files.at("a.crt"))


def test_a_file_without_a_key_is_refused(files: Files) -> None:
    """A certificate in place of the key."""
    with pytest.raises(PrivateKeyError, match=r"a\.crt does not work with the certificate"):
        server_context_factory(files.at("a.crt"), files.at("a.crt"))


def test_a_short_key_is_refused(files: Files) -> None:
    """RSA of 1024 bits is no protection, whatever the default of this OpenSSL."""
    with pytest.raises(CertificateError, match=r"small\.crt .*key too small"):
        server_context_factory(*files.pair("small"))


def test_a_key_with_a_passphrase_asks_nobody(files: Files) -> None:
    """It is refused with the command that takes the passphrase away."""
    with pytest.raises(PrivateKeyError, match=r"passphrase: .* `openssl pkey -in .*locked\.key"):
        server_context_factory(files.at("locked.key"), files.at("a.crt"))


def test_without_pyopenssl_the_extra_is_named(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is the command that installs what is missing."""
    monkeypatch.setitem(sys.modules, "OpenSSL", None)
    with pytest.raises(TLSUnavailable, match=r'pip install "cyclone-core\[tls\]"$'):
        server_context_factory(files.at("a.key"), files.at("a.crt"))


def test_the_module_alone_does_not_load_pyopenssl() -> None:
    """Importing cyclone_core.tls works where the extra is not installed."""
    code = "import sys, cyclone_core.tls; sys.exit('OpenSSL' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 -- our own words


def test_all_errors_have_one_root() -> None:
    """Every error of this module is a TLSError, and that a CycloneError."""
    assert all(issubclass(kind, TLSError) for kind in (CertificateError, PrivateKeyError))
    assert issubclass(TLSUnavailable, TLSError)
    assert issubclass(TLSError, CycloneError)
