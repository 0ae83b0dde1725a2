"""`cyclone.options` is `cyclone_core.options`: the same module object."""

import sys

import cyclone_core.options
from cyclone_core.options import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_core.options
