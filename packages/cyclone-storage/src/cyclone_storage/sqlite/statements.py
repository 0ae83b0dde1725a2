"""Statements: what a pool must know of one before it is run, and how a thread runs it."""

import re
import sqlite3
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from cyclone_storage.sqlite.errors import TransactionError

__all__ = [
    "URI",
    "Parameters",
    "arguments",
    "check_open",
    "operate",
    "operate_many",
    "query",
    "reads",
    "rows_of",
    "run_script",
]

URI: Final = "file:"
"""How names begin that SQLite may read as URIs, which choose files by more than their path."""

Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any]

# Possessive, so that no text makes it try twice: it is linear, and it always matches.
_FIRST_WORD: Final = re.compile(r"(?>\s+|--[^\n]*+|/\*.*?\*/)*+([a-zA-Z]*+)", re.DOTALL)
# Those are sequences, but what SQLite stores as one value.
_VALUES: Final = (str, bytes, bytearray, memoryview, array)
_ATTACHES: Final = re.compile(r"(?>\s+|--[^\n]*+|/\*.*?\*/)*+ATTACH\b", re.DOTALL | re.IGNORECASE)
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
    word = found[1].upper() if found else ""
    return word in _READS or (word == "WITH" and _WRITES.search(sql) is None)


def arguments(sql: str, given: tuple[Any, ...]) -> tuple[str, Parameters]:
    """Return what a cursor takes.

    Args:
        sql: The statement.
        given: One sequence or mapping of parameters, as `adbapi` has it; or the parameters
            themselves. Text and bytes are values.

    Returns:
        The statement and its parameters.

    Raises:
        TypeError: The statement is no string.
        ValueError: It attaches a database by a URI.
    """
    _check(sql)
    found: Parameters = given
    if len(given) == 1:
        (only,) = given
        if isinstance(only, tuple | list | dict):
            found = only
        elif isinstance(only, Mapping):
            # `sqlite3` would take it for a sequence.
            found = dict(only)
        elif isinstance(only, Sequence) and not isinstance(only, _VALUES):
            found = tuple(only)
    if _ATTACHES.match(sql):
        _check_names(found)
    return sql, found


def _check_names(parameters: Parameters) -> None:
    values = parameters.values() if isinstance(parameters, Mapping) else parameters
    for value in values:
        if isinstance(value, str) and value.startswith(URI):
            raise ValueError(f"URIs are not read, give the path of the file: {value!r}")


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
    _check(sql)
    return sql, list(given)


def _check(sql: str) -> None:
    if not isinstance(sql, str):
        raise TypeError(f"a statement is a str, not {type(sql).__name__}: {sql!r}")


def check_open(connection: sqlite3.Connection) -> None:
    """See that a transaction still is one.

    Args:
        connection: Its connection.

    Raises:
        TransactionError: It is over.
    """
    if not connection.in_transaction:
        raise TransactionError(
            "the transaction is over, and this statement would have stood outside of it: a COMMIT "
            "or ROLLBACK has ended it, or SQLite has rolled it back after an earlier error"
        )


def query(connection: sqlite3.Connection, sql: str, parameters: Parameters) -> list[Any]:
    """Return the rows of a statement; called in a thread, as all that follows.

    Args:
        connection: The thread's connection.
        sql: The statement.
        parameters: Its parameters.

    Returns:
        The rows.
    """
    return connection.execute(sql, parameters).fetchall()


def operate(connection: sqlite3.Connection, sql: str, parameters: Parameters) -> None:
    """Run a statement to its end.

    Args:
        connection: The thread's connection.
        sql: The statement.
        parameters: Its parameters.
    """
    # A statement that returns rows is done, and committed, with its last row only.
    connection.execute(sql, parameters).fetchall()


def operate_many(
    connection: sqlite3.Connection, sql: str, parameters: Iterable[Parameters]
) -> None:
    """Run a statement once for each set of parameters.

    Args:
        connection: The thread's connection.
        sql: The statement.
        parameters: The parameters.
    """
    connection.executemany(sql, parameters)


def run_script(connection: sqlite3.Connection, script: str) -> None:
    """Run statements without parameters.

    Args:
        connection: The thread's connection.
        script: The statements.
    """
    connection.executescript(script)
