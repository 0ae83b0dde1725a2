"""What the package exports."""

import pkgutil

import cyclone_locale


def test_exports_nothing() -> None:
    """This version exports no name and has no submodule."""
    assert cyclone_locale.__all__ == []
    assert list(pkgutil.iter_modules(cyclone_locale.__path__)) == []
