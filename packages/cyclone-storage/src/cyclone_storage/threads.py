"""What the pools of SQLite and of SQL databases ask of functions that run in their threads."""

from types import CoroutineType
from typing import TypeVar

from twisted.internet.defer import Deferred

__all__ = ["finished"]

_T = TypeVar("_T")


def finished(result: _T) -> _T:
    """Return what a function has returned in a thread, unless it is still to be waited for.

    Args:
        result: What it has returned.

    Returns:
        The same.

    Raises:
        TypeError: It is a coroutine or a Deferred.
    """
    if isinstance(result, CoroutineType):
        result.close()
    elif not isinstance(result, Deferred):
        return result
    raise TypeError(
        f"the function returned a {type(result).__name__}, but it runs in a thread, where nothing can "
        "be awaited: give a plain function, or use 'async with pool.transaction()'"
    )
