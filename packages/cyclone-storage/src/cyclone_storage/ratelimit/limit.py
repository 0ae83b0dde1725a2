"""A limit, and how it is put before the methods of a handler."""

import functools
import math
import time
from collections.abc import Callable, Coroutine
from inspect import isawaitable
from types import GeneratorType
from typing import Any, Final, ParamSpec

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_storage.errors import PoolClosed, StorageUnavailable
from cyclone_storage.ratelimit.buckets import (
    Bucket,
    Buckets,
    MemoryBuckets,
    RedisBuckets,
    Scripts,
    Taken,
)
from cyclone_storage.ratelimit.checks import (
    check_key,
    check_method,
    check_rate,
    check_store,
    check_whole,
    check_window,
)
from cyclone_storage.ratelimit.decision import Decision, RateLimited
from cyclone_storage.ratelimit.keys import short_key
from cyclone_storage.ratelimit.outages import Outages

__all__ = ["RateLimit"]

_P = ParamSpec("_P")

# What is left of a token after a division that does not come out even.
_ROUNDING: Final = 1e-6

_log = Logger(namespace="cyclone.storage")


class RateLimit:
    """At most so many in a time, for each key: a token bucket.

    Each key has a bucket of `burst` tokens, full at first, into which `rate` tokens flow in `per`
    seconds. An attempt takes a token; without one it is refused, and takes nothing::

        limit = RateLimit(5, 60)                        # in this process
        limit = RateLimit(5, 60, store=pool, name="sign-in")  # in Redis, for all processes

        class SignIn(cyclone.web.RequestHandler):
            @limit.by(remote_network)
            async def post(self): ...

    In memory a limit is one process's own, and ends with it.
    """

    def __init__(
        self,
        rate: float,
        per: float = 1.0,
        *,
        burst: int | None = None,
        store: Scripts | None = None,
        name: str = "",
        fail_open: bool = False,
        timeout: float = 2.0,
        max_keys: int = 100_000,
        clock: IReactorTime | None = None,
    ) -> None:
        """Make a limit.

        Args:
            rate: How many attempts are allowed in `per` seconds, in the long run.
            per: Seconds.
            burst: How many are allowed at once by somebody who has waited; `rate`, rounded up, if
                None.
            store: A pool or connection of `cyclone_storage.redis` that keeps the buckets; None keeps
                them in memory.
            name: Of the limit in Redis: limits of the same name share their buckets.
            fail_open: What happens while Redis is away: True allows every attempt and logs it, False
                fails with `StorageUnavailable`. That is what a closed pool always does.
            timeout: Seconds to wait for Redis.
            max_keys: How many buckets the memory holds. Beyond it the one that was not asked for
                longest is forgotten, that is, full.
            clock: Measures time in memory, and `timeout`; by default a monotonic clock and the
                reactor.

        Raises:
            TypeError: An argument is of another type.
            ValueError: A number is not above 0 or cannot be measured, or a store has no name.
        """
        for what, number in {"rate": rate, "per": per, "timeout": timeout}.items():
            check_rate(what, number)
        check_store(store, name, clock, fail_open)
        burst = math.ceil(rate) if burst is None else check_whole("burst of a RateLimit", burst)
        check_window(rate, per, burst)
        max_keys = check_whole("max_keys of a RateLimit", max_keys)
        self._bucket = Bucket(per / rate, burst)
        self._fail_open = fail_open
        self._name = name
        self._buckets: Buckets
        self._outages: Outages | None = None
        if store is None:
            seconds = time.monotonic if clock is None else clock.seconds
            self._buckets = MemoryBuckets(max_keys, seconds)
        else:
            self._buckets = RedisBuckets(store, name)
            self._outages = Outages(store, name, timeout, clock)
        self._away = False

    def __repr__(self) -> str:
        """Say what is allowed."""
        where = f"in Redis as {self._name!r}" if self._outages else "in memory"
        every = f"one in {self._bucket.interval:g} s, {self._bucket.burst} at once"
        return f"<RateLimit: {every}, {where}>"

    def take(self, key: str | bytes, cost: int = 1) -> Deferred[Decision]:
        """Take tokens if there are as many, and say so.

        Args:
            key: Who makes the attempt.
            cost: How many tokens it takes.

        Returns:
            The decision; it fails with `StorageUnavailable` if Redis is away and the limit does not
            fail open.

        Raises:
            TypeError: The key is no text, or the cost no whole number.
            ValueError: The cost is not above 0, or above what a bucket ever holds.
        """
        self._check_cost(cost)
        taking = self._buckets.take(short_key(key), cost, self._bucket)
        if self._outages is None:
            return taking.addCallback(self._decide)
        return self._outages.watch(taking).addCallbacks(self._decide, self._do_without)

    def check(self, key: str | bytes, cost: int = 1) -> Deferred[Decision]:
        """Take tokens, or fail.

        Args:
            key: Who makes the attempt.
            cost: How many tokens it takes.

        Returns:
            The decision, which allows the attempt; it fails with `RateLimited` if there are not as
            many, and with `StorageUnavailable` as `take` does.

        Raises:
            TypeError: As `take`.
            ValueError: As `take`.
        """
        return self.take(key, cost).addCallback(self._refuse)

    def reset(self, key: str | bytes) -> Deferred[None]:
        """Fill the bucket of a key, after a successful sign-in for example.

        Args:
            key: Whose bucket.

        Returns:
            When it is full; it fails with `StorageUnavailable` if Redis is away, also if the limit
            fails open.

        Raises:
            TypeError: The key is no text.
        """
        resetting = self._buckets.reset(short_key(key))
        return resetting if self._outages is None else self._outages.watch(resetting)

    def by(
        self, key: Callable[[Any], str | bytes], cost: int = 1
    ) -> Callable[
        [Callable[_P, object]],
        Callable[_P, Coroutine[Any, Any, Any]],
    ]:
        """Put the limit before a method of a handler: a plain one, an `async def`, or a classic one.

        Args:
            key: Says of a handler who asks, such as `remote_network`.
            cost: How many tokens a request takes.

        Returns:
            A decorator. It goes below `authenticated`, if that is there.

        Raises:
            TypeError: The key is no function of a handler, the cost no whole number, or what the
                decorator stands before no method.
            ValueError: As `take`.
        """
        check_key(key)
        self._check_cost(cost)

        def decorate(
            method: Callable[_P, object],
        ) -> Callable[_P, Coroutine[Any, Any, Any]]:
            check_method(method)

            @functools.wraps(method)
            async def limited(*args: _P.args, **kwargs: _P.kwargs) -> object:
                await limit.check(key(args[0]), cost)
                result = method(*args, **kwargs)
                if isinstance(result, GeneratorType):
                    _log.warn(
                        "{name} returned a generator: is @inlineCallbacks missing?",
                        name=result.__qualname__,
                    )
                    result = Deferred.fromCoroutine(result)
                return await result if isawaitable(result) else result

            return limited

        limit = self
        return decorate

    def _decide(self, taken: Taken) -> Decision:
        wait, busy = taken
        self._away = False
        remaining = self._bucket.burst - busy / self._bucket.interval
        return Decision(wait <= 0, max(0, math.floor(remaining + _ROUNDING)), wait)

    def _refuse(self, decision: Decision) -> Decision:
        if decision.allowed:
            return decision
        name = f" {self._name!r}" if self._name else ""
        raise RateLimited(
            f"too many attempts for the limit{name}: the next one in {decision.retry_after:.3g} s",
            decision,
        )

    def _do_without(self, failure: Failure) -> Decision:
        failure.trap(StorageUnavailable)
        # A closed pool does not come back: a limit that is open for ever would be none.
        closed = isinstance(getattr(failure.value, "__cause__", None), PoolClosed)
        if closed or not self._fail_open:
            failure.raiseException()
        if not self._away:
            # Once for each outage: as many lines as requests would be an outage of their own.
            self._away = True
            _log.error(
                "the limit {name!r} allows everything while Redis is away: {reason}",
                name=self._name,
                reason=failure.getErrorMessage(),
            )
        return Decision(allowed=True, remaining=0, retry_after=0.0)

    def _check_cost(self, cost: int) -> None:
        if check_whole("cost of an attempt", cost) > self._bucket.burst:
            raise ValueError(
                f"a cost of {cost} is never allowed: buckets hold {self._bucket.burst}; raise burst="
            )
