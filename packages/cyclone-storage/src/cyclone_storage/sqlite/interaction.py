"""What is given to functions that run in a thread of the pool."""

import sqlite3
from collections.abc import Callable, Iterable
from contextvars import Context
from typing import Any, NoReturn, Self

from cyclone_storage.sqlite.errors import StatementInterrupted, TransactionError
from cyclone_storage.sqlite.statements import check_open
from cyclone_storage.sqlite.workers import WorkerConnection
from cyclone_storage.threads import finished

__all__ = ["Cursor", "call", "interact", "run_with_connection"]


class Cursor(sqlite3.Cursor):
    """A cursor inside of a transaction, given to what `runInteraction` runs.

    It is the cursor of `sqlite3`, but refuses to write outside of the transaction: after SQLite has
    rolled it back (a full disk), each later statement would be committed by itself.
    """

    connection: WorkerConnection

    def execute(self, sql: str, parameters: Any = (), /) -> Self:  # noqa: ANN401 -- its base takes what has no name
        """Run a statement.

        Args:
            sql: The statement.
            parameters: Its parameters.

        Returns:
            The cursor.

        Raises:
            TransactionError: The transaction is over.
            StatementInterrupted: Nobody waits for the interaction any more.
        """
        self._check()
        super().execute(sql, parameters)
        return self

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Self:
        """Run a statement with several parameters, one after the other.

        Args:
            sql: The statement.
            parameters: The parameters.

        Returns:
            The cursor.

        Raises:
            TransactionError: The transaction is over.
            StatementInterrupted: Nobody waits for the interaction any more.
        """
        self._check()
        super().executemany(sql, parameters)
        return self

    def executescript(self, _: str, /) -> NoReturn:
        """Refuse to run a script: it would commit the transaction first.

        Raises:
            TransactionError: Always.
        """
        raise TransactionError("a script commits the transaction it runs in: use pool.runScript()")

    def _check(self) -> None:
        if self.connection.worker.must_stop():
            raise StatementInterrupted("nobody waits for this interaction any more: it is stopped")
        check_open(self.connection)


def interact(
    connection: sqlite3.Connection,
    context: Context,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> object:
    """Run a function in a transaction; called in a thread.

    Args:
        connection: The connection.
        context: The context of whoever asked for it.
        function: Called with a cursor.
        args: Further arguments.
        kwargs: Further arguments.

    Returns:
        What it returns.
    """
    connection.execute("BEGIN IMMEDIATE")
    result = call(connection, context, function, args, kwargs)
    connection.execute("COMMIT")
    return result


def call(
    connection: sqlite3.Connection,
    context: Context,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> object:
    """Run a function in the transaction that is open; called in a thread.

    Args:
        connection: The connection.
        context: The context of whoever asked for it.
        function: Called with a cursor.
        args: Further arguments.
        kwargs: Further arguments.

    Returns:
        What it returns.
    """
    cursor = connection.cursor(Cursor)
    try:
        result = finished(context.run(function, cursor, *args, **kwargs))
        check_open(connection)
    finally:
        cursor.close()
    return result


def run_with_connection(
    connection: sqlite3.Connection,
    context: Context,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> object:
    """Run a function with the connection itself; called in a thread.

    Args:
        connection: The connection.
        context: The context of whoever asked for it.
        function: Called with the connection.
        args: Further arguments.
        kwargs: Further arguments.

    Returns:
        What it returns.
    """
    result = finished(context.run(function, connection, *args, **kwargs))
    connection.commit()
    return result
