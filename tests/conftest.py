"""Fixtures of the walls: the repository, and small trees with a violation planted in them."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# Tests are no package; what they share is one, and this is where it is found.
sys.path.insert(0, str(Path(__file__).parent))

from walls.habits import platform_pragmas
from walls.size import figures

Plant = Callable[[dict[str, str]], Path]
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the repository."""
    return ROOT


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Write files into a tree of their own; each package in it gets the pyproject of ours."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            if name.startswith("packages/"):
                pyproject = "/".join([*name.split("/")[:2], "pyproject.toml"])
                if not (tmp_path / pyproject).exists():
                    (tmp_path / pyproject).write_text((ROOT / pyproject).read_text())
        return tmp_path

    return write


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures: they have no limit worth failing for, but somebody should see them."""
    terminalreporter.section("figures")
    terminalreporter.write_line(str(figures(ROOT)))
    pragmas = platform_pragmas(ROOT)
    terminalreporter.write_line(f"{len(pragmas)} lines kept out of coverage for a platform")
    for line in pragmas:
        terminalreporter.write_line(f"  {line}")
