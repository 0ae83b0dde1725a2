"""The README's production line, run by root: a low port, rights given up, pid file, log, syslog."""

import contextlib
import grp
import os
import pwd
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from startup_processes import (
    BIN,
    Launcher,
    answers,
    fetch,
    free_port,
    is_running,
    self_signed,
    until,
)

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0,
    reason="only root may open ports below 1024 and change the user: the production line of the "
    "README (--uid, --gid, daemon, --syslog), as plugin and as .tac, was NOT tested",
)

SYSLOG = Path("/dev/log")


@dataclass
class Place:
    """Where a daemon works.

    Attributes:
        launch: Starts programs there.
        port: A free port below 1024.
        user: The number of the user nobody.
        words: The options of the production line.
    """

    launch: Launcher
    port: int
    user: int
    words: list[str]

    @property
    def directory(self) -> Path:
        """The working directory, which belongs to nobody."""
        return self.launch.directory

    @property
    def pid(self) -> int:
        """The number of the daemon."""
        return int((self.directory / "hello.pid").read_text(encoding="ascii"))

    @property
    def log(self) -> str:
        """The daemon's log."""
        return (self.directory / "hello.log").read_text(encoding="utf-8")

    def start(self, *words: str) -> None:
        """Start the daemon and wait until it answers."""
        done = self.launch.run("twistd", *self.words, *words)
        assert (done.returncode, done.stderr) == (0, "")
        until("answer of the daemon", lambda: answers(self.port))


@pytest.fixture
def place() -> Iterator[Place]:
    """A directory that belongs to nobody, with the demo in it; a daemon that is left is ended."""
    # Not below pytest's directory: only root may enter that.
    directory = Path(tempfile.mkdtemp(prefix="cyclone-", dir="/tmp"))
    logs = Path(tempfile.mkdtemp(prefix="cyclone-logs-"))
    nobody = pwd.getpwnam("nobody")
    group = grp.getgrgid(nobody.pw_gid).gr_name
    (directory / "hello.log").touch()
    for path in (directory, directory / "hello.log"):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    directory.chmod(0o755)
    words = ["--uid=nobody", f"--gid={group}", "--reactor=epoll"]
    words += [f"--logfile={directory}/hello.log", f"--pidfile={directory}/hello.pid"]
    found = Place(Launcher(directory, logs), free_port(range(81, 1024)), nobody.pw_uid, words)
    yield found
    if (directory / "hello.pid").exists():
        with contextlib.suppress(ProcessLookupError):
            os.kill(found.pid, signal.SIGKILL)
    shutil.rmtree(directory)
    shutil.rmtree(logs)


def users(pid: int) -> set[int]:
    """Return the real, effective, saved and file system user of a process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return {int(word) for line in lines if line.startswith("Uid:") for word in line.split()[1:]}


def check_daemon(place: Place, page: str) -> None:
    """Look at a running daemon, rotate its log, and end it."""
    pid = place.pid
    assert fetch(place.port) == page
    assert users(pid) == {place.user}
    assert f"cyclone.web.Application starting on {place.port}" in place.log
    assert "reactor class: twisted.internet.epollreactor.EPollReactor" in place.log

    os.kill(pid, signal.SIGUSR1)
    until("rotated log", (place.directory / "hello.log.1").exists)
    assert fetch(place.port) == page
    until("access line in the new log", lambda: "200 GET /" in place.log)
    assert "starting on" not in place.log
    assert "starting on" in (place.directory / "hello.log.1").read_text(encoding="utf-8")

    os.kill(pid, signal.SIGTERM)
    until("end of the daemon", lambda: not is_running(pid))
    assert not answers(place.port)
    assert not (place.directory / "hello.pid").exists()
    assert "Traceback" not in place.log


def plugin(place: Place) -> list[str]:
    """Return the words of the README behind twistd's own options."""
    return ["cyclone", f"--port={place.port}", "--listen=127.0.0.1", "--app=hello.Application"]


def test_the_plugin_in_production(place: Place) -> None:
    """Port opened as root, rights given up, log rotated by nobody, pid file removed."""
    place.launch.hello("hello.py")
    place.start(*plugin(place))
    check_daemon(place, "hello, world")


def test_the_twisted_application_in_production(place: Place) -> None:
    """The same line with --python=foobar.tac."""
    place.launch.hello("foobar.tac", port=place.port)
    place.start("--python=foobar.tac")
    check_daemon(place, "hello world")


def test_tls_keys_are_read_before_rights_are_given_up(place: Place) -> None:
    """A key that only root may read serves a process that runs as nobody."""
    place.launch.hello("hello.py")
    certificate = self_signed(place.directory)
    (place.directory / "server.key").chmod(0o600)
    secure = free_port(range(place.port + 1, 1024))
    place.start(*plugin(place), "--ssl-app=hello.Application", f"--ssl-port={secure}")
    assert fetch(secure, certificate) == "hello, world"
    assert users(place.pid) == {place.user}


def test_a_unix_socket_in_a_directory_of_roots(place: Place) -> None:
    """It stays behind without a traceback, because nobody may not remove it; it is replaced."""
    place.launch.hello("hello.py")
    os.chown(place.directory, 0, 0)
    path = place.directory / "web.sock"
    words = [*place.words, "cyclone", "--unix=web.sock", "--app=hello.Application"]
    for _ in range(2):
        assert place.launch.run("twistd", *words).returncode == 0
        until("answer of the daemon", lambda: answers(path))
        pid = place.pid
        assert users(pid) == {place.user}
        os.kill(pid, signal.SIGTERM)
        until("end of the daemon", lambda pid=pid: not is_running(pid))  # type: ignore[misc]
        (place.directory / "hello.pid").unlink()
    assert "was not closed cleanly" in place.log
    assert "Traceback" not in place.log


@pytest.mark.parametrize("form", ["plugin", "tac"])
def test_the_log_may_go_to_syslog(place: Place, form: str) -> None:
    """--syslog is accepted, and the lines arrive on /dev/log."""
    place.launch.hello("hello.py")
    place.launch.hello("foobar.tac", port=place.port)
    words = plugin(place) if form == "plugin" else ["--python=foobar.tac"]
    with contextlib.ExitStack() as stack:
        received: socket.socket | None = None
        if not SYSLOG.exists():
            received = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            received.bind(str(SYSLOG))
            stack.callback(SYSLOG.unlink)
            received.setblocking(False)
        # A machine with a syslog of its own keeps the lines: then serving is what is tested.
        place.start("--syslog", "--prefix=hello", *words)
        assert users(place.pid) == {place.user}
        if received is not None:
            lines = b""
            with contextlib.suppress(BlockingIOError):
                while True:
                    lines += received.recv(65536) + b"\n"
            assert b"hello" in lines
            assert f"cyclone.web.Application starting on {place.port}".encode() in lines


def test_a_low_port_needs_the_right_to_it(place: Place) -> None:
    """Without the right to bind low ports the line says how it is done; the status is 1."""
    place.launch.hello("hello.py")
    # 24: drop from the bounding set; 10: CAP_NET_BIND_SERVICE, gone after the exec, root or not.
    code = "import ctypes, os, sys; ctypes.CDLL(None).prctl(24, 10); os.execv(sys.argv[1], sys.argv[1:])"
    words = [str(BIN / "cyclone"), "run", "hello.py", f"--port={place.port}"]
    limit = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text(encoding="ascii"))
    if place.port < limit:
        done = place.launch.run("python", "-c", code, *words)
        assert done.returncode == 1
        assert "may not be opened by this user: start as root" in done.stderr
        assert done.stderr.count("\n") == 1
    else:
        # This machine lets everybody open low ports: the application starts.
        place.launch.start("python", "-c", code, *words).serving(place.port)
        place.launch.close()
