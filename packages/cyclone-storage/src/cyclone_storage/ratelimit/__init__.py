"""How often somebody may do something: token buckets in memory or in Redis."""

from cyclone_storage.ratelimit.buckets import Scripts
from cyclone_storage.ratelimit.decision import Decision, RateLimited
from cyclone_storage.ratelimit.keys import remote_network
from cyclone_storage.ratelimit.limit import RateLimit

__all__ = ["Decision", "RateLimit", "RateLimited", "Scripts", "remote_network"]
