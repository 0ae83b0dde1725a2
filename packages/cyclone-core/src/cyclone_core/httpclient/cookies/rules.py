"""What a cookie is, and which requests it belongs to (RFC 6265 sections 5.1.3, 5.1.4 and 5.4)."""

import dataclasses
import re
from typing import Final, Protocol

from cyclone_core.httputil import parse_cookie

__all__ = [
    "Cookie",
    "RequestURL",
    "check_cookie",
    "default_path",
    "domain_matches",
    "is_address",
    "is_secure",
    "make_cookie",
    "path_matches",
    "path_of",
]

_SECURE_SCHEMES: Final = frozenset({"https", "wss"})

_UNSENDABLE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f;]")
_NOT_LATIN1: Final = re.compile(r"[^\x00-\xff]")


class RequestURL(Protocol):
    """What a jar wants to know of a URL; `httpclient.urls.URL` is one."""

    @property
    def scheme(self) -> str:
        """`"http"`, `"https"`, `"ws"` or `"wss"`."""

    @property
    def host(self) -> str:
        """The host in lower case and in ASCII, without a port and without brackets."""

    @property
    def target(self) -> str:
        """Path and query."""


@dataclasses.dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie that a client has.

    Attributes:
        name: Its name; empty for one that is a value alone.
        coded_value: Its value as it is sent.
        domain: The host that it belongs to; empty for one that was put there by hand, for every host.
        path: The path below which it is sent.
        host_only: Whether hosts below the domain do not get it.
        expires: When it ends, in seconds since 1970; None for the end of the session.
        secure: Whether it is sent on https only.
        http_only: Whether scripts of a page do not get it; a client like this one sends it all the same.
        same_site: `"Strict"`, `"Lax"`, `"None"`, or empty if the server does not say.
    """

    name: str
    coded_value: str = dataclasses.field(repr=False)  # who reads it in a log is logged in
    domain: str = ""
    path: str = "/"
    host_only: bool = False
    expires: float | None = None
    secure: bool = False
    http_only: bool = False
    same_site: str = ""

    @property
    def value(self) -> str:
        """The value without the quotes and escapes that some servers put around it."""
        return parse_cookie(f"v={self.coded_value}")["v"]

    @property
    def pair(self) -> str:
        """What stands of it in a `Cookie` header."""
        return f"{self.name}={self.coded_value}" if self.name else self.coded_value

    def belongs_to(self, url: RequestURL) -> bool:
        """Tell whether a request is to have it.

        Args:
            url: What is asked for.

        Returns:
            Whether host, path and scheme are those that it is for. When it ends is the jar's business.
        """
        if self.host_only:
            found = url.host == self.domain
        else:
            found = not self.domain or domain_matches(url.host, self.domain)
        return (
            found
            and (not self.secure or is_secure(url))
            and (self.path == "/" or path_matches(path_of(url), self.path))
        )


def make_cookie(
    name: str, value: str | bytes, domain: str = "", path: str = "/", *, secure: bool = False
) -> Cookie:
    """Make a cookie by hand.

    Args:
        name: Its name.
        value: Its value, as it is sent.
        domain: The host that gets it, and those below; empty for every host.
        path: The path below which it is sent.
        secure: Send it on https only.

    Returns:
        The cookie.

    Raises:
        ValueError: Name or value hold what no `Cookie` header may, or there is no name.
    """
    if not name:
        raise ValueError("a cookie that is put into a jar or a request by hand has a name")
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return check_cookie(Cookie(name, text, domain.lower().lstrip("."), path, secure=secure))


def check_cookie(cookie: Cookie) -> Cookie:
    """Check that a cookie can be sent, and stays one.

    Args:
        cookie: The cookie.

    Returns:
        The same.

    Raises:
        ValueError: Name or value hold what no `Cookie` header may. The message does not show the value:
            it may be secret, and messages are logged.
    """
    pair = cookie.pair
    if _UNSENDABLE.search(pair) or "=" in (cookie.name or cookie.coded_value):
        raise ValueError(
            f"no Cookie header can carry the cookie {cookie.name!r} with its value: neither may hold a"
            " semicolon or a control character, nor the name a '='"
        )
    if _NOT_LATIN1.search(pair):
        raise ValueError(
            f"the cookie {cookie.name!r} holds a character beyond latin-1, which no header can carry:"
            " encode it with url_escape()"
        )
    return cookie


def is_secure(url: RequestURL) -> bool:
    """Tell whether nobody on the way can read or change what goes to a URL.

    Args:
        url: The URL.

    Returns:
        Whether its scheme uses TLS.
    """
    return url.scheme in _SECURE_SCHEMES


def path_of(url: RequestURL) -> str:
    """Take the path of a URL.

    Args:
        url: The URL.

    Returns:
        The path, without the query.
    """
    return url.target.partition("?")[0]


def default_path(path: str) -> str:
    """Find the path of a cookie that names none (RFC 6265 section 5.1.4).

    Args:
        path: The path of the URL that has set it.

    Returns:
        The path up to its last slash, and without it.
    """
    directory = path.rpartition("/")[0]
    return directory if directory.startswith("/") else "/"


def path_matches(path: str, below: str) -> bool:
    """Tell whether a path is another one or lies below it (RFC 6265 section 5.1.4).

    Args:
        path: The path of a request, or of a cookie.
        below: The path of a cookie.

    Returns:
        Whether it does; `/ab` does not lie below `/a`.
    """
    if not path.startswith(below):
        return False
    return path == below or below.endswith("/") or path[len(below)] == "/"


def domain_matches(host: str, domain: str) -> bool:
    """Tell whether a host is a domain or lies below it (RFC 6265 section 5.1.3).

    Args:
        host: The host, in lower case.
        domain: The domain, in lower case.

    Returns:
        Whether it does; no address lies below anything.
    """
    return host == domain or (host.endswith(f".{domain}") and not is_address(host))


def is_address(host: str) -> bool:
    """Tell whether a host is an IP address and no name.

    Args:
        host: The host, without brackets.

    Returns:
        Whether it is. A name whose last part is a number is taken for an IPv4 address, however it is
        spelled, as browsers do: resolvers read `127.1` and `0x7f.1`, which `ipaddress` refuses.
    """
    last = host.rpartition(".")[2]
    return ":" in host or last.isdigit() or last.startswith("0x")
