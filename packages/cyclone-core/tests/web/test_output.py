"""Writing answers: chunks, flushes, headers, status, entity tags."""

import datetime as dt
import enum
import hashlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from cyclone_core.errors import HTTPOutputError, StreamClosedError
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.web import Application, RequestHandler, asynchronous

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported

Step = Callable[[RequestHandler], object]


def doing(*steps: Step) -> type[RequestHandler]:
    """A handler whose `get` does these steps."""

    class Handler(RequestHandler):
        def get(self) -> None:
            for step in steps:
                step(self)

    return Handler


class Text(str):
    """A text with a look of its own, as markup types have it."""

    __slots__ = ()

    def __str__(self) -> str:
        return "something else"


class Colour(str, enum.Enum):  # noqa: UP042 -- its `str()` is not its value, which is the point
    """An enumeration of texts."""

    RED = "red"


# Chunks.


@pytest.mark.parametrize(
    ("chunk", "body"),
    [
        ("é", "é".encode()),
        (b"\x00\xff", b"\x00\xff"),
        ("", b""),
        (Text("text"), b"text"),
        (Colour.RED, b"red"),
    ],
)
def test_write_text_and_bytes(serve: Serve, chunk: str, body: bytes) -> None:
    """Text is sent as UTF-8, bytes as they are; subclasses count by their value."""
    assert serve(doing(lambda h: h.write(chunk))).ask().body == body


def test_write_dict(serve: Serve) -> None:
    """A dict is sent as JSON with that content type."""
    answer = serve(doing(lambda h: h.write({"a": [1, "</b>"]}))).ask()
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.text == '{"a": [1, "<\\/b>"]}'


def test_write_list(serve: Serve, log: Log) -> None:
    """A list is refused with a hint, unless `serialize_lists` allows it."""
    handler = doing(lambda h: h.write([1, 2]))
    assert serve(handler).ask().status == 500
    (error,) = log.failures()
    assert "serialize_lists = True" in str(error)
    handler.serialize_lists = True
    answer = serve(handler).ask()
    assert answer.text == "[1, 2]"
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"


@pytest.mark.parametrize("chunk", [None, 1, 1.5, bytearray(b"x"), {1}, (1,), object()])
def test_write_other_types(serve: Serve, log: Log, chunk: Any) -> None:  # noqa: ANN401
    """Other types are refused with a `TypeError` that names the type."""
    assert serve(doing(lambda h: h.write(chunk))).ask().status == 500
    (error,) = log.failures()
    assert isinstance(error, TypeError)
    assert f"not {type(chunk).__name__}" in str(error)


def test_unserializable_dict_changes_nothing(serve: Serve) -> None:
    """A dict that is no JSON does not leave its content type behind."""

    def attempt(handler: RequestHandler) -> None:
        with pytest.raises(TypeError):
            handler.write({"a": object()})
        handler.write("plain")

    assert serve(doing(attempt)).ask().headers["Content-Type"] == "text/html; charset=UTF-8"


@pytest.mark.parametrize("flushed", [False, True])
@pytest.mark.parametrize("name", ["write", "finish", "finish with chunk"])
def test_output_after_finish(serve: Serve, flushed: bool, name: str) -> None:
    """`write` and `finish` raise `RuntimeError` behind `finish`, whatever was flushed."""
    late: dict[str, Step] = {
        "write": lambda h: h.write("late"),
        "finish": lambda h: h.finish(),
        "finish with chunk": lambda h: h.finish("late"),
    }

    def attempt(handler: RequestHandler) -> None:
        with pytest.raises(RuntimeError, match=r"finish\(\)"):
            late[name](handler)

    steps: list[Step] = [lambda h: h.write("a")]
    if flushed:
        steps.append(lambda h: h.flush())
    steps += [lambda h: h.finish("b"), attempt]
    assert serve(doing(*steps)).ask().text == "ab"


# Flushes.


def test_flush_http_1_1(serve: Serve) -> None:
    """Flushed output is chunked for HTTP/1.1; an empty flush ends nothing."""
    server = serve(
        doing(
            lambda h: h.write("one"),
            lambda h: h.flush(),
            lambda h: h.flush(),
            lambda h: h.write("two"),
        )
    )
    connection = server.connect()
    connection.request()
    head, _, body = connection.sent.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert b"Content-Length" not in head
    assert b"Etag" not in head
    assert body == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    assert connection.open


def test_flush_http_1_0(serve: Serve) -> None:
    """Flushed output for HTTP/1.0 ends with the connection."""
    connection = serve(doing(lambda h: h.write("one"), lambda h: h.flush())).connect()
    connection.request(version="HTTP/1.0", Connection="keep-alive")
    head, _, body = connection.sent.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    assert body == b"one"
    assert not connection.open


def test_flush_with_length(serve: Serve) -> None:
    """With a `Content-Length` of its own the flushed body is sent as it is."""
    answer = serve(
        doing(
            lambda h: h.set_header("Content-Length", 6),
            lambda h: h.write("one"),
            lambda h: h.flush(),
            lambda h: h.finish("two"),
        )
    ).ask()
    assert answer.headers["Content-Length"] == "6"
    assert answer.text == "onetwo"


def test_flush_head_alone(serve: Serve) -> None:
    """A flush with nothing written sends the head."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        async def get(self) -> None:
            await self.flush()
            await gate

    connection = serve(Handler).connect()
    connection.request()
    assert connection.sent.endswith(b"\r\n\r\n")
    assert connection.sent.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("extra", ["onetwothree", "one"])
def test_promised_length_broken(serve: Serve, log: Log, extra: str) -> None:
    """More or less than the promised length cuts the connection: it cannot be used again."""
    server = serve(
        doing(
            lambda h: h.set_header("Content-Length", 6),
            lambda h: h.flush(),
            lambda h: h.write(extra),
        )
    )
    connection = server.connect()
    connection.request()
    assert not connection.open
    assert [type(error) for error in log.failures()] == [HTTPOutputError]
    assert len(server.answered) == 1


def test_wrong_length_before_head(serve: Serve, log: Log) -> None:
    """A wrong length that is noticed before the head is out is a 500."""
    server = serve(doing(lambda h: h.set_header("Content-Length", 6), lambda h: h.write("one")))
    assert server.ask().status == 500
    assert [type(error) for error in log.failures()] == [HTTPOutputError]


def test_flush_and_finish_give_deferreds(serve: Serve) -> None:
    """The Deferreds of `flush` and `finish` have fired when there is room."""
    deferreds: list[Deferred[None]] = []
    serve(
        doing(
            lambda h: h.write("x"),
            lambda h: deferreds.append(h.flush()),
            lambda h: deferreds.append(h.finish()),
            lambda h: deferreds.append(h.flush()),
        )
    ).ask()
    results: list[object] = []
    for deferred in deferreds:
        deferred.addBoth(results.append)
    assert results == [None, None, None]


def test_flush_waits_for_slow_client(serve: Serve) -> None:
    """The Deferred of `flush` fires when a client that was slow has taken what was sent."""

    class Handler(RequestHandler):
        async def get(self) -> None:
            self.write("first")
            await self.flush()
            self.application.producer = self.request.connection.transport.producer
            self.application.producer.pauseProducing()
            self.write("second")
            await self.flush()
            self.write("third")

    server = serve(Handler)
    connection = server.connect()
    connection.request()
    assert b"first" in connection.sent
    assert b"second" not in connection.sent
    server.application.producer.resumeProducing()
    assert b"second" in connection.sent
    assert b"third" in connection.sent


def test_output_for_lost_client(serve: Serve, log: Log) -> None:
    """For a lost client `write` is silent; awaiting `flush` raises, ignoring it logs nothing."""
    gate: Deferred[None] = Deferred()
    caught: list[str] = []

    class Handler(RequestHandler):
        async def get(self) -> None:
            await gate
            self.write("x")
            self.flush()
            try:
                await self.flush()
            except StreamClosedError as error:
                caught.append(str(error))
            self.finish("y")

    connection = serve(Handler).connect()
    connection.request()
    connection.leave()
    gate.callback(None)
    assert len(caught) == 1
    assert connection.sent == b""
    assert log.failures() == []


def test_lost_client_is_no_error(serve: Serve, log: Log) -> None:
    """A handler that ends because its client has gone is a line in the log, no traceback."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        async def get(self) -> None:
            await gate
            await self.flush()

    connection = serve(Handler).connect()
    connection.request()
    connection.leave()
    gate.callback(None)
    assert log.failures() == []
    assert any(line.startswith("GET / (") for line in log.take("cyclone.web"))


# HEAD and OPTIONS, derived from `get`.


def test_derived_head(serve: Serve) -> None:
    """A derived HEAD has the head of GET, its length and entity tag included, and no body."""
    server = serve(doing(lambda h: h.write("hello"), lambda h: h.set_header("X-A", "b")))
    get, head = server.ask(), server.ask(method="HEAD")
    assert head.body == b""
    assert dict(head.headers) == dict(get.headers)
    assert head.headers["Content-Length"] == "5"


def test_derived_head_with_finish(serve: Serve) -> None:
    """A derived HEAD ends at `finish`; what is called behind it is ignored."""
    server = serve(doing(lambda h: h.finish("hello"), lambda h: h.send_error(500)))
    assert server.ask(method="HEAD").headers["Content-Length"] == "5"


def test_derived_head_ends_at_flush(serve: Serve) -> None:
    """A derived HEAD ends at the first flush, without the length and tag of a part."""
    server = serve(
        doing(
            lambda h: h.write("one"),
            lambda h: h.flush(),
            lambda h: h.write("two"),
            lambda h: h.flush(),
            lambda h: h.finish("three"),
        )
    )
    connection = server.connect()
    connection.request("/", "HEAD")
    (answer,) = connection.read("HEAD")
    assert answer.status == 200
    assert "Content-Length" not in answer.headers
    assert "Etag" not in answer.headers
    assert connection.open
    assert len(server.answered) == 1


def test_derived_head_ends_endless_stream(serve: Serve, log: Log) -> None:
    """A `get` that streams for ever stops under HEAD, as it does when the client goes."""
    turns = []

    class Handler(RequestHandler):
        async def get(self) -> None:
            while True:
                turns.append(1)
                self.write("tick")
                await self.flush()

    assert serve(Handler).ask(method="HEAD").status == 200
    assert len(turns) == 2
    assert log.failures() == []


def test_own_head(serve: Serve) -> None:
    """A `head` of the class's own is called; its output is counted and not sent."""

    class Handler(RequestHandler):
        def head(self) -> None:
            self.write("12345678")

    answer = serve(Handler).ask(method="HEAD")
    assert answer.headers["Content-Length"] == "8"
    assert answer.body == b""


# Status.


def test_set_status(serve: Serve) -> None:
    """The reason is the registered one, `Unknown`, or what was given."""
    server = serve(
        doing(
            lambda h: h.set_status(int(h.get_argument("code")), h.get_argument("reason", None)),
        )
    )
    assert server.ask("/?code=201")[:2] == (201, "Created")
    assert server.ask("/?code=299")[:2] == (299, "Unknown")
    assert server.ask("/?code=418&reason=I'm%20tea")[:2] == (418, "I'm tea")


def test_set_status_enumeration(serve: Serve) -> None:
    """A member of `http.HTTPStatus` is sent as its number."""
    server = serve(doing(lambda h: h.set_status(HTTPStatus.ACCEPTED), lambda h: h.write("x")))
    assert server.ask()[:2] == (202, "Accepted")


@pytest.mark.parametrize("code", [0, 100, 199, 600, 1000, -1, "200", None, 200.5])
def test_set_status_refuses_codes(serve: Serve, code: Any) -> None:  # noqa: ANN401
    """What cannot be the status of an answer is a `ValueError` that shows it."""

    def attempt(handler: RequestHandler) -> None:
        with pytest.raises(ValueError, match=r"from 200 to 599"):
            handler.set_status(code)
        assert handler.get_status() == 200

    assert serve(doing(attempt)).ask().status == 200


@pytest.mark.parametrize("reason", ["a\r\nX: y", "a\nb", "<b>", "\x00", "€", "a\x7f"])
def test_set_status_refuses_reasons(serve: Serve, reason: str) -> None:
    """A reason that would split the answer, or show as markup, is refused."""

    def attempt(handler: RequestHandler) -> None:
        with pytest.raises(ValueError, match="reason phrase"):
            handler.set_status(404, reason)

    assert serve(doing(attempt)).ask().status == 200


def test_no_content(serve: Serve, log: Log) -> None:
    """A 204 has no content headers; one with a body is a mistake of the program: 500."""
    answer = serve(doing(lambda h: h.set_status(204))).ask()
    assert answer.status == 204
    assert "Content-Type" not in answer.headers
    assert "Content-Length" not in answer.headers
    assert serve(doing(lambda h: h.set_status(204), lambda h: h.write("x"))).ask().status == 500
    assert [type(error) for error in log.failures()] == [HTTPOutputError]


# Headers.

MOMENT = dt.datetime(2013, 2, 3, 4, 5, 6, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("text", "text"),
        (b"b\xc3\xa9", "b\xc3\xa9"),
        ("é", "é"),
        (12, "12"),
        (1.5, "1.5"),
        (MOMENT, "Sun, 03 Feb 2013 04:05:06 GMT"),
        (MOMENT.replace(tzinfo=None), "Sun, 03 Feb 2013 04:05:06 GMT"),
        (
            MOMENT.astimezone(dt.timezone(dt.timedelta(hours=5))),
            "Sun, 03 Feb 2013 04:05:06 GMT",
        ),
        (Text("text"), "text"),
        (Colour.RED, "red"),
        (HTTPStatus.OK, "200"),
    ],
)
def test_header_values(serve: Serve, value: Any, sent: str) -> None:  # noqa: ANN401
    """Text, bytes, numbers and points in time can be the value of a header."""
    connection = serve(
        doing(lambda h: h.set_header("x-name", value), lambda h: h.add_header("x-more", value))
    ).connect()
    connection.request()
    assert b"\r\nX-Name: " + sent.encode("latin-1") + b"\r\n" in connection.sent
    assert b"\r\nX-More: " + sent.encode("latin-1") + b"\r\n" in connection.sent


@pytest.mark.parametrize("method", ["set_header", "add_header"])
@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "a\rb", "a\x00", "\x7f", "€", b"\n"])
def test_bad_header_values(serve: Serve, method: str, value: str) -> None:
    """A value that would split the answer or cannot be sent is refused at the call."""

    def attempt(handler: RequestHandler) -> None:
        with pytest.raises(ValueError, match="X-Name"):
            getattr(handler, method)("X-Name", value)

    assert "X-Name" not in serve(doing(attempt)).ask().headers


@pytest.mark.parametrize("method", ["set_header", "add_header"])
@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "é", "a\x00"])
def test_bad_header_names(serve: Serve, method: str, name: str) -> None:
    """A name that is no token is refused at the call."""

    def attempt(handler: RequestHandler) -> None:
        with pytest.raises(ValueError, match="token"):
            getattr(handler, method)(name, "value")

    assert serve(doing(attempt)).ask().status == 200


@pytest.mark.parametrize("method", ["set_header", "add_header"])
@pytest.mark.parametrize("value", [None, [], object(), ("a",)])
def test_header_types(serve: Serve, method: str, value: object) -> None:
    """Other types are a `TypeError` that says which may be."""

    def attempt(handler: RequestHandler) -> None:
        with pytest.raises(TypeError, match="str, bytes, a number or a datetime"):
            getattr(handler, method)("X-Name", value)

    assert serve(doing(attempt)).ask().status == 200


def test_set_add_clear_header(serve: Serve) -> None:
    """Added values stand beside each other, set ones replace, cleared ones go, in any case."""
    answer = serve(
        doing(
            lambda h: h.add_header("X-Many", "1"),
            lambda h: h.add_header("x-many", "2"),
            lambda h: h.add_header("X-Set", "1"),
            lambda h: h.set_header("x-set", "2"),
            lambda h: h.add_header("X-Gone", "1"),
            lambda h: h.add_header("X-Gone", "2"),
            lambda h: h.clear_header("x-gone"),
            lambda h: h.clear_header("X-Never"),
            lambda h: h.clear_header("Server"),
        )
    ).ask()
    assert answer.headers.get_all("X-Many") == ["1", "2"]
    assert answer.headers.get_all("X-Set") == ["2"]
    assert "X-Gone" not in answer.headers
    assert "Server" not in answer.headers


def test_set_default_headers(serve: Serve, log: Log) -> None:
    """`set_default_headers` holds for every answer, error pages included."""

    class Handler(RequestHandler):
        def set_default_headers(self) -> None:
            self.set_header("Server", "mine")
            self.set_header("X-Frame-Options", "DENY")

        def get(self) -> None:
            self.set_header("X-Other", "1")
            raise ValueError

        def post(self) -> None:
            """Answer."""

    server = serve(Handler)
    for answer in (server.ask(), server.ask(method="POST", body=b"")):
        assert answer.headers["Server"] == "mine"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "X-Other" not in answer.headers
    log.failures()


def test_clear(serve: Serve) -> None:
    """`clear` takes back status, headers and body."""
    answer = serve(
        doing(
            lambda h: h.set_status(404),
            lambda h: h.set_header("X-A", "b"),
            lambda h: h.write("gone"),
            lambda h: h.clear(),
            lambda h: h.write("kept"),
        )
    ).ask()
    assert (answer.status, answer.text) == (200, "kept")
    assert "X-A" not in answer.headers


def test_transfer_encoding_is_not_the_programs(serve: Serve, log: Log) -> None:
    """A program cannot frame the answer behind the server's back."""
    server = serve(doing(lambda h: h.set_header("Transfer-Encoding", "chunked")))
    assert server.ask().status == 500
    assert [type(error) for error in log.failures()] == [HTTPOutputError]


@pytest.mark.parametrize("flush", [False, True])
@pytest.mark.parametrize("where", ["class", "instance"])
def test_no_keep_alive(serve: Serve, flush: bool, where: str) -> None:
    """`no_keep_alive`, on class or instance, closes the connection behind the answer."""
    steps: list[Step] = [lambda h: h.write("x")]
    if where == "instance":
        steps.append(lambda h: setattr(h, "no_keep_alive", True))
    if flush:
        steps.append(lambda h: h.flush())
    handler = doing(*steps)
    if where == "class":
        handler.no_keep_alive = True
    connection = serve(handler).connect()
    connection.request()
    assert not connection.open
    (answer,) = connection.read("GET")
    assert answer.headers["Connection"] == "close"


# Entity tags.

TAG = '"' + hashlib.sha1(b"hello").hexdigest() + '"'  # noqa: S324 -- what the framework uses


def test_etag(serve: Serve) -> None:
    """A complete answer with status 200 to GET or HEAD has an entity tag."""
    server = serve(doing(lambda h: h.write("hello")))
    assert server.ask().headers["Etag"] == TAG
    assert "Etag" not in serve(doing(lambda h: h.set_status(201))).ask().headers


def test_no_etag_for_other_methods(serve: Serve) -> None:
    """Other methods have none, nor do they look at `If-None-Match`."""

    class Handler(RequestHandler):
        def post(self) -> None:
            self.write("hello")

    answer = serve(Handler).ask(method="POST", body=b"", If_None_Match=TAG)
    assert answer.status == 200
    assert "Etag" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "condition", [TAG, f"W/{TAG}", f'"x", {TAG}', f'W/"x" , W/{TAG},"y"', "*", f'"a,b",{TAG}']
)
def test_not_modified(serve: Serve, method: str, condition: str) -> None:
    """A tag that the client has gives a 304 without the headers of the body."""
    server = serve(
        doing(
            lambda h: h.write("hello"),
            lambda h: h.set_header("Content-Language", "en"),
            lambda h: h.set_header("Cache-Control", "no-cache"),
        )
    )
    connection = server.connect()
    connection.request("/", method, If_None_Match=condition)
    (answer,) = connection.read(method)
    assert (answer.status, answer.reason, answer.body) == (304, "Not Modified", b"")
    assert answer.headers["Etag"] == TAG
    assert answer.headers["Cache-Control"] == "no-cache"
    assert not {"Content-Type", "Content-Language", "Content-Length"} & set(answer.headers)
    assert server.answered[0].get_status() == 304
    assert connection.open


@pytest.mark.parametrize(
    "condition", ['"x"', "", "hello", TAG[1:-1], "a, *", f'"{TAG[1:5]}"', '"*"']
)
def test_modified(serve: Serve, condition: str) -> None:
    """Any other condition gets the whole answer."""
    answer = serve(doing(lambda h: h.write("hello"))).ask(If_None_Match=condition)
    assert (answer.status, answer.text) == (200, "hello")


def test_repeated_if_none_match(serve: Serve) -> None:
    """Several lines of `If-None-Match` are one list."""
    connection = serve(doing(lambda h: h.write("hello"))).connect()
    connection.send(
        b'GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: "x"\r\nIf-None-Match: '
        + TAG.encode()
        + b"\r\n\r\n"
    )
    assert connection.read("GET")[0].status == 304


def test_own_etag(serve: Serve) -> None:
    """A tag that the handler sets, weak or strong, is used and compared."""
    server = serve(doing(lambda h: h.set_header("Etag", 'W/"v1"'), lambda h: h.write("hello")))
    assert server.ask().headers["Etag"] == 'W/"v1"'
    assert server.ask(If_None_Match='"v1"').status == 304


def test_compute_etag_overridden(serve: Serve) -> None:
    """`compute_etag` may give another tag or none."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write("hello")

        def compute_etag(self) -> str | None:
            return '"mine"' if "tag" in self.request.arguments else None

    server = serve(Handler)
    assert server.ask("/?tag").headers["Etag"] == '"mine"'
    assert "Etag" not in server.ask().headers
    assert server.ask(If_None_Match="*").status == 200


def test_compute_etag_sees_the_body(serve: Serve) -> None:
    """An override may ask the base class, and look at what was written, as it does in Tornado."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write("he")
            self.write("llo")

        def compute_etag(self) -> str | None:
            body = b"".join(self._write_buffer)
            return f"W/{super().compute_etag()}" if body == b"hello" else None

    digest = hashlib.sha1(b"hello", usedforsecurity=False).hexdigest()
    assert serve(Handler).ask().headers["Etag"] == f'W/"{digest}"'


def test_set_etag_header(serve: Serve) -> None:
    """A handler may set its tag and compare it before it makes the answer; None sets nothing."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.set_etag_header()
            if self.check_etag_header():
                self.set_status(304)
            else:
                self.write("hello")

        def compute_etag(self) -> str | None:
            return self.get_argument("tag", None)

    server = serve(Handler)
    answer = server.ask('/?tag="a"')
    assert (answer.headers["Etag"], answer.body) == ('"a"', b"hello")
    assert server.ask('/?tag="a"', If_None_Match='"a"').status == 304
    assert "Etag" not in server.ask().headers


def test_compute_etag_raises(serve: Serve, log: Log) -> None:
    """A `compute_etag` that raises gives the error page, also when the answer ends late."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        async def get(self) -> None:
            self.write("hello")
            await gate

        def compute_etag(self) -> str | None:
            raise ValueError(self._write_buffer)

    connection = serve(Handler).connect()
    connection.request()
    gate.callback(None)
    assert connection.read("GET")[0].status == 500
    assert len(log.failures()) == 1


def test_request_without_connection() -> None:
    """A handler of a request that was made by hand says why it cannot answer."""
    handler = RequestHandler(Application(), HTTPServerRequest("GET", "/"))
    with pytest.raises(RuntimeError, match="made by hand"):
        handler.finish("x")


def test_finish_within_notify_finish(serve: Serve) -> None:
    """Code that hears of the end cannot end the request once more."""
    raised: list[str] = []

    class Handler(RequestHandler):
        @asynchronous
        def get(self) -> None:
            self.notifyFinish().addCallback(self.again)
            self.finish("once")

        def again(self, _: object) -> None:
            try:
                self.finish("twice")
            except RuntimeError as error:
                raised.append(str(error))

    assert serve(Handler).ask().text == "once"
    assert len(raised) == 1
