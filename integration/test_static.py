"""Static files over real sockets: whole, in parts, to slow clients and such as go away.

Everything runs twice, the second time under `python -O`: no check may rest on an `assert`.
"""

import hashlib
import http.client
import json
import os
import random
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from served import RunningServer, request, rest_of
from startup_processes import PATIENCE, Launcher, Process, UnixConnection, self_signed, until

APPLICATION = Path(__file__).parent / "static_application.py"
MIB = 1024 * 1024
CONTENT = random.Random(1).randbytes(8 * MIB)  # noqa: S311 -- the same for each run
HUGE = 100 * MIB
SMALL_WINDOW = 64 * 1024


class Server(RunningServer):
    """The running application."""

    def status(self) -> dict[str, Any]:
        """Ask what the process uses."""
        answer = self.exchange(request("/status", "Connection: close"))
        found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
        return found

    def get(self, path: str, *lines: str, port: str = "plain") -> tuple[bytes, bytes]:
        """Fetch a file on a connection of its own; gives head and body."""
        answer = self.exchange(request(f"/static/{path}", *lines, "Connection: close"), port)
        head, _, body = answer.partition(b"\r\n\r\n")
        return head, body

    def all_closed(self) -> bool:
        """Tell whether no file is open any more."""
        return not self.status()["files"]


def start(launcher: Launcher, directory: Path, *options: str) -> Server:
    """Start the application in a directory with files."""
    self_signed(directory)
    files = directory / "static"
    files.mkdir()
    (files / "file.bin").write_bytes(CONTENT)
    (files / "small.txt").write_bytes(b"small")
    with (files / "huge.bin").open("wb") as huge:
        huge.truncate(HUGE)
    process = launcher.start("python", *options, str(APPLICATION), str(directory))
    return Server(process, directory)


@pytest.fixture(scope="module", params=["python", "python -O"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The application, running; in the end all files are closed."""
    directory = tmp_path_factory.mktemp("static")
    launcher = Launcher(directory, tmp_path_factory.mktemp("logs"))
    try:
        running = start(launcher, directory, *request.param.split()[1:])
        yield running
        until("end of all files", running.all_closed)
        process: Process = running.process
        assert process.end() == 0
        assert "Unhandled" not in process.output
        assert process.output.count("Traceback") == process.output.count("too early")
    finally:
        launcher.close()


def test_plain(server: Server) -> None:
    """A file arrives byte by byte as it is."""
    head, body = server.get("file.bin")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == CONTENT


def test_tls(server: Server) -> None:
    """So it does encrypted."""
    context = ssl.create_default_context(cafile=server.directory / "server.crt")
    client = http.client.HTTPSConnection(
        "localhost", server.ports["tls"], timeout=PATIENCE, context=context
    )
    with closing(client):
        for _ in range(2):
            client.request("GET", "/static/file.bin")
            assert client.getresponse().read() == CONTENT


def test_unix(server: Server) -> None:
    """So it does through a unix socket."""
    with closing(UnixConnection(server.directory / "web.sock")) as client:
        for _ in range(2):
            client.request("GET", "/static/file.bin")
            assert client.getresponse().read() == CONTENT


def test_old_client(server: Server) -> None:
    """So it does for a client that knows HTTP/1.0 only."""
    answer = server.exchange(b"GET /static/file.bin HTTP/1.0\r\n\r\n")
    assert answer.partition(b"\r\n\r\n")[2] == CONTENT


def test_keep_alive(server: Server) -> None:
    """A connection serves one file after another, and what comes behind."""
    client = http.client.HTTPConnection("127.0.0.1", server.ports["plain"], timeout=PATIENCE)
    with closing(client):
        for path, wanted in [("file.bin", CONTENT), ("small.txt", b"small"), ("file.bin", CONTENT)]:
            client.request("GET", f"/static/{path}")
            assert client.getresponse().read() == wanted
            client.request("HEAD", f"/static/{path}")
            answer = client.getresponse()
            assert (answer.read(), answer.getheader("Content-Length")) == (b"", str(len(wanted)))


def test_pipeline(server: Server) -> None:
    """Requests that are sent ahead are answered in order, large files among them."""
    paths = ["file.bin", "small.txt", "file.bin", "nothing", "small.txt"]
    requests = [request(f"/static/{path}") for path in paths]
    last = request("/static/small.txt", "Connection: close")
    answer = server.exchange(b"".join([*requests, last]))
    for path in [*paths, "small.txt"]:
        head, _, answer = answer.partition(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].split()[0])
        body, answer = answer[:size], answer[size:]
        if path != "nothing":
            assert body == (CONTENT if path == "file.bin" else b"small")
    assert answer == b""


def test_resumed(server: Server) -> None:
    """A download that broke off goes on where it was, if the file is still the same."""
    with server.connect() as client:
        client.sendall(request("/static/file.bin"))
        received = b""
        while len(received) < 3 * MIB:
            received += client.recv(65536)
    head, _, begun = received.partition(b"\r\n\r\n")
    tag = head.partition(b'Etag: "')[2].partition(b'"')[0].decode()
    assert tag == hashlib.sha512(CONTENT).hexdigest()
    lines = (f"Range: bytes={len(begun)}-", f'If-Range: "{tag}"')
    head, rest = server.get("file.bin", *lines)
    assert head.startswith(b"HTTP/1.1 206 ")
    assert begun + rest == CONTENT
    head, whole = server.get("file.bin", lines[0], 'If-Range: "another"')
    assert head.startswith(b"HTTP/1.1 200 ")
    assert whole == CONTENT


def test_slow_clients(server: Server) -> None:
    """Fifty clients that hardly read cost no memory, and hold nobody up."""
    before = server.status()["memory"]
    with ExitStack() as stack:
        clients = [stack.enter_context(server.connect(receive=SMALL_WINDOW)) for _ in range(50)]
        for client in clients:
            client.sendall(request("/static/huge.bin"))
        for _ in range(5):
            for client in clients:
                assert client.recv(4096)
            began = time.monotonic()
            assert server.get("small.txt")[1] == b"small"
            assert time.monotonic() - began < 2
        used = server.status()
        assert used["files"] == 50
        assert used["memory"] - before < 10 * MIB
    until("end of all files", server.all_closed)


def test_fast_clients(server: Server) -> None:
    """Clients that take a large file as fast as they can leave turns to others."""
    sizes: list[int] = []

    def fetch() -> None:
        with server.connect() as client:
            client.sendall(request("/static/huge.bin", "Connection: close"))
            size = 0
            while data := client.recv(MIB):
                size += len(data)
        sizes.append(size)

    threads = [threading.Thread(target=fetch) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        began = time.monotonic()
        assert server.get("small.txt")[1] == b"small"
        assert time.monotonic() - began < 2
    for thread in threads:
        thread.join()
    assert len(sizes) == 3
    assert min(sizes) > HUGE


def test_stalled(server: Server) -> None:
    """A client that takes nothing is cut off after `write_timeout`, and its file closed."""
    with server.connect("hasty", receive=SMALL_WINDOW) as client:
        client.sendall(request("/static/huge.bin"))
        until("an open file", lambda: server.status()["files"])
        until("end of all files", server.all_closed)
        assert len(rest_of(client, cut=True)) < HUGE


def test_slow_and_steady(server: Server) -> None:
    """One that takes some all the time gets the file, however much the kernel has for it."""
    with server.connect("hasty", receive=SMALL_WINDOW) as client:
        client.sendall(request("/static/file.bin", "Connection: close"))
        received = b""
        for _ in range(12):
            while len(received) % (400 * 1024) < 350 * 1024:
                received += client.recv(16 * 1024)
            while len(received) % (400 * 1024) >= 350 * 1024:
                received += client.recv(16 * 1024)
            time.sleep(0.3)
        received += rest_of(client)
    assert received.partition(b"\r\n\r\n")[2] == CONTENT


def test_client_leaves(server: Server) -> None:
    """A client that leaves in the middle leaves no file open, with a reset or without."""
    for linger in (False, True):
        with server.connect(receive=SMALL_WINDOW) as client:
            client.sendall(request("/static/huge.bin"))
            assert client.recv(65536)
            if linger:
                client.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, bytes([1, 0, 0, 0]) + bytes(4)
                )
        until("end of all files", server.all_closed)


def test_truncated(server: Server) -> None:
    """A file that becomes shorter while it is sent ends the connection before its length is reached."""
    path = server.directory / "static" / "shrinking.bin"
    with path.open("wb") as file:
        file.truncate(HUGE)
    with server.connect(receive=SMALL_WINDOW) as client:
        client.sendall(request("/static/shrinking.bin"))
        received = client.recv(65536)
        os.truncate(path, MIB)
        received += rest_of(client, cut=True)
    assert len(received) < HUGE
    until("entry in the log", lambda: "too early" in server.process.output)
    assert server.get("small.txt")[1] == b"small"


def test_compressed(server: Server) -> None:
    """What was compressed beforehand is sent to whom likes it."""
    path = server.directory / "static" / "small.txt.gz"
    path.write_bytes(b"compressed")
    until(
        "compressed file",
        lambda: server.get("small.txt", "Accept-Encoding: gzip")[1] == b"compressed",
    )
    head, body = server.get("small.txt")
    assert body == b"small"
    assert b"\r\nVary: Accept-Encoding" in head
    path.unlink()
    until("original", lambda: server.get("small.txt", "Accept-Encoding: gzip")[1] == b"small")


def test_changed(server: Server) -> None:
    """A file that is replaced is another one for the next request."""
    path = server.directory / "static" / "page.txt"
    for number in range(20):
        new = path.with_suffix(".new")
        new.write_text(str(number))
        new.rename(path)
        assert server.get("page.txt")[1] == str(number).encode()


def test_end_of_the_process(tmp_path: Path) -> None:
    """A file that is being sent when the process is asked to end is sent to its end."""
    directory = tmp_path / "work"
    directory.mkdir()
    launcher = Launcher(directory, tmp_path)
    try:
        server = start(launcher, directory)
        with server.connect(receive=SMALL_WINDOW) as client:
            client.sendall(request("/static/huge.bin"))
            received = len(client.recv(65536))
            server.process.send_signal(signal.SIGTERM)
            until("end of the service", lambda: server.get("small.txt")[1] != b"small")
            while data := client.recv(MIB):
                received += len(data)
        assert received > HUGE
        assert server.process.wait() in {0, -signal.SIGTERM}
    finally:
        launcher.close()
