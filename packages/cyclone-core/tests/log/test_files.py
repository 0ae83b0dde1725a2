"""Which observers are known to do nothing but write to a file, and how their lines begin."""

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    ILogObserver,
    LegacyLogObserverWrapper,
    LogPublisher,
    STDLibLogObserver,
    eventAsText,
    jsonFileLogObserver,
    textFileLogObserver,
)
from twisted.python import log as classic
from twisted.python.logfile import DailyLogFile, LogFile

from cyclone_core.log.files import LEVELS, OpenFile, file_behind, observers_of

Loose = Any  # what Twisted has no types for

NOW = 1_700_000_000.25


def wrap(emit: object) -> Loose:
    """Make an observer of a classic one, as Twisted does."""
    return LegacyLogObserverWrapper(cast("Any", emit))


def classic_file(file: Loose, time_format: str | None = None) -> Loose:
    """Make the observer of `twisted.python.log.startLogging`."""
    observer = classic.FileLogObserver(file)
    if time_format is not None:
        observer.timeFormat = time_format
    return observer


def find(observer: object) -> OpenFile | None:
    """Look for the file behind an observer."""
    return file_behind(cast("ILogObserver", observer), NOW, "cyclone.access")


KNOWN: dict[str, Callable[[Any], Any]] = {
    "text": textFileLogObserver,
    "text without time": lambda file: textFileLogObserver(file, timeFormat=None),
    "text with another time": lambda file: textFileLogObserver(file, timeFormat="%d.%m. %X"),
    "classic": lambda file: wrap(classic_file(file).emit),
    "classic with another time": lambda file: wrap(classic_file(file, "%d/%b/%Y").emit),
}


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
@pytest.mark.parametrize("make", KNOWN.values(), ids=KNOWN)
def test_line_is_the_observers_own(make: Callable[[Any], Any], level: Loose) -> None:
    """Beginning, text and line end are byte by byte what the observer writes of an event."""
    stream = io.StringIO()
    observer = make(stream)
    observer(
        {
            "log_format": "{line}",
            "line": "200 GET /{} (::1) 1.00ms",
            "log_level": level,
            "log_namespace": "cyclone.access",
            "log_time": NOW,
        }
    )
    file = find(observer)
    assert file is not None
    beginnings = file.beginnings(int(NOW), "cyclone.access")
    assert beginnings is not None
    expected = f"{beginnings[LEVELS.index(level)]}200 GET /{{}} (::1) 1.00ms\n"
    assert stream.getvalue() == expected
    file.write(expected)
    assert stream.getvalue() == expected * 2


@pytest.mark.parametrize("make", [KNOWN["text"], KNOWN["classic"]], ids=["text", "classic"])
@pytest.mark.parametrize("kind", [LogFile, DailyLogFile])
def test_rotating_file(kind: Loose, make: Callable[[Any], Any], tmp_path: Path) -> None:
    """A rotated file is written to at its new place, and the old one stays as it is."""
    rotating = kind("server.log", str(tmp_path))
    file = find(make(rotating))
    assert file is not None
    file.write("one\n")
    rotating.rotate()
    file.write("two\n")
    rotating.close()
    found = sorted(path.read_text("ascii") for path in tmp_path.iterdir())
    assert found == ["one\n", "two\n"]


def test_file_rotates_by_itself(tmp_path: Path) -> None:
    """A file that has its full length rotates before the next lines."""
    rotating: Any = LogFile("server.log", str(tmp_path), rotateLength=10)
    file = find(textFileLogObserver(rotating))
    assert file is not None
    for text in ("a" * 9 + "\n", "b\n"):
        file.write(text)
    rotating.close()
    assert (tmp_path / "server.log.1").read_bytes() == b"a" * 9 + b"\n"
    assert (tmp_path / "server.log").read_bytes() == b"b\n"


def test_file_is_flushed(tmp_path: Path) -> None:
    """What was written is in the file at once, though the file has a buffer."""
    path = tmp_path / "server.log"
    with path.open("w", encoding="ascii") as opened:
        file = find(textFileLogObserver(opened))
        assert file is not None
        file.write("line\n")
        assert path.read_text("ascii") == "line\n"


def test_binary_file() -> None:
    """A file that takes bytes gets UTF-8, as Twisted has it."""
    stream = io.BytesIO()
    file = find(textFileLogObserver(stream))
    assert file is not None
    file.write("13. März\n")
    assert stream.getvalue() == "13. März\n".encode()


class DerivedText(FileLogObserver):
    """May do anything."""


class DerivedClassic(classic.FileLogObserver):
    """May do anything."""


class Shouting(classic.FileLogObserver):
    """Does something else."""

    def emit(self, eventDict: dict[str, Any]) -> None:  # noqa: N803 -- Twisted's name
        """Write in capitals."""
        del eventDict


def without_file() -> Loose:
    """Make an observer as a future Twisted might."""
    observer = textFileLogObserver(io.StringIO())
    del observer._outFile
    return observer


def with_encoding() -> Loose:
    """Make another one."""
    observer = textFileLogObserver(io.StringIO())
    observer._encoding = cast("Any", lambda text: text)
    return observer


def with_attribute() -> Loose:
    """Make a classic observer of which somebody has replaced a method."""
    observer = classic_file(io.StringIO())
    observer.formatTime = lambda _: "noon"
    return wrap(observer.emit)


SAMPLE_IN_THE_TIME = 'a "sample" of {text}'

UNKNOWN: dict[str, Callable[[], Any]] = {
    "a function": lambda: [].append,
    "a publisher": LogPublisher,
    "a filter": lambda: FilteringLogObserver(textFileLogObserver(io.StringIO()), []),
    "the standard library": STDLibLogObserver,
    "JSON": lambda: jsonFileLogObserver(io.StringIO()),
    "another format": lambda: FileLogObserver(io.StringIO(), eventAsText),
    "a callable that is no function": lambda: FileLogObserver(io.StringIO(), cast("Any", str)),
    "a derived class": lambda: DerivedText(
        io.StringIO(), textFileLogObserver(io.StringIO()).formatEvent
    ),
    "fractions of seconds": lambda: textFileLogObserver(io.StringIO(), timeFormat="%H:%M:%S.%f"),
    "a misleading time": lambda: textFileLogObserver(io.StringIO(), timeFormat=SAMPLE_IN_THE_TIME),
    "no file": without_file,
    "no known encoding": with_encoding,
    "a classic function": lambda: wrap([].append),
    "a classic class": lambda: wrap(DerivedClassic(io.StringIO()).emit),
    "a classic method": lambda: wrap(Shouting(io.StringIO()).emit),
    "a classic attribute": with_attribute,
}


@pytest.mark.parametrize("make", UNKNOWN.values(), ids=UNKNOWN)
def test_unknown_observers(make: Callable[[], Any]) -> None:
    """Whatever might do more or other than write lines is left to do it."""
    assert find(make()) is None


def test_time_is_the_observers() -> None:
    """The beginning holds the time that was asked for, in the local zone."""
    file = find(textFileLogObserver(io.StringIO()))
    assert file is not None
    beginnings = file.beginnings(NOW, "cyclone.access")
    assert beginnings is not None
    local = dt.datetime.fromtimestamp(int(NOW)).astimezone()
    stamp = local.strftime("%Y-%m-%dT%H:%M:%S%z")
    names = ("info", "warn", "error")
    assert beginnings == tuple([f"{stamp} [cyclone.access#{name}] " for name in names])


def test_observers_of() -> None:
    """The list is the publisher's own; of a publisher without one there is none."""
    publisher = LogPublisher()
    observers = observers_of(publisher)
    assert observers == []
    publisher.addObserver(cast("Any", print))
    assert observers == [print]
    publisher._observers = cast("Any", (print,))
    assert observers_of(publisher) is None
