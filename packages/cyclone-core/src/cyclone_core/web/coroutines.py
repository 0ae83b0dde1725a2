"""Waiting for what a handler's methods return, without a Deferred where nothing waits.

A coroutine is driven by hand until it first suspends: most never do, and those cost a tenth of what
`Deferred.fromCoroutine` costs. Each resumption runs in the request's own context, so what a context
variable was set to before an `await` holds behind it, in hooks and in the log.
"""

import types
from collections.abc import Awaitable, Coroutine
from contextvars import Context
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_core.web.context import run_in

__all__ = ["settle"]

_log = Logger(namespace="cyclone.web")


def settle(result: object, context: Context) -> "Deferred[Any] | None":
    """Find out whether what a method has returned must be waited for.

    Args:
        result: A Deferred, a coroutine or another awaitable, a Failure, the generator of a method
            that lacks its `inlineCallbacks`, or any other value, which is ignored as in cyclone 1.x.
        context: The context of the request, in which the caller runs.

    Returns:
        None if it is done; else a Deferred that fires when it is.

    Raises:
        Exception: Whatever a coroutine has raised before its first suspension, or what is in a
            Failure.
        TypeError: The method is an asynchronous generator.
    """
    if isinstance(result, Deferred):
        return result
    if isinstance(result, Coroutine):
        return _drive(result, context)
    if isinstance(result, types.GeneratorType):
        _log.warn(
            "{name} returned a generator: is @inlineCallbacks missing?", name=result.__qualname__
        )
        return _drive(_awaiting(Deferred.fromCoroutine(result)), context)
    if isinstance(result, Awaitable):
        return _drive(_awaiting(result), context)
    if isinstance(result, types.AsyncGeneratorType):
        raise TypeError(
            f"{result.__qualname__} is an async generator, which nobody iterates: an `async def`"
            " method awaits, it does not yield"
        )
    if isinstance(result, Failure):
        result.raiseException()
    return None


def _raised(failure: Failure) -> BaseException:
    return cast("BaseException", failure.value).with_traceback(failure.tb)


async def _awaiting(result: Awaitable[Any]) -> object:
    return await result


def _drive(coroutine: Coroutine[Any, Any, Any], context: Context) -> "Deferred[Any] | None":
    try:
        awaited = coroutine.send(None)
    except StopIteration:
        return None
    return _Driver(coroutine, context).wait_for(awaited)


class _Driver:
    """Resumes one suspended coroutine whenever the Deferred it awaits fires."""

    __slots__ = ("_context", "_coroutine", "_done")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], context: Context) -> None:
        self._coroutine = coroutine
        self._context = context
        self._done: Deferred[Any] = Deferred()

    def wait_for(self, awaited: object) -> "Deferred[Any]":
        """Wait for what the coroutine has yielded; returns what fires at its end."""
        if isinstance(awaited, Deferred):
            awaited.addBoth(self._fired)
        else:
            problem = TypeError(
                f"a handler awaits {awaited!r}, which is no Deferred: start with Twisted's asyncio"
                " reactor (twistd --reactor=asyncio) and wrap it with Deferred.fromFuture"
            )
            self._resume(Failure(problem))
        return self._done

    def _fired(self, result: object) -> None:
        run_in(self._context, self._resume, result)

    def _resume(self, result: object) -> None:
        try:
            if isinstance(result, Failure):
                # Not through a method of the Failure: its frame would stand in the traceback and
                # refer to the Failure, and that to the traceback.
                awaited = self._coroutine.throw(_raised(result))
            else:
                awaited = self._coroutine.send(result)
        except StopIteration:
            self._done.callback(None)
        except BaseException:  # noqa: BLE001 -- also what is no Exception ends the request
            result = None  # or it and the traceback would refer to each other
            self._done.errback(Failure())
        else:
            self.wait_for(awaited)
