"""How long sessions last, how large they are, and what their cookie is like: the settings."""

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Any, Final

from cyclone_storage.sessions.errors import SessionSettingError
from cyclone_storage.sessions.record import Record

__all__ = ["SessionPolicy", "policy_of"]

_DAY: Final = 86400.0

# Of the idle time: nearer to the last save, a request that changes nothing saves nothing.
_TOUCH: Final = 0.1

# Seconds: clocks of several servers differ by so much; a time further in the future is a mistake.
_SKEW: Final = 60.0

# Seconds in which requests with the id before the last rotation are taken for late ones.
_GRACE: Final = 60.0


# Ten years: beyond, times of cookies and databases end some time or other.
_LONGEST: Final = 3650 * _DAY

# RFC 6265 section 4.1.1 (the name), RFC 1123 section 2.1 (the domain).
_TOKEN: Final = re.compile(r"[\w!#$%&'*+\-.^`|~]+", re.ASCII)
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_DOMAIN: Final = re.compile(rf"\.?{_LABEL}(?:\.{_LABEL})*", re.ASCII | re.IGNORECASE)
_SAMESITE: Final = frozenset({"lax", "strict", "none"})

# A name that is also an attribute's makes a header that not all read alike.
_ATTRIBUTES: Final = frozenset(
    {
        "comment",
        "domain",
        "expires",
        "httponly",
        "max-age",
        "partitioned",
        "path",
        "samesite",
        "secure",
        "version",
    }
)

# RFC 6265bis section 4.1.3.
_HOST_PREFIX: Final = "__host-"
_PREFIXES: Final = (_HOST_PREFIX, "__secure-")


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """The settings of sessions; in an application each has `session_` before its name.

    Attributes:
        cookie_name: The name of the cookie.
        cookie_domain: The domain that gets it, with all its subdomains; None for this host alone.
        cookie_samesite: `Lax`, `Strict` or `None`, as text.
        cookie_secure: True if browsers must send it over https only; None if that depends on whether
            the request came over https.
        cookie_persistent: Whether browsers keep it when they end.
        idle_timeout: Seconds without a request after which a session is over. The last request counts
            to a tenth of that: not each is worth a save.
        lifetime: Seconds after which it is over in any case.
        max_size: Bytes that its values may have as JSON.
        clock: Gives the seconds since 1970.
    """

    cookie_name: str = "session"
    cookie_domain: str | None = None
    cookie_samesite: str = "Lax"
    cookie_secure: bool | None = None
    cookie_persistent: bool = False
    idle_timeout: float = 30 * 60
    lifetime: float = 14 * _DAY
    max_size: int = 64 * 1024
    clock: Callable[[], float] = field(default=time.time)

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            SessionSettingError: One is malformed.
        """
        self._check_cookie()
        for name in ("idle_timeout", "lifetime"):
            value = getattr(self, name)
            if not (_is_positive(value) and value <= _LONGEST):
                raise _malformed(
                    name, f"must be a number of seconds above 0, at most {_LONGEST:.0f}", value
                )
        if not (_is_positive(self.max_size) and isinstance(self.max_size, int)):
            raise _malformed("max_size", "must be a number of bytes above 0", self.max_size)
        if not callable(self.clock):
            raise _malformed("clock", "must be a function like time.time", self.clock)

    def _check_cookie(self) -> None:
        # Here, and not where the cookie is set: by then the session is stored.
        name: Any = self.cookie_name
        domain: Any = self.cookie_domain
        samesite: Any = self.cookie_samesite
        if not (isinstance(name, str) and _TOKEN.fullmatch(name)) or name.lower() in _ATTRIBUTES:
            rule = "must be the name of a cookie: letters, digits and !#$%&'*+-.^_`|~"
            raise _malformed("cookie_name", rule, name)
        if not (isinstance(samesite, str) and samesite.lower() in _SAMESITE):
            raise _malformed("cookie_samesite", "must be 'Lax', 'Strict' or 'None'", samesite)
        if not (domain is None or (isinstance(domain, str) and _DOMAIN.fullmatch(domain))):
            rule = "must be a host name (beyond ASCII its xn-- form) or None"
            raise _malformed("cookie_domain", rule, domain)
        for each in ("cookie_secure", "cookie_persistent"):
            if getattr(self, each) not in (None, True, False):
                raise _malformed(each, "must be True or False", getattr(self, each))
        if self.cookie_secure is False and self._must_be_secure:
            raise SessionSettingError(
                f"with the settings 'session_cookie_name' {name!r} and 'session_cookie_samesite'"
                f" {samesite!r} browsers refuse a cookie that is not Secure: leave the setting"
                " 'session_cookie_secure' out, or let it be True"
            )
        if domain is not None and name.lower().startswith(_HOST_PREFIX):
            raise SessionSettingError(
                f"browsers refuse a cookie that the setting 'session_cookie_name' calls {name!r} and"
                " that has a domain: leave the setting 'session_cookie_domain' out, or rename it"
            )

    @property
    def _must_be_secure(self) -> bool:
        prefixed = self.cookie_name.lower().startswith(_PREFIXES)
        return prefixed or self.cookie_samesite.lower() == "none"

    @property
    def cookie_days(self) -> float:
        """Days after which the signature of a cookie does not count any more."""
        # One more than any session lives: the clocks of several servers differ.
        return self.lifetime / _DAY + 1

    def attributes(self, protocol: str) -> dict[str, Any]:
        """Give the attributes of the cookie.

        Args:
            protocol: That of the request, `http` or `https`.

        Returns:
            Arguments for `set_signed_cookie`.
        """
        if self.cookie_secure is None:
            secure = protocol == "https" or self._must_be_secure
        else:
            secure = self.cookie_secure
        attributes: dict[str, Any] = {
            "path": "/",
            "httponly": True,
            "samesite": self.cookie_samesite,
        }
        if secure or self.cookie_secure is not None:  # else the application's defaults may say so
            attributes["secure"] = secure
        if self.cookie_domain is not None:
            attributes["domain"] = self.cookie_domain
        return attributes

    def is_over(self, record: Record, now: float) -> bool:
        """Tell whether the time of a session is over.

        So it is if it was used far in the future: a clock was wrong then, and until that time comes the
        session would count though nobody uses it.

        Args:
            record: The session.
            now: The time.
        """
        unused = now - record.used
        return (
            unused >= self.idle_timeout
            or now - record.created >= self.lifetime
            or -unused >= max(self.idle_timeout, _SKEW)
        )

    def is_late(self, record: Record, digest: str, now: float) -> bool:
        """Tell whether an id was that of a session until a moment ago, rotated since then once or more.

        Args:
            record: The session.
            digest: That of the id's token.
            now: The time.
        """
        return any(digest == each and now - at < _GRACE for each, at in record.previous)

    def rotated(self, record: Record, digest: str, now: float) -> Record:
        """Give a session another token.

        Args:
            record: The session.
            digest: That of the token.
            now: The time.

        Returns:
            The session.
        """
        return record.rotated(digest, now, now - _GRACE)

    def is_stale(self, record: Record, now: float) -> bool:
        """Tell whether a session should be saved only to say that it is used.

        Args:
            record: The session.
            now: The time.
        """
        used = now - record.used
        return used >= self.idle_timeout * _TOUCH or used < -_SKEW or now - record.created < -_SKEW

    def touched(self, record: Record, now: float) -> Record:
        """Say that a session is used now.

        Args:
            record: The session.
            now: The time.

        Returns:
            The session; a time in the future, of a clock that was wrong, is now.
        """
        created = now if now - record.created < -_SKEW else record.created
        return replace(record, used=now, created=created)

    def left(self, record: Record, now: float) -> float:
        """Return the seconds that a session may still live unless it is used; 0 or less if none.

        Args:
            record: The session.
            now: The time.
        """
        return min(record.used + self.idle_timeout, record.created + self.lifetime) - now


_NAMES: Final = [each.name for each in fields(SessionPolicy)]


def policy_of(settings: Mapping[str, Any]) -> SessionPolicy:
    """Read the settings of an application.

    Args:
        settings: The settings; None means the default.

    Returns:
        What they say of sessions.

    Raises:
        SessionSettingError: One is malformed.
    """
    given = tuple([settings.get(f"session_{name}") for name in _NAMES])
    try:
        return _cached(*given)
    except TypeError:  # one cannot be a key of a cache, so it is none of the right ones
        return _policy(*given)


def _policy(*given: Any) -> SessionPolicy:  # noqa: ANN401 -- checked in SessionPolicy
    return SessionPolicy(
        **{name: each for name, each in zip(_NAMES, given, strict=True) if each is not None}
    )


# An application has one of them, and each request asks.
_cached = lru_cache(maxsize=32, typed=True)(_policy)


def _malformed(name: str, rule: str, value: object) -> SessionSettingError:
    return SessionSettingError(f"setting 'session_{name}' {rule}, not {value!r}")


def _is_positive(value: object) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value) and value > 0  # type: ignore[arg-type, operator] # a number
