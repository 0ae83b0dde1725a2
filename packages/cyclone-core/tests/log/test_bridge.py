"""From Twisted's log to the standard library's loggers, and not in circles."""

import io
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO, cast

import pytest
from twisted.logger import (
    ILogObserver,
    LogEvent,
    Logger,
    LoggingFile,
    LogPublisher,
    globalLogBeginner,
    globalLogPublisher,
)
from twisted.python import log as classic
from twisted.python.failure import Failure
from zope.interface import provider

from cyclone_core.log import bridge


class Records(logging.Handler):
    """Keeps records."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave both logs as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    observers = globalLogPublisher._observers
    before = observers[:]
    yield
    bridge.uninstall()
    observers[:] = before
    root.handlers[:], root.level = handlers, level
    root.setLevel(level)


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> LogPublisher:
    """Nobody has begun Twisted's log yet; returns what prints the critical until somebody does."""
    temporary = LogPublisher()
    monkeypatch.setattr(globalLogBeginner, "_temporaryObserver", temporary)
    globalLogPublisher.addObserver(temporary)
    return temporary


@pytest.fixture
def _begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody has begun Twisted's log."""
    monkeypatch.setattr(globalLogBeginner, "_temporaryObserver", None)


@pytest.fixture
def records() -> list[logging.LogRecord]:
    """What gets to the root logger, at level INFO; the bridge is there."""
    handler = Records()
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    bridge.install()
    return handler.records


def test_event(records: list[logging.LogRecord]) -> None:
    """An event becomes a record of the logger of its namespace, with the place that logs."""
    before = sys._getframe().f_lineno
    Logger(namespace="cyclone.test").warn("{percent} of {many}", percent="100 %s", many=3)
    (record,) = records
    assert (record.name, record.levelname) == ("cyclone.test", "WARNING")
    assert record.getMessage() == "100 %s of 3"
    assert (record.pathname, record.lineno) == (__file__, before + 1)
    assert (record.module, record.funcName) == ("test_bridge", "test_event")


@pytest.mark.parametrize("level", ["debug", "info", "warn", "error", "critical"])
def test_levels(records: list[logging.LogRecord], level: str) -> None:
    """Levels are the same, and the logger's level decides."""
    log = Logger(namespace="cyclone.test")
    getattr(log, level)("said")
    expected = {"warn": "WARNING"}.get(level, level.upper())
    assert [record.levelname for record in records] == ([] if level == "debug" else [expected])


def test_classic_message(records: list[logging.LogRecord]) -> None:
    """What `twisted.python.log` logs comes as well, from where it is called."""
    classic.msg("hello", system="here")
    (record,) = records
    assert record.getMessage() == "hello"
    assert record.module == "test_bridge"


def test_time(records: list[logging.LogRecord]) -> None:
    """The time is that of the event; an event without text is none."""
    event: LogEvent = {"log_time": 1234.5678, "log_format": "old"}
    globalLogPublisher(event)
    globalLogPublisher({"log_time": 1.0, "log_format": ""})
    (record,) = records
    assert (record.created, record.msecs, record.name) == (1234.5678, 567, "twisted")


def test_failure(records: list[logging.LogRecord]) -> None:
    """A failure is a record with the exception and its traceback."""
    try:
        raise KeyError("lost")  # noqa: TRY301 -- for its traceback
    except KeyError:
        Logger(namespace="cyclone.test").failure("it failed")
    (record,) = records
    assert record.levelname == "CRITICAL"
    text = logging.Formatter().format(record)
    assert text.startswith("it failed\nTraceback (most recent call last):\n")
    assert text.endswith("KeyError: 'lost'")
    assert "test_bridge.py" in text


def test_failures_without_traceback(records: list[logging.LogRecord]) -> None:
    """A failure that was never raised has no traceback, a cleaned one has its text."""
    log = Logger(namespace="cyclone.test")
    log.failure("never", Failure(ValueError("wrong")))
    try:
        raise KeyError("lost")  # noqa: TRY301 -- for its traceback
    except KeyError:
        failure = Failure()
    failure.cleanFailure()
    log.failure("cleaned", failure)
    never, cleaned = (logging.Formatter().format(record) for record in records)
    assert never == "never\nValueError: wrong"
    assert cleaned.startswith("cleaned\nTraceback (most recent call last):")
    assert cleaned.endswith("builtins.KeyError: 'lost'")


def test_install_twice(records: list[logging.LogRecord]) -> None:
    """To install the bridge twice sends nothing twice, and uninstalling it sends nothing more."""
    bridge.install()
    log = Logger(namespace="cyclone.test")
    log.info("once")
    bridge.uninstall()
    log.info("never")
    assert [record.getMessage() for record in records] == ["once"]


def test_critical_once(fresh: LogPublisher) -> None:
    """As long as nobody has begun Twisted's log, the bridge is there in the place of its own output."""
    observers = globalLogPublisher._observers
    bridge.install()
    assert fresh not in observers
    bridge.uninstall()
    assert fresh in observers


@pytest.mark.usefixtures("_begun")
def test_begun_remains() -> None:
    """Once somebody has begun Twisted's log, the bridge comes to the other observers."""
    observers = globalLogPublisher._observers
    before = observers[:]
    bridge.install()
    assert observers == [*before, bridge._forward]
    bridge.uninstall()
    assert observers == before


def test_begin_is_known(monkeypatch: pytest.MonkeyPatch, fresh: LogPublisher) -> None:
    """Whether the log has begun is asked each time; a Twisted that does not tell has not."""
    assert not bridge.has_begun()
    monkeypatch.setattr(globalLogBeginner, "_temporaryObserver", None)
    assert bridge.has_begun()
    monkeypatch.delattr(globalLogBeginner, "_temporaryObserver")
    assert not bridge.has_begun()
    bridge.install()
    bridge.uninstall()
    monkeypatch.setattr(globalLogBeginner, "_temporaryObserver", fresh, raising=False)


def test_handler_that_logs(records: list[logging.LogRecord]) -> None:
    """A handler that writes to Twisted's log gets no record of what it writes."""

    class Back(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            Logger(namespace="cyclone.back").info("{text}", text=record.getMessage())

    logging.getLogger().addHandler(Back())
    Logger(namespace="cyclone.test").info("round")
    assert [record.name for record in records] == ["cyclone.test"]


def test_handler_that_fails(records: list[logging.LogRecord]) -> None:
    """A handler that raises does not close the bridge."""

    class Broken(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            raise RuntimeError

    broken = Broken()
    logging.getLogger().addHandler(broken)
    publisher = LogPublisher(cast("ILogObserver", bridge._forward))
    log = Logger(namespace="cyclone.test", observer=publisher)
    log.info("one")
    logging.getLogger().removeHandler(broken)
    log.info("two")
    assert "two" in [record.getMessage() for record in records]


@pytest.mark.usefixtures("_begun")
def test_terminal_that_is_the_log(records: list[logging.LogRecord]) -> None:
    """Under twistd, whose log stderr is, a record of the program goes there once and not round."""
    lines: list[str] = []

    @provider(ILogObserver)
    def write(event: LogEvent) -> None:
        lines.append(event["log_io"])

    log = LoggingFile(Logger(namespace="stderr", observer=globalLogPublisher))
    globalLogPublisher.addObserver(write)
    logging.getLogger().addHandler(bridge.Terminal(cast("TextIO", log)))
    logging.getLogger("app").info("mine")
    globalLogPublisher.removeObserver(write)
    assert lines == ["mine"]
    assert [record.name for record in records] == ["app"]


@pytest.mark.usefixtures("_begun")
def test_terminal_beside_the_log(records: list[logging.LogRecord]) -> None:
    """The terminal leaves out the events that Twisted's log shows itself; other handlers do not."""
    terminal = io.StringIO()
    logging.getLogger().addHandler(bridge.Terminal(terminal))
    Logger(namespace="cyclone.test").info("theirs")
    logging.getLogger("app").info("mine")
    assert terminal.getvalue() == "mine\n"
    assert [record.getMessage() for record in records] == ["theirs", "mine"]


@pytest.mark.usefixtures("fresh", "records")
def test_terminal_alone() -> None:
    """As long as nobody has begun Twisted's log, the terminal shows it."""
    terminal = io.StringIO()
    logging.getLogger().addHandler(bridge.Terminal(terminal))
    Logger(namespace="cyclone.test").info("theirs")
    assert terminal.getvalue() == "theirs\n"


def test_threads(records: list[logging.LogRecord]) -> None:
    """What another thread logs while a record is on its way is not taken for its echo."""
    log = Logger(namespace="cyclone.test")

    class Asks(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage() == "one":
                thread = threading.Thread(target=log.info, args=("two",))
                thread.start()
                # Its record waits for this handler's lock no longer than a handler of its own would.
                self.release()
                thread.join(10)
                self.acquire()

    logging.getLogger().addHandler(Asks())
    log.info("one")
    assert sorted(record.getMessage() for record in records) == ["one", "two"]


def test_nothing_at_import() -> None:
    """To import the module changes neither log."""
    path = Path(bridge.__file__)
    assert "install()" not in path.read_text().partition("def install")[0].partition('"""\n\n')[2]
    assert bridge._forward not in globalLogPublisher._observers
