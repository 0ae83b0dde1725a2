"""Handing a connection to another protocol."""

import pytest
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from cyclone_core.errors import NotUpgradable, StreamClosedError
from cyclone_core.httpserver import BodyReceiver
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest

from .conftest import GET, OK, POST, Client, Connect, Log, Receiver, Script, begin, respond

UPGRADE = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n"
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n"


class Shout(Protocol):
    """Answers in capitals."""

    ended: Failure | None = None

    def dataReceived(self, data: bytes) -> None:
        """Answer."""
        self.transport.write(data.upper())

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """Take note."""
        self.ended = reason


@implementer(IHalfCloseableProtocol)
class HalfClosing(Shout):
    """Knows of closing by halves."""

    def __init__(self) -> None:
        self.halves: list[str] = []

    def readConnectionLost(self) -> None:
        """Take note."""
        self.halves.append("read")

    def writeConnectionLost(self) -> None:
        """Take note."""
        self.halves.append("write")


def switch(request: HTTPServerRequest, protocol: Protocol) -> None:
    """Hand the connection over."""
    exchange = request.connection
    headers = HTTPHeaders({"Connection": "Upgrade", "Upgrade": "shout"})
    exchange.send_interim(101, headers)
    rest = exchange.upgrade(protocol)
    if rest:
        protocol.dataReceived(rest)


def upgraded(connect: Connect, protocol: Protocol) -> Client:
    """Connect a client and hand its connection over."""
    client = connect(Script(lambda request: switch(request, protocol)))
    client.send(UPGRADE)
    assert client.received() == SWITCHING
    return client


def test_bytes_pass(connect: Connect) -> None:
    """What comes from now on is the other protocol's, what it sends the client's."""
    shout = Shout()
    client = upgraded(connect, shout)
    assert shout.transport is client.wire
    client.send(b"hello", b"GET / HTTP/1.1\r\n\r\n")
    assert client.received() == b"HELLOGET / HTTP/1.1\r\n\r\n"


def test_rest(connect: Connect) -> None:
    """Bytes that came with the request belong to the other protocol; answers before go first."""
    shout = Shout()

    def answer(request: HTTPServerRequest) -> None:
        if request.path == "/ws":
            switch(request, shout)
        else:
            respond(request)

    client = connect(Script(answer))
    client.send(GET + UPGRADE + b"hello")
    assert client.received() == OK + SWITCHING + b"HELLO"


def test_later(connect: Connect) -> None:
    """A connection may be handed over at any time, with all that has come by then."""
    script = Script()
    client = connect(script, max_pipeline_size=3)
    client.send(UPGRADE, b"he", b"llo", b"more")
    assert not client.reading
    switch(script.requests[0], Shout())
    client.pump()
    assert client.reading
    assert client.received() == SWITCHING + b"HELLOMORE"


def test_no_deadlines(connect: Connect) -> None:
    """The connection's deadlines end with HTTP."""
    client = upgraded(connect, Shout())
    client.advance(1000)
    assert not client.closed


def test_producer(connect: Connect) -> None:
    """The other protocol may register a producer of its own."""
    client = upgraded(connect, Shout())
    assert client.wire.producer is None


def test_connection_lost(connect: Connect) -> None:
    """The other protocol learns the end of the connection, and so does the exchange."""
    shout = Shout()
    client = upgraded(connect, shout)
    ended: list[str | None] = []
    client.server.request_callback.requests[0].notifyFinish().addCallback(ended.append)
    client.vanish()
    assert shout.ended is not None
    assert ended == [shout.ended.getErrorMessage()]


def test_half_closed(connect: Connect) -> None:
    """The other protocol may go on when the client closes its sending half, if it knows how to."""
    protocol = HalfClosing()
    client = upgraded(connect, protocol)
    client.half_close()
    assert protocol.halves == ["read"]
    protocol.transport.write(b"still")
    assert client.received() == b"still"
    protocol.transport.loseWriteConnection()
    client.pump()
    assert protocol.halves == ["read", "write"]
    assert not client.closed


def test_half_closed_unaware(connect: Connect) -> None:
    """A protocol that does not know of it is closed behind what it has sent."""
    shout = Shout()
    client = upgraded(connect, shout)
    client.wire.room = 0
    client.send(b"hello")
    client.half_close()
    assert shout.ended is None
    client.wire.room = 10
    assert client.received() == b"HELLO"
    assert shout.ended is not None


def test_answer_afterwards(connect: Connect) -> None:
    """An answer behind the switch is not sent: the other protocol's client would read it."""
    client = upgraded(connect, Shout())
    exchange = client.server.request_callback.requests[0].connection
    exchange.respond(200, "OK", HTTPHeaders(), b"ok")
    exchange.write_headers(200, "OK", HTTPHeaders(), b"ok")
    exchange.finish()
    failures: list[object] = []
    exchange.drained().addErrback(failures.append)
    assert failures[0].check(StreamClosedError)
    assert client.received() == b""


def test_abort(connect: Connect) -> None:
    """The exchange may still cut the connection."""
    shout = Shout()
    client = upgraded(connect, shout)
    client.server.request_callback.requests[0].connection.abort("enough")
    client.turn()
    assert shout.ended is not None


def test_failure_behind_the_switch(connect: Connect, log: Log) -> None:
    """A failure behind the switch cuts the connection: there is no answer any more."""

    def answer(request: HTTPServerRequest) -> None:
        switch(request, Shout())
        raise ValueError

    client = connect(Script(answer))
    client.send(UPGRADE)
    assert client.wire.aborted
    assert b"500" not in client.received()
    assert len(log.flush(ValueError)) == 1


class TestRefused:
    """`NotUpgradable`."""

    def test_gone(self, connect: Connect) -> None:
        """There is nothing to hand over when the client has gone."""
        script = Script()
        client = connect(script)
        client.send(UPGRADE)
        client.vanish()
        with pytest.raises(NotUpgradable):
            script.requests[0].connection.upgrade(Shout())

    def test_over(self, connect: Connect) -> None:
        """An exchange that has ended does not own the connection, even if it is the last one."""
        script = Script()
        client = connect(script)
        client.send(UPGRADE)
        respond(script.requests[0])
        with pytest.raises(NotUpgradable):
            script.requests[0].connection.upgrade(Shout())
        client.send(GET)
        with pytest.raises(NotUpgradable):
            script.requests[0].connection.upgrade(Shout())

    def test_twice(self, connect: Connect) -> None:
        """A connection is handed over once."""
        client = upgraded(connect, Shout())
        with pytest.raises(NotUpgradable):
            client.server.request_callback.requests[0].connection.upgrade(Shout())
        client.send(b"hello")
        assert client.received() == b"HELLO"

    def test_answer_begun(self, connect: Connect) -> None:
        """Behind the head of an answer it is too late."""
        script = Script()
        client = connect(script)
        client.send(UPGRADE)
        begin(script.requests[0])
        with pytest.raises(NotUpgradable):
            script.requests[0].connection.upgrade(Shout())

    def test_body_unread(self, connect: Connect) -> None:
        """With a body still to come the client's bytes are not the other protocol's."""
        raised = []

        def start(request: HTTPServerRequest) -> BodyReceiver:
            with pytest.raises(NotUpgradable) as error:
                request.connection.upgrade(Shout())
            raised.append(error)
            return Receiver()

        client = connect(Script(start=start))
        client.send(POST + b"01")
        assert len(raised) == 1
