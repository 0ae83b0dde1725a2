"""`python -m cyclone_core.autoreload PROGRAM`."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from cyclone_core.autoreload.process import Process
from cyclone_core.autoreload.wrapper import Wrapper, wait_for_change

Source = Any  # these are in conftest.py, which cannot be imported
Reactor = Any
Named = Any

LISTEN = """
import sys
reactor = sys.modules["the_reactor"].reactor
reactor.listenTCP(0, sys.modules["the_reactor"].factory, interface="127.0.0.1")
"""
UP = f"{LISTEN}reactor.start()\n"


class Waited(Exception):  # noqa: N818 -- it is no error
    """The wrapper would wait for a change now."""


def wait() -> None:
    """Tell that a change would be waited for."""
    raise Waited


class Wrapped:
    """A wrapper in this process.

    Args:
        process: The process.
    """

    def __init__(self, process: Process) -> None:
        self.process = process
        self.started: list[object] = []
        self.wrapper = Wrapper(process, self.started.append, wait)

    def run(self, *words: str) -> object:
        """Run a program to its end; return its status, or the class `Waited`."""
        try:
            self.wrapper.main(words)
        except Waited:
            return Waited
        except SystemExit as error:
            return error.code
        finally:
            self.process.sockets.release()
        raise AssertionError("the wrapper has returned")


@pytest.fixture
def wrapped(process: Process, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wrapped]:
    """A wrapper that its user has started."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    process.wrapped = True
    yield Wrapped(process)
    sys.modules.pop("package", None)


@pytest.fixture
def server(reactor: Reactor, named: Named, monkeypatch: pytest.MonkeyPatch) -> Reactor:
    """The reactor of the programs below, as the module `the_reactor`."""
    module = ModuleType("the_reactor")
    vars(module).update(reactor=reactor, factory=named(b"program"))
    monkeypatch.setitem(sys.modules, "the_reactor", module)
    monkeypatch.delitem(sys.modules, "twisted.internet.reactor", raising=False)
    return reactor


@pytest.mark.parametrize("words", [[], ["--until-success"], ["-"], ["-O", "a.py"], ["--nonsense"]])
def test_usage(wrapped: Wrapped, words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """Without a program, or with options of Python, it says how it is used; with status 2."""
    assert wrapped.run(*words) == 2
    assert "usage: python -m cyclone_core.autoreload" in capfd.readouterr().err


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help(wrapped: Wrapped, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Help is no error."""
    assert wrapped.run(word) == 0
    assert "--until-success" in capsys.readouterr().out


def test_again_and_again(
    wrapped: Wrapped, source: Source, capfd: pytest.CaptureFixture[str]
) -> None:
    """A program that has ended runs again when it has changed."""
    path = source.write("a.py", "import sys; sys.stderr.write(repr(sys.argv))\n")
    assert wrapped.run("a.py", "-x") is Waited
    told = capfd.readouterr().err
    assert "['a.py', '-x']The program has ended. It runs again when one of its files" in told
    wrapped.process.files.changed()
    source.write("a.py", "")
    assert path in wrapped.process.files.changed()


def test_until_success(wrapped: Wrapped, source: Source) -> None:
    """With the option only a failure is waited for."""
    source.write("a.py", "")
    assert wrapped.run("--until-success", "a.py") == 0
    source.write("a.py", "raise SystemExit(3)")
    assert wrapped.run("--until-success", "a.py") is Waited


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise SystemExit(3)", "The program has failed with status 3."),
        ("raise SystemExit('it is wrong')", "it is wrong\nThe program has failed with status 1."),
        ("raise SystemExit", "The program has ended."),
        ("x = (", "SyntaxError: '(' was never closed\nThe program has failed with status 1."),
    ],
)
def test_end(
    wrapped: Wrapped, source: Source, code: str, told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """How it has ended is told."""
    source.write("a.py", code)
    assert wrapped.run("a.py") is Waited
    assert told in capfd.readouterr().err


def test_traceback(wrapped: Wrapped, source: Source, capfd: pytest.CaptureFixture[str]) -> None:
    """The traceback of a program begins with the program, and its files are watched."""
    source.write("a.py", "import other_module\n")
    path = source.write("other_module.py", "1 / 0\n")
    assert wrapped.run("a.py") is Waited
    lines = capfd.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert "a.py" in lines[1]
    assert "ZeroDivisionError: division by zero" in lines
    wrapped.process.files.changed()
    source.write("other_module.py", "1 / 1\n")
    assert path in wrapped.process.files.changed()


def test_module(wrapped: Wrapped, source: Source, capfd: pytest.CaptureFixture[str]) -> None:
    """A module is found as `python -m` finds it, and watched."""
    sys.path.insert(0, str(source.directory))
    source.write("package/__init__.py", "")
    path = source.write("package/inner.py", "1 / 0\n")
    assert wrapped.run("-m", "package.inner", "-x") is Waited
    lines = capfd.readouterr().err.splitlines()
    assert "inner.py" in lines[1]
    wrapped.process.files.changed()
    source.write("package/inner.py", "1 / 1\n")
    assert path in wrapped.process.files.changed()


@pytest.mark.parametrize("name", ["no_such_module", "package.no.such", "sys"])
def test_no_module(wrapped: Wrapped, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A module that is not there, or has no source, may be there with the next change."""
    assert wrapped.run("-m", name) is Waited
    assert "The program has failed with status 1." in capfd.readouterr().err


def test_directory(
    wrapped: Wrapped,
    source: Source,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A directory with a `__main__.py` is a program; with `python -P` no place is taken out for it."""
    source.write("folder/__main__.py", "import sys; sys.stderr.write(__name__)\n")
    flags = {name: getattr(sys.flags, name) for name in dir(sys.flags) if name[0] != "_"}
    monkeypatch.setattr(sys, "flags", SimpleNamespace(**flags | {"safe_path": True}))
    before = list(sys.path)
    assert wrapped.run("folder") is Waited
    assert capfd.readouterr().err.startswith("__main__")
    assert sys.path == before


def test_code(wrapped: Wrapped) -> None:
    """A line of code has no file."""
    assert wrapped.run("-c", "x = 1") is Waited


def test_interrupt(wrapped: Wrapped, source: Source) -> None:
    """Ctrl-C means the wrapper, too."""
    source.write("a.py", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        wrapped.run("a.py")


def test_interrupt_while_it_waits(
    wrapped: Wrapped, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends the wait, with the status that a shell gives it."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(wrapped.wrapper, "_wait", interrupted)
    source.write("a.py", "")
    assert wrapped.run("a.py") == 130


def test_server(wrapped: Wrapped, source: Source, server: Reactor) -> None:
    """A server that knows nothing of it is looked after by its own reactor."""
    source.write("a.py", UP)
    assert wrapped.run("a.py") is Waited
    assert wrapped.started == [server]


def test_server_ended_by_a_signal(
    wrapped: Wrapped, source: Source, server: Reactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who ends a server with a signal need not do it twice."""
    monkeypatch.setitem(sys.modules, "twisted.internet.reactor", server)
    server._exitSignal = 2
    source.write("a.py", UP)
    assert wrapped.run("a.py") == 0


def test_restarted(
    wrapped: Wrapped, source: Source, server: Reactor, capfd: pytest.CaptureFixture[str]
) -> None:
    """A program that was started again is run like the first time: it decides itself what is next."""
    wrapped.process.wrapped = False
    source.write("a.py", "")
    assert wrapped.run("a.py") == 0
    source.write("a.py", f"{UP}raise SystemExit(3)")
    assert wrapped.run("a.py") == 3
    assert wrapped.started == []
    assert capfd.readouterr().err == ""
    del server


def test_restarted_and_failed(wrapped: Wrapped, source: Source, server: Reactor) -> None:
    """If it fails before it is up, that is what is waited for: the next change may mend it."""
    wrapped.process.wrapped = False
    source.write("a.py", f"{LISTEN}1 / 0\n")
    assert wrapped.run("a.py") is Waited
    del server


def test_no_terminal(wrapped: Wrapped, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a stream there is nobody to tell."""
    monkeypatch.setattr(sys, "__stderr__", None)
    source.write("a.py", "")
    assert wrapped.run("a.py") is Waited


def edits(source: Source, *texts: str) -> Callable[[float], None]:
    """Return a function that writes the next text into a.py each time it is asked to sleep."""
    waiting = list(texts)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if seconds == 0.5:
            source.write("a.py", waiting.pop(0))

    return sleep


def test_wait(
    process: Process,
    source: Source,
    server: Reactor,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A change that Python can read replaces the process; its sockets stay open."""
    path = source.write("a.py")
    process.files.add(path)
    port = server.listenTCP(0, sys.modules["the_reactor"].factory, interface="127.0.0.1")
    monkeypatch.setitem(sys.modules, "twisted.internet.reactor", server)
    with pytest.raises(Exception, match="autoreload") as caught:
        wait_for_change(process, edits(source, "x = (\n", "x = ()\n"))
    told: Any = caught.value
    assert told.told["sockets"] == [[port.fileno(), "127.0.0.1", 0]]
    assert told.told["changed"] == [path]
    first, second = capfd.readouterr().err.split("Restarting: ")
    assert first == f"Not started: {path}, line 1: SyntaxError: '(' was never closed\n    x = (\n"
    assert second == f"{path} changed\n"


def test_wait_without_a_reactor(process: Process, source: Source, server: Reactor) -> None:
    """A program without a reactor has no sockets that we know of."""
    del server
    process.files.add(source.write("a.py"))
    with pytest.raises(Exception, match="autoreload") as caught:
        wait_for_change(process, edits(source, "x = 2\n"))
    told: Any = caught.value
    assert told.told["sockets"] == []


def test_wait_in_a_fork(
    process: Process, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A process that may not be replaced does not wait."""
    monkeypatch.setattr(process, "objection", lambda: "the process was forked")
    wait_for_change(process)
    assert capfd.readouterr().err == "Changed files are not looked for: the process was forked\n"
    assert Path.cwd().exists()
