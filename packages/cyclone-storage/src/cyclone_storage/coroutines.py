"""Awaiting what a program gives us, whether it belongs to Twisted or to asyncio."""

import asyncio
import types
from asyncio import _get_running_loop  # one of `asyncio.__all__`
from collections.abc import Awaitable, Callable, Coroutine, Generator
from inspect import isawaitable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred

__all__ = ["asked", "start"]

_T = TypeVar("_T")


def start(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Deferred[Any]:
    """Call a function.

    Args:
        function: Returns a value, a Deferred, a coroutine, or what else can be awaited. Where a loop of
            asyncio runs, as below Twisted's asyncio reactor, a coroutine becomes a Task, and may await
            what belongs to asyncio, and Deferreds; elsewhere Deferreds.
        args: Its arguments.
        kwargs: Those with names.

    Returns:
        A Deferred of its result; cancelling that cancels what runs.
    """

    def call() -> object:
        result = function(*args, **kwargs)
        if isinstance(result, Deferred) or not isawaitable(result):
            return result
        if asyncio.isfuture(result):
            return Deferred.fromFuture(result)
        coroutine = result if isinstance(result, Coroutine) else _awaited(result)
        loop = _get_running_loop()  # typeshed does not know that it may be None
        return Deferred.fromCoroutine(coroutine) if loop is None else _task(coroutine, loop)

    return maybeDeferred(call)


def asked(awaited: Awaitable[_T]) -> Awaitable[_T]:
    """Make of what a store returns something that a coroutine of Twisted's can await.

    Args:
        awaited: What the store has returned.

    Returns:
        The same where no loop of asyncio runs, or if it is a Deferred; else a Deferred, as a store may
        await what belongs to asyncio there.
    """
    if isinstance(awaited, Deferred) or _get_running_loop() is None:
        return awaited
    return start(lambda: awaited, (), {})


async def _awaited(awaitable: Awaitable[Any]) -> object:
    return await awaitable


def _task(
    coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop
) -> "Deferred[object]":
    task = loop.create_task(_run(coroutine, loop))
    # One that is cancelled before it begins has not touched the coroutine, which would complain.
    task.add_done_callback(lambda _: coroutine.close())
    return Deferred.fromFuture(task)


async def _run(coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> object:
    return await _steps(coroutine, loop)


@types.coroutine
def _steps(
    coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop
) -> Generator[Any, Any, object]:
    """Send a coroutine forward for a Task, which gets a Future for each Deferred."""
    error: BaseException | None = None
    while True:
        try:
            awaited = coroutine.send(None) if error is None else coroutine.throw(error)
        except StopIteration as end:
            return end.value
        finally:
            error = None  # or it and the traceback would refer to each other
        try:
            if isinstance(awaited, Deferred):
                yield from _until(awaited, loop)
            else:
                yield awaited
        except BaseException as caught:  # noqa: BLE001 -- it is raised where the coroutine waits
            error = caught


def _until(waiting: "Deferred[Any]", loop: asyncio.AbstractEventLoop) -> Generator[Any, Any, None]:
    """Wait until a Deferred has fired; the coroutine takes the result off it itself."""
    future = loop.create_future()

    def fired(result: object) -> object:
        if not future.done():
            future.set_result(None)
        return result

    waiting.addBoth(fired)
    try:
        yield from future
    except BaseException:
        waiting.addErrback(lambda _: None).cancel()
        raise
