"""Waiting for what a handler's methods return, without a Deferred where nothing waits.

A coroutine is driven by hand until it first suspends: most never do, and those cost a tenth of what
`Deferred.fromCoroutine` costs. Each resumption runs in the request's own context, so what a context
variable was set to before an `await` holds behind it, in hooks and in the log.
"""

import types
from collections.abc import Coroutine
from contextvars import Context
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_core.web.context import run_in

__all__ = ["settle"]

_log = Logger(namespace="cyclone.web")


def settle(result: object, context: Context) -> "Deferred[Any] | None":
    """Find out whether what a method has returned must be waited for.

    Args:
        result: A Deferred, a coroutine, the generator of a method that lacks its `inlineCallbacks`,
            or any other value, which is ignored as in cyclone 1.x.
        context: The context of the request, in which the caller runs.

    Returns:
        None if it is done; else a Deferred that fires when it is.

    Raises:
        Exception: Whatever a coroutine has raised before its first suspension.
    """
    if isinstance(result, Deferred):
        return result
    if isinstance(result, Coroutine):
        return _drive(result, context)
    if isinstance(result, types.GeneratorType):
        _log.warn(
            "{name} returned a generator: is @inlineCallbacks missing?", name=result.__qualname__
        )
        return _drive(_awaiting(result), context)
    return None


async def _awaiting(generator: "types.GeneratorType[Any, Any, Any]") -> object:
    """Run a generator as `inlineCallbacks` does."""
    return await Deferred.fromCoroutine(generator)


def _drive(coroutine: Coroutine[Any, Any, Any], context: Context) -> "Deferred[Any] | None":
    try:
        awaited = coroutine.send(None)
    except StopIteration:
        return None
    return _Driver(coroutine, context).wait_for(awaited)


class _Driver:
    """Resumes one suspended coroutine whenever the Deferred it awaits fires."""

    __slots__ = ("_awaited", "_context", "_coroutine", "_done")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], context: Context) -> None:
        self._coroutine = coroutine
        self._context = context
        self._awaited: Deferred[Any] | None = None
        self._done: Deferred[Any] = Deferred(self._cancel)

    def wait_for(self, awaited: object) -> "Deferred[Any]":
        """Wait for what the coroutine has yielded; returns what fires at its end."""
        if isinstance(awaited, Deferred):
            self._awaited = awaited
            awaited.addBoth(self._fired)
        else:
            problem = TypeError(
                f"a handler awaits {awaited!r}, which is no Deferred: awaiting asyncio's objects"
                " needs Twisted's asyncio reactor (start with --reactor=asyncio)"
            )
            self._resume(Failure(problem))
        return self._done

    def _fired(self, result: object) -> None:
        self._awaited = None
        run_in(self._context, self._resume, result)

    def _resume(self, result: object) -> None:
        try:
            if isinstance(result, Failure):
                awaited = result.throwExceptionIntoGenerator(self._coroutine)
            else:
                awaited = self._coroutine.send(result)
        except StopIteration:
            self._done.callback(None)
        except BaseException:  # noqa: BLE001 -- also what is no Exception ends the request
            self._done.errback(Failure())
        else:
            self.wait_for(awaited)

    def _cancel(self, _: "Deferred[Any]") -> None:
        if self._awaited is not None:
            self._awaited.cancel()
