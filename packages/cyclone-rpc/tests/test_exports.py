"""What the package exports."""

import pkgutil

import cyclone_rpc


def test_exports_nothing() -> None:
    """This version exports no name and has no submodule."""
    assert cyclone_rpc.__all__ == []
    assert list(pkgutil.iter_modules(cyclone_rpc.__path__)) == []
