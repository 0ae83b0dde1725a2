"""What the package exports."""

import pkgutil

import cyclone_template


def test_exports_nothing() -> None:
    """This version exports no name and has no submodule."""
    assert cyclone_template.__all__ == []
    assert list(pkgutil.iter_modules(cyclone_template.__path__)) == []
