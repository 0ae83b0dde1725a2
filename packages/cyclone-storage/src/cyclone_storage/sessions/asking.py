"""Waiting for a store of any kind, on any reactor."""

from asyncio import _get_running_loop  # one of `asyncio.__all__`
from collections.abc import Awaitable
from typing import TypeVar

from twisted.internet.defer import Deferred

from cyclone_storage.caching.starting import start

__all__ = ["asked"]

_T = TypeVar("_T")


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
