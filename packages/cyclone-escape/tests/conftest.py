"""Settings of this package's tests, and the marker of those that need an optional library."""

import importlib
import os

import pytest
from hypothesis import settings

# A shared machine may stop for a second: hypothesis must not call that a failure.
settings.register_profile("cyclone", deadline=None, derandomize=True, database=None)
settings.load_profile("cyclone")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "needs(*modules): skip the test where one of these optional modules cannot be imported; "
        "with CYCLONE_TEST_EXTRAS=1 that is a failure",
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that needs a module that is not there, or fail it where all must be there."""
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            try:
                importlib.import_module(name)
            except ImportError as error:
                reason = f"needs the optional module {name}: {error}"
                if os.environ.get("CYCLONE_TEST_EXTRAS") == "1":
                    pytest.fail(reason, pytrace=False)
                pytest.skip(reason)
