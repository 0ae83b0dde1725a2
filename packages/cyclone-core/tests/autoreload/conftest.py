"""What the tests of autoreload share: a process that is not replaced, and its log."""

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from cyclone_core.autoreload.process import Process


class Replaced(Exception):  # noqa: N818 -- it is no error
    """The process would be another one now.

    Args:
        program: The path of Python.
        words: The command line.
        environment: The environment.
    """

    def __init__(self, program: str, words: list[str], environment: Mapping[str, str]) -> None:
        super().__init__(words)
        self.program = program
        self.words = words
        self.told: dict[str, Any] = json.loads(environment["CYCLONE_AUTORELOAD"])


def replace(program: str, words: list[str], environment: Mapping[str, str]) -> NoReturn:
    """Tell what the process would become."""
    raise Replaced(program, words, environment)


class Source:
    """Source files in a directory.

    Args:
        directory: The directory.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._time = 1_000_000_000

    def write(self, name: str, text: str = "x = 1\n") -> str:
        """Write a file; its time is another one each time. Returns its path."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self._time += 1
        os.utime(path, (self._time, self._time))
        return str(path)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Files to change."""
    return Source(tmp_path)


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Process]:
    """A process that was started with `python -B script.py word`, and that is not replaced."""
    monkeypatch.setattr(sys, "orig_argv", ["python", "-B", "script.py", "word"])
    monkeypatch.setattr(sys, "argv", ["script.py", "word"])
    monkeypatch.chdir(tmp_path)
    process = Process(replace)
    yield process
    process.sockets.release()


@pytest.fixture
def log() -> Iterator[Callable[[], list[str]]]:
    """A function that takes what was logged since the last time."""
    events: list[LogEvent] = []
    globalLogPublisher.addObserver(events.append)

    def take() -> list[str]:
        taken = [formatEvent(event) for event in events]
        events.clear()
        return taken

    yield take
    globalLogPublisher.removeObserver(events.append)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket that listens on 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server
