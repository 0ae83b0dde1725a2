"""What the classic makers have in common."""

# ruff: noqa: ANN401 -- endpoints and TLS contexts are of any class

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from twisted.internet.defer import Deferred, gatherResults
from twisted.python.failure import Failure

from cyclone_storage.redis.pool.endpoints import tcp_endpoint, unix_endpoint
from cyclone_storage.redis.pool.factory import RedisFactory
from cyclone_storage.redis.pool.handler import ConnectionHandler, UnixConnectionHandler

__all__ = [
    "Options",
    "complete",
    "lazy",
    "listed",
    "make_tcp",
    "make_unix",
    "sharded",
    "sharded_complete",
    "split_host",
]

H = TypeVar("H")


@dataclass(frozen=True, slots=True)
class Options:
    """What all makers take, in their order."""

    dbid: int | None
    poolsize: int
    reconnect: bool
    charset: str | None
    password: str | None
    connect_timeout: float | None
    reply_timeout: float | None
    convert_numbers: bool
    username: str | None

    def __repr__(self) -> str:
        """Return nothing of it: one is the password."""
        return "<options>"


def _make(uuid: str, options: Options, handler: type[ConnectionHandler]) -> RedisFactory:
    for name, value in [
        ("connectTimeout", options.connect_timeout),
        ("replyTimeout", options.reply_timeout),
    ]:
        if value is not None and not _is_number(value):
            raise TypeError(
                f"{name} must be seconds or None, not {value!r}; ssl_context_factory is given by its"
                " name, as cyclone 1.x had none"
            )
    factory = RedisFactory(
        uuid,
        options.dbid,
        options.poolsize,
        isLazy=False,
        handler=handler,
        charset=options.charset,
        password=options.password,
        replyTimeout=options.reply_timeout,
        convertNumbers=options.convert_numbers,
        username=options.username,
        setup_timeout=options.connect_timeout,
    )
    factory.reconnect = options.reconnect
    return factory


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_port(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**16


def make_tcp(host: str, port: int, options: Options, tls: Any) -> Callable[[bool], RedisFactory]:
    """Prepare a pool for a host.

    Args:
        host: Its name or address.
        port: The port.
        options: What the maker was given.
        tls: True, False, or what makes TLS.

    Returns:
        A function that begins to connect, and is told whether the program has the handler already.

    Raises:
        ValueError: The port is none.
        TypeError: Something is of a wrong type.
    """
    if not _is_port(port):
        raise ValueError(
            f"the port of a Redis server must be a number from 1 to 65535, not {port!r}"
        )
    factory = _make(f"{host}:{port}", options, ConnectionHandler)
    endpoint = tcp_endpoint(factory.clock, host, port, options.connect_timeout, tls)
    return lambda is_lazy: _start(factory, endpoint, is_lazy=is_lazy)


def make_unix(path: str, options: Options) -> Callable[[bool], RedisFactory]:
    """Prepare a pool for a Unix socket.

    Args:
        path: Its path.
        options: What the maker was given.

    Returns:
        A function that begins to connect, and is told whether the program has the handler already.

    Raises:
        TypeError: Something is of a wrong type.
    """
    factory = _make(path, options, UnixConnectionHandler)
    endpoint = unix_endpoint(factory.clock, path, options.connect_timeout)
    return lambda is_lazy: _start(factory, endpoint, is_lazy=is_lazy)


def _start(factory: RedisFactory, endpoint: Any, *, is_lazy: bool) -> RedisFactory:
    factory.isLazy = is_lazy
    factory.startConnecting(endpoint)
    return factory


def lazy(start: Callable[[bool], RedisFactory]) -> Any:
    """Begin to connect, and return the handler."""
    return start(True).handler


def complete(start: Callable[[bool], RedisFactory]) -> "Deferred[Any]":
    """Begin to connect, and return a Deferred of the handler when all are connected."""
    return start(False).complete()


def sharded(handler: Callable[[Any], H], starts: "Sequence[Callable[[bool], RedisFactory]]") -> H:
    """Begin to connect to several servers, and return a handler of all."""
    return handler([lazy(start) for start in starts])


def sharded_complete(
    handler: Callable[[Any], H], starts: "Sequence[Callable[[bool], RedisFactory]]"
) -> "Deferred[H]":
    """Begin to connect to several servers, and return a handler of all when all are connected."""
    factories = [start(False) for start in starts]

    def give_up(failure: Failure) -> Failure:
        # Nobody else can close those that have connected.
        for factory in factories:
            factory.disconnect()
        cause = failure.value
        return cast("Failure", getattr(cause, "subFailure", failure))

    gathering = gatherResults([factory.complete() for factory in factories], consumeErrors=True)
    return gathering.addCallbacks(handler, give_up)


def listed(servers: object) -> Sequence[str]:
    """Return a list of servers.

    Raises:
        ValueError: It is none, or it is empty.
    """
    if isinstance(servers, (str, bytes)) or not isinstance(servers, Sequence) or not servers:
        raise ValueError(f"Please use a list or tuple for sharded connections, not {servers!r}")
    return servers


def split_host(server: str) -> tuple[str, int]:
    """Return the two parts of `host:port` or `[address]:port`.

    Raises:
        ValueError: It is not of that form.
    """
    host, colon, port = str(server).rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not colon or not bare or not (port.isascii() and port.isdigit()):
        raise ValueError(
            f"a server of a sharded connection is given as 'host:port', not {server!r}"
        )
    return bare, int(port)
