"""Handlers that take bodies piece by piece: `stream_request_body` and `data_received`."""

import gc
import tracemalloc
import weakref
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import Any, ClassVar

import pytest
from twisted.internet.defer import Deferred, fail, inlineCallbacks, succeed
from twisted.python.failure import Failure

from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.web import Application, Finish, HTTPError, RequestHandler, stream_request_body

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
EXPECT = POST[:-2] + b"Expect: 100-continue\r\n\r\n"


class Boom(Exception):  # noqa: N818
    """What test handlers raise."""


class Recorder(RequestHandler):
    """Notes what is called.

    Attributes:
        seen: Names of hooks and pieces, in order.
    """

    seen: ClassVar[list[object]]

    def __init_subclass__(cls) -> None:
        cls.seen = []

    def initialize(self) -> None:
        """Note it."""
        self.seen.append("initialize")

    def data_received(self, chunk: bytes) -> object:
        """Note a piece."""
        self.seen.append(chunk)

    def post(self) -> object:
        """Answer."""
        self.seen.append("post")
        self.write("done")

    def on_finish(self) -> None:
        """Note it."""
        self.seen.append("finish")

    def on_connection_close(self) -> None:
        """Note it."""
        self.seen.append("gone")


# The decorator.


def test_returns_the_class() -> None:
    """The class itself comes back."""

    class Handler(RequestHandler):
        pass

    assert stream_request_body(Handler) is Handler


@pytest.mark.parametrize(
    "thing", [object, 5, lambda: None, RequestHandler.get_status, dict[str, int]]
)
def test_on_something_else(thing: object) -> None:
    """What is no handler class is refused where it is written."""
    with pytest.raises(TypeError, match="goes on a subclass of RequestHandler, not "):
        stream_request_body(thing)


def test_derived_class(serve: Serve) -> None:
    """A class that derives from a streaming one streams, its base does not."""

    class Base(Recorder):
        pass

    @stream_request_body
    class Streaming(Base):
        pass

    class Derived(Streaming):
        pass

    serve(Derived).ask(method="POST", body=b"abc")
    assert Derived.seen == ["initialize", b"abc", "post", "finish"]
    serve(Base).ask(method="POST", body=b"abc")
    assert Base.seen == ["initialize", "post", "finish"]


# The order of things.


def test_order(serve: Serve) -> None:
    """Head, pieces as they come, end: each is handled when it is there."""

    @stream_request_body
    class Handler(Recorder):
        def prepare(self) -> None:
            self.seen.append("prepare")

    connection = serve(Handler).connect()
    connection.send(POST)
    assert Handler.seen == ["initialize", "prepare"]
    connection.send(b"abc")
    assert Handler.seen[2:] == [b"abc"]
    connection.send(b"def")
    assert Handler.seen[3:] == [b"def", "post", "finish"]
    assert connection.read("POST")[0].text == "done"
    assert connection.open


def test_chunked(serve: Serve) -> None:
    """Chunks come without their frames."""
    Handler = stream_request_body(type("Handler", (Recorder,), {}))  # noqa: N806
    connection = serve(Handler).connect()
    for data in (CHUNKED, b"3\r\nabc\r\n", b"3\r\nd", b"ef\r\n", b"0\r\n\r\n"):
        connection.send(data)
    assert Handler.seen == ["initialize", b"abc", b"d", b"ef", "post", "finish"]


def test_next_request(serve: Serve) -> None:
    """The next request on the connection is answered in its turn."""

    @stream_request_body
    class Handler(Recorder):
        def get(self) -> None:
            self.write("got")

    connection = serve(Handler).connect()
    connection.send((POST + b"abcdef") * 2 + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    answers = connection.read("POST", "POST", "GET")
    assert [answer.text for answer in answers] == ["done", "done", "got"]


def test_no_body(serve: Serve) -> None:
    """A request without a body has no pieces: `prepare`, then the method."""

    @stream_request_body
    class Handler(Recorder):
        async def prepare(self) -> None:
            self.seen.append("prepare")

        def get(self) -> None:
            self.seen.append("get")

    server = serve(Handler)
    server.ask()
    server.ask(method="POST", body=b"")
    assert Handler.seen[:4] == ["initialize", "prepare", "get", "finish"]
    assert Handler.seen[4:] == ["initialize", "prepare", "post", "finish"]


def test_request_has_no_body(serve: Serve) -> None:
    """`request.body` and the arguments of the body stay empty; those of the query are there."""

    @stream_request_body
    class Handler(Recorder):
        def post(self) -> None:
            self.write({"body": len(self.request.body), "a": self.get_arguments("a")})
            assert self.request.body_arguments == {}
            assert self.request.files == {}

    answer = serve(Handler).ask(
        "/?a=1", "POST", body=b"a=2", Content_Type="application/x-www-form-urlencoded"
    )
    assert answer.text == '{"body": 0, "a": ["1"]}'


def test_data_received_is_missing(serve: Serve, log: Log) -> None:
    """A class that takes its body in pieces and has no `data_received` is told so."""

    @stream_request_body
    class Handler(RequestHandler):
        pass

    connection = serve(Handler).connect()
    connection.request(method="POST", body=b"abc")
    # Nothing would take the body: the missing method is found first.
    assert connection.read("POST")[0].status == 405

    class Posting(Handler):
        def post(self) -> None:
            """Answer."""

    assert serve(Posting).ask(method="POST", body=b"abc").status == 500
    (error,) = log.failures()
    assert isinstance(error, NotImplementedError)
    assert str(error) == (
        "Posting has stream_request_body and no data_received() to take the 3 bytes that have come"
    )


def test_method_that_is_not_allowed(serve: Serve) -> None:
    """A body for a method that the class does not have is refused before it is sent."""

    @stream_request_body
    class Handler(Recorder):
        pass

    connection = serve(Handler).connect()
    connection.send(EXPECT.replace(b"POST", b"PUT"))
    (answer,) = connection.read("PUT")
    assert answer.status == 405
    assert answer.headers["Allow"] == "POST, OPTIONS"
    assert not connection.open
    assert Handler.seen == ["initialize", "finish"]


@pytest.mark.parametrize("method", ["BREW", "TRACE"])
def test_method_that_is_not_supported(serve: Serve, method: str) -> None:
    """Neither is `prepare` called for a method that no handler has."""

    @stream_request_body
    class Handler(Recorder):
        def prepare(self) -> None:
            self.seen.append("prepare")

    connection = serve(Handler).connect()
    connection.send(EXPECT.replace(b"POST", method.encode()))
    assert connection.read(method)[0].status == {"BREW": 501, "TRACE": 405}[method]
    assert Handler.seen == ["initialize", "finish"]


def test_route_to_a_function(serve: Serve) -> None:
    """A function that makes handlers is no class; its handlers get whole bodies."""

    @stream_request_body
    class Handler(Recorder):
        def post(self) -> None:
            self.write(self.request.body)

    def make(application: Application, request: HTTPServerRequest) -> Handler:
        return Handler(application, request)

    server = serve([("/.*", make)])
    assert server.ask(method="POST", body=b"abc").text == "abc"


# prepare.


def waiting_prepare() -> tuple[type[Recorder], list[Deferred[None]]]:
    """Make a handler whose `prepare` waits for the test."""
    gates: list[Deferred[None]] = []

    @stream_request_body
    class Handler(Recorder):
        async def prepare(self) -> None:
            gates.append(Deferred())
            await gates[-1]
            self.seen.append("prepared")

    return Handler, gates


def test_prepare_waits(serve: Serve) -> None:
    """While `prepare` waits nothing of the body comes, nor is it read."""
    handler, gates = waiting_prepare()
    connection = serve(handler).connect()
    connection.send(POST + b"abc")
    assert handler.seen == ["initialize"]
    assert connection.transport.producerState == "paused"
    gates[0].callback(None)
    assert handler.seen == ["initialize", "prepared", b"abc"]
    assert connection.transport.producerState == "producing"
    connection.send(b"def")
    assert connection.read("POST")[0].text == "done"


def test_prepare_waits_with_everything_there(serve: Serve) -> None:
    """A body that is there already comes when `prepare` is done."""
    handler, gates = waiting_prepare()
    connection = serve(handler).connect()
    connection.send(POST + b"abcdef")
    assert connection.sent == b""
    gates[0].callback(None)
    assert handler.seen == ["initialize", "prepared", b"abcdef", "post", "finish"]
    assert connection.read("POST")[0].text == "done"


def test_continue(serve: Serve) -> None:
    """A client that asks first is told to send when `prepare` is done, not before."""
    handler, gates = waiting_prepare()
    connection = serve(handler).connect()
    connection.send(EXPECT)
    assert connection.sent == b""
    gates[0].callback(None)
    assert connection.sent == CONTINUE
    connection.transport.clear()
    connection.send(b"abcdef")
    assert connection.read("POST")[0].text == "done"


def test_continue_at_once(serve: Serve) -> None:
    """A `prepare` that does not wait tells it at once."""
    handler = stream_request_body(type("Handler", (Recorder,), {}))
    connection = serve(handler).connect()
    connection.send(EXPECT)
    assert connection.sent == CONTINUE


@pytest.mark.parametrize("kind", ["raises", "coroutine", "late", "deferred"])
@pytest.mark.parametrize("status", [401, 413, 500])
def test_prepare_fails(serve: Serve, kind: str, status: int, log: Log) -> None:
    """A refusal is answered without the body: no 100, no piece, and the connection is closed."""
    gate: Deferred[None] = Deferred()

    def prepare(self: RequestHandler) -> object:
        del self
        raise HTTPError(status)

    async def late(self: RequestHandler) -> None:
        if kind == "late":
            await gate
        prepare(self)

    methods = {"raises": prepare, "deferred": lambda _: fail(HTTPError(status))}
    handler = stream_request_body(type("H", (Recorder,), {"prepare": methods.get(kind, late)}))
    connection = serve(handler).connect()
    connection.send(EXPECT)
    if kind == "late":
        assert connection.sent == b""
        gate.callback(None)
    (answer,) = connection.read("POST")
    assert answer.status == status
    assert answer.headers["Connection"] == "close"
    assert not connection.open
    assert handler.seen == ["initialize", "finish"]
    assert log.failures() == []


@pytest.mark.parametrize("late", [False, True])
def test_error_page_of_prepare_that_waits(serve: Serve, late: bool) -> None:
    """While the error page of `prepare` is made nothing of the body is asked for or read."""
    gate: Deferred[None] = Deferred()
    page: Deferred[None] = Deferred()

    @stream_request_body
    class Handler(Recorder):
        async def prepare(self) -> None:
            if late:
                await gate
            raise HTTPError(401)

        async def write_error(self, status_code: int, **kwargs: object) -> None:
            del kwargs
            await page
            self.write(f"sorry, {status_code}")

    connection = serve(Handler).connect()
    connection.send(EXPECT)
    gate.callback(None)
    assert connection.sent == b""
    assert connection.transport.producerState == "paused"
    page.callback(None)
    (answer,) = connection.read("POST")
    assert (answer.status, answer.text) == (401, "sorry, 401")
    assert not connection.open
    assert Handler.seen == ["initialize", "finish"]


@pytest.mark.parametrize("late", [False, True])
def test_prepare_answers(serve: Serve, late: bool) -> None:
    """A `prepare` that finishes the request needs no body either, though it was sent along."""
    gate: Deferred[None] = Deferred()

    @stream_request_body
    class Handler(Recorder):
        async def prepare(self) -> None:
            if late:
                await gate
            self.finish("no, thanks")

    connection = serve(Handler).connect()
    connection.send(POST + b"abc")
    gate.callback(None)
    (answer,) = connection.read("POST")
    assert answer.text == "no, thanks"
    assert answer.headers["Connection"] == "close"
    connection.send(b"def")
    assert Handler.seen == ["initialize", "finish"]


def test_answered_without_the_body() -> None:
    """Who starts a request that `prepare` answers is told that nobody takes its body."""

    class Exchange:
        """Takes the answer.

        Attributes:
            body: That of the answer.
        """

        body = b""

        def respond(self, *answer: object) -> None:
            """Note it."""
            self.body = answer[3]

        def drained(self) -> None:
            """There is room."""

    @stream_request_body
    class Handler(Recorder):
        def prepare(self) -> None:
            self.finish("no, thanks")

    exchange = Exchange()
    request = HTTPServerRequest("POST", "/", connection=exchange)  # type: ignore[arg-type]
    assert Application([("/", Handler)]).start_request(request) is None
    assert exchange.body == b"no, thanks"


def test_prepare_begins_the_answer(serve: Serve) -> None:
    """The answer may begin before the body has come: what comes is sent back."""

    @stream_request_body
    class Handler(Recorder):
        def prepare(self) -> None:
            self.flush()

        def data_received(self, chunk: bytes) -> None:
            self.write(chunk.upper())
            self.flush()

    connection = serve(Handler).connect()
    connection.send(POST)
    assert b"\r\n\r\n" in connection.sent
    connection.send(b"abc")
    assert connection.sent.endswith(b"\r\n\r\n3\r\nABC\r\n")
    connection.send(b"def")
    assert connection.read("POST")[0].text == "ABCDEFdone"


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("late", [False, True])
def test_set_max_body_size(serve: Serve, chunked: bool, late: bool) -> None:
    """`prepare` may bound the body: at the bound it is taken, one byte more is not."""

    @stream_request_body
    class Handler(Recorder):
        max_body_size = 2

        async def prepare(self) -> None:
            if late:
                await self.gate
            self.request.connection.set_max_body_size(6)

    for size, status in ((6, 200), (7, 413)):
        Handler.gate = Deferred()
        connection = serve(Handler).connect()
        body = b"x" * size
        head = POST.replace(b"6", b"%d" % size)
        if chunked:
            head, body = CHUNKED, b"%x\r\n%s\r\n0\r\n\r\n" % (size, body)
        connection.send(head + body)
        Handler.gate.callback(None)
        assert connection.read("POST")[0].status == status
    assert Handler.seen[-1] == "finish"


@pytest.mark.parametrize("chunked", [False, True])
def test_max_body_size_of_the_class(serve: Serve, chunked: bool) -> None:
    """The class's own bound holds, whatever the application's is."""

    @stream_request_body
    class Handler(Recorder):
        max_body_size = 6

    for size, status in ((6, 200), (7, 413)):
        connection = serve(Handler, max_body_size=3).connect()
        head, body = POST.replace(b"6", b"%d" % size), b"x" * size
        if chunked:
            head, body = CHUNKED, b"%x\r\n%s\r\n0\r\n\r\n" % (size, body)
        connection.send(head + body)
        assert connection.read("POST")[0].status == status


@pytest.mark.parametrize("where", ["class", "prepare"])
def test_body_timeout(serve: Serve, where: str) -> None:
    """The time of the body is bounded by the class or by `prepare`, which itself takes none of it."""
    gate: Deferred[None] = Deferred()

    @stream_request_body
    class Handler(Recorder):
        body_timeout = 5.0 if where == "class" else None

        async def prepare(self) -> None:
            if where == "prepare":
                self.request.connection.set_body_timeout(5.0)
            await gate

    server = serve(Handler)
    connection = server.connect()
    connection.send(POST)
    for _ in range(20):
        server.clock.advance(1)
    gate.callback(None)
    for _ in range(4):
        server.clock.advance(1)
        connection.send(b"x")
    assert connection.sent == b""
    for _ in range(3):
        server.clock.advance(1)
    assert connection.read("POST")[0].status == 408
    assert Handler.seen[-1] == "finish"


def test_paused_by_prepare(serve: Serve) -> None:
    """A handler may pause the body itself, and let it come when it likes."""

    @stream_request_body
    class Handler(Recorder):
        def prepare(self) -> None:
            self.request.connection.pause_body()
            exchanges.append(self.request.connection)

    exchanges: list[Any] = []
    connection = serve(Handler).connect()
    connection.send(POST + b"abcdef")
    assert Handler.seen == ["initialize"]
    exchanges[0].resume_body()
    assert Handler.seen[1:] == [b"abcdef", "post", "finish"]


# data_received.


def waiting_pieces(kind: str) -> tuple[type[Recorder], list[Deferred[None]]]:
    """Make a handler whose `data_received` waits for the test in one of several ways."""
    gates: list[Deferred[None]] = []

    def gate() -> Deferred[None]:
        gates.append(Deferred())
        return gates[-1]

    class Base(Recorder):
        def data_received(self, chunk: bytes) -> object:
            self.seen.append(chunk)
            return gate()

    class Coroutine(Base):
        async def data_received(self, chunk: bytes) -> None:
            await super().data_received(chunk)
            self.seen.append("taken")

    class Inline(Base):
        @inlineCallbacks
        def data_received(self, chunk: bytes) -> Generator[Deferred[None], None, None]:
            yield super().data_received(chunk)
            self.seen.append("taken")

    kinds = {"deferred": Base, "coroutine": Coroutine, "inline": Inline}
    return stream_request_body(kinds[kind]), gates


@pytest.mark.parametrize("kind", ["deferred", "coroutine", "inline"])
def test_next_piece_waits(serve: Serve, kind: str) -> None:
    """What `data_received` returns is waited for: by the next piece, the method, and the client."""
    handler, gates = waiting_pieces(kind)
    connection = serve(handler).connect()
    taken = [] if kind == "deferred" else ["taken"]
    connection.send(POST + b"abc")
    assert connection.transport.producerState == "paused"
    connection.send(b"def")
    assert handler.seen == ["initialize", b"abc"]
    gates[0].callback(None)
    assert handler.seen == ["initialize", b"abc", *taken, b"def"]
    assert connection.sent == b""
    gates[1].callback(None)
    assert handler.seen[-3 - len(taken) :] == [b"def", *taken, "post", "finish"]
    assert connection.read("POST")[0].text == "done"


@pytest.mark.parametrize("result", [succeed(None), 5, "text"])
def test_result_that_is_there(serve: Serve, result: object) -> None:
    """A Deferred that has fired, and what is none, do not hold up anything."""

    @stream_request_body
    class Handler(Recorder):
        def data_received(self, chunk: bytes) -> object:
            super().data_received(chunk)
            return result

    connection = serve(Handler).connect()
    connection.send(POST + b"abc")
    connection.send(b"def")
    assert Handler.seen == ["initialize", b"abc", b"def", "post", "finish"]


def test_context(serve: Serve) -> None:
    """What `prepare` sets in a context variable holds for pieces and method, and for nobody else."""
    name: ContextVar[str] = ContextVar("name", default="nobody")

    @stream_request_body
    class Handler(Recorder):
        async def prepare(self) -> None:
            name.set(self.request.path)

        async def data_received(self, chunk: bytes) -> None:
            self.seen.append((chunk, name.get()))
            await succeed(None)
            name.set(name.get() + "+")

        def post(self) -> None:
            self.write(name.get())

    server = serve(Handler)
    connections = [(path, server.connect()) for path in (b"/a", b"/b")]
    for path, connection in connections:
        connection.send(POST.replace(b" / ", b" %s " % path))
    for piece in (b"123", b"456"):
        for _, connection in connections:
            connection.send(piece)
    assert [connection.read("POST")[0].text for _, connection in connections] == ["/a++", "/b++"]
    assert name.get() == "nobody"
    assert Handler.seen[2:4] == [(b"123", "/a"), (b"123", "/b")]


@pytest.mark.parametrize("kind", ["raises", "coroutine", "late", "deferred", "failure"])
def test_data_received_fails(serve: Serve, log: Log, kind: str) -> None:
    """A failure is answered with the error page; then the connection is closed, and no piece comes."""
    gate: Deferred[None] = Deferred()

    def raises(self: Recorder, chunk: bytes) -> object:
        self.seen.append(chunk)
        if kind == "deferred":
            return fail(Boom())
        if kind == "failure":
            return Failure(Boom())
        raise Boom

    async def coroutine(self: Recorder, chunk: bytes) -> None:
        if kind == "late":
            await gate
        raises(self, chunk)

    method = coroutine if kind in {"coroutine", "late"} else raises
    handler = stream_request_body(type("Handler", (Recorder,), {"data_received": method}))
    connection = serve(handler).connect()
    connection.send(POST + b"abc")
    connection.send(b"d")
    gate.callback(None)
    connection.send(b"ef" + POST)
    (answer,) = connection.read("POST")
    assert answer.status == 500
    assert answer.headers["Connection"] == "close"
    assert handler.seen == ["initialize", b"abc", "finish"]
    assert [type(error) for error in log.failures()] == [Boom]


def test_error_page_that_waits(serve: Serve) -> None:
    """While an error page is made what comes is read and passed to nobody, up to the body's end."""
    gate: Deferred[None] = Deferred()

    @stream_request_body
    class Handler(Recorder):
        def data_received(self, chunk: bytes) -> None:
            super().data_received(chunk)
            raise HTTPError(422)

        async def write_error(self, status_code: int, **kwargs: object) -> None:
            del kwargs
            await gate
            self.write(f"sorry, {status_code}")

    connection = serve(Handler).connect()
    connection.send(POST + b"abc")
    connection.send(b"d")
    connection.send(b"ef")
    assert connection.sent == b""
    gate.callback(None)
    (answer,) = connection.read("POST")
    assert (answer.status, answer.text) == (422, "sorry, 422")
    assert Handler.seen == ["initialize", b"abc", "finish"]
    assert connection.open


def test_early_answer(serve: Serve) -> None:
    """A handler that knows enough answers at once; the rest of the body is not for it."""

    @stream_request_body
    class Handler(Recorder):
        def data_received(self, chunk: bytes) -> Deferred[None]:
            super().data_received(chunk)
            return self.finish("enough")

    connection = serve(Handler).connect()
    connection.send(POST + b"abc")
    connection.send(b"def")
    (answer,) = connection.read("POST")
    assert (answer.text, answer.headers["Connection"]) == ("enough", "close")
    assert Handler.seen == ["initialize", b"abc", "finish"]


def test_finish_raised(serve: Serve) -> None:
    """`Finish` ends the request from `data_received`, too."""

    @stream_request_body
    class Handler(Recorder):
        def data_received(self, chunk: bytes) -> None:
            raise Finish(chunk.upper())

    assert serve(Handler).ask(method="POST", body=b"abc").text == "ABC"


def test_method_fails(serve: Serve, log: Log) -> None:
    """What the method raises behind the body is answered as ever, and the connection goes on."""

    @stream_request_body
    class Handler(Recorder):
        def post(self) -> None:
            raise Boom

    connection = serve(Handler).connect()
    connection.send((POST + b"abcdef") * 2)
    assert [answer.status for answer in connection.read("POST", "POST")] == [500, 500]
    assert [type(error) for error in log.failures()] == [Boom, Boom]


# Clients that go.


@pytest.mark.parametrize("sent", [b"", b"abc"])
def test_client_goes(serve: Serve, sent: bytes) -> None:
    """A client that goes in the middle is noticed, once; the request ends without its method."""
    handler = stream_request_body(type("Handler", (Recorder,), {}))
    server = serve(handler)
    connection = server.connect()
    connection.send(POST + sent)
    connection.leave()
    assert handler.seen == ["initialize", *([sent] if sent else []), "gone", "finish"]
    assert [answered.get_status() for answered in server.answered] == [499]


def test_client_goes_while_prepare_waits(serve: Serve) -> None:
    """A `prepare` that ends behind the client is nobody's business."""
    handler, gates = waiting_prepare()
    connection = serve(handler).connect()
    connection.send(POST + b"abc")
    connection.leave()
    gates[0].callback(None)
    assert handler.seen == ["initialize", "gone", "prepared"]


@pytest.mark.parametrize("kind", ["deferred", "coroutine", "inline"])
@pytest.mark.parametrize("fails", [False, True])
def test_client_goes_while_a_piece_waits(serve: Serve, log: Log, kind: str, fails: bool) -> None:
    """No other piece comes, nor the method, when the last piece is done behind the client."""
    handler, gates = waiting_pieces(kind)
    connection = serve(handler).connect()
    connection.send(POST + b"abc")
    connection.send(b"def")
    connection.leave()
    if fails:
        gates[0].errback(Boom())
    else:
        gates[0].callback(None)
    assert handler.seen[:3] == ["initialize", b"abc", "gone"]
    assert b"def" not in handler.seen
    assert "post" not in handler.seen
    assert [type(error) for error in log.failures()] == [Boom] * fails


@pytest.mark.parametrize("end", ["leave", "body", "error", "refused", "prepare"])
def test_nothing_is_left(serve: Serve, log: Log, end: str) -> None:
    """Whatever ends the request, its handler is freed without the garbage collector."""
    handlers: list[weakref.ref[RequestHandler]] = []

    @stream_request_body
    class Handler(Recorder):
        def initialize(self) -> None:
            handlers.append(weakref.ref(self))

        async def prepare(self) -> None:
            await succeed(None)
            if end == "prepare":
                raise HTTPError(401)

        async def data_received(self, chunk: bytes) -> None:
            await succeed(chunk)
            if end == "error":
                raise HTTPError(422)

    server = serve(Handler, decompress_request=True, log_function=lambda _: None)
    connection = server.connect()
    gc.collect()
    gc.disable()
    try:
        coding = b"Content-Encoding: gzip\r\n\r\n" if end == "refused" else b"\r\n"
        connection.send(POST[:-2] + coding + b"abc")
        if end == "leave":
            connection.leave()
        elif end == "body":
            connection.send(b"def")
        assert [handler() for handler in handlers] == [None]
    finally:
        gc.enable()
    assert log.failures() == []


# Much data.


def test_memory(serve: Serve) -> None:
    """An upload of 64 MiB leaves no trace in memory."""

    @stream_request_body
    class Handler(RequestHandler):
        size = 0

        async def data_received(self, chunk: bytes) -> None:
            self.size += len(chunk)
            await succeed(None)

        def put(self) -> None:
            self.write(str(self.size))

    connection = serve(Handler).connect()
    piece = bytes(64 * 1024)
    connection.send(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (64 << 20))
    connection.send(piece)
    tracemalloc.start()
    for _ in range(1023):
        connection.send(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert connection.read("PUT")[0].text == str(64 << 20)
    assert peak < 256 * 1024
