"""What is known of a statement before it is run."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_storage.sqlite.statements import reads


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "select 1",
        "Select\n1",
        "  \t\nSELECT 1",
        "SELECT(1)",
        "-- why\nSELECT 1",
        "/* why */ -- and\n /**/SELECT 1",
        "VALUES (1)",
        "explain DELETE FROM t",
        "WITH n AS (SELECT 1) SELECT * FROM n",
        "with inserted as (select 1) select * from inserted",
    ],
)
def test_reads(sql: str) -> None:
    """SELECT, VALUES, EXPLAIN and a WITH that does not write are read beside the writer."""
    assert reads(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "",
        " ",
        "-- SELECT 1",
        "/* SELECT 1 */",
        "/* SELECT 1",
        "INSERT INTO t VALUES (1)",
        "/* SELECT */ DELETE FROM t",
        "-- x\nUPDATE t SET x = 1 RETURNING x",
        "REPLACE INTO t VALUES (1)",
        "SELECTED",
        "PRAGMA user_version",
        "WITH n AS (SELECT 1) DELETE FROM t",
        "with n as (select 1)\ninsert into t select * from n",
        "( SELECT 1)",
        ";SELECT 1",
    ],
)
def test_writes(sql: str) -> None:
    """All else may write, and goes to the thread that does."""
    assert not reads(sql)


@given(st.text(alphabet="-/* \nSELECTWHinsert;("))
def test_any_text_is_sorted(sql: str) -> None:
    """Whatever it is, it reads or it writes; case does not matter."""
    assert reads(sql) == reads(sql.swapcase())


@pytest.mark.parametrize("text", ["/**/", "/*", "-- \n", "-", " ", "/* -- */\n", "/**/*"])
def test_takes_linear_time(text: str) -> None:
    """No text of comments makes it try again and again."""
    begun = time.thread_time()
    assert not reads(text * 50_000)
    assert not reads("WITH " + text * 50_000 + "DELETE")
    assert time.thread_time() - begun < 2
