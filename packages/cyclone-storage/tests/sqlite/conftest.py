"""What the tests of SQLite share."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cyclone_storage.sqlite import SQLitePool

from ..running import Loop

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the path of a database that does not exist yet."""
    return tmp_path / "test.db"


@pytest.fixture
def pools(loop: Loop) -> Iterator[Callable[..., SQLitePool[Any]]]:
    """Make pools, which are closed at the end of the test, when their threads must be gone."""
    made: list[SQLitePool[Any]] = []

    def make(path: object, **options: Any) -> SQLitePool[Any]:  # noqa: ANN401 -- whatever it is
        made.append(SQLitePool(path, **options))  # type: ignore[call-overload]
        return made[-1]

    yield make
    for pool in made:
        loop.run(pool.close)
        assert pool.stats().threads == 0


@pytest.fixture
def other_process() -> Iterator[Callable[[Path, str], Callable[[], object]]]:
    """Have another process run a statement and keep its connection open until told to end."""
    running: list[subprocess.Popen[bytes]] = []

    def hold(path: Path, statement: str) -> Callable[[], object]:
        process = subprocess.Popen(  # noqa: S603 -- this interpreter
            [sys.executable, "-c", HOLD, str(path), statement],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        return lambda: process.communicate(b"", timeout=30)

    yield hold
    for process in running:
        process.communicate(timeout=30) if process.returncode is None else None
        assert process.returncode == 0


class Disk:
    """A small file system of its own.

    Attributes:
        path: Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mounted = _succeeds("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path))

    def make_read_only(self) -> None:
        """Refuse all writing."""
        if self.mounted:
            assert _succeeds("mount", "-o", "remount,ro", str(self.path))
        else:
            for each in [*self.path.iterdir(), self.path]:
                each.chmod(0o500)

    def close(self) -> None:
        """Take it away."""
        if self.mounted:
            assert _succeeds("umount", str(self.path))
        else:
            self.path.chmod(0o700)


def _succeeds(*words: str) -> bool:
    try:
        done = subprocess.run(words, check=False, capture_output=True)  # noqa: S603 -- mount, umount
    except FileNotFoundError:
        return False
    return done.returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Give a file system of 1 MiB; where nothing may be mounted, a directory that stands for it."""
    path = tmp_path / "disk"
    path.mkdir()
    disk = Disk(path)
    yield disk
    disk.close()
