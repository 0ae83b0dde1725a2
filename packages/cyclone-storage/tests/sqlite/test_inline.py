"""The connection that blocks."""

import sqlite3
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
        ("SELECT 1, 2", ()),
    ],
)
def test_parameters_come_together_or_singly(statement: str, given: tuple[object, ...]) -> None:
    """One sequence or mapping of parameters is as good as the parameters themselves."""
    database = InlineSQLite()
    assert database.runQuery(statement, *given) == [(1, 2)]
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
