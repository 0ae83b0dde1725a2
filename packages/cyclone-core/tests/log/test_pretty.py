"""Lines for people, and the log that the options ask for."""

import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler, TimedRotatingFileHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import Logger, globalLogPublisher

from cyclone_core.log import LogFormatter, bridge, define_logging_options, enable_pretty_logging
from cyclone_core.options import Error, OptionParser

LINE = re.compile(r"\[([A-Z]) [0-9]{6} [0-9]{2}:[0-9]{2}:[0-9]{2} [a-z_]+:[0-9]+\] (.*)", re.DOTALL)

Argument = Any


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def record(message: object, *args: object, **more: Argument) -> logging.LogRecord:
    """Make a record."""
    parts = {"level": logging.ERROR, "pathname": "/a/app.py", "lineno": 7, "exc_info": None, **more}
    return logging.LogRecord("app", msg=message, args=args, **parts)


def formatted(*args: Argument, **more: Argument) -> str:
    """Format a record without colours, and take the message."""
    text = LogFormatter(color=False).format(record(*args, **more))
    match = LINE.fullmatch(text)
    assert match is not None, text
    assert match[1] == "E"
    return match[2]


@pytest.fixture
def options() -> OptionParser:
    """A parser with the options of the log, and no other log but its own."""
    parser = OptionParser()
    define_logging_options(parser)
    return parser


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """A logger without handlers, which nobody else has."""
    made = logging.Logger("test")  # noqa: LOG001 -- one that nobody finds
    made.propagate = False
    yield made
    for handler in made.handlers:
        handler.close()


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.Logger]:
    """The root logger, and Twisted's log that nobody has begun."""
    found = logging.getLogger()
    handlers, level = found.handlers[:], found.level
    monkeypatch.delattr("twisted.logger.globalLogBeginner._temporaryObserver")
    yield found
    bridge.uninstall()
    found.handlers[:] = handlers
    found.setLevel(level)


# The formatter.


@pytest.mark.parametrize(
    ("message", "args", "text"),
    [
        ("foo", (), "foo"),
        ("%d %s", (1, "é"), "1 é"),
        (b"\xe9", (), r"b'\xe9'"),
        ("a\nb\n", (), "a\n    b\n    "),
        ("\x1b[2J\r\x07\x7f\x9b\tx", (), r"\x1b[2J\r\x07\x7f\x9b" + "\tx"),
        (7, (), "7"),
    ],
)
def test_message(message: object, args: tuple[object, ...], text: str) -> None:
    """A message stands behind level, time and place; no text steers the terminal."""
    assert formatted(message, *args) == text


def test_bad_message() -> None:
    """Arguments that do not fit are shown."""

    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no text")

        __repr__ = __str__

    assert formatted("%d", "x").startswith("Bad message (TypeError('%d format: a")
    assert formatted("%d", "x").endswith("): '%d' with ('x',)")
    assert formatted(Broken()).startswith("Bad message (RuntimeError('no text')): <Broken instance")


def test_exception() -> None:
    """A traceback is indented below the message, and made once only."""
    try:
        raise ValueError("wrong\x1b\nvalue")  # noqa: TRY301 -- for its traceback
    except ValueError:
        failed = record("caught\n", exc_info=sys.exc_info(), sinfo="Stack:\n  here")
    text = LogFormatter(color=False).format(failed)
    lines = text.partition("] ")[2].split("\n")
    assert lines[:2] == ["caught", "    Traceback (most recent call last):"]
    assert lines[-4:] == [r"    ValueError: wrong\x1b", "    value", "    Stack:", "      here"]
    assert "test_pretty.py" in text
    failed.exc_text = "kept"
    assert (
        LogFormatter(color=False)
        .format(failed)
        .endswith("caught\n    kept\n    Stack:\n      here")
    )


@given(st.text())
def test_any_text(text: str) -> None:
    """No text has a line of its own, or a control character."""
    lines = formatted("%s", text).split("\n")
    assert all(line.startswith("    ") for line in lines[1:])
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "".join(lines))


def test_format() -> None:
    """Format, date and style may be others; a format that is not of its style is refused."""
    formatter = LogFormatter("{asctime}|{name}|{message}", "%Y", style="{", color=False)
    assert re.fullmatch(r"[0-9]{4}\|app\|foo", formatter.format(record("foo")))
    with pytest.raises(ValueError, match="Invalid format"):
        LogFormatter("foo", style="%")


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
        ({"WT_SESSION": "1"}, True),
    ],
)
def test_colors(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], coloured: bool) -> None:
    """On a terminal that has colours what is in front of the message is in that of the level."""
    monkeypatch.setattr(sys, "stderr", Screen())
    monkeypatch.setattr(os, "environ", environ)
    text = LogFormatter().format(record("foo"))
    assert (text.startswith("\x1b[31m[E ") and text.endswith("]\x1b[0m foo")) is coloured
    assert coloured or LINE.fullmatch(text)
    assert LINE.fullmatch(LogFormatter(color=False).format(record("foo")))
    unknown = LogFormatter(colors={}).format(record("foo"))
    assert LINE.fullmatch(unknown)


@pytest.mark.parametrize("stderr", [None, io.StringIO()])
def test_no_terminal(monkeypatch: pytest.MonkeyPatch, stderr: io.StringIO | None) -> None:
    """There are no colours in a file, nor where there is no stderr."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stderr)
    assert LINE.fullmatch(LogFormatter().format(record("foo")))


# The log that the options ask for.


def test_file(options: OptionParser, logger: logging.Logger, tmp_path: Path) -> None:
    """A log file is UTF-8, without colours, and stderr is not written to then; one for each path."""
    options.log_file_prefix = str(tmp_path / "other")
    enable_pretty_logging(options, logger)
    logger.handlers.pop(0).close()
    logger.addHandler(logging.FileHandler(tmp_path / "third"))
    options.log_file_prefix = str(tmp_path / "log")
    options.log_file_max_size = 1000
    enable_pretty_logging(options, logger)
    enable_pretty_logging(options, logger)
    _, handler = logger.handlers
    assert isinstance(handler, RotatingFileHandler)
    assert (handler.maxBytes, handler.backupCount) == (1000, 10)
    logger.error("é")
    text = (tmp_path / "log").read_text(encoding="utf-8").rstrip()
    assert LINE.fullmatch(text)
    assert text.endswith("é")


def test_file_by_time(options: OptionParser, logger: logging.Logger, tmp_path: Path) -> None:
    """Files may be changed by time."""
    options.log_file_prefix = str(tmp_path / "log")
    options.log_rotate_mode = "time"
    options.log_rotate_when = "H"
    options.log_rotate_interval = 6
    enable_pretty_logging(options, logger)
    (handler,) = logger.handlers
    assert isinstance(handler, TimedRotatingFileHandler)
    assert (handler.when, handler.interval, handler.backupCount) == ("H", 6 * 3600, 10)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("logging", "loud", "option 'logging' takes debug, info, warning, error, critical or none"),
        ("log_rotate_mode", "wrong", "option 'log_rotate_mode' takes size or time, not 'wrong'"),
        (
            "log_rotate_when",
            "noon",
            "option 'log_rotate_when' takes S, M, H, D, W0 to W6 or midnigh",
        ),
    ],
)
def test_wrong(
    options: OptionParser, logger: logging.Logger, tmp_path: Path, name: str, value: str, said: str
) -> None:
    """A wrong option is an Error with its name, and leaves the logger as it was."""
    options.log_file_prefix = str(tmp_path / "log")
    options.log_rotate_mode = "time"
    options[name] = value
    with pytest.raises(Error, match=re.escape(said)) as caught:
        enable_pretty_logging(options, logger)
    assert caught.value.option == name
    assert logger.handlers == []
    assert logger.level == logging.NOTSET


@pytest.mark.parametrize("level", ["none", "None", None])
def test_none(options: OptionParser, logger: logging.Logger, level: str | None) -> None:
    """With `none` the logger is left alone."""
    options.logging = level
    enable_pretty_logging(options, logger)
    assert logger.handlers == []
    assert logger.level == logging.NOTSET


@pytest.mark.parametrize(
    ("wanted", "others", "added"),
    [(None, 0, 1), (None, 1, 0), (True, 1, 1), (False, 0, 0)],
)
def test_stderr(
    options: OptionParser, logger: logging.Logger, wanted: bool | None, others: int, added: int
) -> None:
    """Stderr is written to if it is asked for, or if there is no other handler; once only."""
    logger.handlers = [logging.NullHandler()] * others
    options.log_to_stderr = wanted
    options.logging = "warning"
    enable_pretty_logging(options, logger)
    enable_pretty_logging(options, logger)
    assert len(logger.handlers) == others + added
    assert logger.level == logging.WARNING


def test_other_options(logger: logging.Logger) -> None:
    """The options may be any object that has them, as in cyclone 1.x."""
    given_options = SimpleNamespace(logging="DEBUG", log_file_prefix="", log_to_stderr=None)
    enable_pretty_logging(given_options, logger)
    assert logger.level == logging.DEBUG


def test_own_logger(options: OptionParser, logger: logging.Logger) -> None:
    """For a logger that is not the root nothing happens to Twisted's log."""
    enable_pretty_logging(options, logger)
    assert bridge._forward not in globalLogPublisher._observers


def test_root(
    options: OptionParser, root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    """The final parsing begins the log; cyclone's own lines stand in it, in the same form."""
    root.handlers[:] = []  # here: pytest adds its own for each phase
    options.parse_command_line(["x", "--logging=debug"], final=False)
    assert root.handlers == []
    options.parse_command_line(["x"])
    Logger(namespace="cyclone.test").info("theirs")
    logging.getLogger("app").debug("mine")
    said = capsys.readouterr().err.splitlines()
    matches = [LINE.fullmatch(line) for line in said]
    assert [match and match.groups() for match in matches] == [("I", "theirs"), ("D", "mine")]


def test_default_options(root: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arguments it is the options of the module `options`, which have those of the log."""
    monkeypatch.setattr("cyclone_core.options.options", parser := OptionParser())
    define_logging_options()
    parser.logging = "error"
    enable_pretty_logging()
    assert root.level == logging.ERROR
    with pytest.raises(Error, match="'logging' is already defined"):
        define_logging_options()


PROGRAM = """
import logging, sys
from twisted.logger import Logger
from twisted.python.log import startLogging
from cyclone_core.options import options, parse_command_line
{code}
logging.getLogger("app").info("mine")
Logger(namespace="cyclone.test").info("theirs")
try:
    1 / 0
except ZeroDivisionError:
    Logger(namespace="cyclone.test").failure("failed")
"""


def run(code: str, *words: str) -> tuple[str, str]:
    """Run a program that logs; returns what is on stdout and on stderr."""
    command = [sys.executable, "-c", PROGRAM.format(code=code), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout, done.stderr


def test_nothing_at_import() -> None:
    """Without a parsing nothing is set up: Twisted prints what is critical, and nothing else is said."""
    out, err = run("")
    assert out == ""
    assert err.startswith("failed\nTraceback")
    assert err.count("Traceback") == 1


@pytest.mark.parametrize("words", [("--logging=none",), ("--logging=None",)])
def test_disabled(words: tuple[str, ...]) -> None:
    """`--logging=none` leaves all as it is without a parsing."""
    assert run("parse_command_line()", *words) == run("")


def test_disabled_in_code() -> None:
    """The program may set the option; the command line wins."""
    assert "mine" not in run("options.logging = None; parse_command_line()")[1]
    assert "mine" in run("options.logging = None; parse_command_line()", "--logging=info")[1]


def test_bare_program() -> None:
    """A program that parses its command line has everything on stderr once, in one form."""
    out, err = run("parse_command_line()")
    assert out == ""
    heads = [line.partition("] ")[2] for line in err.splitlines() if line.startswith("[")]
    assert heads == ["mine", "theirs", "failed"]
    assert err.count("ZeroDivisionError") == 1


@pytest.mark.parametrize("order", ["startLogging(sys.stdout); {}", "{}; startLogging(sys.stdout)"])
def test_beside_start_logging(order: str) -> None:
    """With `startLogging`, before or behind, each line stands once somewhere, and nobody warns."""
    out, err = run(order.format("parse_command_line()"))
    both = out + err
    assert (both.count("mine"), both.count("theirs"), both.count("ZeroDivisionError")) == (1, 1, 1)
    assert "twice" not in both
    assert "theirs" in out
