"""Settings and fixtures of this package's tests.

The tests run twice in one environment: bare, and then with the extras installed and
``CYCLONE_TEST_EXTRAS=1``.
"""

import importlib
import logging
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import cyclone_locale

# A shared machine may stop for a second: hypothesis must not call that a failure.
settings.register_profile("cyclone", deadline=None, derandomize=True, database=None)
settings.load_profile("cyclone")

SOURCES = Path(__file__).parent / "catalogs"

Compile = Callable[..., Path]


@pytest.fixture
def with_babel() -> None:
    """Skip where Babel is not wanted; fail where it is wanted and not installed."""
    try:
        importlib.import_module("babel")
    except ImportError:
        if os.environ.get("CYCLONE_TEST_EXTRAS") == "1":
            pytest.fail("CYCLONE_TEST_EXTRAS=1, but Babel is not installed")
        pytest.skip("needs the extra cyclone-locale[babel]")


@pytest.fixture
def registry() -> cyclone_locale.Registry:
    """Make an empty registry."""
    return cyclone_locale.Registry()


@pytest.fixture
def default() -> Iterator[cyclone_locale.Registry]:
    """Give the default registry, and bring it back to what it was."""
    registry = cyclone_locale.default_registry
    before = dict(vars(registry))
    yield registry
    vars(registry).update(before)


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Give a function that returns the warnings since its last call."""
    caplog.set_level(logging.WARNING, "cyclone.locale")

    def take() -> list[str]:
        said = [record.getMessage() for record in caplog.records]
        assert {record.name for record in caplog.records} <= {"cyclone.locale"}
        assert {record.levelname for record in caplog.records} <= {"WARNING"}
        caplog.clear()
        return said

    return take


@pytest.fixture(scope="session")
def msgfmt() -> str:
    """Find gettext's compiler; without it nothing real can be tested."""
    found = shutil.which("msgfmt")
    if found is None:
        pytest.fail("msgfmt not found. Type:  sudo apt-get install gettext")
    return found


@pytest.fixture
def compile_po(msgfmt: str) -> Compile:
    """Give a function that compiles a .po file into a tree of catalogues."""

    def compile_(source: Path, root: Path, locale: str, domain: str = "cyclone") -> Path:
        target = root / locale / "LC_MESSAGES" / f"{domain}.mo"
        target.parent.mkdir(parents=True, exist_ok=True)
        command = [msgfmt, "--check-format", "-o", str(target), str(source)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603
        return target

    return compile_


@pytest.fixture
def gettext_tree(compile_po: Compile, tmp_path: Path) -> Path:
    """Compile every .po file of the tests into one tree."""
    root = tmp_path / "locale"
    for source in sorted(SOURCES.glob("*.po")):
        compile_po(source, root, source.stem)
    return root
