"""What goes to the server and what is made of its replies."""

from decimal import Decimal
from http import HTTPStatus
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_storage.redis.connection.conversion import (
    build_command,
    convert_reply,
    make_converter,
    make_encoder,
)
from cyclone_storage.redis.connection.resp import ReplyReader
from cyclone_storage.redis.errors import InvalidData, ResponseError

ENCODE = make_encoder("utf-8", "strict")


@given(st.lists(st.binary(), min_size=1))
def test_a_command_is_what_a_server_reads(words: list[bytes]) -> None:
    """Whatever the arguments hold, the command is one array of exactly these."""
    reader = ReplyReader()
    reader.feed(build_command(tuple(words), ENCODE))
    assert reader.next_reply() == words
    assert reader.idle


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("é", "é".encode()),
        (b"\xff", b"\xff"),
        (bytearray(b"a"), b"a"),
        (memoryview(b"a"), b"a"),
        (12, b"12"),
        (-1.5, b"-1.5"),
        (0.1234567891, b"0.1234567891"),
        (1e-9, b"0.000000001"),
        (1e22, b"10000000000000000000000.0"),
        (float("-inf"), b"-inf"),
        (10**40, b"1" + b"0" * 40),
        (Decimal("1.50"), b"1.50"),
        (UUID(int=0), b"00000000-0000-0000-0000-000000000000"),
        (HTTPStatus.OK, b"200"),
    ],
)
def test_arguments_are_encoded(value: object, encoded: bytes) -> None:
    """Text is encoded, numbers are written in full, bytes stay as they are."""
    assert ENCODE(value) == encoded


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (None, "None cannot be sent, there is no such value: delete the key"),
        (True, "bool cannot be sent, there is no such value: give 1 and 0"),
        (False, "bool cannot be sent"),
        ({"secret": 1}, "dict is nothing that can be sent: give .* a hash"),
        (["secret"], r"list is nothing .* its elements \(rpush\)"),
        (("secret",), "tuple is nothing"),
        ({"secret"}, r"set is nothing .* its members \(sadd\)"),
        (frozenset(), "frozenset is nothing"),
        (object(), "object is nothing that can be sent: give str, bytes, int or float$"),
        (1j, "complex is nothing"),
    ],
)
def test_what_is_no_value_is_refused(value: object, advice: str) -> None:
    """It was stored as its `repr`; the error does not show it, as it may be a secret."""
    with pytest.raises(InvalidData, match=f"^Redis: {advice}") as caught:
        ENCODE(value)
    assert "secret" not in str(caught.value)


@given(st.floats(allow_nan=False))
def test_a_float_comes_back_as_it_was(value: float) -> None:
    """No digit of a float is lost on its way (txredisapi keeps six of them)."""
    assert float(ENCODE(value)) == value


def test_text_that_cannot_be_encoded_is_not_shown() -> None:
    """The error says what to do, and does not show the text, which may be a secret."""
    with pytest.raises(InvalidData, match=r"11 characters .* ascii, at 10") as caught:
        make_encoder("ascii", "strict")("top-secret\xe9")
    assert "secret" not in str(caught.value)
    assert make_encoder("ascii", "replace")("\xe9") == b"?"


def test_text_is_utf8_without_a_charset() -> None:
    """A connection without a charset takes text all the same."""
    assert make_encoder(None, "strict")("é") == b"\xc3\xa9"


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"12", 12),
        (b"-5", -5),
        (b"+5", 5),
        (b"007", 7),
        (b"1.50", 1.5),
        (b".5", 0.5),
        (b"1.5e3", 1500.0),
        (b"1e3", "1e3"),
        (b"1_000", "1_000"),
        (b"1_0.5", "1_0.5"),
        (b"", ""),
        (b"-", "-"),
        (b".", "."),
        (b"1.2.3", "1.2.3"),
        (b"12 apples", "12 apples"),
        (b"infinity", "infinity"),
        (b"1" * 5000, "1" * 5000),
        (b"1.0e999", "1.0e999"),
        (b"-1.0e999", "-1.0e999"),
        ("é".encode(), "é"),
        (b"\xff", b"\xff"),
        (b"5\xff", b"5\xff"),
    ],
)
def test_strings_become_values(data: bytes, value: object) -> None:
    """What looks like a number becomes one, as in cyclone 1.x; what is no text stays bytes."""
    converted = make_converter("utf-8", numbers=True)(data)
    assert converted == value
    assert type(converted) is type(value)


def test_numbers_can_stay_text() -> None:
    """`convertNumbers=False` leaves text as it is, and no charset leaves bytes."""
    assert make_converter("utf-8", numbers=False)(b"12") == "12"
    assert make_converter(None, numbers=False)(b"12") == b"12"
    assert make_converter(None, numbers=True)(b"12") == 12
    assert make_converter(None, numbers=True)(b"a") == b"a"


def test_arrays_are_converted_at_every_depth() -> None:
    """Strings in arrays become values, and all else stays."""
    error = ResponseError("no")
    reply: Any = [b"a", [b"1", [b"\xff", None]], "OK", 5, error]
    found = convert_reply(reply, make_converter("utf-8", numbers=True))
    assert found == ["a", [1, [b"\xff", None]], "OK", 5, error]
    assert convert_reply("OK", make_converter(None, numbers=True)) == "OK"


@pytest.mark.parametrize(
    ("charset", "errors"), [("nope", "strict"), ("hex", "strict"), ("ascii", "x")]
)
def test_a_charset_has_to_exist(charset: str, errors: str) -> None:
    """What Python does not know is refused when it is given, not at the first reply."""
    with pytest.raises(
        ValueError, match=f"charset '{charset}' with errors '{errors}' cannot be used"
    ):
        make_encoder(charset, errors)


def test_charsets_that_fail_in_their_own_way() -> None:
    """Some raise another error than most: text is refused, and a reply stays bytes, all the same."""
    with pytest.raises(InvalidData, match="70 characters cannot be encoded as idna"):
        make_encoder("idna", "strict")("\xe9" * 70)
    assert make_converter("idna", numbers=True)(b"xn--\xff") == b"xn--\xff"
    assert make_converter("latin-1", numbers=True)(b"\xe9") == "\xe9"
