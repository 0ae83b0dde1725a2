"""`cyclone.escape` is `cyclone_escape`: the same module object."""

import sys

import cyclone_escape
from cyclone_escape import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_escape
