"""Commands, each as this package calls it and as redis-py does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Row", "about", "anything", "ordered", "plain", "same"]

Setup = Sequence[Sequence[object]]


def same(ours: object, theirs: object) -> bool:
    """Tell whether two results are equal; a bool and 0 or 1 are, and a tuple and a list."""
    return plain(ours) == plain(theirs)


def ordered(ours: object, theirs: object) -> bool:
    """Tell whether two lists have the same elements."""
    return sorted(map(str, plain(ours))) == sorted(map(str, plain(theirs)))


def about(slack: float) -> Callable[[Any, Any], bool]:
    """Make what tells whether two numbers are nearly equal."""
    return lambda ours, theirs: type(ours) is type(theirs) and abs(ours - theirs) <= slack


def anything(ours: object, theirs: object) -> bool:
    """Tell whether two results are of one type: what they are, the server chooses."""
    return type(plain(ours)) is type(plain(theirs))


def plain(value: Any) -> Any:  # noqa: ANN401 -- whatever a command gives
    """Make the same of what means the same."""
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {plain(name): plain(each) for name, each in value.items()}
    if isinstance(value, set):
        return {plain(each) for each in value}
    if value == "OK" or isinstance(value, bool):
        return int(bool(value))
    return _number(value) if isinstance(value, str) else value


def _number(text: str) -> object:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


@dataclass(frozen=True)
class Row:
    """A command, as both call it.

    Attributes:
        name: The method of this package.
        ours: Calls it.
        theirs: Calls the same of redis-py.
        setup: Words of the commands before it.
        compare: Whether the results mean the same.
        note: What is particular.
    """

    name: str
    ours: Callable[[Any], Any]
    theirs: Callable[[Any], Any]
    setup: Setup = ()
    compare: Callable[[Any, Any], bool] = same
    note: str = ""

    def __str__(self) -> str:
        """Return the name of its test."""
        return f"{self.name} {self.note}".strip().replace(" ", "_")
