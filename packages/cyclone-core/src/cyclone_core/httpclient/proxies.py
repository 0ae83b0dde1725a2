"""Proxies: the server that is asked instead, and where programs find out about it."""

from typing import Final, NamedTuple

from cyclone_core.httpclient.authentication import basic
from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.hosts import format_host
from cyclone_core.httpclient.urls import parse_url

__all__ = ["Proxy", "check_proxy", "make_proxy", "parse_proxy"]

_MAX_PORT: Final = 65535


class Proxy(NamedTuple):
    """A proxy that requests go through; made by `parse_proxy` or `make_proxy`.

    Its representation has no password: routes are logged.

    Attributes:
        scheme: How it is spoken to, `http`.
        host: Its name or address, without brackets.
        port: Its port.
        username: Who we are to it, None if it does not ask.
        password: What proves that; it goes to this proxy and nowhere else.
    """

    scheme: str
    host: str
    port: int
    username: str | None = None
    password: str | None = None

    @property
    def authority(self) -> str:
        """Host and port, for messages: an IPv6 address has brackets."""
        return f"{format_host(self.host)}:{self.port}"

    @property
    def authorization(self) -> str | None:
        """The value of `Proxy-Authorization`, None without a name."""
        return None if self.username is None else basic(self.username, self.password or "")

    def __repr__(self) -> str:
        """Show all but the password."""
        user = "" if self.username is None else f"{self.username}:***@"
        return f"Proxy('{self.scheme}://{user}{self.authority}')"


def parse_proxy(url: str) -> Proxy:
    """Read the URL of a proxy.

    Args:
        url: `http://host:port`, also with `user:password@` before the host, percent-encoded. The port
            is 80 if there is none.

    Returns:
        The proxy.

    Raises:
        InvalidRequest: It is no such URL. The message does not repeat it: it may hold a password.
        TypeError: It is no text.
    """
    parsed = parse_url(url)
    if parsed.scheme != "http":
        raise InvalidRequest(
            f"the proxy {parsed.authority} is given as {parsed.scheme}://, but only http:// proxies are"
            " spoken to; https requests go through them, too, in a tunnel that they cannot look into"
        )
    if parsed.target != "/":
        raise InvalidRequest(
            f"the URL of the proxy {parsed.authority} has a path or a query: it is http://host:port"
        )
    return check_proxy(Proxy("http", parsed.host, parsed.port, parsed.username, parsed.password))


def make_proxy(
    host: str, port: int | None, username: str | None = None, password: str | None = None
) -> Proxy:
    """Make a proxy of what Tornado's requests have.

    Args:
        host: Its name or address, also an IPv6 address without brackets.
        port: Its port.
        username: Who we are to it; None or an empty text for nobody.
        password: What proves that.

    Returns:
        The proxy.

    Raises:
        InvalidRequest: The port is missing, or one of them is impossible.
    """
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port <= _MAX_PORT:
        raise InvalidRequest(
            f"proxy_host={host!r} needs proxy_port, a number from 1 to {_MAX_PORT}, not {port!r}"
        )
    bare = host[1:-1] if host.startswith("[") else host
    parsed = parse_url(f"http://{format_host(bare)}:{port}")
    if parsed.target != "/" or parsed.username is not None or parsed.port != port:
        raise InvalidRequest(
            f"proxy_host={host!r} is no host name: give the name alone, or the whole as"
            ' proxy="http://user:password@host:port"'
        )
    if not username:
        return Proxy("http", parsed.host, port)
    return check_proxy(Proxy("http", parsed.host, port, username, password or ""))


def check_proxy(proxy: Proxy) -> Proxy:
    """Find out now, not when it is connected to, whether name and password can be sent.

    Args:
        proxy: The proxy.

    Returns:
        The same.

    Raises:
        InvalidRequest: They have characters that cannot be sent.
    """
    _ = proxy.authorization
    return proxy
