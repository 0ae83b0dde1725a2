"""Deadlines: they run only while the server waits for the client, and are never early."""

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock

from cyclone_core.httpserver import BodyReceiver
from cyclone_core.httputil import HTTPServerRequest

from .conftest import GET, OK, POST, Connect, Receiver, Script, begin, respond

LIMITS = {
    "idle_connection_timeout": 30,
    "header_timeout": 10,
    "body_stall_timeout": 20,
    "min_body_rate": None,
    "write_timeout": 200,
}


class TestIdle:
    """`idle_connection_timeout`."""

    def test_from_the_start(self, connect: Connect) -> None:
        """A client that never sends is let go without an answer."""
        client = connect(Script(), **LIMITS)
        client.advance(30)
        assert not client.closed
        client.advance(2)
        assert client.closed
        assert client.received() == b""

    def test_empty_line_behind_a_body(self, connect: Connect) -> None:
        """The empty line that old clients send behind a body begins no request."""
        client = connect(Script(respond), **LIMITS)
        client.send(POST + b"0123456789", b"\r", b"\n")
        assert client.received() == OK
        client.advance(25)
        assert not client.closed
        client.send(GET)
        assert client.received() == OK
        client.send(b"\r\n")
        client.advance(32)
        assert client.closed
        assert client.received() == b""

    def test_behind_an_empty_line(self, connect: Connect) -> None:
        """The first byte behind it does."""
        client = connect(Script(respond), **LIMITS)
        client.send(b"\r\nG")
        client.advance(12)
        assert client.received().startswith(b"HTTP/1.1 408 ")

    def test_between_requests(self, connect: Connect) -> None:
        """The time counts from the last answer."""
        client = connect(Script(respond), **LIMITS)
        client.advance(20)
        client.send(GET)
        client.advance(29)
        assert not client.closed
        client.advance(3)
        assert client.closed
        assert client.received() == OK

    def test_never_early(self, connect: Connect, reactor: MemoryReactorClock) -> None:
        """An answer in the middle of a tick has its full time."""
        client = connect(Script(respond), idle_connection_timeout=1)
        client.advance(0.9)
        client.send(GET)
        reactor.advance(0.95)
        assert not client.closed
        client.advance(2)
        assert client.closed

    def test_reading_is_not_idle(self, connect: Connect) -> None:
        """A client that still takes off its last answer is not idle; afterwards it is."""
        client = connect(Script(lambda request: respond(request, b"x" * 100_000)), **LIMITS)
        client.wire.room = 10
        client.send(GET)
        client.advance(100)
        assert not client.closed
        assert client.wire.producer is client.protocol
        client.wire.room = 10**9
        client.send(GET)
        assert client.received().count(b"HTTP/1.1 200 OK") == 2
        client.advance(29)
        assert not client.closed
        client.advance(3)
        assert client.closed


class TestHead:
    """`header_timeout`."""

    @pytest.mark.parametrize("start", [b"G", b"GET / HTTP/1.1\r\nHost: a\r\n"])
    def test_unfinished(self, connect: Connect, start: bytes) -> None:
        """A head that is not finished in time is answered with 408."""
        client = connect(Script(), **LIMITS)
        client.send(start)
        client.advance(10)
        assert client.received() == b""
        client.advance(2)
        assert client.received().startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert client.wire.half_closed

    def test_absolute(self, connect: Connect) -> None:
        """A byte now and then does not put it off."""
        client = connect(Script(respond), **LIMITS)
        for i in range(11):
            assert client.received() == b""
            client.send(GET[i : i + 1])
            client.advance(1)
        assert client.received().startswith(b"HTTP/1.1 408 ")

    def test_from_the_first_byte(self, connect: Connect) -> None:
        """Idle time before the first byte does not count."""
        client = connect(Script(respond), **LIMITS)
        client.advance(25)
        client.send(GET[:5])
        client.advance(9)
        client.send(GET[5:])
        assert client.received() == OK

    def test_pipelined(self, connect: Connect) -> None:
        """A head that began behind a late answer is counted from that answer."""
        script = Script()
        client = connect(script, **LIMITS)
        client.send(GET + GET[:5])
        client.advance(60)
        respond(script.requests[0])
        client.turn()
        assert client.received() == OK
        client.advance(9)
        assert client.received() == b""
        client.advance(3)
        assert client.received().startswith(b"HTTP/1.1 408 ")

    def test_does_not_shorten_the_next(self, connect: Connect) -> None:
        """A deadline that was met is forgotten."""
        client = connect(Script(respond), **LIMITS)
        client.send(GET[:5], GET[5:])
        client.advance(25)
        client.send(GET)
        assert client.received() == OK * 2


class TestBody:
    """`body_stall_timeout` and `body_timeout`."""

    def test_stall(self, connect: Connect) -> None:
        """A body in which nothing comes is answered with 408."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start), **LIMITS)
        client.send(POST)
        for _ in range(5):
            client.advance(18)
            client.send(b"x")
        client.advance(20)
        assert client.received() == b""
        client.advance(2)
        assert client.received().startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert receiver.seen == [*[b"x"] * 5, "failed"]

    def test_total(self, connect: Connect) -> None:
        """`body_timeout` bounds a body that keeps coming."""
        client = connect(Script(), body_timeout=10, **LIMITS)
        client.send(POST)
        for _ in range(5):
            assert client.received() == b""
            client.advance(2.4)
            client.send(b"x")
        assert client.received().startswith(b"HTTP/1.1 408 ")

    def test_set_by_the_application(self, connect: Connect) -> None:
        """The application may set the total when it has seen the head."""

        def start(request: HTTPServerRequest) -> BodyReceiver:
            request.connection.set_body_timeout(5)
            return Receiver()

        client = connect(Script(start=start), **LIMITS)
        client.send(POST + b"x")
        client.advance(4)
        assert client.received() == b""
        client.advance(3)
        assert client.received().startswith(b"HTTP/1.1 408 ")

    def test_set_in_the_middle(self, connect: Connect) -> None:
        """It may be set again, and taken away, while the body is waited for."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start), body_timeout=5, **LIMITS)
        client.send(POST + b"x")
        receiver.request.connection.set_body_timeout(None)
        client.advance(15)
        assert client.received() == b""
        receiver.request.connection.set_body_timeout(3)
        client.advance(5)
        assert client.received().startswith(b"HTTP/1.1 408 ")

    def test_of_one_body(self, connect: Connect) -> None:
        """What was set for one body does not bound the next."""
        receiver = Receiver()
        receiver.on_end = lambda: respond(receiver.request)
        client = connect(Script(start=receiver.start), **LIMITS)
        client.send(POST)
        receiver.request.connection.set_body_timeout(5)
        client.send(b"0123456789", POST)
        client.advance(10)
        assert client.received() == OK

    def test_behind_the_head_of_the_answer(self, connect: Connect) -> None:
        """When the answer has begun, a body that does not come cuts the connection."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start), **LIMITS)
        client.send(POST)
        begin(receiver.request)
        client.advance(22)
        assert client.wire.aborted


class TestApplication:
    """While the application holds the request nothing runs."""

    def test_request(self, connect: Connect) -> None:
        """An answer may take any time."""
        script = Script()
        client = connect(script, **LIMITS)
        client.send(GET)
        client.advance(1000)
        respond(script.requests[0])
        assert client.received() == OK

    def test_behind_the_body(self, connect: Connect) -> None:
        """An answer to a complete body may take any time, whatever bounded the body."""
        script = Script()
        client = connect(script, body_timeout=5, **LIMITS)
        client.send(POST, b"0123456789")
        client.advance(1000)
        respond(script.requests[0])
        assert client.received() == OK

    def test_stream(self, connect: Connect) -> None:
        """A stream may be silent for any time."""
        client = connect(Script(lambda request: begin(request, b"x")), **LIMITS)
        client.send(GET)
        client.advance(1000)
        assert not client.closed

    def test_paused_body(self, connect: Connect) -> None:
        """The time for which the application has stopped a body is not the client's."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start), body_timeout=25, **LIMITS)
        client.send(POST + b"x")
        client.advance(10)
        receiver.request.connection.pause_body()
        client.advance(100)
        receiver.request.connection.resume_body()
        client.advance(14)
        assert client.received() == b""
        client.advance(3)
        assert client.received().startswith(b"HTTP/1.1 408 ")

    def test_set_while_paused(self, connect: Connect) -> None:
        """A total that is set in a pause counts from its end."""
        receiver = Receiver(Deferred())
        client = connect(Script(start=receiver.start), **LIMITS)
        client.send(POST + b"x")
        client.advance(50)
        receiver.request.connection.set_body_timeout(10)
        client.advance(50)
        receiver.request.connection.resume_body()
        client.advance(9)
        assert client.received() == b""
        client.advance(3)
        assert client.received().startswith(b"HTTP/1.1 408 ")

    def test_deadline_that_has_become_void(self, connect: Connect) -> None:
        """A deadline that passes in the moment in which a request begins does nothing."""
        client = connect(Script(), **LIMITS)
        client.send(GET)
        client.protocol.deadline_passed()
        assert not client.closed
