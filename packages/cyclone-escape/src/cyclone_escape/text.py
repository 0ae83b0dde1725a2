"""Text and bytes: one way in each direction, and no silent conversion of anything else.

A web server reads bytes and speaks UTF-8; a program works with ``str``. These functions convert
between the two and leave alone what already has the wanted type. They are the functions that the
other modules of the package are built on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "_unicode",
    "native_str",
    "recursive_unicode",
    "squeeze",
    "to_basestring",
    "to_unicode",
    "utf8",
]

_BLANKS = re.compile(r"[\x00-\x20]+")


@overload
def utf8(value: None) -> None: ...
@overload
def utf8(value: str | bytes) -> bytes: ...
def utf8(value: str | bytes | None) -> bytes | None:
    """Encode text as UTF-8.

    Source: ``utf8`` of ``tornado.escape`` and ``cyclone.escape``. cyclone 1.x stopped on other
    types with a failed ``assert``, which vanishes under ``python -O``; here, as in Tornado, it is
    a ``TypeError``.

    Args:
        value: The text. ``bytes`` and ``None`` are returned as they are.

    Returns:
        The encoded text, or ``None`` for ``None``.

    Raises:
        TypeError: The value is neither ``str`` nor ``bytes`` nor ``None``.
        UnicodeEncodeError: The text holds a lone surrogate, which UTF-8 cannot express.
    """
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8")
    raise TypeError(_wrong_type("utf8", value))


@overload
def to_unicode(value: None) -> None: ...
@overload
def to_unicode(value: str | bytes) -> str: ...
def to_unicode(value: str | bytes | None) -> str | None:
    """Decode UTF-8 bytes to text.

    Source: ``to_unicode`` of ``tornado.escape`` and ``cyclone.escape``. ``_unicode``,
    ``native_str`` and ``to_basestring`` are the same function under the names that existing code
    uses.

    Args:
        value: The bytes. ``str`` and ``None`` are returned as they are.

    Returns:
        The decoded text, or ``None`` for ``None``.

    Raises:
        TypeError: The value is neither ``str`` nor ``bytes`` nor ``None``.
        UnicodeDecodeError: The bytes are not UTF-8.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8")
    raise TypeError(_wrong_type("to_unicode", value))


# Names that Python 2 needed. Tornado and cyclone 1.x code imports them to this day.
_unicode = to_unicode
native_str = to_unicode
to_basestring = to_unicode


def recursive_unicode(obj: object) -> Any:  # noqa: ANN401 - it has the shape of what came in
    """Decode every ``bytes`` in nested lists, tuples and dictionaries from UTF-8.

    Source: ``recursive_unicode`` of ``tornado.escape`` and ``cyclone.escape``.

    Args:
        obj: The structure. Dictionary keys are decoded too. Anything that is not a ``dict``,
            ``list``, ``tuple`` or ``bytes`` is kept as the same object.

    Returns:
        A new ``dict``, ``list`` or ``tuple``, a ``str``, or the object itself.

    Raises:
        UnicodeDecodeError: Some bytes are not UTF-8.
        RecursionError: The structure is nested too deeply, or contains itself.
    """
    if isinstance(obj, dict):
        return {recursive_unicode(key): recursive_unicode(item) for key, item in obj.items()}
    if isinstance(obj, list):
        return [recursive_unicode(item) for item in obj]
    if isinstance(obj, tuple):
        return tuple(recursive_unicode(item) for item in obj)
    if isinstance(obj, bytes):
        return obj.decode("utf-8")
    return obj


def squeeze(value: str) -> str:
    """Replace each run of blanks by one space and strip both ends.

    A blank is any character from NUL to the space (U+0000 to U+0020). White space beyond ASCII
    is stripped at the ends and kept inside. The work is linear in the length of the text.

    Source: ``squeeze`` of ``tornado.escape`` and ``cyclone.escape``.

    Args:
        value: The text.

    Returns:
        The text with its blanks collapsed.

    Raises:
        TypeError: The value is no ``str``.
    """
    if not isinstance(value, str):
        raise TypeError(
            f"squeeze() takes str, not {type(value).__name__}: decode the value first, "
            "for example with to_unicode()"
        )
    return _BLANKS.sub(" ", value).strip()


def _wrong_type(function: str, value: object) -> str:
    """Say which type came, which was wanted, and what to do."""
    return (
        f"{function}() takes str, bytes or None, not {type(value).__name__}: "
        "convert the value first, for example with str()"
    )
