"""What the package exports."""

import pkgutil

import cyclone_storage


def test_exports_nothing() -> None:
    """This version exports no name and has no submodule."""
    assert cyclone_storage.__all__ == []
    assert list(pkgutil.iter_modules(cyclone_storage.__path__)) == []
