"""`cyclone.httputil` is `cyclone_core.httputil`: the same module object."""

import sys

import cyclone_core.httputil
from cyclone_core.httputil import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_core.httputil
