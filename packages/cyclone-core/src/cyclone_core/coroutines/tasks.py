"""Running coroutines on an asyncio loop: they may await its futures, and Deferreds."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, Final, cast

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_core.errors import CycloneError

__all__ = ["CoroutineCancelled", "raised", "run_as_task"]

_log = Logger(namespace="cyclone.coroutines")

_SERVICE_UNAVAILABLE: Final = 503


class CoroutineCancelled(CycloneError):  # noqa: N818 -- as asyncio's and Twisted's own errors are named
    """Somebody else has cancelled the Task of a coroutine: at its end `asyncio.run` cancels them all.

    Attributes:
        http_status: 503, for the client whose request it answers.
    """

    http_status = _SERVICE_UNAVAILABLE


def run_as_task(
    coroutine: Coroutine[Any, Any, Any], context: Context, loop: asyncio.AbstractEventLoop
) -> "Deferred[Any] | None":
    """Run a coroutine as a Task, up to its first suspension now; see `drive`.

    The Task of Python 3.12 can do that itself (`eager_start`), but it has to enter its context, and that
    of the request is entered already: it would run in a copy, so that what `prepare` sets would not hold
    in the method. To start it in the next turn would keep an answer from being sent together with
    others, and costs a turn for each coroutine that awaits nothing.

    Args:
        coroutine: A coroutine that was not started.
        context: The context in which it is resumed; the caller runs in it, too.
        loop: The running loop.

    Returns:
        As `drive`.

    Raises:
        BaseException: Whatever the coroutine has raised before its first suspension.
    """
    steps = _Steps(coroutine, loop)
    # Not through `loop.create_task`: with the eager factory of Python 3.12 it would begin right here.
    task: asyncio.Task[None] = asyncio.Task(
        cast("Coroutine[Any, Any, None]", steps), loop=loop, context=context
    )
    outer = asyncio.current_task(loop)
    # As the manual asks of whoever sends a coroutine forward himself ("Task lifetime support").
    if outer is not None:
        asyncio._leave_task(loop, outer)  # noqa: SLF001 -- documented, see above
    asyncio._enter_task(loop, task)  # noqa: SLF001 -- see above
    try:
        suspended = steps.begin()
    finally:
        asyncio._leave_task(loop, task)  # noqa: SLF001 -- see above
        if outer is not None:
            asyncio._enter_task(loop, outer)  # noqa: SLF001 -- see above
    if not suspended:
        return None
    end = _End(task)
    task.add_done_callback(end.task_done, context=context)
    return end


class _End(Deferred[Any]):
    """Fires at the end of a Task."""

    def __init__(self, task: "asyncio.Task[None]") -> None:
        super().__init__()
        self._task: asyncio.Task[None] | None = task
        self._cancelled = False

    def cancel(self) -> None:
        """Cancel the Task; the coroutine comes to its end in a later turn of the loop."""
        if self._task is None:
            super().cancel()
        else:
            self._cancelled = True
            self._task.cancel()

    def task_done(self, task: "asyncio.Task[None]") -> None:
        """Fire."""
        self._task = None
        if task.cancelled():
            # What was cancelled in vain is none of the coroutine's mistakes; what it has cancelled
            # itself, and awaited nevertheless, may be one.
            others = task.cancelling() and not self._cancelled
            self.errback(Failure(_cancelled_by_others() if others else asyncio.CancelledError()))
            return
        error = task.exception()
        if error is None:
            self.callback(None)
        else:
            self.errback(Failure(error, type(error), error.__traceback__))


def _cancelled_by_others() -> CoroutineCancelled:
    return CoroutineCancelled("the Task of the coroutine was cancelled, as asyncio does at its end")


class _Steps:
    """What a Task takes for its coroutine: the first step is done, and Deferreds become Futures."""

    # On the class, so that a coroutine that never suspends does not pay for them.
    _begun = False  # the Task's own first step is due
    _first: object = None  # what it has to yield then
    # While a Deferred is awaited: it, what the Task awaits in its place, and what it fired with.
    _deferred: "Deferred[Any] | None" = None
    _future: "asyncio.Future[None] | None" = None
    _result: object = None
    _failure: Failure | None = None

    def __init__(
        self, coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._coroutine: Coroutine[Any, Any, Any] | None = coroutine
        self._loop = loop

    def begin(self) -> bool:
        """Run up to the first suspension; tells whether there is one."""
        coroutine, self._coroutine = self._coroutine, None
        try:
            yielded = cast("Coroutine[Any, Any, Any]", coroutine).send(None)
        except StopIteration:
            return False
        self._coroutine = coroutine
        self._first = self._for_task(yielded)
        self._begun = True
        return True

    def send(self, _: object) -> object:
        """Go on; the Task calls it when what it awaits is done."""
        coroutine = self._coroutine
        if coroutine is None:
            raise StopIteration
        if self._begun:
            self._begun = False
            first, self._first = self._first, None
            return first
        failure, result = self._failure, self._result
        self._deferred = self._future = self._failure = self._result = None
        try:
            yielded = coroutine.throw(raised(failure)) if failure else coroutine.send(result)
        except BaseException:
            self._coroutine = None
            failure = None  # or the traceback would refer to it, and it to the traceback
            raise
        return self._for_task(yielded)

    def throw(self, error: BaseException) -> object:
        """Raise an exception where the coroutine waits; the Task does to cancel it."""
        coroutine = self._coroutine
        if coroutine is None:
            raise error
        if self._begun:
            self._begun = False
            first, self._first = self._first, None
            if self._deferred is None and isinstance(first, asyncio.Future) and first.cancel():
                return first  # through which it arrives, as if the Task had awaited it already
        deferred = self._deferred
        self._deferred = self._future = self._failure = self._result = None
        if deferred is not None:
            _cancel(deferred)
        try:
            yielded = coroutine.throw(error)
        except BaseException:
            self._coroutine = None
            del error  # as above
            raise
        return self._for_task(yielded)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- `cr_frame`, `__qualname__` and others
        """Show the coroutine to those who look what a Task does."""
        return getattr(self._coroutine, name)

    def _for_task(self, yielded: object) -> object:
        """Give what the Task has to await."""
        if not isinstance(yielded, Deferred):
            return yielded
        future = self._future = self._loop.create_future()
        self._deferred = yielded
        yielded.addBoth(self._fired, future)
        # The first thing that awaiting it yields, with the mark that a Task looks for.
        return None if future.done() else next(future.__await__())

    def _fired(self, result: object, future: "asyncio.Future[None]") -> object:
        if future is self._future:
            if isinstance(result, Failure):
                self._failure = result
            else:
                self._result = result
            if not future.done():
                future.set_result(None)
        # The coroutine takes a result off the Deferred itself; a failure is raised there.
        return None if isinstance(result, Failure) else result


Coroutine.register(_Steps)


def raised(failure: Failure) -> BaseException:
    """Give the exception of a Failure with its traceback.

    Args:
        failure: The Failure.

    Returns:
        The exception.
    """
    return cast("BaseException", failure.value).with_traceback(failure.tb)


def _cancel(deferred: "Deferred[Any]") -> None:
    try:
        deferred.cancel()
    except Exception:  # noqa: BLE001 -- a canceller's mistake must not keep the coroutine waiting
        _log.failure("What cancels a Deferred has failed")
