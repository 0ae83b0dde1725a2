"""What a limit is made of, looked at when it is made: a mistake is told where it was made."""

import inspect
import sys
from collections.abc import Callable
from typing import Any, Final

__all__ = ["check_key", "check_method", "check_rate", "check_store", "check_whole", "check_window"]

# The largest whole number below which a float, and so a script of Redis, knows all of them.
_MOST_TOKENS: Final = 2**53
# Seconds: what Redis tells apart of its microseconds with six places, and some 300 years.
_SHORTEST: Final = 1e-12
_LONGEST: Final = 1e10
# A key function of such a name is the method of a handler, before which `@limit.by` has lost its key.
_METHODS: Final = frozenset({"delete", "get", "head", "options", "patch", "post", "prepare", "put"})
_HINT: Final = "; a limit stands before a method as @limit.by(remote_network)"


def check_rate(what: str, number: float) -> None:
    """Refuse what is no finite number above 0.

    Args:
        what: How it is called.
        number: The number.

    Raises:
        TypeError: It is no number.
        ValueError: It is not above 0.
    """
    if isinstance(number, bool) or not isinstance(number, int | float):
        hint = ""
        if hasattr(number, "total_seconds"):
            hint = ", so give its total_seconds()"
        raise TypeError(f"{what} of a RateLimit is {number!r}; it must be a number{hint}")
    # Not `math.isfinite`, which fails with whole numbers that no float holds.
    if not 0 < number <= sys.float_info.max:
        raise ValueError(f"{what} of a RateLimit is {number!r}; it must be above 0")


def check_window(rate: float, per: float, burst: int) -> None:
    """Refuse a limit of which a clock, or the arithmetic, cannot tell anything.

    Args:
        rate: How many attempts.
        per: In how many seconds.
        burst: How many at once.

    Raises:
        ValueError: It is so.
    """
    if burst > _MOST_TOKENS:
        raise ValueError(
            f"burst of a RateLimit is above {_MOST_TOKENS}, the most that can be counted"
        )
    interval = per / rate
    if not (interval >= _SHORTEST and interval * burst <= _LONGEST):
        raise ValueError(
            f"a RateLimit of {rate:g} in {per:g} s, and {burst} at once, cannot be measured: a token"
            f" must come in {_SHORTEST:g} s or more, and all {burst} in {_LONGEST:g} s or less"
        )


def check_whole(what: str, number: int) -> int:
    """Return a whole number above 0.

    Args:
        what: How it is called.
        number: The number.

    Raises:
        TypeError: It is no whole number.
        ValueError: It is not above 0.
    """
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"the {what} is {number!r}; it must be a whole number")
    if number < 1:
        raise ValueError(f"the {what} is {number}; it must be above 0")
    return number


def check_store(store: Any, name: str, clock: Any, fail_open: bool) -> None:  # noqa: ANN401 -- see there
    """Refuse what is no store, no name, no clock and no truth value.

    Args:
        store: A pool, or None.
        name: Of the limit.
        clock: A clock, or None.
        fail_open: Whether it allows everything while the store is away.

    Raises:
        TypeError: One of them is something else.
        ValueError: A store has no name.
    """
    if not isinstance(name, str):
        raise TypeError(f"name= of a RateLimit is {name!r}; it must be text")
    if not isinstance(fail_open, bool):
        raise TypeError(f"fail_open= of a RateLimit is {fail_open!r}; it must be True or False")
    if clock is not None and not callable(getattr(clock, "seconds", None)):
        raise TypeError(
            f"clock= of a RateLimit is {clock!r}, which has no seconds(); it must be as Twisted's"
            " reactor or its task.Clock"
        )
    if store is None:
        return
    usable = all(callable(getattr(store, each, None)) for each in ("eval", "delete"))
    if isinstance(store, type) or not usable:
        # Only the type: a URL that somebody gives here may hold a password.
        raise TypeError(
            f"store= of a RateLimit is of type {type(store).__name__}; it must be a pool or a"
            " connection, such as cyclone_storage.redis.connect(url)"
        )
    if not name:
        raise ValueError(
            "a RateLimit with store= needs name=: limits of the same name share their buckets"
        )


def check_key(key: Any) -> None:  # noqa: ANN401 -- whatever was given
    """Refuse what is no key function, a method above all: its decorator has lost its key.

    Args:
        key: What `by` was given.

    Raises:
        TypeError: It is none.
    """
    if not callable(key):
        raise TypeError(f"the key of by() is {key!r}; it must be a function of the handler")
    runs_later = inspect.iscoroutinefunction(key) or inspect.isgeneratorfunction(key)
    if runs_later or (inspect.isfunction(key) and key.__name__ in _METHODS):
        raise TypeError(f"the key of by() is {key!r}, as if it were a method{_HINT}")


def check_method(method: Callable[..., object]) -> None:
    """Refuse what cannot be run as a method.

    Args:
        method: What stands below the decorator.

    Raises:
        TypeError: It is no function, or an asynchronous generator.
    """
    if not callable(method):
        raise TypeError(
            f"a limit stands before a method, not before {method!r}: was @limit.by written without"
            " its key? It is @limit.by(remote_network)"
        )
    if inspect.isasyncgenfunction(method):
        raise TypeError(
            f"{method.__qualname__} is an async generator, which nobody iterates: an `async def`"
            " method awaits, it does not yield"
        )
