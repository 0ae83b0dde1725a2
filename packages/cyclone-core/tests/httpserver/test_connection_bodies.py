"""Request bodies: delivery, `100 Continue`, bounds, and receivers that take their time."""

import pytest
from twisted.internet.defer import Deferred, fail, succeed

from cyclone_core.errors import HTTPInputError, HTTPOutputError
from cyclone_core.httpserver import BodyReceiver
from cyclone_core.httputil import HTTPServerRequest

from .conftest import GET, OK, OK_CLOSE, POST, Connect, Log, Receiver, Script, begin, respond

CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
EXPECT = POST[:-2] + b"Expect: 100-continue\r\n\r\n"
EXPECT_CHUNKED = CHUNKED[:-2] + b"Expect: 100-continue\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class TestDelivery:
    """How a body reaches the application."""

    def test_pieces(self, connect: Connect) -> None:
        """A body comes in the pieces in which it was read, then its end."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start))
        client.send(POST)
        assert receiver.seen == []
        client.send(b"01234", b"56789")
        assert receiver.seen == [b"01234", b"56789", "end"]
        respond(receiver.request)
        assert client.received() == OK

    def test_chunks(self, connect: Connect) -> None:
        """A chunked body comes decoded."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start))
        client.send(CHUNKED + b"5\r\n01234\r\n", b"3\r\n567\r\n2\r\n89\r\n0\r\n\r\n")
        assert receiver.seen == [b"01234", b"56789", "end"]

    def test_empty_chunked_body(self, connect: Connect) -> None:
        """A chunked body may be empty."""
        receiver = Receiver()
        connect(Script(start=receiver.start)).send(CHUNKED + b"0\r\n\r\n")
        assert receiver.seen == ["end"]

    def test_buffered(self, connect: Connect) -> None:
        """A function gets the request when its body is complete."""
        script = Script(lambda request: respond(request, request.body))
        client = connect(script)
        client.send(POST + b"01234")
        assert script.requests == []
        client.send(b"56789" + GET)
        assert client.received() == (
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        )

    def test_answer_from_the_end(self, connect: Connect) -> None:
        """A request that was answered at its body's end is followed by the next one."""
        receiver = Receiver()
        receiver.on_end = lambda: respond(receiver.request)
        client = connect(Script(respond, receiver.start))
        client.send(POST + b"0123456789" + GET)
        assert client.received() == OK * 2
        assert len(client.wire.writes) == 1

    def test_client_vanishes(self, connect: Connect) -> None:
        """A receiver learns that the rest will not come."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start))
        client.send(POST + b"01")
        client.vanish()
        assert receiver.seen == [b"01", "failed"]

    def test_client_stops_sending(self, connect: Connect) -> None:
        """A client that closes its sending half within a body has gone."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start))
        client.send(POST + b"01")
        client.half_close()
        assert receiver.seen == [b"01", "failed"]
        assert client.closed

    def test_body_failed_raises(self, connect: Connect, log: Log) -> None:
        """A receiver that fails to take the bad news does not keep the connection."""
        receiver = Receiver()
        receiver.body_failed = lambda: 1 / 0
        client = connect(Script(start=receiver.start))
        client.send(POST + b"01")
        client.half_close()
        assert client.closed
        assert len(log.flush(ZeroDivisionError)) == 1


class TestContinue:
    """`Expect: 100-continue` (RFC 9110 section 10.1.1)."""

    @pytest.mark.parametrize("head", [EXPECT, EXPECT_CHUNKED])
    def test_wanted(self, connect: Connect, head: bytes) -> None:
        """A body that is wanted is asked for, once."""
        client = connect(Script())
        client.send(head)
        assert client.received() == CONTINUE
        client.send(b"1")
        assert client.received() == b""

    def test_body_came_along(self, connect: Connect) -> None:
        """A client that did not wait is not asked."""
        client = connect(Script(respond))
        client.send(EXPECT + b"0123456789")
        assert client.received() == OK

    def test_half_of_the_body_came_along(self, connect: Connect) -> None:
        """Part of a body says as well that the client does not wait."""
        client = connect(Script(respond))
        client.send(EXPECT + b"01234")
        assert client.received() == b""
        client.send(b"56789")
        assert client.received() == OK

    def test_behind_corked_answers(self, connect: Connect) -> None:
        """The question does not overtake the answers before it."""
        client = connect(Script(respond))
        client.send(GET + EXPECT)
        assert client.received() == OK + CONTINUE

    def test_too_large(self, connect: Connect) -> None:
        """A body that is too large is not asked for."""
        client = connect(Script(), max_body_size=9)
        client.send(EXPECT)
        assert client.received().startswith(b"HTTP/1.1 413 Content Too Large\r\n")

    def test_answered_at_once(self, connect: Connect) -> None:
        """A body of a request that was answered without it is not asked for."""
        client = connect(Script(start=respond))
        client.send(EXPECT)
        assert client.received() == OK_CLOSE
        assert client.wire.half_closed

    def test_answer_begun(self, connect: Connect) -> None:
        """Behind the head of an answer nothing is asked for."""
        receiver = Receiver()

        def start(request: HTTPServerRequest) -> BodyReceiver:
            begin(request, b"x")
            return receiver

        client = connect(Script(start=start))
        client.send(EXPECT)
        assert client.received() == (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\nx\r\n"
        )
        client.send(b"0123456789")
        assert receiver.seen == [b"0123456789", "end"]

    def test_paused(self, connect: Connect) -> None:
        """A body is asked for when the application is ready to take it."""
        receiver = Receiver()

        def start(request: HTTPServerRequest) -> BodyReceiver:
            request.connection.pause_body()
            return receiver.start(request)

        client = connect(Script(start=start))
        client.send(EXPECT)
        assert client.received() == b""
        receiver.request.connection.resume_body()
        assert client.received() == CONTINUE

    def test_http_1_0(self, connect: Connect) -> None:
        """HTTP/1.0 knows no interim answers."""
        client = connect(Script(respond))
        client.send(EXPECT.replace(b"1.1", b"1.0"))
        assert client.received() == b""
        client.send(b"0123456789")
        assert client.received() == OK_CLOSE


class TestSize:
    """`max_body_size`."""

    def test_content_length(self, connect: Connect) -> None:
        """A body that says it is too large is refused before it is read."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start), max_body_size=9)
        client.send(POST)
        head, _, body = client.received().partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 413 Content Too Large\r\nServer: cyclone\r\n")
        assert b"\r\nConnection: close" in head
        assert body == (
            b"<html><title>413: Content Too Large</title><body>413: Content Too Large</body></html>"
        )
        assert receiver.seen == ["failed"]

    def test_at_the_limit(self, connect: Connect) -> None:
        """A body of exactly the allowed size is taken."""
        for head, body in [(POST, b"0123456789"), (CHUNKED, b"a\r\n0123456789\r\n0\r\n\r\n")]:
            client = connect(Script(respond), max_body_size=10)
            client.send(head + body)
            assert client.received() == OK

    def test_chunks(self, connect: Connect) -> None:
        """A chunked body is refused when it becomes too large."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start), max_body_size=9)
        client.send(CHUNKED + b"9\r\n012345678\r\n")
        assert client.received() == b""
        client.send(b"1\r\n9\r\n")
        assert client.received().startswith(b"HTTP/1.1 413 ")
        assert receiver.seen == [b"012345678", "failed"]

    @pytest.mark.parametrize(("size", "status"), [(9, b"413"), (10, b"200")])
    def test_set_by_the_application(self, connect: Connect, size: int, status: bytes) -> None:
        """The application may set another bound when it has seen the head, for this body only."""
        receiver = Receiver()
        receiver.on_end = lambda: respond(receiver.request)

        def start(request: HTTPServerRequest) -> BodyReceiver:
            request.connection.set_max_body_size(size)
            return receiver.start(request)

        client = connect(Script(start=start), max_body_size=5 if size == 10 else 50)
        client.send(POST + b"0123456789")
        assert client.received()[9:12] == status

    def test_set_for_one_body(self, connect: Connect) -> None:
        """A bound that the application has set is not that of the next request."""
        receiver = Receiver()
        receiver.on_end = lambda: respond(receiver.request)

        def start(request: HTTPServerRequest) -> BodyReceiver:
            if request.path == "/large":
                request.connection.set_max_body_size(10)
            return receiver.start(request)

        client = connect(Script(start=start), max_body_size=5)
        client.send(POST.replace(b" / ", b" /large ") + b"0123456789" + POST)
        assert client.received().startswith(OK + b"HTTP/1.1 413 ")

    def test_head_gets_no_body(self, connect: Connect) -> None:
        """The answer to a HEAD request that is refused for its body has no body."""
        client = connect(Script(), max_body_size=9)
        client.send(POST.replace(b"POST", b"HEAD"))
        answer = client.received()
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert answer.endswith(b"\r\n\r\n")


class TestBackPressure:
    """Receivers that take their time."""

    def test_waits(self, connect: Connect) -> None:
        """No piece comes, and nothing is read, before the Deferred of the last one has fired."""
        slow: Deferred[object] = Deferred()
        receiver = Receiver(slow)
        client = connect(Script(start=receiver.start))
        client.send(POST + b"01", b"234")
        assert receiver.seen == [b"01"]
        assert not client.reading
        assert client.waiting == 3
        slow.callback("whatever")
        client.send(b"56789")
        assert receiver.seen == [b"01", b"234", b"56789", "end"]

    def test_end_waits(self, connect: Connect) -> None:
        """The end of a body waits for the last piece, too."""
        slow: Deferred[object] = Deferred()
        receiver = Receiver(slow)
        client = connect(Script(start=receiver.start))
        client.send(POST + b"0123456789")
        assert receiver.seen == [b"0123456789"]
        slow.callback(None)
        assert receiver.seen == [b"0123456789", "end"]
        assert client.reading

    def test_fired_already(self, connect: Connect) -> None:
        """A Deferred that has fired is no reason to wait."""
        receiver = Receiver(succeed(None), succeed(None))
        connect(Script(start=receiver.start)).send(POST + b"01234", b"56789")
        assert receiver.seen == [b"01234", b"56789", "end"]

    @pytest.mark.parametrize("late", [False, True])
    def test_fails(self, connect: Connect, log: Log, late: bool) -> None:
        """A Deferred that fails is answered with 500, and the connection is closed."""
        slow: Deferred[object] = Deferred() if late else fail(ValueError())
        receiver = Receiver(slow)
        script = Script(start=receiver.start)
        client = connect(script)
        client.send(POST + b"01")
        if late:
            slow.errback(ValueError())
        assert client.received().startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
        assert client.wire.half_closed
        assert client.reading
        client.send(b"23456789" + GET)
        assert receiver.seen == [b"01", "failed"]
        assert len(log.flush(ValueError)) == 1

    @pytest.mark.parametrize("fails", [False, True])
    def test_fires_too_late(self, connect: Connect, log: Log, fails: bool) -> None:
        """A Deferred that fires when the client has gone changes nothing."""
        slow: Deferred[object] = Deferred()
        receiver = Receiver(slow)
        client = connect(Script(start=receiver.start))
        client.send(POST + b"01")
        client.vanish()
        if fails:
            slow.errback(ValueError())
        else:
            slow.callback(None)
        assert receiver.seen == [b"01", "failed"]
        assert client.received() == b""
        assert len(log.flush(ValueError)) == fails

    def test_answers_and_waits(self, connect: Connect) -> None:
        """A receiver that answers before it returns a Deferred does not stop the closing."""
        slow: Deferred[object] = Deferred()
        receiver = Receiver(slow)
        receiver.on_data = lambda: respond(receiver.request)
        client = connect(Script(start=receiver.start))
        client.send(POST + b"01")
        assert client.received() == OK_CLOSE
        assert client.reading
        client.advance(4)
        assert client.wire.aborted
        slow.callback(None)
        assert receiver.seen == [b"01", "failed"]

    def test_answers_while_it_waits(self, connect: Connect) -> None:
        """An answer in the middle of a pause ends the pause: the rest is read and discarded."""
        receiver = Receiver(Deferred())
        client = connect(Script(start=receiver.start))
        client.send(POST + b"01")
        respond(receiver.request)
        assert client.received() == OK_CLOSE
        assert client.reading

    def test_pause(self, connect: Connect) -> None:
        """The application may pause and resume as it likes, however often."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start))
        client.send(POST + b"01")
        exchange = receiver.request.connection
        exchange.pause_body()
        exchange.pause_body()
        client.send(b"23")
        assert receiver.seen == [b"01"]
        exchange.resume_body()
        exchange.resume_body()
        client.pump()
        assert receiver.seen == [b"01", b"23"]

    def test_pause_from_within(self, connect: Connect) -> None:
        """A receiver that pauses and resumes within one call goes on in order."""
        receiver = Receiver()

        def pause_and_resume() -> None:
            receiver.request.connection.pause_body()
            receiver.request.connection.resume_body()

        receiver.on_data = pause_and_resume
        client = connect(Script(start=receiver.start))
        client.send(POST + b"01", b"23456789")
        assert receiver.seen == [b"01", b"23456789", "end"]
        assert client.reading

    def test_paused_client_vanishes(self, connect: Connect) -> None:
        """Resuming behind the end of the connection does nothing."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start))
        client.send(POST + b"01")
        receiver.request.connection.pause_body()
        client.vanish()
        receiver.request.connection.resume_body()
        assert receiver.seen == [b"01", "failed"]

    def test_pause_without_body(self, connect: Connect) -> None:
        """Pausing a body that is complete, or that there is not, pauses nothing."""
        script = Script()
        client = connect(script)
        for request in (GET, POST + b"0123456789"):
            client.send(request)
            script.requests[-1].connection.pause_body()
            assert client.reading
            respond(script.requests[-1])
            assert client.received() == OK

    def test_methods_of_an_old_exchange(self, connect: Connect) -> None:
        """An exchange that has ended does not touch the body of the next one."""
        script = Script(respond)
        client = connect(script)
        client.send(GET)
        old = script.requests[0].connection
        receiver = Receiver()
        script._start = receiver.start
        client.send(POST + b"01")
        old.pause_body()
        old.set_max_body_size(1)
        old.set_body_timeout(1.0)
        receiver.request.connection.pause_body()
        old.resume_body()
        client.send(b"23456789")
        assert receiver.seen == [b"01"]
        receiver.request.connection.resume_body()
        client.advance(5)
        assert receiver.seen == [b"01", b"23456789", "end"]


class TestFailures:
    """Receivers and applications that raise."""

    def test_data_received_raises(self, connect: Connect, log: Log) -> None:
        """A receiver that raises is answered with 500; nothing more is delivered."""
        receiver = Receiver()
        receiver.on_data = lambda: 1 / 0
        client = connect(Script(start=receiver.start))
        client.send(POST + b"01", b"23456789" + GET)
        assert client.received().startswith(b"HTTP/1.1 500 ")
        assert receiver.seen == [b"01", "failed"]
        assert len(log.flush(ZeroDivisionError)) == 1

    def test_body_finished_raises(self, connect: Connect, log: Log) -> None:
        """A receiver that raises at the end is answered with 500."""
        receiver = Receiver()
        receiver.on_end = lambda: 1 / 0
        client = connect(Script(start=receiver.start))
        client.send(POST + b"0123456789")
        assert client.received().startswith(b"HTTP/1.1 500 ")
        assert receiver.seen == [b"0123456789", "end"]
        assert len(log.flush(ZeroDivisionError)) == 1

    def test_start_request_raises(self, connect: Connect, log: Log) -> None:
        """An application that fails at the head is answered with 500, its body discarded."""

        def start(_: HTTPServerRequest) -> BodyReceiver:
            raise ValueError

        client = connect(Script(start=start))
        client.send(POST, b"0123456789" + GET)
        assert client.received().startswith(b"HTTP/1.1 500 ")
        assert client.wire.half_closed
        assert len(log.flush(ValueError)) == 1

    def test_error_of_the_application(self, connect: Connect, log: Log) -> None:
        """The application's own `HTTPInputError` is a failure, not the client's mistake."""
        receiver = Receiver()

        def refuse() -> None:
            raise HTTPInputError("no", 422)

        receiver.on_data = refuse
        client = connect(Script(start=receiver.start))
        client.send(POST + b"01")
        assert client.received().startswith(b"HTTP/1.1 500 ")
        assert len(log.flush(HTTPInputError)) == 1

    def test_malformed_behind_the_head_of_the_answer(self, connect: Connect) -> None:
        """An error in a body whose answer has begun cuts the connection."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start))
        client.send(CHUNKED)
        begin(receiver.request, b"x")
        client.send(b"oops\r\n")
        assert client.wire.aborted
        assert receiver.seen == ["failed"]


class TestEarlyAnswer:
    """Answers that do not wait for the body."""

    def test_respond(self, connect: Connect) -> None:
        """The connection is closed behind an early answer, the rest of the body discarded."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start))
        client.send(POST + b"01")
        respond(receiver.request)
        assert client.received() == OK_CLOSE
        assert receiver.seen == [b"01", "failed"]
        assert client.wire.half_closed
        client.send(b"23456789" + GET)
        assert client.received() == b""
        client.half_close()
        assert client.closed

    def test_stream(self, connect: Connect) -> None:
        """An answer in pieces may begin early and end behind the body; the connection closes."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start))
        client.send(POST + b"01")
        begin(receiver.request, b"x")
        client.send(b"23456789")
        receiver.request.connection.finish()
        assert b"Connection: close" in client.received()
        assert receiver.seen == [b"01", b"23456789", "end"]
        assert client.leave()

    def test_later(self, connect: Connect) -> None:
        """An application that takes no body may answer later; the body is left unread."""
        requests = []
        client = connect(Script(start=requests.append))
        client.send(POST, b"01")
        respond(requests[0])
        assert client.received() == OK_CLOSE
        assert client.wire.half_closed

    def test_refused_answer(self, connect: Connect) -> None:
        """An answer that breaks a rule of HTTP is not sent, and may be sent corrected."""
        receiver = Receiver()
        client = connect(Script(start=receiver.start))
        client.send(POST + b"01")
        with pytest.raises(HTTPOutputError):
            respond(receiver.request, Content_Length="3")
        respond(receiver.request)
        assert client.received() == OK_CLOSE
