"""The decorators of methods."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from twisted.internet.defer import Deferred, inlineCallbacks

from cyclone_core.web import (
    RequestHandler,
    addslash,
    asynchronous,
    authenticated,
    removeslash,
)

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported


def test_asynchronous_keeps_open(serve: Serve) -> None:
    """The request stays open when the method returns, until `finish`."""
    held: list[RequestHandler] = []

    class Handler(RequestHandler):
        @asynchronous
        def get(self, number: str) -> None:
            self.write(number)
            held.append(self)

    connection = serve([(r"/(\d+)", Handler)]).connect()
    connection.request("/12")
    assert connection.sent == b""
    held[0].finish("!")
    assert connection.read("GET")[0].text == "12!"


@pytest.mark.parametrize("order", ["asynchronous outside", "inlineCallbacks outside", "coroutine"])
def test_asynchronous_with_others(serve: Serve, order: str) -> None:
    """It goes with `inlineCallbacks` in either order, and with `async def`."""
    gate: Deferred[str] = Deferred()

    def inline(self: RequestHandler) -> Iterator[Any]:
        self.write((yield gate))

    async def coroutine(self: RequestHandler) -> None:
        self.write(await gate)

    methods: dict[str, Callable[..., Any]] = {
        "asynchronous outside": asynchronous(inlineCallbacks(inline)),
        "inlineCallbacks outside": inlineCallbacks(asynchronous(inline)),
        "coroutine": asynchronous(coroutine),
    }
    held: list[RequestHandler] = []
    namespace = {"get": methods[order], "prepare": lambda self: held.append(self)}  # noqa: PLW0108
    connection = serve(type("Handler", (RequestHandler,), namespace)).connect()
    connection.request()
    gate.callback("done")
    assert connection.sent == b""
    held[0].finish()
    assert connection.read("GET")[0].text == "done"


def test_asynchronous_keeps_the_name() -> None:
    """The decorated method keeps its name and its docstring."""

    class Handler(RequestHandler):
        @asynchronous
        def get(self) -> None:
            """Answer some day."""

    assert Handler.get.__name__ == "get"
    assert Handler.get.__doc__ == "Answer some day."


# Signing in.


class Guarded(RequestHandler):
    """Knows a user whom the query names."""

    def get_current_user(self) -> str:
        """Tell who asks."""
        return self.get_query_argument("user", "")

    @authenticated
    def get(self, *args: str, **kwargs: str) -> None:
        """Say who asks."""
        self.write(f"{self.current_user} {args} {kwargs}")

    @authenticated
    def post(self) -> None:
        """Say who asks."""
        self.write(f"{self.current_user}")


class GuardedLater(Guarded):
    """Takes time to find out who asks, and to answer."""

    gate: ClassVar[Deferred[None]]

    async def get_current_user(self) -> str:  # type: ignore[override]
        """Tell who asks, later."""
        await self.gate
        return self.get_query_argument("user", "")

    @authenticated
    async def get(self, *args: str, **kwargs: str) -> None:
        """Say who asks, later."""
        await self.gate
        self.write(f"{self.current_user} {args} {kwargs}")


def test_authenticated(serve: Serve) -> None:
    """A user who is signed in gets the answer, with all arguments."""
    server = serve([(r"/(\d)", Guarded), (r"/x(?P<a>\d)", Guarded)], login_url="/login")
    assert server.ask("/1?user=me").text == "me ('1',) {}"
    assert server.ask("/x1?user=me").text == "me () {'a': '1'}"


@pytest.mark.parametrize(
    ("login_url", "location"),
    [
        ("/login", "/login?next=%2Fa%3Fx%3D1%262"),
        ("/login?x", "/login?x"),
        ("https://sso.example/", "https://sso.example/?next=http%3A%2F%2Ftest%2Fa%3Fx%3D1%262"),
    ],
)
def test_not_authenticated(serve: Serve, login_url: str, location: str) -> None:
    """Others are sent to the login page, which learns where to send them back."""
    server = serve(Guarded, login_url=login_url)
    for method in ("GET", "HEAD"):
        answer = server.ask("/a?x=1&2", method)
        assert (answer.status, answer.headers["Location"]) == (302, location)


def test_other_methods_are_forbidden(serve: Serve) -> None:
    """Other methods than GET and HEAD are 403: their body would be lost on the way."""
    server = serve(Guarded, login_url="/login")
    assert server.ask(method="POST", body=b"").status == 403
    assert server.ask("/?user=me", "POST", body=b"").text == "me"


@pytest.mark.parametrize("user", ["", "me"])
def test_authenticated_waits(serve: Serve, user: str) -> None:
    """An asynchronous `get_current_user` is waited for, and so is the method."""

    class Handler(GuardedLater):
        gate = Deferred()

    connection = serve(Handler, login_url="/login").connect()
    connection.request(f"/?user={user}")
    assert connection.sent == b""
    first, Handler.gate = Handler.gate, Deferred()
    first.callback(None)
    Handler.gate.callback(None)
    (answer,) = connection.read("GET")
    assert (answer.status, answer.text) == ((200, "me () {}") if user else (302, ""))


def test_authenticated_waits_for_plain_methods(serve: Serve) -> None:
    """A plain method may have an asynchronous `get_current_user`."""

    class Handler(GuardedLater):
        gate = Deferred()

    server = serve(Handler, login_url="/login")
    connection = server.connect()
    connection.request("/?user=me", "POST", body=b"")
    connection.request("/", "POST", body=b"")
    Handler.gate.callback(None)
    server.clock.advance(0)
    assert [answer.status for answer in connection.read("POST", "POST")] == [200, 403]


@pytest.mark.parametrize("order", ["asynchronous", "inlineCallbacks"])
@pytest.mark.parametrize("user", ["", "me"])
def test_documented_orders(serve: Serve, order: str, user: str) -> None:
    """`authenticated` goes on top of the two others, which may stand in either order."""
    held: list[RequestHandler] = []
    gate: Deferred[str] = Deferred()

    def method(self: RequestHandler) -> Iterator[Any]:
        held.append(self)
        self.write((yield gate))

    inner = (
        asynchronous(inlineCallbacks(method))
        if order == "asynchronous"
        else inlineCallbacks(asynchronous(method))
    )

    class Handler(Guarded):
        get = authenticated(inner)

    connection = serve(Handler, login_url="/login").connect()
    connection.request(f"/?user={user}")
    if user:
        gate.callback("done")
        assert connection.sent == b""
        held[0].finish()
    assert connection.read("GET")[0].status == (200 if user else 302)


def test_authenticated_without_login_url(serve: Serve, log: Log) -> None:
    """Without the setting `login_url` nobody can be sent anywhere: an error that names it."""
    assert serve(Guarded).ask().status == 500
    (error,) = log.failures()
    assert "'login_url'" in str(error)


# Slashes.


class Slashed(RequestHandler):
    """Redirects to paths with a slash at the end."""

    @addslash
    def get(self) -> None:
        """Answer."""
        self.write("here")

    post = get


class Unslashed(RequestHandler):
    """Redirects to paths without a slash at the end."""

    @removeslash
    async def get(self) -> None:
        """Answer."""
        self.write("here")

    post = get


@pytest.mark.parametrize(
    ("handler", "path", "location"),
    [
        (Slashed, "/a", "/a/"),
        (Slashed, "/a?b=c/", "/a/?b=c/"),
        (Slashed, "/a/", None),
        (Slashed, "/", None),
        (Unslashed, "/a/", "/a"),
        (Unslashed, "/a//?b=c", "/a?b=c"),
        (Unslashed, "/a", None),
        (Unslashed, "/", None),
        (Unslashed, "//", None),
    ],
)
def test_slashes(
    serve: Serve, handler: type[RequestHandler], path: str, location: str | None
) -> None:
    """Paths are redirected to the form that the decorator names, with their query."""
    server = serve(handler)
    for method, status in (("GET", 301), ("HEAD", 301), ("POST", 308)):
        answer = server.ask(path, method, **({"body": b""} if method == "POST" else {}))
        found = (answer.status, answer.headers["Location"])
        assert found == ((200, None) if location is None else (status, location))


@pytest.mark.parametrize(
    ("handler", "path"),
    [(Slashed, "//evil.example"), (Slashed, "///x"), (Unslashed, "//evil.example/")],
)
def test_slashes_lead_to_no_other_host(
    serve: Serve, log: Log, handler: type[RequestHandler], path: str
) -> None:
    """A path that browsers would take for a host is 403."""
    answer = serve(handler).ask(path)
    assert (answer.status, answer.headers["Location"]) == (403, None)
    assert "would lead to another host" in log.take()[0]
