"""Cookies: reading what browsers send, and spelling what they are to keep.

Both sides quote values as Python's `http.cookies` does, and so as Tornado and cyclone 1.x do; neither
uses it, because its parser loses a whole header for one bad pair, and its writer checks attributes on
some releases of Python only.
"""

import datetime as dt
import re
from calendar import timegm
from collections.abc import Callable, Mapping
from http.cookies import CookieError
from typing import Final

from cyclone_core.httputil.dates import http_date

__all__ = [
    "HOST_PREFIX",
    "SECURE_PREFIX",
    "InvalidCookieError",
    "attribute_name",
    "format_cookie",
    "parse_cookie",
    "prefix_of",
]

HOST_PREFIX: Final = "__host-"
"""Begins the name of a cookie that no other host can set (RFC 6265bis section 4.1.3.2)."""

SECURE_PREFIX: Final = "__secure-"
"""Begins the name of a cookie that was set over https (RFC 6265bis section 4.1.3.1)."""

_BLANKS: Final = " \t"

_ESCAPE: Final = re.compile(r"\\(?:([0-3][0-7]{2})|(.))")

# What needs no quotes, and what needs them but no backslash. All else of latin-1 is written in octal,
# the semicolon among it: browsers end a value there, quotes or not.
_PLAIN: Final = re.compile(r"[\w!#$%&'*+\-.^`|~:]+", re.ASCII)
_QUOTED: Final = {code: f"\\{code:03o}" for code in (*range(0x80, 0x100), *b",;")} | {
    ord('"'): '\\"',
    ord("\\"): "\\\\",
}

# Tornado and cyclone 1.x refuse blanks and control characters in values, too.
_NOT_IN_VALUE: Final = re.compile(r"[\x00-\x20\x7f]|[^\x00-\xff]")
_NOT_IN_ATTRIBUTE: Final = re.compile(r"[^\x21-\x3a\x3c-\x7e]")


class InvalidCookieError(ValueError, CookieError):
    """A program tried to set a cookie that cannot be sent, or that every browser would refuse.

    It is a `ValueError`, and a `CookieError` for programs that expect Tornado's exception.
    """


def parse_cookie(cookie: str) -> dict[str, str]:
    r"""Read a `Cookie` header as browsers mean it (Tornado: `httputil.parse_cookie`).

    Semicolons separate, whatever stands around them; the first `=` ends the name. Quotes around a value
    are removed, and the escapes within them. Nothing is an error, and the time is linear.

    Only the blanks that browsers remove are removed: were there others (Python's `strip` knows `\xa0`),
    a cookie that any subdomain may set could pass for one with the prefix `__Host-`. For the same reason
    a pair without a name has none, although its value may look like a pair (CVE-2023-23934).

    Args:
        cookie: The value of the header.

    Returns:
        The values by name; of a repeated name the last. What stands there without a name, or without
        `=`, has the name `""`.
    """
    values = {}
    for pair in cookie.split(";"):
        name, equals, value = pair.partition("=")
        if not equals:
            name, value = "", name
        name = name.strip(_BLANKS)
        value = value.strip(_BLANKS)
        if name or value:
            values[name] = _unquote(value) if value[:1] == '"' else value
    return values


def _unquote(value: str) -> str:
    if len(value) < 2 or value[-1] != '"':  # noqa: PLR2004 -- two quotes
        return value
    inside = value[1:-1]
    return _ESCAPE.sub(_unescape, inside) if "\\" in inside else inside


def _unescape(match: re.Match[str]) -> str:
    octal: str | None = match[1]
    literal: str = match[2]
    return literal if octal is None else chr(int(octal, 8))


def format_cookie(name: str, value: str, attributes: Mapping[str, object]) -> str:
    """Spell a cookie for the header `Set-Cookie` (RFC 6265 section 4.1).

    Args:
        name: The name, a token that may hold colons.
        value: The value: latin-1 without blanks and control characters; it is quoted if need be.
        attributes: Attributes by the names that `attribute_name` gives; what is false is left out,
            but for a `max-age` of 0. `expires` is a `datetime` (naive is UTC), seconds since 1970 or a
            time tuple in UTC.

    Returns:
        The value of the header, with the attributes in the order in which `http.cookies` has them.

    Raises:
        InvalidCookieError: The name, the value or an attribute cannot be sent, or the cookie breaks
            the rules of its name's prefix (RFC 6265bis section 4.1.3); a `ValueError`.
        TypeError: An attribute has a type that cannot be meant.
    """
    _check_name(name)
    parts = [f"{name}={_quote(name, value)}"]
    for attribute, write in _WRITERS.items():
        given = attributes.get(attribute)
        if given or (attribute == "max-age" and given == 0 and given is not False):
            parts.append(write(name, given))
    _check_prefix(name, attributes)
    return "; ".join(parts)


def attribute_name(keyword: str) -> str:
    """Turn a keyword of `set_cookie` into the attribute that it means.

    Args:
        keyword: The keyword in any case, with underscores for hyphens.

    Returns:
        The attribute in lower case, for example `max-age`.

    Raises:
        InvalidCookieError: There is none; a `ValueError`.
    """
    attribute = keyword.lower().replace("_", "-")
    if attribute not in _WRITERS:
        known = ", ".join(_WRITERS)
        raise InvalidCookieError(f"cookies have no attribute {keyword!r}, but: {known}")
    return attribute


def prefix_of(name: str) -> str:
    """Tell by which prefix a cookie's name binds browsers to a rule.

    Args:
        name: The name.

    Returns:
        `HOST_PREFIX`, `SECURE_PREFIX` or `""`; browsers do not look at the case of letters.
    """
    if name[:2] != "__":
        return ""
    start = name[: len(SECURE_PREFIX)].lower()
    return HOST_PREFIX if start.startswith(HOST_PREFIX) else start if start == SECURE_PREFIX else ""


def _check_name(name: str) -> None:
    if _PLAIN.fullmatch(name) is None:
        raise InvalidCookieError(
            "a cookie's name must be a token (letters, digits, !#$%&'*+-.^_`|~) or hold colons"
            f" besides: {name[:100]!r}"
        )
    # Other servers' parsers would take it for an attribute; http.cookies refuses it as well.
    if name.lower() in _WRITERS:
        raise InvalidCookieError(f"a cookie cannot have the name of an attribute: {name!r}")


def _quote(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    # A value may be secret, and messages are logged.
    if bad := _NOT_IN_VALUE.search(value):
        raise InvalidCookieError(
            f"the value of cookie {name!r} holds {bad[0]!r}: only characters of latin-1 that are no"
            " blank and no control character can be sent, encode others with url_escape()"
        )
    return f'"{value.translate(_QUOTED)}"'


def _check_prefix(name: str, attributes: Mapping[str, object]) -> None:
    prefix = prefix_of(name)
    if prefix and not attributes.get("secure"):
        raise InvalidCookieError(f"browsers refuse cookie {name!r} unless it is secure")
    if prefix == HOST_PREFIX and (attributes.get("domain") or attributes.get("path") != "/"):
        raise InvalidCookieError(
            f"browsers refuse cookie {name!r} unless its path is '/' and it has no domain"
        )


_Writer = Callable[[str, object], str]


def _text(label: str) -> _Writer:
    def write(name: str, value: object) -> str:
        text = value if isinstance(value, str) else str(value)
        if bad := _NOT_IN_ATTRIBUTE.search(text):
            raise InvalidCookieError(
                f"the attribute {label} of cookie {name!r} holds {bad[0]!r}, and may hold visible"
                f" characters of ASCII but no semicolon: {text[:100]!r}"
            )
        return f"{label}={text}"

    return write


def _flag(label: str) -> _Writer:
    def write(_name: str, _value: object) -> str:
        return label

    return write


def _max_age(name: str, value: object) -> str:
    try:
        return f"Max-Age={int(value)}"  # type: ignore[call-overload]  # what it does not take, it refuses
    except (OverflowError, ValueError):
        raise InvalidCookieError(
            f"the max_age of cookie {name!r} is no number of seconds: {str(value)[:100]!r}"
        ) from None


def _expires(name: str, value: object) -> str:
    try:
        return f"expires={http_date(_timestamp(value))}"
    except (OverflowError, ValueError, OSError):
        raise InvalidCookieError(
            f"the time at which cookie {name!r} expires lies out of range: {str(value)[:100]!r}"
        ) from None


def _timestamp(value: object) -> float:
    if isinstance(value, dt.datetime):
        return (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).timestamp()
    if isinstance(value, tuple):
        return timegm(value)
    if isinstance(value, (int, float)):
        return value
    raise TypeError(f"a cookie expires at a datetime, a number or a time tuple, not {value!r}")


_SAME_SITE: Final = {"strict": "Strict", "lax": "Lax", "none": "None"}


def _same_site(name: str, value: object) -> str:
    try:
        return f"SameSite={_SAME_SITE[str(value).lower()]}"
    except KeyError:
        raise InvalidCookieError(
            f"the samesite of cookie {name!r} is Strict, Lax or None, not {str(value)[:100]!r}"
        ) from None


# In the order and the letters of `http.cookies`, which sorts them.
_WRITERS: Final[dict[str, _Writer]] = {
    "comment": _text("Comment"),
    "domain": _text("Domain"),
    "expires": _expires,
    "httponly": _flag("HttpOnly"),
    "max-age": _max_age,
    "partitioned": _flag("Partitioned"),
    "path": _text("Path"),
    "samesite": _same_site,
    "secure": _flag("Secure"),
    "version": _text("Version"),
}
