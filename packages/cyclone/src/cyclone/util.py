"""`cyclone.util` is `cyclone_core.util`: the same module object."""

import sys

import cyclone_core.util
from cyclone_core.util import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_core.util
