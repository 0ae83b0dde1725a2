"""`cyclone.testing` is `cyclone_core.testing`: the same module object."""

import sys

import cyclone_core.testing
from cyclone_core.testing import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_core.testing
