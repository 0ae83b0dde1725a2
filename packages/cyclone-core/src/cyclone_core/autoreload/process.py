"""This process: what is known of it, and its end by becoming the next program."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Final, NoReturn

from twisted.logger import Logger

from cyclone_core.autoreload.files import WatchedFiles
from cyclone_core.autoreload.origin import Origin
from cyclone_core.autoreload.program import Command, twistd_pid_file
from cyclone_core.autoreload.sockets import KeptSockets, Open

__all__ = ["Execute", "Process"]

_VARIABLE: Final = "CYCLONE_AUTORELOAD"
"""The environment variable that tells the next program what it has got."""

Execute = Callable[[str, list[str], Mapping[str, str]], NoReturn]

_log = Logger(namespace="cyclone.autoreload")


class Process:
    """A process that can become a new one with the same program, number and sockets.

    Attributes:
        origin: How it was when it started.
        files: Its files.
        hooks: Called before its end.
        wrapped: Whether its user runs it with `python -m cyclone_core.autoreload`.
        restarted: Whether it is the next program of another one.
        sockets: What that has left for it.
    """

    def __init__(self, execute: Execute | None = None) -> None:
        """Take a snapshot of the process.

        Args:
            execute: What becomes the new process: `os.execve` unless another one is given.
        """
        self.origin = Origin.now()
        self.files = WatchedFiles(since=time.time())
        self.hooks: list[Callable[[], object]] = []
        self.wrapped = False
        self.restarted = False
        self.sockets = KeptSockets()
        self._execute = execute or _execute

    def inherit(self, environment: MutableMapping[str, str]) -> None:
        """Take what the program before has left, so that no child gets it.

        Args:
            environment: The environment, from which it is removed.
        """
        text = environment.pop(_VARIABLE, None)
        told = None if text is None else json.loads(text)
        # Replacing a process keeps its number: a variable with another one got here by mistake.
        if told is None or told["pid"] != self.origin.pid:
            self.wrapped = True
            return
        self.restarted, self.wrapped = True, told["wrapped"]
        self.sockets = KeptSockets(told["sockets"])
        for path in told["changed"]:
            # If this program fails of it before it knows that file, it waits for it to be mended.
            self.files.add(path)

    def objection(self) -> str | None:
        """Say why this process may not be replaced by a new one, or give None if it may."""
        try:
            _command()
        except ValueError as error:
            return str(error)
        return self.origin.objection()

    def restart(self, changed: Sequence[str], ports: Sequence[Open]) -> NoReturn:
        """Become the next program.

        Args:
            changed: The files that have changed.
            ports: The ports that listen.

        Raises:
            OSError: The system refuses.
            ValueError: It is not known how the program was started.
        """
        command = _command()
        self._call_hooks()
        sockets = [(port.fileno(), place) for place, port in ports]
        sockets += [(each.descriptor, each.place) for each in self.sockets if not each.taken]
        if os.name == "nt":  # pragma: no cover (platform: sockets are no files on Windows)
            sockets = []
        for descriptor, _ in sockets:
            os.set_inheritable(descriptor, True)
        told = {
            "pid": self.origin.pid,
            "wrapped": self.wrapped,
            "changed": list(changed),
            "sockets": [[number, at.interface, at.port] for number, at in sockets],
        }
        pid_file = twistd_pid_file(sys.argv)
        if pid_file is not None:
            pid_file.unlink()
        if self.origin.directory:
            os.chdir(self.origin.directory)
        for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
            if stream is not None:
                stream.flush()
        if hasattr(signal, "setitimer"):
            # It would go off in the next program, which knows nothing of it.
            signal.setitimer(signal.ITIMER_REAL, 0)
        environment = {**os.environ, _VARIABLE: json.dumps(told)}
        self._execute(sys.executable, [sys.executable, *command], environment)

    def _call_hooks(self) -> None:
        for hook in self.hooks:
            try:
                hook()
            except Exception:  # noqa: BLE001 -- the application's; the others have their turn, too
                _log.failure("A reload hook failed")


def _command() -> list[str]:
    return Command.read(sys.orig_argv[1:]).again()


def _execute(program: str, words: list[str], environment: Mapping[str, str]) -> NoReturn:
    if os.name == "nt":  # pragma: no cover (platform: Windows replaces no process)
        status = subprocess.run(words, env=environment, check=False).returncode  # noqa: S603
        os._exit(status)
    os.execve(program, words, environment)  # noqa: S606 -- no shell is meant
