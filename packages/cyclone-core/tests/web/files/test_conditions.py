"""Conditions of requests, for what has a date and an entity tag."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httputil import HTTPHeaders
from cyclone_core.web.files.conditions import (
    is_unchanged_since,
    may_send_part,
    parse_date,
    precondition_fails,
)

MODIFIED = dt.datetime(1994, 11, 6, 8, 49, 37, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
BEFORE, SAME, AFTER = [f"Sun, 06 Nov 1994 08:49:{second} GMT" for second in (36, 37, 38)]


@pytest.mark.parametrize(
    "field",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 10:49:37 +0200",
        "06 Nov 1994 08:49:37 -0000",
        "06 Nov 1994 08:49:37",
    ],
)
def test_date(field: str) -> None:
    """The three forms of HTTP are read, and others that clients send."""
    assert parse_date(field) == MODIFIED


@pytest.mark.parametrize(
    "field",
    ["", "!nv@l!d", "0", "Sun, 99 Nov 1994 08:49:37 GMT", "1 Jan 99999999999 00:00:00 GMT", "\0"],
)
def test_no_date(field: str) -> None:
    """What is no date is none, and no error."""
    assert parse_date(field) is None


@given(st.text())
def test_any_text(field: str) -> None:
    """Whatever a client sends, a date has a zone, so that it can be compared."""
    date = parse_date(field)
    assert date is None or date.tzinfo is not None


def test_before_the_epoch() -> None:
    """A date from before 1970 is one."""
    assert not is_unchanged_since("Fri, 01 Jan 1960 00:00:00 GMT", MODIFIED)


@pytest.mark.parametrize(
    ("field", "unchanged"), [(BEFORE, False), (SAME, True), (AFTER, True), ("x", False)]
)
def test_unchanged(field: str, unchanged: bool) -> None:
    """Something is unchanged since any date that is not before its own."""
    assert is_unchanged_since(field, MODIFIED) is unchanged
    assert is_unchanged_since(field, MODIFIED.replace(microsecond=999_999)) is unchanged
    assert is_unchanged_since(field, MODIFIED.replace(tzinfo=None)) is unchanged
    assert not is_unchanged_since(field, None)


@pytest.mark.parametrize(
    ("field", "fails"),
    [
        ('"a"', False),
        ('"b", "a"', False),
        ("*", False),
        (" * ", False),
        ('"b"', True),
        ('W/"a"', True),
        ("a", True),
        ("", True),
    ],
)
def test_if_match(field: str, fails: bool) -> None:
    """`If-Match` must name the entity tag, as a strong one."""
    headers = HTTPHeaders({"If-Match": field, "If-Unmodified-Since": BEFORE})
    assert precondition_fails(headers, '"a"', MODIFIED) is fails


def test_if_match_without_tag() -> None:
    """What has no entity tag, or a weak one, matches none."""
    assert precondition_fails(HTTPHeaders({"If-Match": '"a"'}), "", MODIFIED)
    assert precondition_fails(HTTPHeaders({"If-Match": 'W/"a"'}), 'W/"a"', MODIFIED)


@pytest.mark.parametrize(
    ("field", "fails"), [(BEFORE, True), (SAME, False), (AFTER, False), ("x", False)]
)
def test_if_unmodified_since(field: str, fails: bool) -> None:
    """`If-Unmodified-Since` fails if it was modified later; what is no date does not count."""
    headers = HTTPHeaders({"If-Unmodified-Since": field})
    assert precondition_fails(headers, '"a"', MODIFIED) is fails
    assert not precondition_fails(headers, '"a"', None)


def test_no_condition() -> None:
    """Without a condition none fails."""
    assert not precondition_fails(HTTPHeaders(), '"a"', MODIFIED)


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ('"a"', True),
        (' "a" ', True),
        ('"b"', False),
        ('W/"a"', False),
        (SAME, True),
        (BEFORE, False),
        (AFTER, False),
        ("x", False),
        ("", False),
    ],
)
def test_if_range(field: str, part: bool) -> None:
    """A part is sent for exactly this tag or date."""
    assert may_send_part(field, '"a"', MODIFIED, NOW) is part


def test_if_range_without_date() -> None:
    """What has no date has no part for one, and a weak tag has none either."""
    assert not may_send_part(SAME, '"a"', None, NOW)
    assert not may_send_part('W/"a"', 'W/"a"', MODIFIED, NOW)


def test_if_range_in_the_same_second() -> None:
    """A date says nothing while the same second lasts."""
    soon = MODIFIED + dt.timedelta(milliseconds=900)
    assert not may_send_part(SAME, "", MODIFIED, soon)
    assert may_send_part(SAME, "", MODIFIED, MODIFIED + dt.timedelta(seconds=1))
