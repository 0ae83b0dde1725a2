"""In which form rows come."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cyclone_storage.sqlite import Cursor, SQLitePool, dict_row, namedtuple_row, scalar_row

from ..running import Loop

Pools = Callable[..., SQLitePool[Any]]
SELECT = "SELECT 1 AS a, 'x' AS b"


def test_tuples(loop: Loop, pools: Pools) -> None:
    """Without a factory, and with a transaction or an interaction, a row is a tuple."""
    pool = pools(":memory:")
    assert loop.run(lambda: pool.runQuery(SELECT)) == [(1, "x")]


def test_dicts(loop: Loop, pools: Pools, path: Path) -> None:
    """`dict_row` names the values; everywhere the pool runs statements."""
    pool = pools(path, row_factory=dict_row)
    expected = [{"a": 1, "b": "x"}]

    def interaction(cursor: Cursor) -> list[Any]:
        return cursor.execute(SELECT).fetchall()

    async def main() -> None:
        assert await pool.runQuery(SELECT) == expected
        assert await pool.runInteraction(interaction) == expected
        async with pool.transaction() as t:
            assert await t.runQuery(SELECT) == expected
        assert await pool.runQuery("SELECT 1 AS a, 2 AS a") == [{"a": 2}]

    loop.run(main)


def test_named_tuples(loop: Loop, pools: Pools) -> None:
    """`namedtuple_row` gives attributes; columns without a usable name are numbered."""
    pool = pools(":memory:", row_factory=namedtuple_row)

    async def main() -> None:
        (row,) = await pool.runQuery(SELECT)
        assert (row.a, row.b) == row == (1, "x")
        (row,) = await pool.runQuery("SELECT count(*), 2 AS a, 3 AS a, 4 AS class")
        assert row._fields == ("_0", "a", "_2", "_3")
        first, second = await pool.runQuery("VALUES (1), (2)")
        assert type(first) is type(second)

    loop.run(main)


def test_scalars(loop: Loop, pools: Pools) -> None:
    """`scalar_row` gives the first column only."""
    pool = pools(":memory:", row_factory=scalar_row)
    assert loop.run(lambda: pool.runQuery("VALUES (1), (2)")) == [1, 2]


def test_others(loop: Loop, pools: Pools) -> None:
    """`sqlite3.Row`, or any function of a cursor and a tuple, will do."""
    pool = pools(":memory:", row_factory=sqlite3.Row)
    (row,) = loop.run(lambda: pool.runQuery(SELECT))
    assert row["b"] == "x"
    summed = pools(":memory:", row_factory=lambda _, row: sum(row))
    assert loop.run(lambda: summed.runQuery("SELECT 1, 2, 3")) == [6]
