"""Any sequence of calls does what the same statements do in one plain connection."""

import sqlite3
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, gatherResults

from cyclone_storage.sqlite import Cursor, SQLitePool

from ..running import Loop

KEYS = st.integers(0, 5)
WRITES = st.one_of(
    st.tuples(st.just("INSERT INTO t VALUES (?, ?)"), st.tuples(KEYS, KEYS)),
    st.tuples(st.just("INSERT OR REPLACE INTO t VALUES (?, ?)"), st.tuples(KEYS, KEYS)),
    st.tuples(st.just("UPDATE t SET y = y + 1 WHERE x >= ?"), st.tuples(KEYS)),
    st.tuples(st.just("UPDATE t SET x = x + 1 WHERE x = ?"), st.tuples(KEYS)),
    st.tuples(st.just("DELETE FROM t WHERE x = ?"), st.tuples(KEYS)),
    st.tuples(st.just("INSERT INTO missing VALUES (?)"), st.tuples(KEYS)),
)
Write = tuple[str, tuple[int, ...]]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("operation"), st.lists(WRITES, min_size=1, max_size=1)),
        st.tuples(st.just("returning"), st.lists(WRITES, min_size=1, max_size=1)),
        st.tuples(st.just("at once"), st.lists(WRITES, max_size=5)),
        st.tuples(st.just("transaction"), st.lists(WRITES, max_size=4)),
        st.tuples(st.just("forgiving"), st.lists(WRITES, max_size=4)),
        st.tuples(st.just("interaction"), st.lists(WRITES, max_size=4)),
    ),
    max_size=8,
)
SELECT = "SELECT x, y FROM t ORDER BY x"


class Model:
    """One plain connection."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.execute("CREATE TABLE t (x INTEGER PRIMARY KEY, y)")

    def rows(self) -> list[Any]:
        """Return the whole table."""
        return self._connection.execute(SELECT).fetchall()

    def one(self, write: Write, suffix: str = "") -> list[Any] | None:
        """Run a statement; `None` if it fails."""
        try:
            return self._connection.execute(write[0] + suffix, write[1]).fetchall()
        except sqlite3.Error:
            return None

    def all_or_none(self, writes: list[Write]) -> bool:
        """Run statements up to the first that fails, and then undo them."""
        self._connection.execute("BEGIN")
        good = all(self.one(write) is not None for write in writes)
        self._connection.execute("COMMIT" if good else "ROLLBACK")
        return good

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def run_all(cursor: Cursor, writes: list[Write]) -> None:
    """Run statements in a thread."""
    for write in writes:
        cursor.execute(*write)


async def outcome(deferred: Deferred[Any]) -> Any:  # noqa: ANN401 -- whatever it is
    """Return a result; `None` for an error of SQLite."""
    try:
        return await deferred
    except sqlite3.Error:
        return None


async def take(pool: SQLitePool[Any], model: Model, how: str, writes: list[Write]) -> None:
    """Do one step on both sides and compare what is said of it."""
    if how == "operation":
        done = await outcome(pool.runOperation(*writes[0]).addCallback(lambda _: []))
        assert done == model.one(writes[0])
    elif how == "returning":
        sql, parameters = writes[0]
        found = await outcome(pool.runQuery(f"{sql} RETURNING x", *parameters))
        assert found == model.one(writes[0], " RETURNING x")
    elif how == "at once":
        done = await gatherResults(
            [
                pool.runOperation(*write).addCallbacks(lambda _: True, lambda _: False)
                for write in writes
            ]
        )
        assert done == [model.one(write) is not None for write in writes]
    elif how == "interaction":
        good = await outcome(pool.runInteraction(run_all, writes).addCallback(lambda _: True))
        assert bool(good) == model.all_or_none(writes)
    elif how == "forgiving":
        async with pool.transaction() as t:
            for write in writes:
                done = await outcome(t.runOperation(*write).addCallback(lambda _: []))
                assert done == model.one(write)
            assert await t.runQuery(SELECT) == model.rows()
    else:
        before = await pool.runQuery(SELECT)
        good = True
        try:
            async with pool.transaction() as t:
                for write in writes:
                    await t.runOperation(*write)
        except sqlite3.Error:
            good = False
            assert await pool.runQuery(SELECT) == before
        assert good == model.all_or_none(writes)


# One loop serves all examples: each leaves it as it was, which the end of the test checks.
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, memory=st.booleans())
def test_it_is_one_database(
    loop: Loop,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, list[Write]]],
    memory: bool,
) -> None:
    """However statements are given, they do what they do one after the other."""
    path = ":memory:" if memory else tmp_path_factory.mktemp("model") / "test.db"
    model = Model()

    async def main() -> None:
        async with SQLitePool(path, synchronous="off", max_threads=3) as pool:
            await pool.runOperation("CREATE TABLE t (x INTEGER PRIMARY KEY, y)")
            for how, writes in steps:
                await take(pool, model, how, writes)
                assert await pool.runQuery(SELECT) == model.rows()

    loop.run(main)
    model.close()
