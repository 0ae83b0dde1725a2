"""URLs of Redis servers: `redis://`, `rediss://` and `unix://`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from cyclone_storage.errors import InvalidURL

__all__ = ["DEFAULT_PORT", "RedisURL", "parse_url"]

DEFAULT_PORT: Final = 6379

_FORMS: Final = (
    "redis://[user:password@]host[:port][/db], rediss://... with TLS,"
    " or unix://[user:password@]/path/of.sock[?db=0]"
)
_BAD: Final = frozenset(map(chr, [*range(0x21), 0x7F]))


@dataclass(frozen=True, slots=True)
class RedisURL:
    """What a URL says about a server.

    Attributes:
        host: Its name or address; "" for a Unix socket.
        port: Its port; 0 for a Unix socket.
        path: The path of its socket; "" for TCP.
        tls: Whether TLS is wanted.
        username: Who authenticates; None for the default user.
        password: With what.
        dbid: The number of the database; None for the server's default.
        options: The other parameters of the query, as text.
    """

    host: str
    port: int
    path: str
    tls: bool
    username: str | None = field(repr=False)
    password: str | None = field(repr=False)
    dbid: int | None
    options: Mapping[str, str] = field(default_factory=dict)


def parse_url(url: str) -> RedisURL:
    """Read the URL of a Redis server.

    Args:
        url: `redis://[user:password@]host[:port][/db]`, `rediss://` for TLS, or
            `unix://[user:password@]/path/of.sock[?db=0]`. User, password and path are percent-decoded.

    Returns:
        Its parts.

    Raises:
        InvalidURL: It is none of these. The message holds no password.
        TypeError: It is no text.

    Source:
        RFC 3986; the schemes as the other clients of Redis have them.
    """
    parts, port = _split(url)
    options = _options(parts)
    username, password = _user(parts)
    if parts.scheme == "unix":
        if parts.hostname or port is not None or not parts.path.startswith("/"):
            raise _invalid("unix", "needs the absolute path of a socket: unix:///run/redis.sock")
        dbid = _database(parts.scheme, options.pop("db", ""))
        return RedisURL("", 0, _decode(parts, parts.path), False, username, password, dbid, options)
    if parts.scheme not in {"redis", "rediss"}:
        raise _invalid(parts.scheme, f"has the scheme {parts.scheme!r}")
    if parts.hostname is None:
        raise _invalid(parts.scheme, "names no host")
    if port == 0:
        raise _invalid(parts.scheme, "has the port 0")
    in_path, in_query = parts.path.removeprefix("/"), options.pop("db", "")
    if in_path and in_query:
        raise _invalid(parts.scheme, "names a database twice, as /db and as ?db=")
    dbid = _database(parts.scheme, in_path or in_query)
    host = _decode(parts, parts.hostname)
    tls = parts.scheme == "rediss"
    return RedisURL(host, port or DEFAULT_PORT, "", tls, username, password, dbid, options)


def _split(url: object) -> tuple[SplitResult, int | None]:
    if not isinstance(url, str):
        raise TypeError(f"the URL of a Redis server must be a str, not {type(url).__name__}")
    if not _BAD.isdisjoint(url):
        raise InvalidURL(
            f"the URL of a Redis server holds a space or a control character; use {_FORMS}"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _invalid("", f"is broken ({_reason(error)})") from None
    if parts.fragment or url.endswith("#"):
        raise _invalid(parts.scheme, "has a '#': in a password it is written %23")
    if "@" in parts.path or "@" in parts.query:
        # What stands before it may be the rest of a password: nothing of it is shown.
        raise _invalid(
            parts.scheme,
            "has an '@' behind the server: it is written %40, and in a password '/' is %2F and '?' is %3F",
        )
    return parts, port


def _invalid(scheme: str, problem: str) -> InvalidURL:
    where = f" {scheme}://..." if scheme else ""
    return InvalidURL(f"the URL{where} of a Redis server {problem}; use {_FORMS}")


def _reason(error: ValueError) -> str:
    # urlsplit() quotes what it cannot read, and that may be a part of the password.
    return (
        "its port is no number from 1 to 65535" if "ort" in str(error) else "its host is malformed"
    )


def _options(parts: SplitResult) -> dict[str, str]:
    if not parts.query:
        return {}
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        raise _invalid(parts.scheme, "has a query that is not name=value&name=value") from None
    options = dict(pairs)
    if len(options) < len(pairs):
        raise _invalid(parts.scheme, "has a parameter twice")
    return options


def _user(parts: SplitResult) -> tuple[str | None, str | None]:
    # urlsplit() takes user:@host for one with an empty password, which is none.
    username = _decode(parts, parts.username or "") or None
    password = _decode(parts, parts.password or "") or None
    if username is not None and password is None:
        raise _invalid(
            parts.scheme, "names a user without a password; one without a user is :password@host"
        )
    return username, password


def _decode(parts: SplitResult, text: str) -> str:
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise _invalid(parts.scheme, "has percent-codes that are not UTF-8") from None
    if "\0" in decoded:
        raise _invalid(parts.scheme, "has a NUL")
    return decoded


def _database(scheme: str, text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:  # noqa: PLR2004 -- Redis's int is 32 bits
        raise _invalid(scheme, f"names the database {text[:20]!r}, which must be a number")
    return int(text)
