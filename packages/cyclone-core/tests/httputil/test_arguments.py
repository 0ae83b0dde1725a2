"""Query strings and forms."""

import time
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.arguments import media_type, parse_arguments


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [
        ("", {}),
        (b"", {}),
        ("a=1&b=2&a=3", {"a": [b"1", b"3"], "b": [b"2"]}),
        (b"a=1&b=2&a=3", {"a": [b"1", b"3"], "b": [b"2"]}),
        ("a=&b&=c", {"a": [b""], "b": [b""], "": [b"c"]}),
        ("a=b=c", {"a": [b"b=c"]}),
        ("a=1;b=2", {"a": [b"1;b=2"]}),
        ("a+b=c+d%2B", {"a b": [b"c d+"]}),
        ("%61=%C3%a9%ff", {"a": [b"\xc3\xa9\xff"]}),
        ("%e9=1", {"\xe9": [b"1"]}),
        ("a=%&b=%g0&c=%1", {"a": [b"%"], "b": [b"%g0"], "c": [b"%1"]}),
        ("a=%00", {"a": [b"\x00"]}),
        ("&&", {}),
    ],
)
def test_fields(encoded: str | bytes, expected: dict[str, list[bytes]]) -> None:
    """Values are bytes in the order of arrival, blank ones are kept, only `&` separates."""
    assert parse_arguments(encoded, 1000) == expected


@pytest.mark.parametrize("encoded", ["a=1&b=2&c=3", b"a=1&b=2&c=3", "&&"])
def test_the_number_of_fields_is_bounded(encoded: str | bytes) -> None:
    """At the limit all is parsed, one beyond it nothing is."""
    parse_arguments(encoded, 3)
    with pytest.raises(HTTPInputError, match="3 fields, 2 are allowed") as caught:
        parse_arguments(encoded, 2)
    assert caught.value.status == 400


def test_text_that_no_client_can_send_is_the_programs_mistake() -> None:
    """A query that was written by hand and not encoded is no fault of a client."""
    with pytest.raises(UnicodeEncodeError):
        parse_arguments("a=\u20ac", 1000)


@given(st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=5)), max_size=9))
def test_what_python_encodes_is_decoded(fields: list[tuple[str, bytes]]) -> None:
    """All values of `urlencode` come back under their names."""
    expected: dict[str, list[bytes]] = {}
    for name, value in fields:
        expected.setdefault(name.encode().decode("latin-1"), []).append(value)
    assert parse_arguments(urlencode(fields), 1000) == expected


def test_a_query_of_percent_signs_is_linear() -> None:
    """1 MB of `%`, or of escapes, is decoded at once (Tornado 6.6.1 was slow there)."""
    for piece in ("%", "%4", "%41"):
        text = "a=" + piece * (1_000_000 // len(piece))
        start = time.thread_time()
        parse_arguments(text, 1000)
        assert time.thread_time() - start < 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text/html", "text/html"),
        ("Text/HTML ; charset=utf-8", "text/html"),
        ("\ttext/html", "text/html"),
        ("", ""),
        (";", ""),
    ],
)
def test_media_types(value: str, expected: str) -> None:
    """Parameters and case do not count."""
    assert media_type(value) == expected
