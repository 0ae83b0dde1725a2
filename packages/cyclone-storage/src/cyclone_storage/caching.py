"""Results that are kept for a while: computed once, also when many ask at the same time."""

import asyncio
import functools
import inspect
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, cast, overload

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

__all__ = ["CacheStats", "Cached", "cached"]

_T = TypeVar("_T")
_P = ParamSpec("_P")


@dataclass(frozen=True, slots=True)
class CacheStats:
    """What a cache has done up to now.

    Attributes:
        hits: Calls that were answered from the cache.
        shared: Calls that waited for a computation that another call had begun.
        misses: Calls that began one.
        failures: Computations that failed, or were cancelled.
        evicted: Results that made room for others before their time.
        entries: Results that are kept at present, those included whose time is over.
        running: Computations that run at present.
    """

    hits: int = 0
    shared: int = 0
    misses: int = 0
    failures: int = 0
    evicted: int = 0
    entries: int = 0
    running: int = 0


@dataclass(slots=True, eq=False)
class _Flight(Generic[_T]):
    """A computation that runs, and who waits for it."""

    waiting: deque[Deferred[_T]] = field(default_factory=deque)
    running: Deferred[_T] | None = None


class _Decorator(Protocol):
    @overload
    def __call__(self, function: Callable[_P, Deferred[_T]], /) -> "Cached[_P, _T]": ...
    @overload
    def __call__(self, function: Callable[_P, Coroutine[Any, Any, _T]], /) -> "Cached[_P, _T]": ...
    @overload
    def __call__(self, function: Callable[_P, _T], /) -> "Cached[_P, _T]": ...


def cached(
    ttl: float,
    *,
    key: Callable[..., Hashable] | None = None,
    max_entries: int = 1024,
    clock: IReactorTime | None = None,
) -> _Decorator:
    """Keep the results of a function, for each of its arguments.

    Calls that come while a result is computed wait for it and begin nothing ("single flight"). A
    failure goes to all who wait and is not kept. All callers get the same object: treat it as constant.

    Args:
        ttl: Seconds for which a result is kept; `math.inf` for as long as there is room.
        key: Makes of the arguments what tells results apart. By default that is the arguments
            themselves, positional ones apart from named ones; on a method `self` is one of them, so
            that the cache keeps the object alive.
        max_entries: How many results are kept; beyond it the one that was not used longest goes.
        clock: Measures `ttl`; by default a monotonic clock.

    Returns:
        A decorator for a function that returns a value, a Deferred or a coroutine.

    Raises:
        TypeError: `max_entries` is no whole number.
        ValueError: `ttl` or `max_entries` is not above 0.
    """
    if not ttl > 0:
        raise ValueError(f"the ttl of cached() is {ttl!r}; it must be seconds above 0")
    if isinstance(max_entries, bool) or not isinstance(max_entries, int):
        raise TypeError(f"max_entries of cached() is {max_entries!r}; it must be a whole number")
    if max_entries < 1:
        raise ValueError(f"max_entries of cached() is {max_entries}; it must be above 0")
    seconds = time.monotonic if clock is None else clock.seconds

    def decorate(function: Callable[..., Any]) -> Cached[..., Any]:
        return Cached(function, ttl, key or _arguments, max_entries, seconds)

    return cast("_Decorator", decorate)


class Cached(Generic[_P, _T]):
    """A function whose results are kept; `cached` makes it."""

    def __init__(
        self,
        function: Callable[..., Any],
        ttl: float,
        key: Callable[..., Hashable],
        max_entries: int,
        seconds: Callable[[], float],
    ) -> None:
        functools.update_wrapper(self, function)
        self.__wrapped__ = function
        self._function = function
        self._ttl = ttl
        self._key = key
        self._max_entries = max_entries
        self._seconds = seconds
        # The results with the time at which they end, the one that was not used longest first.
        self._results: OrderedDict[Hashable, tuple[float, _T]] = OrderedDict()
        self._flights: dict[Hashable, _Flight[_T]] = {}
        self._hits = self._shared = self._misses = self._failures = self._evicted = 0

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> Deferred[_T]:
        """Return the result for some arguments, or compute it.

        Cancelling the Deferred gives up waiting; the computation is cancelled when nobody waits any
        more.

        Raises:
            TypeError: The key of these arguments cannot be hashed; give `cached` a `key=`.
        """
        key = self._key_of(args, kwargs)
        if (kept := self._results.get(key)) is not None:
            if kept[0] > self._seconds():
                self._hits += 1
                self._results.move_to_end(key)
                return succeed(kept[1])
            del self._results[key]
        if (flight := self._flights.get(key)) is not None:
            self._shared += 1
            return self._join(key, flight)
        self._misses += 1
        flight = self._flights[key] = _Flight()
        result = self._join(key, flight)
        flight.running = _started(self._function, args, kwargs)
        flight.running.addBoth(self._land, key, flight)
        return result

    def __get__(self, instance: object, owner: type | None = None) -> "Cached[..., _T]":
        """Return it as a method of an object."""
        if instance is None:
            return self
        return cast("Cached[..., _T]", _Method(self, instance))

    def invalidate(self, *args: _P.args, **kwargs: _P.kwargs) -> None:
        """Forget the result for some arguments; one that is computed just now is not kept.

        Args:
            args: The arguments, given as in the call.
            kwargs: Those with names.

        Raises:
            TypeError: The key of these arguments cannot be hashed.
        """
        key = self._key_of(args, kwargs)
        self._results.pop(key, None)
        self._flights.pop(key, None)

    def clear(self) -> None:
        """Forget all results; those that are computed just now are not kept."""
        self._results.clear()
        self._flights.clear()

    def stats(self) -> CacheStats:
        """Return what has happened up to now."""
        return CacheStats(
            hits=self._hits,
            shared=self._shared,
            misses=self._misses,
            failures=self._failures,
            evicted=self._evicted,
            entries=len(self._results),
            running=len(self._flights),
        )

    def _key_of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Hashable:
        key = self._key(*args, **kwargs)
        try:
            hash(key)
        except TypeError as error:
            raise TypeError(
                f"the arguments of {self._function!r} cannot be told apart ({error}); "
                "give cached() a key= that makes something hashable of them"
            ) from error
        return key

    def _join(self, key: Hashable, flight: _Flight[_T]) -> Deferred[_T]:
        """Wait for a computation."""

        def leave(waiter: Deferred[_T]) -> None:
            flight.waiting.remove(waiter)
            if not flight.waiting and flight.running is not None:
                # Whoever asks from now on must not join what is about to be cancelled.
                self._leave(key, flight)
                flight.running.cancel()

        waiter: Deferred[_T] = Deferred(leave)
        flight.waiting.append(waiter)
        return waiter

    def _land(self, result: _T | Failure, key: Hashable, flight: _Flight[_T]) -> None:
        """Give a result to all who wait for it, and keep it if it is still wanted."""
        flight.running = None
        wanted = self._leave(key, flight)
        if isinstance(result, Failure):
            self._failures += 1
            if not flight.waiting:
                result.trap(CancelledError)
        elif wanted:
            self._keep(key, result)
        # One by one: whoever gets it first may cancel those who wait behind.
        while flight.waiting:
            flight.waiting.popleft().callback(cast("_T", result))

    def _leave(self, key: Hashable, flight: _Flight[_T]) -> bool:
        if self._flights.get(key) is not flight:
            return False
        del self._flights[key]
        return True

    def _keep(self, key: Hashable, result: _T) -> None:
        self._results[key] = (self._seconds() + self._ttl, result)
        if len(self._results) > self._max_entries:
            self._results.popitem(last=False)
            self._evicted += 1


class _Method:
    """A cached function as a method: its first argument is given."""

    def __init__(self, function: Cached[..., Any], instance: object) -> None:
        self._function = function
        self.__self__ = instance

    def __call__(self, *args: object, **kwargs: object) -> Deferred[Any]:
        return self._function(self.__self__, *args, **kwargs)

    def invalidate(self, *args: object, **kwargs: object) -> None:
        self._function.invalidate(self.__self__, *args, **kwargs)

    def __getattr__(self, name: str) -> object:
        return getattr(self._function, name)


def _arguments(*args: Hashable, **kwargs: Hashable) -> Hashable:
    return (args, frozenset(kwargs.items())) if kwargs else args


def _started(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Deferred[Any]:
    def call() -> object:
        result = function(*args, **kwargs)
        if asyncio.isfuture(result):
            return Deferred.fromFuture(result)
        if inspect.isawaitable(result) and not isinstance(result, Deferred | Coroutine):
            return _awaited(result)
        return result

    return maybeDeferred(call)


async def _awaited(awaitable: Any) -> object:  # noqa: ANN401 -- anything that can be awaited
    return await awaitable
