"""Functions that answer requests without the web framework."""

import asyncio
from collections.abc import Generator
from contextvars import ContextVar
from typing import Any

import pytest
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.testing import MemoryReactorClock

from cyclone_core.httpserver import HTTPServer
from cyclone_core.httpserver.functions import FunctionServer
from cyclone_core.httputil import HTTPServerRequest

from .conftest import GET, OK, POST, Client, Log, begin, respond

number: ContextVar[int] = ContextVar("number", default=0)


class Boom(Exception):  # noqa: N818
    """What is raised here."""


def ask(function: object, reactor: MemoryReactorClock, data: bytes = GET) -> Client:
    """Serve a function, and send requests to it."""
    client = Client(HTTPServer(function, reactor=reactor), reactor)
    client.send(data)
    return client


def test_coroutine(reactor: MemoryReactorClock) -> None:
    """An `async def` answers when it is done with waiting; pipelined requests wait for it."""
    gates: list[Deferred[bytes]] = []

    async def function(request: HTTPServerRequest) -> None:
        gates.append(Deferred())
        respond(request, await gates[-1])

    client = ask(function, reactor, GET + POST + b"0123456789")
    assert client.received() == b""
    gates[0].callback(b"ok")
    client.turn()
    assert len(gates) == 2
    gates[1].callback(b"ok")
    assert client.received() == OK * 2


@pytest.mark.parametrize("data", [GET, POST + b"0123456789"])
def test_answers_at_once(reactor: MemoryReactorClock, data: bytes) -> None:
    """One that awaits nothing answers at once, with a body or without."""

    async def function(request: HTTPServerRequest) -> None:
        respond(request)

    assert ask(function, reactor, data).received() == OK


def test_other_kinds(reactor: MemoryReactorClock) -> None:
    """`inlineCallbacks` and Deferreds are waited for; other values are ignored."""
    gate: Deferred[None] = Deferred()

    @inlineCallbacks
    def inline(request: HTTPServerRequest) -> Generator[Any, Any, None]:
        yield gate
        respond(request)

    def plain(request: HTTPServerRequest) -> str:
        respond(request)
        return "ignored"

    client = ask(inline, reactor)
    gate.callback(None)
    assert client.received() == OK
    assert ask(plain, reactor).received() == OK


def test_context(reactor: MemoryReactorClock) -> None:
    """Each request has a context of its own, behind an await, too."""
    seen: list[int] = []
    gate: Deferred[None] = Deferred()

    async def function(request: HTTPServerRequest) -> None:
        seen.append(number.get())
        number.set(5)
        if not gate.called:
            await gate
        seen.append(number.get())
        respond(request)

    client = ask(function, reactor, GET + GET)
    gate.callback(None)
    client.turn()
    assert seen == [0, 5, 0, 5]
    assert number.get() == 0


@pytest.mark.parametrize("late", [False, True])
def test_fails(reactor: MemoryReactorClock, log: Log, late: bool) -> None:
    """What it raises is an error page and one failure in the log."""
    gate: Deferred[None] = Deferred()

    async def function(_: HTTPServerRequest) -> None:
        if late:
            await gate
        raise Boom

    client = ask(function, reactor)
    gate.callback(None)
    assert client.received().startswith(b"HTTP/1.1 500 ")
    assert len(log.flush(Boom)) == 1


def test_fails_behind_the_head(reactor: MemoryReactorClock, log: Log) -> None:
    """If it has begun to answer, the connection is cut."""
    gate: Deferred[None] = Deferred()

    async def function(request: HTTPServerRequest) -> None:
        begin(request, b"x")
        await gate
        raise Boom

    client = ask(function, reactor)
    gate.callback(None)
    assert client.wire.aborted
    assert len(log.flush(Boom)) == 1


def test_fails_behind_the_answer(reactor: MemoryReactorClock, log: Log) -> None:
    """If the answer is complete the client does not notice."""
    gate: Deferred[None] = Deferred()

    async def function(request: HTTPServerRequest) -> None:
        respond(request)
        if request.path == "/":
            await gate
            raise Boom

    client = ask(function, reactor)
    assert client.received() == OK
    gate.callback(None)
    assert len(log.flush(Boom)) == 1
    client.send(GET.replace(b"/ ", b"/other ", 1))
    assert client.received() == OK
    assert not client.closed


def test_client_goes(reactor: MemoryReactorClock, log: Log) -> None:
    """If the client has gone there is nobody to answer."""
    gate: Deferred[None] = Deferred()

    async def function(_: HTTPServerRequest) -> None:
        await gate
        raise Boom

    client = ask(function, reactor)
    client.vanish()
    gate.callback(None)
    assert client.received() == b""
    assert len(log.flush(Boom)) == 1


def test_request_made_by_hand(reactor: MemoryReactorClock, log: Log) -> None:
    """A request that came from no server has no connection to answer on."""
    gate: Deferred[None] = Deferred()

    async def function(_: HTTPServerRequest) -> None:
        await gate
        raise Boom

    server = HTTPServer(function, reactor=reactor)
    FunctionServer(function, server)(HTTPServerRequest("GET", "/"))
    gate.callback(None)
    assert len(log.flush(Boom)) == 1


def test_bad_body(reactor: MemoryReactorClock) -> None:
    """A function does not see a request whose body is none."""
    called: list[object] = []
    form = b"Content-Type: multipart/form-data\r\n\r\n"
    client = ask(called.append, reactor, POST.removesuffix(b"\r\n") + form + b"0123456789")
    assert client.received().startswith(b"HTTP/1.1 400 ")
    assert called == []


def test_on_a_loop(reactor: MemoryReactorClock) -> None:
    """Where an asyncio loop runs it may await what belongs to that; its end answers with 503."""

    async def function(request: HTTPServerRequest) -> None:
        await asyncio.sleep(0 if request.path == "/" else 60)
        respond(request)

    async def main() -> None:
        client = Client(HTTPServer(function, reactor=reactor), reactor)
        client.send(GET)
        for _ in range(4):
            await asyncio.sleep(0)
        assert client.received() == OK
        client.send(GET.replace(b"/ ", b"/slow ", 1))
        await asyncio.sleep(0)
        clients.append(client)

    clients: list[Client] = []
    asyncio.run(main())
    assert clients[0].received().startswith(b"HTTP/1.1 503 ")
