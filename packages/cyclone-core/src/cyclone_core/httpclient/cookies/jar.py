"""The cookies that a client keeps between requests (RFC 6265, and its draft successor 6265bis)."""

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from types import NoneType
from typing import Any, Final

from cyclone_core.httpclient.cookies.rules import (
    Cookie,
    RequestURL,
    check_cookie,
    default_path,
    domain_matches,
    is_secure,
    make_cookie,
    path_matches,
    path_of,
)
from cyclone_core.httpclient.cookies.set_cookie import MAX_LIFETIME, SetCookie, parse_set_cookie
from cyclone_core.httpclient.cookies.store import CookieStore, Key
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.httputil.cookies import HOST_PREFIX, prefix_of

__all__ = ["Cookie", "CookieJar", "RequestURL"]


class CookieJar(MutableMapping[str, Cookie]):
    """What a client keeps: a mapping of names to cookies.

    Of several cookies with one name, which different hosts or paths may have, the mapping gives the one
    that came last. `jar["theme"] = "dark"` puts one there by hand, for every host.

    A jar believes servers no more than browsers do. They cannot set a cookie for a domain that is not
    theirs or is nobody's, nor over http one that is for https or hides such a one, nor one that breaks
    the promise of its name (`__Host-`, `__Secure-`), nor so many or such long ones, or for so long a
    time, that the jar grows without bound. One thing is stricter than the draft: a cookie without a
    name whose value holds `=` would be read as another one, so it is refused.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        max_cookies: int = 3000,
        max_cookies_per_domain: int = 50,
        max_lifetime: float = MAX_LIFETIME,
        is_public_suffix: Callable[[str], bool] | None = None,
    ) -> None:
        """Make an empty jar.

        Args:
            now: Tells the time in seconds since 1970, for the end of cookies.
            max_cookies: Most cookies in all.
            max_cookies_per_domain: Most cookies of one domain.
            max_lifetime: After how many seconds a cookie ends at the latest, whatever the server says.
            is_public_suffix: Tells whether a domain is one below which anybody may have a name, as
                `co.uk` is, so that no cookie may be set for all of it. By default those are domains
                without a dot; a library with the list of publicsuffix.org knows better.

        Raises:
            ValueError: A bound is not above zero.
        """
        if max_cookies < 1 or max_cookies_per_domain < 1 or not max_lifetime > 0:
            raise ValueError("a jar has room for one cookie at least, and for some time")
        self._now = now
        self._max_lifetime = max_lifetime
        self._is_public_suffix = is_public_suffix or _has_no_dot
        self._store = CookieStore(max_cookies, max_cookies_per_domain)

    # What the client does.

    def receive(self, url: RequestURL, headers: HTTPHeaders) -> None:
        """Keep what an answer sets (RFC 6265bis sections 5.6 and 5.7).

        Args:
            url: What was asked for.
            headers: The header fields of the answer.
        """
        lines = headers.get_list("Set-Cookie")
        if not lines:
            return
        now = self._now()
        self._store.sweep(now)
        for line in lines:
            said = parse_set_cookie(line, now, self._max_lifetime)
            cookie = None if said is None else self._accepted(said, url)
            if cookie is not None:
                self._keep(cookie, now)

    def header_for(self, url: RequestURL) -> str:
        """Make the `Cookie` header of a request (RFC 6265bis section 5.8).

        Args:
            url: What is asked for.

        Returns:
            Its value; empty if there is no cookie for it.
        """
        store = self._store
        if not store:
            return ""
        store.sweep(self._now())
        found = [kept for kept in store.near(url.host) if kept.cookie.belongs_to(url)]
        found.sort(key=lambda kept: (-len(kept.key.path), kept.number))
        for kept in found:
            store.touch(kept.key)
        return "; ".join([kept.cookie.pair for kept in found])

    # What a program does.

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
            ValueError: Name or value hold what no `Cookie` header may, or there is no name.
        """
        self._put(make_cookie(name, value, domain, path, secure=secure))

    def add(self, cookie: Cookie) -> None:
        """Put a cookie into the jar by hand, in place of that with the same name, domain and path.

        Args:
            cookie: The cookie. If it has ended, the other one is only removed.

        Raises:
            ValueError: Name or value hold what no `Cookie` header may.
        """
        self._put(check_cookie(cookie))

    def all(self) -> list[Cookie]:
        """List all cookies, those of the same name too, in the order in which they were made."""
        self._store.sweep(self._now())
        return list(self._store)

    def clear(
        self, *, domain: str | None = None, path: str | None = None, name: str | None = None
    ) -> None:
        """Remove cookies: without arguments all of them.

        Args:
            domain: Only those of this domain; empty for those that were put there for every host.
            path: Only those of this path.
            name: Only those of this name.
        """
        for cookie in self.all():
            if (
                domain in (None, cookie.domain)
                and path in (None, cookie.path)
                and name in (None, cookie.name)
            ):
                self._store.remove(Key.of(cookie))

    def clear_session_cookies(self) -> None:
        """Remove the cookies that are only for the session: those whose server names no end."""
        for cookie in self.all():
            if cookie.expires is None:
                self._store.remove(Key.of(cookie))

    def save(self, *, session_cookies: bool = False) -> list[dict[str, Any]]:
        """Give the cookies in a form that JSON has, for `load`.

        They are secrets, as passwords are: who can read the file is logged in.

        Args:
            session_cookies: Those without an end as well.

        Returns:
            The attributes of each cookie.
        """
        return [
            dataclasses.asdict(cookie)
            for cookie in self.all()
            if session_cookies or cookie.expires is not None
        ]

    def load(self, saved: Iterable[Mapping[str, Any]]) -> None:
        """Put cookies into the jar that `save` has given.

        Args:
            saved: The attributes of each cookie. What has ended is left out.

        Raises:
            TypeError: That is no list of cookies.
            ValueError: One of them cannot be sent. None of them is kept then.
        """
        for cookie in [_restored(number, each) for number, each in enumerate(saved)]:
            self._put(cookie)

    def __getitem__(self, name: str) -> Cookie:
        """Give the cookie of a name that came last."""
        for cookie in reversed(self.all()):
            if cookie.name == name:
                return cookie
        raise KeyError(name)

    def __setitem__(self, name: str, value: Cookie | str | bytes) -> None:
        """Put a cookie into the jar by hand: for every host and path, in place of others of its name."""
        if isinstance(value, Cookie):
            self.add(dataclasses.replace(value, name=name))
            return
        cookie = make_cookie(name, value)
        self.clear(name=name)
        self._put(cookie)

    def __delitem__(self, name: str) -> None:
        """Remove all cookies of a name."""
        if name not in self:
            raise KeyError(name)
        self.clear(name=name)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, once each."""
        return iter(dict.fromkeys([cookie.name for cookie in self.all()]))

    def __len__(self) -> int:
        """Count the names."""
        return len({cookie.name for cookie in self.all()})

    def __repr__(self) -> str:
        """Show names and where they belong, without the values."""
        places = [f"{each.name}@{each.domain}{each.path}" for each in self.all()]
        return f"<{type(self).__name__} {', '.join(places) or 'empty'}>"

    # The rules.

    def _put(self, cookie: Cookie) -> None:
        now = self._now()
        self._store.sweep(now)
        self._keep(cookie, now)

    def _keep(self, cookie: Cookie, now: float) -> None:
        if cookie.expires is not None and cookie.expires <= now:
            self._store.remove(Key.of(cookie))
        else:
            self._store.put(cookie)

    def _accepted(self, said: SetCookie, url: RequestURL) -> Cookie | None:
        """Make the cookie that a server wants kept; None if it may not want that."""
        domain = said.domain
        if domain and self._is_public_suffix(domain):
            if domain != url.host:
                return None
            domain = ""
        if domain and not domain_matches(url.host, domain):
            return None
        cookie = Cookie(
            said.name,
            said.value,
            domain or url.host,
            said.path or default_path(path_of(url)),
            host_only=not domain,
            expires=said.expires,
            secure=said.secure,
            http_only=said.http_only,
            same_site=said.same_site,
        )
        if not _keeps_its_promise(cookie, said.path):
            return None
        if not is_secure(url) and (cookie.secure or self._hides_secure(cookie)):
            return None
        return cookie

    def _hides_secure(self, cookie: Cookie) -> bool:
        """Tell whether a cookie would stand before one that is for https only (section 5.7, step 16)."""
        return any(
            path_matches(cookie.path, other.path)
            and (
                not other.domain
                or domain_matches(other.domain, cookie.domain)
                or domain_matches(cookie.domain, other.domain)
            )
            for other in self._store.secure(cookie.name)
        )


def _keeps_its_promise(cookie: Cookie, path: str) -> bool:
    """Tell whether a cookie is what its name and its attributes say (section 5.7, steps 19 to 22)."""
    if cookie.same_site == "None" and not cookie.secure:
        return False
    if not cookie.name:
        # The value is all that is sent, and a server would take it for a name.
        return "=" not in cookie.coded_value and not prefix_of(cookie.coded_value)
    prefix = prefix_of(cookie.name)
    if not prefix or not cookie.secure:
        return not prefix
    return prefix != HOST_PREFIX or (cookie.host_only and path == "/")


def _has_no_dot(domain: str) -> bool:
    return "." not in domain.rstrip(".")


def _restored(number: int, saved: Mapping[str, Any]) -> Cookie:
    wrong = [name for name, value in saved.items() if not isinstance(value, _TYPES.get(name, ()))]
    if wrong or not _NEEDED.issubset(saved):
        raise TypeError(
            f"item {number} is no saved cookie: it needs {', '.join(sorted(_NEEDED))}, and"
            f" {', '.join(map(repr, wrong)) or 'that'} is not what save() gives"
        )
    cookie = Cookie(**saved)
    if cookie.expires is not None and not math.isfinite(cookie.expires):
        raise ValueError(f"the cookie {cookie.name!r} ends at {cookie.expires}, which is no time")
    return check_cookie(cookie)


_NEEDED: Final = frozenset({"name", "coded_value"})

_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "name": str,
    "coded_value": str,
    "domain": str,
    "path": str,
    "host_only": bool,
    "expires": (int, float, NoneType),
    "secure": bool,
    "http_only": bool,
    "same_site": str,
}
