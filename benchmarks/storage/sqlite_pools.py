"""Measure `SQLitePool.runQuery` beside that of Twisted's adbapi: one row by its key, from the same file."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timing import surroundings
from turns import compare, missed, run, table
from twisted.enterprise.adbapi import ConnectionPool
from twisted.internet.defer import gatherResults

from cyclone_storage.sqlite import SQLitePool

if TYPE_CHECKING:
    import argparse

OURS, THEIRS = "SQLitePool", "adbapi"
LEAST = 0.9
THREADS = 5
ROWS = 1000
QUERY = "SELECT id, name FROM things WHERE id = ?"


def fill(path: Path) -> None:
    """Make the file, with the journal that `SQLitePool` uses: it is a property of the file."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT)")
        rows = [(number, f"thing {number}") for number in range(ROWS)]
        connection.executemany("INSERT INTO things VALUES (?, ?)", rows)


def check(rows: Any, number: int) -> None:  # noqa: ANN401 -- of either pool
    """See that the row is the right one.

    Raises:
        ValueError: It is not.
    """
    if [tuple(row) for row in rows] != [(number, f"thing {number}")]:
        message = f"the rows are {rows}"
        raise ValueError(message)


async def one_at_a_time(pool: Any, times: int = 300) -> int:  # noqa: ANN401 -- of either kind
    """Ask for one row after the other."""
    for number in range(times):
        check(await pool.runQuery(QUERY, (number,)), number)
    return times


async def at_once(pool: Any, times: int = 500) -> int:  # noqa: ANN401 -- of either kind
    """Ask for many rows, then wait for them."""
    asking = [pool.runQuery(QUERY, (number,)) for number in range(times)]
    for number, rows in enumerate(await gatherResults(asking)):
        check(rows, number)
    return times


SCENARIOS = {
    "one at a time": one_at_a_time,
    "500 at once, 5 threads": at_once,
}


async def measure(options: argparse.Namespace) -> list[str]:
    """Measure all scenarios; return what is missed."""
    print(surroundings("cyclone-storage", "Twisted"))
    wrong = []
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "things.db")
        fill(path)
        theirs = ConnectionPool(
            "sqlite3", str(path), check_same_thread=False, cp_min=1, cp_max=THREADS
        )
        pools: dict[str, Any] = {THEIRS: theirs, OURS: SQLitePool(path, max_threads=THREADS)}
        for title, scenario in SCENARIOS.items():
            results = await compare(
                {name: partial(scenario, pool) for name, pool in pools.items()}, options.rounds
            )
            print(f"\n{table(title, results, THEIRS)}", flush=True)
            wrong += missed(title, results, THEIRS, {OURS: LEAST})
        theirs.close()
        await pools[OURS].close()
    return wrong


if __name__ == "__main__":
    run("Measure the SQLite pool.", measure)
