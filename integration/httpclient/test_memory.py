"""A gigabyte through a handler that asks another server: it costs time, and no memory."""

import contextlib
import json
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import RunningServer, request
from startup_processes import PATIENCE, Launcher, until

RELAY = Path(__file__).with_name("relay_application.py")
BLOCK = bytes(range(256)) * 4096
BLOCKS = 1024
GIGABYTE = len(BLOCK) * BLOCKS
# What the process may grow by while it passes the gigabyte on.
ROOM = 10_000_000
# What may be on its way in buffers: of six sockets, and of the process.
UNDER_WAY = 64_000_000


def checksum() -> int:
    """Return that of the gigabyte."""
    found = 0
    for _ in range(BLOCKS):
        found = zlib.crc32(BLOCK, found)
    return found


class Source:
    """A server in a thread: GET gets the gigabyte, POST is told the checksum of what it has sent.

    Attributes:
        sent: How many bytes have gone out.
        port: Its port.
    """

    def __init__(self) -> None:
        self.sent = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        # A blocking accept does not notice a close.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client, contextlib.suppress(ConnectionError):
                    client.settimeout(PATIENCE)
                    self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        file = client.makefile("rb")
        method = file.readline().split(b" ")[0]
        for line in iter(file.readline, b"\r\n"):
            assert line.endswith(b"\r\n")
        self.sent = 0
        if method == b"GET":
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % GIGABYTE)
            for _ in range(BLOCKS):
                client.sendall(BLOCK)
                self.sent += len(BLOCK)
            return
        found = 0
        while size := int(file.readline(), 16):
            found = zlib.crc32(file.read(size), found)
            self.sent += size
            file.readline()
        answer = b"%d %d" % (self.sent, found)
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        client.sendall(head % len(answer) + answer)


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The application, running."""
    directory = tmp_path_factory.mktemp("relay")
    launcher = Launcher(directory, tmp_path_factory.mktemp("logs"))
    process = launcher.start("python", str(RELAY), str(directory))
    try:
        yield RunningServer(process, directory)
        assert process.end() == 0
        for sign in ("Unhandled", "Traceback"):
            assert sign not in process.output, process.output
    finally:
        launcher.close()


@pytest.fixture
def source() -> Iterator[Source]:
    """The server of the gigabyte."""
    source = Source()
    yield source
    source.close()


def status(relay: RunningServer, what: str = "memory") -> int:
    """Ask what the application uses."""
    answer = relay.exchange(request("/status", "Connection: close"))
    found: int = json.loads(answer.partition(b"\r\n\r\n")[2])[what]
    return found


class Memory:
    """The most memory that the application has used since it was asked for the first time."""

    def __init__(self, relay: RunningServer) -> None:
        self._relay = relay
        self.before = self.most = status(relay)

    def look(self) -> None:
        """Look again."""
        self.most = max(self.most, status(self._relay))


def stalls(source: Source) -> int:
    """Wait until the source sends no more, and return how much it has sent."""
    before = -1
    while before != source.sent:
        before = source.sent
        time.sleep(0.3)
    return before


@pytest.mark.parametrize("path", ["/callback", "/stream"])
def test_down(relay: RunningServer, source: Source, path: str) -> None:
    """A gigabyte comes through whole; a reader that pauses stops the source; memory stays flat."""
    memory = Memory(relay)
    begun = time.monotonic()
    found = got = 0
    buffer = bytearray(1 << 20)
    with relay.connect() as client:
        url = f"{path}?url=http://127.0.0.1:{source.port}/"
        # With HTTP/1.0 the body comes without chunks.
        client.sendall(f"GET {url} HTTP/1.0\r\nHost: a\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        assert head.startswith(b"HTTP/1.1 200")
        assert stalls(source) < UNDER_WAY
        memory.look()
        while size := client.recv_into(buffer):
            found = zlib.crc32(memoryview(buffer)[:size], found)
            got += size
            if got // (GIGABYTE // 8) != (got - size) // (GIGABYTE // 8):
                memory.look()
    assert (got, found) == (GIGABYTE, checksum())
    assert memory.most - memory.before < ROOM
    assert time.monotonic() - begun < 60


def test_up(relay: RunningServer, source: Source) -> None:
    """So it is with an upload that the handler gives on to another server."""
    memory = Memory(relay)
    begun = time.monotonic()
    with relay.connect() as client:
        head = request(
            f"/upload?url=http://127.0.0.1:{source.port}/",
            f"Content-Length: {GIGABYTE}",
            "Connection: close",
            method="POST",
        )
        client.sendall(head)
        for number in range(BLOCKS):
            client.sendall(BLOCK)
            if number % 128 == 0:
                memory.look()
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.endswith(b"\r\n\r\n%d %d" % (GIGABYTE, checksum())), answer
    assert memory.most - memory.before < ROOM
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize("path", ["/callback", "/stream"])
def test_reader_that_goes(relay: RunningServer, source: Source, path: str) -> None:
    """When the reader goes in the middle, the other server is let go, too."""
    before = status(relay, "files")
    with relay.connect() as client:
        url = f"{path}?url=http://127.0.0.1:{source.port}/"
        client.sendall(request(url))
        assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")
    until("end of both", lambda: status(relay, "files") <= before)
    assert source.sent < GIGABYTE
