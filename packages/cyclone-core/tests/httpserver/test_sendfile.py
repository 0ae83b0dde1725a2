"""Tests of files that go from the disk to a socket: real sockets, and a reactor that the test turns."""

import contextlib
import fcntl
import gzip
import io
import os
import select
import socket
import struct
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest
from twisted.internet.error import ConnectionLost
from twisted.internet.main import CONNECTION_LOST
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from cyclone_core.errors import HTTPOutputError, StreamClosedError
from cyclone_core.httpserver import Exchange, HTTPServer
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest

from .conftest import GET, Client, Log, Script, Wire, turn_once

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

KIB = 1024
MIB = 1024 * KIB
TURN = MIB  # of a file, in one turn of the reactor
CONTENT = b"".join([b"%07d\n" % number for number in range(512 * KIB)])  # 4 MiB

linux = pytest.mark.skipif(
    sys.platform != "linux", reason="the system does not tell what was unsent"
)


class SocketWire(Wire):
    """The server's end of a real connection.

    Attributes:
        peer: The client's end.
    """

    def __init__(self, reactor: MemoryReactorClock, receive: int) -> None:
        super().__init__(reactor)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.peer = socket.socket()
            if receive:
                self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
            self.peer.connect(listener.getsockname())
            self.socket = listener.accept()[0]
        self.socket.setblocking(False)
        self.peer.setblocking(False)
        self.fileno = self.socket.fileno  # type: ignore[method-assign]

    def writeSomeData(self, data: bytes) -> int | Exception:  # type: ignore[override]  # noqa: N802
        try:
            return self.socket.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            return CONNECTION_LOST

    @property
    def writable(self) -> bool:
        return bool(select.select([], [self.socket], [], 0)[1])

    def _closeWriteConnection(self) -> None:  # noqa: N802 -- Twisted's name
        self.socket.shutdown(socket.SHUT_WR)
        super()._closeWriteConnection()

    def connectionLost(self, reason: Failure) -> None:
        super().connectionLost(reason)
        self.socket.close()


class SocketClient(Client):
    """A client at the other end of a `SocketWire`.

    Attributes:
        script: The application.
        ended: Whether the end of what the server sends has come.
    """

    wire: SocketWire
    script: Script
    ended = False

    def _write(self) -> bool:
        moved = False
        while self.turn_once():
            moved = True
        return moved

    def turn_once(self) -> bool:
        """Let the reactor turn once; tells whether there was something to do."""
        turn_once(self.reactor)
        wire = self.wire
        if wire not in self.reactor.getWriters() or not wire.writable:
            return False
        ended = wire.doWrite()
        if ended is not None:
            wire.connectionLost(Failure(ended))
        return True

    def read(self, most: int = MIB) -> bytes:
        """Take off what has come, without a turn of the reactor."""
        with contextlib.suppress(BlockingIOError):
            data = self.wire.peer.recv(most)
            self.ended = not data
            return data
        return b""

    def received(self) -> bytes:
        """Take off all that comes until nothing comes, or the end."""
        pieces = []
        while not self.ended:
            self.pump()
            more = self._more_comes()  # not behind the read: it may come just between the two
            if piece := self.read():
                pieces.append(piece)
            elif not more:
                break
            else:
                self._wait()
        return b"".join(pieces)

    def _more_comes(self) -> bool:
        """Tell whether the kernel or the server has something, and be it the end."""
        if self.wire.disconnected or self.wire.half_closed:
            return not self.ended
        (kept,) = struct.unpack("i", fcntl.ioctl(self.wire.socket, termios.TIOCOUTQ, bytes(4)))
        return kept > 0 or self.wire in self.reactor.getWriters()

    def _wait(self) -> None:
        """Wait until something comes or the server may write, or nothing more is to come.

        The kernel takes its time with a small buffer, and on a busy machine with every other.
        """
        writing = [self.wire.socket] if self.wire in self.reactor.getWriters() else []
        for _ in range(3000):
            # What was read may be acknowledged late, which wakes nobody.
            if any(select.select([self.wire.peer], writing, [], 0.01)) or not self._more_comes():
                return
        raise TimeoutError

    def reset(self) -> None:
        """Go with a reset."""
        self.wire.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.wire.peer.close()


Dial = Callable[..., SocketClient]


@pytest.fixture
def dial(reactor: MemoryReactorClock) -> Iterator[Dial]:
    """A function that connects a client with a socket; options are `Limits`."""
    wires = []

    def make(script: Script | None = None, receive: int = 0, **options: float) -> SocketClient:
        script = script or Script()
        wires.append(SocketWire(reactor, receive))
        client = SocketClient(HTTPServer(script, reactor=reactor, **options), reactor, wires[-1])
        client.script = script
        return client

    yield make
    for wire in wires:
        wire.peer.close()
        wire.socket.close()


@pytest.fixture
def client(dial: Dial) -> SocketClient:
    """A client with a socket."""
    return dial()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of 4 MiB, no two parts of which are equal."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def file(path: Path) -> Iterator[io.FileIO]:
    """The same, open."""
    with io.FileIO(path) as opened:
        yield opened


def ask(client: SocketClient, request: bytes = GET) -> Exchange:
    """Send a request that the script keeps, and return its exchange."""
    client.send(request)
    exchange = client.script.requests[-1].connection
    assert exchange is not None
    return exchange


def head(exchange: Exchange, chunk: bytes = b"", **headers: str) -> None:
    """Begin an answer."""
    fields = HTTPHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    exchange.write_headers(200, "OK", fields, chunk)


def outcome(waiting: "Deferred[Any]") -> list[object]:
    """Return a list to which what the Deferred gives is added."""
    found: list[object] = []
    waiting.addBoth(lambda result: found.append(getattr(result, "value", result)))
    return found


def send(
    exchange: Exchange, file: IO[bytes], offset: int = 0, count: int = len(CONTENT)
) -> list[object]:
    """Send a part of a file as a whole answer."""
    head(exchange, Content_Length=str(count))
    return outcome(exchange.send_file(file, offset, count))


def body(data: bytes) -> bytes:
    """Cut the head off an answer."""
    return data.partition(b"\r\n\r\n")[2]


class TestContent:
    """What arrives."""

    def test_whole_file(self, client: SocketClient, file: io.FileIO) -> None:
        """A file arrives behind its head, and the process has not read it."""
        done = send(ask(client), file)
        assert body(client.received()) == CONTENT
        assert done == [None]
        assert file.tell() == 0
        assert not file.closed

    def test_part(self, client: SocketClient, file: io.FileIO) -> None:
        """A part arrives, from its first byte to its last."""
        done = send(ask(client), file, 1001, 2 * MIB + 1)
        assert body(client.received()) == CONTENT[1001 : 1001 + 2 * MIB + 1]
        assert done == [None]

    def test_small_part(self, client: SocketClient, file: io.FileIO) -> None:
        """A part that the socket takes at once is done at once."""
        done = send(ask(client), file, 8, 100)
        assert done == [None]
        assert body(client.received()) == CONTENT[8:108]

    def test_between_pieces(self, client: SocketClient, file: io.FileIO) -> None:
        """It takes its place between what is written before and behind it."""
        exchange = ask(client)
        count = 2 * MIB
        head(exchange, b"<", Content_Length=str(count + 2))
        sending = exchange.send_file(file, 0, count)
        sending.addCallback(lambda _: exchange.write(b">"))
        sending.addCallback(lambda _: exchange.finish())
        assert body(client.received()) == b"<" + CONTENT[:count] + b">"

    def test_behind_what_waits(self, dial: Dial, file: io.FileIO) -> None:
        """It waits for what was written before and has not left the process."""
        client = dial(receive=16 * KIB)
        exchange = ask(client)
        before = b"x" * (6 * MIB)
        head(exchange, before, Content_Length=str(len(before) + 10))
        done = outcome(exchange.send_file(file, 0, 10))
        assert done == []
        assert body(client.received()) == before + CONTENT[:10]
        assert done == [None]

    def test_behind_what_is_queued(self, dial: Dial, file: io.FileIO) -> None:
        """It waits for what the transport has, too, where that is not so much that others must wait."""
        client = dial(receive=16 * KIB)
        exchange = ask(client)
        filler = b"x" * (32 * KIB)
        head(exchange, Content_Length=str(500 * len(filler) + 10))
        written = 0
        while not client.wire.dataBuffer and not client.wire._tempDataBuffer:
            exchange.write(filler)
            written += 1
        for _ in range(500 - written):
            exchange.write(filler)
        done = outcome(exchange.send_file(file, 0, 10))
        assert body(client.received()) == 500 * filler + CONTENT[:10]
        assert done == [None]

    def test_next_request(self, client: SocketClient, file: io.FileIO) -> None:
        """The connection lives on: requests that wait behind a file get files, too, in order."""
        sizes = [3 * MIB, 100, 2 * MIB]

        def serve(request: HTTPServerRequest) -> None:
            exchange = request.connection
            assert exchange is not None
            size = sizes[len(client.script.requests) - 1]
            head(exchange, Content_Length=str(size))
            exchange.send_file(file, 0, size).addCallback(lambda _: exchange.finish())

        client.script._answer = serve
        client.send(GET * 3)
        data = client.received()
        for size in sizes:
            headers, _, data = data.partition(b"\r\n\r\n")
            assert b"Content-Length: %d" % size in headers
            assert data[:size] == CONTENT[:size]
            data = data[size:]
        assert data == b""

    def test_old_client(self, client: SocketClient, file: io.FileIO) -> None:
        """Without a length the file ends with the connection (HTTP/1.0)."""
        exchange = ask(client, b"GET / HTTP/1.0\r\n\r\n")
        head(exchange)
        exchange.send_file(file, 0, 3 * MIB).addCallback(lambda _: exchange.finish())
        assert body(client.received()) == CONTENT[: 3 * MIB]
        assert client.ended

    def test_chunked(self, client: SocketClient, file: io.FileIO) -> None:
        """Chunks are framed by the process, which reads the file for that."""
        exchange = ask(client)
        head(exchange)
        exchange.send_file(file, 0, 100 * KIB).addCallback(lambda _: exchange.finish())
        first, rest = CONTENT[: 64 * KIB], CONTENT[64 * KIB : 100 * KIB]
        wanted = b"10000\r\n" + first + b"\r\n9000\r\n" + rest + b"\r\n0\r\n\r\n"
        assert body(client.received()) == wanted
        assert file.tell() == 100 * KIB

    def test_head(self, client: SocketClient, file: io.FileIO) -> None:
        """For HEAD nothing is sent."""
        exchange = ask(client, GET.replace(b"GET", b"HEAD"))
        assert send(exchange, file) == [None]
        exchange.finish()
        assert body(client.received()) == b""


class TestFiles:
    """What is sent without the process, and what is read."""

    def test_buffered_reader(self, client: SocketClient, path: Path) -> None:
        """What `open` gives is sent without being read, wherever its buffer stands."""
        with path.open("rb") as file:
            file.read(10)
            done = send(ask(client), file, 0, MIB)
            assert body(client.received()) == CONTENT[:MIB]
            assert done == [None]
            assert file.tell() == 0

    def test_unwritten_bytes(self, client: SocketClient, path: Path) -> None:
        """What was written to the file's buffer is in the answer."""
        with path.open("r+b") as file:
            file.write(b"changed")
            send(ask(client), file, 0, 10)
            assert body(client.received()) == b"changed" + CONTENT[7:10]

    def test_decompressing_file(self, client: SocketClient, tmp_path: Path) -> None:
        """A file object that gives other bytes than the disk has is read."""
        path = tmp_path / "file.gz"
        path.write_bytes(gzip.compress(CONTENT, 1))
        with gzip.open(path) as file:
            done = send(ask(client), file, 100, MIB)  # type: ignore[arg-type]
            assert body(client.received()) == CONTENT[100 : 100 + MIB]
        assert done == [None]

    def test_file_in_memory(self, client: SocketClient) -> None:
        """A file that has no descriptor is read."""
        done = send(ask(client), io.BytesIO(CONTENT), 1, 2 * MIB)
        assert body(client.received()) == CONTENT[1 : 1 + 2 * MIB]
        assert done == [None]

    @linux
    def test_unable_file_system(self, client: SocketClient) -> None:
        """A file whose file system cannot do it is read."""
        with io.FileIO("/proc/self/environ") as file:
            environment = file.readall()[:50]
            done = send(ask(client), file, 0, len(environment))
            assert body(client.received()) == environment
        assert done == [None]

    @linux
    def test_unable_file_system_and_large_file(self, client: SocketClient) -> None:
        """One that cannot do it, and cannot be read either, fails like any other."""
        with io.FileIO("/proc/self/mem") as file:
            done = send(ask(client), file)
            assert isinstance(done[0], OSError)
        assert client.wire.aborted

    def test_system_without_sendfile(
        self, client: SocketClient, file: io.FileIO, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where the system has no such call files are read."""
        monkeypatch.delattr(os, "sendfile")
        done = send(ask(client), file)
        assert body(client.received()) == CONTENT
        assert done == [None]
        assert file.tell() == len(CONTENT)

    def test_encrypted(self, client: SocketClient, file: io.FileIO) -> None:
        """What has to be encrypted is read."""
        client.wire.TLS = True  # type: ignore[attr-defined]
        send(ask(client), file, 0, 100 * KIB)
        assert body(client.received()) == CONTENT[: 100 * KIB]
        assert file.tell() == 100 * KIB


class TestTurns:
    """No client keeps the others waiting."""

    def test_bounded_turn(self, client: SocketClient, file: io.FileIO) -> None:
        """In one turn of the reactor no more than 1 MiB leaves, however fast the client is."""
        done = send(ask(client), file)
        taken = len(client.read(8 * MIB))
        while not done:
            before = taken
            client.turn_once()
            while data := client.read(8 * MIB):
                taken += len(data)
            assert taken - before <= 2 * TURN  # what the kernel had, and what it got
        assert taken > len(CONTENT)

    def test_two_clients(self, dial: Dial, file: io.FileIO) -> None:
        """Two clients get their files side by side."""
        clients = [dial(), dial()]
        done = [send(ask(client), file) for client in clients]
        for client in clients:
            assert select.select([client.wire.peer], [], [], 30)[0]
            assert len(client.read(8 * MIB)) > 0
        assert done == [[], []]
        for client, found in zip(clients, done, strict=True):
            client.received()
            assert found == [None]

    def test_spent_turn(self, dial: Dial, file: io.FileIO) -> None:
        """Who has sent all that a turn allows waits with the next file, too."""
        client = dial()
        served: list[int] = []

        def serve(request: HTTPServerRequest) -> None:
            exchange = request.connection
            assert exchange is not None
            served.append(1)
            head(exchange, Content_Length=str(400 * KIB))
            exchange.send_file(file, 0, 400 * KIB).addCallback(lambda _: exchange.finish())

        client.script._answer = serve
        client.protocol.dataReceived(GET * 8)
        assert len(served) < 8
        data = client.received()
        assert len(served) == 8
        assert data.count(CONTENT[: 400 * KIB]) == 8


class TestSlowClients:
    """Back-pressure."""

    def test_nothing_in_memory(self, dial: Dial, file: io.FileIO) -> None:
        """While a client takes nothing the process holds no byte of the file."""
        client = dial(receive=16 * KIB)
        exchange = ask(client)
        done = send(exchange, file)
        client.pump()
        assert done == []
        assert exchange.drained() is not None
        assert not client.wire.dataBuffer
        assert not client.wire._tempDataBuffer
        assert file.tell() == 0
        assert body(client.received()) == CONTENT
        assert done == [None]

    def test_full_socket(self, dial: Dial, file: io.FileIO) -> None:
        """A socket that takes nothing more is waited for."""
        client = dial(receive=16 * KIB)
        exchange = ask(client)
        head(exchange, Content_Length="10")
        filler = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                filler += client.wire.socket.send(b"x" * 100 * KIB)
        done = outcome(exchange.send_file(file, 0, 10))
        assert done == []
        assert body(client.received()) == b"x" * filler + CONTENT[:10]
        assert done == [None]

    def test_stalled(self, dial: Dial, file: io.FileIO) -> None:
        """A client that takes nothing is cut off after `write_timeout`."""
        client = dial(receive=16 * KIB, write_timeout=10)
        done = send(ask(client), file)
        client.advance(9)
        assert not client.wire.aborted
        client.advance(3)
        assert client.wire.aborted
        assert isinstance(done[0], StreamClosedError)

    @linux
    def test_slow(self, dial: Dial, file: io.FileIO) -> None:
        """A client that takes 64 KiB in that time gets the file, although the kernel has far more."""
        client = dial(receive=16 * KIB, write_timeout=10)
        done = send(ask(client), file)
        client.pump()
        for _ in range(3):
            taken = 0
            while taken < 128 * KIB:
                taken += len(client.read(16 * KIB))
            client.advance(9)
            client.advance(3)
            assert not client.wire.aborted
        assert done == []

    @linux
    def test_too_slow(self, dial: Dial, file: io.FileIO) -> None:
        """One that takes some bytes now and then is cut off, sooner or later."""
        client = dial(receive=16 * KIB, write_timeout=10)
        done = send(ask(client), file)
        for _ in range(50):
            client.read(100)
            client.advance(1)
        assert client.wire.aborted
        assert isinstance(done[0], StreamClosedError)

    @linux
    def test_bound(self, dial: Dial, file: io.FileIO) -> None:
        """The kernel keeps more of a file than of other answers, and only while it is sent."""
        client = dial()

        def bound() -> int:
            option = socket.TCP_NOTSENT_LOWAT  # type: ignore[attr-defined,unused-ignore]
            return client.wire.socket.getsockopt(socket.IPPROTO_TCP, option)

        done = send(ask(client), file)
        assert bound() == MIB
        while not done:
            client.read()
            client.pump()
        assert done == [None]
        assert bound() == 128 * KIB

    @linux
    def test_end(self, dial: Dial, file: io.FileIO) -> None:
        """It is over when the client has taken all but what it may leave of other answers."""
        client = dial(receive=16 * KIB)
        done = send(ask(client), file)
        taken = 0
        while not done:
            taken += len(client.read(16 * KIB))
            client.pump()
        assert taken > len(CONTENT) - 1.5 * MIB
        assert len(CONTENT) - taken < 700 * KIB  # 128 KiB unsent; the rest is on its way


class TestFailures:
    """Endings that nobody wishes for."""

    def test_shorter_file_in_memory(self, client: SocketClient) -> None:
        """It does so, too, when it is read."""
        done = send(ask(client), io.BytesIO(b"0123"), 0, 10)
        assert isinstance(done[0], HTTPOutputError)
        assert "6 bytes" in str(done[0])
        assert client.wire.aborted

    def test_client_vanishes(self, dial: Dial, file: io.FileIO) -> None:
        """It fails when the client goes in the middle."""
        client = dial(receive=16 * KIB)
        done = send(ask(client), file)
        client.wire.connectionLost(Failure(ConnectionLost()))
        assert isinstance(done[0], StreamClosedError)

    def test_nobody_waits(self, dial: Dial, file: io.FileIO, log: Log) -> None:
        """A client that goes is not in the log, even if nobody waits for the end of its file."""
        client = dial(receive=16 * KIB)
        exchange = ask(client)
        head(exchange, Content_Length=str(len(CONTENT)))
        exchange.send_file(file, 0, len(CONTENT))
        client.wire.connectionLost(Failure(ConnectionLost()))
        assert log.flush(Exception) == []

    def test_client_had_gone(self, client: SocketClient, file: io.FileIO) -> None:
        """It fails at once if the client has gone before."""
        exchange = ask(client)
        head(exchange, Content_Length="10")
        client.wire.connectionLost(Failure(ConnectionLost()))
        assert isinstance(outcome(exchange.send_file(file, 0, 10))[0], StreamClosedError)

    def test_reset(self, client: SocketClient, file: io.FileIO) -> None:
        """A connection that is found to be reset is at its end, and that is no error of the program."""
        exchange = ask(client)
        head(exchange, Content_Length=str(len(CONTENT)))
        ended = outcome(exchange.notifyFinish())
        client.reset()
        done = outcome(exchange.send_file(file, 0, len(CONTENT)))
        assert isinstance(done[0], StreamClosedError)
        assert client.wire.aborted
        assert isinstance(ended[0], str)

    def test_reset_in_the_middle(self, dial: Dial, file: io.FileIO) -> None:
        """So is one that the reactor finds."""
        client = dial(receive=16 * KIB)
        done = send(ask(client), file)
        client.reset()
        client.pump()
        assert isinstance(done[0], StreamClosedError)

    def test_shorter(self, client: SocketClient, file: io.FileIO) -> None:
        """A file that is shorter than promised cuts the connection."""
        done = send(ask(client), file, len(CONTENT) - 4, 10)
        client.received()
        assert isinstance(done[0], HTTPOutputError)
        assert "6 bytes" in str(done[0])
        assert client.wire.aborted

    def test_truncated(self, dial: Dial, file: io.FileIO, path: Path) -> None:
        """So does one that becomes shorter meanwhile."""
        client = dial(receive=16 * KIB)
        done = send(ask(client), file)
        os.truncate(path, 10)
        client.received()
        assert isinstance(done[0], HTTPOutputError)
        assert client.wire.aborted

    def test_closed_file(self, dial: Dial, file: io.FileIO) -> None:
        """A file that is closed too early cuts the connection, and no other file is sent for it."""
        client = dial(receive=16 * KIB)
        done = send(ask(client), file)
        file.close()
        client.received()
        assert isinstance(done[0], ValueError)
        assert client.wire.aborted

    def test_unreadable(self, client: SocketClient, tmp_path: Path) -> None:
        """So does one that was opened for something else."""
        with io.FileIO(tmp_path / "new", "w") as file:
            done = send(ask(client), file)
        assert isinstance(done[0], OSError)
        assert client.wire.aborted

    def test_without_head(self, client: SocketClient, file: io.FileIO) -> None:
        """A file without a head is refused; the answer may still be given."""
        exchange = ask(client)
        done = outcome(exchange.send_file(file, 0, 10))
        assert isinstance(done[0], HTTPOutputError)
        exchange.respond(200, "OK", HTTPHeaders(), b"ok")
        assert body(client.received()) == b"ok"

    def test_cancelled(self, dial: Dial, file: io.FileIO) -> None:
        """Who cancels it cuts the connection: the answer cannot be completed."""
        client = dial(receive=16 * KIB)
        exchange = ask(client)
        head(exchange, Content_Length=str(len(CONTENT)))
        sending = exchange.send_file(file, 0, len(CONTENT))
        sending.cancel()
        assert isinstance(outcome(sending)[0], StreamClosedError)
        assert client.wire.aborted

    def test_too_much(self, client: SocketClient, file: io.FileIO) -> None:
        """More than `Content-Length` is refused before it leaves."""
        exchange = ask(client)
        head(exchange, Content_Length="10")
        done = outcome(exchange.send_file(file, 0, 11))
        assert isinstance(done[0], HTTPOutputError)
        assert body(client.received()) == b""
        assert client.wire.aborted

    def test_without_body(self, client: SocketClient, file: io.FileIO) -> None:
        """An answer that has no body takes none."""
        exchange = ask(client)
        exchange.write_headers(304, "Not Modified", HTTPHeaders(), b"")
        assert outcome(exchange.send_file(file, 0, 10)) == [None]
        exchange.finish()
        assert body(client.received()) == b""

    def test_finished_in_the_middle(self, dial: Dial, file: io.FileIO) -> None:
        """An answer that is finished while its file is sent is incomplete: the connection is cut."""
        client = dial(receive=16 * KIB)
        exchange = ask(client)
        done = send(exchange, file)
        with pytest.raises(HTTPOutputError, match="file is being sent"):
            exchange.finish()
        assert client.wire.aborted
        assert isinstance(done[0], StreamClosedError)

    def test_finished_without_length(self, dial: Dial, file: io.FileIO) -> None:
        """So it is where the end of the connection is the end of the file."""
        client = dial(receive=16 * KIB)
        exchange = ask(client, b"GET / HTTP/1.0\r\n\r\n")
        head(exchange)
        done = outcome(exchange.send_file(file, 0, len(CONTENT)))
        with pytest.raises(HTTPOutputError, match="file is being sent"):
            exchange.finish()
        assert client.wire.aborted
        assert isinstance(done[0], StreamClosedError)

    def test_written_to_meanwhile(self, dial: Dial, file: io.FileIO) -> None:
        """Nothing can be written into the middle of a file, nor another file."""
        client = dial(receive=16 * KIB)
        exchange = ask(client)
        send(exchange, file)
        with pytest.raises(HTTPOutputError, match="file is being sent"):
            exchange.write(b"x")
        with pytest.raises(HTTPOutputError, match="file is being sent"):
            exchange.send_file(file, 0, 1)
        assert body(client.received()) == CONTENT
