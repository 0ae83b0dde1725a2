"""CLDR: dates, numbers, lists and plural rules as Unicode's data has them, through Babel.

The only module that imports Babel, and only inside of functions: it is an extra, and a program
that does not ask for CLDR does not load 30 MB of data. Whether Babel happens to be installed
changes no output; `Registry.use_cldr` does.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from cyclone_locale.dates import to_datetime
from cyclone_locale.errors import MissingBabelError
from cyclone_locale.tags import fallbacks

if TYPE_CHECKING:
    from collections.abc import Iterable

    import babel

    from cyclone_locale.dates import Moment

__all__ = ["CLDR", "CurrencyFormat", "Number", "load_cldr", "load_root", "require_babel"]

CurrencyFormat = Literal["standard", "accounting", "name"]
Number = int | float | Decimal

# Weekday, month and day; CLDR's locales have some of these, and the first one fits best.
_DAY_SKELETONS = ("MMMMEEEEd", "MMMEEEEd", "MMMMEd", "MMMEd")
_UNITS: dict[str, tuple[Literal["second", "minute", "hour"], int]] = {
    "seconds": ("second", 1),
    "minutes": ("minute", 60),
    "hours": ("hour", 3600),
}
# A quoted literal of a date pattern, or a run of the letter of weekday or month.
_PATTERN_PART = re.compile(r"'[^']*'|E+|M+|L+")


# The quoted literals of a number pattern; '' is an apostrophe.
_LITERAL = re.compile(r"'[^']*'")
_DIGIT = re.compile(r"[0-9#@]")


def require_babel(what: str) -> None:
    """Make sure that Babel can be imported.

    Args:
        what: What needs it, as the beginning of a sentence.

    Raises:
        MissingBabelError: Babel is not installed.
    """
    try:
        import babel  # noqa: F401
    except ImportError as error:
        raise MissingBabelError(what) from error


def load_cldr(code: str) -> CLDR | None:
    """Return the formats of a locale.

    Args:
        code: The locale's code.

    Returns:
        The formats of the locale or of its closest parent in CLDR (``es`` for ``es_LA``); ``None``
        if CLDR knows not even the language.

    Raises:
        MissingBabelError: Babel is not installed.
    """
    require_babel("CLDR data")
    return _load(code)


@lru_cache(maxsize=256)
def _load(code: str) -> CLDR | None:
    import babel

    for candidate in fallbacks(code):
        try:
            return CLDR(babel.Locale.parse(candidate))
        except (babel.UnknownLocaleError, ValueError):
            continue
    return None


@lru_cache(maxsize=1)
def load_root() -> CLDR:
    """Return the formats of CLDR's root, for languages that it does not know.

    Returns:
        Formats that belong to no language: plain numbers, and months as ``M04``.
    """
    import babel

    return CLDR(babel.Locale.parse("root"))


def _widen(part: re.Match[str]) -> str:
    """Write a weekday or a month's name in full; a month's number stays one.

    Source: UTS 35, part 4, section 2.6.2.2: a pattern that was found for a skeleton is adjusted to
    the width that was asked for, which Babel leaves to the caller.
    """
    text = part[0]
    if text[0] == "E":
        return "EEEE"
    return text[0] * 4 if text[0] in "ML" and len(text) == 3 else text  # noqa: PLR2004


def _behind(when: datetime, minutes: int) -> timezone:
    """Return the zone of a clock that is so many minutes behind the zone of a datetime."""
    offset = (when.utcoffset() or timedelta(0)) - timedelta(minutes=minutes)
    try:
        return timezone(offset)
    except ValueError:
        raise ValueError(
            f"gmt_offset is in minutes, and no clock is {minutes} of them behind {when.tzname()}: "
            "time zones are less than a day from UTC"
        ) from None


def _check_pattern(pattern: str | None) -> None:
    """Refuse what is no pattern for numbers; Babel returns it as the text, without the number."""
    if pattern is None:
        return
    positive = _LITERAL.sub("", pattern).partition(";")[0]
    if _DIGIT.search(positive) is None:
        raise ValueError(
            f"the pattern {pattern!r} has no place for the digits: write for example '#,##0.00'"
        )


class CLDR:
    """The formats of one locale.

    Digits are 0-9 everywhere: Babel knows the separators that go with a language's own digits, but
    not the digits, and one without the other would be no language's number.

    Args:
        locale: Babel's locale.
    """

    def __init__(self, locale: babel.Locale) -> None:
        self._locale = locale
        skeletons = locale.datetime_skeletons
        day = next((skeletons[name] for name in _DAY_SKELETONS if name in skeletons), "EEEE, d MMM")
        self._weekday_day = _PATTERN_PART.sub(_widen, str(day))
        self._month_day = _PATTERN_PART.sub(
            _widen, str(skeletons.get("MMMMd") or skeletons.get("MMMd") or "d MMM")
        )

    def plural_category(self, count: Number) -> str:
        """Return ``zero``, ``one``, ``two``, ``few``, ``many`` or ``other``.

        Source: UTS 35, part 3, section 5 (language plural rules).
        """
        return str(self._locale.plural_form(count))

    def format_moment(self, when: Moment, shorter: bool) -> str:
        """Write what `cyclone_locale.dates.moment` decided; see ``Locale.format_date``.

        "Yesterday" is written as the day of the week, for Babel's data does not have the word.
        """
        from babel import dates

        if when.kind in _UNITS:
            unit, seconds = _UNITS[when.kind]
            # An age of 0 has no sign, and Babel would take it for the future.
            age = timedelta(seconds=-(when.age * seconds or 1))
            # The threshold keeps Tornado's choice of the unit: 49 minutes are minutes.
            return dates.format_timedelta(
                age, unit, threshold=1000, add_direction=True, locale=self._locale
            )
        if when.kind == "time":
            return self._time(when.local)
        if when.kind in {"yesterday", "weekday"}:
            day = dates.format_date(when.local, "EEEE", locale=self._locale)
        elif when.kind == "day":
            day = dates.format_date(when.local, self._month_day, locale=self._locale)
        else:
            day = dates.format_date(when.local, "long", locale=self._locale)
        if shorter:
            return day
        glue = str(self._locale.datetime_formats["long"])
        return glue.replace("'", "").replace("{1}", day).replace("{0}", self._time(when.local))

    def _time(self, local: datetime) -> str:
        from babel import dates

        # Without its zone: Babel would convert the time to UTC.
        return dates.format_time(local.replace(tzinfo=None), "short", locale=self._locale)

    def format_day(self, value: date, gmt_offset: int, dow: bool) -> str:
        """Write a day without its year; see ``Locale.format_day``."""
        from babel import dates

        pattern = self._weekday_day if dow else self._month_day
        local = value - timedelta(minutes=gmt_offset)
        return dates.format_date(local, pattern, locale=self._locale)

    def format_datetime(
        self, value: float | datetime, pattern: str, gmt_offset: int, tz: tzinfo | None
    ) -> str:
        """Write a date with its time; see ``Locale.format_datetime``."""
        from babel import dates

        when = to_datetime(value)
        if tz is None and gmt_offset:
            tz = _behind(when, gmt_offset)
        if tz is not None:
            when = when.astimezone(tz)
        return dates.format_datetime(when, pattern, tzinfo=when.tzinfo, locale=self._locale)

    def format_list(self, parts: Iterable[str]) -> str:
        """Write a list; see ``Locale.list``."""
        from babel import lists

        return lists.format_list(list(parts), locale=self._locale)

    def format_decimal(self, value: Number, pattern: str | None = None) -> str:
        """Write a number; see ``Locale.format_decimal``."""
        from babel import numbers

        _check_pattern(pattern)
        return str(numbers.format_decimal(value, pattern, locale=self._locale))

    def format_percent(self, value: Number, pattern: str | None) -> str:
        """Write a share of 1 as percents; see ``Locale.format_percent``."""
        from babel import numbers

        _check_pattern(pattern)
        return numbers.format_percent(value, pattern, locale=self._locale)

    def format_currency(
        self, value: Number, currency: str, pattern: str | None, format_type: CurrencyFormat
    ) -> str:
        """Write an amount of money; see ``Locale.format_currency``."""
        from babel import numbers

        _check_pattern(pattern)
        return numbers.format_currency(
            value, currency, pattern, locale=self._locale, format_type=format_type
        )
