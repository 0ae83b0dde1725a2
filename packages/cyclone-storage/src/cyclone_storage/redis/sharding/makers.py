"""The classic makers of pools over several servers: at once, or as a Deferred when complete."""

# Their parameters and the order of these are cyclone 1.x's, with `ssl_context_factory` and `username`
# of txredisapi behind; so are their names.
# ruff: noqa: ANN401, N802, N803

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cyclone_storage.redis.making import (
    Options,
    listed,
    make_tcp,
    make_unix,
    sharded,
    sharded_complete,
    split_host,
)
from cyclone_storage.redis.sharding.handler import (
    ShardedConnectionHandler,
    ShardedUnixConnectionHandler,
)

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

__all__ = [
    "ShardedConnection",
    "ShardedConnectionPool",
    "ShardedUnixConnection",
    "ShardedUnixConnectionPool",
    "lazyShardedConnection",
    "lazyShardedConnectionPool",
    "lazyShardedUnixConnection",
    "lazyShardedUnixConnectionPool",
]


def ShardedConnection(
    hosts: Sequence[str],
    dbid: int | None = None,
    reconnect: bool = True,
    charset: str | None = "utf-8",
    password: str | None = None,
    connectTimeout: float | None = None,
    replyTimeout: float | None = None,
    convertNumbers: bool = True,
    ssl_context_factory: Any = False,
    username: str | None = None,
) -> "Deferred[ShardedConnectionHandler]":
    """Make one connection to each of several servers.

    Args:
        hosts: The servers, each as `host:port` (`[address]:port` for IPv6).
        dbid: The number of the database to select; the server's default if None.
        reconnect: Whether lost connections are made again.
        charset: By what text is encoded and replies are decoded; None for bytes.
        password: The password to authenticate with.
        connectTimeout: Seconds that one attempt to connect may take; 10 if None.
        replyTimeout: Seconds after which a connection is given up that does not answer; None: never.
        convertNumbers: Whether replies that look like a number become one.
        ssl_context_factory: True for TLS that verifies the servers by the system's authorities;
            `functools.partial(client_tls, ca_certs=PATH)` by others; or what makes TLS contexts.
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
    factories = [
        make_tcp(*split_host(each), options, ssl_context_factory) for each in listed(hosts)
    ]
    return sharded_complete(ShardedConnectionHandler, factories)


def lazyShardedConnection(
    hosts: Sequence[str],
    dbid: int | None = None,
    reconnect: bool = True,
    charset: str | None = "utf-8",
    password: str | None = None,
    connectTimeout: float | None = None,
    replyTimeout: float | None = None,
    convertNumbers: bool = True,
    ssl_context_factory: Any = False,
    username: str | None = None,
) -> ShardedConnectionHandler:
    """Make one connection to each of several servers, at once.

    Args:
        hosts: The servers, each as `host:port` (`[address]:port` for IPv6).
        dbid: The number of the database to select; the server's default if None.
        reconnect: Whether lost connections are made again.
        charset: By what text is encoded and replies are decoded; None for bytes.
        password: The password to authenticate with.
        connectTimeout: Seconds that one attempt to connect may take; 10 if None.
        replyTimeout: Seconds after which a connection is given up that does not answer; None: never.
        convertNumbers: Whether replies that look like a number become one.
        ssl_context_factory: True for TLS that verifies the servers by the system's authorities;
            `functools.partial(client_tls, ca_certs=PATH)` by others; or what makes TLS contexts.
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
    factories = [
        make_tcp(*split_host(each), options, ssl_context_factory) for each in listed(hosts)
    ]
    return sharded(ShardedConnectionHandler, factories)


def ShardedConnectionPool(
    hosts: Sequence[str],
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
) -> "Deferred[ShardedConnectionHandler]":
    """Make a pool of connections to each of several servers.

    Args:
        hosts: The servers, each as `host:port` (`[address]:port` for IPv6).
        dbid: The number of the database to select; the server's default if None.
        poolsize: Connections to keep to each.
        reconnect: Whether lost connections are made again.
        charset: By what text is encoded and replies are decoded; None for bytes.
        password: The password to authenticate with.
        connectTimeout: Seconds that one attempt to connect may take; 10 if None.
        replyTimeout: Seconds after which a connection is given up that does not answer; None: never.
        convertNumbers: Whether replies that look like a number become one.
        ssl_context_factory: True for TLS that verifies the servers by the system's authorities;
            `functools.partial(client_tls, ca_certs=PATH)` by others; or what makes TLS contexts.
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
    factories = [
        make_tcp(*split_host(each), options, ssl_context_factory) for each in listed(hosts)
    ]
    return sharded_complete(ShardedConnectionHandler, factories)


def lazyShardedConnectionPool(
    hosts: Sequence[str],
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
) -> ShardedConnectionHandler:
    """Make a pool of connections to each of several servers, at once.

    Args:
        hosts: The servers, each as `host:port` (`[address]:port` for IPv6).
        dbid: The number of the database to select; the server's default if None.
        poolsize: Connections to keep to each.
        reconnect: Whether lost connections are made again.
        charset: By what text is encoded and replies are decoded; None for bytes.
        password: The password to authenticate with.
        connectTimeout: Seconds that one attempt to connect may take; 10 if None.
        replyTimeout: Seconds after which a connection is given up that does not answer; None: never.
        convertNumbers: Whether replies that look like a number become one.
        ssl_context_factory: True for TLS that verifies the servers by the system's authorities;
            `functools.partial(client_tls, ca_certs=PATH)` by others; or what makes TLS contexts.
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
    factories = [
        make_tcp(*split_host(each), options, ssl_context_factory) for each in listed(hosts)
    ]
    return sharded(ShardedConnectionHandler, factories)


def ShardedUnixConnection(
    paths: Sequence[str],
    dbid: int | None = None,
    reconnect: bool = True,
    charset: str | None = "utf-8",
    password: str | None = None,
    connectTimeout: float | None = None,
    replyTimeout: float | None = None,
    convertNumbers: bool = True,
    username: str | None = None,
) -> "Deferred[ShardedUnixConnectionHandler]":
    """Make one connection to each of several Unix sockets.

    Args:
        paths: The paths of the servers' sockets.
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
    factories = [make_unix(each, options) for each in listed(paths)]
    return sharded_complete(ShardedUnixConnectionHandler, factories)


def lazyShardedUnixConnection(
    paths: Sequence[str],
    dbid: int | None = None,
    reconnect: bool = True,
    charset: str | None = "utf-8",
    password: str | None = None,
    connectTimeout: float | None = None,
    replyTimeout: float | None = None,
    convertNumbers: bool = True,
    username: str | None = None,
) -> ShardedUnixConnectionHandler:
    """Make one connection to each of several Unix sockets, at once.

    Args:
        paths: The paths of the servers' sockets.
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
    factories = [make_unix(each, options) for each in listed(paths)]
    return sharded(ShardedUnixConnectionHandler, factories)


def ShardedUnixConnectionPool(
    paths: Sequence[str],
    dbid: int | None = None,
    poolsize: int = 10,
    reconnect: bool = True,
    charset: str | None = "utf-8",
    password: str | None = None,
    connectTimeout: float | None = None,
    replyTimeout: float | None = None,
    convertNumbers: bool = True,
    username: str | None = None,
) -> "Deferred[ShardedUnixConnectionHandler]":
    """Make a pool of connections to each of several Unix sockets.

    Args:
        paths: The paths of the servers' sockets.
        dbid: The number of the database to select; the server's default if None.
        poolsize: Connections to keep to each.
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
    factories = [make_unix(each, options) for each in listed(paths)]
    return sharded_complete(ShardedUnixConnectionHandler, factories)


def lazyShardedUnixConnectionPool(
    paths: Sequence[str],
    dbid: int | None = None,
    poolsize: int = 10,
    reconnect: bool = True,
    charset: str | None = "utf-8",
    password: str | None = None,
    connectTimeout: float | None = None,
    replyTimeout: float | None = None,
    convertNumbers: bool = True,
    username: str | None = None,
) -> ShardedUnixConnectionHandler:
    """Make a pool of connections to each of several Unix sockets, at once.

    Args:
        paths: The paths of the servers' sockets.
        dbid: The number of the database to select; the server's default if None.
        poolsize: Connections to keep to each.
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
    factories = [make_unix(each, options) for each in listed(paths)]
    return sharded(ShardedUnixConnectionHandler, factories)
