"""Runtime: what the code of a compiled page calls.

The code itself writes what is a ``str`` or a number, which is nearly all; the rest comes here.
"""

from __future__ import annotations

import sys
from types import CoroutineType
from typing import TYPE_CHECKING, Any, cast

import cyclone_escape
from cyclone_escape import to_unicode, utf8, xhtml_escape
from cyclone_template.holes import (
    Hole,
    deferred_type,
    fill,
    follow,
    has_fired,
    result_of,
    unfired,
)
from cyclone_template.speedups import current_escape
from cyclone_template.tracebacks import place_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cyclone_template.holes import Deferred

__all__ = ["HELPERS"]

# Nothing that they are written as has a character to escape.
_PLAIN_TYPES: frozenset[type] = frozenset({bool, float, int, type(None)})
_NO_TYPES: frozenset[type] = frozenset()
# Values of these types are there.
_SURE_TYPES: frozenset[type] = _PLAIN_TYPES | {bytes, dict, frozenset, list, set, str, tuple}

# Functions that take text and give text. Others get bytes, as they do from Tornado.
_TEXT_FUNCTIONS = frozenset(
    {
        cyclone_escape.json_encode,
        cyclone_escape.linkify,
        cyclone_escape.squeeze,
        cyclone_escape.to_unicode,
        cyclone_escape.url_escape,
        cyclone_escape.xhtml_escape,
        cyclone_escape.xhtml_unescape,
    }
)


def _takes_text(function: object) -> bool:
    try:
        return function in _TEXT_FUNCTIONS
    except TypeError:  # not hashable
        return False


def _text(value: object, function: object) -> str:
    """Return what an escape or apply function gave as text."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes):
        return value.decode()
    name = getattr(function, "__qualname__", repr(function))
    raise TypeError(
        f"{name}() returned {type(value).__name__}: what is applied to text returns str or bytes"
    )


def escaper(function: Callable[[Any], Any]) -> tuple[Callable[[str], str], frozenset[type]]:
    """Prepare the function of ``{% autoescape %}``.

    Args:
        function: What the template names.

    Returns:
        A function that escapes a ``str``, and the types of values whose text needs no escaping.
    """
    if function is xhtml_escape:
        return current_escape(), _PLAIN_TYPES
    if _takes_text(function):
        return function, _NO_TYPES

    def escape(text: str) -> str:
        escaped = function(text.encode())
        return escaped if type(escaped) is str else _text(escaped, function)

    return escape, _NO_TYPES


def convert(value: object, escape: Callable[[str], str] | None, holes: list[Hole]) -> str:
    """Write a value that is no ``str`` and no number.

    Args:
        value: The value of the expression.
        escape: The escape function, or None.
        holes: The page's holes; a Deferred that has not fired becomes one.

    Returns:
        Text for the page.

    Raises:
        TypeError: The value is a coroutine, or something else that must be awaited.
        UnicodeDecodeError: The value is bytes to escape, and not UTF-8.
    """
    kind = type(value)
    if isinstance(value, bytes):
        return _convert_bytes(value, escape, holes)
    if hasattr(kind, "__await__"):
        return _convert_awaitable(value, escape, holes)
    if hasattr(kind, "__html__") and (escape is xhtml_escape or escape is current_escape()):
        return xhtml_escape(cast("Any", value))
    text = str.__str__(value) if isinstance(value, str) else str(value)
    return text if escape is None else escape(text)


def _convert_bytes(value: bytes, escape: Callable[[str], str] | None, holes: list[Hole]) -> str:
    """Write bytes; those that are no text pass unchanged if nothing is to be escaped."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        if escape is not None:
            raise
        return _add(holes, Hole(lambda: value))
    return text if escape is None else escape(text)


def _convert_awaitable(
    value: Any,  # noqa: ANN401  it may be a Deferred
    escape: Callable[[str], str] | None,
    holes: list[Hole],
) -> str:
    """Write the value of a Deferred, or leave a hole for it; refuse what only await can resolve."""
    deferred = deferred_type()
    if deferred is None or not isinstance(value, deferred):
        raise unfired(value)
    if has_fired(value):
        return _write(result_of(value), escape, holes)
    where = place_of(sys._getframe(2))  # noqa: SLF001  the only way to know the caller's line
    return _add(
        holes, Hole(lambda: follow(value, lambda got: _to_bytes(got, escape, where), where))
    )


def _add(holes: list[Hole], hole: Hole) -> str:
    holes.append(hole)
    return hole.marker


def _write(value: object, escape: Callable[[str], str] | None, holes: list[Hole]) -> str:
    """Write any value, as the code of a page does."""
    if type(value) is str:
        return value if escape is None else escape(value)
    return convert(value, escape, holes)


def _to_bytes(value: object, escape: Callable[[str], str] | None, where: str) -> bytes | Deferred:
    """Write a value that came when the rest of the page was finished."""
    holes: list[Hole] = []
    try:
        return fill(_write(value, escape, holes), holes)
    except Exception as error:
        error.add_note(f"This is the value of a Deferred in the template, at {where}")
        raise


def _waits(value: object) -> bool:
    """Tell whether a value is a Deferred or a coroutine."""
    deferred = deferred_type()
    return isinstance(value, CoroutineType if deferred is None else (CoroutineType, deferred))


def is_true(value: Any) -> bool:  # noqa: ANN401  any value
    """Tell whether a value is true that Python takes for true: a Deferred may bring a false one.

    Args:
        value: Anything that is true.

    Returns:
        Whether it is.

    Raises:
        UnfiredDeferredError: It is a Deferred that has not fired, or a coroutine.
    """
    return bool(settled(value)) if _waits(value) else True


def settled(value: Any) -> Any:  # noqa: ANN401  any value
    """Return a value for a directive that cannot wait.

    Args:
        value: Anything.

    Returns:
        The value, or what the Deferred fired with if it is one.

    Raises:
        UnfiredDeferredError: It is a Deferred that has not fired, or a coroutine.
    """
    if not _waits(value):
        return value
    if isinstance(value, CoroutineType) or not has_fired(value):
        raise unfired(value)
    return result_of(value)


def apply(function: Callable[[Any], Any], body: Callable[[], str], holes: list[Hole]) -> str:
    """Run ``{% apply %}``.

    Args:
        function: The function to apply.
        body: Writes the text that it is applied to.
        holes: The page's holes. If the body leaves some, the result is one.

    Returns:
        Text for the page.
    """
    before = len(holes)
    return _apply(function, body(), before, holes)


async def apply_async(
    function: Callable[[Any], Any], body: Callable[[], Awaitable[str]], holes: list[Hole]
) -> str:
    """Run ``{% apply %}`` where its body awaits something; see ``apply``."""
    before = len(holes)
    return _apply(function, await body(), before, holes)


def _apply(function: Callable[[Any], Any], text: str, before: int, holes: list[Hole]) -> str:
    inner = holes[before:]
    if not inner:
        return _call(function, text, holes)
    del holes[before:]

    def call(page: bytes) -> bytes | Deferred:
        own: list[Hole] = []
        return fill(_call(function, page, own), own)

    def resolve() -> bytes | Deferred:
        filled = fill(text, inner)
        return call(filled) if isinstance(filled, bytes) else filled.addCallback(call)

    return _add(holes, Hole(resolve))


def _call(function: Callable[[Any], Any], text: str | bytes, holes: list[Hole]) -> str:
    """Apply a function to text, or to bytes that may be no text."""
    value = function(to_unicode(text) if _takes_text(function) else utf8(text))
    if isinstance(value, bytes) or hasattr(type(value), "__await__"):
        return convert(value, None, holes)
    return _text(value, function)


HELPERS: dict[str, object] = {
    "_tt_apply": apply,
    "_tt_apply_async": apply_async,
    "_tt_convert": convert,
    "_tt_escaper": escaper,
    "_tt_is_true": is_true,
    "_tt_settled": settled,
    "_tt_str": str,
    "_tt_sure_types": _SURE_TYPES,
    "_tt_type": type,
}
"""The global names of the code of a page."""
