"""`cyclone.routing` is `cyclone_core.routing`: the same module object."""

import sys

import cyclone_core.routing
from cyclone_core.routing import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_core.routing
