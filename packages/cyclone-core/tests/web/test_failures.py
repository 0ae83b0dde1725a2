"""Error pages: exceptions of every kind, pages of the application's own, and what fails beside."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import LegacyLogObserverWrapper
from twisted.python.failure import Failure

from cyclone_core.errors import HTTPInputError, HTTPOutputError, StreamClosedError
from cyclone_core.web import (
    Finish,
    HTTPAuthenticationRequired,
    HTTPError,
    MissingArgumentError,
    RequestHandler,
    asynchronous,
)

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported


class Boom(Exception):  # noqa: N818
    """What test handlers raise."""


def raising(error: BaseException | type[BaseException]) -> type[RequestHandler]:
    """A handler that raises this."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write("discarded")
            self.set_header("X-Discarded", "1")
            raise error

    return Handler


PAGE = "<html><title>{0}</title><body>{0}</body></html>"


def test_http_error(serve: Serve, log: Log) -> None:
    """An `HTTPError` is answered with its status; what was written before is discarded."""
    answer = serve(raising(HTTPError(403, "no entry for %s", "me"))).ask()
    assert answer[:2] == (403, "Forbidden")
    assert answer.text == PAGE.format("403: Forbidden")
    assert "X-Discarded" not in answer.headers
    assert log.take("cyclone.web") == ["403 GET / (192.168.1.1): no entry for me"]


def test_http_error_without_message(serve: Serve, log: Log) -> None:
    """An `HTTPError` without a message has nothing to log but the access line."""
    assert serve(raising(HTTPError(404))).ask().status == 404
    assert log.take("cyclone.web") == []


def test_http_error_class(serve: Serve) -> None:
    """The class itself may be raised; it is a 500."""
    assert serve(raising(HTTPError)).ask().status == 500


@pytest.mark.parametrize(
    ("reason", "sent"),
    [
        ("Tea Only", "Tea Only"),
        ("", "I'm a Teapot"),
        ("a\r\nX-Injected: 1", "I'm a Teapot"),
        ("<script>", "I'm a Teapot"),
        ("€", "I'm a Teapot"),
        (5, "I'm a Teapot"),
    ],
)
def test_http_error_reason(serve: Serve, reason: str, sent: str) -> None:
    """The reason of an `HTTPError` is sent, unless it cannot be: then it is the usual one."""
    answer = serve(raising(HTTPError(418, reason=reason))).ask()
    assert answer[:2] == (418, sent)
    assert "X-Injected" not in answer.headers


def test_reason_is_escaped_in_the_page(serve: Serve) -> None:
    """Nothing of a reason becomes markup."""
    assert "a &amp; b" in serve(raising(HTTPError(400, reason="a & b"))).ask().text


@pytest.mark.parametrize("status", [0, 99, 100, 600, 1000, "404", None])
def test_http_error_with_impossible_status(serve: Serve, status: Any) -> None:  # noqa: ANN401
    """A status that no answer can have is answered as 500."""
    assert serve(raising(HTTPError(status))).ask().status == 500


def test_http_error_that_is_none(serve: Serve) -> None:
    """Tornado's handlers raise `HTTPError(304)`, too; such an answer has no body."""
    answer = serve(raising(HTTPError(304))).ask()
    assert (answer.status, answer.body) == (304, b"")
    assert "Content-Type" not in answer.headers


def test_any_other_exception(serve: Serve, log: Log) -> None:
    """Any other exception is a 500 that tells nothing, and a traceback in the log."""
    answer = serve(raising(Boom("secret"))).ask()
    assert answer[:2] == (500, "Internal Server Error")
    assert answer.text == PAGE.format("500: Internal Server Error")
    assert str(log.failures()) == "[Boom('secret')]"


def test_exception_with_reason_of_its_own(serve: Serve, log: Log) -> None:
    """The `reason` of an exception that is no `HTTPError` does not get out."""
    error = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    assert serve(raising(error)).ask()[:2] == (500, "Internal Server Error")
    assert log.failures() == [error]


def test_exception_with_status(serve: Serve, log: Log) -> None:
    """An exception that knows an HTTP status and headers is answered with them."""

    class BusyError(Exception):
        http_status = 503
        http_headers = {"Retry-After": "5"}  # noqa: RUF012 -- as others write it

    answer = serve(raising(BusyError("too many"))).ask()
    assert answer[:2] == (503, "Service Unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert log.take("cyclone.web") == ["GET / (192.168.1.1): too many"]


@pytest.mark.parametrize("status", [200, 399, 600, "404", None, 404.0])
def test_exception_with_impossible_status(serve: Serve, log: Log, status: object) -> None:
    """An `http_status` that is no error status counts for nothing."""

    class OddError(Exception):
        http_status = status
        http_headers = None

    assert serve(raising(OddError())).ask().status == 500
    assert len(log.failures()) == 1


def test_peers_mistake(serve: Serve) -> None:
    """An `HTTPInputError` that a handler lets through is the status it carries."""
    assert serve(raising(HTTPInputError("too long", 414))).ask().status == 414


def test_missing_argument_error(serve: Serve, log: Log) -> None:
    """A missing argument is a 400, and the log names it."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.get_argument("name")

    assert serve(Handler).ask().status == 400
    assert log.take("cyclone.web") == ["400 GET / (192.168.1.1): Missing argument name"]
    assert serve(raising(MissingArgumentError("x"))).ask().status == 400


def test_bad_exception_headers(serve: Serve, log: Log) -> None:
    """Headers of an exception that cannot be sent do not cost the client its answer."""

    class OddError(Exception):
        http_status = 503
        http_headers = {"X-A": "a\nb"}  # noqa: RUF012 -- as others write it

    assert serve(raising(OddError())).ask().status == 503
    assert len(log.failures()) == 1


# Finish.


@pytest.mark.parametrize("late", [False, True])
def test_finish(serve: Serve, log: Log, late: bool) -> None:
    """`Finish` sends what was written, and logs nothing."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        async def get(self) -> None:
            self.set_status(401)
            self.write("kept")
            if late:
                await gate
            raise Finish

    connection = serve(Handler).connect()
    connection.request()
    gate.callback(None)
    (answer,) = connection.read("GET")
    assert (answer.status, answer.text) == (401, "kept")
    assert log.take("cyclone.web") == []


def test_finish_with_chunk(serve: Serve) -> None:
    """The argument of `Finish` is written last."""

    class Handler(RequestHandler):
        def prepare(self) -> None:
            self.write("a")
            raise Finish({"b": 1})

    assert serve(Handler).ask().text == 'a{"b": 1}'


@pytest.mark.parametrize("args", [(1,), ("a", "b")])
def test_finish_with_nonsense(serve: Serve, log: Log, args: tuple[object, ...]) -> None:
    """A `Finish` that cannot be carried out is an error like others, also behind an await."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        async def get(self) -> None:
            await gate
            raise Finish(*args)

    connection = serve(Handler).connect()
    connection.request()
    gate.callback(None)
    assert connection.read("GET")[0].status == 500
    assert [type(error) for error in log.failures()] == [TypeError]


# send_error and write_error.


def test_send_error(serve: Serve) -> None:
    """`send_error` replaces what was written and ends the request."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write("discarded")
            self.send_error(409, reason="Not Now")

    answer = serve(Handler).ask()
    assert answer[:2] == (409, "Not Now")
    assert answer.text == PAGE.format("409: Not Now")


def test_send_error_in_prepare(serve: Serve) -> None:
    """`send_error` in `prepare` keeps the method from being called."""

    class Handler(RequestHandler):
        def prepare(self) -> None:
            self.send_error(403)

        def get(self) -> None:
            raise AssertionError

    assert serve(Handler).ask().status == 403


@pytest.mark.parametrize("call", [(1000,), (400, "a\nb")])
def test_send_error_refuses(serve: Serve, log: Log, call: tuple[Any, ...]) -> None:
    """A wrong status or reason in a call of `send_error` is a `ValueError`."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.send_error(call[0], reason=call[1] if call[1:] else None)

    assert serve(Handler).ask().status == 500
    assert [type(error) for error in log.failures()] == [ValueError]


@pytest.mark.parametrize("flush", [False, True])
def test_send_error_after_answer(serve: Serve, log: Log, flush: bool) -> None:
    """`send_error` behind the answer does nothing but log."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write("fine")
            if flush:
                self.flush()
            self.finish()
            self.send_error(500)

    server = serve(Handler)
    connection = server.connect()
    connection.request()
    assert connection.read("GET")[0].text == "fine"
    assert connection.open
    assert len(server.answered) == 1
    assert log.take("cyclone.web") == ["send_error(500) came after the answer"]


@pytest.mark.parametrize("late", [False, True])
def test_failure_behind_the_head(serve: Serve, log: Log, late: bool) -> None:
    """What fails behind the head cuts the connection, with one entry in each log."""
    gate: Deferred[None] = Deferred()
    closed: list[str] = []

    class Handler(RequestHandler):
        async def get(self) -> None:
            self.write("begun")
            self.flush()
            if late:
                await gate
            raise Boom

        def on_connection_close(self) -> None:
            closed.append("close")

        def on_finish(self) -> None:
            closed.append("finish")

    server = serve(Handler)
    connection = server.connect()
    connection.request()
    gate.callback(None)
    assert not connection.open
    assert connection.transport.disconnected
    assert b"0\r\n\r\n" not in connection.sent
    assert len(log.failures()) == 1
    assert len(server.answered) == 1
    assert closed == ["finish"]


def test_write_error(serve: Serve, log: Log) -> None:
    """`write_error` gets status, `exception` and `exc_info`; it may leave out `finish`."""
    seen: dict[str, Any] = {}

    class Handler(RequestHandler):
        def get(self) -> None:
            raise error

        def write_error(self, status_code: int, **kwargs: object) -> None:
            seen.update(kwargs)
            self.set_header("Content-Type", "text/plain")
            self.write(f"mine: {status_code}")

    error = Boom()
    answer = serve(Handler).ask()
    assert (answer.status, answer.text) == (500, "mine: 500")
    assert answer.headers["Content-Type"] == "text/plain"
    assert seen["exception"] is error
    assert seen["exc_info"][:2] == (Boom, error)
    assert seen["exc_info"][2] is not None
    assert log.failures() == [error]


def test_write_error_of_send_error(serve: Serve) -> None:
    """What `send_error` is given reaches `write_error`."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.send_error(400, field="name")

        def write_error(self, status_code: int, **kwargs: object) -> None:
            self.finish({"status": status_code, **kwargs})

    assert serve(Handler).ask().text == '{"status": 400, "field": "name"}'


def test_write_error_raises(serve: Serve, log: Log) -> None:
    """A `write_error` that raises leaves an answer with the status and no body."""

    class Handler(RequestHandler):
        def get(self) -> None:
            raise HTTPError(404)

        def write_error(self, status_code: int, **_: object) -> None:
            self.write(f"half a page {status_code}")
            raise Boom

    answer = serve(Handler).ask()
    assert (answer.status, answer.text) == (404, "")
    assert len(log.failures()) == 1


class AsyncPage(RequestHandler):
    """An error page that takes its time."""

    gate: Deferred[str]
    methods = 0

    def prepare(self) -> None:
        """Fail there if asked to."""
        if "prepare" in self.request.arguments:
            self.send_error(403)
        if "quit" in self.request.arguments:
            raise Finish
        if "raise" in self.request.arguments:
            raise Boom

    def get(self) -> None:
        """Fail."""
        type(self).methods += 1
        raise HTTPError(404)

    async def write_error(self, status_code: int, **_: object) -> None:
        """Wait, then write."""
        self.write(f"{status_code} {await self.gate}")


@pytest.mark.parametrize(
    ("query", "page", "methods"),
    [
        ("", "404 page", 1),
        ("prepare", "403 page", 0),
        ("prepare&quit", "403 page", 0),
    ],
)
def test_write_error_suspends(serve: Serve, query: str, page: str, methods: int) -> None:
    """A `write_error` that waits is waited for, and meanwhile nothing else answers."""
    AsyncPage.gate, AsyncPage.methods = Deferred(), 0
    connection = serve(AsyncPage).connect()
    connection.request("/?" + query)
    assert connection.sent == b""
    AsyncPage.gate.callback("page")
    assert connection.read("GET")[0].text == page
    assert AsyncPage.methods == methods


def test_failure_while_page_is_pending(serve: Serve, log: Log) -> None:
    """A handler that fails while its error page is being made is logged; the page stays."""
    AsyncPage.gate = Deferred()
    connection = serve(AsyncPage).connect()
    connection.request("/?prepare&raise")
    AsyncPage.gate.callback("page")
    assert connection.read("GET")[0].text == "403 page"
    assert len(log.failures()) == 1


def test_write_error_fails_late(serve: Serve, log: Log) -> None:
    """A `write_error` that fails late leaves the status and no body."""
    AsyncPage.gate = Deferred()
    connection = serve(AsyncPage).connect()
    connection.request()
    AsyncPage.gate.errback(Boom())
    assert connection.read("GET")[0][:2] == (404, "Not Found")
    assert len(log.failures()) == 1


def test_late_failure_with_late_page(serve: Serve, log: Log) -> None:
    """A handler that fails late and a page that comes later still make one answer."""
    gate: Deferred[None] = Deferred()

    class Handler(AsyncPage):
        async def get(self) -> None:
            await gate

    AsyncPage.gate = Deferred()
    connection = serve(Handler).connect()
    connection.request()
    gate.errback(Boom())
    assert connection.sent == b""
    AsyncPage.gate.callback("page")
    assert connection.read("GET")[0].text == "500 page"
    assert len(log.failures()) == 1


def test_write_error_finishes_itself(serve: Serve) -> None:
    """A `write_error` may return the Deferred of `finish`, or be an `inlineCallbacks` function."""

    class Handler(RequestHandler):
        def get(self) -> None:
            raise HTTPError(404)

        def write_error(self, status_code: int, **_: object) -> object:
            return self.finish(f"returned {status_code}")

    class Inline(Handler):
        @inlineCallbacks
        def write_error(self, status_code: int, **_: object) -> Iterator[Any]:
            yield self.finish(f"inline {status_code}")

    assert serve(Handler).ask().text == "returned 404"
    assert serve(Inline).ask().text == "inline 404"


def test_error_page_for_lost_client(serve: Serve, log: Log) -> None:
    """An error page that nobody gets is no error of its own."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        async def get(self) -> None:
            await gate

        def write_error(self, status_code: int, **_: object) -> object:
            return self.finish(f"nobody reads {status_code}")

    connection = serve(Handler).connect()
    connection.request()
    connection.leave()
    gate.errback(HTTPError(404))
    assert log.failures() == []


# Cancellation that comes from asyncio is no `Exception`.


class Cancelled(RequestHandler):
    """Raises asyncio's own in one of its methods."""

    def prepare(self) -> None:
        if self.request.path == "/prepare":
            raise asyncio.CancelledError

    async def get(self) -> None:
        raise asyncio.CancelledError

    async def post(self) -> None:
        await Deferred.fromCoroutine(self.get())


@pytest.mark.parametrize(("path", "method"), [("/prepare", "GET"), ("/", "GET"), ("/", "POST")])
def test_cancelled_by_asyncio(serve: Serve, log: Log, path: str, method: str) -> None:
    """A method that ends with asyncio's `CancelledError` gets the error page, as one that fails does."""
    assert serve([(path, Cancelled)]).ask(path, method).status == 500
    assert len(log.failures()) == 1


def test_error_page_cancelled(serve: Serve, log: Log) -> None:
    """So does a `write_error` that ends with it."""

    class Handler(RequestHandler):
        def get(self) -> None:
            raise HTTPError(404)

        async def write_error(self, *_: object, **_kwargs: object) -> None:
            raise asyncio.CancelledError

    assert serve(Handler).ask()[:1] == (404,)
    assert len(log.failures()) == 1


# What fails beside.


def test_log_exception_of_tornado(serve: Serve) -> None:
    """An override may use `_request_summary`, as those written for Tornado do; secrets are masked."""
    seen: list[str] = []

    class Handler(RequestHandler):
        def get(self) -> None:
            raise Boom

        def log_exception(self, *_: object) -> None:
            seen.append(self._request_summary())

    assert serve(Handler).ask("/?a=1&password=x").status == 500
    assert seen == ["GET /?a=1&password=*** (192.168.1.1)"]


def test_log_exception(serve: Serve) -> None:
    """An override of `log_exception` gets what was raised, and nothing else is logged."""
    seen: list[Any] = []

    class Handler(RequestHandler):
        def get(self) -> None:
            raise Boom

        def log_exception(self, *args: object) -> None:
            seen.extend(args)

    assert serve(Handler).ask().status == 500
    assert seen[0] is Boom
    assert isinstance(seen[1], Boom)


def test_log_exception_raises(serve: Serve, log: Log) -> None:
    """A `log_exception` that raises is logged, and the client gets its answer."""

    class Handler(RequestHandler):
        def get(self) -> None:
            raise HTTPError(404)

        def log_exception(self, *_: object) -> None:
            raise Boom

    assert serve(Handler).ask().status == 404
    assert [type(error) for error in log.failures()] == [Boom]


def test_message_with_wrong_values(serve: Serve, log: Log) -> None:
    """A message whose placeholders do not fit its values is logged all the same."""
    assert serve(raising(HTTPError(400, "%d of %s", "x"))).ask().status == 400
    assert log.take("cyclone.web") == ["400 GET / (192.168.1.1): %d of %s ('x',)"]


@pytest.mark.parametrize("late", [False, True])
def test_default_headers_that_cannot_be_sent(serve: Serve, log: Log, late: bool) -> None:
    """Default headers that no answer can have end in a bare 500, not in silence."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        def set_default_headers(self) -> None:
            self.set_header("Transfer-Encoding", "chunked")

        async def get(self) -> None:
            if late:
                await gate

    server = serve(Handler)
    connection = server.connect()
    connection.request()
    gate.callback(None)
    (answer,) = connection.read("GET")
    assert (answer.status, answer.body) == (500, b"")
    assert {type(error) for error in log.failures()} == {HTTPOutputError}
    assert server.answered[0].get_status() == 500
    assert connection.open


def test_default_headers_that_raise_late(serve: Serve, log: Log) -> None:
    """A `set_default_headers` that fails for the error page ends in a bare 500."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        def set_default_headers(self) -> None:
            if hasattr(self, "fail"):
                raise Boom

        async def get(self) -> None:
            self.fail = True
            await gate

    connection = serve(Handler).connect()
    connection.request()
    gate.errback(HTTPError(404))
    assert connection.read("GET")[0].status == 500
    assert [type(error) for error in log.failures()] == [Boom]


def test_failing_deferred_of_asynchronous(serve: Serve, log: Log) -> None:
    """An `asynchronous` method whose Deferred fails gets the error page."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        @asynchronous
        def get(self) -> Deferred[None]:
            return gate

    connection = serve(Handler).connect()
    connection.request()
    gate.errback(Failure(Boom()))
    assert connection.read("GET")[0].status == 500
    assert len(log.failures()) == 1


def test_asynchronous_raises(serve: Serve, log: Log) -> None:
    """An `asynchronous` method that raises gets the error page at once."""

    class Handler(RequestHandler):
        @asynchronous
        def get(self) -> None:
            raise Boom

    assert serve(Handler).ask().status == 500
    assert len(log.failures()) == 1


def test_secrets_in_the_query(serve: Serve, log: Log) -> None:
    """A token in the URI of a request that fails does not get into the log."""

    class Handler(RequestHandler):
        def get(self) -> None:
            raise HTTPError(400, "bad")

    serve(Handler).ask("/?a=1&token=hush&password=hush")
    (line,) = [event["summary"] for event in log.events if "summary" in event]
    assert line.startswith("GET /?a=1&token=***&password=*** (")


def test_own_secrets_in_the_query(serve: Serve, log: Log) -> None:
    """The names of secrets are those of the application, for a failure and for a mistake."""
    for error in (HTTPError(400, "bad"), HTTPInputError("bad"), Boom()):
        server = serve([("/", raising(error))], access_log_mask=["voucher"])
        server.ask("/?voucher=hush&token=shown")
    lines = [event["summary"] for event in log.events if "summary" in event]
    assert lines == ["GET /?voucher=***&token=shown (192.168.1.1)"] * 3
    assert len(log.failures()) == 1


HOSTILE = "a\r\n200 GET /forged\x1b[2J\x7f\x85\x9b\u2028\u202eé\\n"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (HTTPError(400, HOSTILE), "400 "),
        (HTTPError(400, "%s", HOSTILE), "400 "),
        (HTTPInputError(HOSTILE), ""),
        (StreamClosedError(HOSTILE), ""),
    ],
    ids=["message", "argument", "input", "closed"],
)
def test_hostile_messages(serve: Serve, log: Log, error: Exception, status: str) -> None:
    """What a client may have put into a message is escaped as in the access log."""
    serve(raising(error)).ask()
    (line,) = log.take("cyclone.web")
    shown = HOSTILE.encode("unicode_escape").decode("ascii")
    assert line.startswith(f"{status}GET / (192.168.1.1): ")
    assert line.endswith(shown)
    assert line.isascii()
    assert line.isprintable()


def test_hostile_uri(serve: Serve, log: Log) -> None:
    """So is the URI, which a handler may have changed."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.request.uri = "/" + HOSTILE
            raise HTTPError(400, "bad")

    serve(Handler).ask()
    (line,) = log.take("cyclone.web")
    shown = HOSTILE.encode("unicode_escape").decode("ascii")
    assert line == f"400 GET /{shown} (192.168.1.1): bad"


def test_log_message_for_old_observers(serve: Serve, log: Log) -> None:
    """Observers of Twisted's older log, trial's for example, see the message of an error, too."""
    assert serve(raising(HTTPError(400, "what %s", "happened"))).ask().status == 400
    (event,) = log.events
    seen: dict[str, Any] = {}
    LegacyLogObserverWrapper(seen.update)(event)
    assert seen["format"] % seen == "400 GET / (192.168.1.1): what happened"


def test_circle_of_error_pages(serve: Serve) -> None:
    """A page that sends an error instead of itself, for ever, ends with the built-in one."""
    calls: list[int] = []

    class Handler(RequestHandler):
        def get(self) -> None:
            raise HTTPError(404)

        def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401 -- as in the base
            del kwargs
            calls.append(status_code)
            self.send_error(500)

    server = serve(Handler)
    answer = server.ask()
    assert (answer.status, "500: Internal Server Error" in answer.text) == (500, True)
    assert len(calls) == 5
    assert len(server.answered) == 1


def test_http_headers_that_cannot_be_sent(serve: Serve, log: Log) -> None:
    """A header of an exception that cannot be sent is left out, and logged; the page is there."""

    class TooMany(Exception):  # noqa: N818
        http_status = 429
        http_headers: ClassVar = {"Retry-After": "1\r\nX: y", "X-Why": "load"}

    answer = serve(raising(TooMany)).ask()
    assert (answer.status, answer.headers["X-Why"]) == (429, "load")
    assert "429: Too Many Requests" in answer.text
    assert "Retry-After" not in answer.headers
    assert len(log.failures()) == 1


@pytest.mark.parametrize("made", [HTTPAuthenticationRequired, HTTPAuthenticationRequired()])
def test_authentication_required(serve: Serve, made: Any) -> None:  # noqa: ANN401 -- class or object
    """The class and an object of it are answered with 401 and the challenge."""

    class Handler(RequestHandler):
        def get(self) -> None:
            raise made

    answer = serve(Handler).ask()
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Restricted Access"'
