"""Certificates that are renewed while `cyclone run` and `twistd cyclone` serve."""

import contextlib
import fcntl
import grp
import os
import pty
import pwd
import shutil
import signal
import ssl
import tempfile
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from startup_processes import (
    BIN,
    PATIENCE,
    Launcher,
    Process,
    answers,
    environment,
    fetch,
    free_port,
    is_running,
    self_signed,
    until,
)

KEPT = "The old certificate stays in use."
RENEWED = "The certificate was read again"
# `cyclone run` ends by itself, twistd by the signal once more.
ENDED = {0, -signal.SIGTERM}


def served(port: int) -> str:
    """Return the certificate that new connections get."""
    found = ssl.get_server_certificate(("127.0.0.1", port), timeout=PATIENCE)
    return found.strip()


def held(directory: Path, name: str = "server") -> str:
    """Return the certificate of a file."""
    return (directory / f"{name}.crt").read_text(encoding="ascii").strip()


def renew(directory: Path) -> None:
    """Replace key and certificate as certbot does, by renaming."""
    self_signed(directory, "new")
    for end in ("key", "crt"):
        (directory / f"new.{end}").replace(directory / f"server.{end}")


def words(port: int) -> list[str]:
    """Spell the options of an HTTPS server."""
    return ["--ssl-app=hello.Application", f"--ssl-port={port}"]


@pytest.fixture
def port(launch: Launcher) -> int:
    """A free port; the demo, a key and a certificate lie in the directory."""
    launch.hello("hello.py")
    self_signed(launch.directory)
    return free_port()


@pytest.fixture(params=["cyclone run", "twistd -n cyclone"])
def process(launch: Launcher, port: int, request: pytest.FixtureRequest) -> Process:
    """A server in the foreground."""
    program, *rest = request.param.split()
    process = launch.start(program, *rest, *words(port))
    return process.serving(port, launch.directory / "server.crt")


def test_renewal(launch: Launcher, port: int, process: Process) -> None:
    """After SIGHUP new connections get the new certificate, and the log says so."""
    first = held(launch.directory)
    renew(launch.directory)
    assert served(port) == first
    process.send_signal(signal.SIGHUP)
    until("new certificate", lambda: served(port) == held(launch.directory) != first)
    assert fetch(port, launch.directory / "server.crt") == "hello, world"
    assert process.output.count(RENEWED) == 1
    assert process.end() in ENDED


def test_broken_files(launch: Launcher, port: int, process: Process) -> None:
    """A pair that does not fit changes nothing but the log, by one line; then a good one is taken."""
    first = held(launch.directory)
    good = (launch.directory / "server.key").read_bytes()
    for broken in (b"", b"nonsense", None):
        if broken is None:
            (launch.directory / "server.key").unlink()
        else:
            (launch.directory / "server.key").write_bytes(broken)
        lines = process.output.count(KEPT)
        process.send_signal(signal.SIGHUP)
        until("line in the log", lambda lines=lines: process.output.count(KEPT) > lines)  # type: ignore[misc]
        assert served(port) == first
    assert process.output.count("server.key") == 3
    assert "Traceback" not in process.output
    (launch.directory / "server.key").write_bytes(good)
    process.send_signal(signal.SIGHUP)
    until("line in the log", lambda: RENEWED in process.output)
    assert process.end() in ENDED


def test_busy(launch: Launcher, port: int, process: Process) -> None:
    """While certificates change again and again nobody is turned away."""
    trusted = launch.directory / "trusted.crt"
    first = held(launch.directory)
    shutil.copytree(launch.directory, launch.directory / "old")
    renew(launch.directory)
    trusted.write_text(f"{first}\n{held(launch.directory)}\n", encoding="ascii")
    shutil.copytree(launch.directory, launch.directory / "new", ignore=lambda *_: ["old"])
    answered: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            answered.append(fetch(port, trusted))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(1, 11):
            folder = launch.directory / ("old" if number % 2 else "new")
            for end in ("key", "crt"):
                shutil.copy(folder / f"server.{end}", launch.directory)
            process.send_signal(signal.SIGHUP)
            until("renewal", lambda number=number: process.output.count(RENEWED) == number)  # type: ignore[misc]
            count = len(answered)
            until("answers", lambda count=count: len(answered) > count + 4)  # type: ignore[misc]
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
    assert set(answered) == {"hello, world"}
    assert served(port) == held(launch.directory, "new/server")
    assert process.end() in ENDED
    assert "Traceback" not in process.output


class Terminal:
    """A terminal with one program on it, which is closed at the end.

    Args:
        directory: Where the program works.
        words: Its command.
    """

    def __init__(self, directory: Path, command: list[str]) -> None:
        ours, theirs = pty.openpty()
        self.pid = os.fork()
        if not self.pid:
            # The child: a session of its own, with this terminal.
            try:
                os.setsid()
                # The tests may run without a terminal themselves, under `nohup` for example.
                signal.signal(signal.SIGHUP, signal.SIG_DFL)
                fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
                with (directory / "log").open("wb") as log:
                    os.dup2(log.fileno(), 1)
                    os.dup2(log.fileno(), 2)
                os.close(ours)
                os.chdir(directory)
                os.execve(command[0], command, environment())  # noqa: S606 -- no shell
            finally:
                os._exit(127)
        os.close(theirs)
        self._ours = ours
        self.status: int | None = None

    def close(self) -> None:
        """Close the window."""
        os.close(self._ours)

    def ended(self) -> bool:
        """Tell whether the program has come to its end."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None


@pytest.mark.filterwarnings(
    "ignore:This process .* is multi-threaded, use of .*:DeprecationWarning"
)
@pytest.mark.parametrize("nohup", [False, True])
def test_terminal(launch: Launcher, port: int, nohup: bool) -> None:
    """SIGHUP renews the certificate as long as the terminal is there, and ends the server with it."""
    command = [str(BIN / "cyclone"), "run", *words(port)]
    if nohup:
        command = [shutil.which("nohup") or "nohup", *command]
    terminal = Terminal(launch.directory, command)
    log = launch.directory / "log"
    try:
        until("answer", lambda: answers(port, launch.directory / "server.crt"))
        os.kill(terminal.pid, signal.SIGHUP)
        until("renewal", lambda: RENEWED in log.read_text(encoding="utf-8"))
        assert not terminal.ended()
        terminal.close()
        if nohup:
            # The signal of the terminal was ignored: this one comes after it.
            assert fetch(port, launch.directory / "server.crt") == "hello, world"
            os.kill(terminal.pid, signal.SIGTERM)
        until("end of the server", terminal.ended)
        assert terminal.status == 0
    finally:
        if not terminal.ended():
            os.kill(terminal.pid, signal.SIGKILL)
            os.waitpid(terminal.pid, 0)


@pytest.fixture
def nobodys(tmp_path: Path) -> Iterator[Launcher]:
    """A directory that belongs to nobody, with the demo, a key and a certificate of root's."""
    # Not below pytest's directory: only root may enter that.
    directory = Path(tempfile.mkdtemp(prefix="cyclone-", dir="/tmp"))
    launcher = Launcher(directory, tmp_path)
    launcher.hello("hello.py")
    self_signed(directory)
    (directory / "hello.log").touch()
    for path in (directory, directory / "hello.log"):
        os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)
    directory.chmod(0o755)
    yield launcher
    pid = directory / "hello.pid"
    if pid.exists():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid.read_text(encoding="ascii")), signal.SIGKILL)
    shutil.rmtree(directory)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give up rights")
@pytest.mark.parametrize("readable", [True, False])
def test_daemon(nobodys: Launcher, readable: bool) -> None:
    """A daemon that has given up root's rights renews what it may read, and else goes on."""
    directory = nobodys.directory
    port = free_port()
    group = grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name
    place = [f"--logfile={directory}/hello.log", f"--pidfile={directory}/hello.pid"]
    rights = ["--uid=nobody", f"--gid={group}"]
    (directory / "server.key").chmod(0o600)
    done = nobodys.run("twistd", *rights, *place, "cyclone", *words(port))
    assert (done.returncode, done.stderr) == (0, "")
    until("answer of the daemon", lambda: answers(port, directory / "server.crt"))
    pid = int((directory / "hello.pid").read_text(encoding="ascii"))

    def log() -> str:
        return "".join(each.read_text(encoding="utf-8") for each in directory.glob("hello.log*"))

    first = held(directory)
    renew(directory)
    (directory / "server.key").chmod(0o644 if readable else 0o600)
    os.kill(pid, signal.SIGHUP)
    if readable:
        until("new certificate", lambda: served(port) == held(directory))
    else:
        until("line in the log", lambda: KEPT in log())
        assert served(port) == first
        assert "server.key cannot be read: Permission denied" in log()
    # The signal that rotates the log still does.
    os.kill(pid, signal.SIGUSR1)
    until("rotated log", (directory / "hello.log.1").exists)
    os.kill(pid, signal.SIGTERM)
    until("end of the daemon", lambda: not is_running(pid))
    assert log().count(RENEWED if readable else KEPT) == 1
    assert "Traceback" not in log()
