"""`cyclone.bottle` is `cyclone_core.bottle`: the same module object."""

import sys

import cyclone_core.bottle
from cyclone_core.bottle import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_core.bottle
