"""What a pool is made with."""

from pathlib import Path
from typing import Any

import pytest

from cyclone_storage.sqlite import SQLitePool


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"path": ""}, ValueError, "path is empty: name a file, or ':memory:'"),
        ({"path": b"x"}, TypeError, "path is a str or a Path, not bytes"),
        ({"path": None}, TypeError, "NoneType"),
        ({"path": "a\0b"}, ValueError, "NUL"),
        ({"path": "file:x.db?mode=ro"}, ValueError, "URIs are not read"),
        ({"path": "FILE:x.db"}, ValueError, "URIs are not read"),
        ({"max_threads": 0}, ValueError, "max_threads is 0, and must be at least 1"),
        ({"max_threads": 2.0}, TypeError, "max_threads is an int, not float"),
        ({"max_threads": True}, TypeError, "max_threads is an int, not bool"),
        ({"max_waiting": -1}, ValueError, "max_waiting is -1"),
        ({"wait_timeout": -1}, ValueError, "wait_timeout is -1"),
        ({"wait_timeout": float("nan")}, ValueError, "wait_timeout is nan"),
        ({"busy_timeout": float("inf")}, ValueError, "busy_timeout is inf"),
        ({"busy_timeout": 10**7}, ValueError, "from 0 to 2000000 seconds"),
        ({"busy_timeout": "5"}, TypeError, "busy_timeout is a number of seconds, not str"),
        ({"busy_timeout": False}, TypeError, "busy_timeout is a number of seconds, not bool"),
        ({"foreign_keys": None}, TypeError, "foreign_keys is True or False, not NoneType"),
        ({"foreign_keys": "x"}, TypeError, "foreign_keys is True or False, not str: 'x'"),
        ({"wal": 1}, TypeError, "wal is True or False, not int"),
        ({"synchronous": "on"}, ValueError, "one of 'full', 'normal', 'off'"),
        ({"row_factory": "dict"}, TypeError, "row_factory is a function or None, not str"),
        ({"on_connect": 1}, TypeError, "on_connect is a function or None, not int"),
    ],
)
def test_wrong_options(options: dict[str, Any], kind: type[Exception], said: str) -> None:
    """What makes no sense is refused when the pool is made, by the name of the argument."""
    with pytest.raises(kind) as caught:
        SQLitePool(**{"path": "x.db", **options})
    assert said in str(caught.value)


def test_a_relative_path_is_resolved_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that changes its directory later opens the same file."""
    monkeypatch.chdir(tmp_path)
    assert SQLitePool("x.db").path == str(tmp_path / "x.db")
    assert SQLitePool(Path("x.db")).path == str(tmp_path / "x.db")
    assert SQLitePool(":memory:").path == ":memory:"
    assert not list(tmp_path.iterdir())
