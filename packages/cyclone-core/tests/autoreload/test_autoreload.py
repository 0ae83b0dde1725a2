"""The public functions."""

import os
import runpy
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock

from cyclone_core import autoreload
from cyclone_core.autoreload.process import Process
from cyclone_core.autoreload.sockets import KeptSockets, Place, listening

Source = Any  # these are in conftest.py, which cannot be imported
Reactor = Any
Named = Any
Log = Callable[[], list[str]]


@pytest.fixture(autouse=True)
def _own_process(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the module know this process, and no library."""
    monkeypatch.setattr(autoreload, "_process", process)
    monkeypatch.setitem(sys.modules, "watchfiles", None)


@pytest.fixture
def clock() -> Iterator[MemoryReactorClock]:
    """A reactor without sockets."""
    clock = MemoryReactorClock()
    yield clock
    for call in clock.getDelayedCalls():
        call.cancel()


class Application:
    """Has settings, as an application."""

    def __init__(self, **settings: object) -> None:
        self.settings = settings


def test_start(clock: MemoryReactorClock, log: Log, source: Source, process: Process) -> None:
    """It looks for changes of modules and watched files, and calls the hooks before the end."""
    called: list[str] = []
    path = source.write("settings.ini")
    autoreload.watch(Path(path))
    autoreload.add_reload_hook(lambda: called.append("hook"))
    autoreload.start(200, reactor=clock, grace=0)
    clock.advance(0)
    source.write("settings.ini", "other")
    with pytest.raises(Exception, match="autoreload"):
        clock.pump([0.2, 0.1, 0.05, 0])
    assert log() == [f"Restarting: {path} changed"]
    assert called == ["hook"]
    assert process.files.changed() == set()


def test_start_twice(clock: MemoryReactorClock) -> None:
    """A reactor has one timer for this, however many applications it serves."""
    autoreload.start(reactor=clock)
    autoreload.start(reactor=clock)
    assert len(clock.getDelayedCalls()) == 1
    other = MemoryReactorClock()
    autoreload.start(reactor=other)
    assert len(other.getDelayedCalls()) == 1


def test_global_reactor(clock: MemoryReactorClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without another one it is the global reactor's timer."""
    import twisted.internet

    monkeypatch.setitem(sys.modules, "twisted.internet.reactor", clock)
    monkeypatch.setattr(twisted.internet, "reactor", clock, raising=False)
    autoreload.start()
    assert len(clock.getDelayedCalls()) == 1


@pytest.mark.parametrize("wrong", [{"check_time": 0}, {"check_time": float("nan")}, {"grace": -1}])
def test_wrong_numbers(clock: MemoryReactorClock, wrong: dict[str, Any]) -> None:
    """Times that are none are refused, with their unit."""
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} is in (milli)?seconds"):
        autoreload.start(reactor=clock, **wrong)


def test_for_application(clock: MemoryReactorClock) -> None:
    """An application has it if its setting is true."""
    assert autoreload.start_for(Application(autoreload=True), clock)
    assert len(clock.getDelayedCalls()) == 1


@pytest.mark.parametrize(
    "factory",
    [Application(), Application(autoreload=False), object(), None, type("X", (), {"settings": 1})],
)
def test_for_others(clock: MemoryReactorClock, factory: object) -> None:
    """No other application has it, nor has any other factory."""
    assert not autoreload.start_for(factory, clock)
    assert clock.getDelayedCalls() == []


def test_not_in_a_daemon(
    clock: MemoryReactorClock, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the process may not be replaced, the setting changes nothing."""
    monkeypatch.setattr(process, "objection", lambda: "the process is a daemon")
    assert not autoreload.start_for(Application(autoreload=True), clock)
    assert clock.getDelayedCalls() == []


def test_templates(clock: MemoryReactorClock, source: Source, process: Process) -> None:
    """Templates that are kept count as source; those that are read each time do not."""
    path = source.write("pages/a.html")
    folder = str(source.directory / "pages")
    read = Application(autoreload=True, compiled_template_cache=False, template_path=folder)
    kept = Application(autoreload=True, template_path=folder)
    for application, expected in ((read, set()), (kept, {path})):
        autoreload.start_for(application, clock)
        process.files.changed()
        source.write("pages/a.html", f"text {expected}")
        assert process.files.changed() == expected


def test_watch_error(source: Source, process: Process) -> None:
    """Who does not let an error through tells of it."""
    path = source.write("broken.py", "x = (\n")
    try:
        compile(Path(path).read_text(encoding="utf-8"), path, "exec")
    except SyntaxError as error:
        autoreload.watch_error(error)
    process.files.changed()
    source.write("broken.py", "x = ()\n")
    assert process.files.changed() == {path}


def test_inherits() -> None:
    """A unix socket of the program before is known by its path; here there is none."""
    assert not autoreload.inherits("/run/no.sock")


def test_wait(
    process: Process, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A program may wait for a change by itself; this one may not be replaced."""
    monkeypatch.setattr(process, "objection", lambda: "the process was forked")
    autoreload.wait()
    assert "the process was forked" in capfd.readouterr().err


def test_main(process: Process, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m cyclone_core.autoreload PROGRAM` runs the program."""
    source.write("a.py", "import sys\nsys.modules['told'] = sys.argv\nraise SystemExit(0)\n")
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", ["autoreload", "--until-success", "a.py", "word"])
    monkeypatch.setitem(sys.modules, "told", sys)
    with pytest.raises(SystemExit):
        runpy.run_module("cyclone_core.autoreload", run_name="__main__")
    assert sys.modules["told"] == ["a.py", "word"]
    assert process.wrapped


def test_main_of_a_server(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wrapper begins to look for changes when the program listens."""
    from twisted.internet.posixbase import PosixReactorBase

    class Reactor(MemoryReactorClock):
        callWhenRunning = staticmethod(lambda call: call())  # noqa: N815 -- Twisted's name

    reactor = Reactor()
    monkeypatch.setattr(PosixReactorBase, "listenTCP", lambda *_: "a port")
    monkeypatch.setitem(sys.modules, "the_reactor", reactor)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    source.write(
        "a.py",
        "import sys\nfrom twisted.internet.posixbase import PosixReactorBase\n"
        "PosixReactorBase.listenTCP(sys.modules['the_reactor'], 0, None)\n",
    )
    monkeypatch.setattr(sys, "argv", ["autoreload", "--until-success", "a.py"])
    with pytest.raises(SystemExit):
        autoreload.main()
    assert len(reactor.getDelayedCalls()) == 2


def test_imported() -> None:
    """To import the module that `-m` runs does nothing."""
    assert runpy.run_module("cyclone_core.autoreload.__main__")["__all__"] == []


def test_sockets_without_the_reactor(process: Process, reactor: Reactor, named: Named) -> None:
    """Who binds sockets himself asks for those of the program before, and says what he has adopted."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        process.sockets = KeptSockets([(os.dup(server.fileno()), "127.0.0.1", number)])
        assert autoreload.inherit("127.0.0.1", 0) is None
        taken = autoreload.inherit("127.0.0.1", number)
        assert taken is not None
        with taken:
            assert taken.getsockname() == server.getsockname()
            taken.setblocking(False)
            port = reactor.adoptStreamPort(taken.fileno(), taken.family, named(b""))
            autoreload.keep(port, reactor, "127.0.0.1", number)
            assert listening(reactor) == [(Place("127.0.0.1", number), port)]
