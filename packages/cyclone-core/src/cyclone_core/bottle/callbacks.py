"""The functions that routes and error pages are: whether they can be called, and where they stand."""

import functools
import inspect
import re
import types
from collections.abc import Callable
from typing import Any

__all__ = ["Callback", "as_method", "as_page", "check_callback", "describe", "is_same"]

Callback = Callable[..., Any]
"""A function whose first argument is the `RequestHandler`."""


def describe(callback: object) -> str:
    """Name a function, and the line where it is defined, for a message.

    Args:
        callback: The function.

    Returns:
        `index() of hello.py, line 12`, or what there is to say.
    """
    function = inspect.unwrap(callback) if callable(callback) else callback
    if isinstance(function, types.FunctionType):
        code = function.__code__
        return f"{function.__qualname__}() of {code.co_filename}, line {code.co_firstlineno}"
    return repr(callback)


def is_same(one: Callback, other: Callback) -> bool:
    """Tell whether two functions are one: the same object, or their file was executed twice.

    Args:
        one: A function.
        other: A function.

    Returns:
        True if they have one name in one file.
    """
    first, second = inspect.unwrap(one), inspect.unwrap(other)
    if isinstance(first, types.FunctionType) and isinstance(second, types.FunctionType):
        places = {(each.__code__.co_filename, each.__qualname__) for each in (first, second)}
        return len(places) == 1
    return one is other


def check_callback(callback: object, what: str, pattern: re.Pattern[str] | None = None) -> None:
    """See to it that a function can be called with what a route passes.

    Args:
        callback: What stands below the decorator.
        what: The decorator, for the message.
        pattern: The pattern of the route, whose groups are arguments; None if there are none to come.

    Raises:
        TypeError: It cannot be called, or not with these arguments.
    """
    if isinstance(callback, type):
        raise TypeError(
            f"{what} is for functions, and {callback.__qualname__} is a class: give handler classes to"
            " create_app() or run() as more_handlers=[(pattern, class)]"
        )
    if not callable(callback):
        raise TypeError(
            f"{what} is for functions, not for {callback!r}: it stands above `def`, and other"
            " decorators below it return functions, too"
        )
    if pattern is None:
        return
    named = dict.fromkeys(pattern.groupindex)
    unnamed = () if named else (None,) * pattern.groups
    if not takes(callback, *unnamed, **named):
        expected = ", ".join(["web", *(named or (f"group{n + 1}" for n in range(pattern.groups)))])
        raise TypeError(
            f"{describe(callback)} cannot answer {what}: it is called with the RequestHandler and the"
            f" groups of the pattern, so it begins with `def {_name(callback)}({expected}):`"
        )


def takes(callback: Callback, *args: object, **kwargs: object) -> bool:
    """Tell whether a function takes a handler and these arguments.

    Args:
        callback: The function.
        args: What follows the handler.
        kwargs: Keyword arguments.

    Returns:
        True also if it does not say.
    """
    try:
        # A decorator may pass arguments of its own to what it wraps: its own signature counts.
        signature = inspect.signature(callback, follow_wrapped=False)
    except (TypeError, ValueError):
        return True
    try:
        signature.bind(None, *args, **kwargs)
    except TypeError:
        return False
    return True


def as_method(callback: Callback) -> Callback:
    """Make an attribute of a class of a function, which is called with the handler.

    Args:
        callback: The function, or whatever else can be called.

    Returns:
        A plain function: it itself, if it is one.
    """
    if isinstance(callback, types.FunctionType):
        return callback

    @functools.wraps(callback, updated=())
    def method(*args: object, **kwargs: object) -> object:
        return callback(*args, **kwargs)

    return method


def as_page(callback: Callback, what: str) -> Callback:
    """Make a function of handler and error of what stands below `@error`.

    Args:
        callback: A function of the handler, or of handler and error.
        what: The decorator, for the message.

    Returns:
        A function of both.

    Raises:
        TypeError: It cannot be called, or with neither.
    """
    check_callback(callback, what)
    if takes(callback, None):
        return callback
    if takes(callback):
        return lambda handler, _: callback(handler)
    raise TypeError(
        f"{describe(callback)} is no error page: it is called with the RequestHandler and the error, so"
        f" it begins with `def {_name(callback)}(web, error):` or `def {_name(callback)}(web):`"
    )


def _name(callback: object) -> str:
    return getattr(callback, "__name__", "page")
