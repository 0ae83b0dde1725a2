"""Bounds of a connection: writes, handshakes, body rates, requests, turns."""

import math

import pytest
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.testing import MemoryReactorClock

from cyclone_core.httpserver import BodyReceiver, HTTPServer
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.web import Application, RequestHandler

from .conftest import (
    GET,
    OK,
    OK_CLOSE,
    POST,
    Client,
    Connect,
    Log,
    Receiver,
    Script,
    begin,
    respond,
)
from .test_connection_endings import TLSWire

MEGABYTE = b"0123456789abcdef" * 65536


def large(request: HTTPServerRequest) -> None:
    """Answer with a megabyte."""
    respond(request, MEGABYTE)


class TestWriteTimeout:
    """`write_timeout`."""

    def test_stall(self, connect: Connect, log: Log) -> None:
        """A client that takes nothing off a large answer is cut."""
        client = connect(Script(large), write_timeout=20)
        client.wire.room = 100_000
        client.send(GET)
        client.advance(20)
        assert not client.wire.aborted
        client.advance(2)
        assert client.wire.aborted
        assert log.events[-1]["why"] == "the client does not take its answer"

    def test_slow_is_no_stall(self, connect: Connect) -> None:
        """A client that takes a piece of 128 KiB now and then gets the whole."""
        client = connect(Script(large), write_timeout=20)
        client.wire.room = 0
        client.send(GET)
        got = bytearray()
        while len(got) < len(MEGABYTE):
            client.advance(18)
            client.wire.room = 128 * 1024
            got += client.received()
        client.advance(18)
        client.wire.room = math.inf
        got += client.received()
        assert got.endswith(MEGABYTE)
        assert not client.wire.aborted
        client.send(GET)
        assert client.received().endswith(MEGABYTE)

    def test_counts_from_the_last_piece(self, connect: Connect) -> None:
        """Who stops in the middle is cut as well."""
        client = connect(Script(large), write_timeout=20, idle_connection_timeout=500)
        client.wire.room = 0
        client.send(GET)
        client.advance(15)
        client.wire.room = 300_000
        client.pump()
        client.advance(18)
        assert not client.wire.aborted
        client.advance(4)
        assert client.wire.aborted

    def test_stream(self, connect: Connect) -> None:
        """A stream whose client takes nothing ends; whoever waits for room is told."""
        script = Script(begin)
        client = connect(script, write_timeout=20)
        client.wire.room = 0
        client.send(GET)
        exchange = script.requests[0].connection
        exchange.write(b"x" * 100_000)
        failures: list[object] = []
        exchange.drained().addErrback(failures.append)
        client.advance(22)
        assert client.wire.aborted
        assert len(failures) == 1

    def test_silent_stream(self, connect: Connect) -> None:
        """A stream that says nothing is not the client's fault."""
        script = Script(begin)
        client = connect(script, write_timeout=20)
        client.send(GET)
        script.requests[0].connection.write(b"x" * 100_000)
        client.received()
        client.advance(1000)
        assert not client.closed
        script.requests[0].connection.finish()
        assert client.received() == b"0\r\n\r\n"

    def test_small_answer(self, connect: Connect) -> None:
        """What stays in the transport behind the last answer does not keep a connection open."""
        client = connect(Script(respond), write_timeout=20, idle_connection_timeout=10)
        client.wire.room = 0
        client.send(GET)
        client.advance(12)
        assert not client.wire.aborted
        client.advance(22)
        assert client.wire.aborted

    def test_last_answer(self, connect: Connect) -> None:
        """Nor does what stays there when the connection is closing anyway."""
        client = connect(Script(respond), write_timeout=20, max_keep_alive_requests=1)
        client.wire.room = 0
        client.send(GET)
        client.advance(20)
        assert not client.wire.aborted
        client.advance(2)
        assert client.wire.aborted

    def test_order(self, connect: Connect) -> None:
        """What is written while the client is slow comes in its order, cut however it is."""
        script = Script(begin)
        client = connect(script)
        client.wire.room = 1000
        client.send(GET)
        exchange = script.requests[0].connection
        pieces = [bytes([65 + n]) * (n * 50_000) for n in range(8)]
        for piece in pieces:
            exchange.write(piece)
        exchange.finish()
        client.wire.room = math.inf
        _, _, body = client.received().partition(b"\r\n\r\n")
        framed = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece]
        assert body == b"".join(framed) + b"0\r\n\r\n"

    def test_refusal_behind_a_large_answer(self, connect: Connect) -> None:
        """A malformed request behind a large answer waits for it, and nothing of it is lost."""
        client = connect(Script(large))
        client.wire.room = 1000
        client.send(GET + b"BAD\r\n\r\n")
        client.wire.room = math.inf
        answer = client.received()
        assert MEGABYTE in answer
        assert answer.partition(MEGABYTE)[2].startswith(b"HTTP/1.1 400 ")
        assert client.wire.half_closed

    def test_half_closed_in_the_middle(self, connect: Connect) -> None:
        """A client that ends its side in the middle of a large answer still gets the rest."""
        client = connect(Script(large))
        client.wire.room = 1000
        client.send(GET)
        client.half_close()
        assert not client.closed
        client.wire.room = math.inf
        assert client.received().endswith(MEGABYTE)
        assert client.closed

    def test_upgrade_behind_a_large_answer(self, connect: Connect) -> None:
        """A large interim answer is left to the transport before another protocol takes over."""

        def upgrade(request: HTTPServerRequest) -> None:
            exchange = request.connection
            exchange.send_interim(103, HTTPHeaders({"Link": "x" * 300_000}))
            protocol = Collector()
            exchange.upgrade(protocol)
            protocol.transport.write(b"other")

        client = connect(Script(upgrade))
        client.wire.room = 1000
        client.send(GET)
        client.wire.room = math.inf
        assert client.received().endswith(b"\r\n\r\nother")


class Collector:
    """A protocol that is handed a connection."""

    transport = None

    def makeConnection(self, transport: object) -> None:  # noqa: N802 -- Twisted's name
        """Take the transport."""
        self.transport = transport

    def dataReceived(self, data: bytes) -> None:
        """Ignore it."""

    def connectionLost(self, reason: object) -> None:
        """Ignore it."""


class TestHandshake:
    """`tls_handshake_timeout`."""

    @pytest.fixture
    def client(self, reactor: MemoryReactorClock) -> Client:
        """A client whose handshake is not complete."""
        options = {"tls_handshake_timeout": 5, "idle_connection_timeout": 20}
        server = HTTPServer(Script(respond), reactor=reactor, **options)
        return Client(server, reactor, TLSWire(reactor))

    def test_listens(self, client: Client) -> None:
        """Twisted tells the connection when the handshake is complete."""
        assert IHandshakeListener.providedBy(client.protocol)

    def test_too_slow(self, client: Client, log: Log) -> None:
        """A handshake that does not end is cut: there is nothing that could be answered."""
        client.advance(5)
        assert not client.wire.aborted
        client.advance(2)
        assert client.wire.aborted
        assert client.received() == b""
        assert log.events[-1]["why"] == "the TLS handshake took too long"

    def test_completed(self, client: Client) -> None:
        """Behind it the time for the first request begins."""
        client.advance(4)
        client.protocol.handshakeCompleted()
        client.advance(20)
        assert not client.wire.closing
        client.advance(2)
        assert client.wire.closing

    def test_request_first(self, client: Client) -> None:
        """A transport that does not tell is none the worse."""
        client.send(GET[:5])
        client.protocol.handshakeCompleted()
        client.send(GET[5:])
        assert client.received() == OK
        client.advance(15)
        assert not client.wire.closing


class TestBodyRate:
    """`min_body_rate`."""

    def test_drip(self, connect: Connect) -> None:
        """A body that comes too slowly is refused, although it never stalls."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start))
        client.send(POST.replace(b"10", b"100"))
        for _ in range(10):
            client.advance(1)
            client.send(b"x")
        assert client.received() == b""
        client.advance(2)
        assert client.received().startswith(b"HTTP/1.1 408 ")
        assert receiver.seen[-1] == "failed"

    def test_fast_enough(self, connect: Connect) -> None:
        """A body at the rate may take its time."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start), min_body_rate=10)
        client.send(POST.replace(b"10", b"1000"))
        for _ in range(90):
            client.advance(1)
            client.send(b"x" * 11)
        client.advance(1)
        client.send(b"x" * 10)
        assert receiver.seen[-1] == "end"

    def test_off(self, connect: Connect) -> None:
        """None is no bound."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start), min_body_rate=None)
        client.send(POST)
        for _ in range(10):
            client.advance(20)
            client.send(b"x")
        assert receiver.seen[-1] == "end"


class TestRequests:
    """`max_keep_alive_requests` and `no_keep_alive`."""

    def test_limit(self, connect: Connect) -> None:
        """The last of so many answers says that the connection closes."""
        script = Script(respond)
        client = connect(script, max_keep_alive_requests=3)
        client.send(GET * 2, GET * 2)
        assert client.received() == OK * 2 + OK_CLOSE
        assert client.wire.half_closed
        assert len(script.requests) == 3

    def test_off(self, connect: Connect) -> None:
        """By default there is no bound."""
        client = connect(Script(respond))
        for _ in range(20):
            client.send(GET * 60)
        client.turn()
        assert client.received() == OK * 1200

    def test_no_keep_alive(self, connect: Connect) -> None:
        """Every connection is closed behind its first answer."""
        client = connect(Script(respond), no_keep_alive=True)
        client.send(GET)
        assert client.received() == OK_CLOSE
        assert client.leave()

    def test_no_keep_alive_of_an_application(self, reactor: MemoryReactorClock) -> None:
        """The setting holds for streams, too, whatever the handler's attribute says."""

        class Handler(RequestHandler):
            def get(self) -> None:
                self.write("x")
                self.flush()

        client = Client(Application([("/", Handler)], no_keep_alive=True, reactor=reactor), reactor)
        client.send(GET)
        assert b"\r\nConnection: close\r\n" in client.received()
        assert client.leave()


class TestTurns:
    """Requests that come all at once."""

    def test_others_get_their_turn(self, connect: Connect) -> None:
        """Sixty-four requests are answered in one turn; the next ones in the next."""
        script = Script(respond)
        client = connect(script)
        client.send(GET * 200)
        assert len(script.requests) == 64
        client.turn()
        assert client.received() == OK * 200
        assert [len(data) // len(OK) for data in client.wire.writes] == [64, 64, 64, 8]

    def test_reading_pauses(self, connect: Connect) -> None:
        """What is read ahead stays bounded while the others have their turn."""
        script = Script(respond)
        client = connect(script, max_pipeline_size=1000)
        client.send(GET * 5000)
        assert not client.reading
        assert client.waiting > 0
        for _ in range(100):
            client.turn()
        assert client.received().count(OK) == 5000
        assert client.waiting == 0
        assert client.reading

    @pytest.mark.parametrize("rest", [b"", GET[:9]])
    def test_client_ends_its_side(self, connect: Connect, rest: bytes) -> None:
        """A client that ends its side behind its requests gets the answers to all of them."""
        script = Script(respond)
        client = connect(script)
        client.send(GET * 200 + rest)
        client.half_close()
        client.turn()
        assert client.received() == OK * 200
        assert client.closed

    def test_late_answer_to_a_client_that_ended_its_side(self, connect: Connect) -> None:
        """So does one whose last answer takes time; behind it the connection ends."""
        script = Script(lambda request: request.path == "/late" or respond(request))
        client = connect(script)
        client.send(GET * 100 + GET.replace(b"/ ", b"/late "))
        client.half_close()
        client.turn()
        assert client.received() == OK * 100
        assert not client.closed
        respond(script.requests[-1])
        assert client.received() == OK
        assert client.closed

    def test_client_goes_between_turns(self, connect: Connect) -> None:
        """A client that goes in the meantime gets no handler any more."""
        script = Script(respond)
        client = connect(script)
        client.send(GET * 200)
        client.vanish()
        client.turn()
        assert len(script.requests) == 64


class TestFastReader:
    """A client that takes everything at once."""

    def test_others_get_their_turn(self, connect: Connect) -> None:
        """A stream goes out at once up to 256 KiB; what follows waits for the reactor."""
        script = Script(begin)
        client = connect(script)
        client.send(GET)
        exchange = script.requests[0].connection
        written = 0
        while exchange.drained() is None:
            exchange.write(b"x" * 50_000)
            written += 50_000
        assert 256 * 1024 < written < 450_000
        waiter = exchange.drained()
        client.turn()
        assert waiter.called
        exchange.write(b"y")
        exchange.finish()
        assert client.received().count(b"x") == written

    def test_one_large_piece(self, connect: Connect) -> None:
        """Who waits for room behind one large piece goes on when all of it was taken."""
        script = Script(begin)
        client = connect(script)
        client.wire.room = 1000
        client.send(GET)
        exchange = script.requests[0].connection
        exchange.write(MEGABYTE)
        waiters = [exchange.drained(), exchange.drained()]
        for _ in range(20):
            assert not any(waiter.called for waiter in waiters)
            client.wire.room = 50_000
            client.pump()
        client.wire.room = math.inf
        client.pump()
        assert all(waiter.called for waiter in waiters)


def test_body_without_receiver(connect: Connect) -> None:
    """A request whose body nobody takes may be answered late, and the client may go before."""
    requests: list[HTTPServerRequest] = []

    def start(request: HTTPServerRequest) -> BodyReceiver | None:
        requests.append(request)
        return None

    for end in (respond, None):
        client = connect(Script(start=start))
        client.send(POST + b"01")
        requests[-1].connection.set_body_timeout(5)
        if end is None:
            client.vanish()
            respond(requests[-1])
            assert client.received() == b""
        else:
            end(requests[-1])
            assert client.received() == OK_CLOSE


def test_body_is_over(connect: Connect) -> None:
    """Pauses and bounds of a body that has come to its end mean nothing."""
    script = Script()
    client = connect(script)
    client.send(POST + b"0123456789")
    exchange = script.requests[0].connection
    exchange.pause_body()
    exchange.resume_body()
    exchange.set_body_timeout(1)
    client.advance(100)
    respond(script.requests[0])
    assert client.received() == OK
