"""Dates, days, lists and numbers in Tornado's formats."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_locale import CSVLocale, Registry
from cyclone_locale.dates import moment

NOW = datetime(2013, 4, 28, 18, 35, 20, tzinfo=UTC)  # a Sunday
EN = CSVLocale("en_US", {})


def ago(**how_long: float) -> datetime:
    """Return the time that long ago."""
    return NOW - timedelta(**how_long)


@pytest.mark.parametrize(
    ("when", "normal", "shorter", "absolute"),
    [
        (ago(seconds=0), "0 seconds ago", None, "6:35 pm"),
        (ago(seconds=1), "1 second ago", None, "6:35 pm"),
        (ago(seconds=49), "49 seconds ago", None, "6:34 pm"),
        (ago(seconds=50), "1 minute ago", None, "6:34 pm"),
        (ago(seconds=90), "2 minutes ago", None, "6:33 pm"),
        (ago(minutes=49, seconds=59), "50 minutes ago", None, "5:45 pm"),
        (ago(minutes=50), "1 hour ago", None, "5:45 pm"),
        (ago(hours=23, minutes=59), "24 hours ago", None, "6:36 pm"),
        (ago(days=1), "yesterday at 6:35 pm", "yesterday", "Saturday at 6:35 pm"),
        (ago(hours=42), "yesterday at 12:35 am", "yesterday", "Saturday at 12:35 am"),
        (ago(hours=43), "Friday at 11:35 pm", "Friday", "Friday at 11:35 pm"),
        (ago(days=4), "Wednesday at 6:35 pm", "Wednesday", "Wednesday at 6:35 pm"),
        (ago(days=5), "April 23 at 6:35 pm", "April 23", "April 23 at 6:35 pm"),
        (ago(days=333), "May 30 at 6:35 pm", "May 30", "May 30 at 6:35 pm"),
        (ago(days=334), "May 29, 2012 at 6:35 pm", "May 29, 2012", "May 29, 2012 at 6:35 pm"),
        (ago(seconds=-59), "0 seconds ago", None, "April 28, 2013 at 6:36 pm"),
        (ago(minutes=-1), "April 28, 2013 at 6:36 pm", "April 28, 2013", None),
        (ago(days=-400), "June 2, 2014 at 6:35 pm", "June 2, 2014", None),
    ],
)
def test_a_date_in_english(
    when: datetime, normal: str, shorter: str | None, absolute: str | None
) -> None:
    """Ages, yesterday, weekdays, days, years; the future in full, but for clocks that differ."""
    assert EN.format_date(when, now=NOW) == normal
    assert EN.format_date(when, shorter=True, now=NOW) == (shorter or normal)
    assert EN.format_date(when, relative=False, now=NOW) == (absolute or normal)


@pytest.mark.parametrize(
    "same", [NOW, NOW.replace(tzinfo=None), NOW.timestamp(), int(NOW.timestamp())]
)
def test_a_date_of_any_type(same: datetime | float) -> None:
    """Aware, naive (which is UTC), or seconds since 1970."""
    assert EN.format_date(same, full_format=True, now=NOW) == "April 28, 2013 at 6:35 pm"
    assert EN.format_date(same, now=NOW.replace(tzinfo=None) + timedelta(hours=2)) == "2 hours ago"


@pytest.mark.parametrize("value", ["2013-04-28", None, date(2013, 4, 28), [1]])
def test_what_is_no_date(value: object) -> None:
    """It is a TypeError that names the type."""
    with pytest.raises(TypeError, match=f"1970, not {type(value).__name__}"):
        EN.format_date(value)  # type: ignore[arg-type]


def test_the_clock_is_the_default() -> None:
    """Without `now`, dates are seen from now."""
    assert EN.format_date(datetime.now(UTC) - timedelta(minutes=2, seconds=10)) == "2 minutes ago"
    assert EN.format_date(datetime.now(UTC) + timedelta(seconds=20)) == "0 seconds ago"


def test_the_readers_clock() -> None:
    """The offset is in minutes behind the date's zone, and moves days too."""
    assert EN.format_date(NOW, 300, full_format=True, now=NOW) == "April 28, 2013 at 1:35 pm"
    assert EN.format_date(ago(hours=2), -330, relative=False, now=NOW) == "10:05 pm"
    assert EN.format_date(ago(hours=30), -330, now=NOW) == "Saturday at 6:05 pm"
    assert EN.format_date(ago(hours=30), 300, now=NOW) == "yesterday at 7:35 am"
    assert EN.format_date(ago(hours=30), 800, now=NOW) == "Friday at 11:15 pm"
    assert EN.format_date(ago(days=30), -700, now=NOW) == "March 30 at 6:15 am"


def test_a_date_of_another_zone() -> None:
    """Its own clock is shown, and yesterday is yesterday there."""
    tokyo = timezone(timedelta(hours=9))
    when = ago(hours=24).astimezone(tokyo)  # the 28th there, at 3:35; now it is the 29th
    assert EN.format_date(when, now=NOW) == "yesterday at 3:35 am"
    assert EN.format_date(when, full_format=True, now=NOW) == "April 28, 2013 at 3:35 am"
    assert EN.format_date(NOW.astimezone(tokyo), now=NOW) == "0 seconds ago"


def test_ages_are_counted_across_a_change_of_the_clock() -> None:
    """Two times of one zone are as far apart as they are, and not as their clocks are."""
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2024, 10, 27, 1, 30, tzinfo=berlin)  # at 3:00 it became 2:00
    now = datetime(2024, 10, 27, 4, 30, tzinfo=berlin)
    assert EN.format_date(before, now=now) == "4 hours ago"
    twice = datetime(2024, 10, 27, 2, 30, tzinfo=berlin)
    assert EN.format_date(twice, now=twice.replace(fold=1)) == "1 hour ago"
    assert EN.format_date(twice.replace(fold=1), now=twice) == "October 27, 2024 at 2:30 am"
    spring = datetime(2024, 3, 31, 1, 30, tzinfo=berlin)  # at 2:00 it became 3:00
    assert EN.format_date(spring, now=spring.replace(hour=4)) == "2 hours ago"


@pytest.mark.parametrize(
    ("code", "clock"),
    [
        *(("en", "6:35 pm"), ("en_US", "6:35 pm"), ("en_GB", "18:35"), ("de_DE", "18:35")),
        *(("zh_CN", "下午6:35"), ("zh_TW", "18:35")),
    ],
)
def test_the_time_of_day(code: str, clock: str) -> None:
    """12 hours in the US and in China, 24 elsewhere, as Tornado has it."""
    assert CSVLocale(code, {}).format_date(NOW, relative=False, now=NOW) == clock


@pytest.mark.parametrize(
    ("hour", "english", "chinese", "other"),
    [
        (0, "12:05 am", "上午12:05", "0:05"),
        (11, "11:05 am", "上午11:05", "11:05"),
        (12, "12:05 pm", "下午12:05", "12:05"),
        (23, "11:05 pm", "下午11:05", "23:05"),
    ],
)
def test_noon_and_midnight(hour: int, english: str, chinese: str, other: str) -> None:
    """Both are 12 o'clock on a clock of 12 hours."""
    when = datetime(2013, 4, 28, hour, 5, tzinfo=UTC)
    codes = ("en", "zh_CN", "fr")
    shown = [CSVLocale(code, {}).format_date(when, relative=False, now=when) for code in codes]
    assert shown == [english, chinese, other]


def test_days() -> None:
    """With and without the day of the week, for dates and datetimes."""
    assert EN.format_day(NOW) == "Sunday, April 28"
    assert EN.format_day(NOW, dow=False) == "April 28"
    assert EN.format_day(NOW, -330) == "Monday, April 29"
    assert EN.format_day(date(2013, 4, 28)) == "Sunday, April 28"


def test_every_month_and_weekday() -> None:
    """The names are those of the calendar."""
    days = [EN.format_day(datetime(2023, month, month, tzinfo=UTC)) for month in range(1, 13)]
    assert days == [
        datetime(2023, month, month, tzinfo=UTC).strftime(f"%A, %B {month}")
        for month in range(1, 13)
    ]


@pytest.mark.parametrize(
    ("code", "full", "day", "minutes"),
    [
        ("pt_BR", "28 de abril de 2013 às 18:35", "domingo, 28 de abril", "há 5 minutos"),
        ("es_ES", "28 de abril de 2013 a las 18:35", "domingo, 28 de abril", "hace 5 minutos"),
        ("pl", "28 kwietnia 2013 o 18:35", "niedziela, 28 kwietnia", "5 minut temu"),
        ("ar", "28 أبريل 2013 الساعة 18:35", "الأحد، 28 أبريل", "قبل 5 دقائق"),
        ("zh_CN", "2013年4月28日下午6:35", "4月28日星期日", "5 分钟前"),
    ],
)
def test_formats_are_translated(
    registry: Registry, gettext_tree: Path, code: str, full: str, day: str, minutes: str
) -> None:
    """The patterns are messages of the catalogue, and so are the names in them."""
    registry.load_gettext_translations(gettext_tree)
    locale = registry.get(code)
    assert locale.format_date(NOW, full_format=True, now=NOW) == full
    assert locale.format_day(NOW) == day
    assert locale.format_date(ago(minutes=5), now=NOW) == minutes


@pytest.mark.parametrize(
    ("parts", "expected"),
    [([], ""), (["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C", "D"], "A, B, C and D")],
)
@pytest.mark.parametrize("kind", [list, tuple, iter])
def test_lists(kind: Callable[[list[str]], list[str]], parts: list[str], expected: str) -> None:
    """Any iterable of texts, of any length."""
    assert EN.list(kind(parts)) == expected


def test_lists_are_translated(registry: Registry, gettext_tree: Path) -> None:
    """The last comma is a word of the language; Persian has one for all."""
    registry.load_gettext_translations(gettext_tree)
    lists = {code: registry.get(code).list("abc") for code in ("pt_BR", "pl", "ar")}
    assert lists == {"pt_BR": "a, b e c", "pl": "a, b i c", "ar": "a, b وc"}
    assert CSVLocale("fa_IR", {}).list("abc") == "a و b and c"
    assert CSVLocale("fat", {}).list("abc") == "a, b and c"


@pytest.mark.parametrize(
    ("code", "number", "expected"),
    [
        ("en_US", 1_000_000, "1,000,000"),
        ("en", 1000, "1,000"),
        ("en_US", 999, "999"),
        ("en_US", -123, "-123"),
        ("en_US", -1234, "-1,234"),
        ("en_US", 0, "0"),
        ("pt_BR", 1_000_000, "1000000"),
        ("en_GB", 1_000_000, "1000000"),
    ],
)
def test_friendly_numbers(code: str, number: int, expected: str) -> None:
    """Commas in American English only, as in Tornado."""
    assert CSVLocale(code, {}).friendly_number(number) == expected


@given(st.integers())
def test_a_friendly_number_is_the_number(number: int) -> None:
    """Without its commas it can be read again, and they stand after every third digit."""
    text = EN.friendly_number(number)
    assert int(text.replace(",", "")) == number
    assert all(len(group) == 3 for group in text.split(",")[1:])


@given(
    st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC) | st.none()),  # noqa: DTZ001
    st.integers(-1440, 1440),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_any_date_is_told(
    when: datetime, gmt_offset: int, relative: bool, shorter: bool, full: bool
) -> None:
    """Nothing raises; a full date can be read again, on the reader's clock."""
    text = EN.format_date(when, gmt_offset, relative, shorter, full, now=NOW)
    assert text
    if full and not shorter and when.replace(tzinfo=UTC) <= NOW:
        head, _, clock = text.rpartition(" at ")
        month_day, _, year = head.rpartition(", ")
        read = datetime.strptime(f"{month_day} {year:0>4} {clock}", "%B %d %Y %I:%M %p")  # noqa: DTZ007
        local = when.replace(tzinfo=None) - timedelta(minutes=gmt_offset)
        assert read == local.replace(second=0, microsecond=0)


@given(st.integers(0, 10**9), st.integers(0, 2 * 10**9), st.booleans())
def test_a_moment_is_seen_from_now(age: int, start: int, relative: bool) -> None:
    """Ages grow with the distance, and the kind depends on it and on the calendar only."""
    now = datetime.fromtimestamp(start, UTC)
    told = moment(start - age, 0, relative, False, now)
    assert told.local == now - timedelta(seconds=age)
    units = {"seconds": 1, "minutes": 60, "hours": 3600}
    if told.kind in units:
        assert relative
        assert abs(told.age * units[told.kind] - age) <= units[told.kind] / 2
    else:
        assert told.age == 0
