"""What happens without a driver; these tests need none."""

import sys

import pytest

from cyclone_storage.errors import StorageError
from cyclone_storage.sql import MissingDriver, connect

POSTGRESQL = "postgresql://me:secret@db.example:5433/shop"
MYSQL = "mysql://me:secret@db.example:3307/shop"


@pytest.mark.parametrize(
    ("url", "module", "command"),
    [
        (POSTGRESQL, "psycopg", r'pip install "cyclone-storage\[postgresql\]"'),
        (MYSQL, "pymysql", r'pip install "cyclone-storage\[mysql\]"'),
    ],
)
def test_missing_driver(
    url: str, module: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the driver the error is the command that installs it."""
    monkeypatch.setitem(sys.modules, module, None)  # what an import finds that is not installed
    with pytest.raises(MissingDriver, match=command) as caught:
        connect(url)
    assert isinstance(caught.value, StorageError)
    assert isinstance(caught.value, ImportError)
    assert caught.value.name == module
