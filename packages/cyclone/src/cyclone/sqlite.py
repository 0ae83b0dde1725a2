"""`cyclone.sqlite` is `cyclone_storage.sqlite`: the same module object."""

import sys

import cyclone_storage.sqlite
from cyclone_storage.sqlite import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_storage.sqlite
