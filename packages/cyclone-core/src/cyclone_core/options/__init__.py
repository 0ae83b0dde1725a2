"""Options of a program: defined where they are used, given on a command line, in a file, or both.

    from cyclone_core.options import define, options, parse_command_line

    define("port", default=8888, help="port to listen on")
    parse_command_line()
    application.listen(options.port)

`options` is the parser that the functions of this module work on. It has the options of the log as well,
and `parse_command_line` begins the log that they ask for; see `enable_pretty_logging`.
"""

from typing import Final

from cyclone_core.log import LogFormatter, define_logging_options, enable_pretty_logging
from cyclone_core.options.errors import Error, UnknownOptionError
from cyclone_core.options.parser import OptionParser

__all__ = [
    "Error",
    "LogFormatter",
    "OptionParser",
    "UnknownOptionError",
    "add_parse_callback",
    "define",
    "define_logging_options",
    "enable_pretty_logging",
    "options",
    "parse_command_line",
    "parse_config_file",
    "parse_environment",
    "print_help",
]

options: Final = OptionParser()
"""The options of the program, for all its modules."""

# Not functions that call them: `define` asks who has called.
define = options.define
parse_command_line = options.parse_command_line
parse_config_file = options.parse_config_file
parse_environment = options.parse_environment
print_help = options.print_help
add_parse_callback = options.add_parse_callback

define_logging_options(options)
