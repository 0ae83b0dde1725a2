"""Every way to listen, over real sockets: TCP, TLS, unix, IPv6, endpoints, systemd, PROXY protocol."""

import contextlib
import hashlib
import json
import shutil
import signal
import socket
import ssl
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from served import RunningServer, rest_of
from startup_processes import PATIENCE, Launcher, self_signed, until

APPLICATION = Path(__file__).parent / "socket_application.py"
GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


class Server(RunningServer):
    """The running applications."""

    def connect(self, port: str = "plain", receive: int = 0) -> socket.socket:
        """Connect to a port, on IPv6 if its name says so, or to a unix socket of this name."""
        if port.endswith("6"):
            return socket.create_connection(("::1", self.ports[port]), PATIENCE)
        if not port.endswith(".sock"):
            return super().connect(port, receive)
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE)
        client.connect(str(self.directory / port))
        return client

    def secure(self, plain: socket.socket, certificate: str | None = None) -> ssl.SSLSocket:
        """Shake hands on a connection, with a client's certificate or without."""
        context = ssl.create_default_context(cafile=self.directory / "server.crt")
        context.set_alpn_protocols(["h2", "http/1.1"])
        if certificate is not None:
            path = str(self.directory / certificate)
            context.load_cert_chain(f"{path}.crt", f"{path}.key")
        return context.wrap_socket(plain, server_hostname="localhost")

    def ask(
        self,
        port: str,
        *lines: str,
        before: bytes = b"",
        tls: bool = False,
        inside: bool = False,
        certificate: str | None = None,
    ) -> dict[str, Any]:
        """Ask for the page.

        Args:
            port: Which port or socket.
            lines: Header lines.
            before: What a proxy sends first.
            tls: Whether to shake hands.
            inside: Whether the proxy's words come after the handshake.
            certificate: The name of the client's certificate.
        """
        head = "\r\n".join(["GET / HTTP/1.1", "Host: a", "Connection: close", *lines, "", ""])
        with self.connect(port) as plain:
            if not inside:
                plain.sendall(before)
            client = self.secure(plain, certificate) if tls else plain
            with client:
                client.sendall((before if inside else b"") + head.encode())
                answer = rest_of(client)
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer
        found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
        return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The applications, listening everywhere."""
    # A short path: a unix socket has room for 107 bytes.
    directory = tmp_path_factory.mktemp("sockets")
    self_signed(directory)
    self_signed(directory, "client")
    launcher = Launcher(directory, tmp_path_factory.mktemp("logs"))
    process = launcher.start("python", str(APPLICATION), str(directory))
    try:
        yield Server(process, directory)
        assert process.end() == 0
        assert "Traceback" not in process.output
        assert "Unhandled" not in process.output
    finally:
        launcher.close()


@pytest.mark.parametrize("port", ["tcp", "endpoint"])
def test_tcp(server: Server, port: str) -> None:
    """HTTP by `listenTCP` and by an endpoint string."""
    found = server.ask(port)
    assert found == {
        "application": "plain",
        "remote_ip": "127.0.0.1",
        "protocol": "http",
        "url": "http://a/",
        "certificate": None,
        "port": server.ports[port],
    }


@pytest.mark.parametrize("port", ["ssl", "endpoint_ssl", "endpoint_ours"])
def test_tls(server: Server, port: str) -> None:
    """HTTPS with another application in the same process: `listenSSL`, string, endpoint."""
    found = server.ask(port, tls=True)
    assert found == {
        "application": "secure",
        "remote_ip": "127.0.0.1",
        "protocol": "https",
        "url": "https://a/",
        "certificate": None,
        "port": server.ports[port],
    }


@pytest.mark.parametrize("port", ["tcp6", "endpoint6"])
def test_ipv6(server: Server, port: str) -> None:
    """The address of an IPv6 client, by `listenTCP` and by an endpoint string."""
    found = server.ask(port)
    assert (found["remote_ip"], found["protocol"]) == ("::1", "http")


def test_tls_on_ipv6(server: Server) -> None:
    """HTTPS, too."""
    found = server.ask("ssl6", tls=True)
    assert (found["remote_ip"], found["protocol"]) == ("::1", "https")


def test_ipv4_on_ipv6(server: Server) -> None:
    """An IPv4 client of a port of both families has an IPv4 address."""
    assert server.ask("mapped")["remote_ip"] == "127.0.0.1"


@pytest.mark.parametrize("name", ["web.sock", "endpoint.sock"])
def test_unix(server: Server, name: str) -> None:
    """A unix socket's clients are known by its path."""
    assert server.ask(name)["remote_ip"] == f"unix:{server.directory}/{name}"


def test_tls_on_unix(server: Server) -> None:
    """TLS works on a unix socket."""
    found = server.ask("tls.sock", tls=True)
    assert found["remote_ip"] == f"unix:{server.directory}/tls.sock"
    assert found["protocol"] == "https"


def test_alpn(server: Server) -> None:
    """HTTP/1.1 is agreed on; a client that wants nothing else than HTTP/2 is told so."""
    with server.secure(server.connect("ssl")) as client:
        assert client.selected_alpn_protocol() == "http/1.1"
        assert client.version() == "TLSv1.3"
    context = ssl.create_default_context(cafile=server.directory / "server.crt")
    context.set_alpn_protocols(["h2"])
    with (
        server.connect("ssl") as plain,
        pytest.raises(ssl.SSLError, match=r"(?i)no.application.protocol"),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


def test_weak_context(server: Server) -> None:
    """A context of Twisted's own is used as it is; one line in the log says what is weak in it."""
    for port in ("endpoint_ssl", "ssl", "endpoint_ssl"):
        server.ask(port, tls=True)
    lines = [line for line in server.process.output.splitlines() if "TLS context" in line]
    assert len(lines) == 1
    assert "cipher suites without forward secrecy or AEAD" in lines[0]


def test_plain_http_on_tls(server: Server) -> None:
    """A client that forgets TLS gets no page, and the next one is served."""
    with server.connect("ssl") as client:
        client.sendall(GET)
        assert b"HTTP" not in rest_of(client)
    assert server.ask("ssl", tls=True)["application"] == "secure"


def test_other_limits(server: Server) -> None:
    """One application on two ports: the limits and the protocol of each are its own."""
    post = (
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 11\r\n\r\n" + b"x" * 11
    )
    answers = {}
    for port in ("small", "tcp"):
        with server.connect(port) as client:
            client.sendall(post)
            answers[port] = rest_of(client)
    assert answers["small"].startswith(b"HTTP/1.1 413 ")
    assert answers["tcp"].startswith(b"HTTP/1.1 200 ")
    found = server.ask("small")
    assert (found["protocol"], found["url"]) == ("https", "https://a/")


class TestClientCertificates:
    """What a client shows, where the port asks for it."""

    def digest(self, server: Server) -> str:
        """Name the client's certificate."""
        text = (server.directory / "client.crt").read_text()
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text)).hexdigest()

    def test_shown(self, server: Server) -> None:
        """The handler finds the certificate."""
        found = server.ask("asking", tls=True, certificate="client")
        assert found["certificate"] == self.digest(server)

    def test_not_shown(self, server: Server) -> None:
        """A client without one is served, and has none."""
        assert server.ask("asking", tls=True)["certificate"] is None

    def test_wrong(self, server: Server) -> None:
        """A certificate that nobody trusts ends the connection."""
        with pytest.raises(ssl.SSLError, match=r"(?i)alert.unknown.ca"):
            server.ask("asking", tls=True, certificate="server")

    @pytest.mark.parametrize(("port", "inside"), [("haproxy_tls", False), ("haproxy_inside", True)])
    def test_behind_a_proxy(self, server: Server, port: str, inside: bool) -> None:
        """A proxy that only names the client leaves TLS to us, before or behind its words."""
        before = b"PROXY TCP4 198.51.100.7 198.51.100.1 4711 443\r\n"
        found = server.ask(port, before=before, tls=True, inside=inside, certificate="client")
        assert found == {
            "application": "secure",
            "remote_ip": "198.51.100.7",
            "protocol": "https",
            "url": "https://a/",
            "certificate": self.digest(server),
            "port": 443,
        }


class TestProxyHeaders:
    """`xheaders` with `trusted_downstream`."""

    @pytest.mark.parametrize("port", ["behind", "mapped", "web.sock"])
    def test_this_machine(self, server: Server, port: str) -> None:
        """A proxy on this machine is believed, by whatever way it comes."""
        chain = "X-Forwarded-For: 203.0.113.5, 198.51.100.7, 192.0.2.1"
        found = server.ask(port, chain, "X-Forwarded-Proto: https")
        assert (found["remote_ip"], found["url"]) == ("198.51.100.7", "https://a/")

    def test_tls(self, server: Server) -> None:
        """So is one that encrypts; it may say that its client did not."""
        found = server.ask("behind_ssl", "X-Real-Ip: [2001:db8::7]:80", "X-Scheme: http", tls=True)
        assert (found["remote_ip"], found["protocol"]) == ("2001:db8::7", "http")

    def test_off(self, server: Server) -> None:
        """Without `xheaders` nobody is."""
        found = server.ask("tcp", "X-Real-Ip: 198.51.100.7", "X-Scheme: https")
        assert (found["remote_ip"], found["protocol"]) == ("127.0.0.1", "http")

    def test_stranger(self, server: Server) -> None:
        """A stranger is not: what it says is ignored, and one line in the log tells of the setting."""
        before = b"PROXY TCP4 198.51.100.9 127.0.0.1 4711 80\r\n"
        for _ in range(2):
            found = server.ask("haproxy_behind", "X-Real-Ip: 203.0.113.5", before=before)
            assert found["remote_ip"] == "198.51.100.9"
        lines = [line for line in server.process.output.splitlines() if "X-Real-Ip" in line]
        assert len(lines) == 1
        assert "198.51.100.9 is ignored" in lines[0]
        assert "trusted_downstream" in lines[0]

    def test_trusted(self, server: Server) -> None:
        """A proxy of the setting is believed."""
        before = b"PROXY TCP4 192.0.2.255 127.0.0.1 4711 80\r\n"
        found = server.ask("haproxy_behind", "X-Real-Ip: 203.0.113.5", before=before)
        assert found["remote_ip"] == "203.0.113.5"


def version_2(
    command: int, family: int, source: bytes = b"", more: bytes = b"", length: int | None = None
) -> bytes:
    """Spell a PROXY header of version 2; its transport is always a stream."""
    signature = b"\r\n\r\n\x00\r\nQUIT\n"
    body = source + more
    size = len(body) if length is None else length
    return signature + struct.pack("!BBH", 0x20 | command, family << 4 | 1, size) + body


def addresses(source: str, destination: str, family: socket.AddressFamily) -> bytes:
    """Spell the addresses of version 2."""
    packed = [socket.inet_pton(family, each) for each in (source, destination)]
    return b"".join(packed) + struct.pack("!HH", 4711, 80)


class TestProxyProtocol:
    """The header of HAProxy, through Twisted's endpoint `haproxy:`."""

    @pytest.mark.parametrize(
        ("before", "expected"),
        [
            (b"PROXY TCP4 198.51.100.7 198.51.100.1 4711 80\r\n", "198.51.100.7"),
            (b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 80\r\n", "2001:db8::7"),
            (b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", "127.0.0.1"),
            (
                version_2(1, 1, addresses("198.51.100.7", "198.51.100.1", socket.AF_INET)),
                "198.51.100.7",
            ),
            (
                version_2(1, 2, addresses("2001:db8::7", "2001:db8::1", socket.AF_INET6)),
                "2001:db8::7",
            ),
            (
                version_2(1, 2, addresses("::ffff:198.51.100.7", "::1", socket.AF_INET6)),
                "198.51.100.7",
            ),
            (version_2(0, 0), "127.0.0.1"),
        ],
    )
    def test_address(self, server: Server, before: bytes, expected: str) -> None:
        """The client is whom the header names, in both versions; the proxy, if it names nobody."""
        found = server.ask("haproxy", before=before)
        assert (found["remote_ip"], found["application"]) == (expected, "plain")

    def test_keep_alive(self, server: Server) -> None:
        """The header holds for the whole connection."""
        with server.connect("haproxy") as client:
            client.sendall(b"PROXY TCP4 198.51.100.7 198.51.100.1 4711 80\r\n")
            client.sendall(GET.replace(b"Connection: close\r\n", b"") + GET)
            assert rest_of(client).count(b'"198.51.100.7"') == 2

    def test_unix(self, server: Server) -> None:
        """It may come through a unix socket."""
        before = b"PROXY TCP4 198.51.100.7 198.51.100.1 4711 80\r\n"
        assert server.ask("haproxy.sock", before=before)["remote_ip"] == "198.51.100.7"

    @pytest.mark.parametrize(
        "before",
        [
            b"",
            b"PROXY TCP4 198.51.100.7\r\n",
            b"PROXY SCTP 198.51.100.7 198.51.100.1 4711 80\r\n",
            b"PROXY TCP4 " + b"1" * 200,
        ],
    )
    def test_without(self, server: Server, before: bytes) -> None:
        """A connection without a proper header ends without a word."""
        with server.connect("haproxy") as client:
            client.sendall(before + GET)
            # A reset: the request was not read.
            with contextlib.suppress(ConnectionResetError):
                assert rest_of(client) == b""

    def test_what_is_no_address(self, server: Server) -> None:
        """Whatever the header says in its place is not passed on."""
        before = b"PROXY TCP4 \x1b[31m<b>unix:/x</b> 198.51.100.1 4711 80\r\n"
        assert server.ask("haproxy", before=before)["remote_ip"] == ""

    def test_refusal(self, server: Server) -> None:
        """A malformed request is answered, and the connection ends."""
        with server.connect("haproxy") as client:
            client.sendall(b"PROXY TCP4 198.51.100.7 198.51.100.1 4711 80\r\nnonsense\r\n\r\n")
            assert rest_of(client).startswith(b"HTTP/1.1 400 ")


def test_renewal_by_signal(server: Server) -> None:
    """A handler of one's own renews the certificate; connections that are open stay."""

    def renewed() -> bool:
        server.process.send_signal(signal.SIGHUP)
        try:
            return bool(server.ask("ssl", tls=True))
        except ssl.SSLCertVerificationError:
            return False  # what is served is not what the file holds

    saved = {end: (server.directory / f"server.{end}").read_bytes() for end in ("crt", "key")}
    with server.secure(server.connect("ssl")) as client:
        for end in saved:
            shutil.copy(server.directory / f"client.{end}", server.directory / f"server.{end}")
        try:
            until("new certificate", renewed)
        finally:
            for end, content in saved.items():
                (server.directory / f"server.{end}").write_bytes(content)
        until("old certificate", renewed)
        client.sendall(GET)
        assert rest_of(client).startswith(b"HTTP/1.1 200 ")


# Does what systemd does: opens sockets, hands them over from number 3 on, and becomes the service.
ACTIVATE = """
import os, socket, sys
for number in (3, 4):
    server = socket.create_server(("127.0.0.1", 0))
    server.setblocking(False)
    os.dup2(server.fileno(), number)
    os.set_inheritable(number, True)
    server.detach()
os.environ.update(LISTEN_FDS="2", LISTEN_FDNAMES="plain:secure", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def test_systemd(launch: Launcher) -> None:
    """Sockets that systemd has opened are served, with TLS and without."""
    self_signed(launch.directory)
    directory = launch.directory
    process = launch.start("python", "-c", ACTIVATE, str(APPLICATION), str(directory), "systemd")
    server = Server(process, directory)
    plain = server.ask("tcp")
    assert (plain["application"], plain["port"]) == ("plain", server.ports["tcp"])
    secure = server.ask("ssl", tls=True)
    assert (secure["application"], secure["protocol"]) == ("secure", "https")
    assert process.end() == 0
    assert "Traceback" not in process.output
