"""What is peculiar to sessions in SQLite: the table, the sweep, and a database that is in trouble."""

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.enterprise.adbapi import ConnectionPool
from twisted.internet.defer import fail

from cyclone_storage.errors import StorageUnavailable
from cyclone_storage.sessions import SQLiteStore, StoredSession
from cyclone_storage.sqlite import SQLitePool, dict_row, namedtuple_row, scalar_row

from ..running import Loop
from .handling import Clock, Whatever

KEY = "ab" * 32
FIRST = StoredSession("revision-0000001", "value")
SECOND = StoredSession("revision-0000002", "value")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the path of a database that is not there yet."""
    return tmp_path / "sessions.sqlite"


@pytest.fixture
def run(loop: Loop, path: Path) -> Callable[..., None]:
    """Run something on a pool, which is closed behind it."""

    def run(main: Callable[[SQLitePool[Any]], Awaitable[None]], **options: Whatever) -> None:
        async def whole() -> None:
            pool: SQLitePool[Any] = SQLitePool(path, **options)
            try:
                await main(pool)
            finally:
                await pool.close()

        loop.run(whole)

    return run


def rows(path: Path, table: str = "cyclone_sessions") -> list[Any]:
    """Read the keys of a table."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(f"SELECT key FROM {table} ORDER BY key").fetchall()  # noqa: S608
    finally:
        connection.close()


@pytest.mark.parametrize("table", ["", "a b", "x;", "1a", "s--", "a" * 64, "sessio\u00f1s", "a\n"])
def test_table_name(table: str) -> None:
    """A name that would be another statement is refused."""
    pool = SQLitePool[Any]("never-made.sqlite")
    with pytest.raises(ValueError, match="a table's name is letters"):
        SQLiteStore(pool, table)


@pytest.mark.parametrize("factory", [None, dict_row, namedtuple_row, scalar_row, sqlite3.Row])
def test_row_factories(run: Whatever, path: Path, factory: Whatever) -> None:
    """Whatever rows the pool makes, sessions are read; tables are kept apart."""

    async def main(pool: Whatever) -> None:
        store, other = SQLiteStore(pool, "a"), SQLiteStore(pool, "b")
        assert await store.save(KEY, FIRST, None, 100)
        assert await store.load(KEY) == FIRST
        assert await other.load(KEY) is None

    run(main, row_factory=factory)
    assert (len(rows(path, "a")), rows(path, "b")) == (1, [])


def test_stays(run: Whatever) -> None:
    """Sessions outlive the process, and two stores of one file see the same."""

    async def save(pool: Whatever) -> None:
        assert await SQLiteStore(pool).save(KEY, FIRST, None, 100)

    async def load(pool: Whatever) -> None:
        store, other = SQLiteStore(pool), SQLiteStore(pool)
        assert await store.load(KEY) == FIRST
        assert await store.save(KEY, SECOND, FIRST.revision, 100)
        assert not await other.save(KEY, SECOND, FIRST.revision, 100)

    run(save)
    run(load)


def test_sweep(run: Whatever, path: Path, clock: Clock) -> None:
    """Sessions that are over are deleted when others are saved, once a minute."""

    async def main(pool: Whatever) -> None:
        store = SQLiteStore(pool, clock=clock)
        for number in range(5):
            assert await store.save(f"{number}" * 64, FIRST, None, 10)
        clock.now += 59
        assert await store.save(KEY, FIRST, None, 1000)
        assert len(await pool.runQuery("SELECT 1 FROM cyclone_sessions")) == 6
        clock.now += 1
        assert await store.save(KEY, SECOND, FIRST.revision, 1000)

    run(main)
    assert rows(path) == [(KEY,)]


def test_sweep_after_a_clock_went_back(run: Whatever, path: Path, clock: Clock) -> None:
    """A clock that went back does not end the sweeping."""

    async def main(pool: Whatever) -> None:
        store = SQLiteStore(pool, clock=clock)
        clock.now -= 1_000_000
        assert await store.save("1" * 64, FIRST, None, 10)
        clock.now += 60
        assert await store.save(KEY, FIRST, None, 1000)

    run(main)
    assert rows(path) == [(KEY,)]


def test_adbapi(loop: Loop, path: Path) -> None:
    """A pool of Twisted's own will do."""

    async def main() -> None:
        pool = ConnectionPool("sqlite3", str(path), check_same_thread=False, cp_max=1)
        try:
            store = SQLiteStore(pool)
            assert await store.load(KEY) is None
            assert await store.save(KEY, FIRST, None, 100)
            assert not await store.save(KEY, SECOND, None, 100)
            assert await store.load(KEY) == FIRST
            await store.delete(KEY)
            assert await store.load(KEY) is None
        finally:
            pool.close()

    loop.run(main)


def test_locked(run: Whatever, path: Path) -> None:
    """A database that somebody else has locked is a storage that is away; afterwards it works."""

    async def main(pool: Whatever) -> None:
        store = SQLiteStore(pool)
        assert await store.save(KEY, FIRST, None, 100)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for call in (store.save(KEY, SECOND, FIRST.revision, 100), store.delete(KEY)):
            with pytest.raises(StorageUnavailable, match=r"database is locked") as caught:
                await call
            assert (caught.value.http_status, KEY in str(caught.value)) == (503, False)
        other.execute("ROLLBACK")
        other.close()
        assert await store.load(KEY) == FIRST
        assert await store.save(KEY, SECOND, FIRST.revision, 100)

    run(main, busy_timeout=0.05)


def test_table_goes(run: Whatever) -> None:
    """A table that somebody drops is made again, after one request that has failed."""

    async def main(pool: Whatever) -> None:
        store = SQLiteStore(pool)
        assert await store.save(KEY, FIRST, None, 100)
        await pool.runOperation("DROP TABLE cyclone_sessions")
        with pytest.raises(StorageUnavailable, match="no such table"):
            await store.load(KEY)
        assert await store.load(KEY) is None
        assert await store.save(KEY, SECOND, None, 100)

    run(main)


def test_no_database(run: Whatever, path: Path) -> None:
    """So is a file that is none, for each method."""
    path.write_bytes(b"this is no database, whatever it is called" * 50)

    async def main(pool: Whatever) -> None:
        store = SQLiteStore(pool)
        for call in (store.load(KEY), store.save(KEY, FIRST, None, 1), store.delete(KEY)):
            with pytest.raises(StorageUnavailable, match="sessions in SQLite: "):
                await call

    run(main)


def test_closed(run: Whatever) -> None:
    """So is a pool that was closed."""
    held: list[SQLiteStore] = []

    async def main(pool: Whatever) -> None:
        held.append(SQLiteStore(pool))
        assert await held[0].save(KEY, FIRST, None, 100)
        await pool.close()
        with pytest.raises(StorageUnavailable, match=r"PoolClosed: .*closed"):
            await held[0].load(KEY)

    run(main)


def test_mistake(run: Whatever) -> None:
    """A mistake of the program stays what it is, and a failure that says 503 already, too."""

    class Wrong:
        def runInteraction(self, *_: object) -> Whatever:  # noqa: N802 -- Twisted's name
            return fail(self.error)

        runQuery = runInteraction  # noqa: N815 -- as above

        def __init__(self, error: Exception) -> None:
            self.error = error

    async def main(_: object) -> None:
        for error in (ZeroDivisionError("mine"), StorageUnavailable("as it is")):
            pool: Any = Wrong(error)
            with pytest.raises(type(error), match=f"^{error}$"):
                await SQLiteStore(pool).load(KEY)

    run(main)
