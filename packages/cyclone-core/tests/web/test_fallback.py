"""Requests that are left to something else: functions, other applications, WSGI."""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred

from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.web import Application, FallbackHandler, RequestHandler
from cyclone_core.wsgi import WSGIContainer

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported
Environ = dict[str, Any]
Start = Callable[..., Callable[[bytes], object]]


class Here(Executor):
    """Runs at once what is submitted, and is its own reactor: short answers need no thread."""

    running = True

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":  # noqa: ANN401
        fn(*args, **kwargs)
        return Future()

    def callFromThread(self, f: Callable[..., object], *args: object, **kwargs: object) -> None:  # noqa: N802
        f(*args, **kwargs)


def contained(app: Callable[[Environ, Start], Iterable[bytes]], **options: Any) -> WSGIContainer:  # noqa: ANN401
    """Put an application into a container that needs no threads."""
    here = Here()
    return WSGIContainer(cast("Any", app), here, reactor=here, **options)


def say(environ: Environ, start_response: Start) -> list[bytes]:
    """Answer with what was asked."""
    start_response("203 So So", [("Content-Type", "text/plain"), ("X-Mine", "1")])
    body = environ["wsgi.input"].read()
    return [f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} ".encode() + body]


def plainly(request: HTTPServerRequest) -> None:
    """Answer without the framework."""
    exchange = request.connection
    assert exchange is not None
    exchange.respond(200, "OK", HTTPHeaders({"X-Plain": "1"}), request.path.encode())


def routes(
    fallback: object, kind: type[RequestHandler] = FallbackHandler
) -> list[tuple[str, type[RequestHandler], dict[str, object]]]:
    """Leave all requests to this."""
    return [(r"/.*", kind, {"fallback": fallback})]


def test_a_function(serve: Serve) -> None:
    """It gets the request and answers it; nobody else logs it, and `on_finish` is called."""
    finished: list[RequestHandler] = []

    class Handler(FallbackHandler):
        def on_finish(self) -> None:
            finished.append(self)

    server = serve(routes(plainly, Handler))
    answer = server.ask("/path")
    assert (answer.text, answer.headers["X-Plain"]) == ("/path", "1")
    assert server.answered == []
    assert len(finished) == 1


def test_another_application(serve: Serve) -> None:
    """Its handlers answer, with its own settings, and it alone writes the line."""

    class Inner(RequestHandler):
        def get(self) -> None:
            self.write(f"{self.settings.name} {self.get_argument('a')}")

    logged: list[RequestHandler] = []
    inner = Application([(r"/in", Inner)], name="inner", log_function=logged.append)
    server = serve(routes(inner), name="outer")
    assert server.ask("/in?a=b").text == "inner b"
    assert server.ask("/out").status == 404
    assert [handler.get_status() for handler in logged] == [200, 404]
    assert server.answered == []


def test_a_wsgi_application(serve: Serve) -> None:
    """It answers; this application writes the line, with the right status, and calls `on_finish`."""
    order: list[str] = []

    class Handler(FallbackHandler):
        def on_finish(self) -> None:
            order.append("finished")

    server = serve(
        routes(contained(say), Handler),
        log_function=lambda handler: order.append(f"{handler.get_status()}"),
    )
    answer = server.ask("/path")
    assert (answer.status, answer.reason, answer.text) == (203, "So So", "GET /path ")
    assert answer.headers["X-Mine"] == "1"
    assert answer.headers["Server"] == "cyclone"
    assert answer.headers.get_all("Date") is not None
    assert order == ["203", "finished"]


def test_the_server_header_is_that_of_the_application(serve: Serve) -> None:
    """Who hides the name hides it here, too; on error pages as well."""
    server = serve(routes(contained(say, script_name="/mine")), server_header="")
    assert server.ask("/mine/a").headers["Server"] is None
    answer = server.ask("/other")
    assert (answer.status, answer.headers["Server"]) == (404, None)
    assert [handler.get_status() for handler in server.answered] == [203, 404]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_all_methods(serve: Serve, method: str) -> None:
    """Those that handlers may have are passed on, with their bodies."""
    answer = serve(routes(contained(say))).ask("/a", method, body=b"body")
    assert answer.text == f"{method} /a body"


def test_other_methods(serve: Serve) -> None:
    """`SUPPORTED_METHODS` says which are passed on."""

    class Dav(FallbackHandler):
        SUPPORTED_METHODS = (*FallbackHandler.SUPPORTED_METHODS, "PROPFIND")

    assert serve(routes(contained(say))).ask("/a", "PROPFIND").status == 405
    assert serve(routes(contained(say), Dav)).ask("/a", "PROPFIND").text == "PROPFIND /a "


def test_a_body_that_is_waited_for(serve: Serve) -> None:
    """A client that asks first is told to send its body, for every method."""
    connection = serve(routes(contained(say))).connect()
    connection.send(
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    )
    assert connection.sent == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.transport.clear()
    connection.send(b"body")
    (answer,) = connection.read("POST")
    assert answer.text == "POST /a body"


def test_several_requests_on_a_connection(serve: Serve) -> None:
    """The connection stays open, and answers come in order."""
    server = serve(routes(contained(say)))
    connection = server.connect()
    connection.send(server.request("/a") + server.request("/b") + server.request("/c", "HEAD"))
    answers = connection.read("GET", "GET", "HEAD")
    assert [answer.text for answer in answers] == ["GET /a ", "GET /b ", ""]
    assert answers[2].headers["Content-Length"] == "8"


def test_forged_requests_do_not_reach_it(serve: Serve) -> None:
    """The check of this application comes first; `no_xsrf` leaves it to the WSGI application."""
    server = serve(routes(contained(say)), xsrf_cookies=True)
    assert server.ask("/a", "POST", body=b"x").status == 403
    assert server.ask("/a").status == 203

    class Unchecked(FallbackHandler):
        no_xsrf = True

    server = serve(routes(contained(say), Unchecked), xsrf_cookies=True)
    assert server.ask("/a", "POST", body=b"x").text == "POST /a x"


def test_a_fallback_that_fails(serve: Serve, log: Log) -> None:
    """The answer is an error page, and the log has the error."""

    def fail(request: HTTPServerRequest) -> None:
        raise KeyError(request.path)

    server = serve(routes(fail))
    assert server.ask("/a").status == 500
    assert [type(error) for error in log.failures()] == [KeyError]
    assert [handler.get_status() for handler in server.answered] == [500]


def test_a_wsgi_application_that_fails(serve: Serve, log: Log) -> None:
    """There is one entry with the error, and one line with the status."""
    server = serve(routes(contained(lambda environ, _: environ["nothing"])))
    assert server.ask("/a").status == 500
    assert [type(error) for error in log.failures()] == [KeyError]
    assert [handler.get_status() for handler in server.answered] == [500]


def test_a_handler_that_looks_first(serve: Serve) -> None:
    """`prepare` may be a coroutine that refuses, or goes on when something has happened."""
    waiting: Deferred[None] = Deferred()

    class Guard(FallbackHandler):
        async def prepare(self) -> None:  # type: ignore[override]
            if self.request.path == "/secret":
                self.send_error(403)
                return
            await waiting
            super().prepare()

    server = serve(routes(contained(say), Guard))
    assert server.ask("/secret").status == 403
    connection = server.connect()
    connection.request("/open")
    assert connection.sent == b""
    waiting.callback(None)
    (answer,) = connection.read("GET")
    assert answer.text == "GET /open "
    assert [handler.get_status() for handler in server.answered] == [403, 203]


def test_a_client_that_leaves(serve: Serve, log: Log) -> None:
    """The line says so: nothing of the answer was sent."""
    later: list[Callable[[], object]] = []

    class Later(Here):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":  # noqa: ANN401
            later.append(lambda: fn(*args, **kwargs))
            return Future()

    executor = Later()
    container = WSGIContainer(cast("Any", say), executor, reactor=executor)
    server = serve(routes(container), log_function=None)
    connection = server.connect()
    connection.request("/a")
    connection.leave()
    (line,) = log.take("cyclone.access")
    assert line.startswith("499 GET /a ")
    assert line.endswith(" aborted")
    later[0]()
    assert log.failures() == []


def test_a_malformed_body(serve: Serve) -> None:
    """A body that cannot be decoded is answered by the framework, and never passed on."""
    server = serve(routes(plainly), decompress_request=True)
    answer = server.ask("/a", "POST", body=b"no gzip", Content_Encoding="gzip")
    assert answer.status == 400
    assert len(server.answered) == 1
