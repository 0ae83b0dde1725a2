"""How tests are written."""

from collections.abc import Callable
from pathlib import Path

import pytest
from walls.habits import check_pragmas, check_test_docstrings, check_tests, platform_pragmas

Plant = Callable[[dict[str, str]], Path]

CORE = "packages/cyclone-core"


def test_docstrings(repository: Path) -> None:
    """Every test function says what it pins."""
    assert list(map(str, check_test_docstrings(repository))) == []


def test_tests(repository: Path) -> None:
    """The tests of packages neither sleep nor mock."""
    assert list(map(str, check_tests(repository))) == []


def test_pragmas(repository: Path) -> None:
    """Lines are kept out of the coverage figures for the sake of a platform only."""
    assert list(map(str, check_pragmas(repository))) == []


@pytest.mark.parametrize(
    "path", [f"{CORE}/tests/test_x.py", "tests/test_x.py", "integration/a/test_x.py"]
)
def test_silent_test(plant: Plant, path: str) -> None:
    """A test function or method without a docstring, or with a blank one, is named."""
    text = (
        "def test_a():\n    '''It works.'''\n"
        "class TestX:\n    async def test_b(self): pass\n"
        "    def test_c(self):\n        ' '\n"
        "    def helper(self): pass\n"
    )
    found = list(map(str, check_test_docstrings(plant({path: text}))))
    assert found == [
        f"{path}:4: test_b has no docstring: one sentence on what it pins",
        f"{path}:5: test_c has no docstring: one sentence on what it pins",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "\nfrom time import sleep\n",
        "import time\ntime.sleep(1)\n",
        "\nimport unittest.mock\n",
        "\nfrom unittest import mock\n",
        "def f():\n    from unittest.mock import Mock\n",
        "\nimport mock\n",
    ],
)
def test_sleep_and_mock(plant: Plant, text: str) -> None:
    """Sleeping and mock libraries are named with their line."""
    (found,) = map(str, check_tests(plant({f"{CORE}/tests/test_x.py": text})))
    assert found.startswith(f"{CORE}/tests/test_x.py:2: no ")


def test_clock_and_unittest(plant: Plant) -> None:
    """Reading the time and unittest itself are allowed."""
    text = "import time, unittest\nfrom twisted.trial.unittest import TestCase\ntime.time()\n"
    assert check_tests(plant({f"{CORE}/tests/test_x.py": text})) == []


def test_pragma(plant: Plant) -> None:
    """Another pragma is named; the allowed form is counted; strings are none."""
    text = (
        "a = '# pragma: no cover'\n"
        "b = 1  # pragma: no cover\n"
        "c = 1  # pragma: no cover (platform: Windows)\n"
        "d = 1  #pragma:no branch\n"
    )
    path = f"{CORE}/src/cyclone_core/x.py"
    root = plant({path: text})
    said = "write '# pragma: no cover (platform: <which>)', or cover the line"
    assert list(map(str, check_pragmas(root))) == [f"{path}:2: {said}", f"{path}:4: {said}"]
    assert platform_pragmas(root) == [f"{path}:3: # pragma: no cover (platform: Windows)"]
