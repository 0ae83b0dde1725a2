"""URLs and query strings."""

import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cyclone_escape as escape

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
# What a decoder trips over: escapes, halves of escapes, and text beyond ASCII beside them.
PIECES = [
    "%",
    "%4",
    "%41",
    "%e9",
    "%C3%A9",
    "%83A",
    "%zz",
    "+",
    "a",
    "4",
    "=",
    "&",
    "\xe9",
    "\u20ac",
]
ENCODED = st.lists(st.sampled_from(PIECES)).map("".join)
LATIN = st.lists(st.sampled_from(PIECES[:-1])).map("".join)


def test_escape_for_a_query() -> None:
    """By default a space becomes a plus sign and a slash is escaped."""
    assert escape.url_escape("a b/c?d=\xe9&~_.-") == "a+b%2Fc%3Fd%3D%C3%A9%26~_.-"


def test_escape_for_a_path() -> None:
    """With plus=False a space becomes %20 and a slash stays."""
    assert escape.url_escape("a b/c+\xe9", plus=False) == "a%20b/c%2B%C3%A9"


def test_escape_takes_any_bytes() -> None:
    """Bytes are escaped as they are, UTF-8 or not."""
    assert escape.url_escape(b"\xff \x00") == "%FF+%00"


def test_unescape_reads_text_in_an_encoding() -> None:
    """The encoding says how the decoded bytes are read; nonsense becomes U+FFFD."""
    assert escape.url_unescape("caf%C3%A9+x") == "caf\xe9 x"
    assert escape.url_unescape(b"caf%C3%A9") == "caf\xe9"
    assert escape.url_unescape("\xe9%E9", encoding="latin-1") == "\xe9\xe9"
    assert escape.url_unescape("%83A\xe9", "shift_jis") == "\u30a2\xe9"
    assert escape.url_unescape("%ff%") == "\ufffd%"


def test_unescape_without_encoding_gives_bytes() -> None:
    """With None the decoded bytes come back, also from bytes that are no text."""
    assert escape.url_unescape("%ff+%zz\xe9", None) == b"\xff %zz\xc3\xa9"
    assert escape.url_unescape(b"\xff%41", None) == b"\xffA"


def test_plus_may_be_a_plus() -> None:
    """With plus=False a plus sign stays, in text and in bytes."""
    assert escape.url_unescape("a+b%2B", plus=False) == "a+b+"
    assert escape.url_unescape("a+b%2B", None, plus=False) == b"a+b+"


def test_bytes_that_are_no_text_cannot_become_text() -> None:
    """Raw bytes outside UTF-8 are an error when str is wanted."""
    with pytest.raises(UnicodeDecodeError):
        escape.url_unescape(b"\xff")


def test_unknown_encoding_is_an_error() -> None:
    """A misspelt encoding is reported by Python itself."""
    with pytest.raises(LookupError, match="utf-9"):
        escape.url_unescape("%41", "utf-9")


@pytest.mark.parametrize("value", [None, 1, bytearray(b"a=1")])
def test_other_types_are_refused(value: object) -> None:
    """Each function names itself and the type that it cannot use."""
    with pytest.raises(TypeError, match=rf"url_escape\(\) .* not {type(value).__name__}"):
        escape.url_escape(value)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=rf"url_unescape\(\) .* not {type(value).__name__}"):
        escape.url_unescape(value)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=rf"parse_qs_bytes\(\) .* not {type(value).__name__}"):
        escape.parse_qs_bytes(value)  # type: ignore[arg-type]


@given(TEXT, st.booleans())
def test_text_survives_the_round_trip(text: str, plus: bool) -> None:
    """url_unescape() undoes url_escape(), for queries and for paths."""
    assert escape.url_unescape(escape.url_escape(text, plus), plus=plus) == text


@given(st.binary(), st.booleans())
def test_bytes_survive_the_round_trip(data: bytes, plus: bool) -> None:
    """Any bytes survive too, when bytes are asked for."""
    assert escape.url_unescape(escape.url_escape(data, plus), None, plus) == data


@given(ENCODED, st.sampled_from(["utf-8", "latin-1", "shift_jis", "gbk"]))
def test_unescape_agrees_with_the_standard_library(text: str, encoding: str) -> None:
    """For every mixture of escapes the result is that of urllib.parse."""
    assert escape.url_unescape(text, encoding) == urllib.parse.unquote_plus(text, encoding)
    assert escape.url_unescape(text, encoding, plus=False) == urllib.parse.unquote(text, encoding)
    assert escape.url_unescape(text, None, plus=False) == urllib.parse.unquote_to_bytes(text)


def test_query_values_are_bytes_and_names_latin1() -> None:
    """Names are latin-1 str, values are bytes, and repeated names collect in order."""
    query = b"a=1&b=x+y&a=%FF&%E9+=2%2B&c=1;d=2&=n"
    expected = {
        "a": [b"1", b"\xff"],
        "b": [b"x y"],
        "\xe9 ": [b"2+"],
        "c": [b"1;d=2"],
        "": [b"n"],
    }
    assert escape.parse_qs_bytes(query) == expected
    assert escape.parse_qs_bytes(query.decode("latin-1")) == expected


def test_query_text_is_latin1() -> None:
    """A str is read as latin-1; what is beyond it is an error and not a guess."""
    assert escape.parse_qs_bytes("\xe9=\xff") == {"\xe9": [b"\xff"]}
    with pytest.raises(UnicodeEncodeError):
        escape.parse_qs_bytes("\u20ac=1")


def test_blank_values_are_dropped_or_kept() -> None:
    """keep_blank_values decides about `a=` and `a`; an empty field never counts."""
    assert escape.parse_qs_bytes("a=&b&&c=1&") == {"c": [b"1"]}
    assert escape.parse_qs_bytes("a=&b&&c=1&", keep_blank_values=True) == {
        "a": [b""],
        "b": [b""],
        "c": [b"1"],
    }
    assert escape.parse_qs_bytes("", keep_blank_values=True) == {}


def test_strict_parsing_refuses_a_field_without_value() -> None:
    """strict_parsing quotes the bad field; an empty query and `a=` are fine."""
    assert escape.parse_qs_bytes("", strict_parsing=True) == {}
    assert escape.parse_qs_bytes("a=&b=1", strict_parsing=True) == {"b": [b"1"]}
    with pytest.raises(ValueError, match="field b'bad' has no '='"):
        escape.parse_qs_bytes("a=1&bad", strict_parsing=True)
    with pytest.raises(ValueError, match="field b'' has no '='"):
        escape.parse_qs_bytes("a=1&", strict_parsing=True)


def test_strict_parsing_quotes_only_the_beginning() -> None:
    """A huge bad field does not make a huge message."""
    with pytest.raises(ValueError, match=r"'x{40}'\.\.\. has no") as caught:
        escape.parse_qs_bytes(b"x" * 100_000, strict_parsing=True)
    assert len(str(caught.value)) < 200


def test_field_limit_is_inclusive() -> None:
    """Exactly max_num_fields are accepted, one more is refused with both numbers named."""
    assert escape.parse_qs_bytes("a=1&b=2", max_num_fields=2) == {"a": [b"1"], "b": [b"2"]}
    assert escape.parse_qs_bytes("", max_num_fields=0) == {}
    with pytest.raises(ValueError, match=r"3 fields, 2 are allowed \(max_num_fields\)"):
        escape.parse_qs_bytes("a=1&b=2&", max_num_fields=2)


def test_field_limit_comes_before_splitting() -> None:
    """Blank fields count too, and the count is what fails, not strict parsing of a field."""
    with pytest.raises(ValueError, match="1000001 fields"):
        escape.parse_qs_bytes(b"&" * 1_000_000, strict_parsing=True, max_num_fields=1000)


@given(LATIN, st.booleans(), st.booleans())
def test_query_agrees_with_the_standard_library(query: str, keep: bool, strict: bool) -> None:
    """The fields are those of urllib.parse.parse_qs() read as latin-1, errors included."""
    try:
        expected = urllib.parse.parse_qs(query, keep, strict, encoding="latin-1")
    except ValueError:
        with pytest.raises(ValueError, match="has no '='"):
            escape.parse_qs_bytes(query, keep, strict)
        return
    assert escape.parse_qs_bytes(query, keep, strict) == {
        name: [value.encode("latin-1") for value in values] for name, values in expected.items()
    }


@given(st.dictionaries(TEXT, st.lists(TEXT, min_size=1)))
def test_forms_survive_the_round_trip(form: dict[str, list[str]]) -> None:
    """What url_escape() writes into a form parse_qs_bytes() reads."""
    fields = [
        f"{escape.url_escape(name)}={escape.url_escape(value)}"
        for name, values in form.items()
        for value in values
    ]
    parsed = escape.parse_qs_bytes("&".join(fields), keep_blank_values=True)
    assert {
        name.encode("latin-1").decode(): [value.decode() for value in values]
        for name, values in parsed.items()
    } == form
