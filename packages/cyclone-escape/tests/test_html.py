"""HTML escaping."""

import html
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cyclone_escape as escape


class Markup(str):
    """A str that says it is markup, as MarkupSafe's does."""

    __slots__ = ()

    def __html__(self) -> str:
        """Return itself, still of this class."""
        return self


class Widget:
    """Something that is no str and has markup."""

    def __html__(self) -> str:
        """Return markup."""
        return "<b>widget</b>"


class Broken:
    """Something whose markup is no str."""

    def __html__(self) -> bytes:
        """Return the wrong type."""
        return b"<b>"


class Subclass(str):
    """A str of another class, without markup, that says it holds nothing to escape."""

    __slots__ = ()

    def __contains__(self, _part: str) -> bool:
        """Find nothing."""
        return False

    def replace(self, *_arguments: object) -> str:
        """Replace nothing."""
        return self


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ""),
        ("plain", "plain"),
        ("<>", "&lt;&gt;"),
        ("\"'", "&quot;&#x27;"),
        ("&amp;", "&amp;amp;"),
        ("caf\xe9", "caf\xe9"),
        (b"<caf\xc3\xa9>", "&lt;caf\xe9&gt;"),
        (Subclass("<"), "&lt;"),
    ],
)
def test_escape_makes_text_safe(value: str | bytes, expected: str) -> None:
    """The five characters that mean something in markup are escaped, in str and in bytes."""
    assert escape.xhtml_escape(value) == expected


@pytest.mark.parametrize("text", ["", "clean", "a < b & 'c'"])
def test_a_subclass_is_escaped_as_its_text(text: str) -> None:
    """The methods of a str subclass have no say, and the result is an exact str, clean or not."""
    result = escape.xhtml_escape(Subclass(text))
    assert result == html.escape(text)
    assert type(result) is str


@pytest.mark.parametrize("value", [Markup("<i>&amp;</i>"), Markup("")])
def test_markup_passes_as_plain_str(value: Markup) -> None:
    """A str subclass with __html__ is returned unescaped, and as an exact str."""
    result = escape.xhtml_escape(value)
    assert result == str(value)
    assert type(result) is str


def test_object_with_markup_passes() -> None:
    """Any object with __html__ gives its markup."""
    assert escape.xhtml_escape(Widget()) == "<b>widget</b>"


def test_markup_that_is_no_str_is_refused() -> None:
    """An __html__ that returns something else is the programmer's mistake, said in words."""
    with pytest.raises(TypeError, match=r"__html__\(\) of Broken returned bytes, not str"):
        escape.xhtml_escape(Broken())  # type: ignore[arg-type]


def test_data_cannot_pass_itself_off_as_markup() -> None:
    """An __html__ that is mere data of an instance is not asked: the object is refused."""
    data = escape.ObjectDict(__html__=lambda: "<script>")
    with pytest.raises(TypeError, match="not ObjectDict"):
        escape.xhtml_escape(data)


@pytest.mark.parametrize("value", [None, 1, [], bytearray(b"<")])
def test_other_types_are_refused(value: object) -> None:
    """Numbers, None and the rest are a TypeError that names the type."""
    with pytest.raises(TypeError, match=rf"xhtml_escape\(\) .* not {type(value).__name__}:"):
        escape.xhtml_escape(value)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=rf"xhtml_unescape\(\) .* not {type(value).__name__}"):
        escape.xhtml_unescape(value)  # type: ignore[arg-type]


MARKUP = st.text() | st.text(alphabet="<>&\"'ab", max_size=12)


@given(MARKUP)
def test_escape_agrees_with_the_standard_library(text: str) -> None:
    """For text, and for its UTF-8 bytes, the result is that of html.escape()."""
    assert escape.xhtml_escape(text) == html.escape(text)
    if text.isascii():
        assert escape.xhtml_escape(text.encode()) == html.escape(text)


@given(MARKUP)
def test_unescape_undoes_escape(text: str) -> None:
    """Whatever the text, both ways give it back."""
    assert escape.xhtml_unescape(escape.xhtml_escape(text)) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("&lt;&gt;&amp;&quot;&#39;&#x27;&#X27;", "<>&\"'''"),
        ("&eacute;&notin;&CounterClockwiseContourIntegral;", "\xe9\u2209\u2233"),
        ("&ltb &notit; &nosuch; & && &;", "<b \xacit; &nosuch; & && &;"),
        ("&#128; &#0; &#xD800; &#x110000;", "\u20ac \ufffd \ufffd \ufffd"),
        ("&#0000000065; &#65 &#0001000000;", "A A \U000f4240"),
        ("&#1114111; &#1114112; &#99999999;", " \ufffd \ufffd"),
        (b"&eacute; \xc3\xa9", "\xe9 \xe9"),
    ],
)
def test_unescape_follows_html5(value: str | bytes, expected: str) -> None:
    """Named, decimal and hexadecimal references are read; what is no reference stays."""
    assert escape.xhtml_unescape(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("&#" + "1" * 5000 + ";", "\ufffd"),
        ("&#" + "0" * 5000 + "65;", "A"),
        ("&#" + "0" * 5000 + ";", "\ufffd"),
        ("&#x" + "f" * 5000 + ";", "\ufffd"),
    ],
)
def test_endless_numbers_are_read(value: str, expected: str) -> None:
    """A reference with more digits than int() accepts is no error."""
    assert len(value) > sys.get_int_max_str_digits()
    assert escape.xhtml_unescape(value) == expected


@given(st.text(alphabet="&#x019aA;ltgmp< ", max_size=40))
def test_unescape_agrees_with_the_standard_library(text: str) -> None:
    """Near-misses of references are read as html.unescape() reads them."""
    assert escape.xhtml_unescape(text) == html.unescape(text)
