"""What the tests of TLS share: certificates, and a handshake in memory."""

import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol

from cyclone_core.tls import ServerContextFactory, server_context_factory

CURVE = ["-pkeyopt", "ec_paramgen_curve:prime256v1"]
USAGE = "keyUsage=critical,keyCertSign"


def openssl(*words: str) -> None:
    """Run openssl."""
    subprocess.run(["openssl", *words], check=True, capture_output=True)  # noqa: S603, S607 -- our own words


class Files:
    """A directory of certificates.

    `root` signs itself, `middle` is signed by it, `a` by that, for localhost; `b` by the root, for
    other.example and anything below wild.example; `client` by the root. `rsa` signs itself and `small`, too.

    Attributes:
        directory: Where they are.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        root = ["-days", "2", "-addext", USAGE, "-subj", "/CN=Root"]
        self._make("req", "-x509", "-newkey", "ec", *CURVE, *root, name="root")
        # What a strict client, as Python 3.13 has it, wants of an authority (RFC 5280, 4.2.1).
        authority = f"basicConstraints=critical,CA:TRUE\n{USAGE}\nsubjectKeyIdentifier=hash\n"
        self._sign("middle", "root", authority)
        self._sign("a", "middle", "subjectAltName=DNS:localhost\n")
        names = "subjectAltName=DNS:other.example,DNS:*.wild.example\n"
        self._sign("b", "root", names + "extendedKeyUsage=serverAuth\n")
        self._sign("client", "root", "extendedKeyUsage=clientAuth\n")
        for name, bits in (("rsa", 2048), ("small", 1024)):
            localhost = ["-days", "2", "-subj", "/CN=localhost"]
            localhost += ["-addext", "subjectAltName=DNS:localhost"]
            self._make("req", "-x509", "-newkey", f"rsa:{bits}", *localhost, name=name)
        chain = [(directory / name).read_bytes() for name in ("a.crt", "middle.crt")]
        (directory / "chain.crt").write_bytes(b"".join(chain))
        openssl("genpkey", "-algorithm", "EC", *CURVE, "-out", self.at("other.key"))
        locked = ["-aes256", "-passout", "pass:x", "-out", self.at("locked.key")]
        openssl("pkey", "-in", self.at("a.key"), *locked)

    def at(self, name: str) -> str:
        """Give the path of a file."""
        return str(self.directory / name)

    def pair(self, name: str) -> tuple[str, str]:
        """Give the paths of a key and its certificate."""
        return self.at(f"{name}.key"), self.at(f"{name}.crt")

    def client(self, root: str = "root") -> ssl.SSLContext:
        """Make a client that trusts an authority and checks the name."""
        return ssl.create_default_context(cafile=self.at(f"{root}.crt"))

    def _make(self, *words: str, name: str, out: str = "crt") -> None:
        files = ["-keyout", self.at(f"{name}.key"), "-out", self.at(f"{name}.{out}")]
        openssl(*words, "-nodes", *files)

    def _sign(self, name: str, by: str, extension: str) -> None:
        self._make("req", "-newkey", "ec", *CURVE, "-subj", f"/CN={name}", name=name, out="csr")
        Path(self.at("ext")).write_text(extension + "authorityKeyIdentifier=keyid\n", "ascii")
        key, crt = self.pair(by)
        authority = ["-CA", crt, "-CAkey", key, "-CAcreateserial", "-days", "2"]
        files = ["-in", self.at(f"{name}.csr"), "-extfile", self.at("ext")]
        openssl("x509", "-req", *files, *authority, "-out", self.at(f"{name}.crt"))


@pytest.fixture(scope="package")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A directory of certificates that nobody changes."""
    return Files(tmp_path_factory.mktemp("tls"))


class Handshake:
    """A connection in memory, between the standard library's client and a Twisted TLS server.

    Attributes:
        client: The client's end.
        server: The transport that the server's protocol has.
    """

    def __init__(
        self,
        factory: object,
        context: ssl.SSLContext,
        name: str | None = "localhost",
        protocol: IProtocolFactory | None = None,
    ) -> None:
        inner = protocol or Factory.forProtocol(Protocol)
        self._clock = Clock()
        wrapper = TLSMemoryBIOFactory(factory, False, inner, self._clock)  # type: ignore[arg-type]
        self.server: TLSMemoryBIOProtocol = wrapper.buildProtocol(IPv4Address("TCP", "::1", 1))  # type: ignore[assignment]
        self._transport = StringTransport()
        self.server.makeConnection(self._transport)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._until_done(self.client.do_handshake)

    def read(self) -> bytes:
        """Let the client read, which in TLS 1.3 is when it learns what the server thinks of it."""
        found: list[bytes] = []
        self._until_done(lambda: found.append(self.client.read(1000)))
        return found[0]

    def _until_done(self, step: Callable[[], None]) -> None:
        while True:
            try:
                step()
            except ssl.SSLWantReadError:
                assert self._pump(), "both are silent"
            except ssl.SSLError:
                self._pump()  # the alert
                raise
            else:
                self._pump()
                return

    def _pump(self) -> bool:
        sent = self._outgoing.read()
        if sent:
            self.server.dataReceived(sent)
        self._clock.advance(0)  # Twisted collects what is written in one turn
        answer = self._transport.value()
        self._transport.clear()
        self._incoming.write(answer)
        return bool(sent or answer)


Shake = Callable[..., Handshake]


@pytest.fixture
def shake(files: Files) -> Iterator[Shake]:
    """A function that shakes hands with a server of `chain.crt`, or of another pair or factory."""

    def handshake(
        context: ssl.SSLContext,
        *,
        sent: str = "chain.crt",
        factory: ServerContextFactory | None = None,
        **more: str | None,
    ) -> Handshake:
        if factory is None:
            factory = server_context_factory(files.at("a.key"), files.at(sent))
        return Handshake(factory, context, **more)  # type: ignore[arg-type]

    return handshake
