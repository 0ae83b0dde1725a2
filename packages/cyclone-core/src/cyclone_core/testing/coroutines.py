"""Test methods that wait: `gen_test`, and plain ones that run beside the reactor."""

import functools
import inspect
import os
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final, ParamSpec, cast, overload

from twisted.internet.defer import Deferred, inlineCallbacks, maybeDeferred
from twisted.python.failure import Failure

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime

__all__ = ["gen_test", "get_async_test_timeout", "in_thread", "returns_at_once"]

_P = ParamSpec("_P")

_DEFAULT_TIMEOUT: Final = 5.0


def get_async_test_timeout() -> float:
    """Tell how long a test may take that does not say it itself (Tornado has the same name).

    Returns:
        The seconds in the environment's `ASYNC_TEST_TIMEOUT`, else 5.

    Raises:
        ValueError: The variable holds no number.
    """
    text = os.environ.get("ASYNC_TEST_TIMEOUT")
    if not text:
        return _DEFAULT_TIMEOUT
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"ASYNC_TEST_TIMEOUT must be seconds, not {text!r}") from None


@overload
def gen_test(func: Callable[_P, Any]) -> "Callable[_P, Deferred[Any]]": ...


@overload
def gen_test(
    *, timeout: float | None = None
) -> "Callable[[Callable[_P, Any]], Callable[_P, Deferred[Any]]]": ...


def gen_test(
    func: Callable[..., Any] | None = None, *, timeout: float | None = None
) -> Callable[..., Any]:
    """Let a test method of a trial `TestCase` wait: `async def`, or a generator (Tornado: `gen_test`).

    A generator yields Deferreds, as with `inlineCallbacks`. trial runs an `async def` without this; what
    it adds is the short timeout.

    Args:
        func: The test method.
        timeout: How many seconds it may take; by default those of `get_async_test_timeout`. Behind them
            what it waits for is cancelled, and the test fails with `twisted.internet.defer.TimeoutError`.

    Returns:
        A method that returns a Deferred.

    Raises:
        TypeError: It does not decorate a function.

    Example:
        >>> from twisted.internet.defer import succeed
        >>> @gen_test(timeout=10)
        ... def test_sum(self):
        ...     one = yield succeed(1)
        ...     assert one + 1 == 2
        >>> from cyclone_core.testing import result_of
        >>> result_of(test_sum(None))
    """
    if func is None:
        return functools.partial(gen_test, timeout=timeout)
    if not callable(func):
        raise TypeError(f"@gen_test decorates a test method, not {func!r}; @gen_test(timeout=2)?")
    started = inlineCallbacks(func) if inspect.isgeneratorfunction(func) else func

    @functools.wraps(func)
    def test(*args: Any, **kwargs: Any) -> "Deferred[Any]":  # noqa: ANN401 -- those of the method
        from twisted.internet import reactor

        seconds = get_async_test_timeout() if timeout is None else timeout
        waiting = maybeDeferred(started, *args, **kwargs)
        return waiting.addTimeout(seconds, cast("IReactorTime", reactor))

    return test


def returns_at_once(method: Callable[..., object]) -> bool:
    """Tell whether a test method is plain: neither `async def` nor a generator, nor made of one.

    Args:
        method: The method, which may be decorated.
    """
    innermost = inspect.unwrap(method)
    return not (
        inspect.iscoroutinefunction(innermost)
        or inspect.isgeneratorfunction(innermost)
        or inspect.isasyncgenfunction(innermost)
    )


def in_thread(function: Callable[[], object], name: str) -> "Deferred[None]":
    """Call a function in a thread of its own while the reactor goes on.

    Args:
        function: What may block.
        name: The name of the thread.

    Returns:
        A Deferred that fires when the function has returned and the thread has ended. It fails with
        what the function raises.
    """
    from twisted.internet import reactor as installed

    reactor = cast("Any", installed)
    done: Deferred[None] = Deferred()

    def call() -> None:
        outcome: Failure | None = None
        try:
            _check_result(function())
        except BaseException:  # noqa: BLE001 -- the test's: it is raised again where trial sees it
            outcome = Failure()
        reactor.callFromThread(finish, outcome)

    def finish(outcome: Failure | None) -> None:
        thread.join()  # that was the last thing it did
        if not done.called:
            done.callback(cast("None", outcome))

    thread = threading.Thread(target=copy_context().run, args=(call,), name=name, daemon=True)
    thread.start()
    return done


def _check_result(result: object) -> None:
    if isinstance(result, Deferred) or inspect.isawaitable(result) or inspect.isgenerator(result):
        raise TypeError(
            f"a plain test method has returned {result!r}, for which nobody waits: make it `async def`,"
            " or decorate it with @gen_test or @inlineCallbacks"
        )
