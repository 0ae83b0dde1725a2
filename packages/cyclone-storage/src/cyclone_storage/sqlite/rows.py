"""Row factories: in which form a row of a result comes."""

import sqlite3
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

__all__ = ["RowFactory", "dict_row", "namedtuple_row", "scalar_row"]

Row = TypeVar("Row")

RowFactory: TypeAlias = Callable[[sqlite3.Cursor, tuple[Any, ...]], Row]
"""What makes a row of a tuple: `sqlite3.Row` is one, and so are the functions of this module."""

_SHAPES = 256


def dict_row(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    """Make a row a dict; of two columns of one name, the last stays.

    Args:
        cursor: The cursor, which knows the columns' names.
        row: The values.

    Returns:
        The values by the names of their columns.
    """
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


def namedtuple_row(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Make a row a named tuple.

    Args:
        cursor: The cursor, which knows the columns' names.
        row: The values.

    Returns:
        A named tuple; a column whose name is no identifier, or stands twice, is called `_0`, `_1`
        and so on after its place.
    """
    made: tuple[Any, ...] = _shape(tuple(column[0] for column in cursor.description))._make(row)
    return made


def scalar_row(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> Any:  # noqa: ANN401, ARG001
    """Make a row its first value, for results of one column.

    Args:
        cursor: The cursor.
        row: The values.

    Returns:
        The first one.
    """
    return row[0]


# A class costs a hundred times what a row of it does; statements come again.
@lru_cache(_SHAPES)
def _shape(names: tuple[str, ...]) -> Any:  # noqa: ANN401 -- collections.namedtuple is untyped
    from collections import namedtuple

    return namedtuple("Row", names, rename=True)  # noqa: PYI024 -- the names are known at run time
