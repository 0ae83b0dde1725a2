"""`cyclone.log` is `cyclone_core.log`: the same module object."""

import sys

import cyclone_core.log
from cyclone_core.log import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_core.log
