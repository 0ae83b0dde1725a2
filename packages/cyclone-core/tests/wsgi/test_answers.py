"""What becomes of what a WSGI application answers."""

import threading
from collections.abc import Iterable, Iterator

import pytest
from wsgi_site import PATIENCE, Environ, Log, Loop, Result, Serve, Start, answering

from cyclone_core.errors import HTTPOutputError


def test_one_piece(serve: Serve) -> None:
    """A list of one piece is a whole answer: it has a length."""
    answer = serve(answering([b"hello"], "201 Made It")).ask()
    assert (answer.status, answer.reason, answer.body) == (201, "Made It", b"hello")
    assert answer.headers["Content-Length"] == "5"
    assert answer.headers["Server"] == "cyclone"
    assert answer.headers["Date"].endswith("GMT")


def test_the_headers_of_the_application(serve: Serve) -> None:
    """Names may come up again; what it sets itself is not set by the server."""
    headers = [("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("Server", "own"), ("Date", "now")]
    answer = serve(answering([b"x"], headers=headers)).ask()
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert (answer.headers["Server"], answer.headers["Date"]) == ("own", "now")
    assert answer.headers["Content-Type"] is None


@pytest.mark.parametrize("pieces", [[b"a", b"", b"bc"], (b"a", b"bc"), iter([b"", b"abc", b""])])
def test_several_pieces(serve: Serve, pieces: Iterable[bytes]) -> None:
    """An answer of unknown length goes in chunks."""
    answer = serve(answering(pieces)).ask()
    assert answer.body == b"abc"
    assert answer.headers["Transfer-Encoding"] == "chunked"


def test_pieces_of_a_known_length(serve: Serve) -> None:
    """The application's own length is kept."""
    headers = [("Content-Length", "6")]
    answer = serve(answering(iter([b"abc", b"def"]), headers=headers)).ask()
    assert answer.body == b"abcdef"
    assert answer.headers["Content-Length"] == "6"
    assert answer.headers["Transfer-Encoding"] is None


@pytest.mark.parametrize("result", [[], (), [b""], iter([b"", b""])])
def test_nothing(serve: Serve, result: Iterable[bytes]) -> None:
    """An answer without a byte has the length 0."""
    answer = serve(answering(result, "404 ")).ask()
    assert (answer.status, answer.reason, answer.body) == (404, "Not Found", b"")
    assert answer.headers["Content-Length"] == "0"


def test_each_piece_goes_out_at_once(serve: Serve, loop: Loop) -> None:
    """A client sees a piece before the application has made the next one."""
    go = threading.Semaphore(0)

    def pieces() -> Iterator[bytes]:
        yield b"one"
        go.acquire(timeout=PATIENCE)
        yield b"two"

    client = serve(answering(pieces())).open()
    loop.until(lambda: b"one" in client.sent)
    assert b"two" not in client.sent
    go.release()
    assert client.read().body == b"onetwo"


def test_write(serve: Serve) -> None:
    """What `write` gets comes before what is returned, and goes out at once."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        del environ
        write = start_response("200 OK", [])
        write(b"one ")
        write(b"")
        write(b"two ")
        return [b"three"]

    assert serve(app).ask().body == b"one two three"


@pytest.mark.parametrize("status", ["204 No Content", "205 Reset Content", "304 Not Modified"])
def test_answers_without_a_body(serve: Serve, status: str) -> None:
    """A body that must not be is dropped, and its length with it."""
    result = Result([b"body", b"more"])
    headers = [("Content-Length", "0")] if status.startswith("20") else []
    answer = serve(answering(result, status, headers)).ask()
    assert (answer.status, answer.body) == (int(status[:3]), b"")
    assert answer.headers["Content-Length"] == ("0" if status.startswith("205") else None)
    assert serve(answering([b"body"], status)).ask().body == b""


def test_head(serve: Serve, loop: Loop) -> None:
    """The head alone is sent, with the length if it is known; the rest is not asked for."""
    result = Result([b"body", b"more"])
    site = serve(answering(result))
    answer = site.ask("/", "HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] is None
    loop.until(lambda: result.closed)
    assert result.given == 1
    assert serve(answering([b"body"])).ask("/", "HEAD").headers["Content-Length"] == "4"
    answer = serve(answering([], headers=[("Content-Length", "9")])).ask("/", "HEAD")
    assert answer.headers["Content-Length"] == "9"
    assert serve(answering([])).ask("/", "HEAD").headers["Content-Length"] is None


def test_write_to_head(serve: Serve) -> None:
    """An application that does not know of HEAD writes to nobody."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        del environ
        write = start_response("200 OK", [])
        for _ in range(3):
            write(b"x")
        return []

    assert serve(app).ask("/", "HEAD").body == b""


def test_more_than_the_length(serve: Serve, log: Log, loop: Loop) -> None:
    """What is too much is dropped, the iteration stops, and the log has a line."""
    result = Result([b"abc", b"def", b"ghi"])
    answer = serve(answering(result, headers=[("Content-Length", "4")])).ask("/path")
    assert answer.body == b"abcd"
    loop.until(lambda: result.closed)
    loop.rest()
    assert result.given == 2
    assert log.texts() == ["more bytes than Content-Length in WSGI: GET /path (192.168.1.1)"]


def test_write_behind_the_length(serve: Serve, log: Log, loop: Loop) -> None:
    """Who calls `write` learns that it is too much."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        del environ
        write = start_response("200 OK", [("Content-Length", "3")])
        write(b"abc")
        write(b"")
        write(b"d")
        return []

    assert serve(app).ask().body == b"abc"
    loop.rest()
    (error,) = log.failures()
    assert "write() goes on behind the Content-Length" in str(error)


@pytest.mark.parametrize("result", [[b"abc"], (b"ab", b"c")])
def test_less_than_the_length(serve: Serve, log: Log, result: Iterable[bytes]) -> None:
    """The client notices: by an error page if nothing was sent yet, else by the end; one log entry."""
    client = serve(answering(result, headers=[("Content-Length", "4")])).open()
    client.site.loop.until(lambda: client.closed)
    assert client.sent.endswith(b"\r\n\r\nabc") or client.sent.startswith(b"HTTP/1.1 500")
    client.site.loop.rest()
    assert [type(error) for error in log.failures()] == [HTTPOutputError]


def test_less_than_the_length_behind_the_head(serve: Serve, log: Log, loop: Loop) -> None:
    """The connection is cut, and the log has one entry."""
    go = threading.Semaphore(0)

    def pieces() -> Iterator[bytes]:
        yield b"abc"
        go.acquire(timeout=PATIENCE)

    client = serve(answering(pieces(), headers=[("Content-Length", "4")])).open()
    loop.until(lambda: b"abc" in client.sent)
    go.release()
    loop.until(lambda: client.closed)
    assert client.sent.endswith(b"\r\n\r\nabc")
    loop.rest()
    (error,) = log.failures()
    assert str(error) == "1 bytes of Content-Length were never written"


def test_pieces_that_wait_together(serve: Serve) -> None:
    """What the application makes before the reactor comes to it is sent as one piece."""
    made = threading.Semaphore(0)

    def pieces() -> Iterator[bytes]:
        yield b"one"
        yield b"two"
        made.release()

    client = serve(answering(pieces())).open()
    assert made.acquire(timeout=PATIENCE)
    assert client.read().body == b"onetwo"
    assert b"\r\n6\r\nonetwo\r\n" in client.sent


def test_nothing_of_the_length(serve: Serve, log: Log) -> None:
    """Not even one byte: there still is time for an error page."""
    assert serve(answering([], headers=[("Content-Length", "4")])).ask().status == 500
    assert [type(error) for error in log.failures()] == [HTTPOutputError]
