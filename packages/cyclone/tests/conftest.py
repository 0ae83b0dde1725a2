"""Fixtures of the tests of the classic namespace."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Fresh = Callable[..., str]


@pytest.fixture
def fresh(tmp_path: Path) -> Fresh:
    """Run Python code, or `python` with arguments, in an interpreter of its own."""

    def run(*arguments: str, status: int = 0) -> str:
        if len(arguments) == 1:
            arguments = ("-c", *arguments)
        done = subprocess.run(  # noqa: S603  our own interpreter, our own code
            [sys.executable, "-W", "error", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout if status == 0 else done.stderr

    return run
