"""Sending a coroutine forward, where no asyncio loop runs: it may await Deferreds."""

from asyncio import _get_running_loop  # one of `asyncio.__all__`
from collections.abc import Coroutine
from contextvars import Context
from typing import Any
from weakref import ref

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cyclone_core.coroutines.context import run_in
from cyclone_core.coroutines.tasks import raised, run_as_task

__all__ = ["SteppedCoroutine", "drive"]


def drive(coroutine: Coroutine[Any, Any, Any], context: Context) -> "Deferred[Any] | None":
    """Run a coroutine until it waits for something, and from then on by itself.

    Args:
        coroutine: A coroutine that was not started.
        context: The context in which it is resumed; the caller runs in it, too.

    Returns:
        None if it has come to its end; else a Deferred that fires then, with None. Cancelling that
        raises `CancelledError` at the coroutine's `await`: asyncio's where a loop runs, else Twisted's.

    Raises:
        BaseException: Whatever the coroutine has raised before its first suspension.
    """
    # Not `get_running_loop`: that raises an exception where there is none, for 0.2 to 0.4 microseconds,
    # as much as all the rest.
    loop = _get_running_loop()  # typeshed does not know that it may be None
    if loop is not None:
        return run_as_task(coroutine, context, loop)
    try:
        awaited = coroutine.send(None)
    except StopIteration:
        return None
    return SteppedCoroutine(coroutine, context).wait_for(awaited)


class SteppedCoroutine(Deferred[Any]):
    """A suspended coroutine, resumed whenever the Deferred it awaits fires.

    It is itself the Deferred of its end: two objects would refer to each other.
    """

    # Weakly: it refers to this one, and the coroutine's frame holds it as long as it waits.
    _awaited: "ref[Deferred[Any]] | None" = None
    _cancelled = False

    def __init__(self, coroutine: Coroutine[Any, Any, Any], context: Context) -> None:
        """Take over a coroutine that has yielded something.

        Args:
            coroutine: The coroutine.
            context: The context in which it is resumed.
        """
        super().__init__()
        self._coroutine = coroutine
        self._context = context

    def cancel(self) -> None:
        """Cancel what the coroutine awaits; that raises `CancelledError` there.

        The coroutine may still await something in its `finally`, and comes to its end after that. If
        it is running just now, what it awaits next is cancelled.
        """
        awaited = None if self._awaited is None else self._awaited()
        if self.called:
            super().cancel()
        elif awaited is not None:
            awaited.cancel()
        else:
            self._cancelled = True

    def wait_for(self, awaited: object) -> "SteppedCoroutine":
        """Wait for what the coroutine has yielded.

        Args:
            awaited: A Deferred, or something else that is an error.

        Returns:
            Itself.
        """
        if not isinstance(awaited, Deferred):
            self._resume(Failure(_unknown(awaited)))
            return self
        self._awaited = ref(awaited)
        awaited.addBoth(self._fired)
        if self._cancelled:
            self._cancelled = False
            awaited.cancel()
        return self

    def _fired(self, result: object) -> None:
        self._awaited = None
        run_in(self._context, self._resume, result)

    def _resume(self, result: object) -> None:
        try:
            if isinstance(result, Failure):
                # Not through a method of the Failure: its frame would stand in the traceback and
                # refer to the Failure, and that to the traceback.
                awaited = self._coroutine.throw(raised(result))
            else:
                awaited = self._coroutine.send(result)
        except StopIteration:
            self.callback(None)
        except BaseException:  # noqa: BLE001 -- also what is no Exception ends the coroutine
            result = None  # or it and the traceback would refer to each other
            self.errback(Failure())
        else:
            self.wait_for(awaited)


def _unknown(awaited: object) -> TypeError:
    return TypeError(
        f"a coroutine awaits {awaited!r}, which is no Deferred. What belongs to asyncio can be awaited"
        " on Twisted's asyncio reactor: start with `cyclone run --loop asyncio` or `twistd"
        " --reactor=asyncio`"
    )
