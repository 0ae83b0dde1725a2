"""Whether a process may be replaced by a new one."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cyclone_core.autoreload.origin import Origin

ASK = "from cyclone_core.autoreload.origin import Origin; o = Origin.now().objection()\n"
DAEMON = f"{ASK}import pathlib; pathlib.Path('told').write_text(str(o))"
CLOSED = f"import os; os.close(0); os.close(1); os.close(2)\n{DAEMON}"


def test_nothing_has_changed() -> None:
    """The process that was started may be."""
    assert Origin.now().objection() is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"pid": 1}, "was forked"),
        ({"user": (65534, 65534)}, "another user"),
        ({"root": (0, 0)}, "another root directory"),
    ],
)
def test_another_process(change: dict[str, object], why: str) -> None:
    """A fork, fewer rights or another root directory since the start are objections."""
    objection = dataclasses.replace(Origin.now(), **change).objection()  # type: ignore[arg-type]
    assert objection is not None
    assert why in objection


@pytest.mark.parametrize("code", [DAEMON, CLOSED])
def test_daemon(code: str, tmp_path: Path) -> None:
    """A process whose standard streams lead nowhere, or are closed, is a daemon."""
    subprocess.run(  # noqa: S603 -- our own words
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
        check=True,
    )
    assert "daemon" in (tmp_path / "told").read_text(encoding="utf-8")


def test_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """All three of them must lead nowhere; /dev/null and closed ones do."""
    real = os.fstat
    null = os.stat(os.devnull)  # noqa: PTH116 -- what is compared

    def fstat(descriptor: int) -> os.stat_result:
        if descriptor == 0:
            raise OSError(descriptor)
        return null if descriptor in {1, 2} else real(descriptor)

    monkeypatch.setattr(os, "fstat", fstat)
    assert "daemon" in str(Origin.now().objection())


def test_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is an executable has no source."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert "frozen" in str(Origin.now().objection())


def test_no_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory that the program was started in may have been removed."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    assert Origin.now().directory == str(gone)
    gone.rmdir()
    assert Origin.now().directory == ""
