"""Dates as browsers read them (RFC 6265 section 5.1.1)."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httpclient.cookies.set_cookie import parse_cookie_date, parse_set_cookie

MOMENT = dt.datetime(2017, 4, 15, 21, 1, 22, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "text",
    [
        # The three forms of HTTP, and what servers make of them.
        "Sat, 15 Apr 2017 21:01:22 GMT",
        "Saturday, 15-Apr-17 21:01:22 GMT",
        "Sat Apr 15 21:01:22 2017",
        "Sat, 15-Apr-2017 21:01:22 GMT",
        "Sat, 15 Apr 2017 21:01:22 UTC",
        "Sat Apr 15 2017 21:01:22 GMT-0500 (EST)",
        "Sat, 15-Apr-17 21:01:22 GMT-2",
        "Sat, 15-Apr-17 21:01:22 -0400",
        "Sat, 15-Apr-17 21:01:22 (hello there)",
        "2017-Apr-15 21:01:22",
        # Any order.
        "21:01:22 Sat Apr 15 2017",
        "Sat 21:01:22 Apr 15 2017",
        "Sat Apr 21:01:22 15 2017",
        "Apr 15 17 21:01:22",
        "15 17 Apr 21:01:22",
        "2017 April 15 21:01:22",
        "15-Sat, Apr 21:01:22 GMT 17",
        # Any delimiters.
        "15/Apr\\2017 21:01:22",
        "15!Apr[2017`21:01:22~",
        '"Sat, 15-Apr-17\\"21:01:22\\"GMT"',
        "\t15,,,Apr;;;2017___21:01:22",
        " 15 - Apr - 17 21:01:22",
        # Any words: three letters make a month, and what comes second does not count.
        "Someday, 15 aPRICOT 17 21:01:22",
        "15 Apr May 2017 21:01:22",
        "15 Apr 017AD 21:01:22",
        "15 Apr 2017 2018 21:01:22 11:22:33",
        "15 Apr 2017 ::00 21:01:22",
        "15 Apr 2017 z:1:2 21:01:22",
        "15th Apr 2017AD 21:01:22h",
        "15 Apr 2017 21:1:22",
        "15 Apr 2017 21:01:22:33",
        "15 Apr 2017 21:01:22.999",
    ],
)
def test_date(text: str) -> None:
    """Words that look like a time, a day, a month and a year are a date, in any order and company."""
    assert parse_cookie_date(text) == MOMENT.timestamp()


@pytest.mark.parametrize(
    ("year", "expected"),
    [("69", 2069), ("70", 1970), ("99", 1999), ("00", 2000), ("099", 1999), ("1601", 1601)],
)
def test_short_years(year: str, expected: int) -> None:
    """Years of two digits lie between 1970 and 2069."""
    moment = dt.datetime(expected, 1, 1, tzinfo=dt.UTC)
    assert parse_cookie_date(f"01 Jan {year} 00:00:00") == moment.timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "15 Apr 2017",
        "15 Apr 21:01:22",
        "15 2017 21:01:22",
        "Apr 2017 21:01:22",
        "15 Apr 2017 21:01",
        "15 Apr 2017 21:01:",
        "15 Apr 2017 21:01:222",
        "15 Apr 2017 021:01:22",
        "15 Apr 2017 21: 01:22",
        "015 Apr 2017 21:01:22",
        "15 Ap 2017 21:01:22",
        "15 4 2017 21:01:22",
        "15 Apr 7 21:01:22",
        "15 Apr 20170 21:01:22",
        "15 Apr 1600 21:01:22",
        "15 Apr 100 21:01:22",
        "00 Apr 2017 21:01:22",
        "31 Apr 2017 21:01:22",
        "29 Feb 2017 21:01:22",
        "32 Apr 2017 21:01:22",
        "98 April 17 21:01:22",
        "15 Apr 2017 24:00:00",
        "15 Apr 2017 21:60:00",
        "15 Apr 2017 21:01:60",
        "15 Apr 2017 91:22:33 21:01:22",
        "\u0661\u0665 Apr \u0662\u0660\u0661\u0667 21:01:22",
    ],
)
def test_no_date(text: str) -> None:
    """What has not all four parts, or is no day or time that there is, is no date."""
    assert parse_cookie_date(text) is None


@given(st.datetimes(dt.datetime(1601, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59)))  # noqa: DTZ001 -- hypothesis adds the zone below
def test_every_date(moment: dt.datetime) -> None:
    """Every date of every spelling is understood."""
    moment = moment.replace(microsecond=0, tzinfo=dt.UTC)
    for form in (
        "%a, %d %b {:04} %H:%M:%S GMT",
        "%A, %d-%b-{:04} %H:%M:%S",
        "%H:%M:%S %B %d {:04}",
    ):
        text = moment.strftime(form.replace("%A", "Someday")).format(moment.year)
        assert parse_cookie_date(text) == moment.timestamp()


@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    """Any text whatever is a cookie or none, and a date or none, but no error."""
    parse_cookie_date(text)
    parse_set_cookie(text, 0.0)
    parse_set_cookie(f"a=1; Expires={text}; Max-Age={text}; Domain={text}", 0.0)
