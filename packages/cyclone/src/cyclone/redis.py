"""`cyclone.redis` is `cyclone_storage.redis`: the same module object."""

import sys

import cyclone_storage.redis
from cyclone_storage.redis import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_storage.redis
