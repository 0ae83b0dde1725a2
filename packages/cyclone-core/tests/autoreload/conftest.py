"""What the tests of autoreload share: a process that is not replaced, and its log."""

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.selectreactor import SelectReactor
from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure

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


class Reactor(SelectReactor):
    """A reactor with real sockets and a clock that a test moves. It is not the global one."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.readers: dict[Any, None] = {}
        super().__init__()

    def addReader(self, reader: Any) -> None:  # noqa: ANN401, N802 -- Twisted's name
        """Take note of everybody who has ever read."""
        self.readers[reader] = None
        super().addReader(reader)

    def seconds(self) -> float:
        """Tell the time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass, and do what is due then."""
        self.now += seconds
        self.runUntilCurrent()

    def start(self) -> None:
        """Run, as far as that can be told without a loop."""
        self.startRunning(installSignalHandlers=False)

    def turn(self) -> None:
        """Do what the sockets ask for."""
        self.doIteration(0.01)


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    """A reactor; what listens and is connected is closed behind the test."""
    reactor = Reactor()
    yield reactor
    for each in reactor.readers:
        if getattr(each, "connected", True):
            each.stopReading() if hasattr(each, "stopReading") else reactor.removeReader(each)
            each.connectionLost(Failure(ConnectionDone()))


class Echo(Protocol):
    """Says its name."""

    def connectionMade(self) -> None:
        self.transport.write(cast("Named", self.factory).name)
        self.transport.loseConnection()


class Named(ServerFactory):
    """A factory with a name.

    Args:
        name: The name.
    """

    protocol = Echo
    noisy = False

    def __init__(self, name: bytes) -> None:
        self.name = name


def hear(reactor: Reactor, address: tuple[str, int] | str) -> bytes:
    """Connect, and return what the server says."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    if not isinstance(address, str) and ":" in address[0]:
        family = socket.AF_INET6
    with socket.socket(family) as client:
        client.settimeout(0.01)
        client.connect(address)
        for _ in range(100):
            reactor.turn()
            try:
                return client.recv(100)
            except TimeoutError:
                continue
    return b""


@pytest.fixture
def named() -> type[Named]:
    """A class of factories that say their name to who connects."""
    return Named


@pytest.fixture
def listen_to(reactor: Reactor) -> Callable[[tuple[str, int] | str], bytes]:
    """A function that connects to an address and returns what the server says."""
    return lambda address: hear(reactor, address)
