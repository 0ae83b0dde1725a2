"""Running the tests of a module."""

import unittest
from typing import Any

from twisted.trial.unittest import TestCase

__all__ = ["main"]


def main(**kwargs: Any) -> None:  # noqa: ANN401 -- those of unittest.main
    """Run the tests of the program, or those that its arguments name (Tornado: `testing.main`).

    It is `unittest.main`, which runs the test cases of this package as they are; trial and pytest do so
    too, and tell more.

    Args:
        kwargs: Keyword arguments of `unittest.main`, for example `verbosity=2`.
    """
    kwargs.setdefault("testLoader", _Loader())
    unittest.main(**kwargs)


class _Loader(unittest.TestLoader):
    """Leaves out classes without tests, which modules import to derive from them.

    The `runTest` that trial's class has for other purposes is none.
    """

    def loadTestsFromTestCase(  # noqa: N802 -- unittest's name
        self,
        testCaseClass: type[unittest.TestCase],  # noqa: N803 -- unittest's name
    ) -> unittest.TestSuite:
        """Make the tests of a class."""
        names = self.getTestCaseNames(testCaseClass)
        if not names and getattr(testCaseClass, "runTest", None) is TestCase.runTest:
            return self.suiteClass()
        return super().loadTestsFromTestCase(testCaseClass)
