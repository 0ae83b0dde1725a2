"""The modern way to make a pool: `connect("redis://127.0.0.1:6379/0")`."""

# ruff: noqa: ANN401 -- reactors and TLS contexts are of any class

from collections.abc import Callable, Mapping
from typing import Any, Final

from twisted.logger import Logger

from cyclone_storage.errors import InvalidURL
from cyclone_storage.redis.pool.endpoints import TLSEndpoint, tcp_endpoint, unix_endpoint
from cyclone_storage.redis.pool.factory import RedisFactory
from cyclone_storage.redis.pool.handler import ConnectionHandler, UnixConnectionHandler
from cyclone_storage.redis.urls import RedisURL, parse_url

__all__ = ["connect"]

_log = Logger(namespace="cyclone.redis")


def connect(
    url: str = "redis://127.0.0.1:6379",
    *,
    pool_size: int = 10,
    charset: str | None = "utf-8",
    convert_numbers: bool = False,
    reconnect: bool = True,
    connect_timeout: float = 10.0,
    reply_timeout: float | None = 30.0,
    wait_timeout: float = 30.0,
    max_blocking: int = 100,
    max_reply_size: int | None = None,
    client_name: str | None = None,
    ca_certs: str | None = None,
    client_cert: str | None = None,
    client_key: str | None = None,
    server_name: str | None = None,
    verify: bool = True,
    reactor: Any = None,
) -> ConnectionHandler:
    """Make a pool of connections to a Redis server.

    It connects from now on; commands may be given at once and wait until there is a connection, and
    `await connect(...).ready()` says whether there is one. All options but `reactor` may also be
    parameters of the URL, which win: `redis://127.0.0.1/0?pool_size=50&reply_timeout=5`.

    Args:
        url: `redis://[user:password@]host[:port][/db]`, `rediss://` for TLS, or
            `unix://[user:password@]/path/of.sock[?db=0]`; see `parse_url`.
        pool_size: Connections to keep.
        charset: By what text is encoded and replies are decoded; None for bytes.
        convert_numbers: Whether text that looks like a number becomes one, as in the classic makers.
        reconnect: Whether lost connections are made again.
        connect_timeout: Seconds for one attempt to connect, and again for password and database.
        reply_timeout: Seconds for a reply, then the connection is given up; None: any. Not for blocking ones.
        wait_timeout: Seconds that a command waits for a connection.
        max_blocking: Connections for blocking commands at the same time, besides the pool.
        max_reply_size: Bytes that one reply may have; the protocol's default if None.
        client_name: What the server lists the connections as (`CLIENT LIST`).
        ca_certs: A file of certificates to trust instead of the system's.
        client_cert: A file with a certificate of one's own, for servers that want one.
        client_key: The file of its key; `client_cert` if None.
        server_name: The name that the server has to prove, if it is not that of the URL.
        verify: False takes anybody for the server. A warning is logged.
        reactor: The reactor; the installed one if None.

    Returns:
        The pool.

    Raises:
        InvalidURL: The URL is none, or has a parameter that there is not or with a wrong value.
        ValueError: An option is out of its range, or for TLS while there is none.
        TypeError: An option is not of its kind.
        TLSError: A file for TLS cannot be used.
    """
    options: dict[str, Any] = {
        "pool_size": pool_size,
        "charset": charset,
        "convert_numbers": convert_numbers,
        "reconnect": reconnect,
        "connect_timeout": connect_timeout,
        "reply_timeout": reply_timeout,
        "wait_timeout": wait_timeout,
        "max_blocking": max_blocking,
        "max_reply_size": max_reply_size,
        "client_name": client_name,
        "ca_certs": ca_certs,
        "client_cert": client_cert,
        "client_key": client_key,
        "server_name": server_name,
        "verify": verify,
    }
    server = parse_url(url)
    _check(options)
    options |= _read_options(server.options)
    try:
        _check(options)
    except ValueError as error:
        raise InvalidURL(f"in the URL of a Redis server, {error}") from None
    return _make(server, options, reactor)


def _flag(text: str) -> bool:
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off", "none"}:
        return False
    raise ValueError("true or false")


def _whole(text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    raise ValueError("a whole number")


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("a number of seconds") from None


def _or_none(read: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: None if text == "none" else read(text)


# How the parameters of a URL are read.
_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "pool_size": _whole,
    "charset": _or_none(str),
    "convert_numbers": _flag,
    "reconnect": _flag,
    "connect_timeout": _seconds,
    "reply_timeout": _or_none(_seconds),
    "wait_timeout": _seconds,
    "max_blocking": _whole,
    "max_reply_size": _whole,
    "client_name": str,
    "ca_certs": str,
    "client_cert": str,
    "client_key": str,
    "server_name": str,
    "verify": _flag,
}


def _read_options(parameters: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in parameters.items():
        if name not in _READERS:
            known = ", ".join(["db", *_READERS])
            raise InvalidURL(
                f"there is no parameter {name[:40]!r} in the URL of a Redis server; {known} are"
            )
        try:
            found[name] = _READERS[name](text)
        except ValueError as error:
            raise InvalidURL(
                f"the parameter {name} in the URL of a Redis server must be {error}, not {text[:40]!r}"
            ) from None
    return found


def _check(options: Mapping[str, Any]) -> None:
    if options["charset"] is not None:
        _check_charset(options["charset"])
    for name in ("pool_size", "max_blocking", "max_reply_size"):
        value = options[name]
        if value is None and name == "max_reply_size":
            continue
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{name} must be an int, not {value!r}")
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value}")
    for name in ("connect_timeout", "wait_timeout", "reply_timeout"):
        value = options[name]
        if value is None and name == "reply_timeout":
            continue
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise TypeError(f"{name} must be a number of seconds, not {value!r}")
        if not 0 < value < float("inf"):
            raise ValueError(f"{name} must be more than 0 seconds and finite, not {value}")


def _make(server: RedisURL, options: Mapping[str, Any], reactor: Any) -> ConnectionHandler:
    tls = _tls(server, options)
    factory = RedisFactory(
        server.path or _host_and_port(server),
        server.dbid,
        options["pool_size"],
        isLazy=True,
        handler=UnixConnectionHandler if server.path else ConnectionHandler,
        charset=options["charset"],
        password=server.password,
        replyTimeout=options["reply_timeout"],
        convertNumbers=options["convert_numbers"],
        username=server.username,
        wait_timeout=options["wait_timeout"],
        setup_timeout=options["connect_timeout"],
        max_blocking=options["max_blocking"],
        max_reply_size=options["max_reply_size"],
        client_name=options["client_name"],
        reactor=reactor,
    )
    factory.reconnect = options["reconnect"]
    timeout = options["connect_timeout"]
    if server.path:
        endpoint = unix_endpoint(factory.clock, server.path, timeout)
    else:
        endpoint = tcp_endpoint(factory.clock, server.host, server.port, timeout)
        if tls is not None:
            endpoint = TLSEndpoint(endpoint, tls)
    factory.startConnecting(endpoint)
    return factory.handler


def _host_and_port(server: RedisURL) -> str:
    return (
        f"[{server.host}]:{server.port}" if ":" in server.host else f"{server.host}:{server.port}"
    )


def _check_charset(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"charset must be the name of a charset or None, not {name!r}")
    try:
        "".encode(name)
    except LookupError:
        raise ValueError(f"Python knows no charset {name!r}") from None


def _tls(server: RedisURL, options: Mapping[str, Any]) -> Any:
    names = ("ca_certs", "client_cert", "client_key", "server_name")
    if not server.tls:
        given = [name for name in names if options[name] is not None]
        if given or not options["verify"]:
            name = (given or ["verify"])[0]
            kind = InvalidURL if name in server.options else ValueError
            raise kind(f"{name} is for TLS, and this URL asks for none: write rediss://")
        return None
    from cyclone_storage.redis.tls.context import client_tls

    if not options["verify"]:
        _log.warn(
            "TLS to Redis at {where} does not verify the server (verify=False): whoever is on the way can"
            " read and change everything, the password included",
            where=_host_and_port(server),
        )
    checked = {name for name in ("client_key", "server_name") if options[name] is not None}
    try:
        return client_tls(
            server.host, verify=options["verify"], **{name: options[name] for name in names}
        )
    except ValueError as error:
        if checked - server.options.keys():
            raise
        raise InvalidURL(f"in the URL of a Redis server, {error}") from None
