"""The names of channels and patterns that a program gives."""

from collections.abc import Iterable

from cyclone_storage.redis.types import Key

__all__ = ["checked_names", "listed_names"]


def checked_names(names: Iterable[object]) -> list[Key]:
    """Return the names, each given by itself: `subscribe("news", "sport")`.

    Args:
        names: What was given.

    Raises:
        TypeError: One is none.
    """
    found: list[Key] = []
    for name in names:
        if not isinstance(name, (str, bytes)):
            several = isinstance(name, Iterable)
            hint = "; several are given one by one, subscribe(*names)" if several else ""
            raise TypeError(f"a channel or pattern is a str or bytes, not {name!r}{hint}")
        found.append(name)
    return found


def listed_names(names: object) -> list[Key]:
    """Return the names, of which one may be given without a list.

    Args:
        names: What was given.

    Raises:
        TypeError: It is no name, and none of names.
    """
    if isinstance(names, (str, bytes)):
        return [names]
    if not isinstance(names, Iterable):
        raise TypeError(f"channels and patterns are a str, bytes or a list of these, not {names!r}")
    return checked_names(names)
