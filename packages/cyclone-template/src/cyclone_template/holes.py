"""Holes: what stands in a page for a value that has not come yet.

``{{ deferred }}`` writes a marker into the text, and the page goes on. When the page is finished,
values take the place of the markers: at once if every Deferred has fired by then, otherwise the
result is itself a Deferred. A marker begins and ends with a lone surrogate, which stands in no text
that can be encoded, and holds 64 random bits: no value can pass itself off as one.

Twisted is not imported here: nobody can hold a Deferred who has not imported it before.
"""

from __future__ import annotations

import re
import secrets
import sys
from dataclasses import dataclass, field
from types import CoroutineType
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary

from cyclone_template.errors import UnfiredDeferredError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "Deferred",
    "Hole",
    "deferred_type",
    "fill",
    "follow",
    "has_fired",
    "result_of",
    "unfired",
]

Deferred: TypeAlias = Any
"""A ``twisted.internet.defer.Deferred``; this package does not depend on Twisted's types."""

_MARKER = re.compile("(\ud800[0-9a-f]{16}\udfff)")
_DEFER = "twisted.internet.defer"
_FAILURE = "twisted.python.failure"


def _new_marker() -> str:
    return f"\ud800{secrets.token_hex(8)}\udfff"


@dataclass(frozen=True, slots=True, eq=False)
class Hole:
    """A place in a page that waits for its text."""

    resolve: Callable[[], bytes | Deferred]
    """Gives the text, or a Deferred that fires with it."""
    marker: str = field(default_factory=_new_marker)
    """What stands in the text in its place."""


def deferred_type() -> type[Deferred] | None:
    """Return Twisted's class ``Deferred`` if somebody has imported it."""
    module = sys.modules.get(_DEFER)
    # While it is being imported the module has no class yet, and no instances.
    found: type[Deferred] | None = getattr(module, "Deferred", None)
    return found


def has_fired(deferred: Deferred) -> bool:
    """Tell whether a Deferred has a result: one that waits for another has not."""
    return bool(deferred.called and not deferred.paused)


# Deferreds whose failure a page has handled: it is there for the next page that uses them.
_failures: WeakKeyDictionary[Deferred, Any] = WeakKeyDictionary()


def _failure_of(deferred: Deferred, result: object) -> Any | None:  # noqa: ANN401  a Failure
    """Return the failure that a page has handled, unless others have made something of it."""
    return _failures.get(deferred) if result is None else None


def result_of(deferred: Deferred) -> Any:  # noqa: ANN401  whatever it fired with
    """Return the result of a Deferred that has fired.

    Args:
        deferred: The Deferred. It keeps its value, so it may stand in a page twice.

    Returns:
        The value.

    Raises:
        Exception: It has failed; the failure is handled with that.
    """
    result = deferred.result
    failure = _failure_of(deferred, result)
    if isinstance(result, sys.modules[_FAILURE].Failure):
        failure = _failures[deferred] = result
        deferred.addErrback(lambda _: None)
    if failure is not None:
        failure.raiseException()
    return result


def unfired(value: object) -> UnfiredDeferredError:
    """Make the error for a value that a directive needs and that is not there.

    Args:
        value: A Deferred, or a coroutine, which is closed: nobody will await it any more.

    Returns:
        The error.
    """
    what = "a Deferred that has not fired"
    if isinstance(value, CoroutineType):
        what = f"the coroutine {value.__qualname__}(), which nobody awaits"
        value.close()
    return UnfiredDeferredError(
        f"The value is {what}: write await before it and render with generate_async()"
    )


def follow(deferred: Deferred, write: Callable[[Any], bytes | Deferred], where: str) -> Deferred:
    """Return a Deferred for what a function makes of another one's value.

    Args:
        deferred: The Deferred in the page. It keeps its value for others who wait for it.
        write: Makes the text of the value.
        where: The place in the template, for a note on an error.

    Returns:
        A Deferred of its own; to cancel it cancels the other one.
    """
    following = sys.modules[_DEFER].Deferred(lambda _: deferred.cancel())

    def succeed(value: object) -> object:
        failure = _failure_of(deferred, value)
        if failure is not None:
            fail(failure)
        elif not following.called:
            following.callback(value)
        return value

    def fail(failure: Any) -> None:  # noqa: ANN401  a Failure
        if deferred not in _failures:
            _failures[deferred] = failure
            failure.value.add_note(f"This is what a Deferred in the template brought, at {where}")
        if not following.called:
            following.errback(failure)

    deferred.addCallbacks(succeed, fail)
    return following.addCallback(write)


def fill(text: str, holes: Sequence[Hole]) -> bytes | Deferred:
    """Put the values in the place of their markers.

    Args:
        text: The page with markers.
        holes: The holes.

    Returns:
        The page, or a Deferred that fires with it. To cancel that one cancels those that it still
        waits for. The first that fails makes it fail.

    Raises:
        UnicodeEncodeError: The text holds lone surrogates.
        Exception: A value that is there already could not be written.
    """
    if not holes:
        return text.encode()
    found = {hole.marker: hole for hole in holes}
    parts: list[bytes | Deferred] = []
    for part in _MARKER.split(text):
        hole = found.get(part)
        parts.append(part.encode() if hole is None else hole.resolve())
    return _Filling(parts).start()


class _Filling:
    """Waits for those parts of a page that are not there yet."""

    def __init__(self, parts: Sequence[bytes | Deferred]) -> None:
        self.parts: list[Any] = list(parts)
        self.missing = [place for place, part in enumerate(parts) if not isinstance(part, bytes)]
        self.failure: Any = None
        self.page: Deferred = None

    def start(self) -> bytes | Deferred:
        """Return the page, or a Deferred."""
        for place in tuple(self.missing):
            self.parts[place].addCallbacks(self._arrive, self._fail, callbackArgs=(place,))
        if self.failure is not None:
            self.failure.raiseException()
        if not self.missing:
            return b"".join(self.parts)
        self.page = sys.modules[_DEFER].Deferred(self._cancel)
        return self.page

    def _arrive(self, text: bytes, place: int) -> None:
        self.parts[place] = text
        self.missing.remove(place)
        if self.page is not None and not self.missing:
            # Let go of: the page holds on to its canceller, and so to this.
            page, self.page = self.page, None
            page.callback(b"".join(self.parts))

    def _fail(self, failure: Any) -> None:  # noqa: ANN401  a Failure
        # A page has one error. Those that follow are handled with it.
        if self.failure is None:
            self.failure = failure
            if self.page is not None:
                page, self.page = self.page, None
                page.errback(failure)

    def _cancel(self, _: Deferred) -> None:
        for place in tuple(self.missing):
            if not isinstance(self.parts[place], bytes):  # it may have come by cancelling another
                self.parts[place].cancel()
