"""Handlers whose methods wait: coroutines, Deferreds, generators and other awaitables."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, inlineCallbacks, succeed
from twisted.python.failure import Failure

from cyclone_core.web import RequestHandler

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported


class Boom(Exception):  # noqa: N818
    """What is raised here."""


class Eventual:
    """Something that can be awaited and is neither a coroutine nor a Deferred."""

    def __init__(self, gate: Deferred[str]) -> None:
        self.gate = gate

    def __await__(self) -> Generator[Any, Any, str]:
        return self.gate.__await__()


def test_undecorated_generator(serve: Serve, log: Log) -> None:
    """A generator that lacks `inlineCallbacks` is run as if it had it, with a warning."""
    gate: Deferred[str] = Deferred()
    calls = []

    class Handler(RequestHandler):
        def get(self) -> Iterator[Any]:
            calls.append(1)
            first = yield succeed("a")
            second = yield gate
            self.write(first + second)

    connection = serve(Handler).connect()
    connection.request()
    assert connection.sent == b""
    gate.callback("b")
    assert connection.read("GET")[0].text == "ab"
    assert calls == [1]
    (line,) = log.take("cyclone.coroutines")
    assert "Handler.get returned a generator: is @inlineCallbacks missing?" in line


def test_undecorated_generator_fails(serve: Serve, log: Log) -> None:
    """What such a generator raises is an error page."""

    class Handler(RequestHandler):
        def get(self) -> Iterator[Any]:
            yield fail(Boom())

    assert serve(Handler).ask().status == 500
    assert [type(error) for error in log.failures()] == [Boom]


def test_other_awaitables(serve: Serve) -> None:
    """Anything that can be awaited may be returned."""
    gate: Deferred[str] = Deferred()

    class Handler(RequestHandler):
        def get(self) -> Eventual:
            return Eventual(gate.addCallback(self.write))

    connection = serve(Handler).connect()
    connection.request()
    assert connection.sent == b""
    gate.callback("eventually")
    assert connection.read("GET")[0].text == "eventually"


def test_async_generator(serve: Serve, log: Log) -> None:
    """An `async def` method that yields is told so, instead of an empty answer."""

    class Handler(RequestHandler):
        async def get(self) -> AsyncIterator[str]:
            yield "never"

    assert serve(Handler).ask().status == 500
    (error,) = log.failures()
    assert isinstance(error, TypeError)
    assert "async generator" in str(error)
    assert "Handler.get" in str(error)


def test_returned_failure(serve: Serve, log: Log) -> None:
    """A returned Failure is an error, as in cyclone 1.x."""

    class Handler(RequestHandler):
        def get(self) -> Failure:
            return Failure(Boom())

    assert serve(Handler).ask().status == 500
    assert [type(error) for error in log.failures()] == [Boom]


@pytest.mark.parametrize("how", ["awaited", "returned", "late"])
def test_asyncio_future(serve: Serve, log: Log, how: str) -> None:
    """Asyncio's objects cannot be awaited on this reactor; the error says what is needed."""
    loop = asyncio.new_event_loop()
    gate: Deferred[None] = Deferred()

    class Handler(RequestHandler):
        def get(self) -> object:
            future = loop.create_future()
            return future if how == "returned" else self.wait(future)

        async def wait(self, future: "asyncio.Future[None]") -> None:
            if how == "late":
                await gate
            await future

    connection = serve(Handler).connect()
    connection.request()
    gate.callback(None)
    loop.close()
    assert connection.read("GET")[0].status == 500
    (error,) = log.failures()
    assert isinstance(error, TypeError)
    assert "asyncio reactor" in str(error)


def test_asyncio_future_caught(serve: Serve) -> None:
    """The error is raised at the `await`, so a handler can go on."""
    loop = asyncio.new_event_loop()

    class Handler(RequestHandler):
        async def get(self) -> None:
            try:
                await loop.create_future()
            except TypeError:
                self.write("caught")

    answer = serve(Handler).ask()
    loop.close()
    assert answer.text == "caught"


async def turns() -> None:
    """Let the loop do what is due."""
    for _ in range(10):
        await asyncio.sleep(0)


request_id: ContextVar[str] = ContextVar("request_id", default="none")


class TestOnALoop:
    """Handlers where an asyncio loop runs, as on Twisted's asyncio reactor."""

    def test_both_kinds(self, serve: Serve) -> None:
        """A method may await futures, with a time limit, and Deferreds."""
        gate: Deferred[str] = Deferred()

        class Handler(RequestHandler):
            async def get(self) -> None:
                async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                    child = group.create_task(asyncio.sleep(0, "a"))
                self.write(child.result() + await gate)

        async def main() -> None:
            connection = serve(Handler).connect()
            connection.request()
            await asyncio.sleep(0.001)
            gate.callback("b")
            await turns()
            assert connection.read("GET")[0].text == "ab"

        asyncio.run(main())

    def test_answers_of_one_turn(self, serve: Serve) -> None:
        """Methods that await nothing answer at once, in one write."""

        class Handler(RequestHandler):
            async def get(self) -> None:
                self.write(type(asyncio.current_task()).__name__)

        async def main() -> None:
            server = serve(Handler)
            connection = server.connect()
            connection.send(server.request() * 3)
            assert [answer.text for answer in connection.read(*["GET"] * 3)] == ["Task"] * 3

        asyncio.run(main())

    def test_context(self, serve: Serve) -> None:
        """One context for the whole request, and none for two."""
        seen = []

        class Handler(RequestHandler):
            async def prepare(self) -> None:
                self.token = request_id.set(self.get_argument("id"))
                await asyncio.sleep(0)

            async def get(self) -> None:
                seen.append(request_id.get())
                await asyncio.sleep(0)
                seen.append(request_id.get())

            def on_finish(self) -> None:
                seen.append(request_id.get())
                request_id.reset(self.token)  # only in the context in which it was set

        async def main() -> None:
            connections = [serve(Handler).connect() for _ in range(2)]
            for number, connection in enumerate(connections):
                connection.request(f"/?id={number}")
            await turns()

        asyncio.run(main())
        assert sorted(seen) == ["0"] * 3 + ["1"] * 3
        assert request_id.get() == "none"

    def test_failures(self, serve: Serve, log: Log) -> None:
        """What is raised before and behind an await is an error page."""

        class Handler(RequestHandler):
            async def get(self) -> None:
                if self.get_argument("late", ""):
                    await asyncio.sleep(0)
                raise Boom

        async def main() -> None:
            for path in ("/", "/?late=1"):
                connection = serve(Handler).connect()
                connection.request(path)
                await turns()
                assert connection.read("GET")[0].status == 500

        asyncio.run(main())
        assert [type(error) for error in log.failures()] == [Boom, Boom]

    def test_end_of_the_loop(self, serve: Serve, log: Log) -> None:
        """A request whose Task is cancelled by `asyncio.run` at its end is answered with 503."""

        class Handler(RequestHandler):
            async def get(self) -> None:
                await asyncio.sleep(60)

        connection = serve(Handler).connect()

        async def main() -> None:
            connection.request()
            await asyncio.sleep(0)

        asyncio.run(main())
        assert connection.read("GET")[0].status == 503
        (line,) = log.take("cyclone.web")
        assert "was cancelled" in line


def test_nested(serve: Serve) -> None:
    """Coroutines, `inlineCallbacks` and Deferreds may await one another to any depth."""
    gate: Deferred[str] = Deferred()

    class Handler(RequestHandler):
        async def innermost(self) -> str:
            return await gate + "c"

        @inlineCallbacks
        def middle(self) -> Generator[Any, Any, str]:
            value = yield Deferred.fromCoroutine(self.innermost())
            return value + "d"

        async def outer(self) -> str:
            return await self.middle() + "e"

        async def get(self) -> None:
            self.write(await self.outer())

    connection = serve(Handler).connect()
    connection.request()
    gate.callback("b")
    assert connection.read("GET")[0].text == "bcde"
