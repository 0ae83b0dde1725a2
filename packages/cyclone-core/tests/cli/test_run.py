"""`cyclone run`: options, log and reactor."""

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import twisted.internet
import twisted.logger
from twisted.internet.protocol import ServerFactory
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogBeginner, globalLogPublisher

from cyclone_core.cli.binding_tcp import TCPBinding
from cyclone_core.cli.options import Settings
from cyclone_core.cli.problems import UsageProblem
from cyclone_core.cli.run import main, parse, serve

Write = Callable[..., Path]


class Standard:
    """Stands in for `sys`, whose streams a log takes over."""

    def __init__(self) -> None:
        self.stdout = io.StringIO()
        self.stderr = io.StringIO()


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryReactorClock]:
    """A reactor without sockets in the place of the global one, and a log that can begin again."""
    reactor = MemoryReactorClock()
    monkeypatch.setitem(sys.modules, "twisted.internet.reactor", reactor)
    monkeypatch.setattr(twisted.internet, "reactor", reactor)
    standard = Standard()
    beginner = LogBeginner(globalLogPublisher, standard.stderr, standard, __import__("warnings"))
    monkeypatch.setattr(twisted.logger, "globalLogBeginner", beginner)
    observers = list(globalLogPublisher._observers)
    yield reactor
    for observer in set(globalLogPublisher._observers) - set(observers):
        globalLogPublisher.removeObserver(observer)


def test_no_option_means_the_default() -> None:
    """`cyclone run hello.py` and `twistd cyclone hello.py` mean the same."""
    assert parse(["hello.py"]) == Settings.read({}, "hello.py")


def test_every_option_of_twistd_cyclone_is_known() -> None:
    """The same names and letters; FILE.py may stand anywhere."""
    words = "-p 81 -l ::1 -u s -r a.B -c x --ssl-port 2 --ssl-listen ::2 --ssl-cert c --ssl-key k"
    settings = parse([*words.split(), "--ssl-app", "d.E", "--ssl-appopts", "y"])
    assert settings == Settings(81, "::1", "s", "a.B", "x", 2, "::2", "c", "k", "d.E", "y")
    assert parse(["a.py", "-p", "81"]) == parse(["-p", "81", "a.py"])


@pytest.mark.parametrize("words", [["--bogus"], ["-p"], ["a.py", "b.py"], []])
def test_a_wrong_option_is_a_usage_problem(words: list[str]) -> None:
    """One line with the hint where the options are listed."""
    with pytest.raises(UsageProblem, match=r"--help`? lists all options"):
        parse(words)


def test_version_and_help_end_with_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    """--version names both versions, --help shows the defaults."""
    for words, told in ((["--version"], "Twisted 2"), (["--help"], "[default: 8443]")):
        with pytest.raises(SystemExit) as caught:
            parse(words)
        assert caught.value.code == 0
        assert told in capsys.readouterr().out


def test_the_reactor_runs_with_open_ports(
    memory: MemoryReactorClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """serve() logs to stdout, opens the ports, runs the reactor and returns 0."""
    factory = ServerFactory()
    assert serve([TCPBinding(factory, 8888, "127.0.0.1")], memory) == 0
    assert memory.hasRun
    assert memory.tcpServers[0][:2] == (8888, factory)
    log = capsys.readouterr().out
    assert "reactor class: twisted.internet.testing.MemoryReactorClock." in log
    assert "http://127.0.0.1:8888/ answers on this machine only" in log


def test_main_serves_the_file(write: Write, memory: MemoryReactorClock) -> None:
    """From the words to the open port."""
    text = "from twisted.internet.protocol import ServerFactory\nApplication = ServerFactory\n"
    write("plain.py", text)
    assert main(["plain.py", "--port=81"]) == 0
    assert [server[0] for server in memory.tcpServers] == [81]
