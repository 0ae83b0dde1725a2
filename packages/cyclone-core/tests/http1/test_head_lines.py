"""Header lines that are remembered: fewer than a bound, no secrets, and never another answer."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import fields
from cyclone_core.http1.head import RequestHead, parse_head
from cyclone_core.limits import Limits

LIMITS = Limits()


@pytest.fixture(autouse=True)
def _forgetful() -> None:
    """Begin without a memory."""
    fields._lines.clear()


def parse(*lines: str) -> RequestHead:
    """Parse a head with these lines."""
    return parse_head("\r\n".join(["GET / HTTP/1.1", "Host: a", *lines]).encode("latin-1"), LIMITS)


@pytest.mark.parametrize("line", ["Accept: a,b", "user-agent:  x ", "connection: close"])
def test_again(line: str) -> None:
    """A line that comes again gives the same header as the first time."""
    first = parse(line)
    assert line in fields._lines
    second = parse(line)
    assert (second.headers, second.keep_alive) == (first.headers, first.keep_alive)


@pytest.mark.parametrize("name", ["Cookie", "Authorization", "X-Api-Key", "Referer", "Origin"])
def test_secrets(name: str) -> None:
    """Of a name that may hold a secret nothing is kept."""
    parse(f"{name}: secret")
    assert not any("secret" in line for line in fields._lines)


def test_bounds() -> None:
    """Clients choose the lines, so there are at most a thousand, and none is long."""
    for number in range(3000):
        parse(f"User-Agent: {number}")
        assert len(fields._lines) <= 1000
    long_line = "Accept: " + "x" * 600
    assert parse(long_line).headers["Accept"] == "x" * 600
    assert long_line not in fields._lines


def test_repeated_header() -> None:
    """A header that stands there twice has two values, remembered or not."""
    for _ in range(3):
        assert parse("Accept: a", "Accept: b", "Accept: a").headers["Accept"] == ["a", "b", "a"]
        with pytest.raises(HTTPInputError, match="more than one Host"):
            parse("Host: a")


LINES = st.lists(
    st.sampled_from(["Accept: a", "Accept:a", "accept: b", "Dnt: 1", "Bad Name: 1", "X: y", ""]),
    max_size=6,
)


@given(lines=LINES, before=LINES)
def test_memory_changes_nothing(lines: list[str], before: list[str]) -> None:
    """Whatever came before, a head means the same."""

    def outcome() -> object:
        try:
            return parse(*lines).headers
        except HTTPInputError as error:
            return str(error)

    fields._lines.clear()
    fresh = outcome()
    fields._lines.clear()
    with contextlib.suppress(HTTPInputError):
        parse(*before)
    assert outcome() == fresh
