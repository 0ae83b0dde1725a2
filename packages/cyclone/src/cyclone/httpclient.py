"""`cyclone.httpclient` is `cyclone_core.httpclient`: the same module object."""

import sys

import cyclone_core.httpclient
from cyclone_core.httpclient import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_core.httpclient
