"""The cookies that a test client keeps: those of any client, and what the application has signed."""

import pytest

from cyclone_core.httpclient.urls import parse_url
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.testing import Cookie, CookieJar
from cyclone_core.testing.messages import locate
from cyclone_core.web import Application


@pytest.fixture
def jar() -> CookieJar:
    """An empty jar of an application."""
    return CookieJar(Application(cookie_secret="x" * 40), now=lambda: 1_400_000_000.0)


def receive(jar: CookieJar, *lines: str, url: str) -> None:
    """Give the jar what an answer sets."""
    jar.receive(locate(url, "", ""), HTTPHeaders([("Set-Cookie", line) for line in lines]))


def test_targets(jar: CookieJar) -> None:
    """A jar knows where the requests of a test client go, and URLs as other clients have them."""
    receive(
        jar, "a=1; Path=/; Secure", "b=2", "c=3; Max-Age=5", url="https://WWW.example.org:444/x/y"
    )
    expected = "b=2; c=3; a=1"
    assert jar.header_for(locate("https://www.example.org/x/z?q", "", "")) == expected
    assert jar.header_for(parse_url("https://www.example.org/x/z?q")) == expected
    jar.receive(parse_url("https://www.example.org"), HTTPHeaders({"Set-Cookie": "d=4"}))
    assert jar.header_for(locate("http://www.example.org:80/x/z", "", "")) == "b=2; c=3; d=4"
    assert jar.header_for(locate("*", "http", "www.example.org")) == "d=4"
    assert jar["c"] == Cookie(
        "c", "3", "www.example.org", "/x", host_only=True, expires=1_400_000_005
    )


def test_no_host(jar: CookieJar) -> None:
    """A request with an odd `Host` has cookies of its own: they do not go to every host."""
    jar.receive(locate("/", "http", ""), HTTPHeaders({"Set-Cookie": "a=1"}))
    jar["b"] = "2"
    assert jar.header_for(locate("/", "http", "")) == "a=1; b=2"
    assert jar.header_for(locate("/", "http", "example.org")) == "b=2"


def test_signed(jar: CookieJar) -> None:
    """The jar reads and makes what the application signs; a forged value is None, and so is none."""
    jar.set_signed_cookie("user", "somebody")
    assert jar.get_signed_cookie("user") == jar.get_secure_cookie("user") == b"somebody"
    assert jar.get_signed_cookie("other") is None
    assert jar.get_signed_cookie("other", jar["user"].value) is None
    assert jar.get_signed_cookie("user", max_age_days=-1) is None
    jar["user"] = jar["user"].value + "0"
    assert jar.get_secure_cookie("user") is None


def test_no_application() -> None:
    """Without an application nobody knows the secret; the message says so."""
    with pytest.raises(RuntimeError, match="belongs to no application"):
        CookieJar().set_secure_cookie("a", "b")
