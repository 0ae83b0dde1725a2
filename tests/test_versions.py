"""One version everywhere, exact pins, and packages built alike."""

from collections.abc import Callable
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from walls.source import PACKAGES
from walls.versions import check_pins, check_tree, check_versions

Plant = Callable[[dict[str, str]], Path]


def test_versions(repository: Path) -> None:
    """All pyprojects and constants name one version and one oldest Python."""
    assert list(map(str, check_versions(repository))) == []


def test_pins(repository: Path) -> None:
    """Siblings are pinned exactly and the package cyclone passes all extras through."""
    assert list(map(str, check_pins(repository))) == []


def test_tree(repository: Path) -> None:
    """The nine packages are complete, are all that there is, and are listed."""
    assert list(map(str, check_tree(repository))) == []


@pytest.fixture
def copy(repository: Path, tmp_path: Path) -> Path:
    """Copy what these rules look at; a test then spoils one thing."""
    left_out = ignore_patterns("__pycache__", ".*", "dist", "tests")
    copytree(repository / "packages", tmp_path / "packages", ignore=left_out)
    for name in PACKAGES:
        (tmp_path / "packages" / name / "tests").mkdir()
        (tmp_path / "packages" / name / "tests/test_exports.py").touch()
    for name in ("LICENSE", "NOTICE", "requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_bytes((repository / name).read_bytes())
    return tmp_path


def spoil(path: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("name", PACKAGES[:-1])
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('version = "2.0.0"', 'version = "2.0.1"', "but cyclone is"),
        ('python = ">=3.11"', 'python = ">=3.10"', "requires-python is >=3.10, not >=3.11"),
    ],
)
def test_other_version(copy: Path, name: str, old: str, new: str, said: str) -> None:
    """A pyproject that says something else is named with its line."""
    path = copy / "packages" / name / "pyproject.toml"
    spoil(path, old, new)
    line = 1 + next(n for n, text in enumerate(path.read_text().splitlines()) if new in text)
    (found,) = map(str, check_versions(copy))
    assert found.startswith(f"packages/{name}/pyproject.toml:{line}: ")
    assert said in found


def test_version_of_cyclone(copy: Path) -> None:
    """The package cyclone leads: when it changes alone, all others and its constant are named."""
    spoil(copy / "packages/cyclone/pyproject.toml", 'version = "2.0.0"', 'version = "2.0.1"')
    found = list(map(str, check_versions(copy)))
    assert sum("pyproject.toml:7: version is 2.0.0, but" in one for one in found) == 8
    assert any("cyclone/__init__.py" in one and "'2.0.0', but the py" in one for one in found)


@pytest.mark.parametrize("name", ["version", "__version__"])
def test_other_constant(plant: Plant, name: str) -> None:
    """A module constant that says something else is named with its line."""
    root = plant({"packages/cyclone/src/cyclone/x.py": f'\n{name}: str = "1.3"\n'})
    (found,) = map(str, check_versions(root))
    assert found.startswith(f"packages/cyclone/src/cyclone/x.py:2: {name} is '1.3', but")


@pytest.mark.parametrize(
    ("package", "old", "new", "said"),
    [
        ("cyclone-rpc", "cyclone-core==2.0.0", "cyclone-core>=2.0.0", "must be pinned with =="),
        ("cyclone-core", "cyclone-escape==2.0.0", "cyclone-escape", "must be pinned with =="),
        ("cyclone", "cyclone-core[tls]==2.0.0", "cyclone-core[tls]~=2.0", "must be pinned with"),
        ("cyclone", "ssl = [", "sll = [", "extra ssl must be ['cyclone-core[tls]==2.0.0']"),
        ("cyclone-core", '[tls]>=24.11"', '[tls]>=26.10"', "wants Twisted[tls]>=26.10, but anot"),
        ("cyclone-rpc", "test = [", 'x = ["msgpack"]\ntest = [', "extra x must be"),
    ],
)
def test_loose_pin(copy: Path, package: str, old: str, new: str, said: str) -> None:
    """A sibling that is not pinned and an extra that is not passed through are named."""
    spoil(copy / "packages" / package / "pyproject.toml", old, new)
    found = list(map(str, check_pins(copy)))
    assert any(said in one for one in found)
    assert all("/pyproject.toml:" in one for one in found)


def test_copy_is_right(copy: Path) -> None:
    """The copy that the other tests spoil breaks no rule."""
    assert [*check_pins(copy), *check_versions(copy), *check_tree(copy)] == []


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("packages/cyclone-rpc/LICENSE", "mine", "must be a copy of the LICENSE at the root"),
        ("packages/cyclone/NOTICE", None, "must be a copy of the NOTICE at the root"),
        ("packages/cyclone-mail/src/cyclone_mail/py.typed", None, "every package has this file"),
        ("packages/cyclone-mail/README.md", None, "every package has this file"),
        ("packages/cyclone-extra", "", "packages/ holds nothing but the nine packages"),
        ("requirements.txt", "./packages/cyclone\n", "must list the nine packages"),
        ("requirements.txt", None, "must list the nine packages"),
        ("pyproject.toml", "[tool.uv]\n", "[tool.uv.sources] must name each of the nine"),
    ],
)
def test_incomplete_tree(copy: Path, path: str, text: str | None, said: str) -> None:
    """What is missing, changed or too much in the tree is named."""
    if text is None:
        (copy / path).unlink()
    else:
        (copy / path).write_text(text)
    (found,) = map(str, check_tree(copy))
    assert found.startswith(f"{path}:0: {said}")


def test_package_without_tests(copy: Path) -> None:
    """A package whose tests are gone is named."""
    (copy / "packages/cyclone-rpc/tests/test_exports.py").unlink()
    (found,) = map(str, check_tree(copy))
    assert found == "packages/cyclone-rpc/tests:0: every package has tests"
