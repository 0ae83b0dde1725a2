"""How the old program looks for changes, and comes to its end."""

import socket
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ServerFactory
from twisted.internet.testing import MemoryReactorClock

from cyclone_core.autoreload.process import Process
from cyclone_core.autoreload.reloader import Reloader
from cyclone_core.autoreload.sockets import Open, Place

Source = Any  # these are in conftest.py, which cannot be imported
Reactor = Any
Option = Any
Log = Callable[[], list[str]]


class Recorder:
    """Stands in for a process: takes note of what it would become."""

    def __init__(self, process: Process) -> None:
        self.files = process.files
        self.objection = process.objection
        self.restarts: list[tuple[tuple[str, ...], list[Open]]] = []
        self.error: Exception | None = None

    def restart(self, changed: tuple[str, ...], ports: list[Open]) -> None:
        """Take note; fail if that is wanted."""
        self.restarts.append((changed, ports))
        if self.error is not None:
            raise self.error


@pytest.fixture(autouse=True)
def _without_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look as without `watchfiles`."""
    monkeypatch.setitem(sys.modules, "watchfiles", None)


@pytest.fixture
def recorder(process: Process) -> Recorder:
    """A process that is not replaced."""
    return Recorder(process)


@pytest.fixture
def clock() -> MemoryReactorClock:
    """A reactor without sockets."""
    return MemoryReactorClock()


def begin(reactor: object, recorder: Any) -> Reloader:  # noqa: ANN401 -- it stands in for a Process
    """Begin to look, twice a second, with a grace of a second."""
    reloader = Reloader(reactor, recorder, 0.5, 1.0)
    reloader.start()
    return reloader


def advance(reactor: Any, *seconds: float) -> None:  # noqa: ANN401 -- one with sockets or without
    """Let time pass, piece by piece."""
    for each in seconds:
        reactor.advance(each)


def test_restart(source: Source, recorder: Recorder, clock: MemoryReactorClock, log: Log) -> None:
    """A change is seen within half a second, and acted on when nothing changes any more."""
    path = source.write("a.py")
    recorder.files.add(path)
    begin(clock, recorder)
    advance(clock, 0, 0.5, 0.5)
    source.write("a.py", "x = 2\n")
    advance(clock, 0.5)
    assert log() == []
    advance(clock, 0.1)
    assert log() == [f"Restarting: {path} changed"]
    assert recorder.restarts == []
    advance(clock, 0.05, 0)
    assert recorder.restarts == [((path,), [])]
    assert clock.getDelayedCalls() == []


def test_one_timer(recorder: Recorder, clock: MemoryReactorClock) -> None:
    """All it costs while nothing changes is one timer."""
    reloader = begin(clock, recorder)
    advance(clock, 0, 0.5)
    assert len(clock.getDelayedCalls()) == 1
    reloader.stop()
    assert clock.getDelayedCalls() == []
    reloader.stop()


def test_problem(source: Source, recorder: Recorder, clock: MemoryReactorClock, log: Log) -> None:
    """A syntax error keeps the old program, and is told once; mended, it is restarted."""
    path = source.write("a.py")
    recorder.files.add(path)
    begin(clock, recorder)
    advance(clock, 0)
    source.write("a.py", "def x(:\n")
    advance(clock, 0.5, 0.1, 0.5, 0.5, 0.5)
    (told,) = log()
    assert told.startswith("Not restarted, the program runs on as it was: ")
    assert f"{path}, line 1: SyntaxError: invalid syntax" in told
    assert told.endswith("\n    def x(:")
    source.write("a.py", "def x(): pass\n")
    advance(clock, 0.5, 0.1, 0.05, 0)
    assert log() == [f"Restarting: {path} changed"]
    assert len(recorder.restarts) == 1


def test_objection(
    recorder: Recorder, clock: MemoryReactorClock, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that became a daemon or another user since is not replaced: nothing is looked for."""
    begin(clock, recorder)
    advance(clock, 0)
    monkeypatch.setattr(recorder, "objection", lambda: "the process is another one now")
    advance(clock, 0.5)
    assert log() == ["Changed files are not looked for: the process is another one now"]
    assert clock.getDelayedCalls() == []


class Drained(ServerFactory):
    """Has connections, as an application."""

    noisy = False

    def __init__(self) -> None:
        self.connections = self
        self.graces: list[float] = []
        self.done: Deferred[None] = Deferred()

    def drain_connections(self, grace: float) -> Deferred[None]:
        """Take note of the grace."""
        self.graces.append(grace)
        return self.done


class Around(ServerFactory):
    """Wraps a factory, as Twisted does for TLS."""

    noisy = False

    def __init__(self, factory: ServerFactory) -> None:
        self.wrappedFactory = factory


def change(source: Source, recorder: Recorder, reactor: Reactor) -> str:
    """Begin to look, and change a file until the end has begun."""
    path: str = source.write("a.py")
    recorder.files.add(path)
    begin(reactor, recorder)
    advance(reactor, 0)
    source.write("a.py", "x = 2\n")
    advance(reactor, 0.5, 0.1)
    return path


def test_drain(source: Source, recorder: Recorder, reactor: Reactor) -> None:
    """Ports accept nobody any more, stay open, and what is in flight may go on for the grace."""
    plain, secure = Drained(), Drained()
    ports = [
        (Place("127.0.0.1", 0), reactor.listenTCP(0, plain, interface="127.0.0.1")),
        (Place("127.0.0.1", 0), reactor.listenTCP(0, Around(secure), interface="127.0.0.1")),
        (Place("", 0), reactor.listenTCP(0, ServerFactory(), interface="")),
    ]
    path = change(source, recorder, reactor)
    assert not {port for _, port in ports} & set(reactor.getReaders())
    number = ports[0][1].getHost().port
    with socket.create_connection(("127.0.0.1", number)):
        assert plain.graces == []
        advance(reactor, 0.05)
        assert (plain.graces, secure.graces) == ([1.0], [1.0])
        plain.done.callback(None)
        advance(reactor, 0.1)
        assert recorder.restarts == []
        secure.done.callback(None)
        advance(reactor, 0)
        ((changed, kept),) = recorder.restarts
        assert changed == (path,)
        assert {port for _, port in kept} == {port for _, port in ports}


def test_drain_for_ever(source: Source, recorder: Recorder, reactor: Reactor) -> None:
    """A factory that is never drained, or fails at it, holds nobody up for more than a second."""

    class Failing(Drained):
        def drain_connections(self, grace: float) -> Deferred[None]:
            raise RuntimeError(grace)

    for factory in (Drained(), Failing()):
        reactor.listenTCP(0, factory)
    change(source, recorder, reactor)
    advance(reactor, 0.05, 1.9)
    assert recorder.restarts == []
    advance(reactor, 0.2, 0)
    assert len(recorder.restarts) == 1


def test_impossible(
    source: Source, recorder: Recorder, clock: MemoryReactorClock, log: Log
) -> None:
    """If the system refuses, the program has lost its ports' readers: it ends, and the log says why."""
    recorder.error = OSError("no such Python")
    stopped: list[bool] = []
    clock.stop = lambda: stopped.append(True)  # type: ignore[method-assign]
    change(source, recorder, clock)
    advance(clock, 0.05, 0)
    assert log()[1:] == ["The program could not be started again"]
    assert stopped == [True]


class Library(ModuleType):
    """Stands in for `watchfiles`."""

    def watch(self, *_: str, **options: Option) -> list[object]:
        """End at once."""
        del options
        return []


def test_library(
    source: Source,
    recorder: Recorder,
    clock: MemoryReactorClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With `watchfiles` files are looked at when it tells of a change, and otherwise less often."""
    monkeypatch.setitem(sys.modules, "watchfiles", Library("watchfiles"))
    path = source.write("a.py")
    recorder.files.add(path)
    reloader = begin(clock, recorder)
    advance(clock, 0)
    (call,) = clock.getDelayedCalls()
    assert call.getTime() == clock.seconds() + 2
    source.write("a.py", "x = 2\n")
    reloader._told()
    advance(clock, 0.1)
    reloader._told()
    (call,) = clock.getDelayedCalls()
    assert call.getTime() == clock.seconds() + 0.1
    advance(clock, 0.1, 0.05, 0)
    assert len(recorder.restarts) == 1
    reloader._told()
    assert clock.getDelayedCalls() == []
