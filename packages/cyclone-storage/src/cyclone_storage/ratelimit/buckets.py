"""Where buckets are kept: in this process, or in Redis for all processes.

Of a bucket nothing is stored but the time at which it will be full again: tokens flow in evenly, so
all else follows from it, a bucket that is full needs no entry at all, and taking is one comparison.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred, succeed

__all__ = ["Bucket", "Buckets", "MemoryBuckets", "RedisBuckets", "Scripts", "Taken"]

# Seconds until the attempt would be allowed (0: it is), and until the bucket is full again.
Taken = tuple[float, float]

# How many entries at the old end of the memory are looked at for each attempt.
_SWEPT: Final = 2

# The server's own clock counts, so that processes with clocks of their own agree. What is stored is
# bounded by a whole bucket from now: a clock that is set back empties a bucket, and no more than that.
_TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local stored = tonumber(redis.call('GET', KEYS[1]) or now)
-- In this order: of a stored NaN the greater one is the time.
local full_at = math.min(math.max(now, stored), now + burst * interval)
local wait = full_at + (cost - burst) * interval - now
if wait <= 0 then
    wait = 0
    full_at = full_at + cost * interval
    local lifetime = math.max(1, math.ceil((full_at - now) / 1000))
    redis.call('SET', KEYS[1], string.format('%.3f', full_at), 'PX', lifetime)
end
return {math.ceil(wait), math.ceil(full_at - now)}
"""


@dataclass(frozen=True, slots=True)
class Bucket:
    """How large buckets are and how fast they fill.

    Attributes:
        interval: Seconds in which one token flows in.
        burst: How many tokens a full bucket holds.
    """

    interval: float
    burst: int


class Buckets(Protocol):
    """Where buckets are kept."""

    def take(self, key: bytes, cost: int, bucket: Bucket) -> Deferred[Taken]:
        """Take tokens if there are as many."""

    def reset(self, key: bytes) -> Deferred[None]:
        """Fill a bucket."""


class Scripts(Protocol):
    """What of a Redis connection or pool is needed here; those of `cyclone_storage.redis` have it."""

    def eval(
        self, script: str, keys: Sequence[Any] = ..., args: Sequence[Any] = ...
    ) -> Deferred[Any]:
        """Run a script on the server (EVALSHA, or EVAL)."""

    def delete(self, keys: Any, /) -> Deferred[Any]:  # noqa: ANN401 -- one key, or several
        """Remove a key (DEL)."""


class MemoryBuckets:
    """Buckets in this process, of which those that were not asked for longest are forgotten first."""

    def __init__(self, max_keys: int, seconds: Callable[[], float]) -> None:
        """Begin with none.

        Args:
            max_keys: How many are kept.
            seconds: A clock that never goes back.
        """
        self._max_keys = max_keys
        self._seconds = seconds
        self._full_at: OrderedDict[bytes, float] = OrderedDict()

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._full_at)

    def take(self, key: bytes, cost: int, bucket: Bucket) -> Deferred[Taken]:
        """Take tokens if there are as many.

        Args:
            key: Whose bucket.
            cost: How many tokens.
            bucket: How large it is and how fast it fills.
        """
        now = self._seconds()
        full_at = max(self._full_at.pop(key, now), now)
        wait = full_at + (cost - bucket.burst) * bucket.interval - now
        if wait <= 0:
            wait = 0.0
            full_at += cost * bucket.interval
        # Also one that is refused goes to the end: who tries without pause is not forgotten for it.
        self._full_at[key] = full_at
        self._sweep(now)
        return succeed((wait, full_at - now))

    def reset(self, key: bytes) -> Deferred[None]:
        """Fill a bucket.

        Args:
            key: Whose.
        """
        self._full_at.pop(key, None)
        return succeed(None)

    def _sweep(self, now: float) -> None:
        """Forget buckets that are full, and one of the others if there are too many."""
        for key, full_at in list(islice(self._full_at.items(), _SWEPT)):
            if full_at > now and len(self._full_at) <= self._max_keys:
                return
            del self._full_at[key]


class RedisBuckets:
    """Buckets in Redis 5 or newer; an entry goes by itself when its bucket is full."""

    def __init__(self, redis: Scripts, name: str) -> None:
        """Begin with those that are there.

        Args:
            redis: A connection or a pool.
            name: Of the limit; its keys begin with `ratelimit:` and this, in which `%3A` stands for
                a colon and `%25` for a percent sign.
        """
        self._redis = redis
        # Without a colon in the name it ends at the next one, whatever stands in the key behind it.
        name = name.replace("%", "%25").replace(":", "%3A")
        self._prefix = f"ratelimit:{name}:".encode()

    def take(self, key: bytes, cost: int, bucket: Bucket) -> Deferred[Taken]:
        """Take tokens if there are as many, in one round trip.

        Args:
            key: Whose bucket.
            cost: How many tokens.
            bucket: How large it is and how fast it fills.
        """
        numbers = (f"{bucket.interval * 1e6:.6f}", bucket.burst, cost)
        taking = self._redis.eval(_TAKE, [self._prefix + key], numbers)
        return taking.addCallback(_in_seconds)

    def reset(self, key: bytes) -> Deferred[None]:
        """Fill a bucket.

        Args:
            key: Whose.
        """
        return self._redis.delete(self._prefix + key).addCallback(lambda _: None)


def _in_seconds(reply: Sequence[int]) -> Taken:
    wait, busy = reply
    return wait / 1e6, busy / 1e6
