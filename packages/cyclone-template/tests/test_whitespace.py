"""How much whitespace a template keeps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_template import DictLoader, ParseError, Template, filter_whitespace

# What Python calls whitespace in a str.
SPACES = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())


def naive(mode: str, text: str) -> str:
    """Filter character by character, run by run."""
    if mode == "all":
        return text
    runs: list[str] = []
    for character in text:
        if runs and runs[-1][0].isspace() == character.isspace():
            runs[-1] += character
        else:
            runs.append(character)
    return "".join(naive_run(mode, run) if run[0].isspace() else run for run in runs)


def naive_run(mode: str, run: str) -> str:
    """Filter whitespace."""
    if mode == "oneline":
        return " "
    if "\n" in run:
        return "\n"
    kept = ""
    for character in run:
        blank = " " if character == "\t" else character
        if not (blank == " " and kept.endswith(" ")):
            kept += blank
    return kept


@pytest.mark.parametrize(
    ("mode", "text", "filtered"),
    [
        ("all", " \t\n a  b\n\n", " \t\n a  b\n\n"),
        ("single", "a \t b", "a b"),
        ("single", "a\t\tb", "a b"),
        ("single", "a \n\t b", "a\nb"),
        ("single", "a\n\n\nb", "a\nb"),
        ("single", "\n a \n", "\na\n"),
        ("single", "a\r\nb\r\n\r\nc", "a\nb\nc"),
        ("single", "a\rb\x0b\x0cc", "a\rb\x0b\x0cc"),
        ("single", "a \xa0 \u3000b", "a \xa0 \u3000b"),
        ("single", "a\xa0\n\u2028b", "a\nb"),
        ("oneline", "a \t b\n\n c\r\nd", "a b c d"),
        ("oneline", "\xa0\u2028a\x0b", " a "),
        *((mode, "", "") for mode in ("all", "single", "oneline")),
    ],
)
def test_modes(mode: str, text: str, filtered: str) -> None:
    """Each mode shortens the runs that it names, and keeps every other character."""
    assert filter_whitespace(mode, text) == filtered


@given(
    st.sampled_from(["all", "single", "oneline"]),
    st.text(st.sampled_from(SPACES + " \t\n\r\u200babé<>{"), max_size=60),
)
def test_like_a_naive_filter(mode: str, text: str) -> None:
    """The filter gives what a loop over the characters gives."""
    assert filter_whitespace(mode, text) == naive(mode, text)


@pytest.mark.parametrize("mode", ["", "Single", "none"])
def test_unknown_modes(mode: str) -> None:
    """Another mode is refused everywhere, and the error lists those that there are."""
    with pytest.raises(ValueError, match=f"{mode!r} is no whitespace mode: write 'all', 'single'"):
        filter_whitespace(mode, "a")
    with pytest.raises(ValueError, match="no whitespace mode"):
        Template("", whitespace=mode)
    with pytest.raises(ValueError, match="no whitespace mode"):
        DictLoader({"a": ""}, whitespace=mode).load("a")
    with pytest.raises(ParseError, match=r"lacks a mode|no whitespace mode") as caught:
        Template(f"\n{{% whitespace {mode} %}}")
    assert caught.value.lineno == 2


@pytest.mark.parametrize(
    ("name", "page"),
    [("a.html", b" a\nb "), ("a.js", b" a\nb "), ("a.txt", b"  a \n\n b\t"), ("<string>", None)],
)
def test_the_name_decides(name: str, page: bytes | None) -> None:
    """HTML and JavaScript lose blanks; other files keep them."""
    text = "  a \n\n b\t"
    assert Template(text, name=name).generate() == (page or text.encode())


def test_the_loader_decides() -> None:
    """The loader's mode comes before the name, the template's own before the loader's."""
    loader = DictLoader({"a.html": "a  \n b"}, whitespace="oneline")
    assert loader.load("a.html").generate() == b"a b"
    assert Template("a  \n b", loader=loader, whitespace="all").generate() == b"a  \n b"
    assert Template("a  \n b", loader=loader, compress_whitespace=True).generate() == b"a\nb"


def test_the_directive_decides() -> None:
    """From where it stands to the end of the file, in blocks too."""
    text = (
        "a  b\n\n{% whitespace oneline %} c\n\nd {% if 1 %}{% whitespace all %}e  f{% end %}  g"
        "{% whitespace single %}  h"
    )
    assert Template(text, name="a.html").generate() == b"a b\n c d e  f  g h"


def test_preformatted_text() -> None:
    """A piece of text that holds <pre> is left alone; pieces end at tags."""
    text = "a  b<pre>\n\n c</pre>  d{{ 1 }}  e"
    assert Template(text, name="a.html").generate() == b"a  b<pre>\n\n c</pre>  d1 e"
    assert Template("a  <PRE>  b", name="a.html").generate() == b"a <PRE> b"


def test_each_file_has_its_own() -> None:
    """A directive does not reach into included files or parents, nor theirs out of them."""
    loader = DictLoader(
        {
            "base.html": "a  a{% block x %}b  b{% end %}{% include part.txt %}c  c",
            "part.txt": "{% whitespace oneline %}\n\np  p\n",
            "page.html": "{% extends base.html %}{% whitespace all %}{% block x %}d  d{% end %}",
        }
    )
    assert loader.load("page.html").generate() == b"a ad  d p p c c"


def test_whitespace_of_values_is_kept() -> None:
    """Only the template's own text is filtered."""
    page = Template("  {{ x }}{% raw x %}", name="a.html").generate(x=" \n ")
    assert page == b"  \n  \n "
