"""What a reply has to be like for a conversion."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from cyclone_storage.redis.errors import InvalidResponse

__all__ = ["Conversion", "Misshapen", "shaped"]

Conversion: TypeAlias = Callable[[Any], object]
"""What makes the result of a command of its reply."""


class Misshapen(InvalidResponse):
    """A reply is none of its command; who has asked adds which that was."""


def shaped(expected: str) -> Callable[[Conversion], Conversion]:
    """Make a conversion refuse what it is not made for.

    Args:
        expected: What the reply should be, for people.

    Returns:
        A decorator of conversions that may raise whatever comes of a wrong shape.
    """

    def decorate(convert: Conversion) -> Conversion:
        @wraps(convert)
        def checked(reply: object) -> object:
            try:
                return None if reply is None else convert(reply)
            except (TypeError, ValueError, OverflowError):
                # Not what it holds: that may be a secret, and this goes to a log.
                size = f" of {len(reply)} elements" if isinstance(reply, list) else ""
                raise Misshapen(
                    f"{expected} should come, not this {type(reply).__name__}{size}"
                ) from None

        return checked

    return decorate
