"""What is inside the wheels and sdists: exactly the source, and nothing of the machine."""

import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path
from shutil import copytree

from .source import SKIPPED_FOLDERS, Package, Problem
from .tidy import MACHINE_PATH

__all__ = ["build", "check_sdist", "check_wheel", "copy_with_junk", "find"]

# What a run leaves in src: none of it may be packed. twistd writes only where plugins are.
JUNK = ("__pycache__/module.cpython-311.pyc", "module.pyc")
PLUGIN_JUNK = "dropin.cache"
PLUGIN = "twisted/plugins/cyclone_plugin.py"


def build(folders: Iterable[Path], out: Path) -> None:
    """Build wheel and sdist of every folder into `out`, a few at a time.

    Raises:
        RuntimeError: A build failed; the message holds what it printed.
    """

    def one(folder: Path) -> None:
        command = [sys.executable, "-m", "hatchling", "build", "--directory", str(out)]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{folder.name} does not build:\n{done.stdout}{done.stderr}")

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, folders))


def copy_with_junk(package: Package, to: Path) -> Path:
    """Copy a package without caches, and put into its src what test runs and twistd leave there."""
    target = to / package.name
    copytree(
        package.folder,
        target,
        ignore=lambda _, names: SKIPPED_FOLDERS.intersection(names),
    )
    for folder in [path for path in (target / "src").rglob("*") if path.is_dir()]:
        for name in (*JUNK, PLUGIN_JUNK) if (target / "src/twisted").is_dir() else JUNK:
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"junk")
    return target


def find(dist: Path, package: Package, kind: str) -> Path:
    """Return the one wheel (`.whl`) or sdist (`.tar.gz`) of a package.

    Raises:
        FileNotFoundError: There is none, or more than one.
    """
    version = package.pyproject["project"]["version"]
    found = list(dist.glob(f"{package.module}-{version}*{kind}"))
    if len(found) != 1:
        raise FileNotFoundError(f"{dist}: {len(found)} {kind} files of {package.name} {version}")
    return found[0]


def _tree(folder: Path) -> set[str]:
    """Return the files of a folder that belong into an archive."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and not fnmatch(path.name, "*.py[co]")
        and path.name != "dropin.cache"
    }


def _differences(archive: Path, has: set[str], wanted: set[str]) -> list[Problem]:
    problems = [Problem(archive.name, 0, f"must not hold {name}") for name in has - wanted]
    problems += [Problem(archive.name, 0, f"lacks {name}") for name in wanted - has]
    return sorted(problems)


def _machine(archive: Path, files: dict[str, bytes], root: Path) -> list[Problem]:
    """List the lines of text files that name a directory of this or another machine."""
    here = re.compile(re.escape(str(root)) + r"(?![\w-])|file://(?!/?\.)")
    return [
        Problem(f"{archive.name}/{name}", number, f"machine path: {line[:80]}")
        for name, data in sorted(files.items())
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1)
        if MACHINE_PATH.search(line) or here.search(line)
    ]


def check_wheel(wheel: Path, package: Package) -> list[Problem]:
    """List what a wheel has too much or too little, compared with src, and machine paths in it."""
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    info = f"{package.module}-{package.pyproject['project']['version']}.dist-info"
    inside = ["METADATA", "WHEEL", "RECORD", "licenses/LICENSE", "licenses/NOTICE"]
    if {"scripts", "entry-points"} & package.pyproject["project"].keys():
        inside.append("entry_points.txt")
    wanted = _tree(package.folder / "src") | {f"{info}/{name}" for name in inside}
    if package.name == "cyclone-core":
        # Said on their own: twisted/plugins is one folder of many distributions.
        wanted = (wanted | {PLUGIN}) - {"twisted/__init__.py", "twisted/plugins/__init__.py"}
    wanted.add(f"{package.module}/py.typed")
    metadata = {name: data for name, data in files.items() if name.startswith(info)}
    problems = _differences(wheel, set(files), wanted)
    return problems + _machine(wheel, metadata, package.root)


def check_sdist(sdist: Path, package: Package) -> list[Problem]:
    """List what an sdist has too much or too little, and machine paths in it."""
    with tarfile.open(sdist) as archive:
        members = [member for member in archive.getmembers() if member.isfile()]
        files = {
            member.name.partition("/")[2]: reader.read()
            for member in members
            if (reader := archive.extractfile(member)) is not None
        }
    wanted = {"LICENSE", "NOTICE", "PKG-INFO", "README.md", "pyproject.toml"}
    for folder in ("src", "tests"):
        wanted |= {f"{folder}/{name}" for name in _tree(package.folder / folder)}
    # Hatchling adds the ignore file of the checkout, where there is one.
    problems = _differences(sdist, set(files) - {".gitignore"}, wanted)
    metadata = {name: files[name] for name in files if "/" not in name}
    return problems + _machine(sdist, metadata, package.root)
