"""Dates in the form of HTTP."""

import datetime as dt
import time
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httputil import format_timestamp, http_date


def test_the_example_of_the_rfc() -> None:
    """RFC 9110 section 5.6.7 has this date."""
    assert http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    ("timestamp", "second"),
    [(0.9, 0), (0.9999999, 0), (1.0, 1), (1e9 + 0.9999999, 1_000_000_000), (-0.1, -1)],
)
def test_fractions_of_a_second_are_dropped(timestamp: float, second: int) -> None:
    """A date is never later than what it stands for, be it by a part of a microsecond."""
    assert http_date(timestamp) == http_date(second)


@given(st.integers(0, 253402300799))
def test_round_trips(timestamp: int) -> None:
    """Until the year 9999 every second is read back by an independent parser."""
    text = http_date(timestamp)
    assert len(text) == 29
    assert parsedate_to_datetime(text) == dt.datetime.fromtimestamp(timestamp, dt.UTC)


@pytest.mark.parametrize(
    "point",
    [
        1359312200,
        1359312200.9,
        time.gmtime(1359312200),
        tuple(time.gmtime(1359312200)),
        tuple(time.gmtime(1359312200))[:6],
        dt.datetime(2013, 1, 27, 18, 43, 20, 999_999),  # noqa: DTZ001 -- the case in point
        dt.datetime(2013, 1, 27, 18, 43, 20, tzinfo=dt.UTC),
        dt.datetime(2013, 1, 27, 13, 43, 20, tzinfo=dt.timezone(dt.timedelta(hours=-5))),
    ],
)
def test_every_form_of_a_point_in_time(point: object) -> None:
    """Numbers, tuples and datetimes; a datetime without a zone is in UTC."""
    assert format_timestamp(point) == "Sun, 27 Jan 2013 18:43:20 GMT"  # type: ignore[arg-type]


@pytest.mark.parametrize("point", ["now", None, dt.date(2013, 1, 27)])
def test_what_is_no_point_in_time(point: object) -> None:
    """A day alone is none."""
    with pytest.raises(TypeError, match="a timestamp is a number, a time tuple or a datetime"):
        format_timestamp(point)  # type: ignore[arg-type]
