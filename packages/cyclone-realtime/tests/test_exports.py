"""What the package exports."""

import pkgutil

import cyclone_realtime


def test_exports_nothing() -> None:
    """This version exports no name and has no submodule."""
    assert cyclone_realtime.__all__ == []
    assert list(pkgutil.iter_modules(cyclone_realtime.__path__)) == []
