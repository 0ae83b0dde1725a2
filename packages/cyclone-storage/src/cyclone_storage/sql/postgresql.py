"""PostgreSQL by psycopg 3, whose libpq reads the URL."""

import os
import socket
import ssl
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from twisted.logger import Logger

from cyclone_storage.errors import InvalidURL
from cyclone_storage.sql.drivers import Attached, load
from cyclone_storage.sql.errors import TransactionAborted

__all__ = ["PostgreSQL"]

_log: Final = Logger()

_PORTS: Final = 1 << 16
# The arguments of `psycopg.connect` that are not libpq's.
_OWN: Final = frozenset(
    {"autocommit", "context", "cursor_factory", "prepare_threshold", "row_factory"}
)

# Only these modes look at the server's certificate; `verify-ca` takes it from any host.
_VERIFIED: Final = frozenset({"verify-ca", "verify-full"})


class PostgreSQL:
    """How to connect to a PostgreSQL server.

    Attributes:
        shown: The database as it may be shown: without user and password.
    """

    def __init__(
        self,
        url: str,
        *,
        connect_timeout: float,
        statement_timeout: float | None,
        tls: bool | str | None,
        options: Mapping[str, object],
    ) -> None:
        """Read the URL.

        Args:
            url: `postgresql://` or `postgres://`; its parameters are libpq's.
            connect_timeout: Seconds for making a connection.
            statement_timeout: Seconds after which the server gives a statement up; None: never.
            tls: True or the path of the CAs' certificates: a verified server only.
            options: Further arguments of `psycopg.connect`.

        Raises:
            InvalidURL: libpq does not understand it.
            MissingDriver: psycopg is not installed.
        """
        self._psycopg = load("psycopg", "postgresql", "PostgreSQL")
        self._idle = self._psycopg.pq.TransactionStatus.IDLE
        found = self._read(url)
        self.shown = _shown(found)
        if tls:
            found |= {"sslmode": "verify-full", "sslrootcert": _authorities(tls)}
        elif tls is not None:
            found |= {"sslmode": "disable"}
        if found.get("sslmode") == "require" and "sslrootcert" not in found:
            _log.warn(
                "{shown}: sslmode=require encrypts, but takes any certificate, an attacker's too; "
                "sslmode=verify-full, or tls=True, verifies it",
                shown=self.shown,
            )
        # libpq refuses fractions, and takes 0 for "no limit".
        found.setdefault("connect_timeout", max(1, round(connect_timeout)))
        self._check(options)
        self._arguments = {**found, **options, "autocommit": True}
        self._statement_timeout = statement_timeout

    def _check(self, options: Mapping[str, object]) -> None:
        for name in options.keys() - _OWN:
            try:
                self._psycopg.conninfo.make_conninfo(**{name: ""})
            except self._psycopg.ProgrammingError:
                raise TypeError(
                    f"driver_options has {name!r}, which psycopg.connect() does not know"
                ) from None

    def _read(self, url: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self._psycopg.conninfo.conninfo_to_dict(url)
        except (self._psycopg.Error, ValueError):
            found = {"port": "unknown"}
        # libpq looks at them when it connects; several hosts have several.
        ports = [port for port in str(found.get("port", "")).split(",") if port]
        if all(port.isascii() and port.isdigit() and 0 < int(port) < _PORTS for port in ports):
            return found
        # libpq quotes the URL, password and all, and hence is not quoted, nor shown as the cause.
        raise InvalidURL(
            "this is no URL of a PostgreSQL database: expected "
            "postgresql://user:password@host:port/database?parameter=value, where user and password "
            "are percent-encoded and a parameter is one of libpq's"
        )

    @property
    def module(self) -> ModuleType:
        """`psycopg`."""
        return self._psycopg

    def connect(self, attached: Attached) -> Any:  # noqa: ANN401 -- psycopg.Connection
        """Make a connection, on which each statement is a transaction of its own.

        Args:
            attached: Called with the socket.
        """
        connection = self._psycopg.connect(**self._arguments)
        attached(socket.socket(fileno=os.dup(connection.fileno())))
        if self._statement_timeout is not None:
            # Not by libpq's `options`: PgBouncer refuses them.
            milliseconds = str(max(1, round(self._statement_timeout * 1000)))
            setting = "SELECT set_config('statement_timeout', %s, false)"
            connection.execute(setting, [milliseconds])
        return connection

    def closed(self, connection: Any) -> bool:  # noqa: ANN401 -- as above
        """Tell, without asking the server, whether a connection is known to be unusable."""
        return bool(connection.closed)

    def ping(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """Ask the server for an answer."""
        connection.execute("")

    def single(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """Make each statement a transaction of its own."""
        if not connection.autocommit:
            connection.autocommit = True

    def several(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """Make one transaction of all statements; psycopg tells the server with the first one."""
        connection.autocommit = False

    def begin(self, connection: Any, modes: str = "") -> None:  # noqa: ANN401 -- as above
        """Begin a transaction, with a statement: psycopg would begin another one after its end.

        Args:
            connection: The connection.
            modes: What `SET TRANSACTION` is to say of it.
        """
        connection.execute(f"BEGIN {modes}", prepare=False)

    def inside(self, connection: Any) -> bool:  # noqa: ANN401 -- as above
        """Tell, without asking the server, whether a transaction is open."""
        return bool(connection.pgconn.transaction_status != self._idle)

    def unsettled(self, connection: Any) -> str | None:  # noqa: ANN401 -- as above
        """Tell, without asking the server, what would make others lose what they write."""
        if self.inside(connection):
            return "a transaction open"
        return None if connection.autocommit else "autocommit off"

    def ask(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """Do nothing: the server says it with each answer."""

    def commit(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """End a transaction well.

        Raises:
            TransactionAborted: A statement of it has failed.
        """
        # The server answers COMMIT with success then, although it rolls back.
        if connection.info.transaction_status == self._psycopg.pq.TransactionStatus.INERROR:
            raise TransactionAborted(
                "a statement of this transaction has failed, after which PostgreSQL keeps nothing of "
                "it: all of it is rolled back. Let the exception leave the transaction, or put the "
                "statement between SAVEPOINT and ROLLBACK TO SAVEPOINT"
            )
        connection.commit()


def _shown(found: Mapping[str, Any]) -> str:
    host, port = found.get("host", "localhost"), found.get("port", "5432")
    return f"postgresql://{host}:{port}/{found.get('dbname', '')}"


def _authorities(tls: bool | str) -> str:
    if isinstance(tls, str):
        return tls
    # libpq's own "system" is missing before version 16, and is the place of a build machine in the
    # binary that pip brings.
    return ssl.get_default_verify_paths().cafile or "system"
