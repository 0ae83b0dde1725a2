"""Small helpers that applications import under Tornado's and cyclone's name `util`."""

import doctest
import unittest

from cyclone_core.util.arguments import ArgReplacer
from cyclone_core.util.configurable import Configurable
from cyclone_core.util.decompress import GzipDecompressor
from cyclone_core.util.helpers import (
    errno_from_exception,
    exec_in,
    raise_exc_info,
    re_unescape,
    timedelta_to_seconds,
)
from cyclone_escape import ObjectDict, import_object

__all__ = [
    "ArgReplacer",
    "Configurable",
    "GzipDecompressor",
    "ObjectDict",
    "TimeoutError",
    "basestring_type",
    "bytes_type",
    "doctests",
    "errno_from_exception",
    "exec_in",
    "import_object",
    "raise_exc_info",
    "re_unescape",
    "timedelta_to_seconds",
    "unicode_type",
]

# Names from the time when one program ran on Python 2 and 3.
bytes_type = bytes
unicode_type = str
basestring_type = str

TimeoutError = TimeoutError  # noqa: A001, PLW0127 -- Tornado's name
"""Python's own, which is asyncio's too. Twisted raises `twisted.internet.defer.TimeoutError`."""


def doctests() -> unittest.TestSuite:
    """Collect the examples of these helpers (Tornado and cyclone: the same name).

    Returns:
        A suite for `unittest`.
    """
    from cyclone_core.util import arguments, helpers

    suite = unittest.TestSuite()
    for module in (arguments, helpers):
        suite.addTests(doctest.DocTestSuite(module))
    return suite
