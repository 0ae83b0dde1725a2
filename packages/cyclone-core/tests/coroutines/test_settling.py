"""What of the things that a method may return must be waited for."""

import asyncio
from contextvars import copy_context
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred, succeed

from cyclone_core.coroutines import settle

if TYPE_CHECKING:
    from twisted.python.failure import Failure


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
