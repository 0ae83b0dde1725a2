"""What `cached` is given, looked at where it stands."""

import inspect
from typing import Any

__all__ = ["check_function", "check_options"]


def check_options(ttl: Any, key: Any, max_entries: Any, clock: Any) -> None:  # noqa: ANN401 -- see there
    """Refuse what makes no cache.

    Args:
        ttl: Seconds above 0.
        key: A function, or None.
        max_entries: A whole number above 0.
        clock: What has `seconds()`, or None.

    Raises:
        TypeError: One of them is something else.
        ValueError: A number is not above 0.
    """
    if isinstance(ttl, bool) or not isinstance(ttl, int | float):
        hint = "seconds, a number"
        if callable(ttl):
            hint = "seconds, as in @cached(60)"
        elif hasattr(ttl, "total_seconds"):
            hint = "seconds, so give its total_seconds()"
        raise TypeError(f"the ttl of cached() is {ttl!r}; it must be {hint}")
    if not ttl > 0:
        raise ValueError(f"the ttl of cached() is {ttl!r}; it must be seconds above 0")
    if isinstance(max_entries, bool) or not isinstance(max_entries, int):
        raise TypeError(f"max_entries of cached() is {max_entries!r}; it must be a whole number")
    if max_entries < 1:
        raise ValueError(f"max_entries of cached() is {max_entries}; it must be above 0")
    if key is not None and not callable(key):
        raise TypeError(
            f"key= of cached() is {key!r}; it must be a function of the same arguments that returns"
            " what tells them apart"
        )
    if clock is not None and not callable(getattr(clock, "seconds", None)):
        raise TypeError(
            f"clock= of cached() is {clock!r}, which has no seconds(); it must be as Twisted's"
            " reactor or its task.Clock"
        )


def check_function(function: Any) -> None:  # noqa: ANN401 -- see there
    """Refuse what has no result that could be kept.

    Args:
        function: What the decorator stands before.

    Raises:
        TypeError: It is no function, or one that yields.
    """
    if isinstance(function, classmethod):
        raise TypeError("@cached stands below @classmethod, not above it")
    if not callable(function):
        raise TypeError(f"cached() stands before a function, not before {function!r}")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(
            f"{function.__qualname__} yields, so that its result could be read once only: return a"
            " list, or put inlineCallbacks between it and @cached"
        )
