"""What each type makes of a text."""

import datetime as dt
import enum
import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.options.values import accepts, describe, parse_each, parse_one

Kind = Any


class Color(enum.Enum):
    RED = "red"


class Level(int):
    """A subclass of int."""


class Moment(dt.datetime):
    """A subclass of datetime."""


class Span(dt.timedelta):
    """A subclass of timedelta."""


def naive(*parts: int) -> dt.datetime:
    return dt.datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 -- so are those of options


def shout(text: str) -> str:
    return text.upper()


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (str, "", ""),
        (str, " a=b ", " a=b "),
        (int, "-443", -443),
        (float, "1.5", 1.5),
        (bool, "TRUE", True),
        (bool, "t", True),
        (bool, "1", True),
        (bool, "Yes", True),
        (bool, "y", True),
        (bool, "on", True),
        (bool, "false", False),
        (bool, "F", False),
        (bool, "0", False),
        (bool, "no", False),
        (bool, "n", False),
        (bool, "off", False),
        (Color, "red", Color.RED),
        (ipaddress.ip_address, "::1", ipaddress.IPv6Address("::1")),
        (shout, "a", "A"),
    ],
)
def test_one(kind: Kind, text: str, value: object) -> None:
    """A text becomes a value of the type, whatever class or function that is."""
    made = parse_one(kind, text)
    assert made == value
    assert type(made) is type(value)


@pytest.mark.parametrize("text", ["", "falsch", "t r", "2", " true"])
def test_no_truth(text: str) -> None:
    """What is neither true nor false is an error, and not true as in Tornado."""
    with pytest.raises(ValueError, match="neither true nor false"):
        parse_one(bool, text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Sun Apr 28 05:16:07 2013", naive(2013, 4, 28, 5, 16, 7)),
        ("2013-04-28 05:16:07", naive(2013, 4, 28, 5, 16, 7)),
        ("2013-04-28 05:16", naive(2013, 4, 28, 5, 16)),
        ("2013-04-28T05:16", naive(2013, 4, 28, 5, 16)),
        ("20130428 05:16:07", naive(2013, 4, 28, 5, 16, 7)),
        ("20130428 05:16", naive(2013, 4, 28, 5, 16)),
        ("2013-04-28", naive(2013, 4, 28)),
        ("20130428", naive(2013, 4, 28)),
        ("05:16:07", naive(1900, 1, 1, 5, 16, 7)),
        ("05:16", naive(1900, 1, 1, 5, 16)),
        ("2013-04-28T05:16:07Z", dt.datetime(2013, 4, 28, 5, 16, 7, tzinfo=dt.UTC)),
    ],
)
def test_datetime(text: str, value: dt.datetime) -> None:
    """Dates and times are understood in Tornado's ten forms, and in those of ISO 8601."""
    assert parse_one(dt.datetime, text) == value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45", 45),
        ("45s", 45),
        (" 1 sec ", 1),
        ("1.5m", 90),
        (".5 min", 30),
        ("1h 30m", 5400),
        ("1h30m", 5400),
        ("-1H", -3600),
        ("1 2", 3),
        ("2e3 ms", 2),
        ("1000us", 0.001),
        ("1d", 86400),
        ("1w", 604800),
        ("1 weeks 1 days 1 hours 1 minutes 1 seconds", 694861),
        ("1 milliseconds 1 microseconds", 0.001001),
    ],
)
def test_timedelta(text: str, seconds: float) -> None:
    """A time span is a sum of numbers with units; seconds need none."""
    assert parse_one(dt.timedelta, text) == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (dt.timedelta, ""),
        (dt.timedelta, " "),
        (dt.timedelta, "s"),
        (dt.timedelta, "1 fortnight"),
        (dt.timedelta, "1h,30m"),
        (dt.timedelta, "1h half"),
        (dt.timedelta, "1e99 weeks"),
        (dt.datetime, ""),
        (dt.datetime, "yesterday"),
        (dt.datetime, "2013-13-28"),
        (int, "1.5"),
        (int, "9" * 5000),
        (float, "one"),
        (Color, "RED"),
    ],
)
def test_refused(kind: Kind, text: str) -> None:
    """A text that the type does not understand raises."""
    with pytest.raises((ValueError, OverflowError, KeyError)):
        parse_one(kind, text)


def test_subclasses() -> None:
    """A subclass of datetime or timedelta makes values of its own."""
    assert type(parse_one(Moment, "2013-04-28")) is Moment
    assert type(parse_one(Moment, "2013-04-28T05:16:07.5")) is Moment
    assert type(parse_one(Span, "1h")) is Span
    assert parse_one(Span, "1.5s") == dt.timedelta(seconds=1.5)


@pytest.mark.parametrize(
    ("kind", "text", "values"),
    [
        (str, "a,b,c", ["a", "b", "c"]),
        (str, "", [""]),
        (str, "a:b", ["a:b"]),
        (int, "1,3,5:7", [1, 3, 5, 6, 7]),
        (int, "-2:-1", [-2, -1]),
        (int, "4:4", [4]),
        (Level, "1:2", [Level(1), Level(2)]),
        (bool, "true,no", [True, False]),
        (float, "1,2.5", [1.0, 2.5]),
        (shout, "a,b", ["A", "B"]),
    ],
)
def test_each(kind: Kind, text: str, values: list[object]) -> None:
    """A list is split at commas, and an integer may be a range with both ends."""
    made = parse_each(kind, text)
    assert made == values
    assert [type(value) for value in made] == [type(value) for value in values]


@pytest.mark.parametrize("text", ["", "1,", "1:", ":1", "1:2:3", "7:5", "0:1000000", "1,x"])
def test_wrong_ranges(text: str) -> None:
    """A range that lacks an end, is empty, or would fill the memory is refused."""
    with pytest.raises(ValueError, match=r"empty|more than|invalid literal"):
        parse_each(int, text)


def test_longest_range() -> None:
    """A range may have a million numbers."""
    assert len(parse_each(int, "1:1000000")) == 1_000_000


@pytest.mark.parametrize(
    ("kind", "value", "accepted"),
    [
        (int, 1, True),
        (int, None, True),
        (int, "1", False),
        (int, 1.0, False),
        (float, 1, True),
        (float, True, False),
        (float, 1.5, True),
        (dt.datetime, Moment(2013, 4, 28), True),
        (bool, 1, False),
        (shout, 7, True),
    ],
)
def test_accepts(kind: Kind, value: object, accepted: bool) -> None:
    """A value is taken if it is an instance, or an int for a float; a function takes anything."""
    assert accepts(kind, value) is accepted


@pytest.mark.parametrize(
    ("kind", "multiple", "said"),
    [
        (int, False, "an int"),
        (bool, False, "true or false"),
        (dt.datetime, False, "a date and time such as '2026-11-21 18:30'"),
        (dt.timedelta, False, "a time span such as '1h 30m'"),
        (Color, False, "what Color accepts"),
        (shout, False, "what shout accepts"),
        (int, True, "a list of int, as text '1,2,5:8'"),
        (str, True, "a list of str, as text 'a,b,c'"),
        (bool, True, "a list of bool, as text 'a,b,c'"),
    ],
)
def test_describe(kind: Kind, multiple: bool, said: str) -> None:
    """Messages say in words what an option takes."""
    assert describe(kind, multiple=multiple) == said


def test_describe_without_name() -> None:
    """What has no name is shown as it is."""

    class Nameless:
        def __call__(self, text: str) -> str:
            return text

        def __repr__(self) -> str:
            return "<nameless>"

    assert describe(Nameless()) == "what <nameless> accepts"


@given(st.integers())
def test_integers_come_back(number: int) -> None:
    """Every integer is read as it is written."""
    assert parse_one(int, str(number)) == number


@given(st.integers(-1000, 1000), st.integers(0, 1000))
def test_ranges_have_both_ends(low: int, size: int) -> None:
    """A range has its first and last number and all between."""
    assert parse_each(int, f"{low}:{low + size}") == list(range(low, low + size + 1))


@given(st.datetimes(timezones=st.none() | st.just(dt.UTC)))
def test_moments_come_back(moment: dt.datetime) -> None:
    """Every moment is read as `isoformat` writes it."""
    assert parse_one(dt.datetime, moment.isoformat()) == moment


@given(st.timedeltas(dt.timedelta(days=-10000), dt.timedelta(days=10000)))
def test_spans_come_back(span: dt.timedelta) -> None:
    """Every span is the sum of its parts."""
    text = f"{span.days}d {span.seconds}s {span.microseconds}us"
    assert parse_one(dt.timedelta, text) == span


@given(st.lists(st.text(st.characters(exclude_characters=",")), min_size=1))
def test_lists_come_back(parts: list[str]) -> None:
    """Every text without commas can be an item."""
    assert parse_each(str, ",".join(parts)) == parts


@given(
    st.sampled_from([bool, int, float, dt.datetime, dt.timedelta, Color]),
    st.text() | st.text("0123456789:,-+.eEhms TZ"),
    st.booleans(),
)
def test_any_text(kind: type, text: str, multiple: bool) -> None:
    """Any text gives a value of the type or an ordinary exception."""
    try:
        values = parse_each(kind, text) if multiple else [parse_one(kind, text)]
    except (ValueError, OverflowError, KeyError):
        return
    assert all(isinstance(value, kind) for value in values)
