"""Visits to the server, of all kinds: what each sends is fixed, what it must get is checked."""

import contextlib
import itertools
import resource
import socket
from collections.abc import Callable, Iterator
from typing import Self

from hostile_server import Server, reset
from served import request, rest_of

KILOBYTE = b"x" * 1000


class Keeping:
    """A client that keeps its connection.

    Args:
        server: The server.
    """

    def __init__(self, server: Server) -> None:
        self._socket = server.connect()
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._waiting = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, data: bytes, status: int, body: bytes | None = None) -> None:
        """Send a request and check its answer.

        Args:
            data: The request.
            status: The status that is expected.
            body: The body that is expected, unless None.
        """
        self._socket.sendall(data)
        self.expect(status, body)

    def expect(self, status: int, body: bytes | None) -> None:
        """Read one answer and check it, as for `ask`."""
        while b"\r\n\r\n" not in self._waiting:
            self._read()
        head, _, self._waiting = self._waiting.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %d " % status), head
        size = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
        while len(self._waiting) < size:
            self._read()
        found, self._waiting = self._waiting[:size], self._waiting[size:]
        assert body is None or found == body, found

    def burst(self, count: int) -> None:
        """Send requests in one write and check the order of the answers."""
        paths = [f"/?{number}" for number in range(count)]
        self._socket.sendall(b"".join(map(request, paths)))
        for path in paths:
            self.expect(200, path.encode())

    def _read(self) -> None:
        data = self._socket.recv(65536)
        assert data, "the server has closed"
        self._waiting += data


def post(size: int) -> bytes:
    """Spell a request with a body of so many thousand bytes."""
    head = request("/length", f"Content-Length: {1000 * size}", method="POST")
    return head + KILOBYTE * size


def chunked(count: int) -> bytes:
    """Spell a request with a body of so many chunks of a thousand bytes, and a trailer."""
    head = request("/length", "Transfer-Encoding: chunked", method="POST")
    return head + b"3e8;a=b\r\n%b\r\n" % KILOBYTE * count + b"0\r\nX-End: yes\r\n\r\n"


def honest(server: Server) -> int:
    """Ask for this and that on one connection; returns the number of requests."""
    with Keeping(server) as client:
        for number in range(20):
            path = f"/?{number}"
            client.ask(request(path, "Cookie: a=b", "Accept: */*"), 200, path.encode())
        client.ask(request("/", method="HEAD").replace(b"HEAD", b"GET"), 200, b"/")
        client.ask(post(1), 200, b"1000")
        client.ask(post(100), 200, b"100000")
        client.ask(chunked(3), 200, b"3000")
        client.burst(50)
        client.ask(request("/nowhere"), 404)
        client.ask(request("/", method="DELETE"), 405)
        client.ask(request("/broken"), 503)
        client.ask(request("/"), 200, b"/")
    return 78


ONCE = {
    "closing": (request("/", "Connection: close"), b"200"),
    "HTTP/1.0": (b"GET / HTTP/1.0\r\n\r\n", b"200"),
    "malformed": (b"G@T / HTTP/1.1\r\n\r\n", b"400"),
    "too long": (request("/" + "x" * 9000), b"414"),
    "two lengths": (request("/", "Content-Length: 1", "Content-Length: 2") + b"x", b"400"),
    "bad chunk": (chunked(0).replace(b"\r\n0\r\n", b"\r\nx\r\n"), b"400"),
    "too large": (request("/length", "Content-Length: 1000000000", method="POST"), b"413"),
}
ABORTED = (
    request("/length", "Content-Length: 1000", method="POST") + b"half",
    request("/length", "Transfer-Encoding: chunked", method="POST") + b"5\r\nhe",
    b"GET / HTTP/1.1\r\nHo",
    request("/large"),
    request("/stream"),
    request("/forever"),
    request("/") * 10,
)


def erring(server: Server) -> int:
    """Make every mistake once, on a connection each; returns the number of requests."""
    for data, status in ONCE.values():
        answer = server.exchange(data)
        assert answer.startswith(b"HTTP/1.1 " + status + b" "), answer
    return len(ONCE)


def aborting(server: Server) -> int:
    """Go away in the middle of everything; returns the number of requests."""
    for number, data in enumerate(ABORTED):
        client = server.connect()
        client.sendall(data)
        if number % 2:
            reset(client)
        else:
            client.close()
    return len(ABORTED)


def leaving(server: Server) -> int:
    """Say that nothing follows, and read what comes; returns the number of requests."""
    with server.connect() as client:
        client.sendall(request("/") * 3)
        client.shutdown(socket.SHUT_WR)
        rest_of(client, cut=True)
    return 3


VISITS: tuple[Callable[[Server], int], ...] = (honest, erring, honest, aborting, honest, leaving)


def visit(server: Server, requests: int) -> None:
    """Visit the server in all ways in turn, until so many requests were sent."""
    sent = 0
    for each in itertools.cycle(VISITS):
        if sent >= requests:
            return
        sent += each(server)


@contextlib.contextmanager
def keeping(server: Server, count: int) -> Iterator[list[Keeping]]:
    """Open so many connections, each of which is used once."""
    with contextlib.ExitStack() as opened:
        clients = []
        for _ in range(count):
            clients.append(opened.enter_context(Keeping(server)))
            clients[-1].ask(request("/"), 200, b"/")
        yield clients


def allow_files(wanted: int) -> None:
    """Let this process, and what it starts, have so many open files.

    Raises:
        OSError: The hard limit is lower.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise OSError(
            f"{wanted:,} open files are needed, and the hard limit is {hard:,}. "
            f"Type, in a shell of root:  ulimit -n {wanted}"
        )
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
