"""Clients that mean no good: slow, silent, greedy and broken ones, over real sockets.

The "hasty" ports wait for a second wherever they wait; a deadline is noticed up to two seconds late. The
attacks that take time run side by side; each test looks at the end of one.
"""

import contextlib
import gzip
import socket
import ssl
import statistics
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import pytest
from hostile_server import FEW, MEGABYTE, Server, is_cut, reset, running
from served import request, rest_of
from startup_processes import PATIENCE, until

DEADLINE = 1.0
# Noticed up to two seconds late, and this machine may be busy.
LATE = DEADLINE + 2 + 5
# Bytes a second of a client that reads slowly but steadily.
RATE = MEGABYTE


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The application, running."""
    directory, logs = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("logs")
    with running(directory, logs, DEADLINE) as found:
        yield found


class Outcome(NamedTuple):
    """How an attack ended: what was read, whether the server cut it off, and after how long."""

    answer: bytes
    cut: bool
    seconds: float


# -- Attacks: each gets a server and a port -------------------------------------------------------


def trickle(client: socket.socket, data: bytes, pause: float) -> bytes:
    """Send single bytes, again and again, until there is an answer or the end."""
    client.settimeout(pause)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for byte in data:
            try:
                client.sendall(bytes([byte]))
                return client.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                return b""
    raise TimeoutError("the server takes bytes for ever")


def slow_head(server: Server, port: str) -> Outcome:
    """Send a head that never ends, a byte at a time."""
    with server.connect(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        begun = time.monotonic()
        answer = trickle(client, b"X: y\r\n", 0.1)
        return Outcome(answer, False, time.monotonic() - begun)


def stalling_body(server: Server, port: str) -> Outcome:
    """Send the half of a body and wait."""
    with server.connect(port) as client:
        client.sendall(request("/length", "Content-Length: 10", method="POST") + b"hello")
        begun = time.monotonic()
        return Outcome(rest_of(client, cut=True), False, time.monotonic() - begun)


def slow_body(server: Server, port: str) -> Outcome:
    """Send a body a byte at a time, never long enough apart to be a stall."""
    with server.connect(port) as client:
        client.sendall(request("/length", "Content-Length: 1000000", method="POST"))
        begun = time.monotonic()
        return Outcome(trickle(client, b"x" * 1000, 0.3), False, time.monotonic() - begun)


def no_reader(server: Server, port: str, requests: bytes, rounds: int = 1) -> Outcome:
    """Ask and never read."""
    with server.connect(port, receive=4096) as client:
        client.settimeout(0.2)
        # The server reads no more than it can answer.
        with contextlib.suppress(TimeoutError):
            for _ in range(rounds):
                client.sendall(requests)
        begun = time.monotonic()
        cut = is_cut(client, LATE)
        return Outcome(b"", cut, time.monotonic() - begun)


def no_reader_of_large(server: Server, port: str) -> Outcome:
    """Ask for ten million bytes and never read."""
    return no_reader(server, port, request("/large"))


def no_reader_of_stream(server: Server, port: str) -> Outcome:
    """Ask for as many in pieces and never read."""
    return no_reader(server, port, request("/stream"))


def no_reader_of_small(server: Server, port: str) -> Outcome:
    """Ask for small answers, very often, and never read."""
    return no_reader(server, port, request("/") * 1000, 100)


def steady_reader(server: Server, port: str) -> Outcome:
    """Read slowly, but without a pause as long as the deadline; in sum for longer."""
    with server.connect(port, receive=65536) as client:
        client.sendall(request("/stream", "Connection: close"))
        begun = time.monotonic()
        pieces = []
        while piece := client.recv(65536):
            pieces.append(piece)
            time.sleep(len(piece) / RATE)
        return Outcome(b"".join(pieces), False, time.monotonic() - begun)


def silence(server: Server, port: str) -> Outcome:
    """Connect and do nothing."""
    begun = time.monotonic()
    with server.connect(port) as client:
        return Outcome(rest_of(client, cut=True), False, time.monotonic() - begun)


def silence_between(server: Server, port: str) -> Outcome:
    """Ask once, and then do nothing."""
    with server.connect(port) as client:
        client.sendall(request("/"))
        begun = time.monotonic()
        return Outcome(rest_of(client, cut=True), False, time.monotonic() - begun)


def no_handshake(server: Server, data: bytes) -> Outcome:
    """Begin a TLS handshake that never ends."""
    with socket.create_connection(("127.0.0.1", server.ports["hasty_tls"])) as client:
        client.settimeout(PATIENCE)
        client.sendall(data)
        begun = time.monotonic()
        return Outcome(rest_of(client, cut=True), False, time.monotonic() - begun)


def client_hello() -> bytes:
    """Return the first bytes that a TLS client sends."""
    outgoing = ssl.MemoryBIO()
    context = ssl.create_default_context()
    session = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()


def silent_handshake(server: Server, _port: str) -> Outcome:
    """Connect for TLS and send nothing."""
    return no_handshake(server, b"")


def half_handshake(server: Server, _port: str) -> Outcome:
    """Send the half of a first message."""
    hello = client_hello()
    return no_handshake(server, hello[: len(hello) // 2])


def unanswered_handshake(server: Server, _port: str) -> Outcome:
    """Send the first message, and nothing to the server's answer."""
    return no_handshake(server, client_hello())


Attack = Callable[[Server, str], Outcome]
SLOW: tuple[Attack, ...] = (slow_head, stalling_body, slow_body)
UNREAD: tuple[Attack, ...] = (no_reader_of_large, no_reader_of_stream, no_reader_of_small)
SILENT: tuple[Attack, ...] = (silence, silence_between)
HANDSHAKES: tuple[Attack, ...] = (silent_handshake, half_handshake, unanswered_handshake)
EVERYWHERE = (*SLOW, *UNREAD, *SILENT)
PORTS = ("hasty", "hasty_tls")


class Attacks:
    """All attacks that take time, under way at once."""

    def __init__(self, server: Server, threads: ThreadPoolExecutor) -> None:
        wanted = [(attack, port) for attack in EVERYWHERE for port in PORTS]
        wanted += [(attack, "hasty_tls") for attack in HANDSHAKES]
        wanted += [(steady_reader, port) for port in PORTS]
        self._futures: dict[tuple[Attack, str], Future[Outcome]] = {
            each: threads.submit(each[0], server, each[1]) for each in wanted
        }

    def wait(self) -> None:
        """Wait for the end of all."""
        for future in self._futures.values():
            future.result(PATIENCE)

    def outcome(self, attack: Attack, port: str) -> Outcome:
        """Wait for the end of one."""
        return self._futures[attack, port].result(PATIENCE)


@pytest.fixture(scope="module")
def attacks(server: Server) -> Iterator[Attacks]:
    """The attacks that take time."""
    with ThreadPoolExecutor(max_workers=40) as threads:
        yield Attacks(server, threads)


@pytest.mark.parametrize("port", PORTS)
class TestSlow:
    """Who holds on to a connection for longer than it needs is cut off; nobody else is."""

    @pytest.mark.parametrize("attack", [slow_head, stalling_body])
    def test_deadline(self, attacks: Attacks, attack: Attack, port: str) -> None:
        """A head that comes byte by byte and a body that stalls are refused after the deadline."""
        answer, _, seconds = attacks.outcome(attack, port)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert DEADLINE <= seconds < LATE

    def test_rate(self, attacks: Attacks, port: str) -> None:
        """A body that never stalls is refused if it is too slow, after ten seconds of grace."""
        answer, _, seconds = attacks.outcome(slow_body, port)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert 10 <= seconds < 10 + LATE

    @pytest.mark.parametrize("attack", UNREAD)
    def test_no_reader(self, attacks: Attacks, attack: Attack, port: str) -> None:
        """Who does not take its answers off is cut off, be they large or small and many."""
        _, cut, seconds = attacks.outcome(attack, port)
        assert cut
        assert seconds < LATE

    @pytest.mark.parametrize("attack", SILENT)
    def test_silence(self, attacks: Attacks, attack: Attack, port: str) -> None:
        """Who asks for nothing is let go without a word."""
        answer, _, seconds = attacks.outcome(attack, port)
        assert answer.count(b"HTTP/1.1 ") == (attack is silence_between)
        assert DEADLINE <= seconds < LATE


@pytest.mark.parametrize("port", PORTS)
def test_steady_reader(attacks: Attacks, port: str) -> None:
    """Who reads slowly but steadily gets all, although that takes longer than the deadline."""
    answer, _, seconds = attacks.outcome(steady_reader, port)
    assert answer.endswith(b"\r\n0\r\n\r\n")
    assert answer.count(b"\0") == 10 * MEGABYTE
    assert seconds > 2 * DEADLINE


@pytest.mark.parametrize("attack", HANDSHAKES)
def test_handshake(attacks: Attacks, attack: Attack) -> None:
    """A TLS handshake that does not come to its end is cut off."""
    _, _, seconds = attacks.outcome(attack, "hasty_tls")
    assert DEADLINE <= seconds < LATE


def test_all_gone(server: Server, attacks: Attacks) -> None:
    """Nothing is left of all these clients."""
    attacks.wait()
    with server.connect() as client:
        client.sendall(request("/"))
        assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
        files = server.status["files"]
    # The ports, two connections and what a fresh process has open: far fewer than the clients were.
    assert files < 30


# -- Greed ----------------------------------------------------------------------------------------


def half_close(client: socket.socket, data: bytes) -> None:
    """Send something and say that nothing follows."""
    client.sendall(data)
    client.shutdown(socket.SHUT_WR)


HALVES = {
    "nothing": b"",
    "half a head": b"GET / HTTP/1.1\r\n",
    "half a body": request("/length", "Content-Length: 10", method="POST") + b"hello",
    "an answer that never ends": request("/forever"),
    "a large answer": request("/large"),
}


@pytest.mark.parametrize("port", ["plain", "plain_tls"])
def test_half_open(server: Server, port: str) -> None:
    """Sockets of which one half is closed, and full ones, do not keep the process busy."""
    clients = []
    try:
        for data in HALVES.values():
            for _ in range(10):
                client = server.connect(port, receive=4096)
                clients.append(client)
                half_close(client, data)
        for path in ("/large", "/forever"):
            client = server.connect(port, receive=4096)
            clients.append(client)
            client.sendall(request(path))
        time.sleep(0.5)  # what there is to do for them is done
        before = server.status["seconds"]
        time.sleep(1)
        assert server.status["seconds"] - before < 0.1
    finally:
        for client in clients:
            client.close()


def answered_uris(client: socket.socket, count: int) -> list[str]:
    """Ask `count` times in one go while the answers are read, and return what they say."""
    paths = [f"/?{number}" for number in range(count)]
    requests = b"".join(map(request, paths)) + request("/?last", "Connection: close")
    sender = threading.Thread(target=client.sendall, args=(requests,))
    sender.start()
    answer = rest_of(client, cut=True).decode()
    sender.join(PATIENCE)
    return [part.partition("\r\n\r\n")[2] for part in answer.split("HTTP/1.1 200 OK")[1:]]


def test_pipeline(server: Server) -> None:
    """Ten thousand requests at once are answered in order, in the memory of a few."""
    server.forget_peak()
    before = server.status["peak"]
    with server.connect() as client:
        found = answered_uris(client, 10_000)
    assert found == [f"/?{number}" for number in range(10_000)] + ["/?last"]
    assert server.status["peak"] - before < 8 * MEGABYTE


def latencies(server: Server, stop: Callable[[], bool], least: int) -> list[float]:
    """Ask until told to stop, at least so often, and return how long each answer took."""
    found: list[float] = []
    with server.connect() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while len(found) < least or not stop():
            begun = time.perf_counter()
            client.sendall(request("/"))
            assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")
            found.append(time.perf_counter() - begun)
    return found


FLOODS = {
    "tiny chunks": request("/length", "Transfer-Encoding: chunked", method="POST")
    + b"1\r\nx\r\n" * 200_000
    + b"0\r\n\r\n",
    "requests": request("/") * 20_000,
    "empty lines and errors": request("/nowhere") * 5_000,
}


@pytest.mark.parametrize("flood", FLOODS)
def test_flood(server: Server, flood: str) -> None:
    """While one client makes as much work as it can, another does not wait until it is done."""
    data = FLOODS[flood]
    with server.connect() as client:
        finished = threading.Event()

        def read() -> None:
            with contextlib.suppress(ConnectionResetError):  # of what is unread in the end
                while not finished.is_set() and client.recv(1 << 20):
                    pass

        def send() -> None:
            try:
                client.sendall(data)
            finally:
                finished.set()

        threads = [threading.Thread(target=run, daemon=True) for run in (read, send)]
        for thread in threads:
            thread.start()
        found = latencies(server, finished.is_set, 20)
        client.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(PATIENCE)
    # Not the longest: that is what else this machine does. A flood takes seconds; a quiet machine answers in
    # a hundredth of one.
    assert statistics.median(found) < 0.3


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_bomb(server: Server, coding: str) -> None:
    """A body that becomes a thousand times as large is refused before it is in memory."""
    bomb = gzip.compress(bytes(100 * MEGABYTE), 9)
    if coding == "deflate":
        bomb = zlib.compress(bytes(100 * MEGABYTE), 9)
    server.forget_peak()
    before = server.status["peak"]
    head = request(
        "/length", f"Content-Encoding: {coding}", f"Content-Length: {len(bomb)}", method="POST"
    )
    assert server.exchange(head + bomb, "inflate").startswith(b"HTTP/1.1 413 ")
    assert server.status["peak"] - before < 8 * MEGABYTE


# -- Clients that break off -----------------------------------------------------------------------

STAGES = {
    "nothing sent": b"",
    "half a head": b"GET / HTTP/1.1\r\nHo",
    "a head": request("/length", "Content-Length: 1000", method="POST"),
    "half a body": request("/length", "Content-Length: 1000", method="POST") + b"x" * 500,
    "half a chunk": request("/length", "Transfer-Encoding: chunked", method="POST") + b"5\r\nhe",
    "a request": request("/"),
    "many requests": request("/") * 1000,
    "a large answer": request("/large"),
    "a stream": request("/stream"),
    "an answer that never ends": request("/forever"),
    "an error": b"G@T / HTTP/1.1\r\n\r\n" + b"x" * 1000,
    "a failure": request("/broken") * 10,
}


@pytest.mark.parametrize("port", ["plain", "plain_tls"])
@pytest.mark.parametrize("read", [0, 100])
def test_reset(server: Server, port: str, read: int) -> None:
    """A reset at any stage ends the connection and nothing else."""
    before = server.status["files"]
    for data in STAGES.values():
        for _ in range(5):
            client = server.connect(port, receive=4096)
            client.sendall(data)
            if read and data.endswith(b"\r\n\r\n"):
                client.settimeout(0.05)  # not every stage is answered
                with contextlib.suppress(TimeoutError):
                    client.recv(read)
            reset(client)
    until("end of the connections", lambda: server.status["files"] <= before)


class TestMaxConnections:
    """A port with a bound of three connections."""

    def test_longest_idle(self, server: Server) -> None:
        """At the bound a new client takes the place of the one that has been idle longest."""
        clients = [server.connect("few") for _ in range(FEW)]
        try:
            for number in (1, 2, 0, 1):  # so that the last is idle longest
                clients[number].sendall(request("/"))
                assert clients[number].recv(1000).startswith(b"HTTP/1.1 200 OK")
                time.sleep(1.1)  # the clock of the connections ticks once a second
            with server.connect("few") as newcomer:
                newcomer.sendall(request("/?new", "Connection: close"))
                assert rest_of(newcomer).endswith(b"\r\n\r\n/?new")
            assert rest_of(clients[2]) == b""
            for number in (0, 1):
                clients[number].sendall(request("/?old"))
                assert clients[number].recv(1000).endswith(b"\r\n\r\n/?old")
        finally:
            for client in clients:
                client.close()

    def test_none_idle(self, server: Server) -> None:
        """A new client is refused if all others have requests in flight, and welcome when one goes."""
        until("room", lambda: b" 200 " in server.exchange(request("/", "Connection: close"), "few"))
        clients = [server.connect("few") for _ in range(FEW)]
        try:
            for client in clients:
                client.sendall(request("/forever"))
                assert b"begun" in client.recv(1000)
            answer = server.exchange(request("/"), "few")
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nConnection: close\r\n" in answer
            clients.pop().close()
            until(
                "room",
                lambda: b" 200 " in server.exchange(request("/", "Connection: close"), "few"),
            )
        finally:
            for client in clients:
                client.close()
