"""What happens to the file: it is locked, damaged, away, or its disk is full."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import gatherResults

from cyclone_storage.errors import StorageError, StorageUnavailable
from cyclone_storage.sqlite import (
    Cursor,
    DatabaseBusy,
    DatabaseCorrupt,
    DatabaseFull,
    DatabaseIOError,
    DatabaseReadOnly,
    DatabaseUnopened,
    SQLitePool,
    TransactionError,
)
from cyclone_storage.sqlite.errors import explained

from ..running import Loop
from .conftest import Disk

Pools = Callable[..., SQLitePool[Any]]
Hold = Callable[[Path, str], Callable[[], object]]


def make(path: Path) -> None:
    """Make a database with a table."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("wal", [True, False], ids=["wal", "no-wal"])
def test_locked_by_another_process(
    loop: Loop, pools: Pools, path: Path, other_process: Hold, wal: bool
) -> None:
    """A write waits for the busy timeout, fails with DatabaseBusy, and works when it is over."""
    pool = pools(path, busy_timeout=0.05, wal=wal)
    insert = "INSERT INTO t VALUES (1)"

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        release = other_process(path, "BEGIN IMMEDIATE")

        async def enter() -> None:
            async with pool.transaction():
                pytest.fail("it was entered")

        for attempt in (
            lambda: pool.runOperation(insert),
            lambda: pool.runInteraction(lambda cursor: cursor.execute(insert)),
            enter,
        ):
            with pytest.raises(DatabaseBusy, match=r"test\.db: .*locked: another conn") as caught:
                await attempt()
            assert isinstance(caught.value, sqlite3.OperationalError)
            assert isinstance(caught.value, StorageUnavailable)
            assert caught.value.http_status == 503
            assert caught.value.sqlite_errorname == "SQLITE_BUSY"
            assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
        assert await pool.runQuery("SELECT * FROM t") == []
        release()
        await pool.runOperation(insert)

    loop.run(main)


def test_waits_for_a_lock(loop: Loop, pools: Pools, path: Path, other_process: Hold) -> None:
    """A lock that is let go within the busy timeout costs time only, and readers nothing."""
    pool = pools(path, busy_timeout=20)

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        release = other_process(path, "BEGIN IMMEDIATE")
        writing = pool.runOperation("INSERT INTO t VALUES (1)")
        assert await pool.runQuery("SELECT * FROM t") == []
        assert not writing.called
        release()
        await writing

    loop.run(main)


def test_the_switch_to_wal_waits_for_a_lock(
    loop: Loop, pools: Pools, path: Path, other_process: Hold
) -> None:
    """Opening a database that another process writes to fails after the busy timeout, or waits."""
    make(path)
    hasty, patient = pools(path, busy_timeout=0.05), pools(path, busy_timeout=20)

    async def main() -> None:
        release = other_process(path, "BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy):
            await hasty.ready()
        waiting = patient.ready()
        await loop.pause(0.05)
        assert not waiting.called
        release()
        assert await waiting is patient
        assert await hasty.ready() is hasty

    loop.run(main)


def test_pools_of_one_file_open_at_once(loop: Loop, pools: Pools, path: Path) -> None:
    """Many connections that set up one new database do not refuse each other."""
    many = [pools(path) for _ in range(6)]

    async def main() -> None:
        await gatherResults([pool.ready() for pool in many])
        await gatherResults(
            [pool.runOperation(f"CREATE TABLE t{number} (x)") for number, pool in enumerate(many)]
        )

    loop.run(main)


def test_a_full_disk(loop: Loop, disk: Disk, pools: Pools) -> None:
    """Writing fails with DatabaseFull and leaves nothing; after making room it works again."""
    pool = pools(disk.path / "test.db", wal=False)

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        await pool.runOperation("CREATE TABLE kept (x)")
        await pool.runOperation("INSERT INTO kept VALUES (1)")
        ballast = disk.path / "ballast"
        ballast.write_bytes(b"x" * 300_000)
        if not disk.mounted:
            await pool.runQuery("PRAGMA max_page_count = 100")
        with pytest.raises(DatabaseFull, match="make room") as caught:  # noqa: PT012 -- the block is what fails
            for _ in range(100):
                await pool.runOperation("INSERT INTO t VALUES (zeroblob(50000))")
        assert isinstance(caught.value, StorageUnavailable)
        assert isinstance(caught.value, sqlite3.OperationalError)
        assert await pool.runQuery("SELECT x FROM kept") == [(1,)]
        (count,) = (await pool.runQuery("SELECT count(*) FROM t"))[0]
        assert count > 0

        with pytest.raises(DatabaseFull):  # noqa: PT012 -- the block is what fails
            async with pool.transaction() as t:
                await t.runOperation("UPDATE kept SET x = 2")
                await t.runOperation("INSERT INTO t VALUES (zeroblob(900000))")
        assert await pool.runQuery("SELECT x FROM kept") == [(1,)]
        ballast.unlink()
        if not disk.mounted:
            await pool.runQuery("PRAGMA max_page_count = 10000")
        await pool.runOperation("INSERT INTO t VALUES (zeroblob(50000))")

    loop.run(main)


def test_a_full_disk_with_a_log(loop: Loop, disk: Disk, pools: Pools) -> None:
    """With a write-ahead log it is one of two errors, both of which say 503, and reading works."""
    pool = pools(disk.path / "test.db")

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x)")
        await pool.runOperation("INSERT INTO t VALUES (1)")
        if not disk.mounted:
            await pool.runQuery("PRAGMA max_page_count = 100")
        with pytest.raises((DatabaseFull, DatabaseIOError)) as caught:  # noqa: PT012 -- the block is what fails
            for _ in range(100):
                await pool.runOperation("INSERT INTO t VALUES (zeroblob(50000))")
        assert isinstance(caught.value, StorageUnavailable)
        assert await pool.runQuery("SELECT x FROM t WHERE x = 1") == [(1,)]

    loop.run(main)


def test_what_sqlite_has_rolled_back_is_not_half_done(loop: Loop, pools: Pools, path: Path) -> None:
    """After an error that ends the transaction, a block or function that goes on writes nothing."""
    pool = pools(path)
    full = "INSERT OR ROLLBACK INTO t VALUES (1)"

    def carry_on(cursor: Cursor) -> None:
        cursor.execute("INSERT INTO t VALUES (2)")
        with pytest.raises(sqlite3.IntegrityError):
            cursor.execute(full)
        cursor.execute("INSERT INTO t VALUES (3)")

    async def main() -> None:
        await pool.runOperation("CREATE TABLE t (x UNIQUE)")
        await pool.runOperation("INSERT INTO t VALUES (1)")
        with pytest.raises(TransactionError, match="rolled it back after an earlier error"):
            await pool.runInteraction(carry_on)
        with pytest.raises(TransactionError, match="rolled it back after an earlier error"):  # noqa: PT012 -- the block is what fails
            async with pool.transaction() as t:
                await t.runOperation("INSERT INTO t VALUES (2)")
                with pytest.raises(sqlite3.IntegrityError):
                    await t.runOperation(full)
                await t.runOperation("INSERT INTO t VALUES (3)")
        assert await pool.runQuery("SELECT x FROM t") == [(1,)]

    loop.run(main)


@pytest.mark.parametrize(
    "content", [b"this is no database" * 100, b"SQLite format 3\0" + b"x" * 4000]
)
def test_a_file_that_is_no_database(loop: Loop, pools: Pools, path: Path, content: bytes) -> None:
    """It is never touched; when a sound one takes its place, the pool goes on with that."""
    path.write_bytes(content)
    pool = pools(path)

    async def main() -> None:
        for attempt in (pool.ready, lambda: pool.runQuery("SELECT * FROM t")):
            with pytest.raises(DatabaseCorrupt, match="restore it from a backup") as caught:
                await attempt()
            assert isinstance(caught.value, sqlite3.DatabaseError)
            assert isinstance(caught.value, StorageError)
        assert path.read_bytes() == content  # noqa: ASYNC240 -- nothing else runs meanwhile
        path.unlink()  # noqa: ASYNC240 -- nothing else runs meanwhile
        make(path)
        assert await pool.runQuery("SELECT * FROM t") == []
        await pool.runOperation("INSERT INTO t VALUES (1)")

    loop.run(main)


def test_a_damaged_file(loop: Loop, pools: Pools, path: Path) -> None:
    """A page that was overwritten fails what needs it, in a transaction too, and nothing else."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.execute("CREATE TABLE u (x)")
    connection.executemany("INSERT INTO t VALUES (?)", [("x" * 1000,) for _ in range(100)])
    connection.commit()
    connection.close()
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    path.write_bytes(content)
    pool = pools(path, wal=False)

    async def main() -> None:
        with pytest.raises(DatabaseCorrupt):
            await pool.runQuery("SELECT count(x) FROM t")
        assert await pool.runQuery("SELECT * FROM u") == []
        with pytest.raises(DatabaseCorrupt):
            async with pool.transaction() as t:
                await t.runQuery("INSERT INTO t VALUES (1) RETURNING x")
        await pool.runOperation("INSERT INTO u VALUES (1)")

    loop.run(main)


def test_a_disk_that_cannot_be_written(loop: Loop, disk: Disk, pools: Pools) -> None:
    """Writing fails with a word on rights; reading works where no log is asked for."""
    if not disk.mounted and os.geteuid() == 0:
        pytest.skip("nothing can be mounted here, and root may write everywhere")
    path = disk.path / "test.db"
    make(path)
    disk.make_read_only()
    with_log, without = pools(path), pools(path, wal=False)
    missing = pools(disk.path / "missing.db")

    async def main() -> None:
        with pytest.raises((DatabaseReadOnly, DatabaseUnopened)):
            await with_log.runOperation("INSERT INTO t VALUES (1)")
        assert await without.runQuery("SELECT * FROM t") == []
        with pytest.raises((DatabaseReadOnly, DatabaseUnopened), match="right to write") as caught:
            await without.runOperation("INSERT INTO t VALUES (1)")
        assert isinstance(caught.value, StorageError)
        with pytest.raises(DatabaseUnopened, match="its directory must exist"):
            await missing.ready()

    loop.run(main)


def test_errors_without_a_code_stay(path: Path) -> None:
    """What says nothing of the database, or says it already, is left as it is."""
    for error in (ValueError("x"), sqlite3.ProgrammingError("x"), KeyboardInterrupt()):
        assert explained(error, str(path)) is error
    full = sqlite3.OperationalError("disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    full.sqlite_errorname = "SQLITE_FULL"
    better = explained(full, "x.db")
    assert str(better).startswith("x.db: disk is full: nothing was written")
    assert explained(better, "y.db") is better
