"""What a limit says when its Redis does not answer."""

from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from twisted.internet.defer import CancelledError, Deferred

from cyclone_storage.errors import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from twisted.internet.interfaces import IReactorTime
    from twisted.python.failure import Failure

__all__ = ["Outages"]

_T = TypeVar("_T")


class Outages:
    """Bounds the time of what is asked of a store, and makes one exception of all its failures."""

    def __init__(
        self, store: object, name: str, timeout: float, clock: "IReactorTime | None"
    ) -> None:
        """Keep whom to speak of.

        Args:
            store: The pool or connection; what it has of `stats()` says what it has met last.
            name: Of the limit.
            timeout: Seconds to wait.
            clock: Measures them; None: the reactor.
        """
        self._stats: Callable[[], Any] | None = getattr(store, "stats", None)
        self._name = name
        self._timeout = timeout
        self._clock = clock

    def watch(self, asking: Deferred[_T]) -> Deferred[_T]:
        """Return the same Deferred, which fails in time, and with `StorageUnavailable`.

        Args:
            asking: What was asked.

        Returns:
            It; a wait that was given up stays what it is.
        """
        clock: Any = self._clock
        if clock is None:
            from twisted.internet import reactor as clock
        asking.addTimeout(self._timeout, clock, self._too_late)
        return asking.addErrback(self._explain)

    def _too_late(self, result: object, _: float) -> NoReturn:
        # The pool itself waits longer than we do, so nobody else would tell why there is no answer.
        met = getattr(self._stats(), "last_error", None) if self._stats else None
        known = f"; the last trouble of the pool was {met}" if met else ""
        raise StorageUnavailable(
            f"the limit {self._name!r} cannot ask Redis: no answer within {self._timeout:g} s{known}"
        ) from getattr(result, "value", None)

    def _explain(self, failure: "Failure") -> "Failure":
        failure.trap(Exception)
        if failure.check(CancelledError, StorageUnavailable) is not None:
            return failure
        reason = f"{type(failure.value).__name__}: {failure.getErrorMessage()}"
        raise StorageUnavailable(
            f"the limit {self._name!r} cannot ask Redis: {reason}"
        ) from failure.value
