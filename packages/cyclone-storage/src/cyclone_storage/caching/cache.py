"""A function with its results, and the decorator that makes it."""

import asyncio
import functools
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast, overload

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from cyclone_storage.caching.checks import check_function, check_options
from cyclone_storage.caching.flights import CURRENT, CircularWait, Flight
from cyclone_storage.caching.stats import CacheStats
from cyclone_storage.coroutines import start

__all__ = ["Cached", "CachedMethod", "cached"]

_T = TypeVar("_T")
_P = ParamSpec("_P")
_Q = ParamSpec("_Q")


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
    Results are bounded by `max_entries`; how long a computation takes, and how many run at once for
    different arguments, is up to the function and to those who call it.

    Where a loop of asyncio runs, as below Twisted's asyncio reactor, an `async def` may await what belongs
    to asyncio, and Deferreds; elsewhere Deferreds. The call itself returns a Deferred everywhere.

    Args:
        ttl: Seconds for which a result is kept; `math.inf` for as long as there is room.
        key: Makes of the arguments what tells results apart. By default that is the arguments
            themselves, positional ones apart from named ones; on a method `self` is one of them, so
            that the cache keeps the object alive.
        max_entries: How many results are kept; beyond it the one that was not used longest goes.
        clock: Measures `ttl`; by default a monotonic clock.

    Returns:
        A decorator for a function that returns a value, a Deferred or a coroutine. Below
        `classmethod` calls work, but mypy asks for the class as an argument, and from Python 3.13 on
        `invalidate` wants it as one.

    Raises:
        TypeError: An argument is of another type, or the decorator stands before what is no function
            or yields.
        ValueError: `ttl` or `max_entries` is not above 0.
    """
    check_options(ttl, key, max_entries, clock)
    seconds = time.monotonic if clock is None else clock.seconds

    def decorate(function: Callable[..., Any]) -> Cached[..., Any]:
        check_function(function)
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
        self._flights: dict[Hashable, Flight[_T]] = {}
        self._hits = self._shared = self._misses = self._failures = self._evicted = 0

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> Deferred[_T]:
        """Return the result for some arguments, or compute it.

        Cancelling the Deferred gives up waiting; the computation is cancelled when nobody waits any
        more.

        Returns:
            The result. It fails with what the function fails with, and with `CircularWait` if the
            computation that asks, or one that it started, would wait for itself.

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
        asker = CURRENT.get()
        if asker is not None and asker.landed:
            asker = None
        if (flight := self._flights.get(key)) is not None:
            if asker is not None and flight.waits_for(asker):
                # Without the arguments, which nobody expects in a log.
                return fail(CircularWait(f"{self._function!r} waits for its own result"))
            self._shared += 1
            return self._join(key, flight, asker)
        self._misses += 1
        flight = self._flights[key] = Flight()
        result = self._join(key, flight, asker)
        above = CURRENT.set(flight)
        try:
            flight.running = start(self._function, args, kwargs)
        finally:
            CURRENT.reset(above)
        flight.running.addBoth(self._land, key, flight)
        return result

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> "Cached[_P, _T]": ...
    @overload
    def __get__(
        self: "Cached[Concatenate[Any, _Q], _T]", instance: object, owner: type | None = None
    ) -> "CachedMethod[_Q, _T]": ...
    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Return it as a method of an object."""
        return self if instance is None else CachedMethod(self, instance)

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

    def _join(self, key: Hashable, flight: Flight[_T], asker: Flight[Any] | None) -> Deferred[_T]:
        """Wait for a computation."""

        def leave(waiter: Deferred[_T]) -> None:
            del flight.waiting[waiter]
            if not flight.waiting and flight.running is not None:
                # Whoever asks from now on must not join what is about to be cancelled.
                self._leave(key, flight)
                flight.running.cancel()

        waiter: Deferred[_T] = Deferred(leave)
        flight.waiting[waiter] = asker
        return waiter

    def _land(self, result: _T | Failure, key: Hashable, flight: Flight[_T]) -> None:
        """Give a result to all who wait for it, and keep it if it is still wanted."""
        flight.running = None
        flight.landed = True
        wanted = self._leave(key, flight)
        if isinstance(result, Failure):
            self._failures += 1
            if not flight.waiting:
                result.trap(CancelledError, asyncio.CancelledError)
        elif wanted:
            self._keep(key, result)
        # One by one: whoever gets it first may cancel those who wait behind.
        while flight.waiting:
            waiter, _ = flight.waiting.popitem(last=False)
            waiter.callback(cast("_T", result))

    def _leave(self, key: Hashable, flight: Flight[_T]) -> bool:
        if self._flights.get(key) is not flight:
            return False
        del self._flights[key]
        return True

    def _keep(self, key: Hashable, result: _T) -> None:
        self._results[key] = (self._seconds() + self._ttl, result)
        if len(self._results) > self._max_entries:
            self._results.popitem(last=False)
            self._evicted += 1


class CachedMethod(Generic[_P, _T]):
    """A cached function as a method: its first argument is given."""

    def __init__(self, function: Cached[..., _T], instance: object) -> None:
        self._function = function
        self.__self__ = instance
        self.__wrapped__ = function.__wrapped__

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> Deferred[_T]:
        """Return the result for these arguments, kept or computed; see `Cached`.

        Args:
            args: The arguments behind the object.
            kwargs: Those with names.
        """
        return self._function(self.__self__, *args, **kwargs)

    def invalidate(self, *args: _P.args, **kwargs: _P.kwargs) -> None:
        """Forget the result for some arguments of this object.

        Args:
            args: The arguments behind the object, given as in the call.
            kwargs: Those with names.
        """
        self._function.invalidate(self.__self__, *args, **kwargs)

    def clear(self) -> None:
        """Forget all results, those of other objects too."""
        self._function.clear()

    def stats(self) -> CacheStats:
        """Return what has happened up to now, for all objects together."""
        return self._function.stats()


def _arguments(*args: Hashable, **kwargs: Hashable) -> Hashable:
    return (args, frozenset(kwargs.items())) if kwargs else args
