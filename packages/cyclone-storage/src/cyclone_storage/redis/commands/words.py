"""What the arguments of a method become: words of a command."""

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["flatten", "listed", "option", "scan_options"]


def listed(first: object, more: Iterable[Any] = ()) -> list[Any]:
    """Return what a method was given as one thing, as several or as an iterable of things.

    A list of ours, whatever came: the caller's own is neither kept nor changed.

    Args:
        first: One thing, or an iterable of them that is no text.
        more: What came after it.
    """
    if isinstance(first, (str, bytes, bytearray, memoryview)) or not isinstance(first, Iterable):
        return [first, *more]
    return [*first, *more]


def flatten(pairs: Mapping[Any, Any]) -> list[Any]:
    """Return names and values of a mapping in turn.

    Args:
        pairs: The mapping.
    """
    return [each for pair in pairs.items() for each in pair]


def option(name: str, value: object) -> tuple[Any, ...]:
    """Return the words of an option, none if it was not given.

    Args:
        name: The word before the value; alone if the value is True.
        value: The value; None and False leave the option out.
    """
    if value is None or value is False:
        return ()
    return (name,) if value is True else (name, value)


def scan_options(cursor: object, pattern: object, count: object) -> tuple[Any, ...]:
    """Return the words that SCAN, SSCAN, HSCAN and ZSCAN share."""
    return (cursor, *option("MATCH", pattern), *option("COUNT", count))
