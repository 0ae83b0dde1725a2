"""From a pattern back to a path."""

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.errors import CycloneError
from cyclone_core.routing import PathMatches, URLReverseError
from cyclone_core.routing.reversing import PathTemplate


@pytest.mark.parametrize(
    ("pattern", "values", "path"),
    [
        ("/a", (), "/a"),
        ("^/a$", (), "/a"),
        ("/a/([0-9]+)", (1,), "/a/1"),
        ("/a/([0-9]+)$", ("1",), "/a/1"),
        ("/([^/]*)/([^/]*)", ("x y", b"\xc3\xa9"), "/x%20y/%C3%A9"),
        ("/(.*)", ("a/b+c?d&e",), "/a/b%2Bc%3Fd%26e"),
        ("/(?P<year>[0-9]{4})", (2026,), "/2026"),
        (r"/robots\.txt", (), "/robots.txt"),
        (r"/a\+b/(\d+)", (1,), "/a+b/1"),
        (r"/a\\b", (), "/a\\b"),
        ("/a/?", (), "/a"),
        ("/a/??", (), "/a"),
        ("/a/*", (), "/a"),
        ("/a/+(x)", ("x",), "/a/x"),
        ("/([()]+)", ("x",), "/x"),
        ("/([]()]+)", ("x",), "/x"),
        ("/([^]()]+)", ("x",), "/x"),
        (r"/([\])(]+)", ("x",), "/x"),
        (r"/(\))", (")",), "/%29"),
        ("/a(/b)?", ("/b",), "/a/b"),
        ("", (), ""),
        ("/feed.xml", (), "/feed.xml"),
        ("/v1.0/item.([0-9]+)", (7,), "/v1.0/item.7"),
        ("/a.*", (), "/a"),
        ("/a.+", (), "/a."),
    ],
)
def test_reverse(pattern: str, values: tuple[object, ...], path: str) -> None:
    """Groups are replaced by values, percent-encoded; what is optional is left out."""
    assert PathMatches(pattern).reverse(*values) == path


@pytest.mark.parametrize(
    "pattern",
    [
        "/[ab]",
        "/a|/b",
        r"/\d",
        "/((a)b)",
        "/(?:a)",
        "/(?i:a)",
        "/(?=a)",
        "/a{2}",
        "/a$b",
        "/a^b",
        "(?i)/a",
        "/(?P<a>x)(?P=a)",
        "/(a(b))",
        "(a|(b))",
    ],
)
def test_irreversible(pattern: str) -> None:
    """A pattern that is more than text with groups in it has no path; the error shows it."""
    groups = re.compile(pattern).groups
    with pytest.raises(URLReverseError, match=re.escape(repr(PathMatches(pattern).regex.pattern))):
        PathMatches(pattern).reverse(*["x"] * groups)


@pytest.mark.parametrize("values", [(), (1, 2)])
def test_wrong_number_of_values(values: tuple[object, ...]) -> None:
    """More or fewer values than groups are an error that says how many are needed."""
    with pytest.raises(
        URLReverseError, match=r"needs 1 values .* not [02]; its pattern is '/\(a\)\$'"
    ):
        PathMatches("/(a)").reverse(*values)


def test_error_is_a_value_error() -> None:
    """The error is of cyclone's family, and a `ValueError` as Tornado raises it."""
    assert issubclass(URLReverseError, CycloneError)
    assert issubclass(URLReverseError, ValueError)


@given(st.text(alphabet="/ab.-~", max_size=8), st.lists(st.text(min_size=1), max_size=3))
def test_round_trip(prefix: str, values: list[str]) -> None:
    """A path that was made of a pattern matches it, and gives the values back."""
    pattern = "/" + re.escape(prefix) + "".join(["/([^/]*)"] * len(values))
    values = [value.replace("/", "_") for value in values]
    matcher = PathMatches(pattern)
    match = matcher.regex.fullmatch(
        matcher.reverse(*[v.encode("utf-8", "replace") for v in values])
    )
    assert match is not None
    assert len(match.groups()) == len(values)


@given(st.text(alphabet=r"/a()[]?P<n>:\.^$*+|{1}"))
def test_any_pattern(pattern: str) -> None:
    """Every regular expression has a template whose path it matches, or has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            compiled = re.compile(pattern)
        except (re.error, OverflowError, Warning):
            return
    template = PathTemplate.of(compiled)
    if template is not None:
        assert len(template.texts) == compiled.groups + 1
        if not compiled.groups:
            assert compiled.fullmatch(template.fill(())) is not None
