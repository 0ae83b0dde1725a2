"""SQLite: `InlineSQLite`, which blocks, and `SQLitePool`, which does not."""

from cyclone_storage.sqlite.pool import SQLitePool

__all__ = ["SQLitePool"]
