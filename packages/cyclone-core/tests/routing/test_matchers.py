"""What a rule asks of a request."""

import re
from types import SimpleNamespace
from typing import Any

import pytest

from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.routing import (
    AnyMatches,
    DefaultHostMatches,
    HostMatches,
    Matcher,
    PathMatches,
)


def request_for(path: str = "/", host: str = "example.com", **headers: str) -> HTTPServerRequest:
    """A request for a path on a host."""
    fields = HTTPHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    return HTTPServerRequest("GET", path, headers=fields, host=host)


def test_any() -> None:
    """`AnyMatches` matches each request, and finds nothing in it."""
    assert AnyMatches().match(request_for()) == {}


def test_base_class() -> None:
    """A matcher must say what it matches; unless it says so it makes no paths."""
    with pytest.raises(NotImplementedError, match=r"Matcher does not define match\(\)"):
        Matcher().match(request_for())
    assert Matcher().reverse("x") is None


@pytest.mark.parametrize(
    ("pattern", "host", "matches"),
    [
        ("example.com", "example.com", True),
        ("example.com", "EXAMPLE.com:8888", True),
        ("example.com", "example.com.evil", False),
        ("example.com", "www.example.com", False),
        (r".*\.example\.com", "www.example.com", True),
        (r"\[::1\]", "[::1]:8888", True),
        ("a|b", "bc", False),
        (re.compile("www"), "www", True),
        (re.compile("www"), "www.x", True),
        (re.compile("www$"), "www.x", False),
    ],
)
def test_host(pattern: str | re.Pattern[str], host: str, matches: bool) -> None:
    """A pattern matches whole names of hosts, in lower case and without port."""
    found = HostMatches(pattern).match(request_for(host=host))
    assert found == ({} if matches else None)


@pytest.mark.parametrize(
    ("default", "headers", "matches"),
    [
        ("www.example.com", {}, True),
        ("other", {}, False),
        ("", {}, False),
        (None, {}, False),
        ("www.example.com", {"X_Real_Ip": "192.0.2.1"}, False),
    ],
)
def test_default_host(default: str | None, headers: dict[str, str], matches: bool) -> None:
    """The default host of an application counts, unless a proxy has passed the request on."""
    application = SimpleNamespace(default_host=default)
    matcher = DefaultHostMatches(application, re.compile(r"www\.example\.com"))
    found = matcher.match(request_for(host="127.0.0.1", **headers))
    assert found == ({} if matches else None)


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("/a", "/a", {}),
        ("/a", "/b", None),
        ("/a", "/a/", None),
        ("/(a)?(b)?", "/b", {"path_args": [None, b"b"]}),
        ("/(.*)", "/x%20y%2Fz+%C3%A9", {"path_args": [b"x y/z+\xc3\xa9"]}),
        ("/(?P<x>.)(?P<y>.)?", "/a", {"path_kwargs": {"x": b"a", "y": None}}),
        (re.compile("/(A)", re.IGNORECASE), "/a", {"path_args": [b"a"]}),
        (re.compile("/a"), "/a/b", {}),
        (re.compile("/a$"), "/a/b", None),
    ],
)
def test_path(pattern: str | re.Pattern[str], path: str, found: dict[str, Any] | None) -> None:
    """A text matches whole paths, a compiled pattern their beginning; groups are bytes, decoded once."""
    assert PathMatches(pattern).match(request_for(path + "?q=1")) == found


def test_what_is_compiled_is_no_literal() -> None:
    """A compiled pattern may match several paths, so it is not looked up in a dict."""
    assert PathMatches(re.compile("/a", re.IGNORECASE)).literal is None
    assert PathMatches(re.compile("/a")).literal is None
    assert PathMatches("/a").literal == "/a"
    assert PathMatches("(?i)/a").literal is None


def test_group_values() -> None:
    """Values of named groups are found by name, if there is one for each."""
    named = PathMatches("/(?P<b>.)/(?P<a>.)")
    assert named.group_values({"a": 1, "b": 2, "c": 3}) == (2, 1)
    assert named.group_values({"a": 1}) is None
    assert PathMatches("/(a)").group_values({"a": 1}) is None


@pytest.mark.parametrize(
    ("pattern", "error", "message"),
    [
        ("/(", ValueError, "'/(' of a path is malformed"),
        ("/(a)(?P<b>b)", ValueError, "all named or all unnamed"),
        (b"/", TypeError, "b'/'"),
        (re.compile(b"/"), TypeError, "re.compile"),
        (None, TypeError, "None"),
    ],
)
def test_malformed_pattern(pattern: Any, error: type[Exception], message: str) -> None:  # noqa: ANN401
    """What is no pattern is an error at once, and shown."""
    with pytest.raises(error) as raised:
        PathMatches(pattern)
    assert message in str(raised.value)


def test_malformed_host_pattern() -> None:
    """A malformed pattern of a host is named so."""
    with pytest.raises(ValueError, match="of a host is malformed"):
        HostMatches("(")
