"""`twistd cyclone`: options, statuses, what happens before and after the fork."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from twisted.application.service import IServiceMaker
from twisted.internet.protocol import ServerFactory
from twisted.internet.testing import MemoryReactorClock
from twisted.plugin import getPlugins
from twisted.python import usage

from cyclone_core.cli.binding_tcp import TCPBinding
from cyclone_core.cli.options import OPTIONS
from cyclone_core.cli.plugin import ForegroundService, Options, makeService
from cyclone_core.cli.problems import PortInUse
from cyclone_core.cli.service import CycloneService

Write = Callable[..., Path]

FILE = """
from twisted.internet.protocol import ServerFactory
Application = ServerFactory
"""


class Reloading(ServerFactory):
    """A factory with settings, as an application in debug mode."""

    settings = {"autoreload": True}  # noqa: RUF012 -- nobody changes it


class Twistd(usage.Options):
    """What twistd hands to a plugin as `options.parent`."""

    def __init__(self, **values: object) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.update(values)


def parsed(*words: str, **twistd: object) -> Options:
    """Read the words after `twistd cyclone`; keyword arguments are twistd's own options."""
    options = Options()
    options.parent = Twistd(**twistd) if twistd else None
    options.parseOptions(words)
    return options


def status(capfd: pytest.CaptureFixture[str], *words: str, **twistd: object) -> tuple[object, str]:
    """Return exit status and the one line of a start that fails."""
    with pytest.raises(SystemExit) as caught:
        makeService(parsed(*words, **twistd))
    line = capfd.readouterr().err
    assert line.count("\n") == 1
    return caught.value.code, line


def test_the_options_are_those_of_the_table() -> None:
    """Every option has its default, and both spellings of a value are read."""
    options = parsed()
    assert dict(options) == {option.name: option.default for option in OPTIONS}
    options = parsed("-p", "81", "--listen=::1", "-rhello.Application", "--appopts", "")
    assert (options["port"], options["listen"]) == ("81", "::1")
    assert (options["app"], options["appopts"]) == ("hello.Application", "")


def test_the_file_may_stand_anywhere() -> None:
    """FILE.py before, between or behind the options."""
    for words in (["a.py", "-p", "81"], ["-p", "81", "a.py"], ["-p81", "a.py", "--listen=::1"]):
        options = parsed(*words)
        assert (options.file, options["port"]) == ("a.py", "81")
    assert parsed("--", "-a.py").file == "-a.py"


def test_an_empty_value_takes_no_other_option() -> None:
    """`-c ""` is an empty text, and what follows is read as it stands."""
    options = Options()
    options.parseOptions(["a.py", "-c", "", "-p", "9"])
    assert (options["appopts"], options["port"], options.file) == ("", "9", "a.py")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--bogus"], "option --bogus not recognized"),
        (["-p"], "option -p requires argument"),
        (["a.py", "b.py"], "'b.py' is one word too many behind a.py."),
    ],
)
def test_a_wrong_option_is_one_line_and_status_2(
    capfd: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """Without the help text, and with the hint where to find it."""
    code, line = status(capfd, *words)
    assert code == 2
    assert line.startswith(told)
    assert line.endswith("`twistd cyclone --help` lists all options.\n")


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """--version names cyclone and Twisted and ends with status 0."""
    with pytest.raises(SystemExit) as caught:
        parsed("--version")
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("cyclone 2.")


def test_help_lists_the_defaults() -> None:
    """The help text comes from the table."""
    text = str(Options())
    assert "[default: 8888]" in text
    assert "--ssl-appopts=" in text


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 2),
        (["-p", "x", "-r", "plain.Application"], 2),
        (["-r", "nothing_here.Application"], 2),
        (["failing.py"], 1),
    ],
)
def test_a_problem_ends_with_its_status(
    write: Write, capfd: pytest.CaptureFixture[str], words: list[str], code: int
) -> None:
    """Usage 2, application 1: one line, before anything is started."""
    write("failing.py", "1 / 0\n")
    assert status(capfd, *words)[0] == code


def test_in_the_foreground_nothing_is_probed(write: Write, taken: int) -> None:
    """`twistd -n` gets a service that reports by itself when its ports are opened."""
    write("plain.py", FILE)
    service = makeService(parsed("plain.py", f"-p{taken}", nodaemon=1, pidfile="x.pid"))
    assert isinstance(service, ForegroundService)


def test_a_runner_without_daemons_is_a_foreground(write: Write) -> None:
    """`twist`, which knows no --nodaemon, and other callers of the maker."""
    write("plain.py", FILE)
    assert isinstance(makeService(parsed("plain.py")), ForegroundService)


def test_in_the_background_a_taken_port_is_met_before_the_fork(
    write: Write, taken: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """A daemon's parent can say 0 or 1 only, so the port is tried while status 3 is possible."""
    write("plain.py", FILE)
    words = ("plain.py", f"--port={taken}")
    code, line = status(capfd, *words, nodaemon=0, rundir=".", chroot=None)
    assert code == 3
    assert line.startswith(f"Port {taken} on 127.0.0.1 is already in use.")


def test_in_the_background_a_free_port_is_left_to_the_service(write: Write) -> None:
    """Afterwards the plain service runs: twistd reports what still fails."""
    write("plain.py", FILE)
    service = makeService(parsed("plain.py", "-p0", nodaemon=0))
    assert type(service) is CycloneService


def test_rundir_is_the_working_directory(write: Write, tmp_path: Path) -> None:
    """`twistd --rundir` goes there before ports are opened, so names are looked up there."""
    write("sub/inner.py", FILE)
    makeService(parsed("-r", "inner.Application", nodaemon=1, rundir="sub"))
    assert sys.path[0] == str(tmp_path / "sub")


def test_below_a_chroot_nothing_is_probed(write: Write, tmp_path: Path, taken: int) -> None:
    """The working directory lies in the new root, whose files have other paths by then."""
    write("jail/app/inner.py", FILE)
    words = ("-r", "inner.Application", f"-p{taken}")
    service = makeService(parsed(*words, nodaemon=0, rundir="/app", chroot=str(tmp_path / "jail")))
    assert type(service) is CycloneService
    assert sys.path[0] == str(tmp_path / "jail" / "app")


class Taken(TCPBinding):
    """A port that somebody takes just before it is opened."""

    def listen(self, _: object) -> NoReturn:
        """Fail."""
        raise PortInUse("somebody was quicker")


@pytest.mark.parametrize("pid_file", ["", "twistd.pid", "never-written.pid"])
def test_the_foreground_fails_with_one_line_and_no_pid_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    pid_file: str,
) -> None:
    """The pid file is written before the ports are opened: it is removed again."""
    monkeypatch.chdir(tmp_path)
    Path("twistd.pid").write_text("1", encoding="ascii")
    memory = MemoryReactorClock()
    service = ForegroundService([Taken(None, 1, "")], pid_file, memory)  # type: ignore[arg-type]
    with pytest.raises(SystemExit) as caught:
        service.privilegedStartService()
    assert caught.value.code == 3
    assert capfd.readouterr().err == "somebody was quicker\n"
    assert Path("twistd.pid").exists() == (pid_file != "twistd.pid")


def test_the_foreground_opens_its_ports() -> None:
    """Without a problem it is the plain service."""
    memory = MemoryReactorClock()
    ForegroundService([TCPBinding(None, 1, "")], reactor=memory).privilegedStartService()  # type: ignore[arg-type]
    assert len(memory.tcpServers) == 1


def test_the_foreground_looks_for_changed_files() -> None:
    """An application in debug mode is started again with a change of its source."""
    memory = MemoryReactorClock()
    application = Reloading()
    service = ForegroundService([TCPBinding(application, 1, "")], reactor=memory)
    service.privilegedStartService()
    assert memory.getDelayedCalls() == []
    service.startService()
    assert len(memory.getDelayedCalls()) == 1


def test_twistd_knows_the_plugin() -> None:
    """There is one maker named cyclone, and it leads to this module."""
    makers = [maker for maker in getPlugins(IServiceMaker) if maker.tapname == "cyclone"]
    assert len(makers) == 1
    assert makers[0].options is Options
    assert makers[0].makeService is makeService


@pytest.mark.parametrize("words", [["--help"], ["cyclone", "--help"], ["cyclone", "--version"]])
def test_help_does_not_import_the_framework(words: list[str]) -> None:
    """`twistd --help` stays as quick as without us, and ours loads no web framework."""
    code = (
        "import sys\n"
        f"sys.argv = ['twistd', *{words!r}]\n"
        "from twisted.scripts.twistd import run\n"
        "try:\n    run()\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "loaded = [name for name in sys.modules if name.startswith('cyclone_core')]\n"
        f"allowed = {len(words) > 1!r}\n"
        "assert bool(loaded) == allowed, loaded\n"
        "assert 'cyclone_core.web' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)  # noqa: S603 -- our own words
