"""Waiting for what methods return."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextvars import copy_context
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from cyclone_core.web import RequestHandler
from cyclone_core.web.coroutines import settle

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


def test_nothing_to_wait_for() -> None:
    """Plain values and coroutines that end at once cost no Deferred."""

    async def done() -> str:
        return await succeed("x")

    for value in (None, "text", 5, done()):
        assert settle(value, copy_context()) is None


def test_deferred_is_itself() -> None:
    """A Deferred is waited for as it is."""
    gate: Deferred[None] = Deferred()
    assert settle(gate, copy_context()) is gate


def test_coroutine_result() -> None:
    """A suspended coroutine becomes a Deferred that fires at its end."""
    gate: Deferred[str] = Deferred()

    async def wait() -> None:
        await gate

    fired: list[object] = []
    waiting = settle(wait(), copy_context())
    assert waiting is not None
    waiting.addBoth(fired.append)
    assert fired == []
    gate.callback("x")
    assert fired == [None]


def test_base_exceptions_end_the_wait() -> None:
    """An exception that is no `Exception` fails the Deferred, too."""
    gate: Deferred[None] = Deferred()

    async def wait() -> None:
        await gate
        raise asyncio.CancelledError

    waiting = settle(wait(), copy_context())
    assert waiting is not None
    caught: list[Failure] = []
    waiting.addErrback(caught.append)
    gate.callback(None)
    assert caught[0].check(asyncio.CancelledError)


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
    (line,) = log.take("cyclone.web")
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
