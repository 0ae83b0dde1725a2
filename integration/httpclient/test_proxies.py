"""Proxies: forwarded requests, tunnels, credentials, and proxies that refuse or misbehave."""

from typing import Any
from urllib.parse import quote

import pytest
from startup_processes import free_port

from cyclone.httpclient import (
    AsyncHTTPClient,
    ConnectError,
    ConnectTimeout,
    HTTPClientError,
    InvalidRequest,
    ProxyError,
    RequestTimeout,
)
from httpclient.running import Loop, sockets_to
from httpclient.servers.proxies import Proxy
from httpclient.world import CREDENTIALS, Option, World

NAME, _, PASSWORD = CREDENTIALS.partition(":")
SECRET = b"Basic cHLDtnh5OnA6dw=="


def through(proxy: Proxy, **options: Option) -> dict[str, Any]:
    """Make the options of a request through a proxy."""
    return {"proxy_host": "127.0.0.1", "proxy_port": proxy.port, **options}


def known(world: World) -> dict[str, Any]:
    """Make those of who knows the strict proxy's password."""
    return through(world.strict_proxy, proxy_username=NAME, proxy_password=PASSWORD)


async def test_forwarded(client: AsyncHTTPClient, world: World) -> None:
    """With http a request goes to the proxy with the whole URL, on a connection that is kept."""
    asked = len(world.proxy.heads)
    for _ in range(2):
        response = await client.fetch(world.url("/get?a=b"), **through(world.proxy))
        told = response.json()
        assert ["Via", "1.1 here"] in told["headers"]
        assert told["uri"] == "/get?a=b"
        assert response.effective_url == world.url("/get?a=b")
    for head in world.proxy.heads[asked:]:
        assert head.startswith(f"GET {world.url('/get?a=b')} HTTP/1.1\r\n".encode())
        assert f"\r\nHost: 127.0.0.1:{world.port()}\r\n".encode() in head
    assert (len(sockets_to(world.proxy.port)), len(sockets_to(world.port()))) == (1, 0)


async def test_forwarded_body(client: AsyncHTTPClient, world: World) -> None:
    """A body goes the same way."""
    body = "x" * 100_000
    response = await client.fetch(
        world.url("/upload"), method="POST", body=body, **through(world.proxy)
    )
    assert response.json()["size"] == 100_000


async def test_tunnel(trusting: AsyncHTTPClient, world: World) -> None:
    """With https there is a tunnel: the certificate is the server's, and the proxy sees a name only."""
    asked = len(world.proxy.heads)
    for _ in range(2):
        response = await trusting.fetch(world.url("/tls", "tls"), **through(world.proxy))
        assert response.json()["server_name"] == "localhost"
    (head,) = world.proxy.heads[asked:]
    target = f"localhost:{world.port('tls')}"
    assert head.startswith(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n".encode())


async def test_certificate_in_the_tunnel(trusting: AsyncHTTPClient, world: World) -> None:
    """A wrong certificate is refused there, too."""
    with pytest.raises(ConnectError):
        await trusting.fetch(world.url("/tls", "wrong"), **through(world.proxy))


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_credentials(trusting: AsyncHTTPClient, world: World, scheme: str) -> None:
    """A name and a password go to the proxy, and no farther."""
    url = world.url("/get") if scheme == "http" else world.url("/get", "tls")
    asked = len(world.strict_proxy.heads)
    told = (await trusting.fetch(url, **known(world))).json()
    assert "Proxy-Authorization" not in {name for name, _ in told["headers"]}
    assert b"\r\nProxy-Authorization: " + SECRET in world.strict_proxy.heads[asked]
    quoted = f"http://pr%C3%B6xy:p%3Aw@127.0.0.1:{world.strict_proxy.port}"
    assert (await trusting.fetch(url, proxy=quoted)).code == 200


async def test_no_credentials(trusting: AsyncHTTPClient, world: World) -> None:
    """Without them http gets the proxy's answer, and https a `ProxyError` with its status."""
    for options in (
        through(world.strict_proxy),
        through(world.strict_proxy, proxy_username=NAME, proxy_password="wrong"),  # noqa: S106
    ):
        with pytest.raises(HTTPClientError) as caught:
            await trusting.fetch(world.url(), **options)
        assert (caught.value.code, type(caught.value)) == (407, HTTPClientError)
        with pytest.raises(ProxyError) as refused:
            await trusting.fetch(world.url("/get", "tls"), **options)
        assert refused.value.code == 407


@pytest.mark.parametrize("port", ["plain", "tls"])
async def test_nothing_is_shared(trusting: AsyncHTTPClient, world: World, port: str) -> None:
    """A connection that was made with credentials serves no request without them, nor the other way."""
    url = world.url("/get", port)
    assert (await trusting.fetch(url, **known(world))).code == 200
    asked = len(world.strict_proxy.heads)
    with pytest.raises(HTTPClientError):
        await trusting.fetch(url, **through(world.strict_proxy))
    assert SECRET not in world.strict_proxy.heads[asked]
    assert (await trusting.fetch(url)).code == 200
    assert (await trusting.fetch(url, **known(world))).code == 200


async def test_redirects(trusting: AsyncHTTPClient, world: World) -> None:
    """A redirect from http to https changes from forwarding to a tunnel; the proxy stays."""
    there = quote(world.url("/get", "tls"), safe="")
    asked = len(world.proxy.heads)
    response = await trusting.fetch(world.url(f"/redirect-to?url={there}"), **through(world.proxy))
    assert response.code == 200
    assert [head.split(b" ")[0] for head in world.proxy.heads[asked:]] == [b"GET", b"CONNECT"]


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("refuse.test", 403),
        ("garbage.test", 599),
        ("close.test", 599),
        ("half.test", 599),
        ("flood.test", 599),
        ("interim.test", 599),
        ("early.test", 599),
    ],
)
async def test_bad_proxies(
    loop: Loop, trusting: AsyncHTTPClient, world: World, host: str, code: int
) -> None:
    """A proxy that refuses, closes or says anything else is no way; nothing is left of the attempt."""
    with pytest.raises(ConnectError) as caught:
        await trusting.fetch(f"https://{host}/", **through(world.proxy))
    assert caught.value.code == code
    if code == 403:
        assert isinstance(caught.value, ProxyError)
    assert host in str(caught.value) or str(world.proxy.port) in str(caught.value)
    await loop.until("end", lambda: not sockets_to(world.proxy.port))


@pytest.mark.parametrize("option", ["connect_timeout", "request_timeout"])
async def test_silent_proxy(
    loop: Loop, trusting: AsyncHTTPClient, world: World, option: str
) -> None:
    """A proxy that says nothing to CONNECT is not waited for."""
    kind = ConnectTimeout if option == "connect_timeout" else RequestTimeout
    options: dict[str, Any] = {option: 0.2}
    with pytest.raises(kind):
        await trusting.fetch("https://silent.test/", **through(world.proxy, **options))
    await loop.until("end", lambda: not sockets_to(world.proxy.port))


@pytest.mark.parametrize("url", ["http://a.example/", "https://a.example/"])
async def test_no_proxy_there(client: AsyncHTTPClient, url: str) -> None:
    """A proxy where nobody listens is told by its address."""
    port = free_port()
    with pytest.raises(ConnectError, match=str(port)):
        await client.fetch(url, proxy=f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    "options",
    [
        {"proxy": "https://127.0.0.1:1"},
        {"proxy": "socks5://127.0.0.1:1"},
        {"proxy": "127.0.0.1:1"},
        {"proxy": "http://127.0.0.1:1/path"},
        {"proxy_host": "127.0.0.1"},
        {"proxy_port": 1},
        {"proxy_host": "a b", "proxy_port": 1},
        {"proxy_host": "a", "proxy_port": 0},
        {"proxy": "http://127.0.0.1:1", "proxy_host": "a", "proxy_port": 1},
        {"proxy_host": "a", "proxy_port": 1, "proxy_username": "a:b"},
        {"proxy_host": "a", "proxy_port": 1, "proxy_username": "a\r\nX: y"},
        {"proxy_host": "a", "proxy_port": 1, "proxy_auth_mode": "ntlm"},
        {"proxy": "http://127.0.0.1:1", "unix_socket": "/x"},
    ],
    ids=str,
)
async def test_no_such_proxy(client: AsyncHTTPClient, options: dict[str, Any]) -> None:
    """What is no proxy is a mistake of the program."""
    with pytest.raises(InvalidRequest):
        await client.fetch("http://127.0.0.1:1/", **options)


async def test_password_is_not_told(client: AsyncHTTPClient) -> None:
    """No error repeats the password of a proxy."""
    with pytest.raises(ConnectError) as caught:
        await client.fetch(
            "https://a.example/", proxy=f"http://user:sesame@127.0.0.1:{free_port()}"
        )
    assert "sesame" not in str(caught.value) + repr(caught.value)
