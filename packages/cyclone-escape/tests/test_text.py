"""Text and bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cyclone_escape as escape


def test_utf8_encodes_text_and_keeps_bytes_and_none() -> None:
    """utf8() encodes str; bytes and None come back as the same object."""
    data = b"\xff not UTF-8"
    assert escape.utf8("caf\xe9") == b"caf\xc3\xa9"
    assert escape.utf8(data) is data
    assert escape.utf8(None) is None


def test_to_unicode_decodes_bytes_and_keeps_text_and_none() -> None:
    """to_unicode() decodes bytes; str and None come back as the same object."""
    text = "caf\xe9"
    assert escape.to_unicode(b"caf\xc3\xa9") == text
    assert escape.to_unicode(text) is text
    assert escape.to_unicode(None) is None


@pytest.mark.parametrize("value", [1, 1.5, True, [], bytearray(b"a"), memoryview(b"a"), object()])
def test_other_types_are_refused_with_advice(value: object) -> None:
    """Neither function guesses: another type is a TypeError that names it and says what to do."""
    name = type(value).__name__
    with pytest.raises(TypeError, match=rf"utf8\(\) .* not {name}: convert the value first"):
        escape.utf8(value)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=rf"to_unicode\(\) .* not {name}: convert the value"):
        escape.to_unicode(value)  # type: ignore[call-overload]


def test_bytes_that_are_not_utf8_are_an_error() -> None:
    """to_unicode() never replaces what it cannot read."""
    with pytest.raises(UnicodeDecodeError):
        escape.to_unicode(b"caf\xe9")


def test_lone_surrogate_is_an_error() -> None:
    """utf8() refuses what UTF-8 cannot express."""
    with pytest.raises(UnicodeEncodeError):
        escape.utf8("\ud800")


def test_old_names_are_the_same_function() -> None:
    """_unicode, native_str and to_basestring are to_unicode itself."""
    assert escape._unicode is escape.to_unicode
    assert escape.native_str is escape.to_unicode
    assert escape.to_basestring is escape.to_unicode


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_survives_the_round_trip(text: str) -> None:
    """What utf8() encodes to_unicode() decodes."""
    assert escape.to_unicode(escape.utf8(text)) == text


def test_recursive_unicode_decodes_every_level() -> None:
    """Keys, values, lists and tuples are decoded and keep their kind."""
    nested = {b"key": [b"a", (b"b", "c", 1), {"d": b"\xc3\xa9"}], "n": None}
    assert escape.recursive_unicode(nested) == {
        "key": ["a", ("b", "c", 1), {"d": "\xe9"}],
        "n": None,
    }


def test_recursive_unicode_leaves_other_objects_alone() -> None:
    """Sets, numbers and unknown objects come back as they are, and nothing is changed in place."""
    marker = object()
    inside = {b"x"}
    original = [marker, inside, b"y"]
    result = escape.recursive_unicode(original)
    assert result[0] is marker
    assert result[1] is inside
    assert original[2] == b"y"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ""),
        ("  a  b  ", "a b"),
        ("a\r\n\t\x00\x1fb", "a b"),
        ("a\x7fb", "a\x7fb"),
        ("\xa0a\xa0\xa0b\xa0", "a\xa0\xa0b"),
        ("\n \t", ""),
    ],
)
def test_squeeze_collapses_blanks(value: str, expected: str) -> None:
    """A run of characters up to U+0020 becomes one space; the ends are stripped."""
    assert escape.squeeze(value) == expected


@given(st.text())
def test_squeeze_is_idempotent(text: str) -> None:
    """Squeezed text holds no further blanks to squeeze."""
    once = escape.squeeze(text)
    assert escape.squeeze(once) == once
    assert "  " not in once


def test_squeeze_refuses_bytes() -> None:
    """The error says what came and what to do."""
    with pytest.raises(TypeError, match=r"squeeze\(\) takes str, not bytes: decode"):
        escape.squeeze(b"a  b")  # type: ignore[arg-type]
