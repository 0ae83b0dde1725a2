"""What a pool must know of a statement before it is run."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

__all__ = ["Parameters", "arguments", "reads", "rows_of"]

Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any]

# Possessive, so that no text makes it try twice: it is linear, and it always matches.
_FIRST_WORD: Final = re.compile(r"(?>\s+|--[^\n]*+|/\*.*?\*/)*+([a-zA-Z]*+)", re.DOTALL)
_READS: Final = frozenset({"SELECT", "VALUES", "EXPLAIN"})
# WITH may begin a write, too. One that only looks like it waits for the writer without need.
_WRITES: Final = re.compile(r"\b(?:INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)


def reads(sql: str) -> bool:
    """Tell whether a statement only reads, by its first word.

    Args:
        sql: The statement.

    Returns:
        `True` for SELECT, VALUES and EXPLAIN, and for WITH if no word of it writes.
    """
    if sql.startswith(("SELECT ", "select ")):
        return True
    found = _FIRST_WORD.match(sql)
    word = found[1].upper() if found is not None else ""
    return word in _READS or (word == "WITH" and _WRITES.search(sql) is None)


def arguments(sql: str, given: tuple[Any, ...]) -> tuple[str, Parameters]:
    """Return what a cursor takes.

    Args:
        sql: The statement.
        given: One sequence or mapping of parameters, as `adbapi` has it; or the parameters
            themselves.

    Returns:
        The statement and its parameters.

    Raises:
        TypeError: The statement is no string.
    """
    if not isinstance(sql, str):
        raise TypeError(f"a statement is a str, not {type(sql).__name__}: {sql!r}")
    if len(given) == 1 and isinstance(given[0], tuple | list | Mapping):
        return sql, given[0]
    return sql, given


def rows_of(sql: str, given: Iterable[Parameters]) -> tuple[str, list[Parameters]]:
    """Return what `executemany` takes; an iterator is read here, not in a thread.

    Args:
        sql: The statement.
        given: The parameters of each time.

    Returns:
        The statement and the parameters.

    Raises:
        TypeError: The statement is no string, or the parameters cannot be iterated over.
    """
    if not isinstance(sql, str):
        raise TypeError(f"a statement is a str, not {type(sql).__name__}: {sql!r}")
    return sql, list(given)
