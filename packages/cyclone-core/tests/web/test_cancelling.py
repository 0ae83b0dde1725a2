"""`cancel_on_disconnect`: what becomes of a handler whose client goes."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any, ClassVar

import pytest
from twisted.internet import defer
from twisted.internet.defer import Deferred, inlineCallbacks, succeed

from cyclone_core.web import RequestHandler, asynchronous, stream_request_body
from cyclone_template import DictLoader

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported

POST = {"method": "POST", "Transfer_Encoding": "chunked"}


class Boom(Exception):  # noqa: N818
    """What is raised here."""


class Cancellable(RequestHandler):
    """Notes what happens to it."""

    cancel_on_disconnect = True
    seen: ClassVar[list[str]] = []

    def initialize(self) -> None:
        self.seen.clear()

    async def wait(self) -> None:
        try:
            await Deferred(lambda _: self.seen.append("canceller"))
        except defer.CancelledError:
            self.seen.append("cancelled")
            raise
        finally:
            self.seen.append("finally")

    def on_connection_close(self) -> None:
        self.seen.append("close")

    def on_finish(self) -> None:
        self.seen.append("finish")


ALL = ["close", "canceller", "cancelled", "finally", "finish"]


def test_method(serve: Serve) -> None:
    """The coroutine is cancelled behind `on_connection_close`, its `finally` runs, and one line is logged."""

    class Handler(Cancellable):
        async def get(self) -> None:
            await self.wait()
            self.seen.append("never")

    server = serve(Handler)
    connection = server.connect()
    connection.request()
    assert Handler.seen == []
    connection.leave()
    assert Handler.seen == ALL
    assert connection.sent == b""
    assert [each.get_status() for each in server.answered] == [499]


def test_is_off(serve: Serve) -> None:
    """Without it a handler comes to its own end."""
    gate: Deferred[None] = Deferred()

    class Handler(Cancellable):
        cancel_on_disconnect = False

        async def get(self) -> None:
            await gate
            self.seen.append("done")

    connection = serve(Handler).connect()
    connection.request()
    connection.leave()
    assert Handler.seen == ["close"]
    gate.callback(None)
    assert Handler.seen == ["close", "done", "finish"]


def test_without_hook(serve: Serve) -> None:
    """A handler needs no `on_connection_close` for it."""

    class Handler(RequestHandler):
        cancel_on_disconnect = True

        async def get(self) -> None:
            try:
                await Deferred()
            finally:
                gone.append(True)

    gone: list[bool] = []
    connection = serve(Handler).connect()
    connection.request()
    connection.leave()
    assert gone == [True]


def test_prepare(serve: Serve) -> None:
    """What `prepare` awaits is cancelled, and the method is not called."""

    class Handler(Cancellable):
        async def prepare(self) -> None:
            await self.wait()

        def get(self) -> None:
            self.seen.append("never")

    connection = serve(Handler).connect()
    connection.request()
    connection.leave()
    assert Handler.seen == ALL


def test_method_behind_prepare(serve: Serve) -> None:
    """What is cancelled is what runs when the client goes, not what ran before."""
    gate: Deferred[None] = Deferred()

    class Handler(Cancellable):
        async def prepare(self) -> None:
            await gate

        async def get(self) -> None:
            await self.wait()

    connection = serve(Handler).connect()
    connection.request()
    gate.callback(None)
    connection.leave()
    assert Handler.seen == ALL


def test_data_received(serve: Serve) -> None:
    """What takes a piece of a body is cancelled, and nothing follows."""

    @stream_request_body
    class Handler(Cancellable):
        async def data_received(self, chunk: bytes) -> None:
            self.seen.append(chunk.decode())
            if chunk == b"b":
                await self.wait()
            else:
                await succeed(None)

        def post(self) -> None:
            self.seen.append("never")

    connection = serve(Handler).connect()
    connection.request(**POST)
    connection.send(b"1\r\na\r\n")
    connection.send(b"1\r\nb\r\n")
    connection.send(b"1\r\nc\r\n")
    connection.leave()
    assert ["a", "b", *ALL] == Handler.seen


def test_between_pieces(serve: Serve) -> None:
    """Between two pieces of a body nothing runs that could be cancelled; the request is over."""
    gate: Deferred[None] = Deferred()

    @stream_request_body
    class Handler(Cancellable):
        async def data_received(self, chunk: bytes) -> None:
            self.seen.append(chunk.decode())
            await gate

        def post(self) -> None:
            self.seen.append("never")

    connection = serve(Handler).connect()
    connection.request(**POST)
    connection.send(b"1\r\na\r\n")
    gate.callback(None)
    connection.leave()
    assert Handler.seen == ["a", "close", "finish"]


class Awaiting:
    """Something that can be awaited and is neither a coroutine nor a Deferred."""

    def __init__(self, gate: Deferred[None]) -> None:
        self.gate = gate

    def __await__(self) -> Generator[Any, Any, None]:
        return self.gate.__await__()


class Kinds(Cancellable):
    """Waits in one of several ways."""

    def initialize(self, kind: str) -> None:  # type: ignore[override]
        super().initialize()
        self.kind = kind

    def get(self) -> Any:  # noqa: ANN401 -- that is the point
        return getattr(self, self.kind)()

    def deferred(self) -> Deferred[None]:
        return Deferred(lambda _: self.seen.append("canceller"))

    def awaitable(self) -> Awaiting:
        return Awaiting(self.deferred())

    @inlineCallbacks
    def inline(self) -> Generator[Any, Any, None]:
        try:
            yield self.deferred()
        finally:
            self.seen.append("finally")

    def generator(self) -> Generator[Any, Any, None]:
        yield self.inline()

    async def nested(self) -> None:
        await Deferred.fromCoroutine(self.inner())

    async def inner(self) -> None:
        await self.inline()


@pytest.mark.parametrize("kind", ["deferred", "awaitable", "inline", "generator", "nested"])
def test_kinds(serve: Serve, log: Log, kind: str) -> None:
    """Whatever waits is cancelled: Deferreds, `inlineCallbacks`, one in the other."""
    connection = serve([("/", Kinds, {"kind": kind})]).connect()
    connection.request()
    connection.leave()
    inner = [] if kind in ("deferred", "awaitable") else ["finally"]
    assert Kinds.seen == ["close", "canceller", *inner, "finish"]
    log.take("cyclone.coroutines")  # the generator's warning


def test_may_go_on(serve: Serve) -> None:
    """A coroutine that catches the exception comes to its own end; what it answers goes nowhere."""

    class Handler(Cancellable):
        async def get(self) -> None:
            try:
                await self.wait()
            except defer.CancelledError:
                self.write("too late")

    server = serve(Handler)
    connection = server.connect()
    connection.request()
    connection.leave()
    assert Handler.seen == ALL
    assert [each.get_status() for each in server.answered] == [200]


def test_prepare_that_goes_on(serve: Serve) -> None:
    """If `prepare` catches the exception the method begins, and is cancelled at its first await."""

    class Handler(Cancellable):
        async def prepare(self) -> None:
            try:
                await Deferred()
            except defer.CancelledError:
                self.seen.append("prepare")

        async def get(self) -> None:
            await self.wait()

    connection = serve(Handler).connect()
    connection.request()
    connection.leave()
    assert ["close", "prepare", *ALL[1:]] == Handler.seen


def test_mistake_while_cleaning_up(serve: Serve, log: Log) -> None:
    """Another exception that is raised then is logged as any other."""

    class Handler(Cancellable):
        async def get(self) -> None:
            try:
                await self.wait()
            finally:
                raise Boom

    connection = serve(Handler).connect()
    connection.request()
    connection.leave()
    assert Handler.seen == ALL
    assert [type(error) for error in log.failures()] == [Boom]


def test_own_cancellation(serve: Serve, log: Log) -> None:
    """While the client is there a `CancelledError` is a failure like others."""

    class Handler(Cancellable):
        async def get(self) -> None:
            gate: Deferred[None] = Deferred()
            gate.cancel()
            await gate

    assert serve(Handler).ask().status == 500
    assert [type(error) for error in log.failures()] == [defer.CancelledError]


def test_answered_by_the_hook(serve: Serve) -> None:
    """If `on_connection_close` has finished the request, what runs is cancelled all the same."""

    class Handler(Cancellable):
        async def get(self) -> None:
            await self.wait()

        def on_connection_close(self) -> None:
            super().on_connection_close()
            self.finish("nobody reads this")

    server = serve(Handler)
    connection = server.connect()
    connection.request()
    connection.leave()
    assert Handler.seen == ["close", "finish", "canceller", "cancelled", "finally"]
    assert [each.get_status() for each in server.answered] == [200]


def test_behind_the_head(serve: Serve) -> None:
    """The log shows the status that the client has seen, if it has."""

    class Handler(Cancellable):
        async def get(self) -> None:
            await self.flush()
            await self.wait()

    server = serve(Handler)
    connection = server.connect()
    connection.request()
    connection.leave()
    assert Handler.seen == ALL
    assert [each.get_status() for each in server.answered] == [200]


def test_nothing_runs(serve: Serve) -> None:
    """A handler that has returned and answers later has nothing to be cancelled."""

    class Handler(Cancellable):
        @asynchronous
        def get(self) -> None:
            handlers.append(self)

    handlers: list[Handler] = []
    connection = serve(Handler).connect()
    connection.request()
    connection.leave()
    assert Handler.seen == ["close"]
    handlers[0].finish()
    assert Handler.seen == ["close", "finish"]


def test_pages_that_wait(serve: Serve) -> None:
    """A page that waits is cancelled with the handler that awaits it."""
    gate: Deferred[str] = Deferred(lambda _: Cancellable.seen.append("canceller"))

    class Handler(Cancellable):
        async def get(self) -> None:
            await self.render("page.html", gate=gate)

    server = serve(Handler, template_loader=DictLoader({"page.html": "{{ gate }}"}))
    connection = server.connect()
    connection.request()
    connection.leave()
    assert Handler.seen == ["close", "canceller", "finish"]
    assert [each.get_status() for each in server.answered] == [499]


@pytest.mark.parametrize("how", ["leave", "answer"])
def test_nothing_is_left(serve: Serve, how: str) -> None:
    """The handler is freed without the garbage collector."""
    refs: list[weakref.ref[RequestHandler]] = []
    gates: list[Deferred[None]] = []

    class Handler(RequestHandler):
        cancel_on_disconnect = True

        async def get(self) -> None:
            refs.append(weakref.ref(self))
            gates.append(Deferred())
            await gates[0]

    server = serve(Handler, log_function=lambda _: None)
    connection = server.connect()
    gc.disable()
    try:
        connection.request()
        if how == "leave":
            connection.leave()
        else:
            gates[0].callback(None)
        gates.clear()
        assert refs[0]() is None
    finally:
        gc.enable()


class TestOnALoop:
    """The same where an asyncio loop runs, in which handlers are Tasks."""

    def test_method(self, serve: Serve) -> None:
        """Asyncio's exception is raised at the await, in a later turn of the loop."""

        class Handler(Cancellable):
            async def get(self) -> None:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    self.seen.append("cancelled")
                    await asyncio.sleep(0)
                    raise
                finally:
                    self.seen.append("finally")

        server = serve(Handler)

        async def main() -> None:
            connection = server.connect()
            connection.request()
            await asyncio.sleep(0)
            connection.leave()
            for _ in range(6):
                await asyncio.sleep(0)

        asyncio.run(main())
        assert Handler.seen == ["close", "cancelled", "finally", "finish"]
        assert [each.get_status() for each in server.answered] == [499]

    def test_returned_future(self, serve: Serve) -> None:
        """A Future that a method returns, as Tornado's coroutines did, is cancelled."""
        futures: list[asyncio.Future[None]] = []

        class Handler(Cancellable):
            def get(self) -> "asyncio.Future[None]":
                futures.append(asyncio.get_running_loop().create_future())
                return futures[0]

        async def main() -> None:
            connection = serve(Handler).connect()
            connection.request()
            connection.leave()
            for _ in range(4):
                await asyncio.sleep(0)

        asyncio.run(main())
        assert futures[0].cancelled()
        assert Handler.seen == ["close", "finish"]

    def test_async_generators(self, serve: Serve) -> None:
        """An asynchronous generator that the coroutine iterates is closed."""

        class Handler(Cancellable):
            async def values(self) -> AsyncIterator[int]:
                try:
                    while True:
                        yield 1
                        await asyncio.sleep(60)
                finally:
                    self.seen.append("finally")

            async def get(self) -> None:
                async for _ in self.values():
                    pass

        async def main() -> None:
            connection = serve(Handler).connect()
            connection.request()
            connection.leave()
            for _ in range(4):
                await asyncio.sleep(0)

        asyncio.run(main())
        assert Handler.seen == ["close", "finally", "finish"]
