"""SQL pools and `dbsafe` as a program uses them; only type checkers read this."""

from typing import Any, assert_type

from twisted.enterprise import adbapi
from twisted.internet.defer import Deferred

from cyclone_storage.dbsafe import DatabaseSafe, dbsafe
from cyclone_storage.sql import (
    Isolation,
    SQLHealth,
    SQLPool,
    SQLPoolStats,
    SQLTransaction,
    connect,
)


def count(cursor: Any, table: str, *, least: int = 0) -> int:  # noqa: ANN401 -- a driver's cursor
    """Count rows."""
    cursor.execute(f"SELECT count(*) FROM {table} WHERE n > %s", (least,))  # noqa: S608 -- a name
    number: int = cursor.fetchone()[0]
    return number


async def use_pool(pool: SQLPool) -> None:
    """Use all that a pool has."""
    assert_type(isinstance(pool, adbapi.ConnectionPool), bool)
    assert_type(await pool.ready(timeout=3), SQLPool)
    assert_type(pool.runQuery("SELECT %s", [1]), Deferred[list[Any]])
    assert_type(await pool.runOperation("DELETE FROM t"), None)
    assert_type(await pool.runInteraction(count, "t", least=1), int)
    assert_type(await pool.runWithConnection(lambda connection: connection.info), Any)
    assert_type(await pool.health(), SQLHealth)
    assert_type(pool.stats(), SQLPoolStats)
    assert_type(pool.stats().last_error, str | None)
    level: Isolation = "serializable"
    async with pool.transaction(level, read_only=True) as t:
        assert_type(t, SQLTransaction)
        assert_type(await t.runQuery("SELECT 1"), list[Any])
        assert_type(await t.runOperation("SELECT 1"), None)
        assert_type(await t.runInteraction(count, "t"), int)
    assert_type(pool.close(timeout=1), Deferred[None])


def make() -> SQLPool:
    """Make a pool with every option."""
    return connect(
        "postgresql://host/shop",
        min_size=0,
        max_size=5,
        max_waiting=10,
        wait_timeout=1.5,
        connect_timeout=2,
        statement_timeout=None,
        ping_after=0,
        max_idle=60,
        tls="ca.pem",
        on_connect=lambda connection: connection.info,
        driver_options={"prepare_threshold": None},
        reactor=None,
    )


class Handler:
    """A handler whose methods keep their types."""

    @dbsafe
    def plain(self, path: str) -> Deferred[int]:
        """Return a Deferred."""
        raise NotImplementedError

    @dbsafe(retry_after=10, errors=(KeyError,))
    async def coroutine(self, number: int = 0) -> str:
        """Wait."""
        raise NotImplementedError

    @DatabaseSafe
    def classic(self) -> None:
        """Return nothing."""


async def use_handler(handler: Handler) -> None:
    """Call them."""
    assert_type(handler.plain("x"), Deferred[int])
    assert_type(await handler.coroutine(1), str)
    handler.classic()
