"""Dates in the form of HTTP."""

import datetime as dt
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httputil import http_date


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
