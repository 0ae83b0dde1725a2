"""Dates in Tornado's formats: how long ago something was, or when.

What a date is (seconds ago, yesterday, within the year ...) is decided once, by `moment`; how that
is written, here in Tornado's English patterns passed through the catalogue, is another matter.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    Translate = Callable[..., str]

__all__ = ["Kind", "Moment", "format_day", "format_moment", "moment", "to_datetime"]

Kind = Literal["seconds", "minutes", "hours", "time", "yesterday", "weekday", "day", "year"]

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# Pattern, and pattern of the shorter form: they are the messages that translators see.
_PATTERNS: dict[Kind, tuple[str, str]] = {
    "time": ("%(time)s", "%(time)s"),
    "yesterday": ("yesterday at %(time)s", "yesterday"),
    "weekday": ("%(weekday)s at %(time)s", "%(weekday)s"),
    "day": ("%(month_name)s %(day)s at %(time)s", "%(month_name)s %(day)s"),
    "year": ("%(month_name)s %(day)s, %(year)s at %(time)s", "%(month_name)s %(day)s, %(year)s"),
}
_AGES: dict[Kind, tuple[str, str, str]] = {
    "seconds": ("1 second ago", "%(seconds)d seconds ago", "seconds"),
    "minutes": ("1 minute ago", "%(minutes)d minutes ago", "minutes"),
    "hours": ("1 hour ago", "%(hours)d hours ago", "hours"),
}

_CLOCK_SKEW = timedelta(seconds=60)
_WEEKDAYS_FOR = 5  # days
_NO_YEAR_FOR = 334  # days: in the twelfth month the same month of last year would be meant
_UNTIL = 50  # seconds or minutes are counted up to this


class Moment(NamedTuple):
    """What a date is, seen from now.

    Attributes:
        kind: How it is told: by an age, or as a time, a weekday, a day or a day with its year.
        age: The age in the unit of `kind`; 0 for the other kinds.
        local: Date and time on the reader's clock.
    """

    kind: Kind
    age: int
    local: datetime


def to_datetime(value: float | datetime) -> datetime:
    """Return an aware datetime.

    Args:
        value: Seconds since 1970 in UTC, or a datetime; one without a time zone is in UTC.

    Returns:
        The datetime, in UTC or in the time zone that it came with.

    Raises:
        TypeError: The value is neither a number nor a datetime.
        OverflowError, ValueError, OSError: The number is outside of what a datetime can hold.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    raise TypeError(
        f"a date is a datetime or a number of seconds since 1970, not {type(value).__name__}"
    )


def moment(
    value: float | datetime,
    gmt_offset: int,
    relative: bool,
    full_format: bool,
    now: datetime | None,
) -> Moment:
    """Decide how a date is told.

    Source: ``Locale.format_date`` of Tornado. Yesterday is counted in the time zone that the date
    came with; Tornado compares such a date with yesterday's day in UTC.

    Args:
        value: See `to_datetime`.
        gmt_offset: Minutes that the reader's clock is behind the date's time zone: 300 in New York
            in winter, as JavaScript's ``getTimezoneOffset``.
        relative: Whether ages and "yesterday" may be used.
        full_format: Whether to give the day with its year in any case.
        now: The time to count from; ``None`` is the clock's.

    Returns:
        What the date is.
    """
    when = to_datetime(value)
    # In UTC: two datetimes of one zone are subtracted by their clocks, which may have been changed
    # in between.
    present = datetime.now(UTC) if now is None else to_datetime(now).astimezone(UTC)
    if when > present:
        if relative and when - present < _CLOCK_SKEW:
            # Clocks differ: what happens right now has not happened in the future.
            when = present.astimezone(when.tzinfo)
        else:
            full_format = True
    offset = timedelta(minutes=gmt_offset)
    local = when - offset
    if full_format:
        return Moment("year", 0, local)
    age = present - when
    if age.days == 0 and relative:
        return _recent(age.seconds, local)
    yesterday = present.astimezone(when.tzinfo) - offset - timedelta(days=1)
    kind: Kind = "year"
    if age.days == 0:
        kind = "time"
    elif age.days == 1 and local.day == yesterday.day and relative:
        kind = "yesterday"
    elif age.days < _WEEKDAYS_FOR:
        kind = "weekday"
    elif age.days < _NO_YEAR_FOR:
        kind = "day"
    return Moment(kind, 0, local)


def _recent(seconds: int, local: datetime) -> Moment:
    if seconds < _UNTIL:
        return Moment("seconds", seconds, local)
    if seconds < _UNTIL * 60:
        return Moment("minutes", round(seconds / 60), local)
    return Moment("hours", round(seconds / 3600), local)


def format_moment(translate: Translate, code: str, when: Moment, shorter: bool) -> str:
    """Write a date in Tornado's formats.

    Args:
        translate: The locale's ``translate``.
        code: The locale's code: English of the US and Chinese of China read a 12-hour clock.
        when: The date.
        shorter: Whether to leave out the time of day.

    Returns:
        The text.
    """
    if when.kind in _AGES:
        singular, plural, name = _AGES[when.kind]
        return translate(singular, plural, when.age) % {name: when.age}
    pattern = translate(_PATTERNS[when.kind][shorter])
    return pattern % {**_fields(translate, when.local), "time": _clock(code, when.local)}


def _fields(translate: Translate, local: date) -> dict[str, str]:
    return {
        "month_name": translate(MONTHS[local.month - 1]),
        "weekday": translate(WEEKDAYS[local.weekday()]),
        "day": str(local.day),
        "year": str(local.year),
    }


def _clock(code: str, local: datetime) -> str:
    """Write the time of day."""
    afternoon = local.hour >= 12  # noqa: PLR2004 - noon
    hour = local.hour % 12 or 12
    if code == "zh_CN":
        return f"{'下午' if afternoon else '上午'}{hour}:{local.minute:02}"
    if code in {"en", "en_US"}:
        return f"{hour}:{local.minute:02} {'pm' if afternoon else 'am'}"
    return f"{local.hour}:{local.minute:02}"


def format_day(translate: Translate, value: date, gmt_offset: int, dow: bool) -> str:
    """Write a day without its year, in Tornado's formats.

    Source: ``Locale.format_day`` of Tornado.

    Args:
        translate: The locale's ``translate``.
        value: A date or datetime; a datetime's day is that of its own time zone.
        gmt_offset: Minutes that the reader's clock is behind that.
        dow: Whether to give the day of the week.

    Returns:
        The text, such as ``Monday, January 22``.
    """
    pattern = "%(weekday)s, %(month_name)s %(day)s" if dow else "%(month_name)s %(day)s"
    return translate(pattern) % _fields(translate, value - timedelta(minutes=gmt_offset))
