"""Where it is told what happens."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.logger import globalLogBeginner, globalLogPublisher

from cyclone_core.autoreload.telling import Level, say, tell
from cyclone_core.log.files import observers_of

Log = Callable[[], list[str]]


@pytest.fixture
def no_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A log that nobody has begun, and that nobody observes."""
    observers = list(observers_of(globalLogPublisher) or ())
    for observer in observers:
        globalLogPublisher.removeObserver(observer)
    monkeypatch.setattr(globalLogBeginner, "_temporaryObserver", "not begun")
    yield
    for observer in observers:
        globalLogPublisher.addObserver(observer)


@pytest.mark.usefixtures("no_log")
def test_no_log(capfd: pytest.CaptureFixture[str]) -> None:
    """Without a log it stands on the terminal."""
    tell(Level.info, "it happens {here}")
    assert capfd.readouterr().err == "it happens {here}\n"


@pytest.mark.usefixtures("no_log")
def test_observed(capfd: pytest.CaptureFixture[str]) -> None:
    """Who observes the log sees it there."""
    events: list[Any] = []
    observers = [events.append, lambda _: None]
    for observer in observers:
        globalLogPublisher.addObserver(observer)
    tell(Level.error, "it happens")
    for observer in observers:
        globalLogPublisher.removeObserver(observer)
    assert [(event["log_level"], event["text"]) for event in events] == [
        (Level.error, "it happens")
    ]
    assert capfd.readouterr().err == ""


def test_begun(
    monkeypatch: pytest.MonkeyPatch, log: Log, capfd: pytest.CaptureFixture[str]
) -> None:
    """A log that has begun is where it goes, and nowhere else."""
    monkeypatch.setattr(globalLogBeginner, "_temporaryObserver", None)
    tell(Level.info, "it happens")
    assert log() == ["it happens"]
    assert capfd.readouterr().err == ""


def test_say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The terminal may be told to be another stream, and there may be none."""
    say("here", sys.stdout)
    assert capsys.readouterr().out == "here\n"
    monkeypatch.setattr(sys, "__stderr__", None)
    say("nowhere")
