"""Options and the log that they ask for, as a program uses them; only type checkers read this."""

import datetime as dt
import logging
import sys

from cyclone_core.log import LogFormatter, define_logging_options, enable_pretty_logging
from cyclone_core.options import (
    Error,
    OptionParser,
    UnknownOptionError,
    add_parse_callback,
    define,
    options,
    parse_command_line,
    parse_config_file,
    parse_environment,
    print_help,
)


def even(text: str) -> int:
    """Read an even number."""
    return int(text) // 2 * 2


define("port", default=8888, help="port to listen on", env="PORT")
define("since", type=dt.datetime, group="application", callback=print)
define("pause", dt.timedelta(seconds=1), dt.timedelta, "how long", "SPAN", False, "application")
define("ports", type=int, multiple=True)
define("pairs", type=even)
define("config", callback=lambda path: parse_config_file(path, final=False))

add_parse_callback(lambda: print_help(sys.stdout))
rest: list[str] = parse_command_line(["program", "--port=1"], final=False)
parse_environment("APP_", final=False, environ={"APP_PORT": "1"})
options.port = 80
options["port"] = 81
port: int = options.port
settings: dict[str, object] = options.group_dict("application")
names: set[str] = options.groups()
if "port" in options:
    patch = options.mockable()
    patch.port = 3
    del patch.port
for name in options:
    value: object = options[name]

own = OptionParser()
define_logging_options(own)
try:
    own.parse_command_line()
except UnknownOptionError as error:
    option: str | None = error.option
except Error as error:
    source: str | None = error.source

handler = logging.StreamHandler()
handler.setFormatter(LogFormatter(color=False, colors={logging.INFO: 2}))
enable_pretty_logging(own, logging.getLogger("own"))
