"""Running the tests of a module."""

import unittest
from typing import Any, Final

from twisted.trial.unittest import TestCase

__all__ = ["is_placeholder", "main"]

_PLACEHOLDER: Final = "runTest"


def main(**kwargs: Any) -> None:  # noqa: ANN401 -- those of unittest.main
    """Run the tests of the program, or those that its arguments name (Tornado: `testing.main`).

    It is `unittest.main`, which runs the test cases of this package as they are; trial and pytest do so
    too, and tell more.

    Args:
        kwargs: Keyword arguments of `unittest.main`, for example `verbosity=2`.
    """
    unittest.main(**kwargs)


def is_placeholder(case: unittest.TestCase) -> bool:
    """Tell whether a test case has no test, but a loader has made it all the same.

    Loaders find the base classes that a module imports, and trial's have a `runTest` that is no test.

    Args:
        case: The test case.
    """
    named = case.id().rpartition(".")[2]
    return named == _PLACEHOLDER and getattr(type(case), named) is TestCase.runTest
