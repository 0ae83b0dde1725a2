"""Requests and answers of one connection: order, corking, keep-alive, pipelining, half-close."""

import gc

import pytest
from twisted.internet.interfaces import IHalfCloseableProtocol, IProtocol, IPushProducer
from twisted.internet.testing import MemoryReactorClock, StringTransport
from zope.interface.verify import verifyObject

from cyclone_core.httpserver import HTTPConnection, HTTPRequest, HTTPServer
from cyclone_core.httputil import HTTPServerRequest

from .conftest import GET, OK, OK_CLOSE, Client, Connect, Log, Script, Wire, begin, respond

OK_KEPT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"


def get(path: str, *lines: str, version: str = "1.1") -> bytes:
    """Spell a request."""
    return "\r\n".join([f"GET {path} HTTP/{version}", "Host: a", *lines, "", ""]).encode()


def by_path(request: HTTPServerRequest) -> None:
    """Answer with the path."""
    respond(request, request.path.encode())


def bodies(data: bytes) -> list[bytes]:
    """Give the bodies of answers whose bodies are paths."""
    return [part.partition(b"HTTP/1.1 ")[0] for part in data.split(b"\r\n\r\n")[1:]]


def test_interfaces(connect: Connect) -> None:
    """A connection provides what Twisted's transports expect of it."""
    protocol = connect(Script()).protocol
    for interface in (IProtocol, IPushProducer, IHalfCloseableProtocol):
        assert verifyObject(interface, protocol)


def test_request(connect: Connect) -> None:
    """The application gets the request with everything that is known of it."""
    script = Script(respond)
    client = connect(script)
    client.send(b"GET /a?b=c HTTP/1.1\r\nHost: example.com:1\r\nX-Y: z\r\n\r\n")
    (request,) = script.requests
    assert isinstance(request, HTTPRequest)
    assert (request.method, request.uri, request.version) == ("GET", "/a?b=c", "HTTP/1.1")
    assert (request.host, request.headers["X-Y"], request.body) == ("example.com:1", "z", b"")
    assert (request.remote_ip, request.protocol) == ("127.0.0.2", "http")
    assert request.connection.peer is client.protocol.peer
    assert request.connection.transport is client.wire
    assert client.received() == OK


def test_limits_of_the_request(connect: Connect) -> None:
    """The connection's limits hold for the arguments of its requests."""
    script = Script(respond)
    connect(script, max_arguments=1).send(get("/?a=1&b=2"))
    with pytest.raises(Exception, match="argument"):
        script.requests[0].query_arguments  # noqa: B018 -- parsed when it is asked for


def test_no_delay(connect: Connect) -> None:
    """Nagle's algorithm, which waits for more to send, is off."""
    client = connect(Script(respond))
    client.send(GET)
    assert client.wire.no_delay is None  # nothing can wait behind nothing
    client.send(GET)
    assert client.wire.no_delay is True


def test_no_delay_elsewhere(reactor: MemoryReactorClock) -> None:
    """A unix socket has no such algorithm."""

    class UnixWire(Wire):
        setTcpNoDelay = None  # noqa: N815 -- Twisted's name

    client = Client(HTTPServer(respond, reactor=reactor), reactor, UnixWire(reactor))
    client.send(GET * 2)
    assert client.received() == OK * 2


def test_no_delay_of_streams(connect: Connect) -> None:
    """It is off for an answer in pieces from its first one."""
    client = connect(Script(begin))
    client.send(GET)
    assert client.wire.no_delay is True


def test_transport_without_extras(reactor: MemoryReactorClock) -> None:
    """A transport without TCP's options and without half-close serves too."""
    protocol = HTTPServer(respond, reactor=reactor).buildProtocol(None)
    transport = StringTransport()
    protocol.makeConnection(transport)
    protocol.dataReceived(GET)
    assert transport.value() == OK
    protocol.dataReceived(b"x\r\n\r\n")
    assert transport.value().startswith(OK + b"HTTP/1.1 400 Bad Request\r\n")
    assert transport.disconnecting


def test_byte_by_byte(connect: Connect) -> None:
    """A request is understood however it is cut."""
    client = connect(Script(respond))
    client.send(*[GET[i : i + 1] for i in range(len(GET))])
    assert client.received() == OK


class TestKeepAlive:
    """How long a connection lives."""

    def test_kept(self, connect: Connect) -> None:
        """HTTP/1.1 connections serve one request after the other."""
        client = connect(Script(respond))
        for _ in range(3):
            client.send(GET)
            assert client.received() == OK
        assert not client.closed

    def test_client_closes(self, connect: Connect) -> None:
        """A client that says `Connection: close` is told the same, and the connection is closed."""
        client = connect(Script(respond))
        client.send(get("/", "Connection: close"))
        assert client.received() == OK_CLOSE
        assert client.closed

    def test_application_closes(self, connect: Connect) -> None:
        """An application may end the connection behind its answer."""

        def answer(request: HTTPServerRequest) -> None:
            request.connection.no_keep_alive = True
            respond(request)

        client = connect(Script(answer))
        client.send(GET)
        assert client.received() == OK_CLOSE
        assert client.leave()

    def test_next_request_on_its_way(self, connect: Connect) -> None:
        """A client that wanted to go on may be sending already: it still gets the last answer."""

        def answer(request: HTTPServerRequest) -> None:
            request.connection.no_keep_alive = True
            respond(request)

        client = connect(Script(answer))
        client.send(GET)
        assert client.wire.half_closed
        client.send(GET, b"x" * 1_000_000)
        assert client.received() == OK_CLOSE
        assert client.waiting == 0
        client.advance(4)
        assert client.wire.aborted

    def test_nothing_behind_the_last(self, connect: Connect) -> None:
        """What follows the last request of a connection is read, discarded and not executed."""
        script = Script(respond)
        client = connect(script)
        client.send(get("/last", "Connection: close") + get("/more"))
        assert client.received() == OK_CLOSE
        assert script.paths == ["/last"]
        assert client.wire.half_closed
        assert client.reading
        client.send(get("/still"))
        assert script.paths == ["/last"]
        assert client.received() == b""
        client.half_close()
        assert client.closed

    def test_http_1_0(self, connect: Connect) -> None:
        """HTTP/1.0 is answered and closed."""
        client = connect(Script(respond))
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        assert client.received() == OK_CLOSE
        assert client.closed

    def test_http_1_0_kept(self, connect: Connect) -> None:
        """HTTP/1.0 with `Connection: keep-alive` lives on."""
        client = connect(Script(respond))
        for _ in range(2):
            client.send(get("/", "Connection: keep-alive", version="1.0"))
            assert client.received() == OK_KEPT
        assert not client.closed


class TestPipelining:
    """Requests that come before their predecessors are answered."""

    def test_one_write(self, connect: Connect) -> None:
        """All answers of one read go out in one write."""
        client = connect(Script(by_path))
        client.send(b"".join(get(f"/{i}") for i in range(20)))
        assert len(client.wire.writes) == 1
        assert bodies(client.received()) == [b"/%d" % i for i in range(20)]

    def test_cork_is_bounded(self, connect: Connect) -> None:
        """Large answers do not pile up behind the cork: 64 KiB and one answer at most."""
        client = connect(Script(lambda request: respond(request, b"x" * 10_000)))
        client.send(GET * 40)
        assert client.received().count(b"HTTP/1.1 200 OK") == 40
        assert max(map(len, client.wire.writes)) < 64 * 1024 + 11_000

    def test_order(self, connect: Connect) -> None:
        """An answer that takes time holds up those behind it, which are not even executed."""
        waiting = []

        def answer(request: HTTPServerRequest) -> None:
            if request.path == "/slow":
                waiting.append(request)
            else:
                by_path(request)

        script = Script(answer)
        client = connect(script)
        client.send(get("/1") + get("/slow") + get("/2"), get("/3"))
        assert bodies(client.received()) == [b"/1"]
        assert script.paths == ["/1", "/slow"]
        by_path(waiting[0])
        assert bodies(client.received()) == [b"/slow"]
        client.turn()
        assert bodies(client.received()) == [b"/2", b"/3"]
        assert script.paths == ["/1", "/slow", "/2", "/3"]

    def test_late_answer_returns_first(self, connect: Connect) -> None:
        """The next handler does not run within the call that ends a late answer."""
        script = Script()
        client = connect(script)
        client.send(get("/1") + get("/2"))
        by_path(script.requests[0])
        assert script.paths == ["/1"]
        client.turn()
        assert script.paths == ["/1", "/2"]

    def test_data_before_the_turn(self, connect: Connect) -> None:
        """Bytes that arrive between a late answer and the next turn keep their place."""
        script = Script()
        client = connect(script)
        client.send(get("/1") + get("/2"))
        by_path(script.requests[0])
        client.send(get("/3"))
        assert script.paths == ["/1", "/2"]
        by_path(script.requests[1])
        client.turn()
        assert script.paths == ["/1", "/2", "/3"]

    def test_lost_before_the_turn(self, connect: Connect) -> None:
        """A request that waits behind a late answer is not executed when the client has gone."""
        script = Script()
        client = connect(script)
        client.send(get("/1") + get("/2"))
        by_path(script.requests[0])
        client.vanish()
        client.turn()
        assert script.paths == ["/1"]

    def test_stream_behind_the_cork(self, connect: Connect) -> None:
        """An answer in pieces is sent behind those that were corked."""

        def answer(request: HTTPServerRequest) -> None:
            if request.path == "/stream":
                begin(request, b"a")
                request.connection.write(b"b")
                request.connection.finish()
            else:
                by_path(request)

        client = connect(Script(answer))
        client.send(get("/1") + get("/stream") + get("/2"))
        assert client.received() == (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/1"
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n"
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/2"
        )

    def test_reading_pauses(self, connect: Connect) -> None:
        """Beyond `max_pipeline_size` the client has to wait, until a request is answered."""
        script = Script()
        client = connect(script, max_pipeline_size=100)
        client.send(get("/1"), get("/2") * 3)
        assert client.reading
        client.send(get("/3") * 3, get("/4"))
        assert not client.reading
        assert client.waiting == len(get("/4"))
        for _ in range(6):
            by_path(script.requests[-1])
            client.turn()
        assert client.reading
        assert client.waiting == 0
        by_path(script.requests[-1])
        client.turn()
        assert script.paths == ["/1", *["/2"] * 3, *["/3"] * 3, "/4"]

    def test_reading_resumes_without_rest(self, connect: Connect) -> None:
        """Reading goes on behind a late answer although less than a head waits."""
        script = Script()
        client = connect(script, max_pipeline_size=10)
        client.send(get("/1"), get("/2")[:20])
        assert not client.reading
        by_path(script.requests[0])
        client.turn()
        assert client.reading
        client.send(get("/2")[20:])
        assert script.paths == ["/1", "/2"]

    def test_vanishes_while_paused(self, connect: Connect) -> None:
        """A paused transport that is lost is not resumed."""
        script = Script()
        client = connect(script, max_pipeline_size=10)
        client.send(get("/1"), get("/2"))
        by_path(script.requests[0])
        client.vanish()
        client.turn()
        assert not client.reading


class TestSlowReader:
    """A client that asks and does not read."""

    def test_memory_is_bounded(self, connect: Connect) -> None:
        """Ten thousand pipelined requests fill neither the write nor the read buffer."""
        script = Script(lambda request: respond(request, b"x" * 1000))
        client = connect(script)
        client.wire.room = 0
        client.send(GET * 10_000)
        assert sum(map(len, client.wire.writes)) < 200 * 1024
        assert client.protocol._reader.buffered < 200 * 1024
        assert not client.reading
        client.wire.room = 10**9
        client.pump()
        while client.reactor.getDelayedCalls() and len(script.requests) < 10_000:
            client.turn()
        assert client.received().count(b"HTTP/1.1 200 OK") == 10_000

    def test_one_request_a_read(self, connect: Connect) -> None:
        """The same holds for requests that come one by one."""
        script = Script(lambda request: respond(request, b"x" * 10_000))
        client = connect(script, max_pipeline_size=100)
        client.wire.room = 0
        client.send(*[GET] * 100)
        assert len(script.requests) == 7
        client.wire.room = 10**9
        client.pump()
        assert len(script.requests) == 100

    def test_late_answers(self, connect: Connect) -> None:
        """A request behind a late answer waits for room, too."""
        script = Script()
        client = connect(script)
        client.wire.room = 0
        client.send(GET * 2)
        respond(script.requests[0], b"x" * 100_000)
        client.turn()
        assert len(script.requests) == 1
        client.wire.room = 10**9
        client.pump()
        assert len(script.requests) == 2

    def test_last_answer(self, connect: Connect) -> None:
        """A connection is closed when the client has taken the last answer, not before."""
        script = Script(lambda request: respond(request, b"x" * 100_000))
        client = connect(script, write_timeout=200)
        client.wire.room = 10
        client.send(get("/", "Connection: close"))
        client.advance(100)
        assert not client.closed
        assert client.wire.producer is client.protocol
        client.wire.room = 10**9
        assert client.received().endswith(b"x" * 100_000)
        assert client.closed

    def test_vanishes(self, connect: Connect) -> None:
        """A client that goes before it has taken the last answer leaves nothing behind."""
        client = connect(Script(lambda request: respond(request, b"x" * 100_000)))
        client.wire.room = 0
        client.send(get("/", "Connection: close"))
        client.vanish()
        assert client.wire.producer is None


class TestHalfClose:
    """A client that closes its sending half."""

    def test_idle(self, connect: Connect) -> None:
        """An idle connection ends."""
        client = connect(Script())
        client.half_close()
        assert client.closed

    def test_behind_the_answer(self, connect: Connect) -> None:
        """An answer that was given is still sent."""
        client = connect(Script(respond))
        client.wire.room = 0
        client.send(GET)
        client.half_close()
        assert not client.closed
        client.wire.room = 1000
        assert client.received() == OK
        assert client.closed

    def test_request_is_abandoned(self, connect: Connect) -> None:
        """A request in flight ends as if the client had gone."""
        script = Script()
        client = connect(script)
        client.send(GET)
        ended = []
        script.requests[0].notifyFinish().addCallback(ended.append)
        client.half_close()
        assert ended == ["the client closed the connection"]
        respond(script.requests[0])
        assert client.received() == b""
        assert client.closed

    def test_silent_stream(self, connect: Connect) -> None:
        """A stream that never writes again does not keep its connection."""
        client = connect(Script(lambda request: begin(request, b"x")))
        client.wire.room = 0
        client.send(GET)
        client.half_close()
        assert client.wire.producer is None
        client.wire.room = 1000
        assert client.received().endswith(b"1\r\nx\r\n")
        assert client.closed

    def test_full_stream(self, connect: Connect) -> None:
        """A stream whose client was behind does not keep its connection either."""
        client = connect(Script(lambda request: begin(request, b"x" * 100_000)))
        client.wire.room = 0
        client.send(GET)
        client.half_close()
        client.wire.room = 10**9
        client.pump()
        assert client.closed


def test_no_cycles(connect: Connect) -> None:
    """A request leaves nothing to the garbage collector, however it was answered."""

    def answer(request: HTTPServerRequest) -> None:
        if request.path == "/stream":
            request.notifyFinish().addCallback(str)
            begin(request, b"a")
            request.connection.finish()
        else:
            respond(request, request.body)

    client = connect(Script())
    script = client.server.request_callback
    script._answer = answer
    script.requests = _Forgetful()
    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    round_trip = GET + get("/stream") + post
    client.send(round_trip, post[:-1], post[-1:])
    assert _unreachable(client, round_trip, post) == 0


def test_no_cycles_of_connections(reactor: MemoryReactorClock) -> None:
    """A connection leaves nothing to the garbage collector but what belongs to its transport."""
    server = HTTPServer(respond, reactor=reactor)

    def serve() -> None:
        protocol = server.buildProtocol(None)
        transport = _Transport()
        protocol.makeConnection(transport)
        protocol.dataReceived(GET)
        protocol.connectionLost()
        transport.producer = None

    serve()
    gc.collect()
    gc.disable()
    try:
        for _ in range(100):
            serve()
        assert gc.collect() == 0
    finally:
        gc.enable()


class _Transport(StringTransport):
    """Does not keep the protocol."""

    def registerProducer(self, producer: object, streaming: bool) -> None:  # noqa: N802
        """Keep nothing."""

    def unregisterProducer(self) -> None:  # noqa: N802
        """Forget nothing."""


class _Forgetful(list[HTTPServerRequest]):
    def append(self, request: HTTPServerRequest) -> None:
        """Forget it."""


def _unreachable(client: Client, round_trip: bytes, post: bytes) -> int:
    gc.collect()
    gc.disable()
    try:
        for _ in range(1000):
            client.send(round_trip, post[:-1], post[-1:])
            client.received()
            client.wire.writes.clear()
        return gc.collect()
    finally:
        gc.enable()


def test_classic_name() -> None:
    """The protocol has its classic name."""
    assert HTTPConnection.__name__ == "HTTPConnection"
    assert HTTPServer.protocol is HTTPConnection


def test_nothing_is_logged(connect: Connect, log: Log) -> None:
    """Serving requests writes nothing into the log: the access log is the framework's."""
    client = connect(Script(respond))
    client.send(GET * 3)
    client.half_close()
    assert log.events == []
