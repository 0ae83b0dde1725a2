"""The proxy that the environment names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httpclient.environment import proxy_from_environment
from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.proxies import Proxy
from cyclone_core.httpclient.urls import parse_url

ONE = Proxy("http", "one", 1)
TWO = Proxy("http", "two", 2)


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        ("http://a/", {}, None),
        ("http://a/", {"http_proxy": "http://one:1"}, ONE),
        ("http://a/", {"http_proxy": "one:1"}, ONE),
        ("http://a/", {"HTTP_PROXY": "one:1"}, ONE),
        ("http://a/", {"http_proxy": "one:1", "HTTP_PROXY": "two:2"}, ONE),
        ("http://a/", {"http_proxy": "one:1", "all_proxy": "two:2"}, ONE),
        ("http://a/", {"https_proxy": "one:1"}, None),
        ("https://a/", {"https_proxy": "one:1", "http_proxy": "two:2"}, ONE),
        ("https://a/", {"HTTPS_PROXY": "one:1", "all_proxy": "two:2"}, ONE),
        ("https://a/", {"all_proxy": "one:1"}, ONE),
        ("https://a/", {"ALL_PROXY": "one:1"}, ONE),
        ("http://a/", {"http_proxy": "", "all_proxy": "two:2", "HTTP_PROXY": "two:2"}, None),
        ("http://a/", {"http_proxy": "me:x@one:1"}, Proxy(*ONE[:3], "me", "x")),
    ],
)
def test_names(url: str, environ: dict[str, str], expected: Proxy | None) -> None:
    """The scheme's own variable goes before that for all, lower case before upper case."""
    assert proxy_from_environment(url, environ) == expected
    assert proxy_from_environment(parse_url(url), environ) == expected


def test_cgi() -> None:
    """In a CGI program HTTP_PROXY is what a client has sent as `Proxy`; the others are no headers."""
    environ = {"REQUEST_METHOD": "GET", "HTTP_PROXY": "evil:1"}
    assert proxy_from_environment("http://a/", environ) is None
    assert proxy_from_environment("http://a/", {**environ, "ALL_PROXY": "two:2"}) == TWO
    assert proxy_from_environment("http://a/", {**environ, "http_proxy": "one:1"}) == ONE
    assert proxy_from_environment("https://a/", {**environ, "HTTPS_PROXY": "one:1"}) == ONE


@pytest.mark.parametrize(
    ("url", "exceptions", "direct"),
    [
        ("http://a.example/", "*", True),
        ("http://a.example/", "b.example, a.example", True),
        ("http://a.example./", "A.Example", True),
        ("http://x.a.example/", "a.example", True),
        ("http://x.a.example/", ".a.example", True),
        ("http://x.a.example/", "*.a.example", True),
        ("http://xa.example/", "a.example", False),
        ("http://xa.example/", ".a.example", False),
        ("http://a.example/", "x.a.example", False),
        ("http://a.example:8080/", "a.example:8080", True),
        ("http://a.example/", "a.example:8080", False),
        ("http://a.example/", "a.example:80", True),
        ("http://10.1.2.3/", "10.0.0.0/8", True),
        ("http://11.1.2.3/", "10.0.0.0/8", False),
        ("http://10.1.2.3/", "10.1.2.3", True),
        ("http://10.1.2.3/", "10.1.2.3:81", False),
        ("http://[::1]/", "::1", True),
        ("http://[::1]/", "[::1]", True),
        ("http://[::1]:81/", "[::1]:81", True),
        ("http://[::1]/", "[::1]:81", False),
        ("http://[2001:db8::5]/", "2001:db8::/32", True),
        ("http://10.1.2.3/", "::1", False),
        ("http://a.example/", " ,, ., * ", True),
        ("http://a.example/", " ,, ., 10.0.0.0/99", False),
        ("http://a.example/", "", False),
    ],
)
def test_exceptions(url: str, exceptions: str, direct: bool) -> None:
    """no_proxy names hosts and what is below them, addresses, networks, ports."""
    for name in ("no_proxy", "NO_PROXY"):
        found = proxy_from_environment(url, {"all_proxy": "one:1", name: exceptions})
        assert found == (None if direct else ONE)


def test_lower_case_exceptions() -> None:
    """The variable in lower case counts, even if it is empty."""
    environ = {"all_proxy": "one:1", "no_proxy": "", "NO_PROXY": "*"}
    assert proxy_from_environment("http://a/", environ) == ONE


@pytest.mark.parametrize("value", ["socks5://me:topsecret@p:1", "https://p", "http://:topsecret@"])
def test_impossible(value: str) -> None:
    """The message names the variable, and not its value."""
    with pytest.raises(InvalidRequest, match="environment's ALL_PROXY cannot be used") as caught:
        proxy_from_environment("http://a/", {"ALL_PROXY": value})
    assert "topsecret" not in str(caught.value)


def test_environment_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default it is the process's own."""
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "one:1")
    assert proxy_from_environment("http://a/") == ONE


@given(st.text(), st.text())
def test_any_value(value: str, exceptions: str) -> None:
    """Whatever stands there, there is a proxy, none, or an error that is ours."""
    environ = {"http_proxy": value, "no_proxy": exceptions}
    try:
        found = proxy_from_environment("http://10.0.0.1/", environ)
    except InvalidRequest:
        return
    assert found is None or found.scheme == "http"
