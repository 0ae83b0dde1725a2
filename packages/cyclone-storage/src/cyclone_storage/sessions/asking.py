"""Waiting for a store of any kind, on any reactor.

On Twisted's asyncio reactor a store may await what belongs to asyncio, Deferreds beside it: its coroutine
becomes a task, as `asyncio.timeout` and the like need one. Elsewhere there are only Deferreds.
"""

import asyncio
from asyncio import _get_running_loop  # one of `asyncio.__all__`
from collections.abc import Awaitable, Generator
from types import coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

__all__ = ["asked"]

_T = TypeVar("_T")


def asked(awaited: Awaitable[_T]) -> Awaitable[_T]:
    """Make of what a store returns something that a coroutine of Twisted's can await.

    Args:
        awaited: What the store has returned.

    Returns:
        The same where no loop of asyncio runs, or if it is a Deferred.
    """
    loop = _get_running_loop()  # typeshed does not know that it may be None
    if loop is None or isinstance(awaited, Deferred):
        return awaited
    if not asyncio.isfuture(awaited):
        awaited = loop.create_task(_steps(awaited, loop))
    return Deferred.fromFuture(awaited)


async def _steps(awaited: Awaitable[_T], loop: asyncio.AbstractEventLoop) -> _T:
    result: _T = await _translated(awaited.__await__(), loop)
    return result


@coroutine
def _translated(
    steps: Generator[Any, Any, Any], loop: asyncio.AbstractEventLoop
) -> Generator[Any, Any, Any]:
    """Give a task what it knows: a Future for each Deferred."""
    error: BaseException | None = None
    while True:
        try:
            waiting = steps.send(None) if error is None else steps.throw(error)
        except StopIteration as stop:
            return stop.value
        error = None
        try:
            if isinstance(waiting, Deferred):
                future: asyncio.Future[None] = loop.create_future()
                waiting.addBoth(_told, future)
                yield from future
            else:
                yield waiting
        except BaseException as raised:  # noqa: BLE001 -- a cancellation, which is the coroutine's to handle
            error = raised
            if isinstance(waiting, Deferred):
                waiting.addErrback(lambda _: None).cancel()


def _told(result: _T, future: "asyncio.Future[None]") -> _T:
    # Not `asFuture`: that takes the result away, for which the coroutine looks when it goes on.
    if not future.done():
        future.set_result(None)
    return result
