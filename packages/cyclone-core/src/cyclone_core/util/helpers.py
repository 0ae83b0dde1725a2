"""Functions that need no class of their own."""

import datetime as dt
import re
from collections.abc import Mapping
from types import CodeType, TracebackType
from typing import Any, Final, NoReturn

__all__ = [
    "errno_from_exception",
    "exec_in",
    "raise_exc_info",
    "re_unescape",
    "timedelta_to_seconds",
]

_ESCAPE: Final = re.compile(r"\\(.|\Z)", re.DOTALL)


def exec_in(
    code: str | CodeType, glob: dict[str, Any], loc: Mapping[str, object] | None = None
) -> None:
    """Execute code that does not inherit the caller's `from __future__` imports.

    Never pass it what a client has sent. Source: Tornado `util.exec_in`.

    Args:
        code: Python source, or what `compile` has made of it.
        glob: The global names; the code may change them.
        loc: The local names; by default the global ones.

    Raises:
        SyntaxError: The source is none. Whatever the code raises comes through.
    """
    if isinstance(code, str):
        code = compile(code, "<string>", "exec", dont_inherit=True)
    exec(code, glob, loc)  # noqa: S102 -- this is what it is for


def raise_exc_info(
    exc_info: tuple[type[BaseException] | None, BaseException | None, TracebackType | None],
) -> NoReturn:
    """Raise again what `sys.exc_info()` has given, with its traceback.

    Source: Tornado `util.raise_exc_info`.

    Args:
        exc_info: Type, exception and traceback.

    Raises:
        TypeError: There is no exception in it. Otherwise that exception is raised.
    """
    _, value, traceback = exc_info
    if value is None:
        raise TypeError("raise_exc_info() was given no exception: nothing was being handled")
    try:
        raise value.with_traceback(traceback)
    finally:
        # The traceback refers to this frame: without this both would wait for the garbage collector.
        del exc_info, value, traceback


def errno_from_exception(e: BaseException) -> int | None:
    """Find the number of an operating system's error.

    Source: Tornado `util.errno_from_exception`.

    Args:
        e: Any exception.

    Returns:
        Its attribute `errno`; without one its first argument if that is a number, else None.
    """
    number = getattr(e, "errno", None) if hasattr(e, "errno") else next(iter(e.args), None)
    return number if isinstance(number, int) else None


def re_unescape(s: str) -> str:
    r"""Undo `re.escape`.

    Source: Tornado `util.re_unescape`.

    Args:
        s: What `re.escape` has returned.

    Returns:
        The text that it was given.

    Raises:
        ValueError: There is a backslash before a letter, a digit or nothing: no such pattern comes
            from `re.escape`.

    Example:
        >>> re_unescape(r"a\.b\ c")
        'a.b c'
    """
    return _ESCAPE.sub(_unescaped, s)


def _unescaped(match: re.Match[str]) -> str:
    character = match[1]
    if not character or (character.isascii() and character.isalnum()):
        raise ValueError(f"cannot unescape {match[0]!r} in {match.string[:100]!r}")
    return character


def timedelta_to_seconds(td: dt.timedelta) -> float:
    """Count the seconds of a duration (Tornado `util.timedelta_to_seconds`).

    Args:
        td: The duration.

    Returns:
        Seconds; what `td.total_seconds()` gives.

    Example:
        >>> timedelta_to_seconds(dt.timedelta(minutes=1, milliseconds=500))
        60.5
    """
    return td.total_seconds()
