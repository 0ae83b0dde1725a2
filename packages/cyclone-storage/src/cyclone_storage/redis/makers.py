"""The classic makers of pools: each returns a pool, or a Deferred of one that is complete."""

# Their parameters and the order of these are cyclone 1.x's, with `ssl_context_factory` and `username`
# of txredisapi behind; so are their names.
# ruff: noqa: ANN401, N802, N803

from typing import TYPE_CHECKING, Any

from cyclone_storage.redis.making import Options, complete, lazy, make_tcp, make_unix
from cyclone_storage.redis.pool.handler import ConnectionHandler, UnixConnectionHandler

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

__all__ = [
    "Connection",
    "ConnectionPool",
    "UnixConnection",
    "UnixConnectionPool",
    "lazyConnection",
    "lazyConnectionPool",
    "lazyUnixConnection",
    "lazyUnixConnectionPool",
]


def Connection(
    host: str = "localhost",
    port: int = 6379,
    dbid: int | None = None,
    reconnect: bool = True,
    charset: str | None = "utf-8",
    password: str | None = None,
    connectTimeout: float | None = None,
    replyTimeout: float | None = None,
    convertNumbers: bool = True,
    ssl_context_factory: Any = False,
    username: str | None = None,
) -> "Deferred[ConnectionHandler]":
    """Make one connection to a server.

    Args:
        host: The name or address of the server.
        port: Its port.
        dbid: The number of the database to select; the server's default if None.
        reconnect: Whether lost connections are made again.
        charset: By what text is encoded and replies are decoded; None for bytes.
        password: The password to authenticate with.
        connectTimeout: Seconds that one attempt to connect may take; 10 if None.
        replyTimeout: Seconds after which a connection is given up that does not answer; None: never.
        convertNumbers: Whether replies that look like a number become one.
        ssl_context_factory: True for TLS that verifies the server by the system's authorities;
            `client_tls(host, ca_certs=PATH)` by others; or another that makes TLS contexts.
        username: Whose password it is (ACLs of Redis 6); the default user if None.

    Returns:
        A Deferred of the pool that fires when all its connections can be used, and fails when
        they cannot be: AuthenticationError, NotConnected (`reconnect=False`) or, after
        `replyTimeout` or 30 seconds, WaitTimeout.

    Raises:
        ValueError: An argument is out of its range.
        TypeError: An argument is not of its kind.
    """
    options = Options(
        dbid,
        1,
        reconnect,
        charset,
        password,
        connectTimeout,
        replyTimeout,
        convertNumbers,
        username,
    )
    return complete(make_tcp(host, port, options, ssl_context_factory))


def lazyConnection(
    host: str = "localhost",
    port: int = 6379,
    dbid: int | None = None,
    reconnect: bool = True,
    charset: str | None = "utf-8",
    password: str | None = None,
    connectTimeout: float | None = None,
    replyTimeout: float | None = None,
    convertNumbers: bool = True,
    ssl_context_factory: Any = False,
    username: str | None = None,
) -> ConnectionHandler:
    """Make one connection to a server, at once.

    Args:
        host: The name or address of the server.
        port: Its port.
        dbid: The number of the database to select; the server's default if None.
        reconnect: Whether lost connections are made again.
        charset: By what text is encoded and replies are decoded; None for bytes.
        password: The password to authenticate with.
        connectTimeout: Seconds that one attempt to connect may take; 10 if None.
        replyTimeout: Seconds after which a connection is given up that does not answer; None: never.
        convertNumbers: Whether replies that look like a number become one.
        ssl_context_factory: True for TLS that verifies the server by the system's authorities;
            `client_tls(host, ca_certs=PATH)` by others; or another that makes TLS contexts.
        username: Whose password it is (ACLs of Redis 6); the default user if None.

    Returns:
        The pool; its commands wait until there is a connection.

    Raises:
        ValueError: An argument is out of its range.
        TypeError: An argument is not of its kind.
    """
    options = Options(
        dbid,
        1,
        reconnect,
        charset,
        password,
        connectTimeout,
        replyTimeout,
        convertNumbers,
        username,
    )
    handler: ConnectionHandler = lazy(make_tcp(host, port, options, ssl_context_factory))
    return handler


def ConnectionPool(
    host: str = "localhost",
    port: int = 6379,
    dbid: int | None = None,
    poolsize: int = 10,
    reconnect: bool = True,
    charset: str | None = "utf-8",
    password: str | None = None,
    connectTimeout: float | None = None,
    replyTimeout: float | None = None,
    convertNumbers: bool = True,
    ssl_context_factory: Any = False,
    username: str | None = None,
) -> "Deferred[ConnectionHandler]":
    """Make a pool of connections to a server.

    Args:
        host: The name or address of the server.
        port: Its port.
        dbid: The number of the database to select; the server's default if None.
        poolsize: Connections to keep.
        reconnect: Whether lost connections are made again.
        charset: By what text is encoded and replies are decoded; None for bytes.
        password: The password to authenticate with.
        connectTimeout: Seconds that one attempt to connect may take; 10 if None.
        replyTimeout: Seconds after which a connection is given up that does not answer; None: never.
        convertNumbers: Whether replies that look like a number become one.
        ssl_context_factory: True for TLS that verifies the server by the system's authorities;
            `client_tls(host, ca_certs=PATH)` by others; or another that makes TLS contexts.
        username: Whose password it is (ACLs of Redis 6); the default user if None.

    Returns:
        A Deferred of the pool that fires when all its connections can be used, and fails when
        they cannot be: AuthenticationError, NotConnected (`reconnect=False`) or, after
        `replyTimeout` or 30 seconds, WaitTimeout.

    Raises:
        ValueError: An argument is out of its range.
        TypeError: An argument is not of its kind.
    """
    options = Options(
        dbid,
        poolsize,
        reconnect,
        charset,
        password,
        connectTimeout,
        replyTimeout,
        convertNumbers,
        username,
    )
    return complete(make_tcp(host, port, options, ssl_context_factory))


def lazyConnectionPool(
    host: str = "localhost",
    port: int = 6379,
    dbid: int | None = None,
    poolsize: int = 10,
    reconnect: bool = True,
    charset: str | None = "utf-8",
    password: str | None = None,
    connectTimeout: float | None = None,
    replyTimeout: float | None = None,
    convertNumbers: bool = True,
    ssl_context_factory: Any = False,
    username: str | None = None,
) -> ConnectionHandler:
    """Make a pool of connections to a server, at once.

    Args:
        host: The name or address of the server.
        port: Its port.
        dbid: The number of the database to select; the server's default if None.
        poolsize: Connections to keep.
        reconnect: Whether lost connections are made again.
        charset: By what text is encoded and replies are decoded; None for bytes.
        password: The password to authenticate with.
        connectTimeout: Seconds that one attempt to connect may take; 10 if None.
        replyTimeout: Seconds after which a connection is given up that does not answer; None: never.
        convertNumbers: Whether replies that look like a number become one.
        ssl_context_factory: True for TLS that verifies the server by the system's authorities;
            `client_tls(host, ca_certs=PATH)` by others; or another that makes TLS contexts.
        username: Whose password it is (ACLs of Redis 6); the default user if None.

    Returns:
        The pool; its commands wait until there is a connection.

    Raises:
        ValueError: An argument is out of its range.
        TypeError: An argument is not of its kind.
    """
    options = Options(
        dbid,
        poolsize,
        reconnect,
        charset,
        password,
        connectTimeout,
        replyTimeout,
        convertNumbers,
        username,
    )
    handler: ConnectionHandler = lazy(make_tcp(host, port, options, ssl_context_factory))
    return handler


def UnixConnection(
    path: str = "/tmp/redis.sock",  # noqa: S108 -- the classic default
    dbid: int | None = None,
    reconnect: bool = True,
    charset: str | None = "utf-8",
    password: str | None = None,
    connectTimeout: float | None = None,
    replyTimeout: float | None = None,
    convertNumbers: bool = True,
    username: str | None = None,
) -> "Deferred[UnixConnectionHandler]":
    """Make one connection to a Unix socket.

    Args:
        path: The path of the server's socket.
        dbid: The number of the database to select; the server's default if None.
        reconnect: Whether lost connections are made again.
        charset: By what text is encoded and replies are decoded; None for bytes.
        password: The password to authenticate with.
        connectTimeout: Seconds that one attempt to connect may take; 10 if None.
        replyTimeout: Seconds after which a connection is given up that does not answer; None: never.
        convertNumbers: Whether replies that look like a number become one.
        username: Whose password it is (ACLs of Redis 6); the default user if None.

    Returns:
        A Deferred of the pool that fires when all its connections can be used, and fails when
        they cannot be: AuthenticationError, NotConnected (`reconnect=False`) or, after
        `replyTimeout` or 30 seconds, WaitTimeout.

    Raises:
        ValueError: An argument is out of its range.
        TypeError: An argument is not of its kind.
    """
    options = Options(
        dbid,
        1,
        reconnect,
        charset,
        password,
        connectTimeout,
        replyTimeout,
        convertNumbers,
        username,
    )
    return complete(make_unix(path, options))


def lazyUnixConnection(
    path: str = "/tmp/redis.sock",  # noqa: S108 -- the classic default
    dbid: int | None = None,
    reconnect: bool = True,
    charset: str | None = "utf-8",
    password: str | None = None,
    connectTimeout: float | None = None,
    replyTimeout: float | None = None,
    convertNumbers: bool = True,
    username: str | None = None,
) -> UnixConnectionHandler:
    """Make one connection to a Unix socket, at once.

    Args:
        path: The path of the server's socket.
        dbid: The number of the database to select; the server's default if None.
        reconnect: Whether lost connections are made again.
        charset: By what text is encoded and replies are decoded; None for bytes.
        password: The password to authenticate with.
        connectTimeout: Seconds that one attempt to connect may take; 10 if None.
        replyTimeout: Seconds after which a connection is given up that does not answer; None: never.
        convertNumbers: Whether replies that look like a number become one.
        username: Whose password it is (ACLs of Redis 6); the default user if None.

    Returns:
        The pool; its commands wait until there is a connection.

    Raises:
        ValueError: An argument is out of its range.
        TypeError: An argument is not of its kind.
    """
    options = Options(
        dbid,
        1,
        reconnect,
        charset,
        password,
        connectTimeout,
        replyTimeout,
        convertNumbers,
        username,
    )
    handler: UnixConnectionHandler = lazy(make_unix(path, options))
    return handler


def UnixConnectionPool(
    path: str = "/tmp/redis.sock",  # noqa: S108 -- the classic default
    dbid: int | None = None,
    poolsize: int = 10,
    reconnect: bool = True,
    charset: str | None = "utf-8",
    password: str | None = None,
    connectTimeout: float | None = None,
    replyTimeout: float | None = None,
    convertNumbers: bool = True,
    username: str | None = None,
) -> "Deferred[UnixConnectionHandler]":
    """Make a pool of connections to a Unix socket.

    Args:
        path: The path of the server's socket.
        dbid: The number of the database to select; the server's default if None.
        poolsize: Connections to keep.
        reconnect: Whether lost connections are made again.
        charset: By what text is encoded and replies are decoded; None for bytes.
        password: The password to authenticate with.
        connectTimeout: Seconds that one attempt to connect may take; 10 if None.
        replyTimeout: Seconds after which a connection is given up that does not answer; None: never.
        convertNumbers: Whether replies that look like a number become one.
        username: Whose password it is (ACLs of Redis 6); the default user if None.

    Returns:
        A Deferred of the pool that fires when all its connections can be used, and fails when
        they cannot be: AuthenticationError, NotConnected (`reconnect=False`) or, after
        `replyTimeout` or 30 seconds, WaitTimeout.

    Raises:
        ValueError: An argument is out of its range.
        TypeError: An argument is not of its kind.
    """
    options = Options(
        dbid,
        poolsize,
        reconnect,
        charset,
        password,
        connectTimeout,
        replyTimeout,
        convertNumbers,
        username,
    )
    return complete(make_unix(path, options))


def lazyUnixConnectionPool(
    path: str = "/tmp/redis.sock",  # noqa: S108 -- the classic default
    dbid: int | None = None,
    poolsize: int = 10,
    reconnect: bool = True,
    charset: str | None = "utf-8",
    password: str | None = None,
    connectTimeout: float | None = None,
    replyTimeout: float | None = None,
    convertNumbers: bool = True,
    username: str | None = None,
) -> UnixConnectionHandler:
    """Make a pool of connections to a Unix socket, at once.

    Args:
        path: The path of the server's socket.
        dbid: The number of the database to select; the server's default if None.
        poolsize: Connections to keep.
        reconnect: Whether lost connections are made again.
        charset: By what text is encoded and replies are decoded; None for bytes.
        password: The password to authenticate with.
        connectTimeout: Seconds that one attempt to connect may take; 10 if None.
        replyTimeout: Seconds after which a connection is given up that does not answer; None: never.
        convertNumbers: Whether replies that look like a number become one.
        username: Whose password it is (ACLs of Redis 6); the default user if None.

    Returns:
        The pool; its commands wait until there is a connection.

    Raises:
        ValueError: An argument is out of its range.
        TypeError: An argument is not of its kind.
    """
    options = Options(
        dbid,
        poolsize,
        reconnect,
        charset,
        password,
        connectTimeout,
        replyTimeout,
        convertNumbers,
        username,
    )
    handler: UnixConnectionHandler = lazy(make_unix(path, options))
    return handler
