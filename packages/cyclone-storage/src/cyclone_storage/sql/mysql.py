"""MySQL and MariaDB by PyMySQL."""

import os
import socket
import ssl
import struct
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from twisted.logger import Logger

from cyclone_storage.errors import InvalidURL
from cyclone_storage.sql.drivers import Attached, load

__all__ = ["MySQL"]

_log: Final = Logger()

_PORT: Final = 3306
_CANNOT_CONNECT: Final = 2003
_NO_HANDSHAKE: Final = 2012
# SERVER_STATUS_IN_TRANS, which the server says with each answer but a table of rows.
_IN_TRANSACTION: Final = 1
# What PyMySQL raises when it reads something else than the protocol. Not RuntimeError, by which it tells
# that the server asks for a password in a way that needs the `cryptography` package.
_MISREADING: Final = (
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    struct.error,
)
_ABOUT_TLS: Final = frozenset({"ssl_ca", "ssl_cert", "ssl_key", "ssl_mode"})
# Not among them: local_infile, by which a server reads the files of its client.
_PASSED_ON: Final = frozenset({"charset", "collation", "init_command", "program_name", "sql_mode"})
_PARAMETERS: Final = sorted({*_ABOUT_TLS, *_PASSED_ON, "unix_socket"})
_MODES: Final = ("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")


class MySQL:
    """How to connect to a MySQL or MariaDB server.

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
            url: `mysql://` or `mariadb://`; its parameters are named as PyMySQL's arguments.
            connect_timeout: Seconds for making a connection.
            statement_timeout: Seconds after which the server gives a statement up; None: never.
            tls: True or the path of the CAs' certificates: a verified server only.
            options: Further arguments of `pymysql.connect`.

        Raises:
            InvalidURL: It does not say where the database is.
            MissingDriver: PyMySQL is not installed.
        """
        self._pymysql = load("pymysql", "mysql", "MySQL or MariaDB")
        parts, port = _split(url)
        parameters = _parameters(parts.query)
        self._path = parameters.pop("unix_socket", None)
        self._place = (parts.hostname or "localhost", port)
        database = unquote(parts.path[1:])
        self.shown = _shown(parts.scheme, self._path, self._place, database)
        self._connect_timeout = connect_timeout
        self._statement_timeout = statement_timeout
        context = _context(parameters, tls, self.shown)
        self._arguments = {
            "host": self._place[0],
            "port": port,
            "user": unquote(parts.username) if parts.username else None,
            # PyMySQL would make Latin-1 of a string, which no server expects.
            "password": unquote(parts.password or "").encode(),
            "database": database or None,
            **({"ssl": context} if context else {"ssl_disabled": context is False}),
            **{name: parameters[name] for name in _PASSED_ON & parameters.keys()},
            **options,
            "autocommit": True,
            "defer_connect": True,
        }
        try:
            self._made()  # it connects with nothing
        except (LookupError, AttributeError, TypeError, ValueError) as error:
            raise TypeError(
                "a parameter of the URL or of driver_options is not one that pymysql.connect() takes: "
                f"{type(error).__name__}: {error}"
            ) from None

    @property
    def module(self) -> ModuleType:
        """`pymysql`."""
        return self._pymysql

    def connect(self, attached: Attached) -> Any:  # noqa: ANN401 -- pymysql.Connection
        """Make a connection, on which each statement is a transaction of its own.

        The socket is ours: PyMySQL waits without end for a server that accepts and says nothing, and
        tells nobody its own.

        Args:
            attached: Called with the socket.
        """
        connection = self._made()
        try:
            peer = self._reach()
        except OSError as error:
            raise self._pymysql.err.OperationalError(
                _CANNOT_CONNECT, f"Can't connect to {self.shown} ({error})"
            ) from error
        peer.settimeout(None)  # that of reaching the server; the rest is bounded by the pool
        # TLS takes the first handle, so that a second one is what stays.
        attached(socket.socket(fileno=os.dup(peer.fileno())))
        try:
            connection.connect(peer)
        except (*_MISREADING, self._pymysql.err.InternalError) as error:
            peer.close()
            raise self._pymysql.err.OperationalError(
                _NO_HANDSHAKE, f"what {self.shown} says is not MySQL's protocol ({error})"
            ) from error
        except BaseException:
            peer.close()
            raise
        if self._statement_timeout is not None:
            self._limit(connection, self._statement_timeout)
        return connection

    def _made(self) -> Any:  # noqa: ANN401 -- as above
        if self._path is None:
            return self._pymysql.connect(**self._arguments)
        # Else it would not send a password in the clear where nobody else can read it, as it does on
        # the sockets that it makes itself.
        local = type("LocalConnection", (self._pymysql.connections.Connection,), {"_secure": True})
        return local(**{**self._arguments, "ssl": None, "ssl_disabled": True})

    def _reach(self) -> socket.socket:
        if self._path is None:
            peer = socket.create_connection(self._place, self._connect_timeout)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            return peer
        peer = socket.socket(socket.AF_UNIX)
        try:
            peer.settimeout(self._connect_timeout)
            peer.connect(self._path)
        except OSError:
            peer.close()
            raise
        return peer

    @staticmethod
    def _limit(connection: Any, seconds: float) -> None:  # noqa: ANN401 -- as above
        if "MariaDB" in connection.get_server_info():
            name, value = "max_statement_time", seconds
        else:  # MySQL's counts milliseconds, and only for SELECT
            name, value = "max_execution_time", max(1, round(seconds * 1000))
        with connection.cursor() as cursor:
            cursor.execute(f"SET SESSION {name} = %s", [value])

    def closed(self, connection: Any) -> bool:  # noqa: ANN401 -- as above
        """Tell, without asking the server, whether a connection is known to be unusable."""
        return not connection.open

    def ping(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """Ask the server for an answer."""
        connection.ping(reconnect=False)

    def single(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """Make each statement a transaction of its own."""
        if not connection.get_autocommit():
            connection.autocommit(True)

    def several(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """Make one transaction of all statements until `commit`."""
        connection.begin()

    def begin(self, connection: Any, modes: str = "") -> None:  # noqa: ANN401 -- as above
        """Begin a transaction.

        Args:
            connection: The connection.
            modes: What `SET TRANSACTION`, which here comes before it, is to say of it.
        """
        if modes:
            with connection.cursor() as cursor:
                cursor.execute(f"SET TRANSACTION {modes}")
        connection.begin()

    def inside(self, connection: Any) -> bool:  # noqa: ANN401 -- as above
        """Tell, without asking the server, whether a transaction is open."""
        return bool(connection.server_status & _IN_TRANSACTION)

    def unsettled(self, connection: Any) -> str | None:  # noqa: ANN401 -- as above
        """Tell, without asking the server, what would make others lose what they write."""
        if self.inside(connection):
            return "a transaction open"
        return None if connection.get_autocommit() else "autocommit off"

    def ask(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """Learn whether a transaction is still open: an error does not tell, the next answer does."""
        connection.ping(reconnect=False)

    def commit(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """End a transaction well."""
        connection.commit()


def _split(url: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(url)
        port = _PORT if parts.port is None else parts.port
        if not port or "/" in parts.path[1:]:
            raise ValueError  # noqa: TRY301 -- the same for all of them
    except ValueError:  # it quotes the URL, password and all
        raise InvalidURL(
            "this is no URL of a MySQL database: expected mysql://user:password@host:port/database, "
            "where user and password are percent-encoded"
        ) from None
    return parts, port


def _parameters(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    found = dict(pairs)
    if len(found) < len(pairs) or not all(found.values()):
        raise InvalidURL("in the URL of a MySQL database a parameter is empty, or there twice")
    for name in found:
        if name not in _PARAMETERS:
            raise InvalidURL(
                f"unknown parameter {name!r} in the URL of a MySQL database; "
                f"there are {', '.join(_PARAMETERS)}"
            )
    return found


def _shown(scheme: str, path: str | None, place: tuple[str, int], database: str) -> str:
    if path is not None:
        return f"{scheme}:///{database}?unix_socket={path}"
    host, port = place
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/{database}"


def _context(
    parameters: Mapping[str, str], tls: bool | str | None, shown: str
) -> ssl.SSLContext | Literal[False] | None:
    """Return how TLS is used: the context, False for not at all, None if only where it is offered."""
    mode = parameters.get("ssl_mode", "").upper()
    authorities = tls if isinstance(tls, str) else parameters.get("ssl_ca")
    if mode and mode not in _MODES:
        raise InvalidURL(f"unknown ssl_mode {mode!r}; there are {', '.join(_MODES)}")
    if tls is False or (mode == "DISABLED" and not tls):
        return False
    if not tls:
        if not mode and not _ABOUT_TLS & parameters.keys():
            return None
        if mode == "PREFERRED":
            return None
    try:
        context = ssl.create_default_context(cafile=authorities)
        if "ssl_cert" in parameters:
            context.load_cert_chain(parameters["ssl_cert"], parameters.get("ssl_key"))
    except OSError as error:  # ssl.SSLError is one, too; neither names the file
        files = [authorities, parameters.get("ssl_cert"), parameters.get("ssl_key")]
        names = ", ".join(name for name in files if name)
        raise InvalidURL(f"{shown}: of the files {names}, one cannot be read: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not tls and mode in {"REQUIRED", "VERIFY_CA"}:
        context.check_hostname = False
        if mode == "REQUIRED":
            context.verify_mode = ssl.CERT_NONE
        _log.warn(
            "{shown}: ssl_mode={mode} takes the certificate of another host, an attacker's too; "
            "ssl_mode=VERIFY_IDENTITY, or tls=True, does not",
            shown=shown,
            mode=mode,
        )
    return context
