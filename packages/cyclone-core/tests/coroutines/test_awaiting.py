"""Deferreds that tasks of asyncio can await, too."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from cyclone_core.coroutines import awaitable
from cyclone_core.testing import result_of


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 -- what it gives
    """Run a coroutine as a Task."""
    return asyncio.run(coroutine)


async def give(value: object, waiting: Deferred[Any]) -> None:
    """Let a Deferred fire in the next turn."""
    await asyncio.sleep(0)
    if isinstance(value, Exception):
        waiting.errback(value)
    else:
        waiting.callback(value)


async def wait_for(waiting: Awaitable[Any]) -> Any:  # noqa: ANN401 -- what it gives
    """Await something."""
    return await waiting


def test_without_loop() -> None:
    """Where no loop runs nothing is added."""
    waiting: Deferred[int] = Deferred()
    assert awaitable(waiting) is waiting


def test_task() -> None:
    """A task gets the result, whether it comes later or is there already."""

    async def main() -> list[int]:
        later: Deferred[int] = Deferred()
        now: Deferred[int] = Deferred()
        now.callback(2)
        both = asyncio.gather(wait_for(awaitable(later)), wait_for(awaitable(now)))
        await give(1, later)
        return list(await both)

    assert run(main()) == [1, 2]


def test_task_fails() -> None:
    """A task gets what the Deferred fails with."""

    async def main() -> None:
        waiting: Deferred[int] = Deferred()
        task = asyncio.create_task(wait_for(awaitable(waiting)))
        await give(ZeroDivisionError(), waiting)
        await task

    with pytest.raises(ZeroDivisionError):
        run(main())


def test_task_is_cancelled() -> None:
    """To cancel the task cancels the Deferred."""
    cancelled = []

    async def main() -> None:
        waiting: Deferred[int] = Deferred(cancelled.append)
        task = asyncio.create_task(wait_for(awaitable(waiting)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        run(main())
    assert len(cancelled) == 1


def test_task_is_cancelled_at_once() -> None:
    """So does it in the turn in which the task begins to wait, before it can say what it wants."""
    cancelled = []

    async def main() -> None:
        waiting: Deferred[int] = Deferred(cancelled.append)
        task = asyncio.create_task(wait_for(awaitable(waiting)))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        run(main())
    assert len(cancelled) == 1


def test_twisted_coroutine_in_a_task() -> None:
    """A coroutine of Twisted's that a task has started waits as it always does."""

    async def main() -> int:
        waiting: Deferred[int] = Deferred()
        outer = Deferred.fromCoroutine(wait_for(awaitable(waiting)))
        await give(3, waiting)
        return int(result_of(outer))

    assert run(main()) == 3


def test_twisted_coroutine_fails() -> None:
    """It gets failures as they are, also those that look a little like asyncio's refusal."""

    async def main() -> Any:  # noqa: ANN401 -- a failure
        waiting: Deferred[int] = Deferred()
        outer = Deferred.fromCoroutine(wait_for(awaitable(waiting)))
        await give(RuntimeError("Task"), waiting)
        return result_of(outer)

    with pytest.raises(RuntimeError, match=r"^Task$"):
        run(main())


def test_cancelled_by_twisted() -> None:
    """To cancel it cancels the Deferred behind it."""

    async def main() -> None:
        waiting: Deferred[int] = Deferred()
        both = awaitable(waiting)
        both.cancel()
        result_of(both)

    with pytest.raises(CancelledError):
        run(main())
