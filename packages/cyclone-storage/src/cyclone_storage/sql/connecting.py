"""From a URL to a pool."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from cyclone_storage.errors import InvalidURL
from cyclone_storage.sql.drivers import Driver
from cyclone_storage.sql.lease import LeaseSettings
from cyclone_storage.sql.mysql import MySQL
from cyclone_storage.sql.pool import SQLPool
from cyclone_storage.sql.postgresql import PostgreSQL

__all__ = ["connect"]

_DRIVERS: Final[Mapping[str, Callable[..., Driver]]] = MappingProxyType(
    {"postgresql": PostgreSQL, "postgres": PostgreSQL, "mysql": MySQL, "mariadb": MySQL}
)
_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


def connect(
    url: str,
    *,
    min_size: int = 1,
    max_size: int = 10,
    max_waiting: int = 1000,
    wait_timeout: float = 30.0,
    connect_timeout: float = 10.0,
    statement_timeout: float | None = 60.0,
    ping_after: float = 30.0,
    max_idle: float = 300.0,
    tls: bool | str | None = None,
    on_connect: Callable[[Any], object] | None = None,
    driver_options: Mapping[str, object] = _NOTHING,
    reactor: Any = None,  # noqa: ANN401 -- several interfaces of zope
) -> SQLPool:
    """Make a pool of connections to an SQL database.

    Nothing is connected yet: the first use does that, or `await pool.ready()`.

    Args:
        url: `postgresql://user:password@host:port/database` or `mysql://…`; also `postgres://` and
            `mariadb://`. User and password are percent-encoded. The parameters of the former are
            libpq's (`sslmode`, `sslrootcert`, `host` for a Unix socket, …); those of the latter are
            `ssl_mode`, `ssl_ca`, `ssl_cert`, `ssl_key`, `unix_socket`, `charset`, `collation`,
            `init_command`, `program_name` and `sql_mode`.
        min_size: How many connections stay open once they are made, however long they are idle.
        max_size: How many connections there may be, and threads to use them.
        max_waiting: How many callers may wait for one; more are refused at once with PoolFull.
        wait_timeout: Seconds that they wait, then they get PoolTimeout.
        connect_timeout: Seconds for making a connection.
        statement_timeout: Seconds after which the server gives a statement up with an error of its
            own (MySQL, but not MariaDB, only SELECT). If it does not answer at all, the connection is
            cut 2 s later, with StatementTimeout. None: neither is done.
        ping_after: Seconds without use after which a connection is asked whether it lives before it
            is used; one that the server has closed is noticed without asking. 0: always.
        max_idle: Seconds without use after which connections beyond `min_size` are closed.
        tls: True: encrypted, and the server's certificate verified by the system's CAs and for the
            host's name; a path: by the CAs of this file; False: never encrypted; None: as the URL
            says. A Unix socket needs none.
        on_connect: Called in a thread with each new connection of the driver.
        driver_options: Further arguments of the driver's `connect`, such as psycopg's `row_factory`
            or PyMySQL's `cursorclass`.
        reactor: The reactor; None: the installed one.

    Returns:
        The pool.

    Raises:
        InvalidURL: The URL does not say where a database is.
        MissingDriver: The driver is not installed; the message is the command that installs it.
        ValueError: A number makes no sense.
    """
    _check_sizes(min_size, max_size, max_waiting)
    _check_seconds(
        wait_timeout=wait_timeout,
        connect_timeout=connect_timeout,
        statement_timeout=statement_timeout,
        max_idle=max_idle,
    )
    driver = _driver_of(url)(
        url,
        connect_timeout=connect_timeout,
        statement_timeout=statement_timeout,
        tls=tls,
        options=driver_options,
    )
    if reactor is None:
        from twisted.internet import reactor
    return SQLPool(
        LeaseSettings(driver, on_connect, connect_timeout, statement_timeout, ping_after),
        min_size=min_size,
        max_size=max_size,
        max_waiting=max_waiting,
        wait_timeout=wait_timeout,
        max_idle=max_idle,
        reactor=reactor,
    )


def _check_sizes(min_size: int, max_size: int, max_waiting: int) -> None:
    if not 0 <= min_size <= max_size or max_size < 1 or max_waiting < 0:
        raise ValueError(
            "0 <= min_size <= max_size, 1 <= max_size and 0 <= max_waiting are needed; got "
            f"min_size={min_size}, max_size={max_size}, max_waiting={max_waiting}"
        )


def _check_seconds(**found: float | None) -> None:
    for name, seconds in found.items():
        if seconds is not None and seconds <= 0:
            raise ValueError(f"{name} is {seconds} s; it has to be more than 0")


def _driver_of(url: str) -> Callable[..., Driver]:
    scheme = url.partition("://")[0].lower()
    if scheme not in _DRIVERS:
        raise InvalidURL(
            f"an SQL database's URL begins with one of {', '.join(f'{each}://' for each in _DRIVERS)}"
        )
    return _DRIVERS[scheme]
