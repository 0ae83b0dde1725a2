"""PostgreSQL, MySQL and MariaDB: pools of connections in the shape of `twisted.enterprise.adbapi`.

`connect` makes a pool of a URL. The drivers are extras of this package: `cyclone-storage[postgresql]`
brings psycopg 3, `cyclone-storage[mysql]` brings PyMySQL.
"""

from cyclone_storage.sql.connecting import connect
from cyclone_storage.sql.errors import (
    MissingDriver,
    PoolFull,
    StatementTimeout,
    TransactionAborted,
    TransactionLeftOpen,
    TransactionOver,
)
from cyclone_storage.sql.pool import SQLPool
from cyclone_storage.sql.stats import SQLHealth, SQLPoolStats
from cyclone_storage.sql.transaction import Isolation, SQLTransaction

__all__ = [
    "Isolation",
    "MissingDriver",
    "PoolFull",
    "SQLHealth",
    "SQLPool",
    "SQLPoolStats",
    "SQLTransaction",
    "StatementTimeout",
    "TransactionAborted",
    "TransactionLeftOpen",
    "TransactionOver",
    "connect",
]
