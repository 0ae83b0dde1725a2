"""Waiting for what a method has returned, without a Deferred where nothing waits."""

import types
from collections.abc import Awaitable, Coroutine
from contextvars import Context
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_core.coroutines.driver import drive

__all__ = ["settle"]

_log = Logger(namespace="cyclone.coroutines")


def settle(result: object, context: Context) -> "Deferred[Any] | None":
    """Find out whether what a method has returned must be waited for.

    Args:
        result: A Deferred, a coroutine or another awaitable, a Failure, the generator of a method
            that lacks its `inlineCallbacks`, or any other value, which is ignored as in cyclone 1.x.
        context: The context of the request, in which the caller runs.

    Returns:
        None if it is done; else a Deferred that fires when it is. To cancel that cancels what runs.

    Raises:
        Exception: Whatever a coroutine has raised before its first suspension, or what is in a
            Failure.
        TypeError: The method is an asynchronous generator.
    """
    if isinstance(result, Deferred):
        # To wait for one that has fired would cost a third of a small answer, which `finish` returns.
        done = result.called and not result.paused and not isinstance(result.result, Failure)
        return None if done else result
    if isinstance(result, Coroutine):
        return drive(result, context)
    if isinstance(result, types.GeneratorType):
        _log.warn(
            "{name} returned a generator: is @inlineCallbacks missing?", name=result.__qualname__
        )
        return drive(_awaiting(Deferred.fromCoroutine(result)), context)
    if isinstance(result, Awaitable):
        return drive(_awaiting(result), context)
    if isinstance(result, types.AsyncGeneratorType):
        raise TypeError(
            f"{result.__qualname__} is an async generator, which nobody iterates: an `async def`"
            " method awaits, it does not yield"
        )
    if isinstance(result, Failure):
        result.raiseException()
    return None


async def _awaiting(result: Awaitable[Any]) -> object:
    return await result
