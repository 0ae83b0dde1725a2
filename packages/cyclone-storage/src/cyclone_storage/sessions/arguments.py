"""Errors for stores that are made of the wrong thing, when they are made."""

from collections.abc import Iterable

__all__ = ["check_clock", "check_text", "check_what_has", "check_whole", "described"]


def described(value: object) -> str:
    """Name what somebody has given instead of the right thing; the value itself may be secret.

    Args:
        value: What was given.
    """
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


def check_clock(value: object) -> None:
    """Make sure of an argument `clock`.

    Args:
        value: The argument.

    Raises:
        TypeError: It cannot be called.
    """
    if not callable(value):
        raise TypeError(f"clock must be a function that gives seconds, not {described(value)}")


def check_text(name: str, value: object) -> None:
    """Make sure of an argument that is text.

    Args:
        name: The name of the argument.
        value: The argument.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str, not {described(value)}")


def check_whole(name: str, value: object) -> None:
    """Make sure of an argument that is a whole number.

    Args:
        name: The name of the argument.
        value: The argument.

    Raises:
        TypeError: It is something else, also if that has the value of one.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, not {described(value)}")


def check_what_has(value: object, methods: Iterable[str], example: str) -> None:
    """Make sure of an argument that must have some methods.

    Args:
        value: The argument.
        methods: Their names.
        example: How it is done right.

    Raises:
        TypeError: It lacks one, or is a class.
    """
    if isinstance(value, type) or not all(hasattr(value, method) for method in methods):
        raise TypeError(f"make the store as in {example}, not of {described(value)}")
