"""What the next program gets from the one before."""

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cyclone_core.autoreload.process import Process
from cyclone_core.autoreload.sockets import Open, Place

Log = Callable[[], list[str]]
Replaced = Any  # it is in conftest.py, which cannot be imported
Port = Any
NAME = "CYCLONE_AUTORELOAD"


def restart(process: Process, changed: tuple[str, ...] = (), **ports: Port) -> Replaced:
    """Replace the process; return what it would become."""
    places = [Open(Place("127.0.0.1", name), port) for name, port in ports.items()]
    with pytest.raises(Exception, match=r"cyclone_core\.autoreload") as caught:
        process.restart(changed, places)
    return caught.value


def test_command(process: Process) -> None:
    """Python runs the wrapper with the same options and the same words."""
    replaced = restart(process)
    assert replaced.program == sys.executable
    assert replaced.words == [
        *(sys.executable, "-B", "-m", "cyclone_core.autoreload", "script.py", "word"),
    ]


def test_told(process: Process, listener: socket.socket) -> None:
    """The sockets stay open, and it is told what they are, and what has changed."""
    told = restart(process, ("a.py",), http=listener).told
    descriptor = listener.fileno()
    assert os.get_inheritable(descriptor)
    assert told == {
        "pid": os.getpid(),
        "wrapped": False,
        "changed": ["a.py"],
        "sockets": [[descriptor, "127.0.0.1", "http"]],
    }


def test_inherited(process: Process, listener: socket.socket) -> None:
    """The next program takes that from the environment, so that its children do not get it."""
    environment = {NAME: "", "HOME": "/"}
    again = Process()
    told = restart(process, ("a.py",)).told
    told |= {"sockets": [[os.dup(listener.fileno()), "", 80]], "wrapped": False}
    environment[NAME] = json.dumps(told)
    again.inherit(environment)
    assert environment == {"HOME": "/"}
    assert (again.restarted, again.wrapped) == (True, False)
    (kept,) = again.sockets
    assert kept.place == Place("", 80)
    assert not os.get_inheritable(kept.descriptor)
    again.sockets.release()


def test_changed_files_are_known(process: Process) -> None:
    """A file that was broken with the last change is watched, although nobody names it again."""
    path = Path("settings.ini")
    path.write_text("[broken", encoding="utf-8")
    told = restart(process, (str(path.absolute()),)).told
    again = Process()
    again.inherit({NAME: json.dumps(told)})
    again.files.changed()
    path.write_text("[mended]", encoding="utf-8")
    assert again.files.changed() == {str(path.absolute())}


@pytest.mark.parametrize("environment", [{}, {NAME: '{"pid": 1}'}])
def test_started_by_hand(environment: dict[str, str]) -> None:
    """Without a program before, or with the variable of another process, it is the first one."""
    process = Process()
    process.inherit(environment)
    assert environment == {}
    assert (process.restarted, process.wrapped) == (False, True)
    assert list(process.sockets) == []


def test_kept_once_more(process: Process, listener: socket.socket) -> None:
    """What a program has got and not asked for yet goes on to the next one."""
    again = Process(process._execute)
    descriptor = os.dup(listener.fileno())
    told = {"pid": os.getpid(), "wrapped": True, "changed": [], "sockets": [[descriptor, "", 80]]}
    again.inherit({NAME: json.dumps(told)})
    told = restart(again).told
    assert told["sockets"] == [[descriptor, "", 80]]
    assert told["wrapped"] is True
    again.sockets.release()


def test_hooks(process: Process, log: Log) -> None:
    """All hooks are called in order; one that fails is logged and keeps nobody."""
    called: list[str] = []
    process.hooks += [lambda: called.append("first"), lambda: 1 / 0, lambda: called.append("last")]
    restart(process)
    assert called == ["first", "last"]
    assert log() == ["A reload hook failed"]


def test_directory(process: Process, tmp_path: Path) -> None:
    """The next program starts in the directory in which the first one did."""
    (tmp_path / "elsewhere").mkdir()
    os.chdir("elsewhere")
    restart(process)
    assert Path.cwd() == tmp_path


def test_no_directory(process: Process, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """If there was none, it starts where it is."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    homeless = Process(process._execute)
    monkeypatch.chdir(tmp_path)
    restart(homeless)
    assert Path.cwd() == tmp_path


def test_pid_file(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program `twistd` finds no file that says that it runs already."""
    monkeypatch.setattr(sys, "argv", ["twistd", "-n"])
    path = Path("twistd.pid")
    path.write_text(str(os.getpid()), encoding="ascii")
    restart(process)
    assert not path.exists()


def test_alarm(process: Process) -> None:
    """An alarm of the old program does not end the new one."""
    signal.setitimer(signal.ITIMER_REAL, 1000)
    restart(process)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_streams(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was printed is written first; a program may have no streams, and a system no timers."""
    flushed: list[str] = []

    class Stream:
        def flush(self) -> None:
            flushed.append("flushed")

    monkeypatch.setattr(sys, "stdout", Stream())
    monkeypatch.setattr(sys, "__stderr__", None)
    monkeypatch.delattr(signal, "setitimer")
    restart(process)
    assert flushed == ["flushed"]


def test_objection(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program from a terminal cannot be started again, nor can one whose process has changed."""
    assert process.objection() is None
    monkeypatch.setattr(sys, "orig_argv", ["python"])
    assert "put it into a file" in str(process.objection())
    monkeypatch.setattr(sys, "orig_argv", ["python", "a.py"])
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert "frozen" in str(process.objection())


def test_the_system(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless another function is given, the system replaces the process."""
    monkeypatch.setattr(os, "execve", process._execute)
    assert restart(Process()).program == sys.executable
