"""Applications: settings, limits, the log, and what a connection asks of them."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import ServerFactory
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from cyclone_core.httpserver import HTTPConnection
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.limits import Limits
from cyclone_core.web import Application, ErrorHandler, RequestHandler

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported


class Echo(RequestHandler):
    """Sends the body back."""

    def get(self) -> None:
        """Answer."""
        self.write("got")

    def post(self) -> None:
        """Send the body back."""
        self.write(self.request.body)


def test_call_without_arguments() -> None:
    """`application()` is the application, for documented code that calls it."""
    application = Application()
    assert application() is application


def test_is_a_factory() -> None:
    """An application is a Twisted factory of connections."""
    application = Application([("/", Echo)])
    assert isinstance(application, ServerFactory)
    assert application.noisy is False
    connection = application.buildProtocol(None)  # type: ignore[arg-type]
    assert isinstance(connection, HTTPConnection)
    assert connection.factory is application


def test_own_protocol() -> None:
    """A subclass may have a connection class of its own."""

    class Mine(HTTPConnection):
        """Somebody's connection."""

    class App(Application):
        protocol = Mine

    assert isinstance(App().buildProtocol(None), Mine)  # type: ignore[arg-type]


def test_derived_application(serve: Serve) -> None:
    """An application may be set up in the `__init__` of a subclass."""

    class App(Application):
        def __init__(self) -> None:
            Application.__init__(self, [("/", Echo)], colour="red")

    assert App().settings.colour == "red"
    assert serve([("/", Echo)]).ask().text == "got"


def test_settings(serve: Serve) -> None:
    """Settings are read by item and by attribute, here and in handlers; any name may be used."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write(f"{self.settings.colour} {self.settings['size']} {'x' in self.settings}")

    server = serve(Handler, colour="red", size=5)
    assert server.ask().text == "red 5 False"
    assert server.application.settings.get("missing") is None
    with pytest.raises(AttributeError):
        server.application.settings.missing  # noqa: B018 -- looking is what raises


def test_limits_from_settings() -> None:
    """Settings with the names of limits are the limits; others have their defaults."""
    application = Application(max_body_size=10, body_timeout=None, header_timeout=5)
    assert application.limits == Limits(max_body_size=10, body_timeout=None, header_timeout=5)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("max_body_size", "1 MB", "setting 'max_body_size' must be a whole number above 0"),
        ("max_body_size", 1.5, "not 1.5"),
        ("max_arguments", 0, "setting 'max_arguments'"),
        ("header_timeout", None, "setting 'header_timeout' must be a number of seconds above 0"),
        ("body_timeout", -1, "above 0 or None"),
        ("server_header", "a\r\nX-Injected: 1", "setting 'server_header'"),
        ("server_header", "€", "setting 'server_header'"),
        ("server_header", 5, "setting 'server_header'"),
        ("log_function", "print", "setting 'log_function'"),
    ],
)
def test_bad_settings(name: str, value: object, message: str) -> None:
    """A setting that cannot be used is a `ValueError` that names it."""
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        Application(**{name: value})


def test_server_header(serve: Serve, log: Log) -> None:
    """The `Server` header is the setting, without a version by default, absent if empty."""
    assert serve(Echo).ask().headers["Server"] == "cyclone"
    assert serve(Echo, server_header="mine/1").ask().headers["Server"] == "mine/1"
    for nothing in ("", None):
        assert "Server" not in serve(Echo, server_header=nothing).ask().headers
        assert "Server" not in serve([], server_header=nothing).ask().headers
    assert log.failures() == []


def test_date(serve: Serve) -> None:
    """Answers carry the time of the application's clock."""
    server = serve(Echo)
    server.clock.advance(784111777)
    assert server.ask().headers["Date"] == "Sun, 06 Nov 1994 08:49:37 GMT"


def test_log_prefix() -> None:
    """Twisted's log names the application by its classic name, a subclass by its own."""

    class Mine(Application):
        """Somebody's application."""

    assert Application().logPrefix() == "cyclone.web.Application"
    assert Mine().logPrefix() == f"{__name__}.test_log_prefix.<locals>.Mine"


def test_log_function(serve: Serve) -> None:
    """`log_function` gets each handler that has answered, with its status and time."""
    lines: list[tuple[int, str, bool]] = []

    def log_function(handler: RequestHandler) -> None:
        request = handler.request
        lines.append((handler.get_status(), request.uri, request.request_time() >= 0))

    server = serve([("/", Echo)], log_function=log_function)
    server.ask("/?a=1")
    server.ask("/missing")
    assert lines == [(200, "/?a=1", True), (404, "/missing", True)]


def test_log_request_overridden() -> None:
    """`log_request` may be overridden instead."""
    logged: list[RequestHandler] = []

    class App(Application):
        def log_request(self, handler: RequestHandler) -> None:
            logged.append(handler)

    application = App([("/", Echo)], reactor=MemoryReactorClock())
    connection = application.buildProtocol(None)  # type: ignore[arg-type]
    assert connection is not None
    connection.makeConnection(StringTransport())
    connection.dataReceived(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert len(logged) == 1


def test_body(serve: Serve) -> None:
    """A request with a body is handled when the body is complete."""
    connection = serve(Echo).connect()
    connection.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
    assert connection.sent == b""
    connection.send(b"def")
    assert connection.read("POST")[0].text == "abcdef"


def test_body_larger_than_settings_allow(serve: Serve) -> None:
    """The setting bounds the body of all handlers that say nothing else."""
    server = serve(Echo, max_body_size=5)
    assert server.ask(method="POST", body=b"12345").text == "12345"
    assert server.ask(method="POST", body=b"123456").status == 413


def test_max_body_size_of_a_class(serve: Serve) -> None:
    """A handler class may allow larger or smaller bodies than the application."""

    class Large(Echo):
        max_body_size = 10

    class Small(Echo):
        max_body_size = 2

    server = serve([("/large", Large), ("/small", Small), ("/", Echo)], max_body_size=5)
    assert server.ask("/large", "POST", body=b"x" * 10).status == 200
    assert server.ask("/large", "POST", body=b"x" * 11).status == 413
    assert server.ask("/small", "POST", body=b"xx").status == 200
    assert server.ask("/small", "POST", body=b"xxx").status == 413
    assert server.ask("/", "POST", body=b"x" * 6).status == 413


def test_body_size_of_one_request_is_not_that_of_the_next(serve: Serve) -> None:
    """What one class allows does not hold for the next request on the connection."""

    class Large(Echo):
        max_body_size = 10

    connection = serve([("/large", Large), ("/", Echo)], max_body_size=5).connect()
    connection.request("/large", "POST", body=b"x" * 10)
    connection.request("/", "POST", body=b"x" * 6)
    assert [answer.status for answer in connection.read("POST", "POST")] == [200, 413]


def test_body_timeout_of_a_class(serve: Serve) -> None:
    """A handler class may bound the time of a body."""

    class Hasty(Echo):
        body_timeout = 5.0

    server = serve([("/hasty", Hasty), ("/", Echo)])
    hasty, patient = server.connect(), server.connect()
    for connection, path in ((hasty, b"/hasty"), (patient, b"/")):
        connection.send(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n" % path)
    for _ in range(7):
        server.clock.advance(1)
        hasty.send(b"x")
        patient.send(b"x")
    assert hasty.read("POST")[0].status == 408
    assert patient.open
    assert patient.sent == b""


def test_expect_continue(serve: Serve) -> None:
    """A client that asks first gets its 100 where there is a handler."""
    connection = serve([("/", Echo)]).connect()
    connection.send(
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
    )
    assert connection.sent == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_expect_continue_where_nothing_is(serve: Serve) -> None:
    """A client that asks first gets a 404 at once and no 100 where there is no handler."""
    server = serve([("/", Echo)])
    connection = server.connect()
    connection.send(
        b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
    )
    (answer,) = connection.read("POST")
    assert answer.status == 404
    assert answer.headers["Connection"] == "close"
    assert not connection.open
    assert len(server.answered) == 1


def test_body_where_nothing_is(serve: Serve) -> None:
    """A body for nobody is read, so that the connection lives on behind the 404."""
    connection = serve([("/", Echo)]).connect()
    connection.request("/x", "POST", body=b"abc")
    connection.request("/")
    assert [answer.status for answer in connection.read("POST", "GET")] == [404, 200]


def test_large_body_where_nothing_is(serve: Serve) -> None:
    """A body for nobody is neither kept nor decoded, and nothing but its size is checked."""
    connection = serve([("/", Echo)], decompress_request=True, max_body_size=20 << 20).connect()
    connection.send(
        b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Encoding: br\r\nContent-Length: %d\r\n\r\n"
        % (20 << 20)
    )
    piece = bytes(64 << 10)
    tracemalloc.start()
    for _ in range(320):
        connection.send(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    connection.request("/")
    assert [answer.status for answer in connection.read("PUT", "GET")] == [404, 200]
    assert peak < 1 << 20


@pytest.mark.parametrize(("size", "status"), [(10, 200), (11, 413)])
def test_max_body_size_of_chunks(serve: Serve, size: int, status: int) -> None:
    """A chunked body may have as many bytes as the class allows, and not one more."""

    class Own(Echo):
        max_body_size = 10

    connection = serve(Own, max_body_size=5).connect()
    connection.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.send(b"4\r\nabcd\r\n%x\r\n%s\r\n0\r\n\r\n" % (size - 4, b"x" * (size - 4)))
    assert connection.read("POST")[0].status == status


def test_client_goes_in_the_middle_of_a_body(serve: Serve, log: Log) -> None:
    """A request whose body never ends is never handled."""
    server = serve(Echo)
    connection = server.connect()
    connection.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
    connection.leave()
    assert server.answered == []
    assert log.failures() == []


def test_pipelined_requests(serve: Serve) -> None:
    """Pipelined requests are answered in their order."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write(self.request.path)

    server = serve(Handler)
    connection = server.connect()
    connection.send(b"".join(server.request(f"/{number}") for number in range(20)))
    answers = connection.read(*["GET"] * 20)
    assert [answer.text for answer in answers] == [f"/{number}" for number in range(20)]


def test_request_attributes(serve: Serve) -> None:
    """A handler sees who asked what and how."""

    class Handler(RequestHandler):
        def get(self) -> None:
            request = self.request
            self.write(
                {
                    "method": request.method,
                    "uri": request.uri,
                    "path": request.path,
                    "query": request.query,
                    "version": request.version,
                    "host": request.host,
                    "protocol": request.protocol,
                    "remote_ip": request.remote_ip,
                    "agent": request.headers.get("user-agent"),
                }
            )

    answer = serve(Handler).ask("/a%20b?c=d", User_Agent="tester")
    assert answer.text == (
        '{"method": "GET", "uri": "/a%20b?c=d", "path": "/a%20b", "query": "c=d",'
        ' "version": "HTTP/1.1", "host": "test", "protocol": "http",'
        ' "remote_ip": "192.168.1.1", "agent": "tester"}'
    )


def test_stop_factory() -> None:
    """When port and connections are closed the application leaves nothing in the reactor."""
    clock = MemoryReactorClock()
    application = Application([("/", Echo)], reactor=clock)
    application.doStart()
    connection = application.buildProtocol(None)  # type: ignore[arg-type]
    assert connection is not None
    connection.makeConnection(StringTransport())
    assert len(clock.getDelayedCalls()) == 1
    application.doStop()
    connection.connectionLost(Failure(ConnectionDone()))
    assert clock.getDelayedCalls() == []


def test_error_handler_needs_a_status(serve: Serve, log: Log) -> None:
    """An `ErrorHandler` whose route gives no status is a mistake that shows at the request."""
    assert serve([("/", ErrorHandler)]).ask().status == 500
    assert "status_code" in str(log.failures()[0])


def test_two_ports(serve: Serve) -> None:
    """One application serves several connections at once."""
    server = serve(Echo)
    first, second = server.connect(), server.connect()
    first.send(b"GET / HT")
    second.request()
    first.send(b"TP/1.1\r\nHost: x\r\n\r\n")
    assert first.read("GET")[0].text == second.read("GET")[0].text == "got"


def test_body_of_a_request_given_by_hand() -> None:
    """A body may be announced on a request that has no connection."""

    class Hasty(Echo):
        body_timeout = 5.0
        max_body_size = 5

    application = Application([("/", Hasty)])
    receiver = application.start_request(HTTPServerRequest("POST", "/"))
    assert receiver is not None
    assert receiver.data_received(b"x") is None


def test_options_of_the_server(serve: Serve) -> None:
    """`OPTIONS *` asks about no resource: it is answered with 204 and the methods there may be."""
    reply = serve(Echo).ask("*", method="OPTIONS")
    assert (reply.status, reply.headers["Allow"].split(", ")[0]) == (204, "GET")


def test_options_of_the_server_may_be_routed(serve: Serve) -> None:
    """An application's own route for `*` wins."""

    class Own(RequestHandler):
        def options(self) -> None:
            self.write("mine")

    assert serve([(r"\*", Own)]).ask("*", method="OPTIONS").text == "mine"
