"""The checks of what a pool is made with."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

__all__ = [
    "MEMORY",
    "checked_choice",
    "checked_count",
    "checked_function",
    "checked_path",
    "checked_seconds",
    "checked_switch",
]

MEMORY: Final = ":memory:"


def checked_path(path: "str | os.PathLike[str]") -> str:
    """Return where a database is.

    Args:
        path: What was given.

    Returns:
        `:memory:`, or an absolute path: a daemon changes its directory before it opens a database.

    Raises:
        TypeError: It is no path.
        ValueError: It is empty, a URI, or holds a NUL.
    """
    name = os.fspath(path)
    if not isinstance(name, str):
        raise TypeError(f"path is a str or a Path, not {type(path).__name__}")
    if not name:
        raise ValueError("path is empty: name a file, or ':memory:'")
    if "\0" in name:
        raise ValueError(f"path holds a NUL character: {name!r}")
    if name.lower().startswith("file:"):
        raise ValueError(f"URIs are not read, give the path of the file: {name!r}")
    return name if name == MEMORY else str(Path(name).absolute())


def checked_count(name: str, value: object, least: int) -> int:
    """Return a number of things.

    Args:
        name: How the argument is called.
        value: What was given.
        least: The smallest number that makes sense.

    Returns:
        The number.

    Raises:
        TypeError: It is no integer.
        ValueError: It is too small.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is an int, not {type(value).__name__}: {value!r}")
    if value < least:
        raise ValueError(f"{name} is {value!r}, and must be at least {least}")
    return value


def checked_seconds(name: str, value: object) -> float:
    """Return a time.

    Args:
        name: How the argument is called.
        value: What was given.

    Returns:
        The seconds.

    Raises:
        TypeError: It is no number.
        ValueError: It is negative, or more than the 24 days that SQLite counts in milliseconds.
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} is a number of seconds, not {type(value).__name__}: {value!r}")
    if not 0 <= value <= _LONGEST:
        raise ValueError(f"{name} is {value!r}, and must be from 0 to {_LONGEST} seconds")
    return float(value)


# `sqlite3_busy_timeout` takes an int of milliseconds.
_LONGEST: Final = 2_000_000


def checked_choice(name: str, value: str, choices: Collection[str]) -> str:
    """Return one of some words.

    Args:
        name: How the argument is called.
        value: What was given.
        choices: The words.

    Returns:
        The word.

    Raises:
        ValueError: It is another one.
    """
    if value not in choices:
        raise ValueError(f"{name} is {value!r}, and must be one of {', '.join(map(repr, choices))}")
    return value


def checked_switch(name: str, value: object) -> bool:
    """Return a yes or no.

    Args:
        name: How the argument is called.
        value: What was given.

    Returns:
        The value.

    Raises:
        TypeError: It is neither `True` nor `False`.
    """
    if not isinstance(value, bool):
        raise TypeError(f"{name} is True or False, not {type(value).__name__}: {value!r}")
    return value


def checked_function(name: str, value: object) -> None:
    """See that a function is one, or `None`.

    Args:
        name: How the argument is called.
        value: What was given.

    Raises:
        TypeError: It cannot be called.
    """
    if value is not None and not callable(value):
        raise TypeError(f"{name} is a function or None, not {type(value).__name__}: {value!r}")
