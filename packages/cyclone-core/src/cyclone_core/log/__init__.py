"""The loggers of the standard library, and the writer of lines that are too many for a logger.

`access_log`, `app_log` and `gen_log` are loggers of `logging` as in Tornado's module `log`: say in a
`log_function`, or wherever a ported program names them. What cyclone logs by itself goes to
Twisted's log.
"""

import logging
from typing import Final

__all__ = ["access_log", "app_log", "gen_log"]

access_log: Final = logging.getLogger("cyclone.access")
"""For a program's own line of each request (Tornado: `tornado.access`)."""

app_log: Final = logging.getLogger("cyclone.application")
"""For errors in a program's code (Tornado: `tornado.application`)."""

gen_log: Final = logging.getLogger("cyclone.general")
"""For everything else (Tornado: `tornado.general`)."""
