"""Mistakes in the middle of a body, which the application answers: it knows the request."""

from typing import ClassVar

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock

from cyclone_core.errors import HTTPInputError
from cyclone_core.httpserver import BodyReceiver, BufferedBody, HTTPServer, ServerOptions
from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httpserver.intake import receive_body
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.web import Application, HTTPError, RequestHandler, stream_request_body

from .conftest import POST, Client, Connect, Log, Receiver, Script, respond

CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
MISTAKES = [
    (POST, 413, {"max_body_size": 5}),
    (CHUNKED + b"3\r\nabcX", 400, {}),
    (CHUNKED + b"ff\r\n", 413, {"max_body_size": 5}),
    (CHUNKED + b"0\r\nHost: b\r\n\r\n", 400, {}),
]


class Own(RequestHandler):
    """Has an error page of its own, and says what has happened."""

    seen: ClassVar[list[object]] = []

    def prepare(self) -> None:
        """Take note."""
        self.seen.append("prepare")

    def post(self) -> None:
        """Take note."""
        self.seen.append(self.request.body)

    def write_error(self, status_code: int, **kwargs: object) -> None:
        """Answer."""
        del kwargs
        self.finish(f"own {status_code}")

    def on_finish(self) -> None:
        """Take note."""
        self.seen.append("finish")

    def on_connection_close(self) -> None:
        """Take note."""
        self.seen.append("close")


@stream_request_body
class Streaming(Own):
    """The same, piece by piece."""

    def data_received(self, chunk: bytes) -> None:
        """Take a piece."""


@pytest.mark.parametrize(("data", "status", "limits"), MISTAKES)
@pytest.mark.parametrize("handler", [Own, Streaming])
def test_handler(
    reactor: MemoryReactorClock,
    handler: type[Own],
    data: bytes,
    status: int,
    limits: dict[str, int],
) -> None:
    """The handler's own page answers, the access log has its line, and nobody has gone."""
    Own.seen.clear()
    logged: list[int] = []
    application = Application(
        [("/", handler)],
        reactor=reactor,
        log_function=lambda done: logged.append(done.get_status()),
        **limits,
    )
    client = Client(application, reactor)
    client.send(data)
    answer = client.received()
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.endswith(b"own %d" % status)
    assert logged == [status]
    assert Own.seen == (["prepare", "finish"] if handler is Streaming else ["finish"])
    client.send(b"x" * 100_000)
    assert client.received() == b""
    assert client.leave()


def test_too_slow(reactor: MemoryReactorClock) -> None:
    """A body that does not come is answered by the handler, too."""
    Own.seen.clear()
    client = Client(Application([("/", Own)], reactor=reactor, body_stall_timeout=5), reactor)
    client.send(POST)
    client.advance(7)
    assert client.received().endswith(b"own 408")
    assert Own.seen == ["finish"]


def test_page_that_takes_time(reactor: MemoryReactorClock) -> None:
    """While the page is made nothing more of the body is read, whatever comes."""
    gate: Deferred[None] = Deferred()

    class Slow(Own):
        async def write_error(self, status_code: int, **kwargs: object) -> None:
            del status_code, kwargs
            await gate
            self.finish("late")

    client = Client(Application([("/", Slow)], reactor=reactor), reactor)
    client.send(CHUNKED + b"3\r\nabcX", b"more", b"x" * 200_000)
    assert not client.reading
    assert client.received() == b""
    gate.callback(None)
    client.turn()
    assert client.received().endswith(b"late")


def test_nobody_wants_it(reactor: MemoryReactorClock) -> None:
    """Where there is no handler the answer is 404, whatever is wrong with the body."""
    client = Client(Application(reactor=reactor), reactor)
    client.send(CHUNKED + b"X\r\n")
    assert client.received().startswith(b"HTTP/1.1 404 ")


def test_compressed(reactor: MemoryReactorClock) -> None:
    """A mistake in the framing of a compressed body reaches the handler, once."""
    Own.seen.clear()
    application = Application([("/", Own)], reactor=reactor, decompress_request=True)
    client = Client(application, reactor)
    client.send(CHUNKED.replace(b"Host", b"Content-Encoding: gzip\r\nHost") + b"X\r\n")
    assert client.received().endswith(b"own 400")
    assert Own.seen == ["finish"]


def test_receiver_without_refuse(connect: Connect) -> None:
    """A receiver that cannot refuse is told that its body has failed; the connection answers."""
    receiver = Receiver()
    client = connect(Script(start=receiver.start))
    client.send(CHUNKED + b"X\r\n")
    assert client.received().startswith(b"HTTP/1.1 400 ")
    assert receiver.seen == ["failed"]


class Refusing(Receiver):
    """Refuses as a test says."""

    def __init__(self, action: object) -> None:
        super().__init__()
        self.action = action
        self.errors: list[HTTPInputError] = []

    def refuse(self, error: HTTPInputError) -> None:
        """Take the mistake."""
        self.errors.append(error)
        self.action(self.request)


def test_refusal_that_fails(connect: Connect, log: Log) -> None:
    """A receiver that raises when it refuses is answered for, with 500."""
    receiver = Refusing(lambda _: 1 / 0)
    client = connect(Script(start=receiver.start))
    client.send(CHUNKED + b"X\r\n")
    assert client.received().startswith(b"HTTP/1.1 500 ")
    assert [error.status for error in receiver.errors] == [400]
    assert len(log.flush(ZeroDivisionError)) == 1


def test_refusal_that_fails_behind_its_answer(connect: Connect, log: Log) -> None:
    """If it has answered before, there is nothing left to answer."""

    def action(request: HTTPServerRequest) -> None:
        respond(request)
        raise HTTPError(500)

    receiver = Refusing(action)
    client = connect(Script(start=receiver.start))
    client.send(CHUNKED + b"X\r\n")
    assert client.received().count(b"HTTP/1.1") == 1
    assert len(log.flush(HTTPError)) == 1


def test_begun_answer(reactor: MemoryReactorClock) -> None:
    """Behind the head of an answer nothing can be said any more: the connection is cut."""

    def start(request: HTTPServerRequest) -> BodyReceiver:
        request.connection.write_headers(200, "OK", request.headers, b"")
        return Refusing(respond)

    script = Script(start=start)
    client = Client(HTTPServer(script, reactor=reactor), reactor)
    client.send(CHUNKED.replace(b"Transfer-Encoding: chunked", b"Content-Length: 3") + b"a")
    client.advance(40)
    assert client.wire.aborted


def test_request_that_was_passed_on() -> None:
    """A form that was malformed before has its answer already: the second mistake means nothing."""
    seen: list[object] = []
    request = HTTPServerRequest(
        "POST", "/", headers=HTTPHeaders({"Content-Type": "multipart/form-data"})
    )
    body = BufferedBody(request, lambda passed: seen.append(passed.body_error))
    body.data_received(b"x")
    body.refuse(HTTPInputError("another one"))
    assert len(seen) == 1
    assert "another" not in str(seen[0])


def test_decoded_body_that_was_passed_on(reactor: MemoryReactorClock) -> None:
    """So has a compressed body that was spoilt before."""
    seen: list[object] = []
    request = HTTPServerRequest("POST", "/", headers=HTTPHeaders({"Content-Encoding": "gzip"}))
    options = ServerOptions(decompress_request=True)
    body = receive_body(
        request, options, CoarseClock(reactor), lambda passed: seen.append(passed.body_error)
    )
    body.data_received(b"no gzip at all")
    body.refuse(HTTPInputError("another one"))
    assert len(seen) == 1
    assert "another" not in str(seen[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_body_size", "10"), ("max_body_size", 0), ("body_timeout", "x"), ("body_timeout", -1)],
)
def test_bounds_that_are_none(
    reactor: MemoryReactorClock, log: Log, name: str, value: object
) -> None:
    """A handler whose own bound is no number is the program's mistake: 500, and the log names it."""
    handler = type("Wrong", (Own,), {name: value})
    client = Client(Application([("/", handler)], reactor=reactor), reactor)
    client.send(POST + b"0123456789")
    assert client.received().startswith(b"HTTP/1.1 500 ")
    (failure,) = log.flush(ValueError)
    assert f"setting '{name}' must be" in failure.getErrorMessage()
