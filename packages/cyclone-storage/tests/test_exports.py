"""What the package exports, and what importing it does."""

import subprocess
import sys

import pytest

import cyclone_storage
from cyclone_storage import errors

PARTS = ["caching", "dbsafe", "errors", "ratelimit", "sessions", "sql", "sqlite"]


def test_exports_the_errors() -> None:
    """The exceptions that the parts share stand at the top, and nothing else."""
    assert cyclone_storage.__all__ == errors.__all__
    for name in errors.__all__:
        assert getattr(cyclone_storage, name) is getattr(errors, name)


@pytest.mark.parametrize("part", PARTS)
def test_import_installs_no_reactor(part: str) -> None:
    """Only Redis needs the reactor at once: whoever imports another part may still choose one."""
    code = (
        f"import sys, cyclone_storage.{part}\n"
        "loaded = {'twisted.internet.reactor', 'txredisapi', 'psycopg', 'pymysql'} & {*sys.modules}\n"
        "sys.exit(', '.join(sorted(loaded)) or 0)\n"
    )
    done = subprocess.run(  # noqa: S603 -- this Python
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
