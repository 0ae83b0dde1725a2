"""Real databases for the tests of SQL pools."""

import importlib
import os
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from .databases import DRIVERS, Database


def need(scheme: str) -> None:
    """Skip a test whose driver is not installed; with CYCLONE_TEST_EXTRAS=1 that is a failure."""
    if find_spec(DRIVERS[scheme]) is None:
        if os.environ.get("CYCLONE_TEST_EXTRAS") == "1":
            pytest.fail(f"CYCLONE_TEST_EXTRAS=1, but {DRIVERS[scheme]} is not installed")
        pytest.skip(f"{DRIVERS[scheme]} is not installed")
    importlib.import_module(DRIVERS[scheme])


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, Database]]:
    """Give the databases that tests share, started when they are needed."""
    started: dict[str, Database] = {}
    yield started
    for database in started.values():
        database.server.close()


@pytest.fixture(params=list(DRIVERS))
def database(request: pytest.FixtureRequest, servers: dict[str, Database]) -> Database:
    """Give each of the databases that tests share."""
    return shared(servers, request.param)


@pytest.fixture
def postgresql(servers: dict[str, Database]) -> Database:
    """Give the PostgreSQL that tests share."""
    return shared(servers, "postgresql")


@pytest.fixture
def mysql(servers: dict[str, Database]) -> Database:
    """Give the MariaDB that tests share."""
    return shared(servers, "mysql")


def shared(servers: dict[str, Database], scheme: str) -> Database:
    """Return a database, and start it if it is the first time."""
    need(scheme)
    if scheme not in servers:
        servers[scheme] = Database.start(scheme)
    return servers[scheme]


@pytest.fixture(params=list(DRIVERS))
def own(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Give each of the databases on a server that the test may treat as it likes."""
    need(request.param)
    database = Database.start(request.param)
    yield database
    database.server.close()
