"""The stores, over a pool of SQLite and over Redis as well as in memory, and clocks that agree with them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cyclone_storage.redis import lazyConnectionPool
from cyclone_storage.sessions import MemoryStore, RedisStore, SessionStore, SQLiteStore
from cyclone_storage.sqlite import SQLitePool

from ..servers.redis import RedisServer
from .handling import Clock

__all__ = ["KINDS", "REDIS_DATABASE", "Stores"]

KINDS = ["memory", "sqlite", "redis"]
REDIS_DATABASE = 7


class Stores:
    """Makes a store, and lets time pass for it.

    Attributes:
        clock: The time.
        redis: The pool of connections, if it is Redis.
    """

    def __init__(self, kind: str, directory: Path, server: Callable[[], RedisServer]) -> None:
        self.clock = Clock()
        self.redis: Any = None
        self._kind = kind
        self._path = directory / "sessions.sqlite"
        self._server = server
        self._pool: SQLitePool[Any] | None = None

    def open(self) -> SessionStore:
        """Make the store; the reactor runs."""
        if self._kind == "memory":
            return MemoryStore(clock=self.clock)
        if self._kind == "sqlite":
            self._pool = SQLitePool(self._path)
            return SQLiteStore(self._pool, clock=self.clock)
        self.redis = lazyConnectionPool(
            port=self._server().port, dbid=REDIS_DATABASE, poolsize=2, reconnect=False
        )
        return RedisStore(self.redis)

    async def close(self) -> None:
        """Close what is below it."""
        if self._pool is not None:
            await self._pool.close()
        if self.redis is not None:
            await self.redis.flushdb()
            await self.redis.disconnect()

    async def go(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.now += seconds
        if self.redis is None:
            return
        # Redis has the machine's clock: what is left of each key is made shorter instead.
        for key in await self.redis.keys("*"):
            left = await self.redis.pttl(key)
            await self.redis.pexpire(key, int(left - seconds * 1000))
