"""Coroutines where no asyncio loop runs."""

import asyncio
import contextlib
import gc
import weakref
from collections.abc import Generator
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, fail, succeed

from cyclone_core.coroutines import drive

if TYPE_CHECKING:
    from twisted.python.failure import Failure

name: ContextVar[str] = ContextVar("name")


class Boom(Exception):  # noqa: N818
    """What is raised here."""


def started(coroutine: Any) -> "Deferred[Any]":  # noqa: ANN401 -- any coroutine
    """Drive a coroutine that waits."""
    end = drive(coroutine, copy_context())
    assert end is not None
    return end


def test_ends_at_once() -> None:
    """A coroutine that awaits nothing, or what is there, costs no Deferred."""

    async def done() -> str:
        return await succeed("x")

    assert drive(done(), copy_context()) is None


def test_raises_at_once() -> None:
    """What it raises before it waits comes out of the call."""

    async def boom() -> None:
        await fail(Boom())

    with pytest.raises(Boom):
        drive(boom(), copy_context())


def test_waits() -> None:
    """A Deferred fires at its end, with None."""
    gates: list[Deferred[str]] = [Deferred(), Deferred()]
    got: list[object] = []

    async def wait() -> str:
        got.extend([await gate for gate in gates])
        return "unused"

    end = started(wait())
    end.addCallback(got.append)
    gates[0].callback("a")
    assert got == []
    gates[1].callback("b")
    assert got == ["a", "b", None]


def test_failure_is_raised_at_the_await() -> None:
    """A Deferred that fails raises, and the coroutine may go on."""
    gate: Deferred[None] = Deferred()
    got: list[object] = []

    async def wait() -> None:
        try:
            await gate
        except Boom:
            got.append("caught")

    started(wait()).addCallback(got.append)
    gate.errback(Boom())
    assert got == ["caught", None]


def test_context() -> None:
    """What it has set holds behind an await, and nowhere else."""
    gate: Deferred[None] = Deferred()
    seen: list[str] = []

    async def wait() -> None:
        name.set("mine")
        await gate
        seen.append(name.get())

    context = copy_context()
    context.run(drive, wait(), context)
    gate.callback(None)
    assert seen == ["mine"]
    assert name.get("unset") == "unset"


def test_asyncio_is_explained() -> None:
    """What belongs to asyncio cannot be awaited here, and the error says what to do."""
    loop = asyncio.new_event_loop()

    async def wait() -> None:
        await loop.create_future()

    end = started(wait())
    loop.close()
    caught: list[Failure] = []
    end.addErrback(caught.append)
    assert caught[0].check(TypeError)
    assert "--loop asyncio" in caught[0].getErrorMessage()
    assert "--reactor=asyncio" in caught[0].getErrorMessage()


class TestCancelling:
    """What `cancel` does."""

    def test_cancels_what_is_awaited(self) -> None:
        """Twisted's exception is raised at the await, once the Deferred's canceller has run."""
        order: list[object] = []
        gate: Deferred[None] = Deferred(lambda _: order.append("canceller"))

        async def wait() -> None:
            try:
                await gate
            finally:
                order.append("finally")

        end = started(wait())
        end.addErrback(lambda failure: order.append(failure.check(CancelledError)))
        end.cancel()
        assert order == ["canceller", "finally", CancelledError]
        end.cancel()  # there is nothing left

    def test_cleaning_up_takes_time(self) -> None:
        """The end comes when all that the coroutine still does is done, and only once."""
        gate: Deferred[None] = Deferred()
        cleaning: Deferred[None] = Deferred()
        ends: list[object] = []

        async def wait() -> None:
            try:
                await gate
            finally:
                await cleaning

        end = started(wait())
        end.addBoth(lambda result: ends.append(result.check(CancelledError)))
        end.cancel()
        assert ends == []
        cleaning.callback(None)
        assert ends == [CancelledError]

    def test_coroutine_may_go_on(self) -> None:
        """A coroutine that catches the exception comes to its own end."""
        gate: Deferred[None] = Deferred()

        async def wait() -> None:
            with contextlib.suppress(CancelledError):
                await gate

        ends: list[object] = []
        end = started(wait())
        end.addBoth(ends.append)
        end.cancel()
        assert ends == [None]

    def test_while_it_runs(self) -> None:
        """A coroutine that causes its own cancellation meets it at its next await."""
        gates: list[Deferred[None]] = [Deferred(), Deferred()]
        seen: list[str] = []
        ends: list[Deferred[Any]] = []

        async def wait() -> None:
            await gates[0]
            ends[0].cancel()
            seen.append("still there")
            try:
                await gates[1]
            except CancelledError:
                seen.append("cancelled")

        ends.append(started(wait()))
        gates[0].callback(None)
        assert seen == ["still there", "cancelled"]
        assert ends[0].called


class Yielding:
    """An awaitable that yields a Deferred itself and takes what is sent back."""

    def __init__(self, gate: Deferred[str]) -> None:
        self.gate = gate

    def __await__(self) -> Generator[Any, Any, str]:
        return (yield self.gate)  # type: ignore[no-any-return]


def test_value_is_sent_back() -> None:
    """Awaitables of other libraries get the Deferred's value, also if it has fired already."""
    gate: Deferred[str] = Deferred()
    got: list[str] = []

    async def wait() -> None:
        got.append(await Yielding(succeed("a")))
        got.append(await Yielding(gate))

    end = started(wait())
    gate.callback("b")
    assert end.called
    assert got == ["a", "b"]


class Weak:
    """Something a coroutine holds on to."""


@pytest.mark.parametrize("how", ["result", "failure", "cancel"])
def test_nothing_is_left(how: str) -> None:
    """When a coroutine has ended it is freed, without the garbage collector."""
    gates: list[Deferred[None]] = [Deferred()]
    refs: list[weakref.ref[Weak]] = []

    async def wait() -> None:
        held = Weak()
        refs.append(weakref.ref(held))
        await gates[0]

    gc.disable()
    try:
        end = started(wait())
        if how == "result":
            gates[0].callback(None)
        elif how == "failure":
            gates[0].errback(Boom())
        else:
            end.cancel()
        end.addErrback(lambda failure: failure.cleanFailure())
        gates.clear()
        del end
        assert refs[0]() is None
    finally:
        gc.enable()
