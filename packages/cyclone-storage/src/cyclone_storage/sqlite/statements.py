"""Statements: what a pool must know of one before it is run, and how a thread runs it."""

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from cyclone_storage.sqlite.errors import TransactionError

__all__ = [
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
    word = found[1].upper() if found else ""
    return word in _READS or (word == "WITH" and _WRITES.search(sql) is None)


def arguments(sql: str, given: tuple[Any, ...]) -> tuple[str, Parameters]:
    """Return what a cursor takes.

    Args:
        sql: The statement.
        given: One tuple, list or mapping of parameters, as `adbapi` has it; or the parameters
            themselves.

    Returns:
        The statement and its parameters.

    Raises:
        TypeError: The statement is no string.
    """
    if len(given) == 1 and isinstance(given[0], tuple | list | Mapping):
        return _checked(sql), given[0]
    return _checked(sql), given


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
    return _checked(sql), list(given)


def _checked(sql: str) -> str:
    if not isinstance(sql, str):
        raise TypeError(f"a statement is a str, not {type(sql).__name__}: {sql!r}")
    return sql


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
