"""The fields of a form."""

import decimal
import io
import re
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httpclient.forms import encode_form, field_pairs, pairs_of
from cyclone_core.httputil import parse_body_arguments

Whatever = Any


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ""),
        ({"a": "1", "b": ""}, "a=1&b="),
        ({"a": ["1", b"2", 3]}, "a=1&a=2&a=3"),
        ({"a": (1, 2)}, "a=1&a=2"),
        ({"a": []}, ""),
        ([("a", 1), ("b", 2), ["a", 3]], "a=1&b=2&a=3"),
        ({"\u00e4 &": "\u20ac=+"}, "%C3%A4+%26=%E2%82%AC%3D%2B"),
        ({"a": b"\xff", "b": bytearray(b"x"), "c": memoryview(b"y")}, "a=%FF&b=x&c=y"),
        ({"a": 1.5, "b": True, "c": decimal.Decimal("1.10")}, "a=1.5&b=True&c=1.10"),
    ],
)
def test_encoding(params: Whatever, expected: str) -> None:
    """Names and values are UTF-8, blank values stay, a list repeats the name, and pairs keep their order."""
    assert encode_form(params) == expected


@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
    )
)
def test_round_trip(fields: list[tuple[str, str]]) -> None:
    """The standard library, and the server's own parser, read what was written."""
    encoded = encode_form(fields)
    assert parse_qsl(encoded, keep_blank_values=True) == fields
    arguments: dict[str, list[bytes]] = {}
    parse_body_arguments("application/x-www-form-urlencoded", encoded.encode(), arguments, {})
    expected: dict[str, list[bytes]] = {}
    for name, value in fields:
        # As in Tornado, names come out as latin-1.
        latin = name.encode().decode("latin-1")
        expected.setdefault(latin, []).append(value.encode())
    assert arguments == expected


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ("a=1", "not str; what is encoded already is a body="),
        (b"a=1", "not bytes"),
        (5, "are a dict or a list of pairs, not int"),
        (["ab"], "pairs of a name and a value: 'ab' is none"),
        ([("a", 1, 2)], "is none"),
        ({1: "a"}, "names of the fields of a form are str, not int: 1"),
        ({"a": None}, "the field 'a' is None: leave it out, or give it the value ''"),
        ({"a": [None]}, "the field 'a' is None"),
        ({"a": {"b": 1}}, "not dict; structures are sent with json="),
        ({"a": {1}}, "not set"),
        ({"a": iter([1])}, "not list_iterator"),
        ({"a": io.BytesIO()}, "the field 'a' is a file: uploads are given as files="),
    ],
)
def test_wrong_types(params: Whatever, said: str) -> None:
    """What nobody can mean is refused, and the error says what to do."""
    with pytest.raises(TypeError, match=re.escape(said)):
        encode_form(params)


def test_pairs() -> None:
    """Fields come out as text or bytes, and pairs of anything as they are."""
    assert field_pairs({"a": [1, b"2"], "b": "c"}) == [("a", "1"), ("a", b"2"), ("b", "c")]
    assert pairs_of({"a": [1]}, "arguments") == [("a", [1])]
    with pytest.raises(TypeError, match=r"^arguments are a dict"):
        pairs_of(1, "arguments")
