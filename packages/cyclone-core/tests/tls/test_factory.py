"""What `listenSSL` takes: files that are renewed, several hosts, certificates of clients."""

import os
import shutil
import ssl
from pathlib import Path

import pytest
from OpenSSL import crypto
from twisted.internet.interfaces import IOpenSSLContextFactory, IOpenSSLServerConnectionCreator
from twisted.internet.protocol import Factory, Protocol
from zope.interface.verify import verifyObject

from cyclone_core.httpserver import Peer
from cyclone_core.tls import (
    CertificateError,
    PrivateKeyError,
    ServerContextFactory,
    server_context_factory,
)

from .conftest import Files, Shake


def test_interfaces(files: Files) -> None:
    """It is what Twisted asks for, in the old way and in the new."""
    factory = server_context_factory(*files.pair("a"))
    assert verifyObject(IOpenSSLContextFactory, factory)
    assert verifyObject(IOpenSSLServerConnectionCreator, factory)
    assert factory.getContext() is factory.getContext()


class TestReload:
    """Certificates that are renewed while the server runs."""

    @pytest.fixture
    def place(self, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The working directory, with the pair of `b` in it."""
        monkeypatch.chdir(tmp_path)
        self.put(files, tmp_path, "b")
        return tmp_path

    def put(self, files: Files, place: Path, name: str) -> None:
        """Renew both files."""
        for source, target in zip(files.pair(name), ("server.key", "server.crt"), strict=True):
            shutil.copy(source, place / target)

    def serial(self, files: Files, shake: Shake, factory: ServerContextFactory) -> object:
        """Shake hands, and tell the certificates apart."""
        context = files.client()
        context.check_hostname = False
        context.load_verify_locations(files.at("rsa.crt"))
        certificate = shake(context, factory=factory).client.getpeercert()
        assert certificate is not None
        return certificate["serialNumber"]

    def test_new(self, files: Files, shake: Shake, place: Path) -> None:
        """New connections get what the files hold then, and not before."""
        factory = server_context_factory("server.key", "server.crt")
        first = self.serial(files, shake, factory)
        self.put(files, place, "rsa")
        assert self.serial(files, shake, factory) == first
        factory.reload()
        assert self.serial(files, shake, factory) != first

    def test_open_connections(self, files: Files, shake: Shake, place: Path) -> None:
        """A handshake that has begun and a connection that is open are not disturbed."""
        factory = server_context_factory("server.key", "server.crt")
        context = files.client()
        context.check_hostname = False
        opened = shake(context, factory=factory)
        self.put(files, place, "rsa")
        factory.reload()
        opened.server.write(b"still here")
        assert opened.read() == b"still here"

    def test_other_directory(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A relative path is meant from where the process was when it began."""
        factory = server_context_factory("server.key", "server.crt")
        monkeypatch.chdir(os.sep)
        factory.reload()
        (place / "server.key").unlink()
        with pytest.raises(PrivateKeyError, match=str(place)):
            factory.reload()

    @pytest.mark.parametrize(
        ("name", "content", "error"),
        [
            ("server.crt", "", CertificateError),
            ("server.crt", "nonsense", CertificateError),
            ("server.key", "nonsense", PrivateKeyError),
            ("server.key", "other.key", PrivateKeyError),
            ("server.key", "locked.key", PrivateKeyError),
            ("server.key", None, PrivateKeyError),
            ("server.crt", None, CertificateError),
        ],
    )
    def test_broken(
        self,
        files: Files,
        shake: Shake,
        place: Path,
        name: str,
        content: str | None,
        error: type[Exception],
    ) -> None:
        """Whatever is wrong is raised, and the old certificate goes on; then a good one comes."""
        factory = server_context_factory("server.key", "server.crt")
        first = self.serial(files, shake, factory)
        if content is None:
            (place / name).unlink()
        elif content.endswith(".key"):
            shutil.copy(files.at(content), place / name)
        else:
            (place / name).write_text(content, "ascii")
        with pytest.raises(error, match=name):
            factory.reload()
        assert self.serial(files, shake, factory) == first
        self.put(files, place, "rsa")
        factory.reload()
        assert self.serial(files, shake, factory) != first

    def test_pipe(self, files: Files, shake: Shake, place: Path) -> None:
        """A pipe in the place of a file does not stop the server."""
        factory = server_context_factory("server.key", "server.crt")
        first = self.serial(files, shake, factory)
        (place / "server.key").unlink()
        os.mkfifo(place / "server.key")
        with pytest.raises(PrivateKeyError, match="is no regular file but a pipe"):
            factory.reload()
        assert self.serial(files, shake, factory) == first

    def test_all_or_nothing(self, files: Files, shake: Shake, place: Path) -> None:
        """If the pair of another host is broken, the first one is not renewed, either."""
        factory = server_context_factory(
            "server.key", "server.crt", hosts={"other.example": files.pair("b")}
        )
        first = self.serial(files, shake, factory)
        broken = ServerContextFactory(
            "server.key", "server.crt", hosts={"other.example": ("server.key", "server.crt")}
        )
        (place / "server.key").unlink()
        with pytest.raises(PrivateKeyError):
            broken.reload()
        assert self.serial(files, shake, broken) == first


class TestHosts:
    """Several certificates on one port."""

    @pytest.fixture
    def factory(self, files: Files) -> ServerContextFactory:
        """A server of localhost, other.example and *.wild.example."""
        pair = files.pair("b")
        return server_context_factory(
            *files.pair("rsa"), hosts={"Other.Example": pair, "*.wild.example": pair}
        )

    @pytest.mark.parametrize(
        "name", ["other.example", "OTHER.example", "a.wild.example", "B.Wild.Example"]
    )
    def test_known(
        self, files: Files, shake: Shake, factory: ServerContextFactory, name: str
    ) -> None:
        """A host gets its own certificate, in any case of its letters, with the same ALPN."""
        context = files.client()
        context.set_alpn_protocols(["h2", "http/1.1"])
        client = shake(context, factory=factory, name=name).client
        assert client.selected_alpn_protocol() == "http/1.1"

    @pytest.mark.parametrize(
        "name", ["localhost", "wild.example", "a.b.wild.example", "example", "a.other.example"]
    )
    def test_others(
        self, files: Files, shake: Shake, factory: ServerContextFactory, name: str
    ) -> None:
        """All others get the first certificate."""
        context = files.client("rsa")
        context.check_hostname = False
        assert shake(context, factory=factory, name=name).client.getpeercert() is not None

    def test_nobody(self, files: Files, shake: Shake, factory: ServerContextFactory) -> None:
        """So does a client that names no host."""
        context = files.client("rsa")
        context.check_hostname = False
        assert shake(context, factory=factory, name=None).client.getpeercert() is not None

    def test_other_protocols(
        self, files: Files, shake: Shake, factory: ServerContextFactory
    ) -> None:
        """The refusal of other protocols holds for every host."""
        context = files.client()
        context.set_alpn_protocols(["h2"])
        with pytest.raises(ssl.SSLError, match=r"(?i)no.application.protocol"):
            shake(context, factory=factory, name="other.example")

    @pytest.mark.parametrize(
        "name", ["", "*.", "*", "a.*.example", "*.*.example", "m\xfcller.example"]
    )
    def test_no_host(self, files: Files, name: str) -> None:
        """What no client can ask for is a slip."""
        with pytest.raises(ValueError, match="in hosts is no host name"):
            server_context_factory(*files.pair("a"), hosts={name: files.pair("b")})


class TestClientCertificates:
    """Clients that show certificates."""

    @pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def context(self, files: Files, request: pytest.FixtureRequest) -> ssl.SSLContext:
        """A client that has none yet."""
        context = files.client()
        context.maximum_version = request.param
        return context

    @pytest.fixture
    def peers(self) -> list[Peer]:
        """What the protocols have got to know, one for each connection."""
        return []

    @pytest.fixture
    def inner(self, peers: list[Peer]) -> Factory:
        """A server's protocol that greets after the handshake."""

        class Greeter(Protocol):
            def connectionMade(self) -> None:
                peers.append(Peer(self.transport))  # type: ignore[arg-type]
                assert peers[-1].certificate is None
                self.transport.write(b"welcome")  # type: ignore[union-attr]

        return Factory.forProtocol(Greeter)

    def asking(self, files: Files, *, required: bool, host: bool = False) -> ServerContextFactory:
        """A server that asks for the root's certificates."""
        return server_context_factory(
            files.at("a.key"),
            files.at("chain.crt"),
            hosts={"other.example": files.pair("b")} if host else None,
            client_ca_path=files.at("root.crt"),
            require_client_certificate=required,
        )

    @pytest.mark.parametrize("required", [False, True])
    @pytest.mark.parametrize("name", ["localhost", "other.example"])
    def test_shown(
        self,
        files: Files,
        shake: Shake,
        context: ssl.SSLContext,
        inner: Factory,
        peers: list[Peer],
        required: bool,
        name: str,
    ) -> None:
        """A certificate that the authority has signed is the peer's, from the handshake on."""
        key, crt = files.pair("client")
        context.load_cert_chain(crt, key)
        factory = self.asking(files, required=required, host=True)
        shaken = shake(context, factory=factory, protocol=inner, name=name)
        assert shaken.read() == b"welcome"
        certificate = peers[0].certificate
        shown = crypto.dump_certificate(crypto.FILETYPE_PEM, certificate).decode("ascii")
        assert ssl.PEM_cert_to_DER_cert(shown) == ssl.PEM_cert_to_DER_cert(Path(crt).read_text())
        shaken.server.connectionLost(ssl.SSLError())  # type: ignore[arg-type]
        assert peers[0].certificate is None

    def test_optional(
        self,
        files: Files,
        shake: Shake,
        context: ssl.SSLContext,
        inner: Factory,
        peers: list[Peer],
    ) -> None:
        """A client without one is served if none is required."""
        factory = self.asking(files, required=False)
        assert shake(context, factory=factory, protocol=inner).read() == b"welcome"
        assert peers[0].certificate is None

    def test_required(
        self, files: Files, shake: Shake, context: ssl.SSLContext, inner: Factory
    ) -> None:
        """And refused if one is."""
        factory = self.asking(files, required=True)
        with pytest.raises(ssl.SSLError, match=r"(?i)certificate.required|handshake.failure"):
            shake(context, factory=factory, protocol=inner).read()

    @pytest.mark.parametrize("required", [False, True])
    def test_wrong(
        self,
        files: Files,
        shake: Shake,
        context: ssl.SSLContext,
        inner: Factory,
        required: bool,
    ) -> None:
        """One that somebody else has signed ends the handshake in any case."""
        key, crt = files.pair("rsa")
        context.load_cert_chain(crt, key)
        factory = self.asking(files, required=required)
        with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
            shake(context, factory=factory, protocol=inner).read()

    def test_server_certificate(
        self, files: Files, shake: Shake, context: ssl.SSLContext, inner: Factory
    ) -> None:
        """One that was signed for servers is wrong, too."""
        key, crt = files.pair("b")
        context.load_cert_chain(crt, key)
        factory = self.asking(files, required=False)
        with pytest.raises(ssl.SSLError, match=r"(?i)unsupported.certificate"):
            shake(context, factory=factory, protocol=inner).read()

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("none.crt", "authorities .*none.crt cannot be read: No such file"),
            ("a.key", "authorities .*a.key holds no usable PEM certificate"),
        ],
    )
    def test_authorities(self, files: Files, name: str, said: str) -> None:
        """A file of authorities that is no use is named."""
        with pytest.raises(CertificateError, match=said):
            server_context_factory(*files.pair("a"), client_ca_path=files.at(name))

    def test_nobody_to_sign(self, files: Files) -> None:
        """Nobody could meet a requirement without authorities."""
        with pytest.raises(ValueError, match="require_client_certificate needs client_ca_path"):
            server_context_factory(*files.pair("a"), require_client_certificate=True)
