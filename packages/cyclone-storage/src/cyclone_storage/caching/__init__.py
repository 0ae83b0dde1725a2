"""Results that are kept for a while: computed once, also when many ask at the same time."""

from cyclone_storage.caching.cache import Cached, CachedMethod, cached
from cyclone_storage.caching.flights import CircularWait
from cyclone_storage.caching.stats import CacheStats

__all__ = ["CacheStats", "Cached", "CachedMethod", "CircularWait", "cached"]
