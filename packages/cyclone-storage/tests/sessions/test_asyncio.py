"""Stores and handlers on a loop of asyncio, as it runs below Twisted's asyncio reactor."""

import asyncio
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from cyclone_storage.coroutines import asked
from cyclone_storage.errors import StorageUnavailable
from cyclone_storage.sessions import MemoryStore, StoredSession
from cyclone_storage.sessions.turns import Turn

from .handling import Browser, Whatever


class AsyncioStore(MemoryStore):
    """A store that awaits what belongs to asyncio, and a Deferred beside it.

    Attributes:
        tasks: The tasks that have loaded.
        away: Whether it fails.
    """

    def __init__(self, **options: Whatever) -> None:
        super().__init__(**options)
        self.tasks: list[Any] = []
        self.away = False

    async def load(self, key: str) -> StoredSession | None:  # type: ignore[override] # a coroutine
        """Find."""
        self.tasks.append(asyncio.current_task())
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10):
            await loop.run_in_executor(None, len, key)
        if self.away:
            try:
                await fired(StorageUnavailable("away"))
            finally:
                await loop.run_in_executor(None, len, key)
        assert await fired(3) == 3
        return await super().load(key)


def fired(result: object) -> "Deferred[Any]":
    """Make a Deferred that fires in a later turn of the loop."""
    later: Deferred[Any] = Deferred()
    failed = isinstance(result, Exception)
    asyncio.get_running_loop().call_soon(later.errback if failed else later.callback, result)
    return later


async def ask(browser: Browser, method: Whatever) -> None:
    """Send a request on the loop."""
    await Deferred.fromCoroutine(browser.ask(method)).asFuture(asyncio.get_running_loop())


def begun(clock: Whatever) -> tuple[Browser, AsyncioStore]:
    """Make a browser that has a session."""
    store = AsyncioStore(clock=clock)
    browser = Browser(session_store=store, session_clock=clock)
    browser.now(lambda _, session: session.update(a=1))
    return browser, store


def test_store(clock: Whatever) -> None:
    """A store of one's own may await asyncio where its loop runs, with tasks, timeouts and Deferreds."""
    browser, store = begun(clock)
    seen: dict[str, Any] = {}
    asyncio.run(ask(browser, lambda _, session: seen.update(session)))
    assert seen == {"a": 1}
    assert len(store.tasks) == 1
    assert store.tasks[0] is not None
    assert store.tasks[0].done()


def test_store_fails(clock: Whatever) -> None:
    """What such a store fails with reaches who has asked."""
    browser, store = begun(clock)
    store.away = True
    with pytest.raises(StorageUnavailable, match="away"):
        asyncio.run(ask(browser, dict))


def test_awaitable(clock: Whatever) -> None:
    """A store may return any awaitable, a Future of asyncio for one."""
    browser, store = begun(clock)

    class Futures(MemoryStore):
        def load(self, key: str) -> Whatever:
            return MemoryStore.load(store, key).asFuture(asyncio.get_running_loop())

    browser.settings["session_store"] = Futures(clock=clock)
    seen: dict[str, Any] = {}
    asyncio.run(ask(browser, lambda _, session: seen.update(session)))
    assert seen == {"a": 1}


def test_stores_of_ours(browser: Browser) -> None:
    """What returns a Deferred needs no turn of the loop more there."""
    browser.now(lambda _, session: session.update(a=1))
    seen: dict[str, Any] = {}

    async def main() -> None:
        browser.now(lambda _, session: seen.update(session))

    asyncio.run(main())
    assert seen == {"a": 1}


class SlowStore(MemoryStore):
    """A store that gives up after a while, and goes on.

    Attributes:
        waiting: What it waits for, in vain.
    """

    waiting: Any = None

    async def load(self, key: str) -> StoredSession | None:  # type: ignore[override] # a coroutine
        """Find, late."""
        try:
            async with asyncio.timeout(0):
                await self.waiting
        except TimeoutError:
            return await super().load(key)
        raise AssertionError("it does not wait")


@pytest.mark.parametrize("kind", ["future", "deferred"])
def test_timeout(clock: Whatever, kind: str) -> None:
    """A time-out of asyncio in a store ends what it waits for, be that a Future or a Deferred."""
    store = SlowStore(clock=clock)
    browser = Browser(session_store=store, session_clock=clock)
    browser.now(lambda _, session: session.update(a=1))
    seen: dict[str, Any] = {}

    async def main() -> None:
        store.waiting = Deferred() if kind == "deferred" else asyncio.Future()
        await ask(browser, lambda _, session: seen.update(session))

    asyncio.run(main())
    assert seen == {"a": 1}
    if kind == "deferred":
        assert store.waiting.called
    else:
        assert store.waiting.cancelled()


def test_cancelled_as_its_turn_comes() -> None:
    """A task that is cancelled when its turn to save has come, and before it runs, holds up nobody."""
    gate: Deferred[None] = Deferred()
    order: list[str] = []

    async def save(name: str, until: "Deferred[None] | None" = None) -> None:
        async with Turn("key of this test"):
            order.append(name)
            if until is not None:
                await until

    async def main() -> None:
        first = Deferred.fromCoroutine(save("first", gate))
        second: Any = asked(save("second"))
        await asyncio.sleep(0)
        third = Deferred.fromCoroutine(save("third"))
        gate.callback(None)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second.asFuture(asyncio.get_running_loop())
        assert first.called
        assert third.called

    asyncio.run(main())
    assert order == ["first", "third"]
