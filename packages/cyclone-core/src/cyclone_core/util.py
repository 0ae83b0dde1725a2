"""Small helpers that applications import under Tornado's and cyclone's name `util`."""

from cyclone_escape import ObjectDict, import_object

__all__ = ["ObjectDict", "import_object"]
