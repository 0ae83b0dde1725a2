"""Cookies of a client as a program uses them; only type checkers read this."""

from typing import Any, assert_type

from cyclone_core import testing
from cyclone_core.httpclient.cookies import Cookie, CookieJar, RequestURL
from cyclone_core.httpclient.urls import parse_url
from cyclone_core.httputil import HTTPHeaders


def receive(headers: HTTPHeaders) -> None:
    """Keep and send cookies."""
    jar = CookieJar(now=lambda: 0.0, max_cookies=10, is_public_suffix={"co.uk"}.__contains__)
    url: RequestURL = parse_url("https://example.org/")
    assert_type(jar.receive(url, headers), None)
    assert_type(jar.header_for(url), str)


def use(jar: CookieJar) -> None:
    """Look into the jar, and put something there."""
    jar["a"] = "b"
    jar.set("a", b"b", domain="example.org", secure=True)
    jar.add(Cookie("a", "b", expires=1.5))
    assert_type(jar["a"], Cookie)
    assert_type(jar["a"].value, str)
    assert_type(jar["a"].expires, float | None)
    assert_type(jar.all(), list[Cookie])
    assert_type(jar.save(session_cookies=True), list[dict[str, Any]])
    jar.load(jar.save())
    jar.clear(domain="example.org")
    jar.clear_session_cookies()


def in_tests(jar: testing.CookieJar) -> None:
    """The jar of a test client is one, too."""
    use(jar)
