"""The connection that blocks."""

import sqlite3
from array import array
from collections import UserDict, UserList, deque
from pathlib import Path

import pytest

from cyclone_storage.sqlite import InlineSQLite


def test_memory_is_the_default_and_rows_come_as_a_list() -> None:
    """Without arguments it is a database in memory; a query gives a list of tuples."""
    database = InlineSQLite()
    assert database.runOperation("CREATE TABLE t (x, y)") is None
    database.runOperation("INSERT INTO t VALUES (?, ?)", (1, "one"))
    assert database.runQuery("SELECT * FROM t") == [(1, "one")]
    assert database.runQuery("SELECT * FROM t WHERE x = 2") == []
    database.close()


@pytest.mark.parametrize(
    ("statement", "given"),
    [
        ("SELECT ?, ?", ((1, 2),)),
        ("SELECT ?, ?", ([1, 2],)),
        ("SELECT ?, ?", (1, 2)),
        ("SELECT :a, :b", ({"a": 1, "b": 2},)),
        ("SELECT :a, :b", (UserDict({"a": 1, "b": 2}),)),
        ("SELECT ?, ?", (range(1, 3),)),
        ("SELECT ?, ?", (deque([1, 2]),)),
        ("SELECT ?, ?", (UserList([1, 2]),)),
        ("SELECT 1, 2", ()),
    ],
)
def test_parameters_come_together_or_singly(statement: str, given: tuple[object, ...]) -> None:
    """One sequence or mapping of parameters is as good as the parameters themselves."""
    database = InlineSQLite()
    assert database.runQuery(statement, *given) == [(1, 2)]
    database.close()


def test_a_row_is_a_sequence_of_parameters() -> None:
    """What a query gives with the row factory `sqlite3.Row` can be given to another."""
    database = InlineSQLite()
    database.curs.row_factory = sqlite3.Row
    (row,) = database.runQuery("SELECT 1 AS a, 2 AS b")
    assert tuple(database.runQuery("SELECT ?, ?", row)[0]) == (1, 2)
    database.close()


@pytest.mark.parametrize(
    "value", ["ab", b"ab", bytearray(b"ab"), memoryview(b"ab"), array("B", b"ab")]
)
def test_text_and_bytes_are_values(value: object) -> None:
    """They are sequences, too, but no sequences of parameters."""
    database = InlineSQLite()
    assert database.runQuery("SELECT ?", value)[0][0] in {"ab", b"ab"}
    database.close()


@pytest.mark.parametrize("autocommit", [True, False])
def test_an_operation_may_return_rows(path: Path, autocommit: bool) -> None:
    """`INSERT ... RETURNING` is committed; the rows that nobody has asked for are dropped."""
    for name in (path, str(path), bytes(path)):
        database = InlineSQLite(name, autoCommit=autocommit)
        database.runOperation("CREATE TABLE IF NOT EXISTS t (x)")
        database.runOperation("INSERT INTO t VALUES (1), (2) RETURNING x")
        database.commit()
        database.close()
    database = InlineSQLite(path)
    assert database.runQuery("SELECT count(*) FROM t") == [(6,)]
    # What is only read goes on over a commit, as it always did.
    database.runOperation("SELECT 5")
    assert database.curs.fetchall() == [(5,)]
    database.close()


def test_operations_are_committed_at_once(path: Path) -> None:
    """What an operation has written is seen by another connection."""
    database = InlineSQLite(str(path))
    database.runOperation("CREATE TABLE t (x)")
    database.runOperation("INSERT INTO t VALUES (0)")
    database.runOperationMany("INSERT INTO t VALUES (?)", ((x,) for x in range(1, 3)))
    other = InlineSQLite(str(path))
    assert other.runQuery("SELECT x FROM t") == [(0,), (1,), (2,)]
    other.close()
    database.close()


@pytest.mark.parametrize("setting", [False, 1, "yes"])
def test_only_true_itself_commits(path: Path, setting: bool) -> None:
    """With `autoCommit` anything else than `True`, the program commits and rolls back."""
    database = InlineSQLite(str(path), autoCommit=setting)
    database.runOperation("CREATE TABLE t (x)")
    database.commit()
    database.runOperation("INSERT INTO t VALUES (1)")
    database.rollback()
    database.runOperationMany("INSERT INTO t VALUES (?)", [(2,), (3,)])
    other = InlineSQLite(str(path))
    assert other.runQuery("SELECT x FROM t") == []
    database.commit()
    assert other.runQuery("SELECT x FROM t") == [(2,), (3,)]
    other.close()
    database.close()


def test_its_attributes_are_those_of_cyclone_1() -> None:
    """`autoCommit`, `conn` and `curs` are what they were."""
    database = InlineSQLite(":memory:", True)
    assert database.autoCommit is True
    assert isinstance(database.conn, sqlite3.Connection)
    assert isinstance(database.curs, sqlite3.Cursor)
    database.autoCommit = False
    database.runOperation("CREATE TABLE t (x)")
    database.runOperation("INSERT INTO t VALUES (1)")
    assert database.conn.in_transaction
    database.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        database.runQuery("SELECT 1")


def test_errors_are_those_of_sqlite3(tmp_path: Path) -> None:
    """What is wrong is raised at once, in the classes of `sqlite3`; a wrong type is a TypeError."""
    database = InlineSQLite()
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        database.runQuery("SELECT * FROM t")
    with pytest.raises(TypeError, match="a statement is a str, not bytes"):
        database.runOperation(b"SELECT 1")  # type: ignore[arg-type]
    database.close()
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        InlineSQLite(str(tmp_path / "missing" / "test.db"))


def test_a_uri_is_a_file_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`file:` URIs are off: such a name makes a file that is called so."""
    monkeypatch.chdir(tmp_path)
    database = InlineSQLite("file:x?mode=memory")
    database.runOperation("CREATE TABLE t (x)")
    database.close()
    assert [each.name for each in tmp_path.iterdir()] == ["file:x?mode=memory"]
