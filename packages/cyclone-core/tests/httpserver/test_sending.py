"""Sending at once what a transport would queue."""

import socket
from collections.abc import Iterator

import pytest
from twisted.internet import tcp
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.testing import MemoryReactorClock, StringTransport
from zope.interface import directlyProvides

from cyclone_core.httpserver.sending import send_at_once, sends_at_once

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
