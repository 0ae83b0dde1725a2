"""What the sessions share: packages, Pythons, environments and programs."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nox

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
# Low layers first: a broken cyclone-escape is named before everything that stands on it.
PACKAGES = (
    "cyclone-escape",
    "cyclone-locale",
    "cyclone-template",
    "cyclone-mail",
    "cyclone-storage",
    "cyclone-core",
    "cyclone-rpc",
    "cyclone-realtime",
    "cyclone",
)
VERSION: str = nox.project.load_toml(ROOT / "packages/cyclone/pyproject.toml")["project"]["version"]
# What the tests of a package need besides its extra `test`.
TEST_EXTRAS = {"cyclone-core": "test,tls", "cyclone-storage": "test,mysql,postgresql"}
# Packages with so many tests, or such long ones, that they run on every core.
PARALLEL = ("cyclone-storage", "cyclone-core", "cyclone-escape", "cyclone-template", "cyclone")
# Packages whose tests run twice in one environment, bare and then with all their extras, and what
# else they work without; the coverage of both runs is counted together. On other Pythons than this
# one they run once, with the extras: what is missing does not depend on the version.
RUN_TWICE: dict[str, list[str]] = {
    "cyclone-escape": [],
    "cyclone-locale": [],
    "cyclone-template": ["Twisted>=24.11"],
}
# Tells tests that every optional library is installed: one that is not there is then a failure.
WITH_EXTRAS = "CYCLONE_TEST_EXTRAS"
GETTEXT = ("msgfmt", "msginit", "msgmerge", "xgettext")
STORAGES = ("redis-server", "redis-sentinel", "initdb", "mariadbd", "mariadb-install-db")
TEST_PROGRAMS = {"cyclone-locale": GETTEXT, "cyclone-storage": STORAGES}
TWISTED_FLOOR = "24.11"

CI = os.environ.get("CI") == "true"
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
REQUIRED = ("3.11", "3.13")
VERSIONS = sorted({"3.11", "3.12", "3.13", "3.14", RUNNING}, key=lambda v: int(v.split(".")[1]))
# Program to the package of Debian that it comes with, where that has another name.
APT_PACKAGES = {
    **dict.fromkeys(GETTEXT, "gettext"),
    **dict.fromkeys(("mariadbd", "mariadb-install-db"), "mariadb-server"),
    "initdb": "postgresql",
    "testssl": "testssl.sh",
}

if sys.version_info < (3, 11):  # noqa: UP036 (nox itself runs on older ones)
    message = f"cyclone needs Python 3.11 or newer; this nox runs on {RUNNING}."
    raise SystemExit(message)


def _candidates(version: str) -> Iterator[str | Path]:
    """Yield paths where a Python of this version may be; most do not exist."""
    if version == RUNNING:
        yield sys.executable
    for folder in os.get_exec_path():
        yield Path(folder, f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(
        pyenv.glob(f"versions/{version}.*/bin/python{version}"),
        key=lambda path: [int(n) for n in re.findall(r"\d+", path.parts[-3])],
        reverse=True,
    )
    if uv := shutil.which("uv"):
        command = [uv, "python", "find", "--no-project", "--no-python-downloads", version]
        yield subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _find_interpreter(version: str) -> str | None:
    """Return the first candidate that runs and is what it says: a shim may only print an error."""
    code = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    for path in _candidates(version):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            ran = subprocess.run(
                [path, "-c", code], capture_output=True, text=True, check=True, timeout=30
            )
            if ran.stdout.strip() == version:
                return str(path)
    return None


INTERPRETERS = {v: path for v in VERSIONS if (path := _find_interpreter(v)) is not None}


def group(*names: str) -> list[str]:
    """Return the requirements of these dependency groups of the root pyproject.toml."""
    return list(nox.project.dependency_groups(PROJECT, *names))


def need(session: nox.Session, *tools: str) -> None:
    """Make sure that programs are there: from PATH, else with apt-get as root, else an error."""
    # Debian keeps servers where only root looks for programs, and PostgreSQL's where nobody does.
    places = ["/usr/sbin", "/usr/local/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *places])
    absent = [tool for tool in tools if shutil.which(tool, path=path) is None]
    missing = sorted({APT_PACKAGES.get(tool, tool) for tool in absent})
    if not missing:
        return
    commands = [["apt-get", "update"], ["apt-get", "install", "--yes", *missing]]
    if shutil.which("apt-get") is None or os.name != "posix" or os.geteuid() != 0:
        hint = " && ".join("sudo " + " ".join(command) for command in commands)
        session.error(f"{', '.join(absent)} not found. Type:  {hint}")
    for command in commands:
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        session.run(*command, external=True, silent=True, env=quiet)


def all_extras(package: str) -> list[str]:
    """Return the names of the extras that a package declares, `test` among them."""
    pyproject = nox.project.load_toml(ROOT / "packages" / package / "pyproject.toml")
    return list(pyproject["project"]["optional-dependencies"])


def fresh_dist(session: nox.Session) -> None:
    """Build `dist/` unless all of it is there and newer than the packages."""
    built = [path for path in DIST.glob("*.whl") if f"-{VERSION}-" in path.name]
    sources = [p.stat().st_mtime for p in ROOT.glob("packages/*/**/*") if _is_source(p)]
    if len(built) == len(PACKAGES) and min(p.stat().st_mtime for p in built) > max(sources):
        return
    session.log("dist/ is missing or older than packages/: building it")
    nested = [sys.executable, "-m", "nox", "--noxfile", str(ROOT / "noxfile.py"), "-s", "build"]
    session.run(*nested, external=True, silent=True)


def _is_source(path: Path) -> bool:
    """Tell a file or folder that goes into a wheel from what a test run leaves behind."""
    return not {"__pycache__", "dropin.cache"}.intersection(path.parts)


def install_built(session: nox.Session, *requirements: str, compiled: bool = False) -> None:
    """Install from `dist/`; the exact version keeps an older cyclone of the index away.

    With `compiled` there is bytecode of everything, as pip leaves it; uv does that only if it is told.
    """
    fresh_dist(session)
    uv = session.virtualenv.venv_backend == "uv"
    # uv's cache takes a wheel rebuilt under the same version for the one that it knows.
    words = [f"--refresh-package={name}" for name in PACKAGES] if uv else []
    words += ["--compile-bytecode"] if uv and compiled else []
    session.install(*words, "--find-links", str(DIST), *requirements)


def test_environment(session: nox.Session) -> dict[str, str | None]:
    """Return variables that keep what a test run writes out of the source tree."""
    location = Path(session.virtualenv.location).resolve()
    return {
        "COVERAGE_FILE": str(location / "coverage.data"),
        "CYCLONE_DIST": str(DIST),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(location / "hypothesis"),
        # Also because a new folder below packages/ makes dist/ look old. One place for all sessions:
        # the tests of cyclone-core take pytest ten seconds to compile.
        "PYTHONPYCACHEPREFIX": str(session.cache_dir.resolve() / "pycache"),
        # There it is written even if the machine says no: without it every process that a test
        # starts would compile Twisted again.
        "PYTHONDONTWRITEBYTECODE": None,
    }


def in_parallel(session: nox.Session, each: int = 1, *words: str) -> list[str]:
    """Return the words that let tests run on every core, `each` at a time on one.

    Without those tests that were chosen after `--`: one sees them sooner without.
    """
    workers = each * (os.cpu_count() or 1)
    return [] if session.posargs else [f"--numprocesses={workers}", *words]


def clean_environment(**changes: str) -> dict[str, str]:
    """Return the environment without what could leak a source tree into a child."""
    leaks = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    return {k: v for k, v in os.environ.items() if k not in leaks} | changes


def new_environment(folder: Path) -> Path:
    """Create an empty virtual environment with pip and return its folder of programs."""
    # virtualenv comes with nox; `python -m venv` is a package of its own on Debian.
    command = [sys.executable, "-m", "virtualenv", "--quiet", str(folder)]
    subprocess.run(command, check=True, env=clean_environment())
    return folder / ("Scripts" if os.name == "nt" else "bin")
