"""Sending at once what a transport would queue."""

import select
import socket
import struct
import sys
from collections.abc import Iterator

import pytest
from twisted.internet import tcp
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from zope.interface import directlyProvides

from cyclone_core.httpserver import HTTPServer
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.sending import (
    LARGEST_UNSENT,
    bound_unsent,
    has_unsent,
    is_gone,
    send_at_once,
    sends_at_once,
)

from .conftest import GET, POST, Receiver, Script, respond

Pair = tuple[tcp.Server, socket.socket]


@pytest.fixture
def pair(reactor: MemoryReactorClock) -> Iterator[Pair]:
    """Twisted's own transport on a real socket, and the other end."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    transport = tcp.Server(ours, None, ("127.0.0.1", 0), None, 0, reactor)
    yield transport, theirs
    ours.close()
    theirs.close()


def take(client: socket.socket) -> bytes:
    """Read all that there is."""
    pieces = []
    while True:
        try:
            piece = client.recv(65536)
        except BlockingIOError:
            return b"".join(pieces)
        pieces.append(piece)


def test_which_transports(pair: Pair) -> None:
    """Twisted's own sockets are sent to; TLS, test transports and wrappers are not."""
    transport, _ = pair
    assert sends_at_once(transport)
    assert not sends_at_once(StringTransport())
    directlyProvides(transport, ISSLTransport)
    assert not sends_at_once(transport)


def test_nothing_queued(pair: Pair, reactor: MemoryReactorClock) -> None:
    """The bytes are on their way when the call returns, and the reactor has nothing to do."""
    transport, client = pair
    assert send_at_once(transport, b"hello") == b""
    assert client.recv(100) == b"hello"
    assert reactor.getWriters() == []


def test_something_queued(pair: Pair) -> None:
    """What is queued goes first, whether it has been joined already or not."""
    transport, client = pair
    transport.write(b"first ")
    assert send_at_once(transport, b"second") == b"second"
    transport.write(b"second")
    transport.dataBuffer, transport._tempDataBuffer = b"first second", []
    assert send_at_once(transport, b"third") == b"third"
    transport.doWrite()
    assert take(client) == b"first second"
    assert send_at_once(transport, b"third") == b""
    assert take(client) == b"third"


def test_full(pair: Pair) -> None:
    """What the socket does not take is left to be written; nothing is lost or doubled."""
    transport, client = pair
    data = bytes(range(256)) * 512
    sent = bytearray()
    while not (rest := send_at_once(transport, data)):
        sent += data
    sent += data[: len(data) - len(rest)]
    assert send_at_once(transport, rest) == rest
    assert take(client) == bytes(sent)
    assert send_at_once(transport, rest[:10]) == b""


def test_gone(pair: Pair) -> None:
    """An error is left to the transport, which ends the connection in its own turn."""
    transport, client = pair
    client.close()
    assert send_at_once(transport, b"x") == b"x"
    assert transport.connected


def test_closed(pair: Pair) -> None:
    """Behind the end of the connection there is no socket, and that is no error."""
    transport, _ = pair
    transport.connected = False
    del transport.socket
    assert send_at_once(transport, b"x") == b"x"


def test_tls_in_the_middle(pair: Pair) -> None:
    """Once a transport encrypts what it gets, nothing goes past it."""
    transport, client = pair
    transport.TLS = True
    assert send_at_once(transport, b"secret") == b"secret"
    with pytest.raises(BlockingIOError):
        client.recv(1)


TCPPair = tuple[tcp.Server, socket.socket]


@pytest.fixture
def tcp_pair(reactor: MemoryReactorClock) -> Iterator[TCPPair]:
    """Twisted's own transport on a TCP connection to a client that takes little."""
    with socket.create_server(("127.0.0.1", 0)) as port, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(port.getsockname())
        accepted, address = port.accept()
        accepted.setblocking(False)
        with accepted:
            yield tcp.Server(accepted, None, address, None, 0, reactor), client


def fill(transport: tcp.Server) -> int:
    """Send until the kernel takes no more, and count."""
    total = 0
    while count := transport.writeSomeData(b"x" * 65536):
        total += count
    return total


def test_bound_unsent(tcp_pair: TCPPair) -> None:
    """The kernel takes little for a client that takes nothing; without the bound it takes megabytes."""
    transport, client = tcp_pair
    bound_unsent(transport)
    assert fill(transport) <= LARGEST_UNSENT + 65536
    client.setblocking(False)
    client.recv(65536)


def test_has_unsent(tcp_pair: TCPPair) -> None:
    """What the client has no room for was not sent; what it has not read yet was."""
    transport, client = tcp_pair
    assert not has_unsent(transport)
    assert transport.writeSomeData(b"x" * 100) == 100
    assert not has_unsent(transport)
    total = fill(transport) + 100
    assert has_unsent(transport)
    while total:
        total -= len(client.recv(min(total, 65536)))
    assert not has_unsent(transport)


def test_other_sockets(pair: Pair) -> None:
    """A unix socket has no such bound, and does not tell."""
    transport, _ = pair
    bound_unsent(transport)
    assert fill(transport)
    assert not has_unsent(transport)


def test_no_socket() -> None:
    """A transport without a socket has nothing to be asked for."""
    transport = StringTransport()
    bound_unsent(transport)
    assert not has_unsent(transport)


def test_other_systems(tcp_pair: TCPPair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system knows neither, nothing is bounded and all counts as sent."""
    transport, _ = tcp_pair
    monkeypatch.delattr(socket, "TCP_NOTSENT_LOWAT")
    monkeypatch.setitem(sys.modules, "fcntl", None)
    bound_unsent(transport)
    fill(transport)
    assert not has_unsent(transport)


@pytest.mark.parametrize("request_head", [GET, GET[:-2] + b"Connection: close\r\n\r\n"])
def test_client_that_takes_nothing(reactor: MemoryReactorClock, request_head: bytes) -> None:
    """A connection is closed by halves while the client has not taken its answer, and then cut.

    It makes no difference who has asked for the end.
    """
    with socket.create_server(("127.0.0.1", 0)) as port, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(port.getsockname())
        accepted, address = port.accept()
        accepted.setblocking(False)
        server = HTTPServer(large, reactor=reactor, write_timeout=5, no_keep_alive=True)
        protocol = server.buildProtocol(None)
        transport = tcp.Server(accepted, protocol, address, None, 0, reactor)
        protocol.makeConnection(transport)
        protocol.dataReceived(request_head)
        while transport in reactor.getWriters():
            ended = transport.doWrite()
            assert ended is None  # or the reactor would close the socket
        assert transport.connected
        reactor.pump([1.0] * 5)
        assert transport.connected
        reactor.pump([1.0] * 2)
        assert not transport.connected
        taken = len(client.recv(60_000, socket.MSG_DONTWAIT))
        assert 0 < taken < 60_000
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def large(request: HTTPServerRequest) -> None:
    """Answer with what a kernel takes at once and a client with a small buffer does not."""
    respond(request, b"x" * 60_000)


def test_is_gone(tcp_pair: TCPPair) -> None:
    """A client that has ended its side has gone if it owes more than has come; unread data hide none."""
    transport, client = tcp_pair
    client.sendall(b"abc")
    assert not is_gone(transport, 10)
    client.shutdown(socket.SHUT_WR)
    assert is_gone(transport, 4)
    assert not is_gone(transport, 3)
    assert not is_gone(transport, None)


def test_is_gone_by_reset(tcp_pair: TCPPair) -> None:
    """A reset says so by itself."""
    transport, client = tcp_pair
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    assert is_gone(transport, None)


def test_is_gone_elsewhere(tcp_pair: TCPPair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a socket, or where the system cannot tell, nobody has gone."""
    transport, client = tcp_pair
    client.close()
    monkeypatch.delattr(select, "poll")
    assert not is_gone(transport, 4)
    assert not is_gone(StringTransport(), 4)


class Served:
    """A real TCP connection of a server whose clock is a test's."""

    def __init__(self, reactor: MemoryReactorClock, script: Script, **options: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as port:
            self.client = socket.create_connection(port.getsockname())
            accepted, address = port.accept()
        accepted.setblocking(False)
        self.protocol = HTTPServer(script, reactor=reactor, **options).buildProtocol(None)
        self.transport = tcp.Server(accepted, self.protocol, address, None, 0, reactor)
        self.protocol.makeConnection(self.transport)
        self.reactor = reactor

    def leave(self) -> None:
        """Go, and let two seconds pass."""
        self.client.close()
        self.reactor.pump([1.0] * 2)


def test_client_goes_in_a_pipeline(reactor: MemoryReactorClock) -> None:
    """Who goes while nothing more of it is read is noticed within a second or two."""
    ends: list[object] = []
    script = Script(lambda request: request.notifyFinish().addCallback(ends.append) and None)
    served = Served(reactor, script, max_pipeline_size=10)
    served.protocol.dataReceived(GET * 3)
    served.reactor.pump([1.0] * 2)
    assert ends == []
    served.leave()
    assert ends == ["the client closed the connection"]
    assert not served.transport.connected


@pytest.mark.parametrize(("sent", "gone"), [(b"12", True), (b"123456789", False)])
def test_client_goes_in_a_paused_body(reactor: MemoryReactorClock, sent: bytes, gone: bool) -> None:
    """A client that ends its side behind its whole body waits for the answer; before, it has gone."""
    receiver = Receiver(Deferred())
    served = Served(reactor, Script(start=receiver.start))
    served.protocol.dataReceived(POST + b"0")
    served.client.sendall(sent)
    served.client.shutdown(socket.SHUT_WR)
    served.reactor.pump([1.0] * 2)
    assert served.transport.connected is not gone
    assert ("failed" in receiver.seen) is gone
    served.leave()
    if not gone:
        served.transport.connectionLost(Failure(ConnectionDone()))
