"""`cyclone.web` is `cyclone_core.web`: the same module object."""

import sys

import cyclone_core.web
from cyclone_core.web import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_core.web
