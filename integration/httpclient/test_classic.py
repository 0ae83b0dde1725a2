"""The client of cyclone 1.x: `fetch`, `HTTPClient(url)` and `JsonRPC`, as its documents have them."""

from typing import Any

import pytest
from startup_processes import free_port
from twisted.internet.defer import Deferred, gatherResults

import cyclone.httpclient
from cyclone.httpclient import ConnectError, HTTPError, JsonRPC
from cyclone_core.httputil import HTTPHeaders
from httpclient.running import Loop, sockets_to
from httpclient.world import Option, World


def fetch(loop: Loop, url: str, **options: Option) -> Deferred[Any]:
    """Fetch on the reactor of these tests: programs use the installed one."""
    return cyclone.httpclient.fetch(url, reactor=loop.reactor, **options)


class TestFetch:
    """`fetch(url)`."""

    async def test_get(self, loop: Loop, world: World) -> None:
        """Status, phrase, headers, length, body, error and request are those of 1.x."""
        response = await fetch(loop, world.url("/hello"))
        assert (response.code, response.phrase, response.error) == (200, "OK", None)
        assert response.length == len(response.body) == 13
        assert response.body == "hello, wörld".encode()
        assert isinstance(response.headers, HTTPHeaders)
        assert response.headers.get("Content-Type") == "text/plain; charset=utf-8"
        assert response.headers.get_list("content-type") == ["text/plain; charset=utf-8"]
        assert response.request.url == world.url("/hello")

    async def test_status(self, loop: Loop, world: World) -> None:
        """A status that is no success is no failure of the Deferred."""
        response = await fetch(loop, world.url("/status/404"))
        assert response.code == 404
        assert response.error
        assert response.body == b"status 404"

    @pytest.mark.parametrize("status", [204, 304])
    async def test_no_body(self, loop: Loop, world: World, status: int) -> None:
        """Where no body is allowed it is empty."""
        assert (await fetch(loop, world.url(f"/status/{status}"))).body == b""
        assert (await fetch(loop, world.url("/hello"), method="HEAD")).body == b""

    async def test_post(self, loop: Loop, world: World) -> None:
        """With `postdata` it is a POST, of a form unless the headers say something else."""
        told = (await fetch(loop, world.url("/anything"), postdata="a=1&b=2")).json()
        assert (told["method"], told["form"]) == ("POST", {"a": ["1"], "b": ["2"]})
        headers = {"Content-Type": ["text/x"], "X-A": ["1", "2"]}
        told = (await fetch(loop, world.url("/anything"), postdata=b"\xff", headers=headers)).json()
        assert ["Content-Type", "text/x"] in told["headers"]
        assert [value for name, value in told["headers"] if name == "X-A"] == ["1", "2"]
        told = (await fetch(loop, world.url("/anything"), postdata="")).json()
        assert told["method"] == "GET"
        told = (await fetch(loop, world.url("/anything"), method="PUT", postdata="x")).json()
        assert told["method"] == "PUT"

    async def test_redirects(self, loop: Loop, world: World) -> None:
        """Redirects are followed on demand, three times by default."""
        assert (await fetch(loop, world.url("/redirect/1"))).code == 302
        response = await fetch(loop, world.url("/redirect/3"), followRedirect=1)
        assert response.code == 200
        for options, times in (({}, 4), ({"maxRedirects": 1}, 2)):
            url = world.url(f"/redirect/{times}")
            response = await fetch(loop, url, followRedirect=True, **options)
            assert response.code == 302
        url = world.url("/redirect/5")
        assert (await fetch(loop, url, followRedirect=True, maxRedirects=5)).code == 200

    async def test_redirect_without_secrets(self, loop: Loop, world: World) -> None:
        """Another host gets none of the credentials, unlike 1.x."""
        there = (
            world.url("/authorization", host="localhost").replace(":", "%3A").replace("/", "%2F")
        )
        response = await fetch(
            loop,
            world.url(f"/redirect-to?url={there}"),
            followRedirect=1,
            headers={"Authorization": ["Basic secret"]},
        )
        assert response.json() == {"authorization": None}

    async def test_proxy(self, loop: Loop, world: World) -> None:
        """`proxy` is a host and a port."""
        told = (await fetch(loop, world.url(), proxy=("127.0.0.1", world.proxy.port))).json()
        assert ["Via", "1.1 here"] in told["headers"]

    async def test_no_answer(self, loop: Loop, deaf: int) -> None:
        """Without an answer the Deferred fails; `timeout` is for the connection."""
        with pytest.raises(ConnectError):
            await fetch(loop, f"http://127.0.0.1:{free_port()}/")
        with pytest.raises(HTTPError, match=r"0\.1 s"):
            await fetch(loop, f"http://127.0.0.1:{deaf}/", timeout=0.1)

    async def test_nothing_is_left(self, loop: Loop, world: World) -> None:
        """Behind each the connection is closed, and two at a time have nothing in common."""
        proxied = fetch(loop, world.url(), proxy=("127.0.0.1", world.proxy.port), timeout=9)
        direct = fetch(loop, world.url())
        seen = [each.json()["headers"] for each in await gatherResults([proxied, direct])]
        assert [["Via", "1.1 here"] in headers for headers in seen] == [True, False]
        await loop.until("end", lambda: not sockets_to(*world.ports))


class TestHTTPClient:
    """`HTTPClient(url)`."""

    async def test_fetch(self, loop: Loop, world: World) -> None:
        """It has been told everything, and can be asked again."""
        make: Any = cyclone.httpclient.HTTPClient
        client = make(world.url("/post"), postdata="a=1", timeout=5, reactor=loop.reactor)
        assert (client.url, client.method, client.body) == (world.url("/post"), "POST", "a=1")
        assert (client.followRedirect, client.maxRedirects, client.timeout) == (0, 3, 5)
        for _ in range(2):
            response = await client.fetch()
            assert response.json()["form"] == {"a": ["1"]}
            assert client.response is response
        client.close()


class TestJsonRPC:
    """`JsonRPC(url)`."""

    @pytest.mark.parametrize("version", ["1.0", "2.0"])
    async def test_call(self, loop: Loop, world: World, version: str) -> None:
        """Each attribute is a method of the server."""
        server = JsonRPC(world.url("/calls"), version=version, reactor=loop.reactor)
        assert await server.add(1, 2) == 3
        assert await server.echo("ü", None, [1, {"a": 2.5}]) == [["ü", None, [1, {"a": 2.5}]], {}]
        assert await server.system.list() == ["add", "echo"]
        kind = await server.type()
        assert kind == ("application/json-rpc" if version == "1.0" else "application/json")
        results = await gatherResults([server.add(number, 1) for number in range(20)])
        assert results == list(range(1, 21))

    @pytest.mark.parametrize("version", ["1.0", "2.0"])
    async def test_errors(self, loop: Loop, world: World, version: str) -> None:
        """Errors of the server, and answers that are none, are failures that say what happened."""
        server = JsonRPC(world.url("/calls"), version=version, reactor=loop.reactor)
        with pytest.raises(Exception, match="no method missing"):
            await server.missing()
        with pytest.raises(Exception, match="argument"):
            await server.add(1)
        for url, kind in ((world.url("/status/500"), "500"), (world.url("/hello"), "JSON")):
            broken = JsonRPC(url, version=version, reactor=loop.reactor)
            with pytest.raises(Exception, match=kind):
                await broken.add(1, 2)

    async def test_old_status(self, loop: Loop, world: World) -> None:
        """A status that is no success is an `HTTPError`, as in 1.x."""
        server = JsonRPC(world.url("/status/404"), reactor=loop.reactor)
        with pytest.raises(HTTPError) as caught:
            await server.add(1, 2)
        assert caught.value.code == 404
