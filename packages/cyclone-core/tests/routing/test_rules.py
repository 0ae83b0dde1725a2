"""Rules and routes."""

import re
from typing import Any

import pytest

from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.routing import AnyMatches, PathMatches, Rule, URLReverseError, URLSpec
from cyclone_core.routing.rules import as_rule


def answer(request: HTTPServerRequest) -> None:
    """Stand for a target."""


def test_attributes() -> None:
    """A rule keeps what it was made of, its arguments as a copy."""
    matcher, arguments = AnyMatches(), {"a": 1}
    rule = Rule(matcher, answer, arguments, "the name")
    arguments.clear()
    assert (rule.matcher, rule.target, rule.name) == (matcher, answer, "the name")
    assert rule.target_kwargs == {"a": 1}
    assert Rule(matcher, answer).target_kwargs == {}
    assert "AnyMatches" in repr(rule)
    assert "the name" in repr(rule)


def test_url_spec() -> None:
    """A `URLSpec` is a rule with a pattern, and has the names of Tornado and cyclone 1.x."""
    spec = URLSpec("/a", answer, {"a": 1}, "the name")
    assert isinstance(spec, Rule)
    assert spec.regex.pattern == "/a$"
    assert (spec.handler_class, spec.kwargs, spec.name) == (answer, {"a": 1}, "the name")
    assert spec.literal == "/a"


@pytest.mark.parametrize(
    ("pattern", "args", "kwargs", "path"),
    [
        ("/a/([0-9]+)", (1,), {"q": 2}, "/a/1?q=2"),
        ("/a", (), {"z": "x y", "b": "é&", "c": b"\xff"}, "/a?b=%C3%A9%26&c=%FF&z=x+y"),
        ("/(?P<year>.*)", (), {"year": 2026}, "/2026"),
        ("/(?P<year>.*)", (), {"year": 2026, "q": 1}, "/2026?q=1"),
        ("/(?P<year>.*)", (2026,), {"year": 1}, "/2026?year=1"),
    ],
)
def test_reverse(pattern: str, args: tuple[Any, ...], kwargs: dict[str, Any], path: str) -> None:
    """Keyword arguments fill named groups, and the others become a sorted query string."""
    assert URLSpec(pattern, answer).reverse(*args, **kwargs) == path


def test_reverse_without_group_value() -> None:
    """A named group without a value is an error, whatever other arguments there are."""
    with pytest.raises(URLReverseError, match="needs 1 values"):
        URLSpec("/(?P<year>.*)", answer).reverse(month=1)


def test_reverse_of_other_matchers() -> None:
    """A rule that does not look at paths has no path."""
    assert Rule(AnyMatches(), answer).reverse(q=1) is None


def test_as_rule() -> None:
    """A tuple with a pattern is a route, one with a matcher is a rule, a rule is itself."""
    rule = Rule(AnyMatches(), answer)
    assert as_rule(rule) is rule
    made = as_rule((AnyMatches(), answer, {"a": 1}, "name"))
    assert (type(made), made.target_kwargs, made.name) == (Rule, {"a": 1}, "name")
    route = as_rule(["/a", answer])
    assert isinstance(route, URLSpec)
    assert isinstance(as_rule((PathMatches("/a"), answer)).matcher, PathMatches)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("/a", answer), "the matcher of a rule has a method match(), unlike '/a'"),
        ((AnyMatches(), 5), "is no class: 5"),
        ((AnyMatches(), answer, "x"), "are no mapping: 'x'"),
    ],
)
def test_malformed(arguments: tuple[Any, ...], message: str) -> None:
    """A part of a wrong type is an error that shows it."""
    with pytest.raises(TypeError, match=re.escape(message)):
        Rule(*arguments)


def test_dotted_name() -> None:
    """A target may be given by its dotted name."""
    assert Rule(AnyMatches(), "cyclone_core.web.RequestHandler").target.__name__ == "RequestHandler"
    with pytest.raises(ImportError, match="no_such"):
        Rule(AnyMatches(), "cyclone_core.no_such")
