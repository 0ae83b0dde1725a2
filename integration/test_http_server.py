"""The HTTP server over real sockets: curl, raw bytes, slow clients and such as go away.

Everything runs twice, the second time under `python -O`: no check may rest on an `assert`.
"""

import contextlib
import hashlib
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from served import RunningServer, request, rest_of
from startup_processes import PATIENCE, Launcher, Process, self_signed, until

APPLICATION = Path(__file__).parent / "http_application.py"
MEGABYTE = 1_000_000


class Server(RunningServer):
    """The running application.

    Args:
        process: Its process.
        directory: Where it runs.
        optimized: Whether under `python -O`.
    """

    def __init__(self, process: Process, directory: Path, optimized: bool) -> None:
        super().__init__(process, directory)
        self.optimized = optimized

    def url(self, path: str = "/") -> str:
        """Spell a URL."""
        return f"http://127.0.0.1:{self.ports['plain']}{path}"

    def status(self) -> dict[str, Any]:
        """Ask what the process uses."""
        answer = self.exchange(request("/status", "Connection: close"))
        found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
        return found


@pytest.fixture(scope="module", params=["python", "python -O"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The application, running."""
    directory = tmp_path_factory.mktemp("http")
    self_signed(directory)
    launcher = Launcher(directory, tmp_path_factory.mktemp("logs"))
    program, *options = request.param.split()
    process = launcher.start(program, *options, str(APPLICATION), str(directory))
    try:
        yield Server(process, directory, bool(options))
        assert process.end() == 0
        assert "Unhandled" not in process.output
        wanted = process.output.count("builtins.KeyError: 'broken on purpose'")
        assert process.output.count("Traceback") == wanted
    finally:
        launcher.close()


def send_for_ever(client: socket.socket) -> None:
    """Send until that is impossible."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        client.sendall(b"x" * 1000)
        time.sleep(0.01)


def curl(*words: str) -> str:
    """Run curl and return what it prints."""
    program = shutil.which("curl")
    assert program is not None, "these tests need curl"
    done = subprocess.run(
        [program, "--silent", "--show-error", "--noproxy", "*", "--max-time", "30", *words],
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


def test_optimized(server: Server) -> None:
    """The second server runs without asserts, indeed."""
    assert server.status()["debug"] is not server.optimized


class TestCurl:
    """What curl sees."""

    def test_keep_alive(self, server: Server) -> None:
        """The second URL is fetched on the connection of the first."""
        output = curl("-w", " %{num_connects}\n", server.url("/?1"), server.url("/?2"))
        assert output == "GET /?1 http 127.0.0.1 1\nGET /?2 http 127.0.0.1 0\n"

    def test_http_1_0(self, server: Server) -> None:
        """HTTP/1.0 is answered and closed."""
        head, _, body = curl("-0", "-i", server.url()).partition("\r\n\r\n")
        assert "\r\nConnection: close" in head
        assert body == "GET / http 127.0.0.1"

    def test_unix_socket(self, server: Server) -> None:
        """A client of the unix socket is known by the socket's path."""
        path = str(server.directory / "web.sock")
        assert curl("--unix-socket", path, "http://a/") == f"GET / http unix:{path}"

    def test_tls(self, server: Server) -> None:
        """TLS works, with keep-alive, and requests say that they came through it."""
        base = f"https://localhost:{server.ports['tls']}"
        words = ["--cacert", str(server.directory / "server.crt"), "-w", " %{num_connects}\n"]
        output = curl(*words, f"{base}/?1", f"{base}/?2", "--resolve", "localhost:443:127.0.0.1")
        assert output == "GET /?1 https 127.0.0.1 1\nGET /?2 https 127.0.0.1 0\n"

    @pytest.mark.parametrize("coding", [[], ["-H", "Transfer-Encoding: chunked"]])
    @pytest.mark.parametrize("expect", ["Expect: 100-continue", "Expect:"])
    def test_post(self, server: Server, tmp_path: Path, coding: list[str], expect: str) -> None:
        """A million bytes arrive, by length and in chunks, asked for or not."""
        body = bytes(range(250)) * (MEGABYTE // 250)
        file = tmp_path / "body"
        file.write_bytes(body)
        output = curl(*coding, "-H", expect, "--data-binary", f"@{file}", server.url("/digest"))
        assert output == f"{MEGABYTE} {hashlib.sha256(body).hexdigest()}"

    @pytest.mark.parametrize("coding", [[], ["-H", "Transfer-Encoding: chunked"]])
    @pytest.mark.parametrize("expect", ["Expect: 100-continue", "Expect:"])
    def test_large_post(
        self, server: Server, tmp_path: Path, coding: list[str], expect: str
    ) -> None:
        """The 413 is seen although there is much more to send."""
        file = tmp_path / "body"
        file.write_bytes(b"x" * (20 * MEGABYTE))
        words = ["-o", str(tmp_path / "answer"), "-w", "%{http_code}", "-H", expect]
        output = curl(*coding, *words, "--data-binary", f"@{file}", server.url("/digest"))
        assert output == "413"

    def test_head(self, server: Server) -> None:
        """HEAD has the head of GET and no body."""
        head = curl("-I", server.url())
        assert head.startswith("HTTP/1.1 200 OK\r\n")
        assert f"\r\nContent-Length: {len('HEAD / http 127.0.0.1')}\r\n" in head

    def test_download(self, server: Server, tmp_path: Path) -> None:
        """A long answer in pieces arrives whole."""
        file = tmp_path / "file"
        curl("-o", str(file), server.url("/stream"))
        assert file.stat().st_size == 10 * MEGABYTE

    def test_failure(self, server: Server, tmp_path: Path) -> None:
        """A failing handler is answered with 500 on a connection that lives on."""
        output = ["-o", str(tmp_path / "answer"), "-w", "%{http_code} %{num_connects}\n"]
        assert curl(*output, server.url("/broken"), *output, server.url("/broken")) == (
            "500 1\n500 0\n"
        )


LONG = "x" * 9000

MALFORMED = {
    "bare LF": (b"GET / HTTP/1.1\nHost: a\n\n", 400),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (request("/", "Host: b"), 400),
    "bad Host": (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    "method": (b"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "two blanks": (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "target": (b"GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "version": (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    "no version": (b"GET /\r\n\r\n", 400),
    "CONNECT": (b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 501),
    "unknown expectation": (request("/", "Expect: miracles"), 417),
    "blank before colon": (request("/", "X : y"), 400),
    "folded": (request("/", "X: y", " z"), 400),
    "NUL": (request("/", "X: \0"), 400),
    "long line": (request("/" + LONG), 414),
    "long header": (request("/", "X: " + LONG), 431),
    "many headers": (request("/", *["X: y"] * 200), 431),
    "length": (request("/", "Content-Length: +5") + b"hello", 400),
    "two lengths": (request("/", "Content-Length: 5", "Content-Length: 5") + b"hello", 400),
    "both framings": (request("/", "Content-Length: 5", "Transfer-Encoding: chunked"), 400),
    "coding": (request("/", "Transfer-Encoding: gzip"), 501),
    "two codings": (request("/", "Transfer-Encoding: chunked, chunked"), 400),
    "chunk size": (request("/digest", "Transfer-Encoding: chunked") + b"0x5\r\nhello\r\n", 400),
    "chunk end": (request("/digest", "Transfer-Encoding: chunked") + b"5\r\nhelloworld\r\n", 400),
    "too large": (request("/digest", "Content-Length: 3000000"), 413),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
}


class TestRaw:
    """Bytes that no client library would send."""

    @pytest.mark.parametrize("what", MALFORMED)
    def test_malformed(self, server: Server, what: str) -> None:
        """One answer that closes; the request before is answered, those behind are not executed."""
        data, status = MALFORMED[what]
        answer = server.exchange(request("/?before") + data + request("/?behind"))
        first, second = answer.split(b"HTTP/1.1 ")[1:]
        assert first.startswith(b"200 OK\r\n")
        assert second.startswith(str(status).encode())
        assert b"\r\nConnection: close\r\n" in second

    def test_pipelining(self, server: Server) -> None:
        """Answers come in order although some take longer than others."""
        paths = [f"/slow?{i}" if i in {3, 50} else f"/?{i}" for i in range(100)]
        requests = b"".join(map(request, paths)) + request("/?last", "Connection: close")
        answer = server.exchange(requests).decode()
        bodies = [part.partition("\r\n\r\n")[2] for part in answer.split("HTTP/1.1 ")[1:]]
        expected = [path if "slow" in path else f"GET {path} http 127.0.0.1" for path in paths]
        assert bodies == [*expected, "GET /?last http 127.0.0.1"]

    def test_byte_by_byte(self, server: Server) -> None:
        """A request that comes in single bytes is understood."""
        with server.connect() as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in request("/", "Connection: close"):
                client.sendall(bytes([byte]))
            assert rest_of(client).endswith(b"\r\n\r\nGET / http 127.0.0.1")

    def test_half_close(self, server: Server) -> None:
        """A client that says it is done sending still gets the answer to what it has sent."""
        with server.connect() as client:
            client.sendall(request("/") * 3)
            time.sleep(0.2)  # an answer that is still due would count as abandoned
            client.shutdown(socket.SHUT_WR)
            assert rest_of(client).count(b"HTTP/1.1 200 OK") == 3

    def test_continue(self, server: Server) -> None:
        """A client that waits to be asked for its body is asked, and then answered."""
        with server.connect() as client:
            lines = ["Content-Length: 5", "Expect: 100-continue", "Connection: close"]
            client.sendall(request("/digest", *lines).replace(b"GET", b"POST"))
            assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.sendall(b"hello")
            assert hashlib.sha256(b"hello").hexdigest().encode() in rest_of(client)


class TestLingering:
    """Closing so that the client can read the last answer."""

    @pytest.mark.parametrize(
        ("head", "status"),
        [
            (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", b"400"),
            (request("/digest", "Content-Length: 3000000"), b"413"),
        ],
    )
    def test_while_sending(self, server: Server, head: bytes, status: bytes) -> None:
        """A client that sends another million bytes can still read the whole answer."""
        with server.connect() as client:
            client.sendall(head)
            for _ in range(100):
                client.sendall(b"x" * (MEGABYTE // 100))
                time.sleep(0.002)  # the answer is there long before all is sent
            answer = rest_of(client)
        assert answer.startswith(b"HTTP/1.1 " + status)
        assert answer.endswith(b"</html>")

    def test_not_for_ever(self, server: Server) -> None:
        """A client that goes on sending is cut off."""
        with server.connect("hasty") as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost : a\r\n\r\n")
            with pytest.raises((ConnectionResetError, BrokenPipeError)):
                send_for_ever(client)


class TestSlowClients:
    """Clients that hold on to a connection; the hasty ports wait for a second."""

    def test_idle(self, server: Server) -> None:
        """A client that never asks is let go without an answer."""
        assert server.exchange(b"", "hasty") == b""

    def test_idle_between_requests(self, server: Server) -> None:
        """So is one that asks no more."""
        assert server.exchange(request("/"), "hasty").count(b"HTTP/1.1") == 1

    def test_trickling_head(self, server: Server) -> None:
        """A head that comes byte by byte is refused a second after its first byte."""
        with server.connect("hasty") as client:
            client.settimeout(0.1)
            begun = time.monotonic()
            answer = b""
            while not answer:
                client.sendall(b"G")
                try:
                    answer = client.recv(1000)
                except TimeoutError:
                    assert time.monotonic() < begun + PATIENCE
            assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
            assert time.monotonic() > begun + 0.9

    def test_stalling_body(self, server: Server) -> None:
        """A body that does not go on is refused."""
        head = request("/digest", "Content-Length: 10").replace(b"GET", b"POST")
        assert server.exchange(head + b"hello", "hasty").startswith(b"HTTP/1.1 408 ")

    def test_silent_tls(self, server: Server) -> None:
        """An idle TLS client that does not take leave is cut off."""
        context = ssl.create_default_context(cafile=server.directory / "server.crt")
        with server.connect("hasty_tls") as plain:
            client = context.wrap_socket(plain, server_hostname="localhost")
            client.setblocking(False)
            raw = socket.socket(fileno=socket.dup(client.fileno()))
            with raw, client:
                raw.settimeout(PATIENCE)
                # The server's close_notify is read past TLS, which would answer it.
                with contextlib.suppress(ConnectionResetError):
                    while raw.recv(1000):
                        pass

    def test_slow_reader(self, server: Server) -> None:
        """While one client reads slowly the others are served, and it gets all of it."""
        with server.connect(receive=4096) as client:
            client.sendall(request("/stream", "Connection: close"))
            for _ in range(20):
                assert client.recv(1000)
                assert server.exchange(request("/", "Connection: close")).startswith(
                    b"HTTP/1.1 200"
                )
            assert len(rest_of(client)) > 9 * MEGABYTE

    def test_reader_of_nothing(self, server: Server) -> None:
        """A client that asks for ten gigabytes and reads nothing does not fill the memory."""
        before = server.status()["memory"]
        with server.connect(receive=4096) as client:
            client.setblocking(False)
            requests = request("/large") * 10_000
            end = time.monotonic() + 2
            while requests and time.monotonic() < end:
                try:
                    requests = requests[client.send(requests) :]
                except BlockingIOError:
                    time.sleep(0.05)
            assert server.status()["memory"] < before + 30 * MEGABYTE


class TestVanishing:
    """Clients that go away."""

    def test_stream(self, server: Server) -> None:
        """A handler learns that its client has gone."""
        before = server.status()["gone"]
        for _ in range(5):
            with server.connect() as client:
                client.sendall(request("/forever"))
                assert b"begun" in client.recv(1000)
        until("end of all streams", lambda: server.status()["gone"] == before + 5)

    def test_large_answer(self, server: Server) -> None:
        """A client that goes in the middle of an answer leaves no connection behind."""
        before = server.status()["files"]
        for path in ("/large", "/stream", "/slow"):
            with server.connect(receive=4096) as client:
                client.sendall(request(path) * 3)
                time.sleep(0.05)
        until("end of the connections", lambda: server.status()["files"] <= before)

    def test_body(self, server: Server) -> None:
        """A client that goes in the middle of its body leaves no connection behind."""
        before = server.status()["files"]
        with server.connect() as client:
            client.sendall(
                request("/digest", "Content-Length: 10").replace(b"GET", b"POST") + b"hello"
            )
        until("end of the connection", lambda: server.status()["files"] <= before)


def test_many_at_once(server: Server) -> None:
    """A hundred clients at once are all answered, and all connections end."""
    before = server.status()["files"]
    answers: list[bytes] = []

    def ask() -> None:
        answers.append(server.exchange(request("/slow", "Connection: close")))

    threads = [threading.Thread(target=ask) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert [answer[:15] for answer in answers] == [b"HTTP/1.1 200 OK"] * 100
    until("end of the connections", lambda: server.status()["files"] <= before)
