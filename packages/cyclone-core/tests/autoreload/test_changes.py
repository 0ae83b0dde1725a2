"""When a change is one to act on."""

from typing import Any

from cyclone_core.autoreload.changes import Changes, Look
from cyclone_core.autoreload.files import WatchedFiles

Source = Any  # it is in conftest.py, which cannot be imported


def test_settles(source: Source) -> None:
    """A change counts when nothing else has changed since; all of them count together."""
    files = WatchedFiles()
    first, second = source.write("a.py"), source.write("b.py")
    files.add(first)
    files.add(second)
    changes = Changes(files)
    assert changes.look() == Look()
    source.write("b.py", "x = 2\n")
    assert changes.look() == Look(settling=True)
    source.write("a.py", "x = 2\n")
    assert changes.look() == Look(settling=True)
    assert changes.look() == Look(restart=(first, second))


def test_problem(source: Source) -> None:
    """A file that Python cannot read keeps the program, and is told of once."""
    files = WatchedFiles()
    first, second = source.write("a.py"), source.write("b.py")
    files.add(first)
    files.add(second)
    changes = Changes(files)
    changes.look()
    source.write("a.py", "def x(:\n")
    changes.look()
    (problem,) = changes.look().problems
    assert "a.py, line 1: SyntaxError" in problem
    assert changes.look() == Look()

    source.write("b.py", "x = 2\n")
    changes.look()
    assert changes.look() == Look(problems=(problem,)), "the other one is broken still"

    source.write("a.py", "x = 2\n")
    changes.look()
    assert changes.look() == Look(restart=(first, second))
