"""How long modules and functions are."""

from collections.abc import Callable
from pathlib import Path

from walls.size import check_size, figures

Plant = Callable[[dict[str, str]], Path]

CORE = "packages/cyclone-core/src/cyclone_core"


def test_size(repository: Path) -> None:
    """Modules have at most 600 lines and functions at most 80."""
    assert list(map(str, check_size(repository))) == []


def test_module_at_the_limit(plant: Plant) -> None:
    """600 lines pass, 601 are named with the last line."""
    root = plant({f"{CORE}/x.py": "x = 1\n" * 600})
    assert check_size(root) == []
    plant({f"{CORE}/x.py": "x = 1\n" * 601})
    (found,) = map(str, check_size(root))
    assert found == f"{CORE}/x.py:601: module of 601 lines: at most 600, split it"


def test_function_at_the_limit(plant: Plant) -> None:
    """A function of 80 lines passes, one of 81 is named with its first line."""
    body = "    x = 1\n"
    root = plant({f"{CORE}/x.py": "\nclass X:\n  async def f():\n" + body * 79})
    assert check_size(root) == []
    plant({f"{CORE}/x.py": "\nclass X:\n  async def f():\n" + body * 80})
    (found,) = map(str, check_size(root))
    assert found == f"{CORE}/x.py:3: function of 81 lines: at most 80, split it"


def test_figures(plant: Plant) -> None:
    """The figures count lines of modules and functions."""
    root = plant({f"{CORE}/x.py": "def f():\n  0\n", f"{CORE}/y.py": "x = 1\n" * 4})
    assert str(figures(root)) == (
        "2 modules, median 3 lines, longest 4; 1 functions, p95 2 lines, longest 2"
    )
