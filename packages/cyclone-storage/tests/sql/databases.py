"""The databases that the tests of SQL pools speak with, in one way for all."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from twisted.internet.defer import Deferred

from cyclone_storage.sql import SQLPool, connect

from ..servers import mariadb, postgresql

__all__ = ["DRIVERS", "Database", "tables_of"]

DRIVERS = {"postgresql": "psycopg", "mysql": "pymysql"}


@dataclass
class Database:
    """A database of a real server.

    Attributes:
        scheme: That of its URL.
        server: The server.
    """

    scheme: str
    server: postgresql.PostgreSQLServer | mariadb.MariaDBServer

    @classmethod
    def start(cls, scheme: str, **options: str) -> "Database":
        """Start a server of its own for it.

        Args:
            scheme: Which one.
            options: Settings of its configuration.
        """
        if scheme == "postgresql":
            return cls(scheme, postgresql.PostgreSQLServer(**options))
        return cls(scheme, mariadb.MariaDBServer(**options))

    def url(
        self,
        *,
        user: str = postgresql.USER,
        password: str = postgresql.PASSWORD,
        host: str = "127.0.0.1",
        database: str = "cyclone",
        **parameters: str,
    ) -> str:
        """Return its URL.

        Args:
            user: Who connects.
            password: The password.
            host: Name or address of the server.
            database: Name of the database.
            parameters: Those of the URL.
        """
        who = f"{quote(user)}:{quote(password, safe='')}"
        text = f"{self.scheme}://{who}@{host}:{self.server.port}/{database}"
        return f"{text}?{urlencode(parameters)}" if parameters else text

    def pool(self, **options: Any) -> SQLPool:  # noqa: ANN401 -- whatever it is
        """Return a pool of its connections.

        Args:
            options: Those of `connect`.
        """
        return connect(self.url(), **options)

    @property
    def sleep(self) -> str:
        """A statement that takes a while, which is its parameter in seconds."""
        return "SELECT pg_sleep(%s)" if self.scheme == "postgresql" else "SELECT SLEEP(%s)"

    @property
    def myself(self) -> str:
        """A statement that gives the number of the connection."""
        return (
            "SELECT pg_backend_pid()" if self.scheme == "postgresql" else "SELECT CONNECTION_ID()"
        )

    def end(self, pool: SQLPool, number: int) -> Deferred[None]:
        """End a connection from the server's side.

        Args:
            pool: Through which it is said.
            number: The connection.
        """
        if self.scheme == "postgresql":
            return pool.runOperation("SELECT pg_terminate_backend(%s)", [number])
        return pool.runOperation("KILL %s", [number])


async def tables_of(pool: SQLPool, **tables: str) -> None:
    """Make empty tables.

    Args:
        pool: Where.
        tables: Their columns.
    """
    for name, columns in tables.items():
        await pool.runOperation(f"DROP TABLE IF EXISTS {name}")
        await pool.runOperation(f"CREATE TABLE {name} ({columns})")
