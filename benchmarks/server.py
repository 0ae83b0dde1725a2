"""The servers' processes: start and stop them, and read what the kernel counts for them."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

APPS = Path(__file__).resolve().parent / "apps"
SERVERS = ("cyclone", "tornado", "twisted")
START_SECONDS = 20
# The files that are served, by name.
FILES = {"small.css": b"0123456789abcdef" * 64, "large.bin": bytes(range(256)) * 4096}
PRIORITY = -12


class WrongAnswerError(Exception):
    """A server answers something else than it must: its speed would mean nothing."""


class Server(NamedTuple):
    """A running server: which of `SERVERS` it is, its process and its port of 127.0.0.1."""

    name: str
    pid: int
    port: int

    def cpu_nanoseconds(self) -> int:
        """Return the CPU time that all threads of the process have used, in nanoseconds."""
        used = 0
        for path in Path(f"/proc/{self.pid}/task").glob("*/schedstat"):
            with contextlib.suppress(FileNotFoundError):  # a thread may end meanwhile
                used += int(path.read_text().split()[0])
        return used

    def memory(self) -> int:
        """Return the resident memory of the process in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        if found is None:
            message = "the server's process has ended"
            raise WrongAnswerError(message)
        return int(found[1]) * 1024


def cores() -> tuple[set[int], set[int]]:
    """Return the cores for the server and for the load: one each where there are two."""
    usable = sorted(os.sched_getaffinity(0))
    return (set(usable), set(usable)) if len(usable) == 1 else ({usable[0]}, {usable[1]})


@contextlib.contextmanager
def pinned(to: set[int]) -> Iterator[None]:
    """Pin this process, and what is started inside: a child inherits the cores of its parent."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, to)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def prefer(pid: int) -> None:
    """Run a process before others of the machine, as far as we may; it must have its own session.

    Where the scheduler groups processes by session a nice value counts only inside of the group, so
    that the group has to be nice, too.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, PRIORITY)
        Path(f"/proc/{pid}/autogroup").write_text(str(PRIORITY))


def allow_files(wanted: int) -> None:
    """Let this process, and what it starts, have so many open files.

    Raises:
        OSError: The hard limit is lower; the message says how to raise it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    infinite = resource.RLIM_INFINITY
    if hard != infinite and hard < wanted:
        message = (
            f"{wanted:,} open files are needed, and the hard limit is {hard:,}. "
            f"Type, in a shell of root:  ulimit -n {wanted}"
        )
        raise OSError(message)
    if soft != infinite and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_until_open(child: subprocess.Popen[bytes], port: int) -> None:
    """Return as soon as the server accepts a connection."""
    deadline = time.monotonic() + START_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.01)
    message = f"it does not listen (exit status {child.poll()})"
    raise WrongAnswerError(message)


@contextlib.contextmanager
def running(name: str, core: set[int], everything: bool = False) -> Iterator[Server]:
    """Run one server; show what it printed if anything fails.

    Args:
        name: One of `SERVERS`.
        core: Where it may run.
        everything: Whether it has many routes and logs each request into a file.
    """
    port = free_port()
    command = [sys.executable, str(APPS / f"{name}_app.py"), str(port)]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "files")
        files.mkdir()
        for file, content in FILES.items():
            (files / file).write_bytes(content)
        command += ["--files", str(files)]
        if everything:
            command += ["--everything", str(Path(folder, "access.log"))]
        with pinned(core):
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        prefer(child.pid)
        try:
            wait_until_open(child, port)
            yield Server(name, child.pid, port)
        except (WrongAnswerError, OSError) as error:
            output.seek(0)
            printed = output.read().decode(errors="replace")
            message = f"{name}: {error}\n{printed}"
            raise WrongAnswerError(message) from None
        finally:
            child.terminate()
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
