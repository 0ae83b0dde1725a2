"""From a URL to a pool."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from cyclone_storage.errors import InvalidURL
from cyclone_storage.sql.checks import check_arguments, check_seconds, check_sizes
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
        TypeError, ValueError: An argument is of the wrong type, unknown to the driver, or senseless.
    """
    check_sizes(min_size, max_size, max_waiting)
    check_seconds("wait_timeout", wait_timeout)
    check_seconds("connect_timeout", connect_timeout)
    check_seconds("max_idle", max_idle)
    check_seconds("ping_after", ping_after, zero=True)
    if statement_timeout is not None:
        check_seconds("statement_timeout", statement_timeout)
    check_arguments(tls, on_connect, driver_options)
    make, url = _read(url)
    driver = make(
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


def _read(url: str) -> tuple[Callable[..., Driver], str]:
    """Return what speaks with the database of a URL, and the URL with its scheme in small letters."""
    if not isinstance(url, str):
        raise TypeError(f"the URL of an SQL database has to be a str, not {type(url).__name__}")
    scheme, colon, rest = url.partition("://")
    scheme = scheme.lower()
    if not colon or scheme not in _DRIVERS:
        raise InvalidURL(
            f"an SQL database's URL begins with one of {', '.join(f'{each}://' for each in _DRIVERS)}"
        )
    # What is behind a "/" or "?" of a password would be shown as a database or a parameter. Nothing is
    # quoted, as it may be a part of the password.
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    if rest.count("@") > 1 or ("@" in rest and "@" not in authority) or "#" in rest:
        raise InvalidURL(
            f"the URL {scheme}://... of an SQL database has a '#', or an '@' that does not stand between "
            "user:password and the host: '@', '/', '?', '#' and '%' are percent-encoded elsewhere "
            '(urllib.parse.quote(password, safe=""))'
        )
    if any(letter <= " " or letter == "\x7f" for letter in rest):
        raise InvalidURL(
            f"the URL {scheme}://... of an SQL database has a space or a control character, which are "
            "percent-encoded"
        )
    return _DRIVERS[scheme], f"{scheme}://{rest}"
