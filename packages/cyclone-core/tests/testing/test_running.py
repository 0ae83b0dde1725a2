"""`main`."""

import sys
import types
import unittest
from typing import Any

import pytest

from cyclone_core.testing import AsyncHTTPTestCase, AsyncTestCase, CycloneTestCase, main


class Two(AsyncTestCase):
    """Two tests."""

    def test_one(self) -> None:
        """Pass."""

    def test_two(self) -> None:
        """Pass, too."""


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that has imported the classes that it derives from."""
    made = types.ModuleType("some_tests")
    cases: dict[str, Any] = {
        "AsyncHTTPTestCase": AsyncHTTPTestCase,
        "CycloneTestCase": CycloneTestCase,
        "Two": Two,
    }
    vars(made).update(cases)
    monkeypatch.setitem(sys.modules, "some_tests", made)
    return "some_tests"


def test_main(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The tests of a module are run; base classes that it has imported do not count."""
    with pytest.raises(SystemExit) as caught:
        main(module=module, argv=["prog"])
    assert caught.value.code in (0, False)
    assert "Ran 2 tests" in capsys.readouterr().err


def test_named(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Arguments name tests, and unittest's own keyword arguments are passed on."""
    with pytest.raises(SystemExit):
        main(module=module, argv=["prog", "Two.test_one"], verbosity=0)
    assert "Ran 1 test" in capsys.readouterr().err


def test_own_test(capsys: pytest.CaptureFixture[str]) -> None:
    """A class of unittest with nothing but `runTest` has that one."""

    class Bare(unittest.TestCase):
        def runTest(self) -> None:  # noqa: N802 -- unittest's name
            """Pass."""

    made = types.ModuleType("bare_tests")
    vars(made)["Bare"] = Bare
    with pytest.raises(SystemExit):
        main(module=made, argv=["prog"])
    assert "Ran 1 test" in capsys.readouterr().err
