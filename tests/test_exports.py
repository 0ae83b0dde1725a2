"""The public surface of all packages."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

from walls.exports import check_docstrings, check_exports, public_names, write_public_names

Plant = Callable[[dict[str, str]], Path]

CORE = "packages/cyclone-core/src/cyclone_core"


def test_exports(repository: Path) -> None:
    """The public names are the listed ones; `python tests/walls --write` lists them anew."""
    assert list(map(str, check_exports(repository))) == []


def test_docstrings(repository: Path) -> None:
    """Everything public is explained."""
    assert list(map(str, check_docstrings(repository))) == []


def test_surface(plant: Plant) -> None:
    """The surface is read from literals; private modules, plugin and `__main__` have none."""
    root = plant(
        {
            f"{CORE}/__init__.py": "__all__: list[str] = []\n",
            f"{CORE}/web/__init__.py": "__all__ = ['b', 'a']\n__all__ += ('c',)\n",
            f"{CORE}/_private.py": "__all__ = ['x']\n",
            f"{CORE}/__main__.py": "",
            "packages/cyclone-core/src/twisted/plugins/cyclone_plugin.py": "x = 1\n",
            "packages/cyclone/src/cyclone/web.py": "from cyclone_core.web import *\n",
        }
    )
    assert public_names(root) == {
        "cyclone_core": [],
        "cyclone_core.web": ["a", "b", "c"],
        "cyclone.web": ["= cyclone_core.web"],
    }


def test_missing_all(plant: Plant) -> None:
    """A public module without a literal `__all__` is named with a line."""
    root = plant(
        {
            f"{CORE}/x.py": "import os\n",
            f"{CORE}/y.py": "import os\n__all__ = os.__all__\n",
            f"{CORE}/z.py": "\n__all__ = 3\n",
            f"{CORE}/star.py": "from cyclone_escape import *\n",
            "tests/public_names.txt": "",
        }
    )
    assert list(map(str, check_exports(root))) == [
        f"{CORE}/star.py:1: needs a literal __all__ list",
        f"{CORE}/x.py:1: needs a literal __all__ list",
        f"{CORE}/y.py:2: needs a literal __all__ list",
        f"{CORE}/z.py:2: needs a literal __all__ list",
    ]


def test_other_names(plant: Plant) -> None:
    """A name that the list lacks, and one that is gone, are named with their lines."""
    root = plant(
        {
            f"{CORE}/x.py": "\n__all__ = ['new', 'old']\n",
            "tests/public_names.txt": "# names\ncyclone_core.x gone\ncyclone_core.x old\n",
        }
    )
    assert list(map(str, check_exports(root))) == [
        f"{CORE}/x.py:2: new public name, not in tests/public_names.txt: cyclone_core.x new",
        "tests/public_names.txt:2: no longer a public name: cyclone_core.x gone",
    ]
    write_public_names(root)
    assert check_exports(root) == []


def test_write(plant: Plant, repository: Path) -> None:
    """Only the option `--write` writes the list, and the command fails while a rule is broken."""
    root = plant({f"{CORE}/x.py": "__all__ = ['f']\n", "tests/public_names.txt": ""})
    root = plant({f"packages/cyclone/{name}": "" for name in ("x",)})
    copytree(repository / "tests/walls", root / "tests/walls")
    for name in ("pyproject.toml", "LICENSE", "NOTICE"):
        (root / name).write_bytes((repository / name).read_bytes())
    command = [sys.executable, str(root / "tests/walls")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"{CORE}/x.py:1: new public name" in done.stdout, done.stderr
    assert done.returncode == 1
    assert (root / "tests/public_names.txt").read_text() == ""
    done = subprocess.run([*command, "--write"], capture_output=True, text=True, check=False)
    assert "public name" not in done.stdout, done.stderr
    assert "cyclone_core.x f\n" in (root / "tests/public_names.txt").read_text()


def test_missing_docstrings(plant: Plant) -> None:
    """Public modules, functions, classes and methods without a docstring are named."""
    text = (
        "def f(): pass\n"
        "class C:\n"
        "    def m(self): pass\n"
        "    def _m(self): pass\n"
        "    @p.setter\n"
        "    def p(self, x): pass\n"
        "    @override\n"
        "    def o(self): pass\n"
        "def _f(): pass\n"
        "class _C:\n"
        "    def m(self): pass\n"
        "if f:\n"
        "    async def g():\n"
        "        def inner(): pass\n"
    )
    name = "cyclone_core.x"
    assert list(map(str, check_docstrings(plant({f"{CORE}/x.py": text})))) == [
        f"{CORE}/x.py:1: module {name} has no docstring",
        f"{CORE}/x.py:1: {name}.f has no docstring",
        f"{CORE}/x.py:2: {name}.C has no docstring",
        f"{CORE}/x.py:3: {name}.C.m has no docstring",
        f"{CORE}/x.py:13: {name}.g has no docstring",
    ]
