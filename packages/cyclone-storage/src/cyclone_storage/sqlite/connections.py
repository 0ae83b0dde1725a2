"""How a connection of a pool is opened."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any, Final

from cyclone_storage.sqlite.rows import RowFactory
from cyclone_storage.sqlite.workers import WorkerConnection

__all__ = ["Settings", "open_connection"]

# Switching to WAL does not wait for a lock by itself; so often it is tried again.
_PAUSE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Settings:
    """What is set for each connection of a pool.

    Attributes:
        path: The absolute path of the database, or `:memory:`.
        busy_timeout: Seconds that a statement waits for a lock.
        wal: Whether the journal is a write-ahead log.
        synchronous: Whether each commit waits for the disk.
        foreign_keys: Whether references are enforced.
        row_factory: What makes a row; `None` for tuples.
        on_connect: Called with each new connection.
        opening: Held while one is opened: two that switch to WAL at once refuse each other.
    """

    path: str
    busy_timeout: float
    wal: bool
    synchronous: str
    foreign_keys: bool
    row_factory: RowFactory[Any] | None
    on_connect: Callable[[sqlite3.Connection], object] | None
    opening: Lock = field(default_factory=Lock)


def open_connection(settings: Settings, *, read_only: bool) -> WorkerConnection:
    """Open a connection, in the thread that will use it.

    Args:
        settings: What is set for it.
        read_only: Whether it refuses to write.

    Returns:
        The connection, which begins no transaction by itself.

    Raises:
        sqlite3.Error: It cannot be opened.
    """
    with settings.opening:
        connection = sqlite3.connect(
            settings.path,
            timeout=settings.busy_timeout,
            isolation_level=None,
            factory=WorkerConnection,
        )
        try:
            _set_up(connection, settings, read_only=read_only)
        except BaseException:
            connection.close()
            raise
    return connection


def _set_up(connection: WorkerConnection, settings: Settings, *, read_only: bool) -> None:
    if settings.wal:
        _switch_to_wal(connection, settings.busy_timeout)
    connection.execute(f"PRAGMA synchronous={settings.synchronous}")
    connection.execute(f"PRAGMA foreign_keys={settings.foreign_keys:d}")
    # Some builds of SQLite read URIs in ATTACH even where `sqlite3` does not ask for it.
    connection.set_authorizer(connection.authorize)
    if settings.on_connect is not None:
        settings.on_connect(connection)
    if read_only:
        connection.execute("PRAGMA query_only=1")
    connection.row_factory = settings.row_factory


def _switch_to_wal(connection: sqlite3.Connection, patience: float) -> None:
    end = time.monotonic() + patience
    pause = Event()
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            pause.wait(_PAUSE)
        else:
            return
