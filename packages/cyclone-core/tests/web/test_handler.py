"""The life of a request handler: hooks, methods of every kind, contexts, lost clients."""

import gc
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, fail, inlineCallbacks, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure

from cyclone_core.errors import NotUpgradable
from cyclone_core.web import (
    ErrorHandler,
    Finish,
    HTTPError,
    RequestHandler,
    asynchronous,
    stream_request_body,
)

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported

LOST = str(ConnectionDone("Bye."))  # what the transport says


class Boom(Exception):  # noqa: N818
    """What test handlers raise."""


class Waiting(RequestHandler):
    """Waits for a Deferred that the test fires."""

    gate: Deferred[Any]

    async def get(self) -> None:
        """Answer when the gate opens."""
        self.write(str(await self.gate))


# Methods of every kind.


def test_plain_method(serve: Serve) -> None:
    """The answer of a plain method is complete when it returns."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write("hello, ")
            self.write(b"world")

    answer = serve(Handler).ask()
    assert (answer.status, answer.reason, answer.body) == (200, "OK", b"hello, world")
    assert answer.headers["Content-Length"] == "12"
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"


def test_coroutine_that_never_suspends(serve: Serve) -> None:
    """An `async def` method that awaits nothing pending is answered at once."""

    class Handler(RequestHandler):
        async def get(self) -> None:
            self.write(await succeed("done"))

    assert serve(Handler).ask().text == "done"


def test_coroutine_that_suspends(serve: Serve) -> None:
    """A suspended coroutine holds the answer until what it awaits has fired."""
    Waiting.gate = gate = Deferred()
    connection = serve(Waiting).connect()
    connection.request()
    assert connection.sent == b""
    gate.callback("late")
    assert connection.read("GET")[0].text == "late"


def test_coroutine_suspends_again(serve: Serve) -> None:
    """A coroutine may wait any number of times, and catch what fails."""
    gates: list[Deferred[str]] = [Deferred(), Deferred(), Deferred()]

    class Handler(RequestHandler):
        async def get(self) -> None:
            self.write(await gates[0])
            try:
                await gates[1]
            except Boom:
                self.write(" caught ")
            self.write(await gates[2])

    connection = serve(Handler).connect()
    connection.request()
    gates[0].callback("first")
    gates[1].errback(Boom())
    assert connection.sent == b""
    gates[2].callback("last")
    assert connection.read("GET")[0].text == "first caught last"


def test_coroutine_raises_before_suspension(serve: Serve, log: Log) -> None:
    """An exception before the first suspension is a 500, logged with its traceback."""

    class Handler(RequestHandler):
        async def get(self) -> None:
            raise Boom

    assert serve(Handler).ask().status == 500
    assert [type(error) for error in log.failures()] == [Boom]


def test_coroutine_raises_after_suspension(serve: Serve, log: Log) -> None:
    """An exception behind an `await` is a 500, logged once."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        async def get(self) -> None:
            await gate
            raise Boom

    connection = serve(Handler).connect()
    connection.request()
    gate.callback(None)
    assert connection.read("GET")[0].status == 500
    assert [type(error) for error in log.failures()] == [Boom]


@pytest.mark.parametrize("how", ["fails", "cancelled"])
def test_awaited_deferred_fails(serve: Serve, log: Log, how: str) -> None:
    """A Deferred that fails or is cancelled raises where it is awaited, and so ends in a 500."""
    Waiting.gate = gate = Deferred()
    connection = serve(Waiting).connect()
    connection.request()
    if how == "fails":
        gate.errback(Boom())
    else:
        gate.cancel()
    assert connection.read("GET")[0].status == 500
    (error,) = log.failures()
    assert type(error).__name__ == ("Boom" if how == "fails" else "CancelledError")


def test_inline_callbacks(serve: Serve) -> None:
    """An `inlineCallbacks` method works as in cyclone 1.x."""
    gate: Deferred[str] = Deferred()

    class Handler(RequestHandler):
        @inlineCallbacks
        def get(self) -> Iterator[Any]:
            value = yield gate
            self.write(value)

    connection = serve(Handler).connect()
    connection.request()
    assert connection.sent == b""
    gate.callback("inline")
    assert connection.read("GET")[0].text == "inline"


def test_deferred_returned(serve: Serve, log: Log) -> None:
    """The answer waits for a returned Deferred; its failure is an error page."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        def get(self) -> Deferred[None]:
            return gate.addCallback(lambda _: self.write("fired"))

        def post(self) -> Deferred[None]:
            return fail(Boom())

    server = serve(Handler)
    connection = server.connect()
    connection.request()
    assert connection.sent == b""
    gate.callback(None)
    assert connection.read("GET")[0].text == "fired"
    assert server.ask(method="POST", body=b"").status == 500
    assert len(log.failures()) == 1


@pytest.mark.parametrize("value", ["ignored", b"ignored", 1, {"a": 1}, [], False])
def test_other_results_ignored(serve: Serve, value: object) -> None:
    """What a method returns is not written, as in cyclone 1.x; nor what `prepare` returns."""

    class Handler(RequestHandler):
        def prepare(self) -> object:
            return value

        def get(self) -> object:
            self.write("written")
            return value

    assert serve(Handler).ask().text == "written"


def test_method_arguments_reach_coroutine(serve: Serve) -> None:
    """Groups of the path are the arguments of methods of every kind."""

    class Handler(RequestHandler):
        async def get(self, number: str) -> None:
            self.write(number + str(self.path_args))

    assert serve([(r"/(\d+)", Handler)]).ask("/12").text == "12('12',)"


# Hooks.


def test_order_of_hooks(serve: Serve) -> None:
    """A request passes initialize, prepare, its method, the log and on_finish, in this order."""
    calls: list[str] = []

    class Handler(RequestHandler):
        def initialize(self, calls: list[str]) -> None:  # type: ignore[override]
            self.calls = calls
            calls.append("initialize")

        def prepare(self) -> None:
            self.calls.append("prepare")

        def get(self) -> None:
            self.calls.append("get")

        def on_finish(self) -> None:
            self.calls.append("on_finish")

    server = serve([(r"/", Handler, {"calls": calls})], log_function=lambda _: calls.append("log"))
    server.ask()
    assert calls == ["initialize", "prepare", "get", "log", "on_finish"]


@pytest.mark.parametrize("kind", ["plain", "coroutine", "suspended"])
def test_prepare_finishes(serve: Serve, kind: str) -> None:
    """When `prepare` has finished the request, the method is not called."""
    gate: Deferred[None] = Deferred()

    async def later(handler: RequestHandler) -> None:
        if kind == "suspended":
            await gate
        handler.finish("prepared")

    class Handler(RequestHandler):
        def prepare(self) -> object:
            if kind != "plain":
                return later(self)
            return self.finish("prepared")

        def get(self) -> None:
            raise Boom

    connection = serve(Handler).connect()
    connection.request()
    gate.callback(None)
    assert connection.read("GET")[0].text == "prepared"


def test_prepare_suspends(serve: Serve) -> None:
    """The method runs when an asynchronous `prepare` is done."""
    gate: Deferred[str] = Deferred()

    class Handler(RequestHandler):
        async def prepare(self) -> None:
            self.user = await gate

        def get(self) -> None:
            self.write(self.user)

    connection = serve(Handler).connect()
    connection.request()
    assert connection.sent == b""
    gate.callback("me")
    assert connection.read("GET")[0].text == "me"


def test_prepare_fails_late(serve: Serve, log: Log) -> None:
    """An asynchronous `prepare` that fails gives the error page, and the method is not called."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        def prepare(self) -> Deferred[None]:
            return gate

        def get(self) -> None:
            raise AssertionError

    connection = serve(Handler).connect()
    connection.request()
    gate.errback(Boom())
    assert connection.read("GET")[0].status == 500
    assert [type(error) for error in log.failures()] == [Boom]


def test_method_fails_after_late_prepare(serve: Serve, log: Log) -> None:
    """A method that fails behind an asynchronous `prepare` gives the error page."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        def prepare(self) -> Deferred[None]:
            return gate

        def get(self) -> None:
            raise Boom

    connection = serve(Handler).connect()
    connection.request()
    gate.callback(None)
    assert connection.read("GET")[0].status == 500
    assert len(log.failures()) == 1


def test_initialize_without_taking_arguments(serve: Serve, log: Log) -> None:
    """Arguments of a route that nobody takes are an error that names them."""

    class Handler(RequestHandler):
        def get(self) -> None:
            """Answer."""

    server = serve([(r"/", Handler, {"database": 1, "cache": 2})])
    assert server.ask().status == 500
    (error,) = log.failures()
    assert "no initialize() that takes cache, database" in str(error)


def test_initialize_raises(serve: Serve, log: Log) -> None:
    """What `initialize` raises is answered and logged like what a method raises."""

    class Handler(RequestHandler):
        def initialize(self) -> None:
            if "forbidden" in self.request.uri:
                raise HTTPError(403)
            raise Boom

    for streamed in (False, True):
        server = serve(stream_request_body(Handler) if streamed else Handler)
        assert server.ask().status == 500
        assert server.ask("/forbidden", "POST", body=b"abc").status == 403
        assert [handler.get_status() for handler in server.answered] == [500, 403]
        assert [type(error) for error in log.failures()] == [Boom]


@pytest.mark.parametrize("late", [False, True])
def test_on_finish_raises(serve: Serve, log: Log, late: bool) -> None:
    """An `on_finish` that raises is logged once; answer and connection are intact."""
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        def get(self) -> Deferred[None] | None:
            self.write("fine")
            return gate if late else None

        def on_finish(self) -> None:
            raise Boom

    connection = serve(Handler).connect()
    connection.request()
    gate.callback(None)
    assert connection.read("GET")[0].text == "fine"
    assert [type(error) for error in log.failures()] == [Boom]
    assert connection.open


def test_on_finish_raises_behind_error_page(serve: Serve, log: Log) -> None:
    """An `on_finish` that raises behind an unfinished error page sends no second answer."""

    class Handler(RequestHandler):
        def get(self) -> None:
            raise Boom

        def write_error(self, status_code: int, **_: object) -> None:
            self.write(f"page {status_code}")

        def on_finish(self) -> None:
            raise Boom

    connection = serve(Handler).connect()
    connection.request()
    assert connection.read("GET")[0].text == "page 500"
    assert len(log.failures()) == 2
    assert connection.open


def test_log_function_raises(serve: Serve, log: Log) -> None:
    """A `log_function` that raises costs neither the answer nor `on_finish`."""
    finished = []

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write("fine")

        def on_finish(self) -> None:
            finished.append(self)

    def log_function(_: RequestHandler) -> None:
        raise Boom

    assert serve(Handler, log_function=log_function).ask().text == "fine"
    assert len(log.failures()) == 1
    assert len(finished) == 1


def test_raising_after_finish(serve: Serve, log: Log) -> None:
    """A handler that raises behind `finish` is logged; the answer stays as it is."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.finish("done")
            raise Boom

    connection = serve(Handler).connect()
    connection.request()
    assert connection.read("GET")[0].text == "done"
    assert connection.open
    assert len(log.failures()) == 1


def test_finish_exception_after_finish(serve: Serve) -> None:
    """`Finish` behind `finish` is no error."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.finish("done")
            raise Finish

    assert serve(Handler).ask().text == "done"


# Context variables.

current: ContextVar[str] = ContextVar("current", default="clean")


class Tracing(RequestHandler):
    """Sets a context variable and shows it wherever it can."""

    gate: Deferred[None]
    seen: list[tuple[str, str]]

    def prepare(self) -> None:
        """Set it."""
        self.seen.append(("prepare", current.get()))
        current.set(self.request.path)

    async def get(self) -> None:
        """Show it before and after an await."""
        self.seen.append(("get", current.get()))
        await self.gate
        self.seen.append(("await", current.get()))

    def on_finish(self) -> None:
        """Show it at the end."""
        self.seen.append(("on_finish", current.get()))

    def on_connection_close(self) -> None:
        """Show it when the client has gone."""
        self.seen.append(("close", current.get()))


def test_context_holds_in_one_request(serve: Serve) -> None:
    """What `prepare` sets holds in the method, behind an await, in the log and in on_finish."""
    Tracing.gate, Tracing.seen = Deferred(), []

    def log_function(handler: RequestHandler) -> None:
        cast("Tracing", handler).seen.append(("log", current.get()))

    connection = serve(Tracing, log_function=log_function).connect()
    connection.request("/a")
    Tracing.gate.callback(None)
    assert Tracing.seen == [
        ("prepare", "clean"),
        ("get", "/a"),
        ("await", "/a"),
        ("log", "/a"),
        ("on_finish", "/a"),
    ]
    assert current.get() == "clean"


def test_context_holds_when_client_goes(serve: Serve) -> None:
    """`on_connection_close` runs in the context of its request."""
    Tracing.gate, Tracing.seen = Deferred(), []
    connection = serve(Tracing).connect()
    connection.request("/a")
    connection.leave()
    assert Tracing.seen[-1] == ("close", "/a")


def test_context_of_finish_from_elsewhere(serve: Serve) -> None:
    """The log and `on_finish` see the request's context when a timer finishes it."""
    seen = []

    class Handler(RequestHandler):
        @asynchronous
        def get(self) -> None:
            current.set("mine")
            held.append(self)

        def on_finish(self) -> None:
            seen.append(current.get())

    held: list[RequestHandler] = []
    server = serve(Handler, log_function=lambda _: seen.append(current.get()))
    connection = server.connect()
    connection.request()
    server.clock.callLater(1, held[0].finish)
    server.clock.advance(1)
    assert seen == ["mine", "mine"]


def test_context_does_not_leak_between_pipelined_requests(serve: Serve) -> None:
    """No request sees what another one on its connection has set, waiting or not."""
    Tracing.gate, Tracing.seen = Deferred(), []
    server = serve(Tracing)
    connection = server.connect()
    connection.send(server.request("/a") + server.request("/b") + server.request("/c"))
    Tracing.gate.callback(None)
    server.clock.advance(0)
    connection.read("GET", "GET", "GET")
    assert [value for name, value in Tracing.seen if name == "prepare"] == ["clean"] * 3
    assert [value for name, value in Tracing.seen if name == "on_finish"] == ["/a", "/b", "/c"]


def test_context_does_not_come_from_the_caller(serve: Serve) -> None:
    """A request starts clean even if it is read in the context of another (asyncio's timers do)."""
    Tracing.gate, Tracing.seen = succeed(None), []
    server = serve(Tracing)
    token = current.set("of somebody else")
    try:
        server.ask("/a")
    finally:
        current.reset(token)
    assert Tracing.seen[0] == ("prepare", "clean")


# Deferreds that the request's own code fires.


def test_own_code_fires_what_it_waits_for(serve: Serve) -> None:
    """A request may wait for a Deferred that its own code fires, within its context."""
    gate: Deferred[str] = Deferred()
    seen = []

    class Handler(RequestHandler):
        async def get(self) -> None:
            current.set("mine")
            self.write(await gate)
            seen.append(current.get())

    server = serve([(r"/", Handler)])
    first = server.connect()
    first.request()
    assert first.sent == b""
    gate.callback("fired")
    assert first.read("GET")[0].text == "fired"
    assert seen == ["mine"]


def test_two_requests_fire_each_other(serve: Serve) -> None:
    """When requests resume each other, each goes on with its own variables."""
    gates: dict[str, Deferred[None]] = {name: Deferred() for name in ("/a", "/b", "/a2")}
    seen: dict[str, str] = {}

    class Handler(RequestHandler):
        async def get(self) -> None:
            path = self.request.path
            current.set(path)
            await gates[path]
            if path == "/a":
                again = gates["/a2"]
                again.addCallback(lambda _: None)
                gates["/b"].callback(None)  # resumes the other request within this one
                await again
            else:
                gates["/a2"].callback(None)
            seen[path] = current.get()

    server = serve(Handler)
    first, second = server.connect(), server.connect()
    first.request("/a")
    second.request("/b")
    gates["/a"].callback(None)
    first.read("GET")
    second.read("GET")
    assert seen == {"/a": "/a", "/b": "/b"}


# The end of a connection.


def closing(seen: list[Any]) -> type[RequestHandler]:
    """A handler that waits for ever and tells when the client goes."""

    class Handler(RequestHandler):
        @asynchronous
        def get(self) -> None:
            self.notifyFinish().addCallback(lambda why: seen.append(("notify", why)))

        def on_connection_close(self) -> None:
            seen.append("close")

        def on_finish(self) -> None:
            seen.append("finish")

    return Handler


def test_on_connection_close_when_client_goes(serve: Serve) -> None:
    """`on_connection_close` and `notifyFinish` tell that the client has gone."""
    seen: list[Any] = []
    connection = serve(closing(seen)).connect()
    connection.request()
    connection.leave()
    assert seen == [("notify", LOST), "close"]


def test_on_connection_close_only_when_premature(serve: Serve) -> None:
    """A finished answer is no closed connection; `notifyFinish` then fires with None."""
    seen: list[Any] = []
    server = serve(closing(seen))
    server.application.wildcard_router.rules[0].target.get = lambda self: (
        self.notifyFinish().addCallback(lambda why: seen.append(("notify", why))) and None
    )
    connection = server.connect()
    connection.request()
    connection.request()
    connection.leave()
    assert seen == [("notify", None), "finish", ("notify", None), "finish"]


def test_on_connection_close_after_late_finish(serve: Serve) -> None:
    """An answer that was finished late is no closed connection either."""
    seen: list[Any] = []
    server = serve(closing(seen))
    connection = server.connect()
    held: list[RequestHandler] = []
    handler = server.application.wildcard_router.rules[0].target
    handler.prepare = lambda self: held.append(self)  # noqa: PLW0108 -- a method, which `append` is not
    connection.request()
    held[0].finish()
    connection.leave()
    assert seen == [("notify", None), "finish"]


@pytest.mark.parametrize("signature", ["one", "default", "any", "keyword"])
def test_on_connection_close_with_argument(serve: Serve, signature: str) -> None:
    """A signature that takes an argument gets the reason, as in cyclone 1.x."""
    seen: list[object] = []
    hooks: dict[str, Callable[..., None]] = {
        "one": lambda self, reason: seen.append(reason),  # noqa: ARG005
        "default": lambda self, reason=None: seen.append(reason),  # noqa: ARG005
        "any": lambda self, *args: seen.extend(args),  # noqa: ARG005
        "keyword": lambda self, *, reason="none": seen.append(reason),  # noqa: ARG005
    }
    handler = type("Handler", (closing([]),), {"on_connection_close": hooks[signature]})
    connection = serve(handler).connect()
    connection.request()
    connection.leave()
    assert seen == ["none" if signature == "keyword" else LOST]


def test_on_connection_close_raises(serve: Serve, log: Log) -> None:
    """An `on_connection_close` that raises is logged like any exception of the handler."""

    class Handler(closing([])):  # type: ignore[misc]
        def on_connection_close(self) -> None:
            raise Boom

    connection = serve(Handler).connect()
    connection.request()
    connection.leave()
    assert [type(error) for error in log.failures()] == [Boom]


def test_handler_goes_on_after_client_has_gone(serve: Serve) -> None:
    """Output for a lost client is dropped silently; the hooks run as ever."""
    Waiting.gate = gate = Deferred()
    server = serve(Waiting)
    connection = server.connect()
    connection.request()
    connection.leave()
    gate.callback("for nobody")
    assert connection.sent == b""
    assert len(server.answered) == 1


def test_error_after_client_has_gone(serve: Serve, log: Log) -> None:
    """A handler that fails when the client has gone is logged, and no answer is tried."""
    Waiting.gate = gate = Deferred()
    connection = serve(Waiting).connect()
    connection.request()
    connection.leave()
    gate.errback(Boom())
    assert connection.sent == b""
    assert len(log.failures()) == 1


def test_error_handler(serve: Serve) -> None:
    """`ErrorHandler` answers every method with its status."""
    server = serve([(r"/gone", ErrorHandler, {"status_code": 410})])
    assert server.ask("/gone").reason == "Gone"
    assert server.ask("/gone", "DELETE").status == 410


class Varied(RequestHandler):
    """Answers in all the ways that could leave a cycle behind."""

    def get(self, _: str) -> None:
        """Answer at once."""
        self.write({"hello": self.get_argument("name", "world")})

    async def post(self, _: str) -> None:
        """Answer in the next turn."""
        await self._gate(None)

    def put(self, _: str) -> None:
        """Fail at once."""
        raise Boom

    async def delete(self, _: str) -> None:
        """Fail in the next turn."""
        await self._gate(Boom())

    async def patch(self, _: str) -> None:
        """Answer in pieces."""
        self.write("a")
        await self.flush()
        await self._gate(None)

    def on_connection_close(self) -> None:
        """Make the framework watch the connection."""

    def _gate(self, result: Boom | None) -> Deferred[Boom | None]:
        gate: Deferred[Boom | None] = Deferred()
        self.application.clock.call_soon(lambda: gate.callback(result and Failure(result)))
        return gate


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_no_reference_cycles(serve: Serve, log: Log, method: str) -> None:
    """A thousand requests leave nothing that only the garbage collector could find."""
    server = serve([(r"/(.*)", Varied)], log_function=lambda _: None)
    connection = server.connect()

    def run(times: int) -> None:
        for _ in range(times):
            connection.request("/x?name=y", method)
            server.clock.advance(0)
            connection.transport.clear()
            log.events.clear()

    run(10)
    gc.collect()
    gc.disable()
    try:
        run(1000)
        assert gc.collect() == 0
    finally:
        gc.enable()


# Leaving HTTP.


class Echo(Protocol):
    """Sends back what it gets."""

    def dataReceived(self, data: bytes) -> None:
        """Send back."""
        assert self.transport is not None
        self.transport.write(data.upper())


def test_detach(serve: Serve) -> None:
    """A detached connection is another protocol's, with all that was read already."""
    finished: list[str] = []

    class Handler(RequestHandler):
        def get(self) -> None:
            self.detach(Echo()).write(b"bye, HTTP: ")

        def on_finish(self) -> None:
            finished.append("finish")

    server = serve(Handler)
    connection = server.connect()
    connection.send(server.request() + b"abc ")
    connection.send(b"def")
    assert connection.sent == b"ABC bye, HTTP: DEF"
    assert connection.open
    assert (finished, server.answered) == ([], [])


def test_detach_without_protocol(serve: Serve) -> None:
    """Without a protocol what the client sends is ignored, and the transport can be written to."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.detach().write(b"raw")

    connection = serve(Handler).connect()
    connection.request()
    connection.send(b"ignored")
    assert connection.sent == b"raw"


def test_detach_too_late(serve: Serve, log: Log) -> None:
    """Behind the head of an answer nobody can leave HTTP: the answer ends with an error."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.flush()
            self.detach()

    connection = serve(Handler).connect()
    connection.request()
    assert not connection.open
    assert [type(error) for error in log.failures()] == [NotUpgradable]
