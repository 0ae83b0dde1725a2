"""`cyclone.wsgi` is `cyclone_core.wsgi`: the same module object."""

import sys

import cyclone_core.wsgi
from cyclone_core.wsgi import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_core.wsgi
