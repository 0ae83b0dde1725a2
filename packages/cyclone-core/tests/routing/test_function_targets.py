"""Functions that answer requests, as the targets of rules: of plain routers and of applications."""

import gzip
import inspect
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock, StringTransportWithDisconnection
from twisted.logger import LogEvent, globalLogPublisher

from cyclone_core.httpserver import HTTPServer
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.routing import PathMatches, Rule, RuleRouter
from cyclone_core.web import Application, RequestHandler
from cyclone_core.web.routing import ApplicationRouter

Function = Callable[[HTTPServerRequest], object]

GET = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"


class Boom(Exception):  # noqa: N818
    """What is raised here."""


class Client:
    """A connection in memory, to an application or to whatever a server serves."""

    def __init__(self, served: Any) -> None:  # noqa: ANN401 -- see above
        if not isinstance(served, Application):
            served = HTTPServer(served, reactor=cast("Any", MemoryReactorClock()))
        self._protocol = served.buildProtocol(None)
        self._transport = StringTransportWithDisconnection()
        self._transport.protocol = self._protocol
        self._protocol.makeConnection(self._transport)

    def send(self, data: bytes) -> None:
        """Send bytes to the server."""
        self._protocol.dataReceived(data)

    def received(self) -> bytes:
        """Take what has come since the last call."""
        data = self._transport.value()
        self._transport.clear()
        return data


def say(request: HTTPServerRequest, text: str) -> None:
    """Answer a request without the framework."""
    assert request.connection is not None
    request.connection.respond(200, "OK", HTTPHeaders(), f"{text} {request.body!r}".encode())


def respond(request: HTTPServerRequest) -> None:
    """Answer a request: a function that may be a target."""
    say(request, "ok")


def application(*rules: Any, **settings: Any) -> Application:  # noqa: ANN401 -- any rule, any setting
    """Make an application with a clock of its own."""
    return Application(rules, reactor=cast("Any", MemoryReactorClock()), **settings)


def plain(*rules: Any) -> RuleRouter:  # noqa: ANN401 -- any rule
    """Make a router."""
    return RuleRouter(rules)


Make = Callable[..., Any]


@pytest.fixture(params=[plain, application])
def make(request: pytest.FixtureRequest) -> Make:
    """What makes a router of rules: a plain one, or an application."""
    return cast("Make", request.param)


@pytest.fixture
def failures() -> Iterator[list[type[BaseException]]]:
    """The types of what was logged with a traceback."""
    found: list[type[BaseException]] = []

    def observe(event: LogEvent) -> None:
        if "log_failure" in event:
            found.append(event["log_failure"].type)

    globalLogPublisher.addObserver(observe)
    yield found
    globalLogPublisher.removeObserver(observe)


@pytest.mark.parametrize("pattern", ["/x", "/(?:x|y)"])
def test_coroutine(make: Make, pattern: str) -> None:
    """An `async def` is waited for, wherever the rule that leads to it stands in the index."""
    gates: list[Deferred[str]] = []

    async def function(request: HTTPServerRequest) -> None:
        gates.append(Deferred())
        say(request, await gates[-1])

    client = Client(make(Rule(PathMatches(pattern), function)))
    for data, wanted in ((GET, b"late b''"), (POST, b"late b'hi'")):
        client.send(data)
        assert client.received() == b""
        gates[-1].callback("late")
        assert client.received().endswith(wanted)
    assert len(gates) == 2


def test_coroutine_that_does_not_wait(make: Make) -> None:
    """An `async def` that awaits nothing answers at once."""

    async def function(request: HTTPServerRequest) -> None:
        respond(request)

    client = Client(make(("/x", function)))
    client.send(GET + POST)
    answers = client.received()
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert answers.endswith(b"ok b'hi'")


async def fail(_: HTTPServerRequest) -> None:
    """Fail at once."""
    raise Boom


async def fail_later(_: HTTPServerRequest) -> None:
    """Fail behind an await."""
    await Deferred.fromCoroutine(fail(_))


def fail_plainly(_: HTTPServerRequest) -> None:
    """Fail without a coroutine."""
    raise Boom


def fail_with_a_deferred(_: HTTPServerRequest) -> Deferred[None]:
    """Fail by what is returned."""
    return Deferred.fromCoroutine(fail(_))


@pytest.mark.parametrize("function", [fail, fail_later, fail_plainly, fail_with_a_deferred])
@pytest.mark.parametrize("data", [GET, POST])
def test_fails(
    make: Make, failures: list[type[BaseException]], function: Function, data: bytes
) -> None:
    """A function that fails before it answers is an error page, and one failure in the log."""
    client = Client(make(("/x", function)))
    client.send(data)
    assert client.received().startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert failures == [Boom]


def test_error_page_of_an_application(failures: list[type[BaseException]]) -> None:
    """In an application the page of a failed function has that application's `Server` header."""
    gate: Deferred[None] = Deferred()

    async def function(_: HTTPServerRequest) -> None:
        await gate
        raise Boom

    client = Client(plain(("/x", application(("/x", function), server_header="mine"))))
    client.send(GET)
    gate.callback(None)
    answer = client.received()
    assert b"\r\nServer: mine\r\n" in answer
    assert b"\r\nDate: " in answer
    assert failures == [Boom]


class Counted:
    """Answers requests, and counts how often somebody asks for its arguments."""

    asked = 0

    def __call__(self, request: HTTPServerRequest) -> None:
        """Answer."""
        respond(request)

    @property
    def __signature__(self) -> inspect.Signature:
        """Its arguments."""
        Counted.asked += 1
        return inspect.signature(respond)


@pytest.mark.parametrize("pattern", ["/x", "/(?:x|y)"])
def test_arguments_are_looked_at_once(
    make: Make, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    """What a function takes, which is slow to find out, is not asked for with each request."""
    monkeypatch.setattr(Counted, "asked", 0)
    client = Client(make((pattern, Counted())))
    client.send(GET)
    asked = Counted.asked
    client.send(GET * 2)
    assert client.received().count(b"HTTP/1.1 200 OK\r\n") == 3
    assert 0 < asked == Counted.asked


class CountedFactory(Counted):
    """Makes handlers, and counts the same."""

    def __call__(  # type: ignore[override]
        self, application: Application, request: HTTPServerRequest, **kwargs: str
    ) -> RequestHandler:
        """Make a handler."""
        return Greeter(application, request, **kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        """Its arguments."""
        Counted.asked += 1
        return inspect.signature(Greeter)


class Greeter(RequestHandler):
    """Answers with what the route and its pattern say."""

    def initialize(self, word: str) -> None:
        """Take what the route says."""
        self.word = word

    def get(self, *args: str, **kwargs: str) -> None:
        """Answer."""
        self.write(f"{self.word} {args} {kwargs}")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("/x", "hi () {}"),
        ("/(?:x|y)", "hi () {}"),
        ("/(x|y)", "hi ('x',) {}"),
        ("/(?P<a>x|y)", "hi () {'a': 'x'}"),
    ],
)
def test_arguments_of_a_factory_are_looked_at_once(
    monkeypatch: pytest.MonkeyPatch, pattern: str, found: str
) -> None:
    """Nor what a function takes that makes handlers, even if its pattern has groups."""
    monkeypatch.setattr(Counted, "asked", 0)
    client = Client(application((pattern, CountedFactory(), {"word": "hi"})))
    client.send(GET)
    asked = Counted.asked
    client.send(GET * 2)
    assert client.received().count(found.encode()) == 3
    assert 0 < asked == Counted.asked


def test_factory_is_replaced() -> None:
    """A rule whose factory changes behind the router's back leads to the new target, of either kind."""
    factories: list[Any] = [
        lambda application, request: Greeter(application, request, word="old"),
        lambda application, request: Greeter(application, request, word="new"),
        respond,
    ]
    router = ApplicationRouter(application(), [("/(?:x|y)", factories[0])])
    request = HTTPServerRequest("GET", "/x")
    for target in factories:
        router.rules[0].target = target
        found = router.find_handler(request)
        assert getattr(found, "handler_class", respond) is target


@pytest.mark.parametrize("pattern", ["/x", "/(?:x|y)"])
def test_target_is_replaced(pattern: str) -> None:
    """A rule whose target changes behind the router's back leads to the new one."""
    router = plain((pattern, lambda request: say(request, "old")))
    client = Client(router)
    client.send(GET)
    assert client.received().endswith(b"old b''")
    router.rules[0].target = lambda request: say(request, "new")
    client.send(GET)
    assert client.received().endswith(b"new b''")


@pytest.mark.parametrize("router", [RuleRouter(), ApplicationRouter(Application())])
def test_delegate_of_a_function(router: RuleRouter) -> None:
    """What answers can be asked for a function that no rule leads to."""
    seen: list[HTTPServerRequest] = []
    request = HTTPServerRequest("GET", "/x")
    found = router.get_target_delegate(cast("Function", seen.append), request)
    assert found is not None
    found(request)
    assert seen == [request]


def test_options_of_the_application() -> None:
    """An application that decodes compressed bodies does so for its functions, too."""
    client = Client(application(("/x", respond), decompress_request=True))
    body = gzip.compress(b"hi")
    head = f"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    client.send(head.encode() + b"Content-Encoding: gzip\r\n\r\n" + body)
    assert client.received().endswith(b"ok b'hi'")
