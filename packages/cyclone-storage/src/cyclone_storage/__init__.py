"""Redis, SQLite, SQL databases and what is built on them, on Twisted; with or without the framework.

The parts are modules to be imported by name: `cyclone_storage.redis`, `sqlite`, `sql`, `sessions`,
`ratelimit`, `caching` and `dbsafe`. Here stand only the exceptions that they share: importing
`cyclone_storage.redis` installs Twisted's reactor, as txredisapi does, and whoever needs only SQLite may
want to choose another one later.
"""

from cyclone_storage.errors import (
    InvalidURL,
    PoolClosed,
    PoolTimeout,
    StorageError,
    StorageUnavailable,
)

__all__ = ["InvalidURL", "PoolClosed", "PoolTimeout", "StorageError", "StorageUnavailable"]
