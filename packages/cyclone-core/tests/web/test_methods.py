"""Which method of a handler answers an HTTP method."""

from collections.abc import Callable
from typing import Any

import pytest

from cyclone_core.web import ErrorHandler, HTTPError, RequestHandler

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported

VERBS = ("GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS")


class Verbs(RequestHandler):
    """Implements every method."""

    def prepare(self) -> None:
        """Replace all of them by one."""
        for verb in VERBS:
            setattr(self, verb.lower(), self.show)

    def show(self) -> None:
        """Tell which method was asked for."""
        self.set_header("X-Verb", self.request.method)


class GetOnly(RequestHandler):
    """Implements GET."""

    def get(self) -> None:
        """Answer."""
        self.write("got")


class WithDefault(GetOnly):
    """Answers everything."""

    async def default(self, *args: str, **kwargs: str) -> None:
        """Show what was asked for."""
        self.write(f"{self.request.method} {args} {kwargs}")


@pytest.mark.parametrize("verb", VERBS)
def test_verbs(serve: Serve, verb: str) -> None:
    """Each supported HTTP method calls the method of its name in lower case."""
    answer = serve(Verbs).ask(method=verb, body=b"")
    assert (answer.status, answer.headers["X-Verb"]) == (200, verb)


@pytest.mark.parametrize("verb", ["POST", "DELETE", "PATCH", "PUT", "TRACE", "PROPFIND", "QUERY"])
def test_not_allowed(serve: Serve, verb: str) -> None:
    """A registered method that the handler lacks is 405, with those that it has."""
    answer = serve(GetOnly).ask(method=verb, body=b"")
    assert answer[:2] == (405, "Method Not Allowed")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("verb", ["BREW", "get", "Get", "GETS"])
def test_unknown(serve: Serve, verb: str) -> None:
    """A method that nobody has registered is 501; methods are case-sensitive."""
    assert serve(GetOnly).ask(method=verb).status == 501


def test_unsupported_before_prepare(serve: Serve) -> None:
    """An unsupported method does not get as far as `prepare`."""

    class Handler(GetOnly):
        def prepare(self) -> None:
            raise AssertionError

    server = serve(Handler)
    assert server.ask(method="TRACE").status == 405
    assert server.ask(method="BREW").status == 501


def test_unsupported_where_nothing_is(serve: Serve) -> None:
    """A missing page is 404 for methods that exist, whatever they are."""
    server = serve([])
    assert server.ask(method="DELETE").status == 404
    assert server.ask(method="BREW").status == 501


def test_derived_options(serve: Serve) -> None:
    """OPTIONS without a method of its own is 204 with `Allow` and nothing else."""

    class Handler(GetOnly):
        def prepare(self) -> None:
            self.write("from prepare")

        def put(self) -> None:
            """Answer."""

    answer = serve(Handler).ask(method="OPTIONS")
    assert (answer.status, answer.reason, answer.body) == (204, "No Content", b"")
    assert answer.headers["Allow"] == "GET, HEAD, PUT, OPTIONS"
    assert "Content-Type" not in answer.headers


def test_derived_options_with_groups(serve: Serve) -> None:
    """A derived OPTIONS takes whatever the path gives."""
    server = serve([(r"/a/(.*)", GetOnly), (r"/b/(?P<name>.*)", GetOnly)])
    assert server.ask("/a/x", "OPTIONS").status == 204
    assert server.ask("/b/x", "OPTIONS").status == 204


def test_own_options(serve: Serve) -> None:
    """An `options` of the class's own is called."""

    class Handler(GetOnly):
        def options(self) -> None:
            self.set_header("Access-Control-Allow-Origin", "*")

    assert serve(Handler).ask(method="OPTIONS").headers["Access-Control-Allow-Origin"] == "*"


def test_nothing_derived(serve: Serve) -> None:
    """`derive_head` and `derive_options` restore the 405 of cyclone 1.x."""

    class Handler(GetOnly):
        derive_head = False
        derive_options = False

    server = serve(Handler)
    for verb in ("HEAD", "OPTIONS"):
        answer = server.ask(method=verb)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")


def test_head_needs_get(serve: Serve) -> None:
    """There is no HEAD where there is no GET."""

    class Handler(RequestHandler):
        def post(self) -> None:
            """Answer."""

    answer = serve(Handler).ask(method="HEAD")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST, OPTIONS")


@pytest.mark.parametrize("verb", ["HEAD", "POST", "OPTIONS", "DELETE"])
def test_default(serve: Serve, verb: str) -> None:
    """`default` answers what the class does not define, before anything is derived."""
    server = serve([(r"/(a)", WithDefault)])
    answer = server.ask("/a", verb, body=b"")
    assert answer.text == ("" if verb == "HEAD" else f"{verb} ('a',) {{}}")
    assert "Allow" not in answer.headers


def test_default_does_not_replace(serve: Serve) -> None:
    """`default` is not called for a method that is defined, nor for an unsupported one."""
    server = serve(WithDefault)
    assert server.ask().text == "got"
    answer = server.ask(method="TRACE")
    assert (answer.status, answer.headers["Allow"]) == (405, ", ".join(VERBS))


def test_default_called_by_hand(serve: Serve) -> None:
    """The `default` of the base class is a 405, also for a handler that calls it."""

    class Handler(GetOnly):
        def post(self) -> None:
            self.default()

    answer = serve(Handler).ask(method="POST", body=b"")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")


def test_more_supported_methods(serve: Serve) -> None:
    """A class may support methods beyond the usual ones."""

    class Handler(RequestHandler):
        SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "PROPFIND", "BREW", "MOVE")

        def propfind(self) -> None:
            self.write("found")

        def brew(self) -> None:
            self.write("tea")

    server = serve(Handler)
    assert server.ask(method="PROPFIND").text == "found"
    assert server.ask(method="BREW").text == "tea"
    answer = server.ask(method="MOVE")
    assert (answer.status, answer.headers["Allow"]) == (405, "OPTIONS, PROPFIND, BREW")


def test_fewer_supported_methods(serve: Serve) -> None:
    """A class may support less than it defines."""

    class Handler(GetOnly):
        SUPPORTED_METHODS = ("HEAD",)

    answer = serve(Handler).ask()
    assert (answer.status, answer.headers["Allow"]) == (405, "")


def test_errors_of_other_methods_with_prepare(serve: Serve) -> None:
    """A method that is supported but missing passes `prepare` first, which may refuse it."""

    class Handler(GetOnly):
        def prepare(self) -> None:
            raise HTTPError(401)

    assert serve(Handler).ask(method="DELETE").status == 401


def test_error_handler_for_all(serve: Serve) -> None:
    """An `ErrorHandler` has one status for all supported methods."""
    server = serve([(r"/.*", ErrorHandler, {"status_code": 403})])
    assert {server.ask(method=verb).status for verb in VERBS} == {403}


EXPECTING = (
    b"%b / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n"
    b"Connection: close\r\n\r\n"
)


class Getter(RequestHandler):
    """Answers GET, and what is derived from it."""

    def get(self) -> None:
        """Answer."""
        self.write("got")


class Plain(Getter):
    """Answers GET alone."""

    derive_head = False
    derive_options = False


class Anything(RequestHandler):
    """Answers every method."""

    def default(self) -> None:
        """Answer."""
        self.write("any")


@pytest.mark.parametrize(
    ("handler", "method", "status"),
    [
        (Getter, b"GET", b"100"),
        (Getter, b"HEAD", b"100"),
        (Getter, b"OPTIONS", b"100"),
        (Getter, b"POST", b"405"),
        (Getter, b"TRACE", b"405"),
        (Getter, b"FROB", b"501"),
        (Plain, b"HEAD", b"405"),
        (Plain, b"OPTIONS", b"405"),
        (Anything, b"POST", b"100"),
        (Anything, b"FROB", b"501"),
    ],
)
def test_expectations(
    serve: Serve, handler: type[RequestHandler], method: bytes, status: bytes
) -> None:
    """A body that cannot change the answer is not asked for (RFC 9110 section 10.1.1)."""
    connection = serve(handler).connect()
    connection.send(EXPECTING % method)
    assert connection.sent.startswith(b"HTTP/1.1 " + status)
    assert connection.sent.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("verb", VERBS)
def test_methods_of_the_base_class(serve: Serve, verb: str) -> None:
    """A method may call that of the base class, which answers 405, or the next one of several bases."""

    class Calling(RequestHandler):
        def prepare(self) -> None:
            getattr(super(), verb.lower())("argument")

    answer = serve(Calling).ask(method=verb, body=b"")
    assert (answer.status, answer.headers["Allow"]) == (405, "OPTIONS")
