"""Which files are watched, and which have changed."""

import importlib.util
import os
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cyclone_core.autoreload.files import WatchedFiles, problem_in

Source = Any  # it is in conftest.py, which cannot be imported


def test_first_look(source: Source) -> None:
    """The first look finds nothing changed; it is what later ones compare with."""
    files = WatchedFiles()
    files.add(source.write("a.py"))
    assert files.changed() == set()
    assert files.changed() == set()


def test_change(source: Source) -> None:
    """A file that was written again has changed, once."""
    files = WatchedFiles()
    path = source.write("a.py")
    files.add(path)
    files.changed()
    source.write("a.py", "x = 2\n")
    assert files.changed() == {path}
    assert files.changed() == set()


def test_same_time(source: Source) -> None:
    """Within the resolution of a file system's clock the size still tells."""
    files = WatchedFiles()
    path = source.write("a.py")
    files.add(path)
    files.changed()
    before = Path(path).stat()
    Path(path).write_text("x = 12\n", encoding="utf-8")
    os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns))
    assert files.changed() == {path}


def test_removed_for_a_moment(source: Source) -> None:
    """A file that is missing has not changed; one that is back with another text has."""
    files = WatchedFiles()
    path = source.write("a.py")
    files.add(path)
    files.changed()
    Path(path).unlink()
    assert files.changed() == set()
    source.write("a.py", "x = 2\n")
    assert files.changed() == {path}


def test_new_file(source: Source) -> None:
    """A file may be watched before it is there; to appear is no change."""
    files = WatchedFiles()
    files.add(str(source.directory / "later.ini"))
    files.changed()
    path = source.write("later.ini")
    assert files.changed() == set()
    source.write("later.ini", "other")
    assert files.changed() == {path}


def test_directory(source: Source) -> None:
    """Of a directory all files are watched, those in directories below and later ones, too."""
    files = WatchedFiles()
    source.write("pages/a.html")
    deep = source.write("pages/deep/b.html")
    files.add(str(source.directory / "pages"))
    files.changed()
    source.write("pages/deep/b.html", "new")
    late = source.write("pages/late.html")
    assert files.changed() == {deep}
    source.write("pages/late.html", "new")
    assert files.changed() == {late}
    assert os.path.dirname(deep) in files.directories()  # noqa: PTH120


def test_relative_path(
    source: Source, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A relative path means the working directory at the time when it was given."""
    monkeypatch.chdir(source.directory)
    files = WatchedFiles()
    path = source.write("a.ini")
    files.add("a.ini")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    files.changed()
    source.write("a.ini", "other")
    assert files.changed() == {path}


def test_imported_modules(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source of every imported module is watched, for compiled ones, too."""
    files = WatchedFiles()
    path, other = source.write("first_module.py"), source.write("second_module.py")
    for name, file in (("first_module", path), ("second_module", f"{other}c")):
        module = ModuleType(name)
        module.__file__ = file
        monkeypatch.setitem(sys.modules, name, module)
    files.changed()
    source.write("first_module.py", "x = 2\n")
    source.write("second_module.py", "x = 2\n")
    assert files.changed() == {path, other}


def test_odd_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no module, or has no file, is passed over, and no attribute of it is asked for."""

    class Lazy:
        def __getattr__(self, name: str) -> str:
            raise RuntimeError(name)

    odd = ModuleType("odd_module")
    odd.__file__ = None
    wrong = ModuleType("wrong_module")
    wrong.__file__ = "nul\0.py"
    for name, thing in {"lazy_module": Lazy(), "odd_module": odd, "wrong_module": wrong}.items():
        monkeypatch.setitem(sys.modules, name, thing)
    assert WatchedFiles().changed() == set()


def test_changed_while_it_started(source: Source) -> None:
    """What was saved after the program began to read its files counts with the first look."""
    began = time.time() - 60
    recent, old, future = source.write("a.py"), source.write("b.py"), source.write("c.py")
    os.utime(recent, (began + 1, began + 1))
    os.utime(future, (began + 9000, began + 9000))
    files = WatchedFiles(since=began)
    for path in (recent, old, future):
        files.add(path)
    assert {recent, old, future} & files.changed() == {recent}
    late = source.write("late.py")
    os.utime(late, (began + 2, began + 2))
    files.add(late)
    assert files.changed() == set()


def test_error(source: Source) -> None:
    """The files of a traceback are watched, and those of the errors behind it."""
    broken = source.write("broken.py", "def x(:\n")
    failing = source.write("failing.py", "1 / 0\n")

    def run(path: str) -> None:
        spec = importlib.util.spec_from_file_location("unused", path)
        assert spec is not None
        assert spec.loader is not None
        spec.loader.exec_module(importlib.util.module_from_spec(spec))

    caught: BaseException | None = None
    try:
        try:
            run(broken)
        except SyntaxError:
            run(failing)
    except ZeroDivisionError as error:
        caught = error
    assert caught is not None
    caught.__context__.__context__ = caught  # type: ignore[union-attr] # a circle is no trap
    files = WatchedFiles()
    files.add_error(caught)
    files.add_error(SyntaxError("of a text"))
    files.changed()
    source.write("broken.py", "def x(): pass\n")
    source.write("failing.py", "1 / 1\n")
    assert files.changed() == {broken, failing}


def test_no_problem(source: Source) -> None:
    """Source that Python can read has no problem, and neither has any other file."""
    path = source.write("a.py", "print('no' '\\d')\n")
    assert problem_in(path) is None
    assert problem_in(source.write("a.html", "def x(:")) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1\ndef x(:\n", ", line 2: SyntaxError: invalid syntax\n    def x(:"),
        ("if x:\n  a\n b\n", ", line 3: IndentationError: unindent does not match"),
        ("x = '\udcff'\n", "SyntaxError"),
        ("return\n", ", line 1: SyntaxError: 'return' outside function\n    return"),
        ("x = 1\0\n", "null bytes"),
    ],
)
def test_problem(source: Source, text: str, told: str) -> None:
    """A file that Python cannot read: name, line, what is wrong, and the line itself."""
    path = source.directory / "a.py"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    problem = problem_in(str(path))
    assert problem is not None
    assert problem.startswith(str(path))
    assert told in problem


def test_unreadable(source: Source) -> None:
    """A file that has gone is a problem, too: the program could not import it."""
    path = str(source.directory / "gone.py")
    problem = problem_in(path)
    assert problem is not None
    assert "FileNotFoundError" in problem
