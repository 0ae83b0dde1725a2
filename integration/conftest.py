"""Fixtures of the integration tests: real processes of the installed packages."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Tests are no package; what they share are modules in this directory.
sys.path.insert(0, str(Path(__file__).parent))
# The servers of databases are those of the tests of cyclone-storage; last, as that has other folders, too.
sys.path.append(str(Path(__file__).parents[1] / "packages" / "cyclone-storage" / "tests"))

from startup_processes import Launcher


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launcher]:
    """A starter of processes in an empty directory; it ends what is left of them."""
    directory = tmp_path / "work"
    directory.mkdir()
    launcher = Launcher(directory, tmp_path)
    yield launcher
    launcher.close()
