"""Deferreds that tasks of asyncio can await, too."""

import asyncio
from asyncio import _get_running_loop  # one of `asyncio.__all__`
from collections.abc import Generator
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

__all__ = ["awaitable"]

_T = TypeVar("_T")


def awaitable(waiting: Deferred[_T]) -> Deferred[_T]:
    """Let a Deferred be awaited by whoever runs here: Twisted's coroutines, handlers, or asyncio's tasks.

    A task refuses what a Deferred gives it; `asFuture` is what it wants. Nothing else tells beforehand
    who awaits: the Task that is current may have called code of Twisted's.

    Args:
        waiting: A Deferred; nobody else may add callbacks to it.

    Returns:
        The same if no loop of asyncio runs, else one that fires with it. To cancel it cancels that.
    """
    if _get_running_loop() is None:
        return waiting
    both: _Anywhere[_T] = _Anywhere(lambda _: waiting.cancel())
    waiting.addCallbacks(both.callback, both.errback)
    return both


class _Anywhere(Deferred[_T]):
    """A Deferred that becomes a Future when a task says that it wants one."""

    def __await__(self) -> Generator[Any, Any, _T]:
        try:
            # Twisted's coroutines and ours send the result when it is there.
            result: _T = yield self
        except RuntimeError as error:
            loop: Any = _get_running_loop()
            # Words of asyncio, since 2014 the same.
            if loop is None or not str(error).startswith("Task got bad yield"):
                raise
        except BaseException:
            # That of the Deferred, or a Task that is cancelled before it could say what it wants.
            if not self.called:
                self.addErrback(lambda _: None).cancel()
            raise
        else:
            return result
        future: asyncio.Future[_T] = self.asFuture(loop)
        return (yield from future)
