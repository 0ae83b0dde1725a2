"""What the threads of a pool do with a connection; everything here blocks."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

from twisted.enterprise import adbapi

from cyclone_storage.sql.errors import TransactionOver
from cyclone_storage.sql.lease import Lease, current_lease
from cyclone_storage.threads import finished

__all__ = ["CursorTransaction", "connected", "interaction", "operation", "query", "with_cursor"]

P = ParamSpec("P")
T = TypeVar("T")

_TIMED: Final = frozenset(
    {"execute", "executemany", "callproc", "fetchone", "fetchmany", "fetchall", "nextset"}
)


class CursorTransaction(adbapi.Transaction):
    """A cursor as `runInteraction` hands it out; each of its statements is given its time."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the cursor has
        """Return what the driver's cursor has under this name."""
        base: Any = super()  # adbapi has no types
        found = base.__getattr__(name)
        lease = current_lease()
        if lease is None or name not in _TIMED:
            return found
        return partial(_stepped if lease.held else Lease.timed, lease, found)


def _stepped(lease: Lease, function: Callable[P, T], *args: P.args, **kw: P.kwargs) -> T:
    result = lease.timed(function, *args, **kw)
    lease.still()
    return result


def query(lease: Lease, args: Sequence[Any], kw: Mapping[str, Any]) -> list[Any]:
    """Execute one statement.

    Args:
        lease: Where the connection is.
        args: Positional arguments of the cursor's `execute`.
        kw: Named ones.

    Returns:
        The rows; none for a statement that has no rows. That is no error, which adbapi makes of it,
        since the statement has been carried out.
    """
    with lease.connection.cursor() as cursor:
        cursor.execute(*args, **kw)
        if cursor.description is None:
            return []
        return list(cursor.fetchall())


def operation(lease: Lease, args: Sequence[Any], kw: Mapping[str, Any]) -> None:
    """Execute one statement, and leave its rows.

    Args:
        lease: Where the connection is.
        args: Positional arguments of the cursor's `execute`.
        kw: Named ones.
    """
    with lease.connection.cursor() as cursor:
        cursor.execute(*args, **kw)


def connected(
    pool: adbapi.ConnectionPool,
    lease: Lease,
    function: Callable[..., T],
    args: Sequence[Any],
    kw: Mapping[str, Any],
) -> T:
    """Call a function with a connection, in a transaction.

    Args:
        pool: Makes adbapi's wrapper of the connection.
        lease: Where the connection is.
        function: The function; how long it takes is its own affair.
        args: Its arguments after the connection.
        kw: Its named arguments.

    Returns:
        What it returns.
    """

    def call(lease: Lease) -> T:
        lease.untouch()
        return finished(function(pool.connectionFactory(pool), *args, **kw))

    return _in_transaction(lease, call)


def interaction(
    pool: adbapi.ConnectionPool,
    lease: Lease,
    function: Callable[..., T],
    args: Sequence[Any],
    kw: Mapping[str, Any],
) -> T:
    """Call a function with a cursor, in a transaction.

    Args:
        pool: Makes adbapi's wrappers of the connection and of its cursor.
        lease: Where the connection is.
        function: The function.
        args: Its arguments after the cursor.
        kw: Its named arguments.

    Returns:
        What it returns.
    """
    return _in_transaction(lease, lambda lease: with_cursor(pool, lease, function, args, kw))


def with_cursor(
    pool: adbapi.ConnectionPool,
    lease: Lease,
    function: Callable[..., T],
    args: Sequence[Any],
    kw: Mapping[str, Any],
) -> T:
    """Call a function with a cursor.

    Args:
        pool: Makes adbapi's wrappers of the connection and of its cursor.
        lease: Where the connection is.
        function: The function.
        args: Its arguments after the cursor.
        kw: Its named arguments.

    Returns:
        What it returns.
    """
    lease.untouch()
    cursor = pool.transactionFactory(pool, pool.connectionFactory(pool))
    result = finished(function(cursor, *args, **kw))
    cursor.close()
    return result


def _in_transaction(lease: Lease, call: Callable[[Lease], T]) -> T:
    driver = lease.settings.driver
    lease.timed(driver.several, lease.connection)
    result = call(lease)
    if lease.connection is None:
        raise TransactionOver("the function has thrown its connection away; nothing of it is kept")
    lease.timed(driver.commit, lease.connection)
    lease.settle()
    return result
