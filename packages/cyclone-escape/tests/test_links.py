"""Links in plain text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cyclone_escape as escape

PIECES = ["http", "https", "ftp", ":", "/", "//", "www.", "x.com", "(", ")", "-", "_", " ", "&"]
PIECES += ['"', "'", "<", ">", "!", ".", "a", "\xe9", "\n"]
TEXT = st.lists(st.sampled_from(PIECES)).map("".join)


def link(href: str, shown: str | None = None) -> str:
    """Write the plain link that linkify() makes of a URL without special characters."""
    return f'<a href="{href}">{shown or href}</a>'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("no link <here>", "no link &lt;here&gt;"),
        ("http://x.com", link("http://x.com")),
        ("https://x.com/", link("https://x.com/")),
        ("http:/x", link("http:/x")),
        ("http:///x", link("http:///x")),
        ("www.x.com", link("http://www.x.com", "www.x.com")),
        ("a http://x.com, http://y", f"a {link('http://x.com')}, {link('http://y')}"),
        (b"www.caf\xc3\xa9.fr", link("http://www.caf\xe9.fr", "www.caf\xe9.fr")),
        ("foo-www.x.com", "foo-" + link("http://www.x.com", "www.x.com")),
        ("--http://a", "--" + link("http://a")),
        ("<http://x.com>", f"&lt;{link('http://x.com')}&gt;"),
        ("'http://x.com'", f"&#x27;{link('http://x.com')}&#x27;"),
        ('"http://x.com"', f"&quot;{link('http://x.com')}&quot;"),
    ],
)
def test_urls_become_links(text: str | bytes, expected: str) -> None:
    """A scheme with a slash, or www. at the start of a word, starts a link; the rest is escaped."""
    assert escape.linkify(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "http:",
        "http:/",
        "http://"[:6],
        "www.",
        "www. x",
        "awww.x",
        "://x",
        "-:/x",
        "http:x",
        "www.!",
    ],
)
def test_near_misses_stay_text(text: str) -> None:
    """Without a body, a word boundary or a slash there is no link."""
    assert escape.linkify(text) == text


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://x.com.", "http://x.com"),
        ("http://x.com/a?b=c!?!", "http://x.com/a?b=c"),
        ("(http://x.com)", "http://x.com"),
        ("(see http://x.com/a_(b))", "http://x.com/a_(b)"),
        ("http://x.com/(a)(b)c.", "http://x.com/(a)(b)c"),
        ("http://x.com/a.(b)", "http://x.com/a"),
        ("http://x.com/(a b)", "http://x.com/"),
        ("http://x.com/(a", "http://x.com/"),
        ("http://x.com/()", "http://x.com/()"),
        ("http://x.com/-", "http://x.com/-"),
        ("http://x.com\u3000a", "http://x.com"),
    ],
)
def test_where_a_url_ends(text: str, url: str) -> None:
    """Punctuation after a URL is not part of it; parentheses are if they are a pair."""
    assert re.findall('href="([^"]*)"', escape.linkify(text)) == [url]


def test_ampersands_and_quotes_inside_a_url() -> None:
    """They belong to the URL and are escaped in the attribute and in the text."""
    assert escape.linkify('http://x.com?a=1&b="c"d') == link(
        "http://x.com?a=1&amp;b=&quot;c&quot;d"
    )


def test_only_permitted_protocols_become_links() -> None:
    """Others stay text as a whole, also the www. inside them; names are compared exactly."""
    assert escape.linkify("javascript://www.x.com/") == "javascript://www.x.com/"
    assert escape.linkify("HTTP://x.com") == "HTTP://x.com"
    assert escape.linkify("ftp://x http://y", permitted_protocols=["ftp"]) == (
        link("ftp://x") + " http://y"
    )


def test_protocol_may_be_required() -> None:
    """With require_protocol a bare www. stays text."""
    assert escape.linkify("www.x.com http://y", require_protocol=True) == (
        "www.x.com " + link("http://y")
    )


def test_extra_params_as_text() -> None:
    """The attributes go into each tag, stripped; blank ones leave no trace."""
    assert escape.linkify("http://x", extra_params=' rel="nofollow" ') == (
        '<a href="http://x" rel="nofollow">http://x</a>'
    )
    assert escape.linkify("http://x", extra_params="  ") == link("http://x")


def test_extra_params_as_function() -> None:
    """A function gets the escaped href, with the protocol that was added, and decides per link."""
    seen: list[str] = []

    def params(href: str) -> str:
        seen.append(href)
        return ' class="in" ' if "x.com" in href else ""

    assert escape.linkify("www.x.com/?a&b http://y", extra_params=params) == (
        '<a href="http://www.x.com/?a&amp;b" class="in">www.x.com/?a&amp;b</a> ' + link("http://y")
    )
    assert seen == ["http://www.x.com/?a&amp;b", "http://y"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://x.com/short", "http://x.com/short"),
        ("http://x.com/" + "a" * 50, "http://x.com/aaaaaaaa..."),
        ("http://x.com/abc?def=" + "g" * 50, "http://x.com/abc..."),
        ("http://x.com/abc.html/" + "g" * 50, "http://x.com/abc..."),
        ("http:/x.com/" + "a" * 50, "http:/x.com/aaaaaaaa..."),
        ("http:///x/" + "a" * 50, "http:///x/aaaaaaaa..."),
        ("http:////x/" + "a" * 50, "http:////x..."),
        ("http:" + "/" * 60, "http:////..."),
        ("http://" + "h" * 60, "http://" + "h" * 23 + "..."),
        ("http://" + "h" * 35 + "/ab", "http://" + "h" * 35 + "/ab"),
        ("http://" + "h" * 36 + "/ab", "http://" + "h" * 23 + "..."),
        ("http://" + "h" * 36 + "/abcdefgh", "http://" + "h" * 23 + "..."),
        ("http://hhhhhhhhhhhh/12345678901", "http://hhhhhhhhhhhh/12345678901"),
        ("http://hhhhhhhhhhhh/123456789012", "http://hhhhhhhhhhhh/12345678..."),
        (
            "http://x.com/&&&&&&&&" + "a" * 50,
            "http://x.com/&amp;&amp;&amp;&amp;&amp;&amp;&amp;&amp;...",
        ),
    ],
)
def test_long_urls_are_shortened(url: str, shown: str) -> None:
    """Host and the beginning of the path stay visible; the whole URL is the title."""
    href = escape.xhtml_escape(url)
    title = f' title="{href}"' if shown.endswith("...") else ""
    assert escape.linkify(url, shorten=True) == f'<a href="{href}"{title}>{shown}</a>'


def test_shortened_www_keeps_its_full_address() -> None:
    """The href and the title name http, the visible text does not; extra attributes come first."""
    path = "/" + "a" * 40
    assert escape.linkify("www.x.com" + path, shorten=True, extra_params="rel=x") == (
        f'<a href="http://www.x.com{path}" rel=x title="http://www.x.com{path}">'
        "www.x.com/aaaaaaaa...</a>"
    )


def test_markup_is_treated_as_plain_text() -> None:
    """A str with __html__ is escaped like any other: linkify() wants plain text."""

    class Markup(str):
        __slots__ = ()

        def __html__(self) -> str:
            return self

        def __str__(self) -> str:
            return self

        def __getitem__(self, key: object) -> "Markup":
            return Markup(super().__getitem__(key))  # type: ignore[index]

    assert escape.linkify(Markup("<b> http://x")) == "&lt;b&gt; " + link("http://x")
    assert escape.linkify(Markup("<b>")) == "&lt;b&gt;"


@pytest.mark.parametrize("value", [None, 1, bytearray(b"http://x")])
def test_other_types_are_refused(value: object) -> None:
    """Something that is no text is a TypeError that names the type."""
    with pytest.raises(TypeError, match=rf"linkify\(\) .* not {type(value).__name__}"):
        escape.linkify(value)  # type: ignore[arg-type]


@given(TEXT, st.booleans(), st.booleans())
def test_only_tags_are_added(text: str, shorten: bool, require: bool) -> None:
    """Without its <a> tags the result is the escaped text, and no other markup is in it."""
    result = escape.linkify(text, shorten=shorten, require_protocol=require)
    bare = re.sub(r'<a href="[^"<>]*"(?: title="[^"<>]*")?>|</a>', "", result)
    assert not set("<>\"'") & set(bare)
    if not shorten:
        assert bare == escape.xhtml_escape(text)
