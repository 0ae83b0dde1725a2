"""Applications with several hosts, routers in applications, and what answers where nothing matches."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from cyclone_core.httpserver import HTTPServer
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.routing import AnyMatches, HostMatches, Rule, RuleRouter
from cyclone_core.web import Application, RequestHandler, URLSpec

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported


class Named(RequestHandler):
    """Says its name and what it got."""

    def initialize(self, name: str = "plain") -> None:  # type: ignore[override]
        """Take a name."""
        self.name = name

    def get(self, *args: str, **kwargs: str) -> None:
        """Say all."""
        self.write(" ".join([self.name, *args, *kwargs.values()]))

    def post(self, *args: str) -> None:
        """Say what was sent."""
        del args
        self.write(f"{self.name} {self.request.body.decode()}")


def named(pattern: str, name: str) -> Any:  # noqa: ANN401 -- a route
    """A route to a handler with a name."""
    return (pattern, Named, {"name": name}, name)


def ask(server: Any, host: str, path: str = "/", **headers: str) -> str:  # noqa: ANN401
    """Ask a host, and return the body of the answer."""
    connection = server.connect()
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *[f"{n}: {v}" for n, v in headers.items()]]
    connection.send("\r\n".join([*lines, "", ""]).encode())
    text: str = connection.read("GET")[0].text
    return text


# Hosts.


def test_add_handlers(serve: Serve) -> None:
    """Routes of a host come before those of all hosts, in the order in which they were added."""
    server = serve([named("/", "all"), named("/all", "all")])
    server.application.add_handlers(r"www\.example\.com", [named("/", "www")])
    server.application.add_handlers(r".*\.example\.com", [named("/", "wild"), named("/w", "wild")])
    assert ask(server, "www.example.com") == "www"
    assert ask(server, "WWW.example.com:8888") == "www"
    assert ask(server, "ftp.example.com") == "wild"
    assert ask(server, "www.example.com", "/w") == "wild"
    assert ask(server, "www.example.com", "/all") == "all"
    assert ask(server, "www.example.com.evil") == "all"


def test_handlers_may_be_added_while_it_runs(serve: Serve) -> None:
    """Routes that are added after the first request count from then on."""
    server = serve([named("/", "all")])
    assert ask(server, "www") == "all"
    server.application.add_handlers("www", [named("/", "www")])
    assert ask(server, "www") == "www"
    server.application.wildcard_router.add_rules([named("/late", "late")])
    assert ask(server, "x", "/late") == "late"


def test_default_host(serve: Serve) -> None:
    """A host that has no routes gets those of the default host, unless a proxy knows better."""
    server = serve([named("/all", "all")], default_host="www.example.com")
    server.application.add_handlers(r"www\.example\.com", [named("/", "www")])
    server.application.add_handlers("other", [named("/", "other")])
    assert ask(server, "127.0.0.1") == "www"
    assert "404" in ask(server, "127.0.0.1", **{"X-Real-Ip": "192.0.2.1"})
    assert ask(server, "other") == "other"
    assert ask(server, "127.0.0.1", "/all") == "all"


def test_default_host_may_come_later(serve: Serve) -> None:
    """The default host is looked at for each request."""
    server = serve([], default_host="a")
    server.application.add_handlers("b", [named("/", "b")])
    assert "404" in ask(server, "x")
    server.application.default_host = "b"
    assert ask(server, "x") == "b"


def test_positional_arguments() -> None:
    """Handlers, default host, transforms and error handler may be given by position, as in cyclone 1.x."""
    application = Application([], "www", [], Named)
    assert (application.default_host, application.transforms) == ("www", [])
    assert application.error_handler is Named


# Names and lists.


def test_reverse_url(serve: Serve) -> None:
    """Names are found whatever host their route is for; handlers ask their application."""

    class Linking(RequestHandler):
        def get(self) -> None:
            self.write(self.reverse_url("item", 5, page=2))

    server = serve([("/", Linking), named("/item/([0-9]+)", "item")])
    server.application.add_handlers("www", [named("/www", "www")])
    assert ask(server, "x") == "/item/5?page=2"
    assert server.application.reverse_url("www") == "/www"
    with pytest.raises(KeyError, match="no route has the name 'x'"):
        server.application.reverse_url("x")


def test_duplicate_names(serve: Serve, log: Log) -> None:
    """The last of two routes with one name has it, which is logged."""
    server = serve([named("/1", "x"), named("/2", "x")])
    assert server.application.reverse_url("x") == "/2"
    assert log.take() == ["Multiple handlers named x; replacing previous value"]


def test_handlers_and_named_handlers(serve: Serve) -> None:
    """The routes can be listed by host and by name, as in cyclone 1.x."""
    server = serve([named("/a", "a"), ("/b", Named), (AnyMatches(), RuleRouter())])
    server.application.add_handlers("www", [named("/", "www")])
    (www, www_rules), (everywhere, rules) = server.application.handlers
    assert (www.pattern, everywhere.pattern) == ("www$", ".*$")
    assert [rule.name for rule in (*www_rules, *rules)] == ["www", "a", None, None]
    found = server.application.named_handlers
    assert {name: rule.regex.pattern for name, rule in found.items()} == {"www": "/$", "a": "/a$"}
    server.application.default_router.rules.insert(0, Rule(HostMatches("x"), RuleRouter()))
    assert len(server.application.handlers) == 2


# Targets.


def test_nested_list(serve: Serve) -> None:
    """A list of routes may be the target of a rule."""
    server = serve(
        [(HostMatches("www"), [named("/", "inner"), (r"/(\d)", Named)]), named("/", "outer")]
    )
    assert ask(server, "www") == "inner"
    assert ask(server, "www", "/5") == "plain 5"
    assert ask(server, "x") == "outer"


def test_nested_application(serve: Serve) -> None:
    """An application in another one answers with its own settings and its own error page."""
    logged: list[Any] = []
    inner = Application([named("/inner/(.*)", "inner")], log_function=logged.append, x=1)
    server = serve([("/inner/.*", inner), named("/", "outer")])
    assert ask(server, "x", "/inner/1") == "inner 1"
    assert [handler.settings.x for handler in logged] == [1]
    assert server.answered == []
    connection = server.connect()
    connection.request("/inner/", "POST", body=b"abc")
    assert connection.read("POST")[0].text == "inner abc"


def test_function(serve: Serve) -> None:
    """A function of a request may be the target of a route, and get its body."""

    def answer(request: HTTPServerRequest) -> None:
        assert request.connection is not None
        request.connection.respond(200, "OK", HTTPHeaders(), b"function " + request.body)

    server = serve([("/f", answer), named("/", "handler")])
    assert ask(server, "x", "/f") == "function "
    assert server.ask("/f", "POST", body=b"abc").text == "function abc"


def test_class_of_another_kind(serve: Serve) -> None:
    """Whatever makes an object with `_execute` may be routed to, as in cyclone 1.x."""

    class Minimal:
        def __init__(self, application: Application, request: HTTPServerRequest) -> None:
            self.application = application
            self.request = request

        def _execute(self, context: object, args: tuple[bytes, ...], named: object) -> None:
            del context, named
            assert self.request.connection is not None
            self.request.connection.respond(200, "OK", HTTPHeaders(), args[0])

    assert ask(serve([("/(.*)", Minimal)]), "x", "/abc%20") == "abc "


def test_matched_text(serve: Serve) -> None:
    """A matcher of one's own may give text for the path's arguments, which is passed on as it is."""

    class Language(AnyMatches):
        def match(self, request: HTTPServerRequest) -> dict[str, Any]:
            return {"path_args": [request.host_name, None], "path_kwargs": {"x": b"caf\xc3\xa9"}}

    class Show(RequestHandler):
        def get(self, *args: object, **kwargs: object) -> None:
            self.write(f"{args} {kwargs}")

    assert ask(serve([(Language(), Show)]), "www") == "('www', None) {'x': 'café'}"


def test_find_handler_and_delegate() -> None:
    """Routers of one's own may ask an application for what answers."""
    application = Application([named("/(.)", "x")])
    request = HTTPServerRequest("GET", "/a")
    found: Any = application.find_handler(request)
    assert (found.handler_class, found.args) == (Named, (b"a",))
    made = application.get_handler_delegate(request, Named, {"name": "y"}, [b"b"], {"c": "d"})
    assert (made.application, made.kwargs, made.args) == (application, {"name": "y"}, (b"b",))
    assert made.named == {"c": "d"}


def test_served_by_a_server_of_its_own(serve: Serve) -> None:
    """A router over applications is served by an `HTTPServer`, with their settings."""
    server = serve([named("/", "first")])
    router = RuleRouter([Rule(HostMatches("first"), server.application)])
    connection = server.connect(HTTPServer(router, reactor=server.clock))
    connection.send(b"GET / HTTP/1.1\r\nHost: first\r\n\r\n")
    assert connection.read("GET")[0].text == "first"
    assert len(server.answered) == 1


# Where nothing matches.


class Lost(RequestHandler):
    """Answers what is found nowhere."""

    def initialize(self, text: str = "lost", status_code: int = 404) -> None:  # type: ignore[override]
        """Take a text or a status."""
        self.text = f"{text} {status_code}"

    def default(self, *args: str) -> None:
        """Answer."""
        del args
        self.write(self.text + self.request.body.decode())


def test_error_handler(serve: Serve) -> None:
    """A custom error handler gets the status as an argument (cyclone)."""
    server = serve([], error_handler=Lost)
    assert ask(server, "x") == "lost 404"
    assert server.ask("/", "POST", body=b" body").text == "lost 404 body"


def test_default_handler_class(serve: Serve) -> None:
    """The setting of Tornado wins, and has arguments of its own."""
    settings = {"default_handler_class": Lost, "default_handler_args": {"text": "gone"}}
    assert ask(serve([], error_handler=Named, **settings), "x") == "gone 404"
    assert ask(serve([], default_handler_class=Lost), "x") == "lost 404"


def test_bad_default_handler_class(serve: Serve) -> None:
    """What is no handler class is an error when the application is made."""
    with pytest.raises(ValueError, match="setting 'default_handler_class' must be a handler class"):
        serve([], default_handler_class="Lost")


# Static routes.


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"static_url_prefix": 5}, "setting 'static_url_prefix' must be a path, not 5"),
        ({"static_handler_args": [1]}, "setting 'static_handler_args' must be a dict, not [1]"),
    ],
)
def test_bad_static_settings(serve: Serve, settings: dict[str, Any], message: str) -> None:
    """A malformed setting of static files is an error when the application is made."""
    with pytest.raises(ValueError, match=re.escape(message)):
        serve([], static_path="static", **settings)


def test_static_routes() -> None:
    """Static files have their prefix and two paths of their own, ahead of all other routes."""
    arguments = {"default_filename": "index.html"}
    application = Application(
        [named("/static/x", "own")],
        static_path="files",
        static_url_prefix="/s+/",
        static_handler_class=Named,
        static_handler_args=arguments,
    )
    rules = application.wildcard_router.rules
    patterns = [rule.regex.pattern for rule in rules if isinstance(rule, URLSpec)]
    assert patterns == [r"/s\+/(.*)$", r"/(favicon\.ico)$", r"/(robots\.txt)$", "/static/x$"]
    assert rules[0].target is Named
    assert rules[0].target_kwargs == {"default_filename": "index.html", "path": "files"}
    assert arguments == {"default_filename": "index.html"}


# What is found out at once.


def test_transforms_are_checked() -> None:
    """What is no transform is an error when the application is made, or when it is added."""
    with pytest.raises(TypeError, match="5"):
        Application(transforms=[5])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="5"):
        Application().add_transform(5)  # type: ignore[arg-type]


def test_cookie_defaults_are_checked() -> None:
    """So are the attributes of all cookies."""
    with pytest.raises(ValueError, match="setting 'cookie_defaults' must be a dict"):
        Application(cookie_defaults="Lax")


# Debug.


def test_debug_settings() -> None:
    """`debug` switches on what helps while writing, and each of that may be switched off again."""
    names = ("autoreload", "compiled_template_cache", "static_hash_cache", "serve_traceback")
    debugging = Application(debug=True, autoreload=False).settings
    assert [debugging[name] for name in names] == [False, False, False, True]
    assert not set(names) & Application(debug=False).settings.keys()
