"""SQLite: `InlineSQLite`, which blocks, and `SQLitePool`, which does not.

pool = SQLitePool("app.db", row_factory=dict_row)
users = await pool.runQuery("SELECT * FROM users WHERE id = ?", user_id)
async with pool.transaction() as t:
    await t.runOperation("UPDATE accounts SET amount = amount - ? WHERE id = ?", 5, payer)
    await t.runOperation("UPDATE accounts SET amount = amount + ? WHERE id = ?", 5, payee)
"""

from cyclone_storage.sqlite.errors import (
    DatabaseBusy,
    DatabaseCorrupt,
    DatabaseFull,
    DatabaseIOError,
    DatabaseReadOnly,
    DatabaseUnopened,
    QueueFull,
    StatementInterrupted,
    TransactionError,
)
from cyclone_storage.sqlite.inline import InlineSQLite
from cyclone_storage.sqlite.interaction import Cursor
from cyclone_storage.sqlite.pool import SQLitePool, SQLiteStats
from cyclone_storage.sqlite.rows import RowFactory, dict_row, namedtuple_row, scalar_row
from cyclone_storage.sqlite.savepoint import Savepoint
from cyclone_storage.sqlite.transaction import Transaction

__all__ = [
    "Cursor",
    "DatabaseBusy",
    "DatabaseCorrupt",
    "DatabaseFull",
    "DatabaseIOError",
    "DatabaseReadOnly",
    "DatabaseUnopened",
    "InlineSQLite",
    "QueueFull",
    "RowFactory",
    "SQLitePool",
    "SQLiteStats",
    "Savepoint",
    "StatementInterrupted",
    "Transaction",
    "TransactionError",
    "dict_row",
    "namedtuple_row",
    "scalar_row",
]
