"""Redirects: with which method, with which credentials, how often, and where none is followed."""

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from cyclone.httpclient import (
    AsyncHTTPClient,
    HTTPClient,
    HTTPClientError,
    RequestTimeout,
    TooManyRedirects,
    UnsafeRedirect,
)
from httpclient.conftest import Makes
from httpclient.running import Loop
from httpclient.servers.hostile import Exchange, for_ever, say
from httpclient.world import World


def to(url: str, status: int = 302) -> str:
    """Spell a path of the honest server that leads to a URL."""
    return f"/redirect-to?status={status}&url={quote(url, safe='')}"


def answer(location: str, status: int = 302) -> bytes:
    """Spell an answer that leads to a URL, whatever that is."""
    head = f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    return head.encode()


@pytest.mark.parametrize("path", ["/redirect/3", "/absolute-redirect/3"])
async def test_followed(client: AsyncHTTPClient, world: World, path: str) -> None:
    """Redirects are followed, on the same connection; `effective_url` is the last one."""
    peers = {(await client.fetch(world.url("/get"))).json()["peer"]}
    response = await client.fetch(world.url(path))
    peers.add(response.json()["peer"])
    assert (response.code, response.effective_url) == (200, world.url("/get"))
    assert response.request.url == world.url(path)
    assert len(peers) == 1


@pytest.mark.parametrize(
    ("status", "method", "then", "keeps"),
    [
        (301, "GET", "GET", False),
        (301, "HEAD", "HEAD", False),
        (301, "POST", "GET", False),
        (301, "PUT", "PUT", True),
        (302, "POST", "GET", False),
        (302, "PUT", "PUT", True),
        (302, "DELETE", "DELETE", False),
        (303, "GET", "GET", False),
        (303, "HEAD", "HEAD", False),
        (303, "POST", "GET", False),
        (303, "PUT", "GET", False),
        (303, "DELETE", "GET", False),
        (307, "GET", "GET", False),
        (307, "POST", "POST", True),
        (307, "PUT", "PUT", True),
        (308, "POST", "POST", True),
        (308, "PATCH", "PATCH", True),
    ],
)
async def test_methods(
    client: AsyncHTTPClient, world: World, status: int, method: str, then: str, keeps: bool
) -> None:
    """The status decides whether the method and the body go on (RFC 9110, 15.4)."""
    body = "a body" if method in {"POST", "PUT", "PATCH"} else None
    headers = {"Content-Type": "text/x", "X-A": "1"} if body else {"X-A": "1"}
    url = world.url(to("/anything", status))
    response = await client.fetch(url, method=method, body=body, headers=headers)
    if method == "HEAD":
        assert response.effective_url == world.url("/anything")
        return
    told = response.json()
    names = {name.lower() for name, _ in told["headers"]}
    assert (told["method"], told["data"]) == (then, "a body" if keeps else "")
    assert ("content-type" in names, "content-length" in names) == (keeps, keeps)
    assert "x-a" in names


@pytest.mark.parametrize("status", [300, 304, 305, 306])
async def test_not_followed(client: AsyncHTTPClient, world: World, status: int) -> None:
    """Other statuses lead nowhere, even with a Location."""
    response = await client.fetch(world.answers(answer("/get", status)), raise_error=False)
    assert response.code == status


async def test_without_location(client: AsyncHTTPClient, world: World) -> None:
    """A redirect that does not say where is an answer like others."""
    with pytest.raises(HTTPClientError) as caught:
        await client.fetch(world.url("/status/302"))
    assert (caught.value.code, type(caught.value)) == (302, HTTPClientError)


async def test_on_demand_only(client: AsyncHTTPClient, world: World) -> None:
    """Who does not want redirects to be followed gets them."""
    url = world.url("/redirect/1")
    response = await client.fetch(url, follow_redirects=False, raise_error=False)
    assert (response.code, response.headers["Location"]) == (302, "/get")


@pytest.mark.parametrize(
    ("location", "uri"),
    [
        ("/anything/b", "/anything/b"),
        ("b", "/anything/b"),
        ("../anything/./c?d", "/anything/c?d"),
        ("?q", "/anything/a?q"),
        ("#fragment", "/anything/a"),
        ("/anything/b#fragment", "/anything/b"),
        ("/anything/ü", "/anything/%C3%BC"),
        ("//{host}/anything/b", "/anything/b"),
        ("http://{host}/anything/b", "/anything/b"),
        ("HTTP://{host}/anything/b", "/anything/b"),
    ],
)
async def test_relative(client: AsyncHTTPClient, world: World, location: str, uri: str) -> None:
    """A Location is relative to the URL that was asked for (RFC 3986, 5)."""
    host = f"127.0.0.1:{world.port('hostile')}"
    asked = len(world.hostile.heads)

    async def act(exchange: Exchange) -> None:
        if len(world.hostile.heads) == asked + 1:
            exchange.writer.write(answer(location.format(host=host)))
        else:
            exchange.writer.write(b"HTTP/1.1 204 There\r\n\r\n")

    world.hostile.on("/anything/a", act)
    assert (await client.fetch(f"http://{host}/anything/a")).code == 204
    assert world.hostile.heads[-1].split(b" ", 2)[1].decode() == uri


@pytest.mark.parametrize("most", [0, 1, 5])
async def test_too_many(client: AsyncHTTPClient, world: World, most: int) -> None:
    """So many are followed and no more; the error has the last answer."""
    url = world.url(f"/redirect/{most + 1}")
    with pytest.raises(HTTPClientError) as caught:
        await client.fetch(url, max_redirects=most)
    assert isinstance(caught.value, TooManyRedirects) == (most > 0)
    assert caught.value.code == 302
    assert caught.value.response is not None
    assert caught.value.response.effective_url == world.url("/redirect/1")
    if most:
        assert (await client.fetch(world.url(f"/redirect/{most}"), max_redirects=most)).code == 200
    response = await client.fetch(url, max_redirects=most, raise_error=False)
    assert response.code == 302


async def test_circles(client: AsyncHTTPClient, world: World) -> None:
    """A page that leads to itself, and two that lead to each other, are left after five times."""
    one = world.answers(say(answer(""), then_close=False))
    path = world.hostile.path(say(answer(one), then_close=False))
    world.hostile.on(one[one.rindex("/") :], say(answer(path), then_close=False))
    for url in (one, one.rpartition("/")[0] + path):
        asked = len(world.hostile.heads)
        with pytest.raises(TooManyRedirects, match="max_redirects"):
            await client.fetch(url)
        assert len(world.hostile.heads) - asked == 6


@pytest.mark.parametrize(
    "location",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/plain,x",
        "gopher://127.0.0.1:1/",
        "unix:/run/x.sock",
        "http:///nowhere",
        "https://",
        "http://127.0.0.1:port/",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "http://a..b/" + "x" * 10,
    ],
)
async def test_to_nowhere(client: AsyncHTTPClient, world: World, location: str) -> None:
    """Another scheme, or what is no URL, is refused: the error has the status of the redirect."""
    url = world.answers(answer(location))
    with pytest.raises(UnsafeRedirect) as caught:
        await client.fetch(url)
    assert caught.value.code == 302
    assert caught.value.response is not None
    assert caught.value.response.headers["Location"] == location
    response = await client.fetch(url, raise_error=False)
    assert (response.code, response.effective_url) == (302, url)
    assert (await client.fetch(url, follow_redirects=False, raise_error=False)).code == 302


class TestSecrets:
    """What is meant for one server goes to no other."""

    HEADERS = {  # noqa: RUF012 -- read only
        "Authorization": "Bearer secret",
        "Cookie": "secret=1",
        "Proxy-Authorization": "Basic secret",
        "X-Other": "open",
    }

    def seen(self, told: dict[str, Any]) -> set[str]:
        """Return which of the headers the server has got."""
        return {name for name, _ in told["headers"]} & self.HEADERS.keys()

    async def test_same_origin(self, client: AsyncHTTPClient, world: World) -> None:
        """The same origin gets them again."""
        for url in (world.url("/redirect/2"), world.url("/absolute-redirect/2")):
            told = (await client.fetch(url, headers=self.HEADERS)).json()
            assert {"Authorization", "Cookie", "X-Other"} <= self.seen(told)

    @pytest.mark.parametrize("change", ["host", "port", "scheme", "back"])
    async def test_other_origin(self, trusting: AsyncHTTPClient, world: World, change: str) -> None:
        """Another host, port or scheme does not; nor does the first one when it is led back."""
        there = {
            "host": world.url("/get", host="localhost"),
            "port": world.url("/get", "tls", host="127.0.0.1"),
            "scheme": world.url("/get", "tls", host="127.0.0.1"),
            "back": world.url(to(world.url("/get")), host="localhost"),
        }[change]
        start = world.url(to(there))
        if change == "port":
            # From one port with TLS to the other: only the number differs.
            start = world.answers(answer(there), tls=True).replace("localhost", "127.0.0.1")
        told = (await trusting.fetch(start, headers=self.HEADERS)).json()
        assert self.seen(told) == {"X-Other"}

    @pytest.mark.parametrize("mode", ["basic", "digest"])
    async def test_credentials(self, client: AsyncHTTPClient, world: World, mode: str) -> None:
        """So it is with a name and a password, and with those of the URL."""
        url = world.url(to(world.url("/authorization")))
        other = world.url(to(world.url("/authorization", host="localhost")))
        options: dict[str, Any] = {"auth_username": "a", "auth_password": "b", "auth_mode": mode}
        told = (await client.fetch(other, **options)).json()
        assert told["authorization"] is None
        if mode == "basic":
            told = (await client.fetch(url, **options)).json()
            assert told["authorization"] == "Basic YTpi"
            told = (await client.fetch(other.replace("://", "://a:b@"))).json()
            assert told["authorization"] is None

    async def test_credentials_of_the_location(self, client: AsyncHTTPClient, world: World) -> None:
        """A name and a password in a Location are used for that request, and are not in its URL."""
        there = world.url("/authorization", host="localhost")
        url = world.url(to(there.replace("://", "://c:d@")))
        response = await client.fetch(url, auth_username="a", auth_password="b")  # noqa: S106 -- a test's
        assert response.json()["authorization"] == "Basic Yzpk"
        assert response.effective_url == there

    async def test_host_header(self, client: AsyncHTTPClient, world: World) -> None:
        """A Host of the program's own is for the first server only."""
        url = world.url(to(world.url("/get", host="localhost")))
        told = (await client.fetch(url, headers={"Host": "a.example"})).json()
        assert ["Host", f"localhost:{world.port()}"] in told["headers"]

    async def test_jar(self, loop: Loop, world: World) -> None:
        """The cookies of a jar go to the hosts that have set them."""
        async with HTTPClient(reactor=loop.reactor) as http:
            await http.get(world.url("/cookies/set?a=1"))
            here, there = world.url("/cookies"), world.url("/cookies", host="localhost")
            for url, cookie in ((here, "a=1"), (there, "")):
                told = (await http.get(world.url(to(url)))).json()
                assert told["cookies"] == cookie

    async def test_body_in_clear(self, trusting: AsyncHTTPClient, world: World) -> None:
        """A body that was meant for https does not go on to http."""
        url = world.url(to(world.url("/anything"), 307), "tls")
        with pytest.raises(UnsafeRedirect):
            await trusting.fetch(url, method="POST", body="secret")


async def test_body_that_cannot_be_sent_again(client: AsyncHTTPClient, world: World) -> None:
    """A body that can be made only once cannot follow a redirect that keeps it."""
    url = world.url(to("/anything", 307))
    with pytest.raises(UnsafeRedirect, match="second time"):
        await client.fetch(url, method="POST", body=iter([b"a", b"b"]))
    told = (await client.fetch(url, method="POST", body=[b"a", b"b"])).json()
    assert told["data"] == "ab"


async def test_one_connection_is_enough(make_client: Makes, world: World) -> None:
    """A redirect takes the place in the queue of the request that led to it."""
    client = make_client(max_clients=1)
    response = await client.fetch(world.url("/redirect/3"))
    assert response.code == 200


@pytest.mark.parametrize("length", ["Content-Length: 100000000\r\n", ""])
async def test_body_of_a_redirect(client: AsyncHTTPClient, world: World, length: str) -> None:
    """An endless body of a redirect is not waited for."""
    head = f"HTTP/1.1 302 Found\r\nLocation: {world.url('/get')}\r\n{length}\r\n"
    response = await client.fetch(world.answers(for_ever(head.encode(), b"x" * 65536)))
    assert response.code == 200


async def test_time_of_all(client: AsyncHTTPClient, world: World) -> None:
    """`request_timeout` is for all redirects together."""

    async def act(exchange: Exchange) -> None:
        await asyncio.sleep(0.2)
        await say(answer(""), then_close=False)(exchange)

    with pytest.raises(RequestTimeout):
        await client.fetch(world.answers(act), max_redirects=1000, request_timeout=0.5)


async def test_large_location(client: AsyncHTTPClient, world: World) -> None:
    """A Location of 60 kB is followed; such of a megabyte is more than a head may have."""
    long = "/anything/" + "x" * 60_000
    assert (await client.fetch(world.answers(answer(long)))).code == 204
    with pytest.raises(HTTPClientError, match="599"):
        await client.fetch(world.answers(answer("/" + "x" * 1_000_000)))
