"""Applications that fail, or break the rules of WSGI."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any, cast

import pytest
from twisted.logger import formatEvent
from wsgi_site import Boom, Environ, Log, Loop, Result, Serve, Start, answering

from cyclone_core.errors import HTTPOutputError


def failing_pieces() -> Iterator[bytes]:
    """Fail in the middle."""
    yield b"one"
    raise Boom


@pytest.mark.parametrize("kind", [Boom, SystemExit])
def test_an_application_that_fails(serve: Serve, log: Log, kind: type[BaseException]) -> None:
    """The answer is 500, without a word of what happened, and the log has one entry."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        start_response("200 OK", [("X-Discarded", "1")])
        raise kind(environ["PATH_INFO"])

    answer = serve(app).ask("/secret")
    assert (answer.status, answer.headers["X-Discarded"]) == (500, None)
    assert b"secret" not in answer.body
    (event,) = [event for event in log.events if "log_failure" in event]
    assert formatEvent(event).startswith("Uncaught exception in WSGI: GET /secret (192.168.1.1)")
    assert [type(error) for error in log.failures()] == [kind]


def test_failing_before_the_first_byte(serve: Serve, log: Log, loop: Loop) -> None:
    """Until then the head is not out, and can be replaced by an error page; `close` is called."""

    def pieces() -> Iterator[bytes]:
        yield b""
        raise Boom

    result = Result(pieces())
    assert serve(answering(result)).ask().status == 500
    loop.until(lambda: result.closed)
    assert len(log.failures()) == 1


def test_failing_behind_the_head(serve: Serve, log: Log, loop: Loop) -> None:
    """The connection is cut before the end of the answer; `close` is called."""
    result = Result(failing_pieces())
    client = serve(answering(result)).open()
    loop.until(lambda: client.closed)
    assert b"one" in client.sent
    assert b"\r\n0\r\n" not in client.sent
    loop.until(lambda: result.closed)
    assert [type(error) for error in log.failures()] == [Boom]


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        ("OK", [], "a WSGI status is a str such as '200 OK'"),
        ("100 Continue", [], "a WSGI status is a str such as '200 OK'"),
        ("600 X", [], "a WSGI status is a str such as '200 OK'"),
        (b"200 OK", [], "a WSGI status is a str such as '200 OK'"),
        (200, [], "a WSGI status is a str such as '200 OK'"),
        ("200 O\r\nK", [], "a reason phrase must be printable"),
        ("200 <b>", [], "a reason phrase must be printable"),
        ("200 OK", [("A b", "c")], "a header name must be a token"),
        ("200 OK", [("A", "b\r\nc")], "the value of header A holds a control character"),
        ("200 OK", {"A": "b"}, "WSGI headers are a list of pairs, not dict"),
        ("200 OK", [("connection", "close")], "the header Connection is the server's"),
        ("200 OK", [("Transfer-Encoding", "chunked")], "the header Transfer-Encoding is the"),
        ("200 OK", [("Content-Length", "x")], "Content-Length must be one number of bytes"),
        ("200 OK", [("Content-Length", "-1")], "Content-Length must be one number of bytes"),
    ],
)
def test_a_head_that_cannot_be_sent(
    serve: Serve, log: Log, status: str, headers: list[tuple[str, str]], message: str
) -> None:
    """The application gets an error that says what is wrong, the client a page with 500."""

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        del environ
        start_response(status, headers)
        return iter([b"x"])

    assert serve(app).ask().status == 500
    (error,) = log.failures()
    assert message in str(error)


@pytest.mark.parametrize("result", ["text", ["text"], [5], [bytearray(b"x")]])
def test_pieces_that_are_no_bytes(serve: Serve, log: Log, result: Iterable[Any]) -> None:
    """Text has no encoding: who returns it learns that bytes are wanted."""
    assert serve(answering(result)).ask().status == 500
    (error,) = log.failures()
    assert str(error).startswith("a WSGI application answers with bytes, not")


@pytest.mark.parametrize("result", [[], [b"x"], None])
def test_without_start_response(serve: Serve, log: Log, result: Iterable[Any]) -> None:
    """Nobody knows the status."""
    assert serve(lambda _, __: cast("Iterable[bytes]", result)).ask().status == 500
    (error,) = log.failures()
    assert isinstance(error, TypeError if result is None else HTTPOutputError)


def test_start_response_twice(serve: Serve, log: Log) -> None:
    """Without an exception that is a mistake."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        del environ
        start_response("200 OK", [])
        start_response("404 Not Found", [])
        return []

    assert serve(app).ask().status == 500
    (error,) = log.failures()
    assert "start_response() was called twice" in str(error)


def test_an_error_page_of_the_application(serve: Serve) -> None:
    """With an exception the head is replaced, as long as it is not out."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        del environ
        start_response("200 OK", [("X-A", "1")])
        try:
            int("x")
        except ValueError:
            start_response("503 Busy", [("X-B", "1")], sys.exc_info())
        return [b"sorry"]

    answer = serve(app).ask()
    assert (answer.status, answer.body) == (503, b"sorry")
    assert (answer.headers["X-A"], answer.headers["X-B"]) == (None, "1")


def test_an_error_page_that_comes_too_late(serve: Serve, log: Log, loop: Loop) -> None:
    """When the head is out the exception is raised again, and the answer cut off."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        del environ
        start_response("200 OK", [])(b"begun")
        try:
            int("x")
        except ValueError:
            start_response("500 Oops", [], sys.exc_info())
        raise AssertionError("not reached")

    client = serve(app).open()
    loop.until(lambda: client.closed)
    assert b"begun" in client.sent
    assert b"Oops" not in client.sent
    assert [type(error) for error in log.failures()] == [ValueError]


def test_close_that_fails(serve: Serve, log: Log, loop: Loop) -> None:
    """The answer is complete; the log has the error."""

    class Failing(Result):
        def close(self) -> None:
            raise Boom

    assert serve(answering(Failing([b"x"]))).ask().body == b"x"
    loop.rest()
    assert [type(error) for error in log.failures()] == [Boom]
