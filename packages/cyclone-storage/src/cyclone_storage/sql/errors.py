"""What goes wrong in a pool of SQL connections beside what the driver says itself."""

from cyclone_storage.errors import PoolTimeout, StorageError

__all__ = [
    "MissingDriver",
    "PoolFull",
    "StatementTimeout",
    "TransactionAborted",
    "TransactionLeftOpen",
    "TransactionOver",
]


class MissingDriver(StorageError, ImportError):  # noqa: N818 -- an error by its bases
    """The library that speaks with this database is not installed; the message is the command for it."""


class PoolFull(PoolTimeout):
    """As many wait for a connection as may: this one is refused at once."""


class StatementTimeout(StorageError, TimeoutError):  # noqa: N818 -- as above
    """The server did not answer in time, so that its connection was cut.

    Whether the statement was carried out is not known.
    """


class TransactionOver(StorageError, RuntimeError):  # noqa: N818 -- as above
    """A statement was given to a transaction that has ended, or has lost its connection."""


class TransactionLeftOpen(StorageError, RuntimeError):  # noqa: N818 -- as above
    """A statement has left a transaction open, or autocommit off: the program's mistake.

    It is rolled back, since what others write on this connection would become a part of it.
    """


class TransactionAborted(StorageError):  # noqa: N818 -- as above
    """A transaction was to be committed of which a statement has failed; all of it is rolled back."""
