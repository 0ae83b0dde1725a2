"""URLs of requests: what is refused, what is written how, and what a reference leads to."""

import pytest

from cyclone_core.httpclient.urls import parse_url

_BASE = parse_url("http://a/b/c/d;p?q")


@pytest.mark.parametrize(
    ("reference", "result"),
    [
        ("//g/x", "http://g/x"),
        ("/x", "http://a/x"),
        ("?y", "http://a/b/c/d;p?y"),
        ("", "http://a/b/c/d;p?q"),
        ("http:x", "http://a/b/c/x"),
    ],
)
def test_references_are_resolved_as_browsers_do(reference: str, result: str) -> None:
    """A reference is joined with the URL that it stands in."""
    assert parse_url(reference, _BASE).url == result
