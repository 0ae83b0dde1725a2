"""Cached functions on a loop of asyncio, as it runs below Twisted's asyncio reactor."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from cyclone_storage.caching import CacheStats, CircularWait, cached

request_id: ContextVar[str] = ContextVar("request_id")


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test on a loop, which complains of what is left."""

    async def complained() -> list[Any]:
        problems: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, it: problems.append(it))
        await asyncio.wait_for(main(), 30)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return problems

    assert asyncio.run(complained()) == []


def future(waiting: Deferred[Any]) -> "asyncio.Future[Any]":
    """Return what a Task can await."""
    return waiting.asFuture(asyncio.get_running_loop())


def soon(result: object) -> Deferred[Any]:
    """Return a Deferred that fires in a later turn, with an exception if it is one."""
    later: Deferred[Any] = Deferred()
    fire = later.errback if isinstance(result, Exception) else later.callback
    asyncio.get_running_loop().call_soon(fire, result)
    return later


def test_both_worlds() -> None:
    """A cached coroutine awaits futures, Tasks, timeouts, Deferreds and other cached functions."""

    @cached(10)
    async def inner(text: str) -> str:
        return await asyncio.sleep(0, text)

    @cached(10)
    async def both() -> str:
        async with asyncio.timeout(20):
            text: str = await soon("a")
            text += await asyncio.sleep(0.001, "b")
            text += "".join(await asyncio.gather(*[asyncio.sleep(0, each) for each in "cd"]))
            text += await inner("e")
        return text

    async def main() -> None:
        assert await asyncio.gather(future(both()), future(both())) == ["abcde"] * 2
        assert both.stats() == CacheStats(shared=1, misses=1, entries=1)

    run(main)


def test_other_awaitables() -> None:
    """Objects with `__await__` and futures are waited for, too."""

    class Later:
        def __await__(self) -> Generator[Any, Any, str]:
            return (yield from asyncio.sleep(0, "later").__await__())

    async def main() -> None:
        assert await future(cached(10)(Later)()) == "later"
        assert await future(cached(10)(asyncio.create_task)(asyncio.sleep(0, "task"))) == "task"
        assert await future(cached(10)(lambda: soon("deferred"))()) == "deferred"

    run(main)


def test_failures() -> None:
    """What a Deferred fails with is raised where it is awaited, and may be handled there."""

    @cached(10)
    async def failing() -> None:
        try:
            await soon(ValueError("no"))
        except ValueError:
            await asyncio.sleep(0)
            raise KeyError("really not") from None

    async def main() -> None:
        with pytest.raises(KeyError, match="really not"):
            await future(failing())
        assert failing.stats() == CacheStats(misses=1, failures=1)

    run(main)


@pytest.mark.parametrize("turns", [0, 1, 3])
@pytest.mark.parametrize("awaited", ["future", "deferred"])
def test_all_give_up(turns: int, awaited: str) -> None:
    """When nobody waits any more the coroutine is cancelled, however far it is, and cleans up."""
    said: list[object] = []
    deferred: Deferred[None] = Deferred(lambda _: said.append("Deferred cancelled"))

    @cached(10)
    async def slow() -> None:
        said.append("began")
        try:
            await (asyncio.sleep(60) if awaited == "future" else deferred)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            said.append("cancelled")
            raise

    async def main() -> None:
        waiting = slow()
        gone: list[Any] = []
        waiting.addErrback(gone.append)
        for _ in range(turns):
            await asyncio.sleep(0)
        waiting.cancel()
        assert gone[0].check(CancelledError)
        for _ in range(9):
            await asyncio.sleep(0)
        assert slow.stats() == CacheStats(misses=1, failures=1)
        expected = ["began", "Deferred cancelled", "cancelled"] if turns else []
        assert said == [
            each for each in expected if "Deferred" not in each or awaited == "deferred"
        ]

    run(main)


def test_late_deferred() -> None:
    """A Deferred that fires although it was cancelled disturbs nobody."""
    deferred: Deferred[None] = Deferred(lambda it: it.errback(ValueError("cancelled")))

    @cached(10)
    async def slow() -> str:
        try:
            await deferred
        except asyncio.CancelledError:
            return "went on"
        raise AssertionError

    async def main() -> None:
        waiting = slow()
        waiting.addErrback(lambda _: None)
        await asyncio.sleep(0)
        waiting.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
        assert slow.stats() == CacheStats(misses=1)

    run(main)


def test_context() -> None:
    """The coroutine runs in the context of whoever began it, in a Task of its own."""

    @cached(10)
    async def where() -> tuple[str, bool]:
        own = asyncio.current_task()
        await soon(None)
        return request_id.get(), asyncio.current_task() is own is not None

    async def main() -> None:
        request_id.set("1")
        assert await future(where()) == ("1", True)

    run(main)


def test_waits_for_itself() -> None:
    """A coroutine that asks for its own result fails here, too."""

    @cached(10)
    async def endless() -> Any:  # noqa: ANN401 -- nothing
        await asyncio.sleep(0)
        return await endless()

    async def main() -> None:
        with pytest.raises(CircularWait, match="waits for its own result"):
            await future(endless())

    run(main)
