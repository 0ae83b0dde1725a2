"""News fragments, machine paths, generated files."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from walls.tidy import check_fragments, check_generated, check_machine_paths

Plant = Callable[[dict[str, str]], Path]


def test_fragments(repository: Path) -> None:
    """Every news fragment has a name that towncrier understands."""
    assert list(map(str, check_fragments(repository))) == []


def test_machine_paths(repository: Path) -> None:
    """No file names a directory of somebody's machine."""
    assert list(map(str, check_machine_paths(repository))) == []


def test_generated(repository: Path) -> None:
    """No file was written by a tool."""
    assert list(map(str, check_generated(repository))) == []


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("12.added.md", True),
        ("+escape.fixed.md", True),
        ("+two-words.security.1.md", True),
        ("README.md", True),
        ("12.feature.md", False),
        ("escape.added.md", False),
        ("12.added.rst", False),
        ("+Escape.added.md", False),
    ],
)
def test_fragment_name(plant: Plant, repository: Path, name: str, valid: bool) -> None:
    """A fragment with another name is named."""
    settings = (repository / "pyproject.toml").read_text()
    root = plant({"pyproject.toml": settings, f"changes/{name}": "Text.\n"})
    found = list(map(str, check_fragments(root)))
    assert bool(found) is not valid
    assert all(one.startswith(f"changes/{name}:0: name it <issue or +slug>.<") for one in found)


def test_empty_fragment(plant: Plant, repository: Path) -> None:
    """A fragment that says nothing is named."""
    settings = (repository / "pyproject.toml").read_text()
    root = plant({"pyproject.toml": settings, "changes/1.fixed.md": "\n"})
    assert list(map(str, check_fragments(root))) == ["changes/1.fixed.md:1: says nothing"]


@pytest.mark.parametrize(
    ("before", "folder", "after"),
    [
        ("x = '", "root", "/x'"),
        ("cd ", "work", "/main"),
        ("(", "home", "/someone/project)"),
        ("", "Users", "/someone"),
    ],
)
def test_machine_path(plant: Plant, before: str, folder: str, after: str) -> None:
    """A line with a machine path is named."""
    line = f"{before}/{folder}{after}"
    root = plant({"docs/x.md": f"First.\n{line}\n", "x.bin": "ok"})
    (root / "x.bin").write_bytes(b"\xff" + line.encode())
    assert list(map(str, check_machine_paths(root))) == [f"docs/x.md:2: machine path: {line}"]


@pytest.mark.parametrize(
    "line",
    [
        "https://example.com/home/a/b",
        "(r'/home', Home)",
        "GET /home/ HTTP/1.1",
        "~/work/x",
        "a/root/b",
    ],
)
def test_other_paths(plant: Plant, line: str) -> None:
    """URLs, routes and relative paths are no machine paths."""
    assert check_machine_paths(plant({"x.md": line})) == []


@pytest.mark.parametrize(
    "name",
    ["a/x.pyc", "packages/cyclone-core/src/twisted/plugins/dropin.cache", "x.whl", "uv.lock"],
)
def test_generated_file(plant: Plant, name: str) -> None:
    """A file that a tool writes is named."""
    root = plant({name: "", "a/x.py": "", "packages/cyclone-core/pyproject.toml": ""})
    (found,) = map(str, check_generated(root))
    assert found.startswith(f"{name}:0: is generated")


def test_git_checkout(plant: Plant) -> None:
    """In a checkout new and forced files count, ignored ones do not."""
    root = plant({".gitignore": "*.pyc\n", "a.pyc": "", "forced.pyc": "", "twistd.log": ""})
    for command in (["init", "-q"], ["add", "-f", "forced.pyc"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    assert [problem.path for problem in check_generated(root)] == ["forced.pyc", "twistd.log"]
