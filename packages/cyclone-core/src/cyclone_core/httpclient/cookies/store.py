"""Where a jar keeps its cookies: found by host, ended in time, bounded in number."""

import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator, MutableMapping
from itertools import count
from typing import Any, Final, NamedTuple, TypeVar

from cyclone_core.httpclient.cookies.rules import Cookie

__all__ = ["CookieStore", "Kept", "Key"]

# RFC 1035 section 2.3.4. A longer one is no name, so nothing lies above it; looking would be quadratic.
_MAX_HOST_SIZE: Final = 255


class Key(NamedTuple):
    """What two cookies have in common of which only one can be there (RFC 6265bis section 5.7).

    Attributes:
        domain: The domain.
        host_only: Whether hosts below it do not get it.
        path: The path.
        name: The name.
    """

    domain: str
    host_only: bool
    path: str
    name: str

    @classmethod
    def of(cls, cookie: Cookie) -> "Key":
        """Make the key of a cookie."""
        return cls(cookie.domain, cookie.host_only, cookie.path, cookie.name)


class Kept(NamedTuple):
    """A cookie in the store.

    Attributes:
        key: Its key.
        cookie: The cookie.
        number: Later ones have higher numbers; one that replaces another has the other's.
    """

    key: Key
    cookie: Cookie
    number: int


_Bucket = TypeVar("_Bucket", bound=MutableMapping[Key, Any])


class CookieStore:
    """Cookies by their keys, in the order in which they were last used.

    Every step costs what the cookies of the hosts in question cost, never what all cost: 10,000 cookies
    from a hostile server are as cheap each as the first. That is why there are three indexes.
    """

    def __init__(self, max_cookies: int, max_per_domain: int) -> None:
        """Make an empty store.

        Args:
            max_cookies: Most cookies in all.
            max_per_domain: Most cookies of one domain; those for every host are not counted.
        """
        self._max_cookies = max_cookies
        self._max_per_domain = max_per_domain
        # The least recently used is the first. Popping the first of a plain dict again and again is
        # quadratic.
        self._used: OrderedDict[Key, Kept] = OrderedDict()
        self._domains: dict[str, OrderedDict[Key, Kept]] = {}
        self._secure: dict[str, dict[Key, Cookie]] = {}
        self._numbers = count()
        self._next_end = math.inf  # nothing ends before, so nobody need look

    def __len__(self) -> int:
        """Count the cookies."""
        return len(self._used)

    def __iter__(self) -> Iterator[Cookie]:
        """Iterate over the cookies in the order in which they were made."""
        kept = sorted(self._used.values(), key=lambda each: each.number)
        return iter([each.cookie for each in kept])

    def put(self, cookie: Cookie) -> None:
        """Keep a cookie in place of that with the same key.

        What is too many goes (RFC 6265bis section 5.7): of the domain first what is sent over plain http
        too, then what was used longest ago.

        Args:
            cookie: The cookie.
        """
        key = Key.of(cookie)
        old = self.remove(key)
        kept = Kept(key, cookie, next(self._numbers) if old is None else old.number)
        self._used[key] = kept
        neighbours = self._domains.setdefault(key.domain, OrderedDict())
        neighbours[key] = kept
        if cookie.secure:
            self._secure.setdefault(key.name, {})[key] = cookie
        if cookie.expires is not None:
            self._next_end = min(self._next_end, cookie.expires)
        if key.domain and len(neighbours) > self._max_per_domain:
            plain = (other for other, each in neighbours.items() if not each.cookie.secure)
            self.remove(next(plain, next(iter(neighbours))))
        if len(self._used) > self._max_cookies:
            self.remove(next(iter(self._used)))

    def remove(self, key: Key) -> Kept | None:
        """Remove a cookie.

        Args:
            key: Its key.

        Returns:
            What was there.
        """
        kept = self._used.pop(key, None)
        if kept is None:
            return None
        _take(self._domains, key.domain, key)
        if kept.cookie.secure:
            _take(self._secure, key.name, key)
        return kept

    def sweep(self, now: float) -> None:
        """Remove what has ended.

        Args:
            now: The time, in seconds since 1970.
        """
        if now < self._next_end:
            return
        self._next_end = math.inf
        for key, kept in list(self._used.items()):
            end = kept.cookie.expires
            if end is None:
                continue
            if end <= now:
                self.remove(key)
            else:
                self._next_end = min(self._next_end, end)

    def near(self, host: str) -> Iterable[Kept]:
        """List what may belong to a host: what its own name, a domain above it or every host has.

        Args:
            host: The host.

        Returns:
            The cookies; the caller sees which of them do belong to it.
        """
        return [
            kept
            for domain in _domains_of(host)
            if domain in self._domains
            for kept in self._domains[domain].values()
        ]

    def secure(self, name: str) -> Iterable[Cookie]:
        """List the cookies of a name that are sent on https only.

        Args:
            name: The name.

        Returns:
            The cookies.
        """
        return self._secure.get(name, {}).values()

    def touch(self, key: Key) -> None:
        """Remember that a cookie is used now.

        Args:
            key: The key of one that is there.
        """
        self._used.move_to_end(key)
        self._domains[key.domain].move_to_end(key)


def _take(index: dict[str, _Bucket], name: str, key: Key) -> None:
    bucket = index[name]
    del bucket[key]
    if not bucket:
        del index[name]


def _domains_of(host: str) -> Iterator[str]:
    yield ""
    while host:
        yield host
        host = host.partition(".")[2] if len(host) <= _MAX_HOST_SIZE else ""
