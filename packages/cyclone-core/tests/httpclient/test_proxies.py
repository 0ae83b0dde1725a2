"""Proxies: as a URL, and in parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.proxies import Proxy, make_proxy, parse_proxy


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://p.example:3128", Proxy("http", "p.example", 3128)),
        ("http://p.example", Proxy("http", "p.example", 80)),
        ("HTTP://P.example:3128/", Proxy("http", "p.example", 3128)),
        ("http://me:se%3Acret@[::1]:1", Proxy("http", "::1", 1, "me", "se:cret")),
        ("http://me@p:1", Proxy("http", "p", 1, "me")),
    ],
)
def test_urls(url: str, expected: Proxy) -> None:
    """A URL says everything; its port is 80 where it says none."""
    assert parse_proxy(url) == expected


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://p:1", "given as https://, but only http://"),
        ("socks5://me:topsecret@p:1", "another scheme"),
        ("http://me:topsecret@p:1/path", "has a path or a query: it is http://host:port"),
        ("http://me:topsecret@p:1/?q", "has a path or a query"),
        ("http://a%3Ab:topsecret@p:1", "colon"),
        ("p.example:3128", "scheme"),
        ("//me:topsecret@p", "scheme"),
    ],
)
def test_impossible_urls(url: str, message: str) -> None:
    """What is no proxy, or one that is not spoken to, is refused without its password."""
    with pytest.raises(InvalidRequest, match=message) as caught:
        parse_proxy(url)
    assert "topsecret" not in str(caught.value)


def test_parts() -> None:
    """Tornado's parts make the same; an empty name is none."""
    assert make_proxy("P.example", 1) == Proxy("http", "p.example", 1)
    assert make_proxy("::1", 1, "", "") == Proxy("http", "::1", 1)
    assert make_proxy("[::1]", 1, "me", "x") == Proxy("http", "::1", 1, "me", "x")
    assert make_proxy("p", 1, "me", None) == Proxy("http", "p", 1, "me", "")


@pytest.mark.parametrize("port", [None, 0, 65536, "3128", True, 1.5])
def test_impossible_ports(port: object) -> None:
    """A port is a number from 1 to 65535."""
    with pytest.raises(InvalidRequest, match="needs proxy_port, a number from 1 to 65535"):
        make_proxy("p", port)  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["http://p", "p/x", "me@p", "p?", "p:8", "a b", "p\r\nX: 1", ""])
def test_impossible_hosts(host: str) -> None:
    """A host is a name or an address and nothing else."""
    with pytest.raises(InvalidRequest):
        make_proxy(host, 3128)


def test_authorization() -> None:
    """Credentials are those of Basic; without a name there are none."""
    assert parse_proxy("http://Aladdin:open%20sesame@p:1").authorization == (
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    )
    assert parse_proxy("http://me@p:1").authorization == "Basic bWU6"
    assert parse_proxy("http://p:1").authorization is None


@given(st.text(), st.integers(0, 70000))
def test_any_host(host: str, port: int) -> None:
    """Whatever is given, it is a proxy that can be asked for, or an error that says why not."""
    try:
        proxy = make_proxy(host, port)
    except InvalidRequest:
        return
    assert proxy.host.isascii()
    assert proxy.host.isprintable()
    assert not set(proxy.host) & set("/@?# []")
    assert parse_proxy(f"http://{proxy.authority}") == proxy
