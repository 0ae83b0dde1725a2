"""The exchange of an HTTP/1.1 connection: every method of `Exchange`, in every mode."""

import gc
import io

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure

from cyclone_core.errors import HTTPOutputError, StreamClosedError
from cyclone_core.httpserver import Exchange, HTTP1Exchange
from cyclone_core.httpserver.streams import close_stream
from cyclone_core.httputil import HTTPHeaders

from .conftest import GET, OK, OK_CLOSE, Client, Connect, Log, Script, begin, respond

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def client(connect: Connect) -> Client:
    """A client whose requests wait for the test."""
    return connect(Script())


def ask(client: Client, request: bytes = GET) -> HTTP1Exchange:
    """Send a request and give its exchange."""
    client.send(request)
    exchange = client.server.request_callback.requests[-1].connection
    assert isinstance(exchange, HTTP1Exchange)
    return exchange


def head(exchange: Exchange, chunk: bytes = b"", status: int = 200, **headers: str) -> None:
    """Begin an answer."""
    fields = HTTPHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    exchange.write_headers(status, "OK", fields, chunk)


def outcome(deferred: Deferred[None]) -> list[object]:
    """Collect what a Deferred fires with."""
    results: list[object] = []
    deferred.addBoth(results.append)
    return results


def failed_with(results: list[object], kind: type[Exception]) -> bool:
    """Tell whether a Deferred has failed with an exception of that type."""
    (failure,) = results
    return isinstance(failure, Failure) and failure.check(kind) is not None


class TestRespond:
    """`respond`."""

    def test_late(self, client: Client) -> None:
        """A late answer is one write."""
        exchange = ask(client)
        exchange.respond(200, "OK", HTTPHeaders(), b"ok")
        assert client.wire.writes == [OK]

    def test_twice(self, client: Client) -> None:
        """A second answer is the program's mistake, and is not sent."""
        exchange = ask(client)
        exchange.respond(200, "OK", HTTPHeaders(), b"ok")
        with pytest.raises(HTTPOutputError):
            exchange.respond(200, "OK", HTTPHeaders(), b"ok")
        assert client.received() == OK

    def test_second_answer_in_the_next_request(self, client: Client) -> None:
        """An old exchange cannot answer the next request."""
        old = ask(client)
        old.respond(200, "OK", HTTPHeaders(), b"ok")
        new = ask(client)
        with pytest.raises(HTTPOutputError):
            old.respond(200, "OK", HTTPHeaders(), b"no")
        new.respond(200, "OK", HTTPHeaders(), b"ok")
        assert client.received() == OK * 2

    def test_head(self, client: Client) -> None:
        """The body of an answer to HEAD is counted and not sent."""
        ask(client, b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").respond(200, "OK", HTTPHeaders(), b"ok")
        assert client.received() == OK[:-2]

    def test_no_keep_alive(self, client: Client) -> None:
        """`no_keep_alive` closes behind the answer."""
        exchange = ask(client)
        exchange.no_keep_alive = True
        exchange.respond(200, "OK", HTTPHeaders(), b"ok")
        assert client.received() == OK_CLOSE
        assert client.leave()


class TestPieces:
    """`write_headers`, `write` and `finish`."""

    def test_chunked(self, client: Client) -> None:
        """Without a length an answer to HTTP/1.1 is chunked, and the connection lives on."""
        exchange = ask(client)
        assert not exchange.started
        head(exchange, b"a")
        assert exchange.started
        assert client.received() == CHUNKED + b"1\r\na\r\n"
        exchange.write(b"bc")
        assert client.received() == b"2\r\nbc\r\n"
        exchange.write(b"")
        exchange.finish()
        assert client.received() == b"0\r\n\r\n"
        ask(client).respond(200, "OK", HTTPHeaders(), b"ok")
        assert client.received() == OK

    def test_length(self, client: Client) -> None:
        """With `Content-Length` the body is sent as it is."""
        exchange = ask(client)
        head(exchange, b"a", Content_Length="3")
        exchange.write(b"bc")
        exchange.finish()
        assert client.received() == b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
        assert not client.closed

    def test_too_much(self, client: Client) -> None:
        """More than `Content-Length` is refused and not sent."""
        exchange = ask(client)
        head(exchange, b"a", Content_Length="3")
        with pytest.raises(HTTPOutputError):
            exchange.write(b"bcd")
        exchange.write(b"bc")
        exchange.finish()
        assert client.received().endswith(b"\r\n\r\nabc")

    def test_too_little(self, client: Client) -> None:
        """Less than `Content-Length` cuts the connection: the next answer would be taken for it."""
        exchange = ask(client)
        ended = outcome(exchange.notifyFinish())
        head(exchange, b"a", Content_Length="3")
        with pytest.raises(HTTPOutputError):
            exchange.finish()
        assert client.wire.aborted
        assert ended == ["the answer is shorter than its Content-Length"]

    def test_http_1_0(self, client: Client) -> None:
        """Without a length the end of an HTTP/1.0 connection is the end of the answer."""
        exchange = ask(client, b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        head(exchange, b"a")
        exchange.write(b"bc")
        exchange.finish()
        assert client.received() == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc"
        assert client.leave()

    @pytest.mark.parametrize(("method", "status"), [(b"HEAD", 200), (b"GET", 204), (b"GET", 304)])
    def test_no_body(self, client: Client, method: bytes, status: int) -> None:
        """What is written to an answer that has no body is discarded."""
        exchange = ask(client, GET.replace(b"GET", method))
        head(exchange, status=status)
        exchange.write(b"abc")
        exchange.finish()
        assert client.received() == b"HTTP/1.1 %d OK\r\n\r\n" % status
        assert not client.closed

    def test_no_keep_alive(self, client: Client) -> None:
        """`no_keep_alive` holds for answers in pieces, too."""
        exchange = ask(client)
        exchange.no_keep_alive = True
        head(exchange)
        exchange.finish()
        assert b"\r\nConnection: close\r\n" in client.received()
        assert client.leave()

    def test_write_without_head(self, client: Client) -> None:
        """A piece without a head is refused."""
        exchange = ask(client)
        with pytest.raises(HTTPOutputError):
            exchange.write(b"x")
        exchange.respond(200, "OK", HTTPHeaders(), b"ok")
        assert client.received() == OK

    def test_finish_without_head(self, client: Client) -> None:
        """An end without a head is refused; the answer may still be given."""
        exchange = ask(client)
        with pytest.raises(HTTPOutputError):
            exchange.finish()
        exchange.respond(200, "OK", HTTPHeaders(), b"ok")
        assert client.received() == OK

    def test_finish_twice(self, client: Client) -> None:
        """A second end is refused, and harms neither the answer nor the next one."""
        exchange = ask(client)
        head(exchange)
        exchange.finish()
        new = ask(client)
        with pytest.raises(HTTPOutputError):
            exchange.finish()
        new.respond(200, "OK", HTTPHeaders(), b"ok")
        assert client.received() == CHUNKED + b"0\r\n\r\n" + OK

    def test_second_head(self, client: Client) -> None:
        """A second head is refused."""
        exchange = ask(client)
        head(exchange)
        with pytest.raises(HTTPOutputError):
            head(exchange)
        assert client.received() == CHUNKED

    def test_unsendable_head(self, client: Client) -> None:
        """A head that breaks a rule is not sent."""
        exchange = ask(client)
        with pytest.raises(HTTPOutputError):
            head(exchange, Transfer_Encoding="chunked")
        assert client.received() == b""
        exchange.respond(200, "OK", HTTPHeaders(), b"ok")
        assert client.received() == OK


class TestInterim:
    """`send_interim`."""

    def test_early_hints(self, client: Client) -> None:
        """Interim answers go out at once; the final one is still owed."""
        exchange = ask(client)
        exchange.send_interim(103, HTTPHeaders({"Link": "</s.css>; rel=preload"}))
        assert client.received() == (
            b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\n\r\n"
        )
        exchange.respond(200, "OK", HTTPHeaders(), b"ok")
        assert client.received() == OK

    def test_http_1_0(self, client: Client) -> None:
        """HTTP/1.0 gets none."""
        exchange = ask(client, b"GET / HTTP/1.0\r\n\r\n")
        exchange.send_interim(103, HTTPHeaders())
        assert client.received() == b""

    def test_too_late(self, client: Client) -> None:
        """Behind the head it is refused."""
        exchange = ask(client)
        head(exchange)
        with pytest.raises(HTTPOutputError):
            exchange.send_interim(103, HTTPHeaders())

    def test_behind_the_cork(self, connect: Connect) -> None:
        """It does not overtake the answers before it."""

        def answer(request: object) -> None:
            request.connection.send_interim(103, HTTPHeaders())
            respond(request)

        client = connect(Script(answer))
        client.send(GET * 2)
        assert client.received() == (b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK) * 2


class TestDrained:
    """`drained`."""

    def test_room(self, client: Client) -> None:
        """While there is room there is nothing to wait for."""
        exchange = ask(client)
        assert exchange.drained() is None
        head(exchange, b"x" * 60_000)
        assert exchange.drained() is None

    def test_slow_client(self, client: Client) -> None:
        """When the client is behind, the Deferred fires as soon as it has caught up."""
        exchange = ask(client)
        client.wire.room = 0
        head(exchange, b"x" * 70_000)
        first, second = outcome(exchange.drained()), outcome(exchange.drained())
        exchange.write(b"x")
        client.wire.room = 50_000
        client.pump()
        assert first == []
        client.wire.room = 50_000
        client.pump()
        assert first == second == [None]
        assert exchange.drained() is None

    def test_behind_the_end(self, client: Client) -> None:
        """Those who wait when the answer is finished are told when the client has it."""
        exchange = ask(client)
        client.wire.room = 0
        head(exchange, b"x" * 70_000)
        exchange.finish()
        drained = outcome(exchange.drained())
        client.wire.room = 10**6
        client.pump()
        assert drained == [None]
        ask(client).respond(200, "OK", HTTPHeaders(), b"ok")
        assert client.received().endswith(OK)

    def test_resumed_without_reason(self, client: Client) -> None:
        """A transport that resumes what it never paused does no harm."""
        exchange = ask(client)
        client.protocol.resumeProducing()
        client.protocol.pauseProducing()
        client.protocol.pauseProducing()
        drained = outcome(exchange.drained())
        client.protocol.resumeProducing()
        assert drained == [None]

    def test_ended_by_who_waits(self, client: Client) -> None:
        """Who waits for room may end the answer and abort when there is some."""
        exchange = ask(client)
        exchange.no_keep_alive = True
        client.wire.room = 0
        head(exchange, b"x" * 70_000)
        exchange.drained().addCallback(lambda _: exchange.abort("enough"))
        client.wire.room = 10**6
        client.pump()
        assert client.wire.aborted

    def test_finished_by_who_waits(self, client: Client) -> None:
        """Who waits for room may finish; the next request is handled then."""
        exchange = ask(client)
        client.wire.room = 0
        head(exchange, b"x" * 70_000)
        client.send(GET)
        exchange.drained().addCallback(lambda _: exchange.finish())
        client.wire.room = 10**6
        client.pump()
        client.turn()
        assert len(client.server.request_callback.requests) == 2

    def test_client_vanishes(self, client: Client) -> None:
        """It fails when the client goes before there is room."""
        exchange = ask(client)
        client.wire.room = 0
        head(exchange, b"x" * 70_000)
        drained = outcome(exchange.drained())
        client.vanish()
        assert failed_with(drained, StreamClosedError)


class TestFile:
    """`send_file`."""

    def test_part(self, client: Client) -> None:
        """A part of a file is sent as the body's next piece."""
        exchange = ask(client)
        head(exchange, b"<", Content_Length="6")
        done = outcome(exchange.send_file(io.BytesIO(b"0123456789"), 3, 4))
        exchange.write(b">")
        exchange.finish()
        assert done == [None]
        assert client.received().endswith(b"\r\n\r\n<3456>")

    def test_chunked(self, client: Client) -> None:
        """In a chunked answer each read is a chunk, and 64 KiB at most."""
        exchange = ask(client)
        head(exchange)
        done = outcome(exchange.send_file(io.BytesIO(b"x" * 100_000), 0, 100_000))
        body = client.received().removeprefix(CHUNKED)
        assert done == [None]
        assert body == b"10000\r\n" + b"x" * 65536 + b"\r\n86a0\r\n" + b"x" * 34464 + b"\r\n"

    def test_slow_client(self, client: Client) -> None:
        """A slow client holds up the reading: no more than two pieces are in memory."""
        exchange = ask(client)
        file = io.BytesIO(b"x" * 1_000_000)
        client.wire.room = 0
        head(exchange, Content_Length="1000000")
        done = outcome(exchange.send_file(file, 0, 1_000_000))
        assert file.tell() <= 2 * 65536
        total = 0
        while not done:
            client.wire.room = 10_000
            total += len(client.received())
            assert file.tell() <= total + 2 * 65536
        assert done == [None]
        client.wire.room = 10**6
        exchange.finish()
        assert total + len(client.received()) > 1_000_000

    def test_nothing(self, client: Client) -> None:
        """No bytes are sent at once."""
        exchange = ask(client)
        head(exchange)
        assert outcome(exchange.send_file(io.BytesIO(b""), 0, 0)) == [None]

    def test_head_request(self, client: Client) -> None:
        """For HEAD the file is not even read."""
        exchange = ask(client, GET.replace(b"GET", b"HEAD"))
        head(exchange, Content_Length="10")
        file = io.BytesIO(b"0123456789")
        assert outcome(exchange.send_file(file, 0, 10)) == [None]
        assert file.tell() == 0

    def test_shorter(self, client: Client) -> None:
        """A file that is shorter than promised cuts the connection."""
        exchange = ask(client)
        head(exchange, Content_Length="10")
        done = outcome(exchange.send_file(io.BytesIO(b"0123"), 0, 10))
        assert failed_with(done, HTTPOutputError)
        assert "6 bytes" in str(done[0])
        assert client.wire.aborted

    def test_unreadable(self, client: Client) -> None:
        """A file that cannot be read later on cuts the connection, and who waits is told."""
        exchange = ask(client)
        client.wire.room = 0
        head(exchange, Content_Length="200000")
        file = io.BytesIO(b"x" * 200_000)
        done = outcome(exchange.send_file(file, 0, 200_000))
        file.close()
        client.wire.room = 10**6
        client.pump()
        assert failed_with(done, ValueError)
        assert client.wire.aborted

    def test_without_head(self, client: Client) -> None:
        """A file without a head is refused; the answer may still be given."""
        exchange = ask(client)
        done = outcome(exchange.send_file(io.BytesIO(b"0123"), 0, 4))
        assert failed_with(done, HTTPOutputError)
        exchange.respond(200, "OK", HTTPHeaders(), b"ok")
        assert client.received() == OK

    def test_client_vanishes(self, client: Client) -> None:
        """It fails when the client goes in the middle; nothing more is read."""
        exchange = ask(client)
        client.wire.room = 0
        head(exchange, Content_Length="200000")
        file = io.BytesIO(b"x" * 200_000)
        done = outcome(exchange.send_file(file, 0, 200_000))
        before = file.tell()
        client.vanish()
        assert failed_with(done, StreamClosedError)
        assert file.tell() == before

    def test_finished_in_the_middle(self, client: Client) -> None:
        """An answer that is finished while a file is being sent would lack its rest: it is cut."""
        exchange = ask(client)
        client.wire.room = 0
        head(exchange)
        done = outcome(exchange.send_file(io.BytesIO(b"x" * 200_000), 0, 200_000))
        with pytest.raises(HTTPOutputError, match="file is being sent"):
            exchange.finish()
        assert failed_with(done, StreamClosedError)
        assert client.wire.aborted


class TestNotifyFinish:
    """`notifyFinish` in every ending."""

    def test_answered(self, client: Client) -> None:
        """It fires with None when the answer is finished, before and after."""
        exchange = ask(client)
        first, second = outcome(exchange.notifyFinish()), outcome(exchange.notifyFinish())
        exchange.respond(200, "OK", HTTPHeaders(), b"ok")
        assert first == second == [None]
        assert outcome(exchange.notifyFinish()) == [None]

    def test_finished(self, client: Client) -> None:
        """The same for an answer in pieces."""
        exchange = ask(client)
        ended = outcome(exchange.notifyFinish())
        head(exchange)
        assert ended == []
        exchange.finish()
        assert ended == [None]

    def test_vanished(self, client: Client) -> None:
        """It fires with a message when the client goes, and when it is asked for later."""
        exchange = ask(client)
        ended = outcome(exchange.notifyFinish())
        client.vanish()
        (message,) = ended
        assert "lost" in str(message)
        assert outcome(exchange.notifyFinish()) == [message]

    def test_vanished_behind_the_answer(self, client: Client) -> None:
        """A client that goes behind its answer has had it."""
        exchange = ask(client)
        exchange.respond(200, "OK", HTTPHeaders(), b"ok")
        client.vanish()
        assert outcome(exchange.notifyFinish()) == [None]

    def test_aborted(self, client: Client) -> None:
        """It fires with the reason of an abort."""
        exchange = ask(client)
        ended = outcome(exchange.notifyFinish())
        exchange.abort("enough")
        client.turn()
        assert ended == ["enough"]

    def test_refused(self, connect: Connect) -> None:
        """It fires with a message when the body turns out to be malformed."""
        requests = []
        script = Script(start=lambda request: requests.append(request) or Body())
        client = connect(script)
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        ended = outcome(requests[0].notifyFinish())
        client.send(b"oops\r\n")
        assert "malformed" in str(ended)


class Body:
    """Takes a body and does nothing."""

    def data_received(self, chunk: bytes) -> None:
        """Forget it."""

    def body_finished(self) -> None:
        """Forget it."""

    def body_failed(self) -> None:
        """Forget it."""


class TestAbort:
    """`abort`."""

    def test_behind_the_answer(self, client: Client) -> None:
        """An exchange that has ended does not cut the next one."""
        old = ask(client)
        old.respond(200, "OK", HTTPHeaders(), b"ok")
        new = ask(client)
        old.abort("too late")
        new.respond(200, "OK", HTTPHeaders(), b"ok")
        assert client.received() == OK * 2

    def test_twice(self, client: Client) -> None:
        """A second abort does nothing."""
        exchange = ask(client)
        exchange.abort("enough")
        exchange.abort("enough")
        client.turn()
        exchange.abort("enough")
        assert client.closed


class TestGone:
    """After the client has gone."""

    def test_output(self, client: Client) -> None:
        """All output is a silent no-op, in any order."""
        exchange = ask(client)
        client.vanish()
        exchange.send_interim(103, HTTPHeaders())
        head(exchange)
        exchange.send_interim(103, HTTPHeaders())
        exchange.write(b"x")
        exchange.finish()
        exchange.respond(200, "OK", HTTPHeaders(), b"ok")
        exchange.set_max_body_size(5)
        exchange.set_body_timeout(5)
        exchange.pause_body()
        exchange.resume_body()
        assert client.wire.writes == []

    def test_stream(self, client: Client) -> None:
        """The same for an answer that had begun, even if it is too short."""
        exchange = ask(client)
        head(exchange, b"x", Content_Length="10")
        client.vanish()
        exchange.write(b"y" * 100)
        exchange.send_interim(103, HTTPHeaders())
        exchange.finish()
        assert len(client.wire.writes) == 1

    def test_await(self, client: Client) -> None:
        """Waiting for room fails."""
        exchange = ask(client)
        client.vanish()
        assert failed_with(outcome(exchange.drained()), StreamClosedError)

    def test_ignored(self, client: Client, log: Log) -> None:
        """Failures of that kind that nobody looks at log nothing."""
        exchange = ask(client)
        client.wire.room = 0
        head(exchange, b"x" * 70_000)
        exchange.drained()
        exchange.send_file(io.BytesIO(b"x"), 0, 1)
        client.vanish()
        exchange.drained()
        exchange.send_file(io.BytesIO(b"x"), 0, 1)
        del exchange
        gc.collect()
        assert log.flush(StreamClosedError) == []

    def test_debugging_is_off(self, log: Log) -> None:
        """What a callback made of the failure is the callback's, and is logged."""
        waiter: Deferred[None] = Deferred()
        waiter.addErrback(lambda _: 1 / 0)
        close_stream(waiter, "gone")
        del waiter
        assert len(log.flush(ZeroDivisionError)) == 1

    def test_handled(self) -> None:
        """A failure that was handled stays handled."""
        waiter: Deferred[None] = Deferred()
        seen = outcome(waiter)
        close_stream(waiter, "gone")
        assert failed_with(seen, StreamClosedError)


def test_observer_works(log: Log) -> None:
    """The watch on the log sees failures of Deferreds that nobody looks at."""
    assert globalLogPublisher is not None
    deferred: Deferred[None] = Deferred()
    deferred.errback(StreamClosedError("unhandled"))
    del deferred
    assert len(log.flush(StreamClosedError)) == 1


def test_stream_of_the_script(connect: Connect) -> None:
    """A stream from within the call of the application works like any other."""
    client = connect(Script(lambda request: (begin(request, b"x"), request.connection.finish())))
    client.send(GET)
    assert client.received() == CHUNKED + b"1\r\nx\r\n0\r\n\r\n"
