"""`cyclone.autoreload` is `cyclone_core.autoreload`: the same module object."""

import sys

import cyclone_core.autoreload
from cyclone_core.autoreload import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_core.autoreload
