"""The cookies that a client keeps between requests (RFC 6265)."""

import dataclasses
import datetime as dt
import re
import time
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from http.cookies import SimpleCookie
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest

if TYPE_CHECKING:
    from cyclone_core.testing.messages import Target
    from cyclone_core.web import Application, RequestHandler

__all__ = ["Cookie", "CookieJar"]

# RFC 6265 section 5.1.1.
_DATE_DELIMITERS: Final = re.compile(r"[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME: Final = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)")
_DAY: Final = re.compile(r"(\d{1,2})(?!\d)")
_YEAR: Final = re.compile(r"(\d{2,4})(?!\d)")
_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_FIRST_YEAR: Final = 1601
_CENTURY: Final = 100
_LAST_CENTURY: Final = 70

_MAX_AGE: Final = re.compile(r"-?[0-9]+")

_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f;]")


@dataclasses.dataclass(slots=True)
class Cookie:
    """A cookie that a client has.

    Attributes:
        name: Its name.
        coded_value: Its value as it is sent.
        domain: The host that it belongs to; empty for one that was put there by hand, for every host.
        path: The path below which it is sent.
        host_only: Whether hosts below the domain do not get it.
        expires: When it ends, in seconds since 1970; None for the end of the session.
        secure: Whether it is sent on https only.
        http_only: Whether scripts of a page do not get it; a client like this one sends it all the same.
        same_site: What `SameSite` says, empty if it does not.
    """

    name: str
    coded_value: str
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
        value, _ = SimpleCookie().value_decode(self.coded_value)
        return str(value)

    def belongs_to(self, target: "Target") -> bool:
        """Tell whether a request is to have it (RFC 6265 section 5.4)."""
        host = target.host_name
        if self.domain and not (
            host == self.domain or (not self.host_only and _domain_matches(host, self.domain))
        ):
            return False
        path = target.path.partition("?")[0]
        return _path_matches(path, self.path) and (not self.secure or target.protocol == "https")


class CookieJar(MutableMapping[str, Cookie]):
    """What a client keeps: a mapping of names to cookies, as cyclone 1.x has it.

    Of several cookies with one name, which different hosts or paths may have, the mapping gives the one
    that came last. `jar["theme"] = "dark"` puts one there by hand.
    """

    def __init__(
        self, application: "Application | None" = None, now: Callable[[], float] = time.time
    ) -> None:
        """Make an empty jar.

        Args:
            application: Whose secret signed cookies are read and made with.
            now: Tells the time in seconds since 1970, for the end of cookies.
        """
        self._application = application
        self._now = now
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    # What the client does.

    def receive(self, target: "Target", headers: HTTPHeaders) -> None:
        """Keep what an answer sets (RFC 6265 section 5.3).

        Args:
            target: What was asked for.
            headers: The header fields of the answer.
        """
        for line in headers.get_list("Set-Cookie"):
            cookie = _parse(line, target, self._now())
            if cookie is not None:
                self._keep(cookie)

    def header_for(self, target: "Target") -> str:
        """Make the `Cookie` header of a request (RFC 6265 section 5.4).

        Args:
            target: What is asked for.

        Returns:
            Its value; empty if there is no cookie for it.
        """
        found = [cookie for cookie in self._alive() if cookie.belongs_to(target)]
        # What is as long came first, because sorting is stable.
        found.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join([f"{cookie.name}={cookie.coded_value}" for cookie in found])

    # What a test does.

    def set(
        self,
        name: str,
        value: str | bytes,
        *,
        domain: str = "",
        path: str = "/",
        secure: bool = False,
    ) -> None:
        """Put a cookie into the jar by hand.

        Args:
            name: Its name.
            value: Its value, as it is sent.
            domain: The host that gets it, and those below; empty for every host.
            path: The path below which it is sent.
            secure: Send it on https only.

        Raises:
            ValueError: Name or value hold what no `Cookie` header may.
        """
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if not name or "=" in name or _FORBIDDEN.search(name) or _FORBIDDEN.search(text):
            raise ValueError(f"no Cookie header can carry {name!r} with the value {text!r}")
        HTTPHeaders({"Cookie": text})
        self._keep(Cookie(name, text, domain.lower().lstrip("."), path, secure=secure))

    def set_signed_cookie(self, name: str, value: str | bytes) -> None:
        """Put a cookie into the jar that the application has signed, say to be logged in.

        Args:
            name: Its name.
            value: What is signed.

        Raises:
            RuntimeError: The jar knows no application.
        """
        self.set(name, self._handler("").create_signed_value(name, value))

    set_secure_cookie = set_signed_cookie

    def get_signed_cookie(
        self,
        name: str,
        value: str | None = None,
        max_age_days: float = 31,
        min_version: int | None = None,
    ) -> bytes | None:
        """Read a cookie that the application has signed (cyclone: `get_secure_cookie`).

        Args:
            name: Its name.
            value: The signed value; by default that of the cookie.
            max_age_days: How old the signature may be.
            min_version: The oldest format that is accepted; by default the application's.

        Returns:
            What was signed; None if there is no such cookie, or its signature is no good.

        Raises:
            RuntimeError: The jar knows no application.
        """
        if value is None:
            if name not in self:
                return None
            value = self[name].value
        found: bytes | None = self._handler(f"{name}={value}").get_signed_cookie(
            name, value, max_age_days=max_age_days, min_version=min_version
        )
        return found

    get_secure_cookie = get_signed_cookie

    def __getitem__(self, name: str) -> Cookie:
        """Give the cookie of a name that came last."""
        for cookie in reversed(self._alive()):
            if cookie.name == name:
                return cookie
        raise KeyError(name)

    def __setitem__(self, name: str, value: "Cookie | str | bytes") -> None:
        """Put a cookie into the jar by hand: for every host and path, in place of others of its name."""
        if isinstance(value, Cookie):
            self._keep(dataclasses.replace(value, name=name))
            return
        self._cookies = {key: each for key, each in self._cookies.items() if each.name != name}
        self.set(name, value)

    def __delitem__(self, name: str) -> None:
        """Remove all cookies of a name."""
        if name not in self:
            raise KeyError(name)
        self._cookies = {key: each for key, each in self._cookies.items() if each.name != name}

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, once each."""
        return iter(dict.fromkeys([cookie.name for cookie in self._alive()]))

    def __len__(self) -> int:
        """Count the names."""
        return len({cookie.name for cookie in self._alive()})

    def __repr__(self) -> str:
        """Show names and where they belong, without the values."""
        places = [f"{each.name}@{each.domain}{each.path}" for each in self._alive()]
        return f"<{type(self).__name__} {', '.join(places) or 'empty'}>"

    def all(self) -> list[Cookie]:
        """List all cookies, those of the same name too."""
        return self._alive()

    def _alive(self) -> list[Cookie]:
        now = self._now()
        gone = [
            key
            for key, each in self._cookies.items()
            if each.expires is not None and each.expires <= now
        ]
        for key in gone:
            del self._cookies[key]
        return list(self._cookies.values())

    def _keep(self, cookie: Cookie) -> None:
        # One that is replaced keeps its place in the order, as a dict does it.
        self._cookies[cookie.name, cookie.domain, cookie.path] = cookie

    def _handler(self, cookies: str) -> "RequestHandler":
        from cyclone_core.web import RequestHandler

        if self._application is None:
            raise RuntimeError(
                "this jar belongs to no application, so it cannot tell signed cookies"
            )
        headers = HTTPHeaders({"Cookie": cookies} if cookies else {})
        return RequestHandler(self._application, HTTPServerRequest("GET", "/", headers=headers))


def _parse(line: str, target: "Target", now: float) -> Cookie | None:
    """Read a `Set-Cookie` header (RFC 6265 section 5.2); None if it sets nothing."""
    pair, *attributes = line.split(";")
    name, equals, value = pair.partition("=")
    name, value = name.strip(" \t"), value.strip(" \t")
    if not equals or not name:
        return None
    given = _attributes(attributes)
    host = target.host_name
    domain = given.get("domain", "").removeprefix(".").lower()
    if domain and not _domain_matches(host, domain):
        return None
    path = given.get("path", "")
    return Cookie(
        name,
        value,
        domain or host,
        path if path.startswith("/") else _default_path(target.path),
        host_only=not domain,
        expires=_end(given, now),
        secure="secure" in given,
        http_only="httponly" in given,
        same_site=given.get("samesite", ""),
    )


def _attributes(attributes: Iterable[str]) -> dict[str, str]:
    # Of several with one name the last one counts, but an empty domain says nothing.
    found = {}
    for attribute in attributes:
        name, _, value = attribute.partition("=")
        name, value = name.strip(" \t").lower(), value.strip(" \t")
        if value or name != "domain":
            found[name] = value
    return found


def _end(given: dict[str, str], now: float) -> float | None:
    """Find out when a cookie ends; `Max-Age` is stronger than `Expires`."""
    max_age = given.get("max-age", "")
    if _MAX_AGE.fullmatch(max_age):
        seconds = int(max_age)
        return now + seconds if seconds > 0 else 0.0
    return _parse_date(given["expires"]) if "expires" in given else None


def _parse_date(text: str) -> float | None:
    """Read a date as browsers do (RFC 6265 section 5.1.1); None if it is none."""
    clock: tuple[int, int, int] | None = None
    day = month = year = None
    for token in _DATE_DELIMITERS.split(text):
        if clock is None and (match := _TIME.match(token)):
            clock = int(match[1]), int(match[2]), int(match[3])
        elif day is None and (match := _DAY.match(token)):
            day = int(match[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (match := _YEAR.match(token)):
            year = int(match[1])
    if clock is None or day is None or month is None or year is None:
        return None
    if year < _CENTURY:
        year += 1900 if year >= _LAST_CENTURY else 2000
    if year < _FIRST_YEAR:
        return None
    try:
        hour, minute, second = clock
        return dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC).timestamp()
    except ValueError:
        return None


def _default_path(path: str) -> str:
    """Find the path of a cookie that names none (RFC 6265 section 5.1.4)."""
    directory = path.partition("?")[0].rpartition("/")[0]
    return directory if directory.startswith("/") else "/"


def _domain_matches(host: str, domain: str) -> bool:
    """Tell whether a host is a domain or lies below it (RFC 6265 section 5.1.3)."""
    if host == domain:
        return True
    return host.endswith(f".{domain}") and not _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _path_matches(path: str, below: str) -> bool:
    """Tell whether a path is another one or lies below it (RFC 6265 section 5.1.4)."""
    if not path.startswith(below):
        return False
    return path == below or below.endswith("/") or path[len(below)] == "/"
