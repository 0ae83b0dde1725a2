"""Applications of functions: routes, error pages, and `run`."""

import functools
import io
import operator
import sys
import types
import warnings
from collections.abc import Callable, Generator
from typing import Any, Protocol, cast

import pytest
import twisted.internet
from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogBeginner, LogEvent, LogPublisher, formatEvent, globalLogPublisher

from cyclone_core import bottle
from cyclone_core.bottle import Bottle
from cyclone_core.bottle.callbacks import describe
from cyclone_core.bottle.server import STDOUT, begin_log
from cyclone_core.log import bridge
from cyclone_core.web import (
    Application,
    ErrorHandler,
    Finish,
    HTTPError,
    RequestHandler,
    asynchronous,
    authenticated,
)

More = Any
Ask = Callable[..., Any]
Web = RequestHandler
Steps = Generator[Deferred[str], str, None]


class Serves(Protocol):
    """Serves the routes of a Bottle, and returns what asks them."""

    def __call__(self, app: Bottle, **settings: More) -> Ask: ...


@pytest.fixture
def app() -> Bottle:
    """A Bottle without routes."""
    return Bottle()


@pytest.fixture
def served(serve: Callable[..., Any]) -> Serves:
    """A function that serves a Bottle, with settings."""

    def start(app: Bottle, **settings: More) -> Ask:
        server = serve([])
        settings.setdefault("log_function", server.answered.append)
        server.application = app.create_app(reactor=server.clock, **settings)
        return server.ask  # type: ignore[no-any-return]

    return start


def hello(web: Web) -> None:
    """Answer."""
    web.write("hello")


# Routes.


def test_route(app: Bottle, served: Serves) -> None:
    """A function answers GET of a path, and is returned as it is."""

    def index(web: Web) -> None:
        web.set_header("X-Kind", type(web).__name__)
        web.write(f"hello, {web.get_argument('name', 'world')}")

    assert app.route("/")(index) is index
    ask = served(app)
    answer = ask("/?name=bob")
    assert (answer.status, answer.text, answer.headers["X-Kind"]) == (200, "hello, bob", "index")
    assert ask("/", "POST", body=b"").status == 405
    assert ask("/other").status == 404
    assert ask("/", "HEAD").status == 200


def test_groups(app: Bottle, served: Serves) -> None:
    """Groups of the pattern are arguments, named ones keyword arguments; both are decoded."""

    @app.route(r"/add/([0-9]+)/([0-9]+)")
    def add(web: Web, one: str, other: str) -> None:
        web.write(str(int(one) + int(other)))

    @app.route(r"/user/(?P<name>[^/]+)(?P<rest>/.*)?")
    def user(web: Web, name: str, rest: str | None = None) -> None:
        web.write({"name": name, "rest": rest})

    ask = served(app)
    assert ask("/add/1/2").text == "3"
    assert ask("/user/J%C3%BCrgen").text == '{"name": "J\\u00fcrgen", "rest": null}'
    assert ask("/user/a/b").text == '{"name": "a", "rest": "/b"}'


def test_methods(app: Bottle, served: Serves) -> None:
    """Functions for several methods share a path; methods are in any case, one or several."""

    @app.route("/x", method="post")
    def create(web: Web) -> None:
        web.write("created")

    @app.route("/x", method=["Put", "PATCH"])
    def change(web: Web) -> None:
        web.write(f"changed by {web.request.method}")

    app.route("/x", "GET", hello)
    application = app.create_app()
    assert len(application.handlers[0][1]) == 1
    ask = served(app)
    assert ask("/x").text == "hello"
    assert ask("/x", "POST", body=b"").text == "created"
    assert ask("/x", "PUT", body=b"").text == "changed by PUT"
    assert ask("/x", "PATCH", body=b"").text == "changed by PATCH"
    refused = ask("/x", "DELETE")
    assert refused.status == 405
    assert refused.headers["Allow"] == "GET, HEAD, POST, PATCH, PUT, OPTIONS"


def test_any(app: Bottle, served: Serves) -> None:
    """`ANY` answers whatever has no function of its own, also HEAD and OPTIONS."""

    @app.route("/(.*)", method="any")
    def everything(web: Web, rest: str) -> None:
        web.set_header("X-Said", f"{web.request.method} {rest}")

    app.route("/(.*)", callback=lambda web, rest: web.write(rest))
    ask = served(app)
    assert ask("/a").text == "a"
    for method in ("HEAD", "POST", "DELETE", "OPTIONS"):
        assert ask("/a/b", method).headers["X-Said"] == f"{method} a/b"


def test_catch_all(app: Bottle, served: Serves) -> None:
    """A pattern for all paths answers what routes before it do not."""
    app.route("/a")(hello)

    @app.route(".*", method="ANY")
    def rest(web: Web) -> None:
        web.write("rest")

    ask = served(app)
    assert (ask("/a").text, ask("/b").text, ask("/b", "DELETE").text) == ("hello", "rest", "rest")


@pytest.mark.parametrize("name", ["get", "post", "put", "patch", "delete"])
def test_shorthands(app: Bottle, served: Serves, name: str) -> None:
    """Each method that bottle.py has a decorator for has one here, with all forms of `route`."""
    shorthand = getattr(app, name)
    assert shorthand(hello) is hello
    assert shorthand("/with")(hello) is hello
    assert shorthand("/call", hello) is hello
    assert shorthand("/named", callback=hello, name="it") is hello
    ask = served(app)
    for path in ("/hello", "/with", "/call", "/named"):
        assert ask(path, name.upper()).text == "hello"
        assert ask(path, "TRACE").status == 405
    assert app.create_app().reverse_url("it") == "/named"
    assert repr(shorthand).startswith(f"<{name.upper()} of ")


def test_bare(app: Bottle, served: Serves) -> None:
    """Without a path it is the name of the function, with and without parentheses."""
    assert app.route(hello) is hello

    @app.route(method="POST")
    def create(web: Web) -> None:
        web.write("created")

    ask = served(app)
    assert ask("/hello").text == "hello"
    assert ask("/create", "POST", body=b"").text == "created"


def test_several_routes(app: Bottle, served: Serves) -> None:
    """Several routes may stand above one function; extra arguments are ignored."""

    @app.route("/a", apply=None, skip=[])
    @app.route("/b$")
    def both(web: Web) -> None:
        web.write(web.request.path)

    ask = served(app)
    assert (ask("/a").text, ask("/b").text) == ("/a", "/b")


def test_names(app: Bottle) -> None:
    """A route has a name for `reverse_url`, which one of its functions gives."""
    app.route("/a/([0-9]+)", name="a")(lambda web, number: web.write(number))
    app.route("/a/([0-9]+)", "POST")(lambda web, number: web.write(number))
    app.route("/a/([0-9]+)", "PUT", name="a")(lambda web, number: web.write(number))
    assert app.create_app().reverse_url("a", 7) == "/a/7"
    with pytest.raises(ValueError, match=r"is named 'a' already, not 'b'"):
        app.route("/a/([0-9]+)", "DELETE", name="b")(lambda web, number: web.write(number))


class Kinds:
    """Whatever can be called, but is no plain function."""

    def method(self, web: Web) -> None:
        web.write("method")

    def __call__(self, web: Web) -> None:
        web.write("object")

    @staticmethod
    def static(web: Web) -> None:
        web.write("static")


@pytest.mark.parametrize(
    ("callback", "text"),
    [
        (Kinds().method, "method"),
        (Kinds(), "object"),
        (Kinds.static, "static"),
        (functools.partial(lambda text, web: web.write(text), "partial"), "partial"),
        (operator.methodcaller("write", "caller"), "caller"),
    ],
)
def test_callables(app: Bottle, served: Serves, callback: More, text: str) -> None:
    """Bound methods and all else that can be called is called with the handler."""
    assert app.route("/", callback=callback) is callback
    assert served(app)("/").text == text


def test_kinds_of_functions(app: Bottle, served: Serves) -> None:
    """Functions may be coroutines, `inlineCallbacks`, return Deferreds, and finish later."""

    @app.route("/coroutine")
    async def coroutine(web: Web) -> None:
        web.write(await succeed("done"))

    @app.route("/callbacks")
    @inlineCallbacks
    def callbacks(web: Web) -> Steps:
        web.write((yield succeed("done")))

    @app.route("/deferred")
    def deferred(web: Web) -> Deferred[None]:
        return succeed("done").addCallback(web.write)

    @app.route("/later")
    @asynchronous
    def later(web: Web) -> None:
        succeed("done").addCallback(web.finish)

    @app.route("/early")
    def early(_: Web) -> None:
        raise Finish("done")

    ask = served(app)
    for path in ("/coroutine", "/callbacks", "/deferred", "/later", "/early"):
        answer = ask(path)
        assert (answer.status, answer.text) == (200, "done")


class User(RequestHandler):
    """A base handler with a user."""

    def get_current_user(self) -> str | None:
        return self.get_argument("user", None)


def test_decorators(app: Bottle, served: Serves) -> None:
    """Decorators of handler methods stand below `route`, one on top of the other."""

    @app.route("/private")
    @authenticated
    @asynchronous
    @inlineCallbacks
    def private(web: Web) -> Steps:
        web.finish((yield succeed(f"hello, {web.current_user}")))

    ask = served(app, base_handler=User, login_url="/login")
    assert ask("/private?user=bob").text == "hello, bob"
    refused = ask("/private")
    assert (refused.status, refused.headers["Location"]) == (302, "/login?next=%2Fprivate")


def test_twice(app: Bottle, served: Serves) -> None:
    """Applications are independent; a route that comes later is in the next one."""
    app.route("/a")(hello)
    first, second = served(app, text="first"), served(app)
    app.route("/b")(hello)
    third = served(app)
    assert [ask("/a").text for ask in (first, second, third)] == ["hello"] * 3
    assert [ask("/b").status for ask in (first, second, third)] == [404, 404, 200]


def test_settings(app: Bottle, served: Serves) -> None:
    """The rest of the settings is the application's."""
    app.route("/")(lambda web: web.write(f"{web.settings.db} {'base_handler' in web.settings}"))
    assert served(app, db="redis", base_handler=RequestHandler)("/").text == "redis False"


def test_more_handlers(app: Bottle, served: Serves) -> None:
    """`more_handlers` are tried behind the routes."""

    class More(RequestHandler):
        def get(self, rest: str) -> None:
            self.write(f"more {rest}")

    app.route("/a")(hello)
    ask = served(app, more_handlers=[(r"/(.*)", More)])
    assert (ask("/a").text, ask("/b").text) == ("hello", "more b")


def test_own_methods(app: Bottle, served: Serves) -> None:
    """Other methods may be used if the base handler supports them."""

    class Dav(RequestHandler):
        SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "PROPFIND", "VERSION-CONTROL")

    app.route("/", ["propfind", "version-control"], hello)
    ask = served(app, base_handler=Dav)
    assert ask("/", "PROPFIND").text == ask("/", "VERSION-CONTROL").text == "hello"
    with pytest.raises(ValueError, match=r"'PROPFIND' is no method .* hello\(\) of .*\.py, line"):
        app.create_app()


def test_no_attribute_is_replaced(app: Bottle) -> None:
    """No method may be called like something else that handlers have."""
    app.route("/", "WRITE", hello)
    with pytest.raises(ValueError, match="'WRITE' is no method that handlers support"):
        app.create_app()


# What is refused.


@pytest.mark.parametrize("method", ["", "GET POST", "GÉT", 7, b"GET", None, "123", []])
def test_bad_methods(app: Bottle, method: More) -> None:
    """What is no method is refused where it stands, with the forms that there are."""
    with pytest.raises(ValueError, match=r"write 'GET'"):
        app.route("/", method if isinstance(method, str | list) else ["GET", method])


def test_flask_methods(app: Bottle) -> None:
    """`methods`, as Flask has it, is not ignored as other arguments are."""
    with pytest.raises(TypeError, match=r"method=\['POST'\], it knows no `methods`"):
        app.route("/", methods=["POST"])


@pytest.mark.parametrize(
    ("path", "error", "said"),
    [
        ("/(", ValueError, "malformed"),
        ("/(a)(?P<b>c)", ValueError, "all named or all unnamed"),
        ("/hello/<name>", ValueError, r"write `\(\?P<name>\[\^/\]\+\)` in the place of `<name>`"),
        ("/id/<id:int>", ValueError, r"in the place of `<id:int>`"),
        ("hello", ValueError, "write '/hello'"),
        ("", ValueError, "write '/'"),
        (7, TypeError, "the path of @route is a str, not 7"),
    ],
)
def test_bad_paths(app: Bottle, path: More, error: type[Exception], said: str) -> None:
    """A path that is malformed, or of another framework, is refused with what would be right."""
    with pytest.raises(error, match=said):
        app.route(path)(hello)
    assert app.create_app().handlers[0][1] == []


@pytest.mark.parametrize(
    ("callback", "said"),
    [
        (7, r"@route\('/'\) is for functions, not for 7"),
        (User, r"User is a class: give handler classes to create_app\(\)"),
        (lambda: None, r"test_bottle\.py, line .* it begins with `def <lambda>\(web\):`"),
        (operator.add, "it is called with the RequestHandler and the groups"),
        (functools.partial(hello, cast("Web", None)), "cannot answer"),
    ],
)
def test_bad_functions(app: Bottle, callback: More, said: str) -> None:
    """What cannot be called with the handler is refused where it stands."""
    with pytest.raises(TypeError, match=said):
        app.route("/")(callback)


def test_bad_groups(app: Bottle) -> None:
    """A function takes the groups of its pattern; the message shows how."""
    with pytest.raises(TypeError, match=r"begins with `def hello\(web, group1, group2\):`"):
        app.route("/(a)/(b)")(hello)
    with pytest.raises(TypeError, match=r"begins with `def hello\(web, name\):`"):
        app.route("/(?P<name>.*)")(hello)
    app.route("/(.*)")(print)


def test_decorator_with_arguments(app: Bottle, served: Serves) -> None:
    """A decorator may pass more than it gets."""

    def with_name(function: Callable[[Web, str], None]) -> Callable[[Web], None]:
        @functools.wraps(function)
        def wrapper(web: Web) -> None:
            function(web, "bob")

        return wrapper

    @app.route("/")
    @with_name
    def index(web: Web, name: str) -> None:
        web.write(name)

    assert served(app)("/").text == "bob"


def test_nameless(app: Bottle) -> None:
    """What has no name needs a path."""
    for nameless in (Kinds(), lambda web: web):
        with pytest.raises(TypeError, match="write @route with a path"):
            app.route(nameless)
    with pytest.raises(TypeError, match="write @route with a path"):
        app.route()(functools.partial(hello))


def test_taken(app: Bottle) -> None:
    """A path and a method have one function; the message names both, and the first one stays."""
    app.route("/a", ["GET", "POST"])(hello)
    with pytest.raises(
        ValueError, match=r"POST '/a' is answered by hello\(\) of .*, so it cannot "
    ):
        app.route("/a", ["PUT", "POST"])(lambda web: web)
    app.route("/a", "GET", hello)
    app.route("/b", callback=operator.methodcaller("write", "a"))
    with pytest.raises(ValueError, match=r"is answered by operator\.methodcaller\('write', 'a'\)"):
        app.route("/b", callback=operator.methodcaller("write", "b"))


def test_executed_twice(app: Bottle, served: Serves) -> None:
    """A file that is executed once more replaces its functions."""
    source = "@route('/')\ndef index(web):\n    web.write({text!r})\n"
    for text in ("old", "new"):
        code = compile(source.format(text=text), "program.py", "exec")
        exec(code, {"route": app.route})  # noqa: S102 -- as an import does
    assert served(app)("/").text == "new"


def test_bad_base(app: Bottle) -> None:
    """The base handler is a handler class."""
    for wrong in (object, 7):
        with pytest.raises(TypeError, match="base_handler is a class derived from RequestHandler"):
            app.create_app(base_handler=wrong)


def test_describe() -> None:
    """Messages name functions, and show all else."""
    assert describe(7) == "7"
    assert describe(len) == repr(len)
    assert describe(hello).endswith(f"test_bottle.py, line {hello.__code__.co_firstlineno}")


# Error pages.


def test_error_page(app: Bottle, served: Serves) -> None:
    """A function writes the page of a status, for routes and for paths that nobody has."""
    errors: list[Exception] = []

    @app.error(404)
    def missing(web: Web, error: Exception) -> None:
        errors.append(error)
        web.write(f"no {web.request.path}, {web.get_status()}")

    @app.route("/a")
    def refuse(_: Web) -> None:
        raise HTTPError(404, "not here")

    @app.route("/b")
    def send(web: Web) -> None:
        web.send_error(404)

    @app.route("/c")
    def forbid(_: Web) -> None:
        raise HTTPError(403)

    ask = served(app)
    for path in ("/a", "/b", "/nowhere"):
        answer = ask(path)
        assert (answer.status, answer.text) == (404, f"no {path}, 404")
    assert "403: Forbidden" in ask("/c").text
    assert ask("/nowhere", "POST", body=b"").text == "no /nowhere, 404"
    assert [type(error) for error in errors] == [HTTPError] * 4
    assert errors[0].log_message == "not here"  # type: ignore[attr-defined]


def test_error_page_of_all(app: Bottle, served: Serves, log: More) -> None:
    """A function without a status writes all pages that have none of their own; it may be async."""
    app.error(404, lambda web: web.write("missing"))

    @app.error
    async def broken(web: Web, error: Exception) -> None:
        web.write(await succeed(f"{web.get_status()} {error}"))

    @app.route("/zero")
    def zero(_: Web) -> None:
        raise ZeroDivisionError("by zero")

    @app.route("/unchanged")
    def unchanged(_: Web) -> None:
        raise HTTPError(304)

    ask = served(app)
    assert (ask("/zero").status, ask("/zero").text) == (500, "500 by zero")
    assert len(log.failures()) == 2
    assert ask("/nowhere").text == "missing"
    assert ask("/zero", "POST", body=b"").text.startswith("405 HTTP 405")
    assert (ask("/unchanged").status, ask("/unchanged").text) == (304, "")


def test_error_page_fails(app: Bottle, served: Serves, log: More) -> None:
    """A page that raises leaves an empty one with the same status, and a line in the log."""

    @app.error()
    def broken(_: Web) -> None:
        raise RuntimeError("no page")

    answer = served(app)("/nowhere")
    assert (answer.status, answer.text) == (404, "")
    assert [str(error) for error in log.failures()] == ["no page"]


def test_base_handler_answers_unmatched(app: Bottle, served: Serves) -> None:
    """What the base handler says of errors holds where no route matches, too."""

    class Base(RequestHandler):
        def initialize(self, **_: object) -> None:
            self.site = "ours"

        def set_default_headers(self) -> None:
            self.set_header("X-Frame-Options", "DENY")

        def prepare(self) -> None:
            raise RuntimeError("only for what exists")

        def write_error(self, status_code: int, **_: object) -> None:
            self.write(f"{self.site}: {status_code}")

    ask = served(app, base_handler=Base, xsrf_cookies=True)
    for method in ("GET", "POST"):
        answer = ask("/nowhere", method)
        assert (answer.status, answer.text) == (404, "ours: 404")
        assert answer.headers["X-Frame-Options"] == "DENY"
    app.error(403)(hello)
    assert served(app, base_handler=Base)("/nowhere").text == "ours: 404"


def test_own_error_handler(app: Bottle, served: Serves) -> None:
    """An error handler that is given stays."""

    class Own(ErrorHandler):
        def write_error(self, status_code: int, **_: object) -> None:
            self.write(f"own {status_code}")

    app.error(404)(hello)
    assert served(app, error_handler=Own)("/nowhere").text == "own 404"


@pytest.mark.parametrize("code", [200, 399, 600, "404", 404.0, True])
def test_bad_status(app: Bottle, code: More) -> None:
    """A status that is no error's is refused."""
    with pytest.raises(ValueError, match=r"a status from 400 to 599"):
        app.error(code)


def test_bad_page(app: Bottle) -> None:
    """A page that cannot be called with the handler is refused."""
    with pytest.raises(TypeError, match=r"begins with `def page\(web, error\):` or"):
        app.error(404)(functools.partial(hello, cast("Web", None)))
    with pytest.raises(TypeError, match=r"@error is for functions, not for 'text'"):
        app.error()("text")  # type: ignore[type-var]
    with pytest.raises(TypeError, match=r"@error\(404\) is for functions, and User is a class"):
        app.error(404, User)


# The module, and `run`.


def test_module() -> None:
    """The names of the module are methods of one Bottle."""
    names = ("route", "get", "post", "put", "patch", "delete", "error", "create_app", "run")
    for name in names:
        assert getattr(bottle, name) == getattr(bottle.default_app, name)
    assert isinstance(bottle.create_app(), Application)


@pytest.fixture
def reactor() -> MemoryReactorClock:
    """A reactor that stops as soon as it runs."""
    return MemoryReactorClock()


def test_run(
    app: Bottle, reactor: MemoryReactorClock, log: More, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It listens on 127.0.0.1:8888, says so, and runs the reactor; the log stays as it is with None."""
    started: list[object] = []
    monkeypatch.setattr("cyclone_core.autoreload.start_for", lambda *args: started.extend(args))
    app.route("/")(hello)
    assert app.run(log=None, reactor=reactor, debug=False) is None  # type: ignore[func-returns-value]
    ((port, application, _, host),) = reactor.tcpServers
    assert (host, port, reactor.hasRun) == ("127.0.0.1", 8888, True)
    assert isinstance(application, Application)
    assert (application.settings.host, application.settings.port) == ("127.0.0.1", 8888)
    assert "autoreload" not in application.settings
    assert started == [application, reactor]
    (line,) = log.take("cyclone.bottle")
    assert line.startswith("http://")
    assert line.endswith("/; host='0.0.0.0' opens it to others")


def test_run_reactor(app: Bottle, monkeypatch: pytest.MonkeyPatch, log: More) -> None:
    """The reactor is the global one, which is loaded only then."""
    reactor = MemoryReactorClock()
    monkeypatch.setattr(twisted.internet, "reactor", reactor, raising=False)
    app.run(log=None)
    assert reactor.hasRun
    assert log.take("cyclone.bottle")


def test_run_elsewhere(app: Bottle, reactor: MemoryReactorClock, log: More) -> None:
    """Address, port and reloader are settings, too."""
    app.run(host="::", port=80, log=None, reactor=reactor, reloader=False, debug=True)
    ((port, application, _, host),) = reactor.tcpServers
    assert (host, port) == ("::", 80)
    assert isinstance(application, Application)
    assert (application.settings.host, application.settings.port) == ("::", 80)
    assert application.settings.autoreload is False
    (line,) = log.take("cyclone.bottle")
    assert "opens" not in line


def test_stop_listening(app: Bottle, reactor: MemoryReactorClock) -> None:
    """When the reactor stops, the port is closed before the application drains."""
    app.run(log=None, reactor=reactor)
    first = reactor.triggers["before"]["shutdown"][0]
    function, args, kwargs = first
    closed: Deferred[Any] = function(*args, **kwargs)
    assert closed.called


@pytest.mark.parametrize(
    ("port", "error", "said"),
    [
        ("8080", TypeError, "port is an int, not '8080'"),
        (True, TypeError, "port is an int, not True"),
        (None, TypeError, "port is an int"),
        (-1, ValueError, "from 0 to 65535, not -1"),
        (65536, ValueError, "from 0 to 65535, not 65536"),
    ],
)
def test_bad_port(
    app: Bottle, reactor: MemoryReactorClock, port: More, error: type[Exception], said: str
) -> None:
    """A port that is none is refused before anything happens."""
    with pytest.raises(error, match=said):
        app.run(port=port, reactor=reactor)
    assert reactor.tcpServers == []


class Logs:
    """A log of Twisted's that nobody has begun."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.publisher = LogPublisher()
        self.stdio = types.SimpleNamespace(stdout=io.StringIO(), stderr=io.StringIO())
        own_warnings = types.SimpleNamespace(showwarning=warnings.showwarning)
        beginner = LogBeginner(self.publisher, io.StringIO(), self.stdio, own_warnings)
        for module in ("cyclone_core.bottle.server", "cyclone_core.log.bridge"):
            monkeypatch.setattr(f"{module}.globalLogBeginner", beginner)
        monkeypatch.setattr("cyclone_core.bottle.server.globalLogPublisher", self.publisher)

    def say(self, text: str) -> None:
        """Log a line."""
        event: LogEvent = {"log_format": text, "log_time": 0.0}
        assert formatEvent(event) == text
        self.publisher(event)


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Logs:
    """A log of Twisted's that nobody has begun."""
    return Logs(monkeypatch)


def test_log(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log begins on stdout; somebody's own log stays, and a file is added to it."""
    stdout, file = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", stdout)
    begin_log(None)
    assert not bridge.has_begun()
    begin_log(STDOUT)
    assert bridge.has_begun()
    logs.stdio.stdout.write("printed\n")
    begin_log(STDOUT)
    begin_log(file)
    logs.say("said")
    assert [line.partition("] ")[2] for line in stdout.getvalue().splitlines()] == [
        "printed",
        "said",
    ]
    assert [line.partition("] ")[2] for line in file.getvalue().splitlines()] == ["said"]


def test_log_file(logs: Logs) -> None:
    """The log may begin in a file."""
    file = io.StringIO()
    begin_log(file)
    logs.say("said")
    assert file.getvalue().endswith("said\n")
    assert globalLogPublisher is not logs.publisher
