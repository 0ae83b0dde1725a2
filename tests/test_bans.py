"""What the code may not do."""

from collections.abc import Callable
from pathlib import Path

import pytest
from walls.bans import check_asserts_and_prints, check_posix_only, check_reactor

Plant = Callable[[dict[str, str]], Path]

CORE = "packages/cyclone-core/src/cyclone_core"


def test_posix_only(repository: Path) -> None:
    """Every module can be imported on Windows."""
    assert list(map(str, check_posix_only(repository))) == []


def test_reactor(repository: Path) -> None:
    """Importing a module or a test installs no reactor."""
    assert list(map(str, check_reactor(repository))) == []


def test_asserts_and_prints(repository: Path) -> None:
    """Checks work under `python -O`, and only the command line prints."""
    assert list(map(str, check_asserts_and_prints(repository))) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("import fcntl\n", 1),
        ("\nfrom pwd import getpwnam\n", 2),
        ("try:\n    import resource\nexcept ImportError:\n    pass\n", 2),
        ("class X:\n    import os, grp\n", 2),
        ("from twisted.python import syslog\n", 1),
    ],
)
def test_posix_only_import(plant: Plant, text: str, line: int) -> None:
    """An import at module level of what Windows lacks is named."""
    (found,) = map(str, check_posix_only(plant({f"{CORE}/x.py": text})))
    assert found.startswith(f"{CORE}/x.py:{line}: ")
    assert "POSIX only" in found


def test_posix_only_in_function(plant: Plant) -> None:
    """Inside a function it is allowed."""
    text = "def f():\n    import fcntl\nif TYPE_CHECKING:\n    import pwd\n"
    assert check_posix_only(plant({f"{CORE}/x.py": text})) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (f"{CORE}/x.py", "\nfrom twisted.internet import defer, reactor\n"),
        (f"{CORE}/x.py", "\nimport twisted.internet.reactor\n"),
        (f"{CORE}/x.py", "if True:\n    from twisted.internet.reactor import callLater\n"),
        (f"{CORE}/client.py", "class X:\n    from twisted.internet import reactor\n"),
        ("packages/cyclone-core/tests/test_x.py", "\nfrom twisted.internet import reactor\n"),
    ],
)
def test_reactor_import(plant: Plant, path: str, text: str) -> None:
    """A module or test that takes the reactor at import is named."""
    (found,) = map(str, check_reactor(plant({path: text})))
    assert found.startswith(f"{path}:2: importing this installs a reactor")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (f"{CORE}/x.py", "def f():\n    from twisted.internet import reactor\n"),
        (f"{CORE}/cli/x.py", "from twisted.internet import reactor\n"),
        (
            "packages/cyclone-core/tests/cli/test_x.py",
            "from twisted.internet import reactor\n",
        ),
        (
            "packages/cyclone-core/src/twisted/plugins/cyclone_plugin.py",
            "from twisted.internet import reactor\n",
        ),
    ],
)
def test_reactor_allowed(plant: Plant, path: str, text: str) -> None:
    """Functions, the command line and the plugin may."""
    assert check_reactor(plant({path: text})) == []


def test_assert_and_print(plant: Plant) -> None:
    """A planted assert and a planted print are named."""
    text = "def f(x):\n    assert x\n    return [print(x)]\n"
    root = plant({f"{CORE}/x.py": text, f"{CORE}/cli/x.py": "print(1)\n"})
    assert list(map(str, check_asserts_and_prints(root))) == [
        f"{CORE}/x.py:2: assert does nothing under python -O: raise an error",
        f"{CORE}/x.py:3: print is for the command line only: use a logger",
    ]
