"""`cyclone.locale` is `cyclone_locale`: the same module object."""

import sys

import cyclone_locale
from cyclone_locale import *  # noqa: F403  static tools read the names here

sys.modules[__name__] = cyclone_locale
