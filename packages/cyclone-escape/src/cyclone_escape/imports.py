"""Imports: find an object by its dotted name, and say exactly what is missing if it is not there.

Names of handlers, plugins and settings stand in strings. Such a string is easily misspelt, so the
error names the part that could not be found and the place where it was looked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

__all__ = ["import_object"]


def import_object(name: str) -> Any:  # noqa: ANN401 - anything can be named
    """Import a module, or something that a module holds, by its dotted name.

    ``import_object("a.b.c")`` is what ``from a.b import c`` gives: the attribute ``c`` of the
    module ``a.b`` or, if it has none, its submodule. ``import_object("a")`` is the module ``a``.

    An exception raised by the code of an imported module comes through as it is, an
    ``ImportError`` too: only names that are really missing are reported in our words.

    Source: ``import_object`` of ``tornado.util`` and ``cyclone.util``.

    Args:
        name: The dotted, absolute name.

    Returns:
        The module or the object.

    Raises:
        ImportError: Some part of the name does not exist. The attributes ``name`` (up to the
            missing part) and ``path`` (the file of the module that lacks it, if any) say so to a
            program.
        ValueError: The name is empty, relative or has an empty part.
        TypeError: The name is no ``str``.
    """
    if not isinstance(name, str):
        raise TypeError(f"import_object() takes a dotted name as str, not {name!r}")
    parts = name.split(".")
    if not all(parts):
        raise ValueError(
            f"import_object() takes an absolute dotted name such as 'package.module.thing', "
            f"not {name!r}"
        )
    parent, _, last = name.rpartition(".")
    if not parent:
        return _import(name, name)
    module = _import(parent, name)
    try:
        return getattr(module, last)
    except AttributeError:
        pass
    # Only a package has submodules. Others are not asked: the answer would be a worse message.
    if hasattr(module, "__path__"):
        return _import(name, name)
    raise _missing(name, name, module)


def _import(module: str, wanted: str) -> ModuleType:
    """Import a module, one part at a time, to know which part is missing and who lacks it."""
    top, *rest = module.split(".")
    found = _import_part(top, wanted, None)
    path = top
    for part in rest:
        path = f"{path}.{part}"
        found = _import_part(path, wanted, found)
    return found


def _import_part(path: str, wanted: str, holder: ModuleType | None) -> ModuleType:
    """Import one module whose parent has been imported."""
    try:
        return import_module(path)
    except ModuleNotFoundError as error:
        # The module is there, and something that it imports is not: that is another error.
        if error.name != path:
            raise
        raise _missing(path, wanted, holder) from None


def _missing(path: str, wanted: str, holder: ModuleType | None) -> ImportError:
    """Describe the first missing part of a dotted name."""
    part = path.rpartition(".")[2]
    file = getattr(holder, "__file__", None)
    if holder is None:
        where = f"there is no module {part!r} on sys.path"
    else:
        # Only the last part may be an attribute: what precedes it has to be a module.
        what = "attribute or submodule" if path == wanted else "submodule"
        where = f"{holder.__name__!r} ({file or 'no file'}) has no {what} {part!r}"
    return ImportError(
        f"cannot import {wanted!r}: {where}; check the spelling and what is installed",
        name=path,
        path=file,
    )
