"""The helpers under their classic name."""

import cyclone_escape
from cyclone_core import util


def test_helpers_are_those_of_cyclone_escape() -> None:
    """`util` offers the very objects, so that a check by type holds under either name."""
    assert util.__all__ == ["ObjectDict", "import_object"]
    assert util.ObjectDict is cyclone_escape.ObjectDict
    assert util.import_object is cyclone_escape.import_object
