"""Applications with `decompress_request`: whole bodies, bodies in pieces, and what is malformed."""

import gc
import gzip
import weakref
import zlib
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from twisted.internet.defer import Deferred

from cyclone_core.errors import HTTPInputError
from cyclone_core.httpserver import HTTPServer
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.web import Application, RequestHandler, stream_request_body

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported

HELLO = gzip.compress(b"hello" * 10, mtime=0)
FORM = "application/x-www-form-urlencoded"


class Base(RequestHandler):
    """Has an error page of its own, and notes what is called.

    Attributes:
        seen: Names of hooks and pieces, in order.
    """

    seen: ClassVar[list[object]]

    def __init_subclass__(cls) -> None:
        cls.seen = []

    def prepare(self) -> None:
        """Note it."""
        self.seen.append("prepare")

    def write_error(self, status_code: int, **kwargs: object) -> object:
        """Make the error page."""
        self.finish(f"sorry, {status_code}: {kwargs['exception']}")

    def on_finish(self) -> None:
        """Note it."""
        self.seen.append("finish")


class Whole(Base):
    """Takes whole bodies."""

    def post(self) -> None:
        """Answer with the body."""
        self.seen.append("post")
        self.write(self.request.body)


def in_pieces() -> type[Base]:
    """Make a class that takes bodies in pieces."""

    @stream_request_body
    class Streaming(Base):
        size = 0

        def data_received(self, chunk: bytes) -> None:
            self.size += len(chunk)
            self.seen.append(chunk)

        def post(self) -> None:
            self.seen.append("post")
            self.write(str(self.size))

    return Streaming


@pytest.fixture
def whole() -> type[Base]:
    """A class of this test's own that takes whole bodies."""
    return type("Own", (Whole,), {})


@pytest.fixture
def streaming() -> type[Base]:
    """A class of this test's own that takes bodies in pieces."""
    return in_pieces()


# Whole bodies.


def test_decoded(serve: Serve, whole: type[Base]) -> None:
    """The handler sees a body that never was compressed, and a header that tells."""
    server = serve(whole, decompress_request=True)
    answer = server.ask(method="POST", body=HELLO, Content_Encoding="gzip")
    assert answer.text == "hello" * 10
    headers = server.answered[0].request.headers
    assert headers["X-Consumed-Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in headers
    assert headers["Content-Length"] == str(len(HELLO))


def test_form(serve: Serve) -> None:
    """The arguments of a compressed form are there."""

    class Handler(RequestHandler):
        def post(self) -> None:
            self.write(self.get_argument("a"))

    answer = serve(Handler, decompress_request=True).ask(
        method="POST", body=zlib.compress(b"a=1"), Content_Encoding="deflate", Content_Type=FORM
    )
    assert answer.text == "1"


def test_off_by_default(serve: Serve, whole: type[Base]) -> None:
    """Without the setting the body is what was sent."""
    answer = serve(whole).ask(method="POST", body=HELLO, Content_Encoding="gzip")
    assert answer.body == HELLO


@pytest.mark.parametrize("port", [False, True])
def test_setting_of_the_port(serve: Serve, whole: type[Base], port: bool) -> None:
    """What an `HTTPServer` says holds for its port, whatever the application's setting is."""
    server = serve(whole, decompress_request=not port)
    factory = HTTPServer(server.application, decompress_request=port)
    connection = server.connect(factory)
    connection.request(method="POST", body=HELLO, Content_Encoding="gzip")
    assert connection.read("POST")[0].body == (b"hello" * 10 if port else HELLO)


@pytest.mark.parametrize(
    ("coding", "body", "status", "message"),
    [
        ("gzip", b"hello", 400, "the body is no valid gzip: "),
        ("gzip", HELLO + b"hello", 400, "the body is no valid gzip: "),
        ("gzip", HELLO[:-1], 400, "the compressed body is cut off in the middle"),
        (
            "gzip",
            gzip.compress(bytes(101), mtime=0),
            413,
            "the body inflates to more than 100 bytes",
        ),
        ("br", HELLO, 415, "a body with Content-Encoding 'br' came; gzip or deflate are decoded"),
    ],
)
@pytest.mark.parametrize("kind", ["whole", "streaming"])
def test_refused(
    serve: Serve,
    request: pytest.FixtureRequest,
    log: Log,
    kind: str,
    coding: str,
    body: bytes,
    status: int,
    message: str,
) -> None:
    """The handler's own page answers, once, without the method; the log gets one line."""
    handler = request.getfixturevalue(kind)
    server = serve(handler, decompress_request=True, max_body_size=100)
    answer = server.ask(method="POST", body=body, Content_Encoding=coding)
    assert answer.status == status
    assert answer.text.startswith(f"sorry, {status}: {message}")
    assert answer.headers["Accept-Encoding"] == ("gzip, deflate" if status == 415 else None)
    assert "post" not in handler.seen
    assert handler.seen[-1] == "finish"
    assert handler.seen.count("prepare") == (kind == "streaming" and status != 415)
    assert [each.get_status() for each in server.answered] == [status]
    (line,) = log.take("cyclone.web")
    assert line.startswith(f"{status} POST / " if line[0].isdigit() else "POST / ")
    assert message in line


def test_unsupported_is_not_asked_for(serve: Serve, whole: type[Base]) -> None:
    """A client that asks first sends nothing of a body in an unknown coding."""
    connection = serve(whole, decompress_request=True).connect()
    connection.send(
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nContent-Encoding: br\r\n"
        b"Expect: 100-continue\r\n\r\n"
    )
    assert connection.read("POST")[0].status == 415
    assert not connection.open


@pytest.mark.parametrize("kind", ["whole", "streaming"])
@pytest.mark.parametrize("chunked", [False, True])
def test_max_body_size_of_the_class(
    serve: Serve, request: pytest.FixtureRequest, kind: str, chunked: bool
) -> None:
    """The class's bound is that of the inflated body: at it the body is taken, one past it is not."""
    handler = request.getfixturevalue(kind)
    handler.max_body_size = 100_000
    for size, status in ((100_000, 200), (100_001, 413)):
        connection = serve(handler, decompress_request=True, max_body_size=10).connect()
        body = gzip.compress(bytes(size))
        head = b"Content-Length: %d" % len(body)
        if chunked:
            head, body = b"Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        line = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n"
        connection.send(line + head + b"\r\n\r\n" + body)
        assert connection.read("POST")[0].status == status


def test_error_page_that_waits(serve: Serve) -> None:
    """An error page may take its time; what goes on coming of the body is passed to nobody."""
    gates: list[Deferred[None]] = []

    class Handler(Whole):
        async def write_error(self, status_code: int, **kwargs: object) -> None:
            del kwargs
            gates.append(Deferred())
            await gates[0]
            self.write(f"sorry, {status_code}")

    connection = serve(Handler, decompress_request=True).connect()
    connection.send(
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nContent-Encoding: gzip\r\n\r\ngarb"
    )
    connection.send(b"age..")
    assert connection.sent == b""
    gates[0].callback(None)
    assert connection.read("POST")[0].text == "sorry, 400"
    assert connection.open
    assert len(gates) == 1


def test_client_goes_while_an_error_page_waits(serve: Serve) -> None:
    """A handler that makes its error page learns that the client has gone."""
    gone: list[str] = []

    class Handler(Whole):
        def write_error(self, status_code: int, **kwargs: object) -> object:
            del status_code, kwargs
            return Deferred()

        def on_connection_close(self) -> None:
            gone.append("gone")

    connection = serve(Handler, decompress_request=True).connect()
    connection.request(method="POST", body=b"garbage", Content_Encoding="gzip")
    connection.leave()
    assert gone == ["gone"]


def test_initialize_fails(serve: Serve, log: Log) -> None:
    """A handler that cannot be made for a malformed body does not leave its client without answer."""

    class Handler(RequestHandler):
        def initialize(self) -> None:
            raise ZeroDivisionError

    server = serve(Handler, decompress_request=True)
    for body in (b"garbage", gzip.compress(bytes(4 << 20)) + b"garbage"):
        connection = server.connect()
        connection.request(method="POST", body=body, Content_Encoding="gzip")
        server.clock.advance(0)
        assert connection.read("POST")[0].status == 500
    assert [type(error) for error in log.failures()] == [ZeroDivisionError] * 2


def test_body_error_of_a_request_given_by_hand(log: Log) -> None:
    """What is wrong with a body is answered before `prepare`, wherever it was found."""

    class Exchange:
        """Takes the answer."""

        no_keep_alive = False
        answer: tuple[object, ...] = ()

        def respond(self, *answer: object) -> None:
            """Note it."""
            self.answer = answer

        def drained(self) -> None:
            """There is room."""

    handler: type[Base] = type("Own", (Whole,), {})
    exchange = Exchange()
    request = HTTPServerRequest("POST", "/", connection=exchange)  # type: ignore[arg-type]
    request.body_error = HTTPInputError("too many parts", 400)
    Application([("/", handler)])(request)
    assert (exchange.answer[0], exchange.answer[3]) == (400, b"sorry, 400: too many parts")
    assert handler.seen == ["finish"]
    assert log.take("cyclone.web") == ["POST / (None): too many parts"]


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_malformed_body_leaves_nothing(serve: Serve, coding: str) -> None:
    """The request with its error is freed without the garbage collector."""
    requests: list[weakref.ref[HTTPServerRequest]] = []

    class Handler(Whole):
        def initialize(self) -> None:
            requests.append(weakref.ref(self.request))

    server = serve(Handler, decompress_request=True, log_function=lambda _: None)
    connection = server.connect()
    gc.collect()
    gc.disable()
    try:
        connection.request(method="POST", body=b"garbage", Content_Encoding=coding)
        assert [request() for request in requests] == [None]
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", ["whole", "streaming"])
@pytest.mark.parametrize("chunked", [False, True])
def test_byte_by_byte(
    serve: Serve, request: pytest.FixtureRequest, kind: str, chunked: bool
) -> None:
    """Two requests that come one byte at a time are answered like those that come at once."""
    length, body = b"Content-Length: %d" % len(HELLO), HELLO
    if chunked:
        length, body = b"Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    line = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n"
    data = (line + length + b"\r\n\r\n" + body) * 2
    answers = []
    for size in (1, len(data)):
        server = serve(request.getfixturevalue(kind), decompress_request=True)
        connection = server.connect()
        for start in range(0, len(data), size):
            connection.send(data[start : start + size])
            server.clock.advance(0)
        answers.append([answer.text for answer in connection.read("POST", "POST")])
    assert answers[0] == answers[1] == [{"whole": "hello" * 10, "streaming": "50"}[kind]] * 2


# Bodies in pieces.


def test_pieces(serve: Serve, streaming: type[Base]) -> None:
    """Decoded pieces come as they can be decoded, none larger than 64 KiB."""
    body = bytes(range(256)) * 1000
    connection = serve(streaming, decompress_request=True).connect()
    data = zlib.compress(body)
    connection.send(
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n"
        % len(data)
    )
    connection.send(data[:50])
    early = [each for each in streaming.seen if isinstance(each, bytes)]
    assert b"".join(early) == body[: sum(map(len, early))] != b""
    connection.send(data[50:])
    pieces = [each for each in streaming.seen if isinstance(each, bytes)]
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) == 64 * 1024
    assert connection.read("POST")[0].text == "256000"


def test_pieces_before_the_mistake(serve: Serve, streaming: type[Base]) -> None:
    """A mistake at the end is answered as such, whatever has been passed on before."""
    server = serve(streaming, decompress_request=True)
    connection = server.connect()
    connection.request(method="POST", body=HELLO + b"??", Content_Encoding="gzip")
    connection.request()
    (answer,) = connection.read("POST")
    assert answer.status == 400
    assert answer.headers["Connection"] == "close"
    assert streaming.seen == ["prepare", b"hello" * 10, "finish"]


def test_pieces_wait_for_prepare_and_for_each_other(serve: Serve) -> None:
    """Decoded pieces come one after the other, each when the last one is done."""
    gates: list[Deferred[None]] = []
    sizes: list[int] = []

    def gate() -> Deferred[None]:
        gates.append(Deferred())
        return gates[-1]

    @stream_request_body
    class Handler(RequestHandler):
        async def prepare(self) -> None:
            await gate()
            self.request.connection.set_max_body_size(200_000)

        async def data_received(self, chunk: bytes) -> None:
            sizes.append(len(chunk))
            await gate()

        def post(self) -> None:
            self.write(str(sum(sizes)))

    server = serve(Handler, decompress_request=True, max_body_size=1000)
    connection = server.connect()
    connection.request(method="POST", body=gzip.compress(bytes(200_000)), Content_Encoding="gzip")
    for number in range(5):
        assert len(sizes) == number
        assert len(gates) == number + 1
        gates[number].callback(None)
    assert connection.read("POST")[0].text == "200000"


def test_answered_in_the_middle(serve: Serve) -> None:
    """A handler that answers early gets nothing more of what one read has brought."""
    pieces: list[int] = []

    @stream_request_body
    class Handler(RequestHandler):
        def data_received(self, chunk: bytes) -> None:
            pieces.append(len(chunk))
            self.finish("enough")

        def post(self) -> None:
            self.write("too late")

    server = serve(Handler, decompress_request=True)
    answer = server.ask(method="POST", body=gzip.compress(bytes(1 << 20)), Content_Encoding="gzip")
    assert answer.text == "enough"
    assert pieces == [64 * 1024]
