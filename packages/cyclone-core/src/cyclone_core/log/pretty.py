"""Lines for people to read: `LogFormatter`, and `enable_pretty_logging`, which puts it to work.

    [I 261121 18:30:23 hello:12] ready

Level, date, time, module and line; in colour if stderr is a terminal. Nothing here happens at import.
"""

import logging
import os
import re
import reprlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, NoReturn, TextIO

if TYPE_CHECKING:
    from logging.handlers import BaseRotatingHandler

__all__ = ["LogFormatter", "define_logging_options", "enable_pretty_logging"]

# What could move the cursor, or look like another line. A line feed indents, a tab is harmless.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_WHEN: Final = re.compile(r"[SMHD]|W[0-6]|MIDNIGHT", re.IGNORECASE)

_show = reprlib.Repr()
_show.maxstring = _show.maxother = 200


class LogFormatter(logging.Formatter):
    """Formats records as Tornado does (Tornado: `log.LogFormatter`).

    Lines of a record behind its first one are indented. Control characters are escaped, so no text can
    look like a line of its own or steer the terminal.

    Attributes:
        DEFAULT_FORMAT: What is in front of the message is in colour.
        DEFAULT_DATE_FORMAT: For `time.strftime`.
        DEFAULT_COLORS: The colours of levels, by their numbers of ANSI.
    """

    DEFAULT_FORMAT: ClassVar[str] = (
        "%(color)s[%(levelname)1.1s %(asctime)s %(module)s:%(lineno)d]%(end_color)s %(message)s"
    )
    DEFAULT_DATE_FORMAT: ClassVar[str] = "%y%m%d %H:%M:%S"
    DEFAULT_COLORS: ClassVar[Mapping[int, int]] = {
        logging.DEBUG: 4,
        logging.INFO: 2,
        logging.WARNING: 3,
        logging.ERROR: 1,
        logging.CRITICAL: 5,
    }

    def __init__(
        self,
        fmt: str = DEFAULT_FORMAT,
        datefmt: str = DEFAULT_DATE_FORMAT,
        style: Literal["%", "{", "$"] = "%",
        color: bool = True,
        colors: Mapping[int, int] = DEFAULT_COLORS,
    ) -> None:
        """Make a formatter.

        Args:
            fmt: The format: the attributes of records, and `color` and `end_color`.
            datefmt: The format of `asctime`.
            style: How `fmt` is written; see `logging.Formatter`.
            color: Whether there may be colours: there are if stderr is a terminal, not a dumb one, and
                the environment has no `NO_COLOR`.
            colors: The colours of levels.

        Raises:
            ValueError: The format is not of the style.
        """
        super().__init__(fmt, datefmt, style)
        self._colors: dict[int, str] = {}
        self._normal = ""
        if color and _has_colors(sys.stderr, os.environ):
            self._colors = {level: f"\x1b[3{number}m" for level, number in colors.items()}
            self._normal = "\x1b[0m"

    def format(self, record: logging.LogRecord) -> str:
        """Make the text of a record; arguments that do not fit the message are shown, not raised.

        Args:
            record: The record.

        Returns:
            One line or more, without the last line feed.
        """
        try:
            message = record.getMessage()
        except Exception as error:  # noqa: BLE001 -- arguments may be anything; the place is known
            message = (
                f"Bad message ({error!r}): {_show.repr(record.msg)} with {_show.repr(record.args)}"
            )
        record.message = _CONTROL.sub(_escape, message)
        record.asctime = self.formatTime(record, self.datefmt)
        color = self._colors.get(record.levelno, "")
        vars(record).update(color=color, end_color=self._normal if color else "")
        lines = [self.formatMessage(record)]
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            lines = [lines[0].rstrip(), _CONTROL.sub(_escape, record.exc_text)]
        if record.stack_info:
            lines.append(self.formatStack(record.stack_info))
        return "\n".join(lines).replace("\n", "\n    ")


def enable_pretty_logging(
    options: Any = None,  # noqa: ANN401 -- whatever has the options of the log
    logger: logging.Logger | None = None,
) -> None:
    """Begin the log that the options ask for (Tornado: `log`, cyclone: `options`).

    The final `parse_command_line` or `parse_config_file` does it. With the root logger Twisted's log, and
    so cyclone's own lines, go the same way; what is written to a terminal leaves them out if twistd or
    `startLogging` shows them already. To call it again adds nothing twice.

    Args:
        options: Options as of `define_logging_options`; by default those of the module `options`. If
            `logging` is "none" or None, nothing happens.
        logger: The logger; by default the root logger.

    Raises:
        Error: An option is wrong: there is no such level, or no such way to rotate files.
        OSError: The file cannot be written.
    """
    if options is None:
        options = _global_options()
    if options.logging is None or options.logging.lower() == "none":
        return
    target = logging.getLogger() if logger is None else logger
    level = logging.getLevelNamesMapping().get(options.logging.upper())
    if level is None:
        _refuse("logging", options.logging, "debug, info, warning, error, critical or none")
    if options.log_file_prefix:
        _add_file(target, options)
    target.setLevel(level)
    _add_terminal(target, options.log_to_stderr)
    if target is logging.getLogger():
        # Loads Twisted's logger.
        from cyclone_core.log import bridge

        bridge.install()


def define_logging_options(options: Any = None) -> None:  # noqa: ANN401 -- see above
    """Define the options of the log, in the group `logging` (Tornado: `log.define_logging_options`).

    The options of the module `options` have them already.

    Args:
        options: An `OptionParser`; its final parsing then begins the log.

    Raises:
        Error: It has one of them.
    """
    options = _global_options() if options is None else options

    def define(name: str, **more: Any) -> None:  # noqa: ANN401 -- passed on
        options.define(name, group="logging", **more)

    define(
        "logging",
        default="info",
        metavar="debug|info|warning|error|none",
        help="least level that is logged; 'none' leaves Python's logging as it is",
    )
    define(
        "log_to_stderr",
        type=bool,
        help="log to stderr; by default so if there is no log file and nothing else is configured",
    )
    define(
        "log_file_prefix",
        type=str,
        metavar="PATH",
        help="file to log to; processes need one each, so put the port into its name",
    )
    define(
        "log_file_max_size",
        type=int,
        default=100_000_000,
        help="bytes after which a new file begins",
    )
    define("log_file_num_backups", type=int, default=10, help="how many old files are kept")
    define(
        "log_rotate_when",
        type=str,
        default="midnight",
        help="unit of log_rotate_interval: S, M, H, D, W0 to W6, or midnight",
    )
    define("log_rotate_interval", type=int, default=1, help="time after which a new file begins")
    define(
        "log_rotate_mode",
        type=str,
        default="size",
        metavar="size|time",
        help="whether a new file begins by size or by time",
    )
    options.add_parse_callback(lambda: enable_pretty_logging(options))


def _global_options() -> Any:  # noqa: ANN401 -- see above
    # It imports this module.
    from cyclone_core.options import options

    return options


def _refuse(option: str, value: object, takes: str) -> NoReturn:
    from cyclone_core.options.errors import Error

    raise Error(f"option {option!r} takes {takes}, not {value!r}", option=option)


def _add_file(logger: logging.Logger, options: Any) -> None:  # noqa: ANN401 -- see above
    path = str(Path(options.log_file_prefix).absolute())
    for known in logger.handlers:
        if isinstance(known, logging.FileHandler) and known.baseFilename == path:
            return
    handler = _rotating(path, options)
    handler.setFormatter(LogFormatter(color=False))
    logger.addHandler(handler)


def _rotating(path: str, options: Any) -> "BaseRotatingHandler":  # noqa: ANN401 -- see above
    # Sockets and pickles, which no other program needs.
    from logging.handlers import RotatingFileHandler, TimedRotatingFileHandler

    backups = options.log_file_num_backups
    if options.log_rotate_mode == "size":
        return RotatingFileHandler(
            path, maxBytes=options.log_file_max_size, backupCount=backups, encoding="utf-8"
        )
    if options.log_rotate_mode != "time":
        _refuse("log_rotate_mode", options.log_rotate_mode, "size or time")
    # The handler would say so, too, but only when its file is open.
    if not _WHEN.fullmatch(options.log_rotate_when):
        _refuse("log_rotate_when", options.log_rotate_when, "S, M, H, D, W0 to W6 or midnight")
    return TimedRotatingFileHandler(
        path,
        when=options.log_rotate_when,
        interval=options.log_rotate_interval,
        backupCount=backups,
        encoding="utf-8",
    )


def _add_terminal(logger: logging.Logger, wanted: bool | None) -> None:
    from cyclone_core.log.bridge import Terminal

    if wanted is None:
        wanted = not logger.handlers
    if wanted and not any(isinstance(known, Terminal) for known in logger.handlers):
        handler = Terminal()
        handler.setFormatter(LogFormatter())
        logger.addHandler(handler)


def _has_colors(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Tell whether a stream shows colours; there is no stream in a program without a console."""
    if stream is None or not stream.isatty() or environ.get("NO_COLOR"):
        return False
    # The console of old Windows understands no ANSI; only what has come behind it says who it is.
    return environ.get("TERM", "dumb") != "dumb" or "WT_SESSION" in environ


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
