"""What SQLite refuses, in classes that say what to do; each is still the class of `sqlite3`.

    sqlite3.OperationalError
    +- DatabaseBusy          locked for longer than the busy timeout (503)
    +- DatabaseFull          no room on the disk, or `max_page_count` reached (503)
    +- DatabaseIOError       the disk or its file system fails (503)
    +- DatabaseReadOnly      the file, its directory or the connection may not be written
    +- DatabaseUnopened      there is no such file, or no right to open it
    +- StatementInterrupted  its Deferred was cancelled, or the pool was closed while it ran
    sqlite3.DatabaseError
    +- DatabaseCorrupt       no SQLite database, or a damaged one
    sqlite3.ProgrammingError
    +- TransactionError      a statement outside of its transaction
    StorageUnavailable
    +- QueueFull             more waits for a thread than the pool allows (503)

All of them are `StorageError` too.
"""

import sqlite3
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cyclone_storage.errors import StorageError, StorageUnavailable

__all__ = [
    "DatabaseBusy",
    "DatabaseCorrupt",
    "DatabaseFull",
    "DatabaseIOError",
    "DatabaseReadOnly",
    "DatabaseUnopened",
    "QueueFull",
    "StatementInterrupted",
    "TransactionError",
    "explained",
]


class DatabaseBusy(sqlite3.OperationalError, StorageUnavailable):
    """The database was locked for longer than the busy timeout."""


class DatabaseFull(sqlite3.OperationalError, StorageUnavailable):
    """There is no room for what is to be written."""


class DatabaseIOError(sqlite3.OperationalError, StorageUnavailable):
    """The disk, or its file system, fails."""


class DatabaseReadOnly(sqlite3.OperationalError, StorageError):  # noqa: N818 -- like its siblings
    """The database cannot be written."""


class DatabaseUnopened(sqlite3.OperationalError, StorageError):  # noqa: N818 -- like its siblings
    """The database cannot be opened."""


class StatementInterrupted(sqlite3.OperationalError, StorageError):  # noqa: N818 -- like its siblings
    """A statement was stopped: nobody waits for it any more, or the pool was closed."""


class DatabaseCorrupt(sqlite3.DatabaseError, StorageError):  # noqa: N818 -- like its siblings
    """The file is no SQLite database, or it is damaged."""


class TransactionError(sqlite3.ProgrammingError, StorageError):
    """A statement stands outside of the transaction that it belongs to: the program's mistake."""


class QueueFull(StorageUnavailable):
    """More calls wait for a thread than the pool allows."""


_BUSY: Final = (
    DatabaseBusy,
    (
        "another connection has held it for longer than the busy timeout: find what keeps a "
        "transaction open, or raise busy_timeout"
    ),
)
_CORRUPT: Final = (
    DatabaseCorrupt,
    (
        "the file is not a sound SQLite database: restore it from a backup, or look at it with "
        "'PRAGMA integrity_check'"
    ),
)

# Primary result codes (https://sqlite.org/rescode.html); all others stay what sqlite3 raised.
_KNOWN: Final[Mapping[int, tuple[type[sqlite3.DatabaseError], str]]] = MappingProxyType(
    {
        sqlite3.SQLITE_BUSY: _BUSY,
        sqlite3.SQLITE_LOCKED: _BUSY,
        sqlite3.SQLITE_FULL: (
            DatabaseFull,
            "nothing was written: make room on its disk, or raise 'PRAGMA max_page_count'",
        ),
        sqlite3.SQLITE_IOERR: (
            DatabaseIOError,
            (
                "look at the disk and its file system: is there room, does it know locks and shared "
                "memory (network file systems often do not: wal=False)?"
            ),
        ),
        sqlite3.SQLITE_READONLY: (
            DatabaseReadOnly,
            (
                "the process needs the right to write the file and its directory, as SQLite puts its "
                "journal beside it; to read only, wal=False needs none"
            ),
        ),
        sqlite3.SQLITE_CANTOPEN: (
            DatabaseUnopened,
            "its directory must exist, and the process needs the right to write there",
        ),
        sqlite3.SQLITE_INTERRUPT: (
            StatementInterrupted,
            (
                "its Deferred was cancelled, or the pool was closed, while it ran; what it had written "
                "was rolled back"
            ),
        ),
        sqlite3.SQLITE_CORRUPT: _CORRUPT,
        sqlite3.SQLITE_NOTADB: _CORRUPT,
    }
)
_PRIMARY: Final = 0xFF


_QUERY_ONLY: Final = (
    "a transaction with read_only=True, or a query that was given as one that only reads, does not "
    "write: use 'async with pool.transaction()' without it, or runOperation()"
)


def explained(error: BaseException, path: str, *, query_only: bool = False) -> BaseException:
    """Return an error that says what to do, if there is something to say.

    Args:
        error: What was raised.
        path: The database.
        query_only: Whether the connection was told not to write.

    Returns:
        A typed error with the traceback, `sqlite_errorcode` and `sqlite_errorname` of the given
        one, which is its cause; or the given one.
    """
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or (code & _PRIMARY) not in _KNOWN:
        return error
    kind, advice = _KNOWN[code & _PRIMARY]
    if query_only and kind is DatabaseReadOnly:
        advice = _QUERY_ONLY
    if isinstance(error, kind):
        return error
    better = kind(f"{path}: {error}: {advice}").with_traceback(error.__traceback__)
    better.__cause__ = error
    better.sqlite_errorcode = code
    better.sqlite_errorname = getattr(error, "sqlite_errorname", "")
    return better
