"""The writer of lines: where they go, in which order, and what happens when they cannot."""

import gc
import io
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, cast

import pytest
from twisted.logger import (
    LegacyLogObserverWrapper,
    LogEvent,
    Logger,
    LogLevel,
    LogPublisher,
    textFileLogObserver,
)

from cyclone_core.log.lines import BARE, ERROR, INFO, WARN, LineWriter

Loose = Any  # what Twisted has no types for


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.5

    def __call__(self) -> float:
        return self.now


class Full(io.StringIO):
    """A file that cannot be written while it is full."""

    full = True

    def write(self, text: str, /) -> int:
        """Fail, or write."""
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)


class Place:
    """A log with a file, whose times are seconds, and a writer into it."""

    def __init__(self, stream: io.StringIO | None = None) -> None:
        self.stream = io.StringIO() if stream is None else stream
        self.time = Time()
        self.observer = self.file(self.stream)
        self.publisher = LogPublisher(self.observer)
        self.log = Logger(namespace="test", observer=self.publisher)
        self.writer = LineWriter("access", self.publisher, self.time)

    @staticmethod
    def file(stream: io.StringIO, time_format: str = "%S") -> Loose:
        """Make an observer that writes to a stream."""
        return textFileLogObserver(stream, timeFormat=time_format)

    def event(self, text: str) -> None:
        """Log an event, at the clock's time."""
        event = {"log_format": text, "log_level": LogLevel.info, "log_namespace": "test"}
        self.publisher({**event, "log_time": self.time.now})

    def take(self) -> str:
        """Take what is in the file."""
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return text


@pytest.fixture
def place() -> Place:
    """A log with a file and a writer."""
    return Place()


def test_order(place: Place) -> None:
    """Lines and events stand in the file in the order in which they came, in the same form."""
    place.event("one")
    assert place.writer.write(INFO, "two")
    assert place.writer.write(WARN, "three")
    place.event("four")
    assert place.writer.write(ERROR, "five")
    place.time.now += 1
    place.event("six")
    assert place.take() == (
        "20 [test#info] one\n"
        "20 [access#info] two\n"
        "20 [access#warn] three\n"
        "20 [test#info] four\n"
        "20 [access#error] five\n"
        "21 [test#info] six\n"
    )


def test_lines_wait_for_flush(place: Place) -> None:
    """Without an event nothing is written before `flush`, which writes all at once, and once."""
    for number in range(3):
        place.writer.write(INFO, f"line {number}")
    assert place.take() == ""
    place.writer.flush()
    assert place.take() == "".join([f"20 [access#info] line {number}\n" for number in range(3)])
    place.writer.flush()
    assert place.take() == ""


def test_bare_lines(place: Place) -> None:
    """A bare line has nothing before its text."""
    place.writer.write(BARE, '{"status":200}')
    place.writer.flush()
    assert place.take() == '{"status":200}\n'


def test_many_lines(place: Place) -> None:
    """Of many lines no more than 256 wait for the end of the turn."""
    for _ in range(255):
        place.writer.write(INFO, "x")
    assert place.take() == ""
    place.writer.write(INFO, "x")
    assert place.take().count("\n") == 256
    place.writer.write(INFO, "x")
    assert place.take() == ""


@pytest.mark.parametrize(("step", "second"), [(1.0, "21"), (-1.0, "19")])
def test_seconds(place: Place, step: float, second: str) -> None:
    """Each line has the second in which it came, and so it is when the clock is set back."""
    place.writer.write(INFO, "one")
    place.time.now += step
    place.writer.write(INFO, "two")
    place.writer.flush()
    assert place.take() == f"20 [access#info] one\n{second} [access#info] two\n"


def test_observer_that_comes_later(place: Place) -> None:
    """It sees the next line, as an event; what came before it goes to the file only."""
    events: list[LogEvent] = []
    place.writer.write(INFO, "before")
    place.publisher.addObserver(cast("Any", events.append))
    assert not place.writer.write(INFO, "after")
    assert place.take() == "20 [access#info] before\n"
    place.writer.emit(INFO, "after", status=200)
    assert [event["line"] for event in events] == ["after"]
    assert place.take().endswith(" [access#info] after\n")
    assert not place.writer.write(INFO, "again")


def test_observer_that_goes(place: Place) -> None:
    """When only files are left, lines are written there again."""
    events: list[LogEvent] = []
    observer = cast("Any", events.append)
    place.publisher.addObserver(observer)
    assert not place.writer.write(INFO, "one")
    place.publisher.removeObserver(observer)
    assert place.writer.write(INFO, "two")
    place.event("three")
    assert place.take() == "20 [access#info] two\n20 [test#info] three\n"
    assert events == []


def test_file_that_goes(place: Place) -> None:
    """A file that is no longer the log's gets the lines up to then and no other."""
    other = io.StringIO()
    place.writer.write(INFO, "one")
    place.publisher.removeObserver(place.observer)
    place.publisher.addObserver(place.file(other))
    place.writer.write(INFO, "two")
    place.writer.flush()
    assert place.take() == "20 [access#info] one\n"
    assert other.getvalue() == "20 [access#info] two\n"


def test_two_files(place: Place) -> None:
    """Two files whose lines have one form get the same; an event is behind the lines in both."""
    other = io.StringIO()
    place.publisher.addObserver(place.file(other))
    assert place.writer.write(INFO, "one")
    place.event("two")
    assert place.take() == other.getvalue() == "20 [access#info] one\n20 [test#info] two\n"


def test_two_forms(place: Place) -> None:
    """Files whose lines have different forms get events."""
    place.publisher.addObserver(place.file(io.StringIO(), time_format="%H"))
    assert not place.writer.write(INFO, "one")


def test_nobody_observes() -> None:
    """A log that goes nowhere takes lines and keeps none."""
    publisher = LogPublisher()
    writer = LineWriter("access", publisher, Time())
    assert writer.write(INFO, "one")
    stream = io.StringIO()
    publisher.addObserver(Place.file(stream))
    assert writer.write(INFO, "two")
    writer.flush()
    assert stream.getvalue() == "20 [access#info] two\n"


def test_writer_comes_first_again(place: Place) -> None:
    """If the observers were sorted anew, lines are still written before the event behind them."""
    place.writer.write(INFO, "one")
    observers = place.publisher._observers
    observers.append(observers.pop(0))
    place.writer.write(INFO, "two")
    place.event("three")
    assert place.take() == ("20 [access#info] one\n20 [access#info] two\n20 [test#info] three\n")
    assert len(observers) == 2


def test_another_thread(place: Place) -> None:
    """What another thread logs does not write our lines: there is one writer, and so no lock."""
    place.writer.write(INFO, "ours")
    thread = threading.Thread(target=place.event, args=("theirs",))
    thread.start()
    thread.join()
    assert place.take() == "20 [test#info] theirs\n"
    place.writer.flush()
    assert place.take() == "20 [access#info] ours\n"


def test_unknown_publisher() -> None:
    """A publisher that keeps its observers in another way gets events."""
    publisher = LogPublisher()
    publisher._observers = cast("Any", ())
    writer = LineWriter("access", publisher)
    assert not writer.write(INFO, "one")
    writer.flush()


@pytest.mark.parametrize(
    ("level", "name", "priority", "is_error"),
    [(INFO, "info", 6, 0), (WARN, "warn", 4, 0), (ERROR, "error", 3, 1)],
)
def test_event(place: Place, level: int, name: str, priority: int, is_error: int) -> None:
    """An event has its level for every kind of observer, its fields, and its text as it is."""
    events: list[dict[str, Any]] = []
    wrapper = LegacyLogObserverWrapper(cast("Any", events.append))
    place.publisher.addObserver(cast("Any", wrapper))
    place.writer.emit(level, "200 GET /{status}", status=200)
    (event,) = events
    assert event["log_level"].name == name
    assert event["log_namespace"] == "access"
    assert (event["syslogPriority"], event["isError"]) == (priority, is_error)
    assert event["status"] == 200
    assert event["format"] % event == "200 GET /{status}"


def test_full_disk() -> None:
    """A file that cannot be written costs one complaint to the others, and says what it lost."""
    stream = Full()
    other = io.StringIO()
    place = Place(stream)
    place.publisher.addObserver(place.file(other))
    for number in range(3):
        place.writer.write(INFO, f"lost {number}")
        place.writer.flush()
    complaints = [line for line in other.getvalue().splitlines() if "cannot" in line]
    assert len(complaints) == 1
    assert complaints[0].endswith(
        " [access#error] a log file cannot be written; until it can, lines of access are lost: "
        "[Errno 28] No space left on device"
    )
    assert other.getvalue().count("#info] lost ") == 3
    stream.full = False
    place.writer.write(INFO, "kept")
    place.writer.flush()
    torn, kept, told = place.take().splitlines()
    assert (torn, kept) == ("", "20 [access#info] kept")
    assert told.endswith(" [access#error] 3 lines were lost: the log file could not be written")
    stream.full = True
    place.writer.write(INFO, "lost")
    place.writer.flush()
    assert other.getvalue().count("cannot be written") == 2


def test_torn_line() -> None:
    """A batch that got to the disk in part does not spoil the first line of the next one."""

    class Filling(io.StringIO):
        room = 30

        def write(self, text: str, /) -> int:
            super().write(text[: self.room])
            if len(text) > self.room:
                raise OSError(28, "No space left on device")
            return len(text)

    stream = Filling()
    place = Place(stream)
    place.publisher.addObserver(place.file(io.StringIO()))
    for text in ("one", "two"):
        place.writer.write(BARE, f'{{"number":"{text}"}}')
    place.writer.flush()
    stream.room = 100
    for text in ("three", "four"):
        place.writer.write(BARE, f'{{"number":"{text}"}}')
        place.writer.flush()
    torn = '{"number":"one"}\n{"number":"tw\n'
    lines, four = place.take().split('{"number":"four"}')
    assert lines.startswith(torn + '{"number":"three"}\n')
    assert "2 lines were lost" in lines
    assert (lines[-1], four) == ("\n", "\n")


def test_full_disk_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If there is no other observer, the complaint goes to the process's own stderr."""
    monkeypatch.setattr(sys, "__stderr__", sys.stderr)
    place = Place(Full())
    for _ in range(2):
        place.writer.write(INFO, "lost")
        place.writer.flush()
    assert capsys.readouterr().err == (
        "cyclone: a log file cannot be written; until it can, lines of access are lost: "
        "[Errno 28] No space left on device\n"
    )


def closed() -> io.StringIO:
    """Make a file that is closed."""
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("make", [closed, Full, lambda: None], ids=["closed", "full", "none"])
def test_nobody_to_complain_to(make: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """The server goes on if not even stderr can be written."""
    monkeypatch.setattr(sys, "__stderr__", make())
    stream = Full()
    place = Place(stream)
    place.writer.write(INFO, "lost")
    place.writer.flush()
    stream.full = False
    place.writer.write(INFO, "kept")
    place.writer.flush()
    assert place.take().splitlines()[1] == "20 [access#info] kept"


def test_nothing_is_kept(place: Place) -> None:
    """Writing leaves nothing to the garbage collector."""
    gc.collect()
    gc.disable()
    try:
        for _ in range(600):
            place.writer.write(INFO, "x")
        place.event("x")
        assert gc.collect() == 0
    finally:
        gc.enable()


AT_EXIT = """
import sys
from twisted.logger import globalLogBeginner, textFileLogObserver
from cyclone_core.log.lines import INFO, LineWriter
globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stdout, timeFormat="T")])
writer = LineWriter("access")
for number in range(2):
    writer.write(INFO, f"line {number}")
    END
"""


@pytest.mark.parametrize(
    ("end", "lines", "status"),
    [("pass", [0, 1], 0), ("sys.exit(3)", [0], 3), ("raise KeyError", [0], 1)],
)
def test_end_of_the_process(end: str, lines: list[int], status: int) -> None:
    """What was taken is written when the process ends, also by an exception nobody handles."""
    code = AT_EXIT.replace("END", end)
    done = subprocess.run(  # noqa: S603 -- our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == status
    expected = [f"T [access#info] line {number}" for number in lines]
    assert [line for line in done.stdout.splitlines() if "access" in line] == expected


def test_import_leaves_the_log_alone() -> None:
    """Neither the import nor a writer without lines changes who observes the log."""
    code = (
        "from twisted.logger import globalLogPublisher as log; before = list(log._observers);"
        "import cyclone_core.web.access, cyclone_core.log.lines;"
        "cyclone_core.log.lines.LineWriter('access').flush();"
        "raise SystemExit(before != log._observers)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)  # noqa: S603 -- likewise
