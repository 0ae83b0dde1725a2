"""`cyclone.httpserver` is `cyclone_core.httpserver`: the same module object."""

import sys

import cyclone_core.httpserver
from cyclone_core.httpserver import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_core.httpserver
