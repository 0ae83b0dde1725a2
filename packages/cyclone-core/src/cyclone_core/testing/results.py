"""Taking a result out of a Deferred where nobody waits."""

from typing import TYPE_CHECKING, Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cyclone_core.testing.errors import NotFired

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["result_of"]

_T = TypeVar("_T")


def result_of(awaitable: "Deferred[_T] | Coroutine[Deferred[Any], Any, _T]") -> _T:
    """Give the result of a Deferred that has fired, or of a coroutine that waits for nothing else.

    With it a test needs no reactor: an answer of a handler that does not wait is there at once, and
    one of a handler that does when the test has moved its clock.

    Args:
        awaitable: The Deferred or the coroutine.

    Returns:
        The result.

    Raises:
        NotFired: There is none yet.
        BaseException: What the Deferred or the coroutine has failed with.

    Example:
        >>> from twisted.internet.defer import succeed
        >>> result_of(succeed("ready"))
        'ready'
    """
    waiting = awaitable if isinstance(awaitable, Deferred) else Deferred.fromCoroutine(awaitable)
    outcome: list[_T | Failure] = []
    asked = True

    def take(result: _T | Failure) -> _T | Failure | None:
        outcome.append(result)
        # A failure is raised below: the Deferred must not report it once more.
        return None if asked and isinstance(result, Failure) else result

    waiting.addBoth(take)
    asked = False
    if not outcome:
        raise NotFired(
            f"{waiting!r} has not fired: the handler still waits, for a clock that the test has to"
            " advance or for a Deferred that it has to fire"
        )
    result = outcome[0]
    if isinstance(result, Failure):
        result.raiseException()
    return result
