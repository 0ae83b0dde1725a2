"""`cyclone.template` is `cyclone_template`: the same module object."""

import sys

import cyclone_template
from cyclone_template import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_template
