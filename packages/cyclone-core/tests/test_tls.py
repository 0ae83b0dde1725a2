"""The TLS context of a server: what it accepts, and each file it cannot use."""

import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.protocols.tls import TLSMemoryBIOFactory

from cyclone_core.errors import CycloneError
from cyclone_core.tls import (
    CertificateError,
    PrivateKeyError,
    TLSError,
    TLSUnavailable,
    server_context_factory,
)


def openssl(*words: str) -> None:
    """Run openssl."""
    subprocess.run(["openssl", *words], check=True, capture_output=True)  # noqa: S603, S607 -- our own words


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory: a root, an authority below it, a server certificate, and a stranger's key."""
    directory = tmp_path_factory.mktemp("tls")
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    def at(name: str) -> str:
        return str(directory / name)

    def signed(name: str, subject: str, by: str, extension: str) -> None:
        openssl("req", *new, "-subj", subject, "-keyout", at(f"{name}.key"), "-out", at("csr"))
        Path(at("ext")).write_text(extension, encoding="ascii")
        authority = ["-CA", at(f"{by}.crt"), "-CAkey", at(f"{by}.key"), "-CAcreateserial"]
        days = ["-days", "2", "-extfile", at("ext")]
        openssl("x509", "-req", "-in", at("csr"), *authority, *days, "-out", at(f"{name}.crt"))

    # What a strict client, as Python 3.13 has it, wants of an authority (RFC 5280, 4.2.1).
    usage = "keyUsage=critical,keyCertSign"
    root = [
        "-days",
        "2",
        "-addext",
        usage,
        "-subj",
        "/CN=Root",
        "-keyout",
        at("root.key"),
        "-out",
        at("root.crt"),
    ]
    openssl("req", "-x509", *new, *root)
    signed(
        "middle",
        "/CN=Authority",
        "root",
        f"basicConstraints=critical,CA:TRUE\n{usage}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
    )
    signed(
        "a",
        "/CN=localhost",
        "middle",
        "subjectAltName=DNS:localhost\nauthorityKeyIdentifier=keyid\n",
    )
    chain = (directory / "a.crt").read_bytes() + (directory / "middle.crt").read_bytes()
    (directory / "chain.crt").write_bytes(chain)
    curve = ["-pkeyopt", "ec_paramgen_curve:prime256v1"]
    openssl("genpkey", "-algorithm", "EC", *curve, "-out", at("other.key"))
    openssl("pkey", "-in", at("a.key"), "-aes256", "-passout", "pass:x", "-out", at("locked.key"))
    return directory


def handshake(files: Path, context: ssl.SSLContext, sent: str = "chain.crt") -> ssl.SSLObject:
    """Shake hands, in memory, between the standard library's client and a Twisted TLS server."""
    options = server_context_factory(str(files / "a.key"), str(files / sent))
    inner = Factory.forProtocol(Protocol)
    server = TLSMemoryBIOFactory(options, False, inner).buildProtocol(
        IPv4Address("TCP", "127.0.0.1", 1)
    )
    transport = StringTransport()
    server.makeConnection(transport)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    peer = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    while True:
        try:
            peer.do_handshake()
        except ssl.SSLWantReadError:
            assert outgoing.pending, "the server is silent"
            server.dataReceived(outgoing.read())
            incoming.write(transport.value())
            transport.clear()
        else:
            return peer


def client(files: Path) -> ssl.SSLContext:
    """A client that trusts the authority and checks the name."""
    return ssl.create_default_context(cafile=str(files / "root.crt"))


def test_the_newest_version_is_spoken_and_http_agreed_on(files: Path) -> None:
    """A checking client gets TLS 1.3, the certificate of the name, and http/1.1 by ALPN."""
    context = client(files)
    context.set_alpn_protocols(["h2", "http/1.1"])
    peer = handshake(files, context)
    assert peer.version() == "TLSv1.3"
    assert peer.selected_alpn_protocol() == "http/1.1"


def test_the_rest_of_the_file_is_sent_as_the_chain(files: Path) -> None:
    """A client that knows the root only needs the authority between: the chain file brings it."""
    peer = handshake(files, client(files), "chain.crt")
    assert peer.getpeercert() is not None
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        handshake(files, client(files), "a.crt")


@pytest.mark.parametrize(
    "suite", ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"]
)
def test_tls_1_2_is_spoken_with_aead_suites(files: Path, suite: str) -> None:
    """TLS 1.2 works with forward secrecy and an AEAD suite."""
    context = client(files)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    peer = handshake(files, context)
    assert peer.version() == "TLSv1.2"
    cipher = peer.cipher()
    assert cipher is not None
    assert cipher[0] == suite


@pytest.mark.parametrize(
    "suite", ["ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA"]
)
def test_cbc_suites_are_refused(files: Path, suite: str) -> None:
    """A client that offers CBC only is turned away."""
    context = client(files)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    with pytest.raises(ssl.SSLError, match=r"(?i)handshake.failure"):
        handshake(files, context)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_older_versions_are_refused(files: Path) -> None:
    """A client that speaks TLS 1.1 at most is turned away."""
    context = client(files)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match=r"(?i)alert.protocol.version"):
        handshake(files, context)


def test_missing_files_are_told_apart(files: Path) -> None:
    """The message names the file that is missing, and the class its kind."""
    with pytest.raises(
        CertificateError, match=r"certificate file .*none\.crt cannot be read: No s"
    ):
        server_context_factory(str(files / "a.key"), str(files / "none.crt"))
    with pytest.raises(PrivateKeyError, match=r"key file .*none\.key cannot be read: No such file"):
        server_context_factory(str(files / "none.key"), str(files / "a.crt"))


def test_a_directory_is_no_certificate(files: Path) -> None:
    """Whatever the system says about the path is told."""
    with pytest.raises(CertificateError, match="cannot be read: Is a directory"):
        server_context_factory(str(files / "a.key"), str(files))


def test_a_file_without_a_certificate_is_refused(files: Path) -> None:
    """A key in place of the certificate: the message says how a certificate begins."""
    with pytest.raises(CertificateError, match=r"no usable PEM certificate .*BEGIN CERTIFICATE"):
        server_context_factory(str(files / "a.key"), str(files / "a.key"))


def test_a_damaged_certificate_is_refused(files: Path, tmp_path: Path) -> None:
    """Bytes that are no certificate, between the right lines."""
    broken = tmp_path / "broken.crt"
    broken.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(CertificateError, match="no usable PEM certificate"):
        server_context_factory(str(files / "a.key"), str(broken))


def test_a_key_of_another_certificate_is_refused(files: Path) -> None:
    """The two files must belong together."""
    with pytest.raises(PrivateKeyError, match=r"other\.key does not work .*key values mismatch"):
        server_context_factory(str(files / "other.key"), str(files / "a.crt"))


def test_a_file_without_a_key_is_refused(files: Path) -> None:
    """A certificate in place of the key."""
    with pytest.raises(PrivateKeyError, match=r"a\.crt does not work with the certificate"):
        server_context_factory(str(files / "a.crt"), str(files / "a.crt"))


def test_a_key_with_a_passphrase_asks_nobody(files: Path) -> None:
    """It is refused with the command that takes the passphrase away."""
    with pytest.raises(PrivateKeyError, match=r"passphrase: .* `openssl pkey -in .*locked\.key"):
        server_context_factory(str(files / "locked.key"), str(files / "a.crt"))


def test_without_pyopenssl_the_extra_is_named(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is the command that installs what is missing."""
    monkeypatch.setitem(sys.modules, "OpenSSL", None)
    with pytest.raises(TLSUnavailable, match=r'pip install "cyclone-core\[tls\]"$'):
        server_context_factory(str(files / "a.key"), str(files / "a.crt"))


def test_the_module_alone_does_not_load_pyopenssl() -> None:
    """Importing cyclone_core.tls works where the extra is not installed."""
    code = "import sys, cyclone_core.tls; sys.exit('OpenSSL' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 -- our own words


def test_all_errors_have_one_root() -> None:
    """Every error of this module is a TLSError, and that a CycloneError."""
    assert all(issubclass(kind, TLSError) for kind in (CertificateError, PrivateKeyError))
    assert issubclass(TLSUnavailable, TLSError)
    assert issubclass(TLSError, CycloneError)
