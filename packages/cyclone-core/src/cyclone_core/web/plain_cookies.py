"""Reading and setting cookies, as they are."""

import datetime as dt
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any, Final, overload

from cyclone_core.httputil.cookies import (
    HOST_PREFIX,
    InvalidCookieError,
    attribute_name,
    format_cookie,
    prefix_of,
)
from cyclone_core.web.base import HandlerBase
from cyclone_escape import native_str

__all__ = ["Expiry", "PlainCookieMethods", "SignedValue", "cookie_defaults"]

# No browser keeps more for one site (180 at most), and each costs a header of the answer.
_MOST_CLEARED: Final = 200

_DEFAULTED: Final = frozenset({"domain", "httponly", "partitioned", "path", "samesite", "secure"})

Expiry = dt.datetime | float | tuple[int, ...]
"""When a cookie expires: `time.struct_time` is a tuple, too."""


class _DefaultPath(str):
    """The path that nobody has given, which is another than a given one that reads the same."""

    __slots__ = ()


_ROOT: Final = _DefaultPath("/")


class SignedValue(bytes):
    """A value that `set_signed_cookie` hands to `set_cookie`: scripts have no use for it.

    An argument would say the same, but programs override `set_cookie` with fewer of them.
    """

    __slots__ = ()


class PlainCookieMethods(HandlerBase):
    """The methods of `RequestHandler` for cookies that are not signed."""

    @property
    def cookies(self) -> SimpleCookie:
        """The cookies that the client has sent: `request.cookies`; `get_cookie` costs less."""
        return self.request.cookies

    @overload
    def get_cookie(self, name: str, default: str) -> str: ...

    @overload
    def get_cookie(self, name: str, default: None = None) -> str | None: ...

    def get_cookie(self, name: str, default: str | None = None) -> str | None:
        """Give the value of a cookie that the client has sent.

        Args:
            name: Its name.
            default: What a missing cookie gives.

        Returns:
            The value as latin-1 text, without quotes; or the default.
        """
        value = self.request.get_cookie(name)
        return default if value is None else value

    def set_cookie(
        self,
        name: str,
        value: str | bytes,
        domain: str | None = None,
        expires: Expiry | None = None,
        path: str | None = _ROOT,
        expires_days: float | None = None,
        *,
        max_age: int | None = None,
        httponly: bool | None = None,
        secure: bool | None = None,
        samesite: str | None = None,
        partitioned: bool | None = None,
        **kwargs: Any,  # noqa: ANN401 -- attributes in other spellings
    ) -> None:
        """Set a cookie; another of the same name, set in this request, is replaced.

        Attributes that are not given are those of the setting `cookie_defaults`, a dict of `domain`,
        `path`, `secure`, `httponly`, `samesite` and `partitioned`; beyond it, the path is `/`, SameSite
        is Lax, and a cookie is Secure if the request came over https. One that cannot be without it,
        because of its prefix (`__Host-`, `__Secure-`), SameSite=None or Partitioned, is always Secure.

        Args:
            name: The name, a token that may hold colons.
            value: The value, latin-1 without blanks and control characters; bytes are read as UTF-8.
            domain: The domain that gets it, with all its subdomains; by default this host alone.
            expires: When browsers forget it: a `datetime` (naive is UTC), seconds since 1970, or a time
                tuple in UTC. By default it lasts as long as the browser runs.
            path: The path below which it is sent; `""` or None for that of the request.
            expires_days: The days from now after which browsers forget it, unless `expires` is given.
            max_age: Seconds after which they forget it; 0 is at once.
            httponly: Hide it from scripts.
            secure: Send it over https only.
            samesite: `Strict`, `Lax` or `None` as text; `""` to leave it to the browser.
            partitioned: Keep it apart for each site that embeds this one.
            kwargs: The same and other attributes, as `http.cookies` names them, in any case; as above,
                None says nothing.

        Raises:
            InvalidCookieError: Name, value or an attribute cannot be sent, or every browser would
                refuse the cookie; a `ValueError`.
            TypeError: Something has a type that cannot be meant.
            ValueError: The setting `cookie_defaults` is malformed.
        """
        given: dict[str, object] = {
            "domain": domain,
            "expires": expires or _days_from_now(expires_days),
            "max-age": max_age,
            "httponly": httponly,
            "secure": secure,
            "samesite": samesite,
            "partitioned": partitioned,
        }
        for keyword, each in kwargs.items():
            attribute = attribute_name(keyword)
            given[attribute] = given.get(attribute) if each is None else each
        given = {attribute: each for attribute, each in given.items() if each is not None}
        if path is not _ROOT:
            given.setdefault("path", path)
        attributes: dict[str, object] = {
            "path": "/",
            "samesite": "Lax",
            "secure": self.request.protocol == "https",
            "httponly": isinstance(value, SignedValue),
        }
        attributes |= cookie_defaults(self.settings)
        attributes |= given
        name = native_str(name)
        _require(name, attributes, given)
        cookie = format_cookie(name, native_str(value), attributes)
        if self._new_cookies is None:
            self._new_cookies = {}
        self._new_cookies.pop(name, None)
        self._new_cookies[name] = cookie

    def clear_cookie(
        self,
        name: str,
        path: str | None = _ROOT,
        domain: str | None = None,
        **kwargs: Any,  # noqa: ANN401 -- those of set_cookie
    ) -> None:
        """Make the client forget a cookie; path and domain must be those that it was set with.

        Args:
            name: Its name.
            path: Its path.
            domain: Its domain.
            kwargs: Further ones that `set_cookie` takes; `expires_days` says nothing here.

        Raises:
            TypeError: `expires` or `max_age` was given.
            ValueError: As `set_cookie`.
        """
        for keyword in kwargs:
            if keyword.lower().replace("-", "_") in {"expires", "max_age"}:
                raise TypeError(
                    f"clear_cookie() takes no {keyword!r}: it forgets the cookie at once"
                )
        kwargs["expires_days"] = -365
        self.set_cookie(name, "", path=path, domain=domain, **kwargs)

    def clear_all_cookies(
        self,
        path: str | None = _ROOT,
        domain: str | None = None,
        **kwargs: Any,  # noqa: ANN401 -- those of set_cookie
    ) -> None:
        """Make the client forget all cookies that it has sent, as far as path and domain are theirs.

        Browsers do not tell with which attributes a cookie was set: `clear_cookie`, with its own, is the
        surer way.

        Args:
            path: Their path; that of cookies with the prefix `__Host-` is always `/`.
            domain: Their domain; such cookies have none.
            kwargs: Further ones that `set_cookie` takes.

        Raises:
            TypeError: `expires` or `max_age` was given.
            ValueError: As `set_cookie`.
        """
        for name in list(self.request.cookies)[:_MOST_CLEARED]:
            # What the client has sent must not be refused for what the program says of other cookies.
            prefix = prefix_of(name)
            if prefix == HOST_PREFIX:
                self.clear_cookie(name, **_without(kwargs, "domain", "path", "secure"))
            elif prefix:
                self.clear_cookie(name, path, domain, **_without(kwargs, "secure"))
            else:
                self.clear_cookie(name, path, domain, **kwargs)


def cookie_defaults(settings: Mapping[str, Any]) -> dict[str, object]:
    """Read the setting `cookie_defaults`.

    Args:
        settings: The application's settings.

    Returns:
        Attributes by the names that `httputil.cookies.attribute_name` gives.

    Raises:
        ValueError: It is no dict, or has something that cannot be the same for all cookies.
    """
    setting = settings.get("cookie_defaults")
    if not setting:
        return {}
    defaults: dict[str, object] = {}
    if isinstance(setting, Mapping):
        defaults = {str(key).lower(): value for key, value in setting.items() if value is not None}
    if not isinstance(setting, Mapping) or not defaults.keys() <= _DEFAULTED:
        allowed = ", ".join(sorted(_DEFAULTED))
        raise ValueError(f"setting 'cookie_defaults' must be a dict of {allowed}, not {setting!r}")
    return defaults


def _days_from_now(days: float | None) -> dt.datetime | None:
    if days is None:
        return None
    try:
        return dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    except (OverflowError, ValueError):
        raise InvalidCookieError(f"expires_days lies out of range: {days!r}") from None


def _require(name: str, attributes: dict[str, object], given: Mapping[str, object]) -> None:
    """Add what browsers demand of a cookie, unless the program has said otherwise."""
    prefix = prefix_of(name)
    if prefix == HOST_PREFIX:
        if "domain" not in given:
            attributes.pop("domain", None)
        if "path" not in given:
            attributes["path"] = "/"
    if "secure" not in given and (
        prefix or attributes.get("partitioned") or str(attributes["samesite"]).lower() == "none"
    ):
        attributes["secure"] = True


def _without(kwargs: dict[str, Any], *keywords: str) -> dict[str, Any]:
    return {key: value for key, value in kwargs.items() if key.lower() not in keywords}
