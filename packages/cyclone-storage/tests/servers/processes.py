"""Servers of other makers, started by a test in a directory of its own and ended by it."""

import os
import pwd
import select
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

__all__ = ["Server", "find_program", "free_port", "until", "writable_directory"]

# A busy machine may need seconds to start a database; waiting longer than this is a failure.
PATIENCE = 60.0
# Debian keeps servers where only root looks for programs, and PostgreSQL's where nobody does.
PLACES = ("/usr/sbin", "/usr/local/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin")))


def find_program(*names: str) -> str:
    """Return the path of the first of some programs that is there.

    Args:
        names: Names of the same program, the best first.

    Raises:
        FileNotFoundError: None is.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *PLACES])
    for name in names:
        if (found := shutil.which(name, path=path)) is not None:
            return found
    raise FileNotFoundError(
        f"no {' or '.join(names)} here; `nox -s tests` installs what is missing"
    )


def free_port() -> int:
    """Return the number of a port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def until(what: str, condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait, without a reactor, for something to become true.

    Args:
        what: How it is called if it does not.
        condition: Asked until it returns something true.
        patience: Seconds to wait.

    Raises:
        TimeoutError: It does not.
    """
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"after {patience:g} s: no {what}")
        select.select([], [], [], 0.01)  # there is no reactor to wait with


def writable_directory(name: str) -> Path:
    """Make a directory, of a short name, in which a server may write that refuses to be root.

    A path of pytest's is too long for a Unix socket, and only its maker may enter it.

    Args:
        name: What it begins with.
    """
    directory = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    if (user := unprivileged()) is not None:
        shutil.chown(directory, user)
    directory.chmod(0o755)
    return directory


def unprivileged() -> str | None:
    """Return the user as whom servers run that refuse to be root, None if nobody has to change."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("nobody", "daemon") if name in names)


class Server:
    """A process that serves.

    Attributes:
        directory: Where its files are; it goes when the server is closed.
        process: The process, None if it does not run.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.process: subprocess.Popen[bytes] | None = None

    def launch(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start it; what it says goes to `log` in its directory.

        Args:
            command: Its words.
            environment: Variables besides those that are there.
        """
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 -- a program that the test has found
                command,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
                user=unprivileged(),
                extra_groups=[] if unprivileged() else None,
            )
        return self.process

    def said(self) -> str:
        """Return what it has said."""
        path = self.directory / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def alive(self) -> bool:
        """Tell whether it runs.

        Raises:
            RuntimeError: It has ended by itself, with what it said.
        """
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(f"the server has ended:\n{self.said()}")
        return True

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)
            self.process = None

    def stop(self) -> None:
        """End it as it likes to be ended."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.process = None

    def close(self) -> None:
        """End it, and remove its files."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
