"""Doing things in several requests at once."""

from collections.abc import Awaitable
from typing import Any

from twisted.internet.defer import Deferred, succeed

from cyclone_storage.errors import StorageUnavailable
from cyclone_storage.sessions import MemoryStore, StoredSession

from .handling import Whatever

__all__ = ["AwayStore", "GatedStore", "result_of"]


def result_of(awaited: Awaitable[Any]) -> Whatever:
    """Return what something awaitable gives at once, or raise its failure."""
    results: list[Any] = []
    failures: list[Any] = []

    async def main() -> Whatever:
        return await awaited

    Deferred.fromCoroutine(main()).addCallbacks(results.append, failures.append)
    if failures:
        failures[0].raiseException()
    (result,) = results
    return result


class GatedStore(MemoryStore):
    """A store in memory that can be made to wait, and that counts.

    Attributes:
        gate: Loading and saving wait for it, if there is one.
        calls: Names of what was asked.
    """

    def __init__(self, **options: Whatever) -> None:
        super().__init__(**options)
        self.gate: Deferred[None] | None = None
        self.calls: list[str] = []

    def load(self, key: str) -> "Deferred[StoredSession | None]":
        """Count, and wait."""
        self.calls.append("load")
        return self._opened().addCallback(lambda _: MemoryStore.load(self, key))

    def save(
        self, key: str, session: StoredSession, expected: str | None, lifetime: float
    ) -> "Deferred[bool]":
        """Count, and wait."""
        self.calls.append("save")
        save = MemoryStore.save
        return self._opened().addCallback(lambda _: save(self, key, session, expected, lifetime))

    def delete(self, key: str) -> "Deferred[None]":
        """Count."""
        self.calls.append("delete")
        return super().delete(key)

    def _opened(self) -> "Deferred[Any]":
        if self.gate is None:
            return succeed(None)
        waiter: Deferred[None] = Deferred()
        self.gate.chainDeferred(waiter)
        return waiter


class AwayStore(MemoryStore):
    """A store in memory that may be away.

    Attributes:
        away: What it refuses: `load`, `save`, `delete`.
    """

    def __init__(self, **options: Whatever) -> None:
        super().__init__(**options)
        self.away: set[str] = set()

    async def load(self, key: str) -> StoredSession | None:  # type: ignore[override] # a coroutine
        """Fail, or find."""
        self._fail("load")
        return await super().load(key)

    async def save(  # type: ignore[override] # a coroutine will do
        self, key: str, session: StoredSession, expected: str | None, lifetime: float
    ) -> bool:
        """Fail, or keep."""
        self._fail("save")
        return await super().save(key, session, expected, lifetime)

    async def delete(self, key: str) -> None:  # type: ignore[override] # a coroutine will do
        """Fail, or delete."""
        self._fail("delete")
        await super().delete(key)

    def _fail(self, name: str) -> None:
        if name in self.away:
            raise StorageUnavailable("the store is away")
