"""SQLite in the reactor's own thread, as cyclone 1.x had it."""

import sqlite3
from collections.abc import Iterable
from os import PathLike, fsdecode
from typing import Any

from cyclone_storage.sqlite.statements import Parameters, arguments

__all__ = ["InlineSQLite"]


class InlineSQLite:
    """One connection whose statements block the whole process until they are done.

    That is by design: for a small database on a local disk, or in memory, a statement takes less
    time than handing it to a thread does. `SQLitePool` is for all others.

    Source: `cyclone.sqlite.InlineSQLite`.

    Attributes:
        autoCommit: Whether `runOperation` and `runOperationMany` commit at once; only `True` itself
            says so.
        conn: The connection of `sqlite3`.
        curs: The cursor that runs everything.
    """

    def __init__(
        self,
        dbname: str | bytes | PathLike[str] | PathLike[bytes] = ":memory:",
        autoCommit: bool = True,  # noqa: N803 -- cyclone's name
    ) -> None:
        """Open a database.

        Args:
            dbname: Its path, or `:memory:`; a URI is a file name like any other.
            autoCommit: Whether operations commit at once.

        Raises:
            sqlite3.Error: It cannot be opened.
            TypeError: The name is no path.
        """
        self.autoCommit = autoCommit
        name = fsdecode(dbname)
        # Some builds of SQLite read URIs even where `sqlite3` does not ask for it.
        self.conn = sqlite3.connect(f"./{name}" if name.startswith("file:") else name)
        self.curs = self.conn.cursor()

    def runQuery(self, query: str, *args: Any) -> list[Any]:  # noqa: ANN401, N802 -- cyclone's name
        """Return the rows of a query.

        Args:
            query: The statement.
            args: Its parameters: one sequence or mapping of them, or each by itself.

        Returns:
            The rows, as tuples.

        Raises:
            sqlite3.Error: It fails.
        """
        self.curs.execute(*arguments(query, args))
        return self.curs.fetchall()

    def runOperation(self, command: str, *args: Any) -> None:  # noqa: ANN401, N802 -- cyclone's name
        """Run a statement that returns nothing.

        Args:
            command: The statement.
            args: Its parameters: one sequence or mapping of them, or each by itself.

        Raises:
            sqlite3.Error: It fails.
        """
        self.curs.execute(*arguments(command, args))
        self._auto_commit()

    def runOperationMany(  # noqa: N802 -- cyclone's name
        self, command: str, seq: Iterable[Parameters]
    ) -> None:
        """Run a statement once for each set of parameters.

        Args:
            command: The statement.
            seq: The parameters.

        Raises:
            sqlite3.Error: It fails.
        """
        self.curs.executemany(command, seq)
        self._auto_commit()

    def _auto_commit(self) -> None:
        if self.autoCommit is True:
            self.commit()

    def commit(self) -> None:
        """Keep what was done since the last commit."""
        if self.conn.in_transaction:
            # Rows of `INSERT ... RETURNING` that nobody has read would keep SQLite from it.
            self.curs.fetchall()
        self.conn.commit()

    def rollback(self) -> None:
        """Undo what was done since the last commit."""
        self.conn.rollback()

    def close(self) -> None:
        """Close the database; what was not committed is lost."""
        self.conn.close()
