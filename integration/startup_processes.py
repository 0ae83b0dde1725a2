"""Real processes for the tests of the start: how they are started, asked and ended."""

import contextlib
import http.client
import itertools
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

# Where pip has put `twistd` and `cyclone`.
BIN = Path(sys.executable).parent
HELLO = Path(__file__).parents[1] / "demos" / "helloworld"

# A busy machine takes seconds to start Python; waiting longer than this is a failure.
PATIENCE = 30.0


def until(what: str, condition: Callable[[], object]) -> None:
    """Wait for something to become true.

    Args:
        what: How it is called if it does not.
        condition: Asked until it returns something true.

    Raises:
        TimeoutError: If it does not within 30 seconds.
    """
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"after {PATIENCE:.0f} s: no {what}")
        time.sleep(0.02)


# Below those that the system gives to clients, and to servers that ask for port 0: between looking and
# listening none of them may take it. Several processes test at once, each from a place of its own.
PORTS = range(10_000, 30_000)
_place = os.getpid() * 499 % len(PORTS)
_numbers = itertools.chain(PORTS[_place:], PORTS[:_place])


def free_port(numbers: Iterable[int] = _numbers) -> int:
    """Find a port of 127.0.0.1 on which nobody listens, another one each time.

    Args:
        numbers: The numbers to try.

    Returns:
        Its number.

    Raises:
        OSError: If none is free.
    """
    for number in numbers:
        with contextlib.suppress(OSError):
            socket.create_server(("127.0.0.1", number)).close()
            return number
    raise OSError("no free port is left")


class UnixConnection(http.client.HTTPConnection):
    """An HTTP client over a unix socket.

    Args:
        path: Path of the socket.
    """

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self) -> None:
        """Connect to the path in place of an address."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self.path))


def fetch(where: int | Path, certificate: Path | None = None) -> str:
    """Fetch the page `/`.

    Args:
        where: A port of 127.0.0.1, or the path of a unix socket.
        certificate: The server's own certificate, for HTTPS; its name is checked.

    Returns:
        The body.

    Raises:
        ConnectionError: If the answer is not 200.
    """
    client: http.client.HTTPConnection
    if isinstance(where, Path):
        client = UnixConnection(where)
    elif certificate is not None:
        context = ssl.create_default_context(cafile=certificate)
        client = http.client.HTTPSConnection("localhost", where, timeout=PATIENCE, context=context)
    else:
        client = http.client.HTTPConnection("127.0.0.1", where, timeout=PATIENCE)
    try:
        client.request("GET", "/")
        answer = client.getresponse()
        body = answer.read().decode("utf-8")
    finally:
        client.close()
    if answer.status != http.HTTPStatus.OK:
        raise ConnectionError(f"{answer.status} {answer.reason}: {body}")
    return body


def answers(where: int | Path, certificate: Path | None = None) -> bool:
    """Tell whether somebody answers there, whatever it is.

    Args:
        where: As for `fetch`.
        certificate: As for `fetch`.

    Returns:
        True if the page could be fetched.
    """
    try:
        fetch(where, certificate)
    except OSError:
        return False
    return True


def is_running(pid: int) -> bool:
    """Tell whether a process exists and is no zombie.

    Args:
        pid: Its number.

    Returns:
        True if it runs.
    """
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def self_signed(directory: Path, name: str = "server") -> Path:
    """Make a key and a certificate for localhost.

    Args:
        directory: Where the files are written.
        name: Their name, without `.key` and `.crt`.

    Returns:
        The path of the certificate.
    """
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    words += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    words += ["-keyout", f"{name}.key", "-out", f"{name}.crt"]
    subprocess.run(words, cwd=directory, check=True, capture_output=True)
    return directory / f"{name}.crt"


class Process:
    """A process in the foreground.

    Args:
        words: The command.
        directory: Where it works.
        log: The file that takes its output and its errors.
    """

    def __init__(self, words: list[str], directory: Path, log: Path) -> None:
        self.words = words
        self.log = log
        with log.open("wb") as output:
            self._popen = subprocess.Popen(
                words, cwd=directory, stdout=output, stderr=output, env=environment()
            )

    @property
    def pid(self) -> int:
        """Its number."""
        return self._popen.pid

    @property
    def output(self) -> str:
        """What it has written up to now."""
        return self.log.read_text(encoding="utf-8")

    def serving(self, where: int | Path, certificate: Path | None = None) -> "Process":
        """Wait until it answers.

        Args:
            where: As for `fetch`.
            certificate: As for `fetch`.

        Returns:
            The process itself.

        Raises:
            AssertionError: If it ends before.
        """

        def ready() -> bool:
            assert self._popen.poll() is None, f"{self.words} has ended:\n{self.output}"
            return answers(where, certificate)

        until(f"answer of {self.words}", ready)
        return self

    def send_signal(self, signum: signal.Signals) -> None:
        """Send a signal.

        Args:
            signum: The signal.
        """
        self._popen.send_signal(signum)

    def end(self, signum: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end.

        Args:
            signum: The signal.

        Returns:
            The exit status, or minus the number of the signal that ended it.
        """
        if self._popen.poll() is None:
            self._popen.send_signal(signum)
        return self._popen.wait(PATIENCE)

    def wait(self) -> int:
        """Wait for the end.

        Returns:
            The exit status.
        """
        return self._popen.wait(PATIENCE)

    def close(self) -> None:
        """Make sure that it is gone."""
        if self._popen.poll() is None:
            self._popen.kill()
            self._popen.wait(PATIENCE)


def environment() -> dict[str, str]:
    """Return an environment in which only installed packages and the directory are found."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return clean | {"PYTHONDONTWRITEBYTECODE": "1"}


class Launcher:
    """Starts processes in one directory and ends those that are left.

    Args:
        directory: Where they work.
        logs: Where their output is kept, outside of the directory.
    """

    def __init__(self, directory: Path, logs: Path) -> None:
        self.directory = directory
        self._logs = logs
        self._processes: list[Process] = []

    def hello(self, *names: str, port: int | None = None) -> None:
        """Copy files of the demo into the directory.

        Args:
            names: The files.
            port: What replaces the port 8888 that they name, or None.
        """
        for name in names:
            shutil.copy(HELLO / name, self.directory)
            if port is not None:
                text = (self.directory / name).read_text(encoding="utf-8")
                assert "(8888, " in text
                self.write(name, text.replace("(8888, ", f"({port}, "))

    def write(self, name: str, text: str) -> Path:
        """Write a file into the directory.

        Args:
            name: Its name.
            text: What it holds.

        Returns:
            Its path.
        """
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return path

    def start(self, program: str, *words: str) -> Process:
        """Start an installed program.

        Args:
            program: `cyclone`, `twistd` or `python`.
            words: Its arguments.

        Returns:
            The process.
        """
        log = self._logs / f"log{len(self._processes)}"
        process = Process([str(BIN / program), *words], self.directory, log)
        self._processes.append(process)
        return process

    def run(self, program: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run an installed program to its end.

        Args:
            program: `cyclone`, `twistd` or `python`.
            words: Its arguments.

        Returns:
            Its status, output and errors.
        """
        return subprocess.run(
            [str(BIN / program), *words],
            cwd=self.directory,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def close(self) -> None:
        """End what is left."""
        for process in self._processes:
            process.close()
