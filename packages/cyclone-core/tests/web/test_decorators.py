"""The decorators of methods."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred, inlineCallbacks

from cyclone_core.web import RequestHandler, asynchronous

Serve = Callable[..., Any]


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
