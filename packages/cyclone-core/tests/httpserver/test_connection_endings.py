"""How connections end: refusals, lingering, failures of the application, TLS."""

import pytest
from OpenSSL import SSL
from twisted.internet.interfaces import IProtocolNegotiationFactory, ISSLTransport
from twisted.internet.testing import MemoryReactorClock
from zope.interface import implementer

from cyclone_core.httpserver import HTTPServer
from cyclone_core.httputil import HTTPServerRequest

from .conftest import GET, OK, OK_CLOSE, POST, Client, Connect, Log, Script, Wire, begin, respond

MALFORMED = b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"


class TestRefusal:
    """Requests that are no HTTP."""

    def test_answer(self, connect: Connect) -> None:
        """A malformed request gets one 400 that closes, and nothing behind it is executed."""
        script = Script(respond)
        client = connect(script)
        client.send(GET + MALFORMED + GET, GET)
        page = b"<html><title>400: Bad Request</title><body>400: Bad Request</body></html>"
        answer = client.received()
        date = client.server.clock.date.encode()
        assert answer == (
            OK + b"HTTP/1.1 400 Bad Request\r\nServer: cyclone\r\n"
            b"Content-Type: text/html; charset=UTF-8\r\n"
            b"Date: %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
        ) % (date, len(page), page)
        assert len(script.requests) == 1

    def test_one_write(self, connect: Connect) -> None:
        """The refusal goes out together with the answers before it."""
        client = connect(Script(respond))
        client.send(GET + MALFORMED)
        assert len(client.wire.writes) == 1

    def test_behind_a_late_answer(self, connect: Connect) -> None:
        """A malformed request is refused when it is its turn, not before."""
        script = Script()
        client = connect(script)
        client.send(GET + MALFORMED)
        assert client.received() == b""
        respond(script.requests[0])
        client.turn()
        assert client.received().startswith(OK + b"HTTP/1.1 400 ")

    def test_lingers(self, connect: Connect) -> None:
        """The sending half is closed, what still comes is read and discarded, then all is closed."""
        client = connect(Script(respond))
        client.send(MALFORMED)
        client.received()
        assert client.wire.half_closed
        client.send(b"x" * 1_000_000)
        assert client.waiting == 0
        assert client.received() == b""
        client.half_close()
        assert client.closed
        assert not client.wire.aborted

    def test_lingers_not_for_ever(self, connect: Connect) -> None:
        """A client that neither stops nor closes is cut off after `linger_timeout`."""
        client = connect(Script(respond), linger_timeout=5)
        client.send(MALFORMED)
        for _ in range(5):
            client.advance(1)
            client.send(b"x")
        assert not client.wire.aborted
        client.advance(2)
        assert client.wire.aborted
        assert client.closed

    def test_lingering_begins_with_the_last_byte(self, connect: Connect) -> None:
        """The time of lingering counts from when the client has the answer."""
        client = connect(Script(respond), linger_timeout=5, write_timeout=100)
        client.wire.room = 10
        client.send(MALFORMED)
        client.advance(60)
        assert not client.wire.half_closed
        client.wire.room = 1000
        client.pump()
        assert client.wire.half_closed
        client.advance(5)
        assert not client.wire.aborted
        client.advance(2)
        assert client.wire.aborted

    def test_paused(self, connect: Connect) -> None:
        """Reading goes on to linger although it was paused before."""
        script = Script()
        client = connect(script, max_pipeline_size=10)
        client.send(GET + MALFORMED)
        assert not client.reading
        respond(script.requests[0])
        client.turn()
        assert client.received().startswith(OK + b"HTTP/1.1 400 ")
        assert client.reading

    def test_is_logged(self, connect: Connect, log: Log) -> None:
        """One line of the log says who sent what."""
        connect(Script()).send(MALFORMED)
        (event,) = log.events
        assert (event["status"], event["ip"]) == (400, "127.0.0.2")
        assert event["log_namespace"] == "cyclone.httpserver"

    def test_vanishes(self, connect: Connect) -> None:
        """A client that goes while the server lingers leaves nothing behind."""
        client = connect(Script())
        client.send(MALFORMED)
        client.vanish()
        client.advance(60)
        assert not client.reactor.getDelayedCalls()


class TestFailingApplication:
    """Applications that raise."""

    def test_before_the_head(self, connect: Connect, log: Log) -> None:
        """An application that raises is answered with 500, and the connection closes."""
        script = Script(lambda _: 1 / 0)
        client = connect(script)
        client.send(GET * 2)
        answer = client.received()
        assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
        assert answer.count(b"HTTP/1.1") == 1
        assert len(script.requests) == 1
        assert len(log.flush(ZeroDivisionError)) == 1

    def test_head_request(self, connect: Connect, log: Log) -> None:
        """The 500 to a HEAD request has no body."""
        client = connect(Script(lambda _: 1 / 0))
        client.send(GET.replace(b"GET", b"HEAD"))
        answer = client.received()
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert answer.endswith(b"\r\n\r\n")
        assert len(log.flush(ZeroDivisionError)) == 1

    def test_behind_the_head(self, connect: Connect, log: Log) -> None:
        """When the head is out the connection is cut, so that the client notices."""

        def answer(request: HTTPServerRequest) -> None:
            begin(request, b"x")
            raise ValueError

        client = connect(Script(answer))
        client.send(GET)
        assert client.wire.aborted
        assert len(log.flush(ValueError)) == 1

    def test_behind_the_answer(self, connect: Connect, log: Log) -> None:
        """Behind a complete answer a failure is logged, and no second answer confuses the client."""

        def answer(request: HTTPServerRequest) -> None:
            respond(request)
            raise ValueError

        client = connect(Script(answer))
        client.send(GET * 2)
        assert client.received() == OK * 2
        assert not client.closed
        assert len(log.flush(ValueError)) == 2


class TestAbort:
    """The application cuts the connection."""

    def test_cork_is_dropped(self, connect: Connect) -> None:
        """Nothing more is sent or executed."""

        def answer(request: HTTPServerRequest) -> None:
            if request.path == "/abort":
                request.connection.abort("enough")
            else:
                respond(request)

        script = Script(answer)
        client = connect(script)
        client.send(GET + GET.replace(b" / ", b" /abort ") + GET)
        assert client.wire.aborted
        assert script.paths == ["/", "/abort"]
        client.turn()
        assert client.received() == b""
        assert client.closed

    def test_later(self, connect: Connect) -> None:
        """It may be cut at any time; the exchange ends with the reason."""
        script = Script()
        client = connect(script)
        client.send(GET)
        ended = []
        script.requests[0].notifyFinish().addCallback(ended.append)
        script.requests[0].connection.abort("enough")
        assert ended == ["enough"]
        assert client.wire.aborted

    def test_by_who_is_told_of_the_end(self, connect: Connect) -> None:
        """Whoever waits for the end of an answer may cut the connection."""

        def answer(request: HTTPServerRequest) -> None:
            ended = request.notifyFinish()
            ended.addCallback(lambda _: client.protocol.abort("enough"))
            respond(request)

        script = Script(answer)
        client = connect(script)
        client.send(GET * 2)
        assert client.wire.aborted
        assert len(script.requests) == 1


def strong_context() -> SSL.Context:
    """Make a context in which nothing is weak."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(b"ECDHE+AESGCM")
    return context


@implementer(ISSLTransport)
class TLSWire(Wire):
    """A TLS transport as far as closing goes: it waits for the client to close, too."""

    closing = False
    context: SSL.Context | None = None

    def getHandle(self) -> SSL.Connection:  # noqa: N802 -- Twisted's name
        """Show the state of a connection with this context, or else with a strong one."""
        context = self.context or strong_context()
        return SSL.Connection(context)

    def getPeerCertificate(self) -> None:  # noqa: N802 -- Twisted's name
        """Have none."""

    def loseConnection(self) -> None:  # noqa: N802 -- Twisted's name
        self.closing = True


@pytest.fixture
def tls(reactor: MemoryReactorClock) -> Connect:
    """A function that connects a client with TLS."""

    def make(script: Script, **options: float) -> Client:
        server = HTTPServer(script, reactor=reactor, **options)
        client = Client(server, reactor, TLSWire(reactor))
        client.protocol.handshakeCompleted()
        return client

    return make


class TestTLS:
    """A TLS connection is closed by both sides."""

    def test_protocol(self, tls: Connect) -> None:
        """Requests that come through TLS say so."""
        script = Script(respond)
        tls(script).send(GET)
        assert script.requests[0].protocol == "https"

    def test_waits_for_the_client(self, tls: Connect) -> None:
        """The client's close is read, even if reading was paused, but not waited for for ever."""
        script = Script()
        client = tls(script, max_pipeline_size=10, write_timeout=5)
        client.send(GET * 2)
        assert not client.reading
        script.requests[0].connection.no_keep_alive = True
        respond(script.requests[0])
        assert client.received() == OK_CLOSE
        assert client.wire.closing
        assert client.reading
        assert client.wire.producer is None
        client.advance(5)
        assert not client.wire.aborted
        client.advance(2)
        assert client.wire.aborted

    def test_weak_context(self, reactor: MemoryReactorClock, log: Log) -> None:
        """A context of the user's own that is weak is left alone, with one warning for the port."""
        server = HTTPServer(Script(respond), reactor=reactor)
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_cipher_list(b"AES256-SHA:ECDHE+AESGCM")
        for _ in range(2):
            wire = TLSWire(reactor)
            wire.context = context
            client = Client(server, reactor, wire)
            client.protocol.handshakeCompleted()
            client.send(GET)
            assert client.received() == OK
        (event,) = log.events
        assert "1 cipher suites without forward secrecy" in event["found"]

    def test_many_contexts(self, reactor: MemoryReactorClock, log: Log) -> None:
        """Each port's context is looked at; a new one for each connection is not, for ever."""
        server = HTTPServer(Script(respond), reactor=reactor)
        for _ in range(20):
            wire = TLSWire(reactor)
            wire.context = SSL.Context(SSL.TLS_METHOD)
            wire.context.set_cipher_list(b"AES256-SHA:ECDHE+AESGCM")
            Client(server, reactor, wire).protocol.handshakeCompleted()
        assert len(log.events) == 10

    def test_protocols(self, reactor: MemoryReactorClock) -> None:
        """A context that asks what is spoken here is told, for clients that offer protocols."""
        server = HTTPServer(Script(respond), reactor=reactor)
        assert IProtocolNegotiationFactory.providedBy(server)
        assert server.acceptableProtocols() == [b"http/1.1", b"http/1.0"]

    def test_strong_context(self, tls: Connect, log: Log) -> None:
        """A strong context is nothing to talk about."""
        tls(Script(respond)).send(GET)
        assert log.events == []

    def test_idle(self, tls: Connect) -> None:
        """An idle client that does not take leave is cut off."""
        client = tls(Script(), idle_connection_timeout=5, write_timeout=5)
        client.advance(7)
        assert client.wire.closing
        client.advance(7)
        assert client.wire.aborted

    def test_idle_makes_room(self, reactor: MemoryReactorClock) -> None:
        """At the limit an idle client is not asked for its close_notify: it may never come."""
        server = HTTPServer(Script(respond), reactor=reactor, max_connections=1)
        first = Client(server, reactor, TLSWire(reactor))
        first.protocol.handshakeCompleted()
        second = Client(server, reactor, TLSWire(reactor))
        assert first.wire.aborted
        second.protocol.handshakeCompleted()
        second.send(GET)
        assert second.received() == OK

    def test_drain(self, tls: Connect) -> None:
        """An idle client that ignores the end does not keep the process for long."""
        client = tls(Script(), linger_timeout=2)
        client.server.drain(100)
        assert client.wire.closing
        client.advance(4)
        assert client.wire.aborted

    def test_refused_handshake(self, reactor: MemoryReactorClock) -> None:
        """Who finds no room is told so after its handshake, which has its own deadline."""
        server = HTTPServer(
            Script(), reactor=reactor, max_connections=1, tls_handshake_timeout=5, write_timeout=50
        )
        Client(server, reactor, TLSWire(reactor))
        late = Client(server, reactor, TLSWire(reactor))
        assert late.received().startswith(b"HTTP/1.1 503 ")
        late.advance(7)
        assert late.wire.aborted

    def test_refusal(self, tls: Connect) -> None:
        """A refused client with a body on its way is read until it closes."""
        client = tls(Script(), max_body_size=5)
        client.send(POST, b"0123456789" * 1000)
        assert client.received().startswith(b"HTTP/1.1 413 ")
        assert client.wire.closing
        assert client.waiting == 0
