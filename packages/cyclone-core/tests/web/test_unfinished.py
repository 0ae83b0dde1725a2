"""The warning of requests that nobody will finish."""

import gc
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol

from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.web import RequestHandler, asynchronous

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported

NEVER = "nobody will finish this request"


class Forgetful(RequestHandler):
    """Forgets to finish."""

    @asynchronous
    def get(self) -> None:
        self.write("and then?")


class Keeping(RequestHandler):
    """Is kept by somebody who may finish it."""

    kept: list["Keeping"]

    def initialize(self, kept: list["Keeping"]) -> None:  # type: ignore[override]
        self.kept = kept

    @asynchronous
    def get(self) -> None:
        self.kept.append(self)


def test_forgotten(serve: Serve, log: Log) -> None:
    """The log names the request, and the method that has returned, with its file and line."""
    connection = serve(Forgetful, debug=True).connect()
    connection.request("/wait?token=abc")
    gc.collect()
    (told,) = log.take()
    assert told.startswith(
        f"GET /wait?token=*** (192.168.1.1): {NEVER}. Forgetful.get() ({__file__}:"
    )
    assert connection.sent == b""


def test_without_debug(serve: Serve, log: Log) -> None:
    """Nobody looks for it in production."""
    serve(Forgetful).connect().request()
    gc.collect()
    assert log.take() == []


def test_kept(serve: Serve, log: Log) -> None:
    """While somebody has the handler there is hope, and once it is finished there is nothing to say."""
    kept: list[Keeping] = []
    connection = serve([("/", Keeping, {"kept": kept})], debug=True).connect()
    connection.request()
    gc.collect()
    kept.pop().finish("late")
    gc.collect()
    assert connection.read("GET")[0].text == "late"
    assert log.take() == []


def test_client_left(serve: Serve, log: Log) -> None:
    """A client that has left does not wait."""
    kept: list[Keeping] = []
    connection = serve([("/", Keeping, {"kept": kept})], debug=True).connect()
    connection.request()
    connection.leave()
    kept.clear()
    gc.collect()
    assert log.take() == []


def test_detached(serve: Serve, log: Log) -> None:
    """A connection that was taken over later is nobody's unfinished request."""
    kept: list[Keeping] = []
    connection = serve([("/", Keeping, {"kept": kept})], debug=True).connect()
    connection.request()
    kept.pop().detach(Protocol())
    gc.collect()
    assert log.take() == []


def test_waiting_coroutine(serve: Serve, log: Log) -> None:
    """A coroutine that waits for something holds its handler; one whose Deferred is lost does not."""
    events: list[Deferred[str]] = []

    class Waiting(RequestHandler):
        async def get(self) -> None:
            event: Deferred[str] = Deferred()
            events.append(event)
            self.write(await event)

    server = serve(Waiting, debug=True)
    first, second = server.connect(), server.connect()
    first.request()
    second.request()
    gc.collect()
    assert log.take() == []
    events[0].callback("here")
    assert first.read("GET")[0].text == "here"
    events.clear()
    gc.collect()
    (told,) = log.take()
    assert NEVER in told
    assert "Waiting.get() (" in told


def test_method_without_source(serve: Serve, log: Log) -> None:
    """A method that is no Python function has no line; the class is named alone."""

    class Odd(RequestHandler):
        get = staticmethod(id)  # type: ignore[assignment]

        def prepare(self) -> None:
            self.path_args = ("the argument of id()",)
            self._auto_finish = False

    connection = serve(Odd, debug=True).connect()
    connection.request()
    gc.collect()
    (told,) = log.take()
    assert f"{NEVER}. test_method_without_source.<locals>.Odd has returned" in told


def test_by_hand(serve: Serve, log: Log) -> None:
    """A request that came over no connection has no client that waits."""
    request = HTTPServerRequest("GET", "/")
    handler = Forgetful(serve(Forgetful, debug=True).application, request)
    handler._watch_connection()
    del handler
    gc.collect()
    assert log.take() == []
