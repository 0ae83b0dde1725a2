"""How this process was when it started, and whether it may still be replaced by a new one."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

__all__ = ["Origin"]


def _user() -> tuple[int, int]:
    if os.name == "nt":  # pragma: no cover (platform: Windows has no such numbers)
        return (0, 0)
    return os.geteuid(), os.getegid()


def _root() -> tuple[int, int]:
    found = Path(os.sep).stat()
    return found.st_dev, found.st_ino


def _is_null(stream: int) -> bool:
    try:
        found = os.fstat(stream)
    except OSError:
        return True  # it is closed
    return os.path.samestat(found, Path(os.devnull).stat())


@dataclass(frozen=True)
class Origin:
    """What a new process would have to be started with again.

    Attributes:
        pid: The number of the process: another one after a fork, so in a daemon and in a worker.
        user: The effective user and group.
        root: Device and inode of the root directory, another one after `chroot`.
        directory: The working directory; empty if there was none.
    """

    pid: int
    user: tuple[int, int]
    root: tuple[int, int]
    directory: str

    @classmethod
    def now(cls) -> Self:
        """Take a snapshot of this process."""
        try:
            directory = str(Path.cwd())
        except OSError:
            directory = ""
        return cls(os.getpid(), _user(), _root(), directory)

    def objection(self) -> str | None:
        """Say why this process may not be replaced by a new one, or give None if it may.

        A daemon has nobody who saves files, and a process that has given up rights could not take
        again what it has opened with them.
        """
        if os.getpid() != self.pid:
            return "the process was forked, as daemons and workers are"
        if _user() != self.user:
            return "the process has become another user"
        if _root() != self.root:
            return "the process has another root directory now"
        if all(_is_null(stream) for stream in (0, 1, 2)):
            return "the process is a daemon: its standard streams lead nowhere"
        if getattr(sys, "frozen", False):
            return "the program is no Python source: it was frozen into an executable"
        return None
