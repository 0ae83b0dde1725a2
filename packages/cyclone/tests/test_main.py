"""`python -m cyclone`."""

import importlib
import runpy
import sys
from collections.abc import Callable

import pytest

import cyclone

Fresh = Callable[..., str]


def test_python_m(fresh: Fresh) -> None:
    """`python -m cyclone --version` prints the version, as the command `cyclone` does."""
    assert cyclone.version in fresh("-m", "cyclone", "--version")


def test_usage_error(fresh: Fresh) -> None:
    """The exit status of the command is that of the process."""
    assert "--no-such-option" in fresh("-m", "cyclone", "--no-such-option", status=2)


def test_run_as_main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Run as main the module calls the command line and leaves with its status."""
    monkeypatch.setattr(sys, "argv", ["cyclone", "--version"])
    with pytest.raises(SystemExit) as left:
        runpy.run_module("cyclone", run_name="__main__")
    assert left.value.code in {0, None}
    assert cyclone.version in capsys.readouterr().out


def test_import_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing `cyclone.__main__` starts nothing."""
    monkeypatch.delitem(sys.modules, "cyclone.__main__", raising=False)
    assert importlib.import_module("cyclone.__main__").main.__module__ == "cyclone_core.cli.main"
