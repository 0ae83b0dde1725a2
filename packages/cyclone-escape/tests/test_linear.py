"""Hostile input costs time in proportion to its length.

Each case runs on n and on 4 n characters. Linear work takes 4 times as long, quadratic work 16
times; 10 is the bound. CPU time is compared, and the best of several runs is taken, because other
processes disturb. A large input that takes no more than a few milliseconds passes whatever the
ratio: there the clock, and not the function, is measured.
"""

import time
from collections.abc import Callable

import pytest

import cyclone_escape as escape

SIZE = 25_000
FACTOR = 4
RATIO = 10.0
QUICK = 0.02  # seconds


def seconds(function: Callable[[str], object], text: str) -> float:
    """Measure the CPU time of the best of three calls."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        function(text)
        best = min(best, time.process_time() - start)
    return best


def check(
    function: Callable[[str], object],
    unit: str,
    before: str = "",
    after: str = "",
    size: int = SIZE,
) -> None:
    """Compare the time for a repeated unit with the time for four times as many."""
    count = size // len(unit)
    # One more chance: a machine may be busy for longer than three calls.
    for _ in range(3):
        large = seconds(function, before + unit * (count * FACTOR) + after)
        if large < QUICK:
            return
        small = seconds(function, before + unit * count + after)
        if large < small * RATIO:
            return
    pytest.fail(f"{size} characters took {small:.3f} s, {FACTOR} times as many {large:.3f} s")


def linkify(text: str) -> str:
    """Make links with every option that costs time."""
    return escape.linkify(text, shorten=True, extra_params=lambda _: "rel=x")


@pytest.mark.parametrize(
    "unit",
    [
        *("(", ")", "()", "&", "www.", "http://", "http:/(", "www.(", "www.a(", "http://x("),
        *("(www.", "a-", "-", "a", "w", ":/", "a:/ ", "a:/(", "-:/", "www-", "foo-www.", "."),
        *("!", "http://!", "http://a(http://b", "http://(a)", "\xe9", "\u3000", "<", "'"),
        *("&quot;", "[", "www.x.com "),
    ],
)
@pytest.mark.parametrize("before", ["http://x.com ", "http://", "www.(", "www.a!"])
def test_linkify_is_linear(before: str, unit: str) -> None:
    """Near-misses of URLs, and URLs within URLs, are searched once."""
    check(linkify, unit, before)


@pytest.mark.parametrize("unit", ["www.x.com ", "http://a(http://b", "a:/ ", "<a:/b> "])
def test_many_links_are_linear(unit: str) -> None:
    """What is copied for a link is the link, not the text before it or behind it."""
    check(linkify, unit, size=8 * SIZE)


@pytest.mark.parametrize("unit", ["&", "&#", "&#x", "&amp", "&#1", "1", "0", "f", "&a", "a", ";"])
@pytest.mark.parametrize("before", ["", "&", "&#", "&#x", "&#1"])
def test_unescape_is_linear(before: str, unit: str) -> None:
    """Halves of references, and references without end, are read once."""
    check(escape.xhtml_unescape, unit, before)


@pytest.mark.parametrize("unit", ["&", "<", "'", "a"])
def test_escape_is_linear(unit: str) -> None:
    """The longest possible result is no reason to slow down."""
    check(escape.xhtml_escape, unit)


URL_UNITS = ["%", "%4", "%41", "%41x", "%%41", "+", "%\xe9", "%41\xe9", "\xe9", "a"]


@pytest.mark.parametrize("unit", URL_UNITS)
@pytest.mark.parametrize("encoding", ["utf-8", None])
def test_url_unescape_is_linear(unit: str, encoding: str | None) -> None:
    """Escapes, halves of escapes and text between them are read once."""

    def decode(text: str) -> str | bytes:
        return escape.url_unescape(text, encoding)

    check(decode, unit)
    check(decode, unit, after="%41")


@pytest.mark.parametrize("unit", ["%", "%41", "+", "\xe9", "/"])
def test_url_escape_is_linear(unit: str) -> None:
    """What has to be escaped is escaped once."""
    check(escape.url_escape, unit)


@pytest.mark.parametrize("unit", ["%", "%4", "%41", "&", "=", "a&", "a=1&", "%41=%&", "&&=", "+"])
def test_query_parsing_is_linear(unit: str) -> None:
    """Many fields, many values of one name and broken escapes are read once."""
    check(lambda text: escape.parse_qs_bytes(text, keep_blank_values=True), unit)


@pytest.mark.parametrize("unit", [" ", " a", "\x00", "\xa0", "a"])
def test_squeeze_is_linear(unit: str) -> None:
    """Blanks are collapsed in one pass."""
    check(escape.squeeze, unit)


@pytest.mark.parametrize("unit", ["[", '{"a":', '"\\u00e9", ', "</", "1,", " "])
def test_json_is_linear(unit: str) -> None:
    """A text that never becomes JSON is refused in time; any string is encoded in time."""

    def refuse(text: str) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 - only the time matters here
            escape.json_decode(text)

    check(refuse, unit, before="[")
    check(escape.json_encode, unit)


def test_a_megabyte_of_percent_signs() -> None:
    """A megabyte of broken escapes is decoded in a fraction of a second, as text and as bytes."""
    text = "%" * 1_000_000
    assert seconds(escape.url_unescape, text) < 0.2
    assert seconds(lambda value: escape.url_unescape(value, None), text) < 0.2
    assert seconds(lambda value: escape.parse_qs_bytes(value, keep_blank_values=True), text) < 0.2
