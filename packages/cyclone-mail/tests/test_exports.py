"""What the package exports."""

import pkgutil

import cyclone_mail


def test_exports_nothing() -> None:
    """This version exports no name and has no submodule."""
    assert cyclone_mail.__all__ == []
    assert list(pkgutil.iter_modules(cyclone_mail.__path__)) == []
