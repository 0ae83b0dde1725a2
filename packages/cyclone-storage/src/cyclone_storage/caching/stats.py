"""Figures of a cache."""

from dataclasses import dataclass

__all__ = ["CacheStats"]


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
