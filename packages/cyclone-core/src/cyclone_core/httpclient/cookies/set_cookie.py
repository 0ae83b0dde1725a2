"""The header `Set-Cookie`, read as browsers read it (RFC 6265bis sections 5.1.1 and 5.6)."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

__all__ = ["MAX_COOKIE_SIZE", "MAX_LIFETIME", "SetCookie", "parse_cookie_date", "parse_set_cookie"]

MAX_COOKIE_SIZE: Final = 4096
"""Most bytes of name and value together (RFC 6265bis section 5.6)."""

MAX_LIFETIME: Final = 400 * 24 * 60 * 60.0
"""After how many seconds a cookie ends at the latest (RFC 6265bis section 5.5)."""

_MAX_ATTRIBUTE_SIZE: Final = 1024  # RFC 6265bis section 5.6

_BLANKS: Final = " \t"
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MAX_AGE: Final = re.compile(r"-?[0-9]+")
_SAME_SITE: Final = {"strict": "Strict", "lax": "Lax", "none": "None"}

# RFC 6265 section 5.1.1: what parts the words of a date, and which word is what.
_DELIMITERS: Final = re.compile(r"[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME: Final = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])")
_DAY: Final = re.compile(r"([0-9]{1,2})(?![0-9])")
_YEAR: Final = re.compile(r"([0-9]{2,4})(?![0-9])")
_MONTHS: Final = [
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
]
_FIRST_YEAR: Final = 1601
_CENTURY: Final = 100
_LAST_CENTURY: Final = 70


class SetCookie(NamedTuple):
    """What a server says of a cookie.

    Attributes:
        name: The name; empty if there is none.
        value: The value as it stands there.
        expires: When it ends, in seconds since 1970; 0 if at once, None for the end of the session.
        domain: The domain in lower case and without a leading dot; empty if none is named.
        path: The path; empty for the default.
        secure: Whether it says `Secure`.
        http_only: Whether it says `HttpOnly`.
        same_site: `"Strict"`, `"Lax"`, `"None"`, or empty if it says nothing that is known.
    """

    name: str
    value: str
    expires: float | None
    domain: str
    path: str
    secure: bool
    http_only: bool
    same_site: str


def parse_set_cookie(line: str, now: float, max_lifetime: float = MAX_LIFETIME) -> SetCookie | None:
    """Read the value of a `Set-Cookie` header.

    The time is linear in its length. Of an attribute that is repeated the last one counts, and one whose
    value means nothing is ignored, or for `Domain` and `Path` stands for the default.

    Args:
        line: The value of one header field, as latin-1.
        now: The time, in seconds since 1970.
        max_lifetime: For how many seconds any cookie lives at most.

    Returns:
        What it says; None if that is nothing, or what no client may keep: control characters, more than
        `MAX_COOKIE_SIZE` bytes, a domain that is not ASCII.
    """
    if _CONTROLS.search(line):
        return None
    pair, _, rest = line.partition(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", name
    name, value = name.strip(_BLANKS), value.strip(_BLANKS)
    if not 0 < len(name) + len(value) <= MAX_COOKIE_SIZE:
        return None
    given = _attributes(rest)
    domain = given.get("domain", "")
    if not domain.isascii():
        return None
    return SetCookie(
        name,
        value,
        _end(given, now, max_lifetime),
        domain,
        given.get("path", ""),
        "secure" in given,
        "httponly" in given,
        given.get("samesite", ""),
    )


def _end(given: dict[str, Any], now: float, max_lifetime: float) -> float | None:
    """Find out when a cookie ends; `Max-Age` is stronger than `Expires`."""
    if "max-age" in given:
        seconds = given["max-age"]
        return now + min(seconds, max_lifetime) if seconds > 0 else 0.0
    date = given.get("expires")
    return None if date is None else min(date, now + max_lifetime)


def parse_cookie_date(text: str) -> float | None:
    """Read a date as browsers do (RFC 6265 section 5.1.1).

    Args:
        text: The date; words may stand in any order and be parted by nearly anything.

    Returns:
        Seconds since 1970; None if it is no date.
    """
    clock: tuple[int, int, int] | None = None
    day = month = year = None
    for token in _DELIMITERS.split(text):
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
        return dt.datetime(year, month, day, *clock, tzinfo=dt.UTC).timestamp()
    except ValueError:  # there is no such day or no such time
        return None


def _attributes(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in text.split(";"):
        name, _, value = attribute.partition("=")
        name = name.strip(_BLANKS).lower()
        read = _READERS.get(name)
        if read is None:
            continue
        value = value.strip(_BLANKS)
        if len(value) <= _MAX_ATTRIBUTE_SIZE and (meant := read(value)) is not None:
            found[name] = meant
    return found


def _seconds(value: str) -> int | None:
    return int(value) if _MAX_AGE.fullmatch(value) else None


def _domain(value: str) -> str:
    return value.removeprefix(".").lower()


def _path(value: str) -> str:
    return value if value.startswith("/") else ""


def _same_site(value: str) -> str:
    return _SAME_SITE.get(value.lower(), "")


def _flag(_value: str) -> bool:
    return True


_READERS: Final[dict[str, Callable[[str], object]]] = {
    "domain": _domain,
    "expires": parse_cookie_date,
    "httponly": _flag,
    "max-age": _seconds,
    "path": _path,
    "samesite": _same_site,
    "secure": _flag,
}
