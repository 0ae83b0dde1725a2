"""What is called before the head of an answer goes out."""

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed

from cyclone_core.errors import StreamClosedError
from cyclone_core.web import HTTPError, RequestHandler, asynchronous

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported


def test_before_headers(serve: Serve) -> None:
    """Functions are called in order, once, and may still set headers, cookies and the status."""
    seen: list[str] = []

    class Handler(RequestHandler):
        def get(self) -> None:
            self.before_headers(lambda: self.set_header("X-Seen", "1"))
            self.before_headers(self.second)
            self.write("body")
            assert seen == []

        async def second(self) -> None:
            seen.append("second")
            self.set_status(202)
            self.before_headers(lambda: seen.append("third"))

    answer = serve(Handler).ask()
    assert (answer.status, answer.headers["X-Seen"], answer.text) == (202, "1", "body")
    assert seen == ["second", "third"]


@pytest.mark.parametrize("done", [True, False])
def test_waits(serve: Serve, done: bool) -> None:
    """What the functions return is waited for; what is written meanwhile is kept."""
    gates: list[Deferred[None]] = [succeed(None) if done else Deferred() for _ in range(2)]
    finished: list[object] = []

    class Handler(RequestHandler):
        def get(self) -> None:
            for gate in gates:
                self.before_headers(lambda gate=gate: gate)
            self.write("body")
            self.finish().addCallback(finished.append)

        def on_finish(self) -> None:
            finished.append("on_finish")

    connection = serve(Handler).connect()
    connection.request()
    if not done:
        assert (connection.sent, finished) == (b"", [])
        gates[0].callback(None)
        assert (connection.sent, finished) == (b"", [])
        gates[1].callback(None)
    (answer,) = connection.read("GET")
    assert (answer.text, answer.headers["Content-Length"]) == ("body", "4")
    assert finished == ["on_finish", None]


def test_flush_waits(serve: Serve) -> None:
    """An answer in pieces begins when the functions are done, with all that was flushed and written."""
    gate: Deferred[None] = Deferred()
    flushed: list[object] = []
    held: list[RequestHandler] = []

    class Handler(RequestHandler):
        @asynchronous
        def get(self) -> None:
            held.append(self)
            self.before_headers(lambda: gate)
            self.write("1")
            self.flush().addCallback(flushed.append)
            self.write("2")
            self.flush().addCallback(flushed.append)

    connection = serve(Handler).connect()
    connection.request()
    assert (connection.sent, flushed) == (b"", [])
    gate.callback(None)
    assert connection.sent.endswith(b"\r\n2\r\n12\r\n")
    assert flushed == [None, None]
    held[0].write("3")
    held[0].finish()
    assert connection.read("GET")[0].text == "123"


def test_flush_and_finish_wait(serve: Serve) -> None:
    """An answer that was flushed and finished meanwhile comes in pieces, and is complete."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        async def get(self) -> None:
            self.before_headers(lambda: gate)
            self.write("1")
            self.flush()
            self.finish("2")

    server = serve(Handler)
    for method, text in (("GET", "12"), ("HEAD", "")):
        gate = Deferred()
        connection = server.connect()
        connection.request("/", method)
        gate.callback(None)
        (answer,) = connection.read(method)
        assert (answer.status, answer.text, answer.headers["Content-Length"]) == (200, text, None)


@pytest.mark.parametrize("way", ["raises", "fails", "fails later", "coroutine"])
def test_failure(serve: Serve, log: Log, way: str) -> None:
    """If a function fails, an error page takes the place of the answer; the others are called still."""
    seen: list[object] = []
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        def get(self) -> None:
            self.before_headers(getattr(self, way.replace(" ", "_")))
            self.before_headers(lambda: seen.append("next"))
            self.write("body")

        def raises(self) -> None:
            raise ZeroDivisionError

        def fails(self) -> Deferred[None]:
            return succeed(None).addCallback(lambda _: self.raises())

        def fails_later(self) -> Deferred[None]:
            return gate.addCallback(lambda _: self.raises())

        async def coroutine(self) -> None:
            self.raises()

    connection = serve(Handler).connect()
    connection.request()
    if way == "fails later":
        assert connection.sent == b""
        gate.callback(None)
    (answer,) = connection.read("GET")
    assert answer.status == 500
    assert "500: Internal Server Error" in answer.text
    assert seen == ["next"]
    assert [type(error) for error in log.failures()] == [ZeroDivisionError]


@pytest.mark.parametrize("later", [True, False])
@pytest.mark.parametrize("pieces", [True, False])
def test_failure_behind_the_method(serve: Serve, log: Log, later: bool, pieces: bool) -> None:
    """An answer that is finished or flushed late by somebody else becomes the error page, too."""
    gate: Deferred[None] = Deferred()
    held: list[RequestHandler] = []

    class Handler(RequestHandler):
        @asynchronous
        def get(self) -> None:
            held.append(self)
            self.before_headers(self.fail)

        async def fail(self) -> None:
            if later:
                await gate
            raise ZeroDivisionError

    server = serve(Handler)
    connection = server.connect()
    connection.request()
    if pieces:
        held[0].flush()
    else:
        held[0].finish("late")
    gate.callback(None)
    assert connection.read("GET")[0].status == 500
    assert len(server.answered) == 1
    assert [type(error) for error in log.failures()] == [ZeroDivisionError]


@pytest.mark.parametrize("later", [True, False])
@pytest.mark.parametrize("way", ["send_error", "redirect", "raise"])
def test_another_answer(serve: Serve, way: str, later: bool) -> None:
    """A function may send something else: nothing of the answer that waited goes out."""
    gate: Deferred[None] = Deferred()
    seen: list[str] = []

    class Handler(RequestHandler):
        def get(self) -> None:
            self.before_headers(self.reject)
            self.before_headers(lambda: seen.append("next"))
            self.write("" if way == "redirect" else "secret")

        async def reject(self) -> None:
            if later:
                await gate
            if way == "send_error":
                self.send_error(403)
            elif way == "redirect":
                self.redirect("/login")
            else:
                raise HTTPError(403)

    server = serve(Handler)
    connection = server.connect()
    connection.request()
    gate.callback(None)
    (answer,) = connection.read("GET")
    assert answer.status == (302 if way == "redirect" else 403)
    assert "secret" not in answer.text
    assert (seen, len(server.answered)) == (["next"], 1)


def test_client_leaves_while_it_is_held_up(serve: Serve) -> None:
    """A client that leaves meanwhile is noticed; the log says so."""
    gate: Deferred[None] = Deferred()
    seen: list[str] = []

    class Handler(RequestHandler):
        def get(self) -> None:
            self.before_headers(lambda: gate)
            self.write("body")

        def on_connection_close(self) -> None:
            seen.append("close")

        def on_finish(self) -> None:
            seen.append("finish")

    connection = serve(Handler).connect()
    connection.request()
    connection.leave()
    assert seen == ["close"]
    gate.callback(None)
    assert seen == ["close", "finish"]


def test_failure_chooses_the_status(serve: Serve) -> None:
    """A function may raise an `HTTPError`, which is answered as everywhere."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.before_headers(self.refuse)

        async def refuse(self) -> None:
            raise HTTPError(503)

    assert serve(Handler).ask().status == 503


def test_error_page(serve: Serve, log: Log) -> None:
    """The functions are called before an error page, too."""
    seen: list[int] = []

    class Handler(RequestHandler):
        def get(self) -> None:
            self.before_headers(lambda: seen.append(self.get_status()))
            raise ZeroDivisionError

    assert serve(Handler).ask().status == 500
    assert seen == [500]
    assert len(log.failures()) == 1


@pytest.mark.parametrize("later", [True, False])
def test_failure_before_an_error_page(serve: Serve, log: Log, later: bool) -> None:
    """If a function fails before an error page, the client gets that status without its page."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        def get(self) -> None:
            self.before_headers(self.fail)
            raise HTTPError(404)

        async def fail(self) -> None:
            if later:
                await gate
            raise ZeroDivisionError

    connection = serve(Handler).connect()
    connection.request()
    if later:
        assert connection.sent == b""
        gate.callback(None)
    (answer,) = connection.read("GET")
    assert (answer.status, answer.body) == (404, b"")
    assert [type(error) for error in log.failures()] == [ZeroDivisionError]


def test_answer_cannot_be_sent(serve: Serve, log: Log) -> None:
    """If the answer that was held up breaks a rule of HTTP, the client gets an error page."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        def get(self) -> None:
            self.before_headers(lambda: gate)
            self.set_header("Content-Length", "5")
            self.write("1")

    connection = serve(Handler).connect()
    connection.request()
    gate.callback(None)
    assert connection.read("GET")[0].status == 500
    assert len(log.failures()) == 1


@pytest.mark.parametrize("pieces", [True, False])
def test_too_late(serve: Serve, pieces: bool) -> None:
    """Behind the head of the answer it is too late, which is an error."""
    errors: list[str] = []

    class Handler(RequestHandler):
        def get(self) -> None:
            if pieces:
                self.flush()
            else:
                self.finish()
            try:
                self.before_headers(lambda: None)
            except RuntimeError as error:
                errors.append(str(error))

    serve(Handler).ask()
    assert errors == ["before_headers() came after the head of the answer"]


def test_client_leaves_meanwhile(serve: Serve) -> None:
    """A client that leaves meanwhile stops nothing; who waits for `flush` learns of it."""
    gate: Deferred[None] = Deferred()
    failures: list[Any] = []
    seen: list[str] = []

    class Handler(RequestHandler):
        @asynchronous
        def get(self) -> None:
            self.before_headers(lambda: gate)
            self.before_headers(lambda: seen.append("saved"))
            self.flush().addErrback(failures.append)

    connection = serve(Handler).connect()
    connection.request()
    connection.leave()
    gate.callback(None)
    assert seen == ["saved"]
    assert [failure.type for failure in failures] == [StreamClosedError]
