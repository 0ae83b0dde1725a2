"""The loggers of the standard library, and the writer of lines that are too many for a logger.

`access_log`, `app_log` and `gen_log` are plain loggers of `logging`, as in Tornado's module `log`, for
ported programs that name them. Nothing leads from them to Twisted's log, where cyclone's own lines go:
without a handler of your own only warnings and worse appear, on stderr, without time and level (of
which twistd and `cyclone run` make lines of their log). To change the access log, see
`cyclone_core.web.access`. `enable_pretty_logging` gives the root logger a handler, and sends Twisted's log
there as well.
"""

import logging
from typing import Final

from cyclone_core.log.pretty import LogFormatter, define_logging_options, enable_pretty_logging

__all__ = [
    "LogFormatter",
    "access_log",
    "app_log",
    "define_logging_options",
    "enable_pretty_logging",
    "gen_log",
]

access_log: Final = logging.getLogger("cyclone.access")
"""For what a program says about requests (Tornado: `tornado.access`); cyclone writes nothing to it."""

app_log: Final = logging.getLogger("cyclone.application")
"""For errors in a program's code (Tornado: `tornado.application`)."""

gen_log: Final = logging.getLogger("cyclone.general")
"""For everything else (Tornado: `tornado.general`)."""
