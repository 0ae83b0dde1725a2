"""What all stores do alike: memory, SQLite, Redis."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from cyclone_storage.sessions import SessionStore, StoredSession

from ..running import Loop
from ..servers.redis import RedisServer
from .stores import KINDS, Stores

KEY = "ab" * 32
OTHER = "cd" * 32


def stored(number: int, value: str = "value 1.5\n{}") -> StoredSession:
    """Make a session with a revision of its own."""
    return StoredSession(f"revision-{number:07d}", value)


Run = Callable[[Callable[[SessionStore, Stores], Awaitable[None]]], None]


@pytest.fixture(params=KINDS)
def run(request: pytest.FixtureRequest, loop: Loop, tmp_path: Path) -> Run:
    """Run something on a store of each kind."""

    def server() -> RedisServer:
        found: RedisServer = request.getfixturevalue("redis_server")
        return found

    def run(main: Callable[[SessionStore, Stores], Awaitable[None]]) -> None:
        stores = Stores(request.param, tmp_path, server)

        async def whole() -> None:
            store = stores.open()
            try:
                await main(store, stores)
            finally:
                await stores.close()

        loop.run(whole)

    return run


def test_keep(run: Run) -> None:
    """What is saved is loaded as it was, other keys beside it; what is deleted is gone."""

    async def main(store: SessionStore, _: Stores) -> None:
        assert await store.load(KEY) is None
        first, second = stored(1), stored(2, "12")
        assert await store.save(KEY, first, None, 100)
        assert await store.save(OTHER, second, None, 100)
        assert await store.load(KEY) == first
        assert await store.load(OTHER) == second
        await store.delete(KEY)
        await store.delete(KEY)
        assert await store.load(KEY) is None
        assert await store.load(OTHER) == second

    run(main)


def test_revisions(run: Run) -> None:
    """A save needs the revision that is there, or none where none must be."""

    async def main(store: SessionStore, _: Stores) -> None:
        assert not await store.save(KEY, stored(2), stored(1).revision, 100)
        assert await store.load(KEY) is None
        assert await store.save(KEY, stored(1), None, 100)
        assert not await store.save(KEY, stored(2), None, 100)
        assert not await store.save(KEY, stored(2), stored(3).revision, 100)
        assert await store.load(KEY) == stored(1)
        assert await store.save(KEY, stored(2), stored(1).revision, 100)
        assert not await store.save(KEY, stored(3), stored(1).revision, 100)
        assert await store.load(KEY) == stored(2)
        await store.delete(KEY)
        assert not await store.save(KEY, stored(3), stored(2).revision, 100)
        assert await store.load(KEY) is None

    run(main)


def test_first_delete(run: Run) -> None:
    """The first thing that is asked of a store may be a deletion."""

    async def main(store: SessionStore, _: Stores) -> None:
        await store.delete(KEY)
        assert await store.load(KEY) is None

    run(main)


def test_at_once(run: Run) -> None:
    """Of many saves at once that expect the same revision, exactly one is taken."""

    async def main(store: SessionStore, _: Stores) -> None:
        async def save(number: int, expected: str | None) -> bool:
            return bool(await store.save(KEY, stored(number), expected, 100))

        expected = None
        for turn in range(3):
            saves = [
                Deferred.fromCoroutine(save(turn * 100 + number, expected)) for number in range(30)
            ]
            results = await gatherResults(saves)
            assert results.count(True) == 1
            kept = await store.load(KEY)
            assert kept == stored(turn * 100 + results.index(True))
            expected = kept.revision

    run(main)


def test_end(run: Run) -> None:
    """A session is gone when its time is over; its key may be taken again then, and not be saved on."""

    async def main(store: SessionStore, stores: Stores) -> None:
        assert await store.save(KEY, stored(1), None, 100)
        assert await store.save(OTHER, stored(1), None, 200)
        await stores.go(99)
        assert await store.load(KEY) == stored(1)
        await stores.go(1)
        assert not await store.save(KEY, stored(2), stored(1).revision, 100)
        assert await store.load(KEY) is None
        assert await store.save(KEY, stored(3), None, 100)
        assert await store.load(KEY) == stored(3)
        assert await store.load(OTHER) == stored(1)

    run(main)


def test_longer(run: Run) -> None:
    """Each save sets the time anew, to longer and to shorter."""

    async def main(store: SessionStore, stores: Stores) -> None:
        assert await store.save(KEY, stored(1), None, 100)
        assert await store.save(KEY, stored(2), stored(1).revision, 300)
        await stores.go(200)
        assert await store.load(KEY) == stored(2)
        assert await store.save(KEY, stored(3), stored(2).revision, 0.5)
        await stores.go(0.5)
        assert await store.load(KEY) is None

    run(main)


@pytest.mark.parametrize("text", ["1", "1.5", "null", "[]", "x" * 65536, "a b\n\t'\"\\ {}"])
def test_text(run: Run, text: str) -> None:
    """A value is text as it is, also one that reads like a number."""

    async def main(store: SessionStore, _: Stores) -> None:
        kept: Any = StoredSession("1234567890123456", text)
        assert await store.save(KEY, kept, None, 100)
        assert await store.load(KEY) == kept

    run(main)
