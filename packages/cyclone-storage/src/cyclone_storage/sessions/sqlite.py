"""Sessions in a table of SQLite."""

import re
import sqlite3
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from twisted.python.failure import Failure

from cyclone_storage.errors import StorageError, StorageUnavailable
from cyclone_storage.sessions.arguments import check_clock, check_text, check_what_has
from cyclone_storage.sessions.identifiers import REVISION_LENGTH
from cyclone_storage.sessions.protocols import SQLPoolLike, StoredSession

__all__ = ["SQLiteStore"]

_TABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")

_METHODS: Final = ("runQuery", "runInteraction")

# Seconds between two sweeps, and what one deletes at most: it holds up who wants to save.
_SWEEP: Final = 60.0
_MOST_SWEPT: Final = 1000


class SQLiteStore:
    """Keeps sessions in a table of a `SQLitePool`; several processes may share the file.

    The table is made when it is first needed. Sessions whose time is over are deleted by the way, when
    others are saved.
    """

    def __init__(
        self,
        pool: SQLPoolLike,
        table: str = "cyclone_sessions",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Make a store; nothing is asked of the pool yet.

        Args:
            pool: The pool; it stays the caller's to close.
            table: The name of the table.
            clock: Gives the seconds since 1970.

        Raises:
            TypeError: One of them is something else, the name of a file for example.
            ValueError: The name is none for a table.
        """
        check_what_has(pool, _METHODS, 'SQLiteStore(SQLitePool("sessions.db"))')
        check_text("table", table)
        check_clock(clock)
        if _TABLE.fullmatch(table) is None:
            raise ValueError(f"a table's name is letters, digits and '_', not {table!r}")
        self._pool = pool
        self._clock = clock
        self._swept = clock()
        self._ready = False
        self._create = (
            f"CREATE TABLE IF NOT EXISTS {table} (key TEXT PRIMARY KEY, revision TEXT NOT NULL,"
            " value TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID"
        )
        self._index = f"CREATE INDEX IF NOT EXISTS {table}_expires ON {table} (expires)"
        # The name was checked above; a table cannot be a parameter.
        # One column, as a pool may make rows of any type.
        self._load = (
            f"SELECT revision || value AS session FROM {table}"  # noqa: S608
            " WHERE key = ? AND expires > ?"
        )
        self._insert = (
            f"INSERT INTO {table} (key, revision, value, expires) VALUES (?, ?, ?, ?)"  # noqa: S608
            " ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, value = excluded.value,"
            " expires = excluded.expires WHERE expires <= ?"
        )
        self._update = (
            f"UPDATE {table} SET revision = ?, value = ?, expires = ?"  # noqa: S608
            " WHERE key = ? AND revision = ? AND expires > ?"
        )
        self._delete = f"DELETE FROM {table} WHERE key = ?"  # noqa: S608
        self._sweep = (
            f"DELETE FROM {table} WHERE key IN (SELECT key FROM {table}"  # noqa: S608
            f" WHERE expires <= ? LIMIT {_MOST_SWEPT})"
        )

    async def load(self, key: str) -> StoredSession | None:
        """Find a session; see `SessionStore`."""
        if not self._ready:
            await self._run(self._prepare)
        query = self._pool.runQuery(self._load, (key, self._clock()))
        rows = await query.addErrback(self._failed)
        if not rows:
            return None
        row = rows[0]
        if isinstance(row, Mapping):
            row = row["session"]
        text = row if isinstance(row, str) else row[0]
        return StoredSession(text[:REVISION_LENGTH], text[REVISION_LENGTH:])

    async def save(
        self, key: str, session: StoredSession, expected: str | None, lifetime: float
    ) -> bool:
        """Keep a session; see `SessionStore`."""
        now = self._clock()
        saved: bool = await self._run(self._save, key, session, expected, now, now + lifetime)
        return saved

    async def delete(self, key: str) -> None:
        """Delete a session; see `SessionStore`."""
        await self._run(self._remove, key)

    async def _run(self, interaction: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401 -- its result
        result = await self._pool.runInteraction(interaction, *args).addErrback(self._failed)
        self._ready = True
        return result

    def _failed(self, failure: Failure) -> Failure:
        self._ready = False  # somebody may have taken the file away, and the table with it
        return _unavailable(failure)

    # In a thread of the pool.

    def _prepare(self, cursor: Any) -> None:  # noqa: ANN401 -- that of the pool
        if not self._ready:
            cursor.execute(self._create)
            cursor.execute(self._index)

    def _save(
        self,
        cursor: Any,  # noqa: ANN401 -- as above
        key: str,
        session: StoredSession,
        expected: str | None,
        now: float,
        end: float,
    ) -> bool:
        self._prepare(cursor)
        if not now - _SWEEP < self._swept <= now:  # or the clock went back
            self._swept = now
            cursor.execute(self._sweep, (now,))
        if expected is None:
            cursor.execute(self._insert, (key, session.revision, session.value, end, now))
        else:
            values = (session.revision, session.value, end, key, expected, now)
            cursor.execute(self._update, values)
        count: int = cursor.rowcount
        return count == 1

    def _remove(self, cursor: Any, key: str) -> None:  # noqa: ANN401 -- as above
        self._prepare(cursor)
        cursor.execute(self._delete, (key,))


def _unavailable(failure: Failure) -> Failure:
    """Say of what the database cannot do now that the storage is away."""
    if failure.check(StorageUnavailable) is None and failure.check(sqlite3.Error, StorageError):
        error = failure.value
        raise StorageUnavailable(f"sessions in SQLite: {type(error).__name__}: {error}") from error
    return failure
