"""The jar of a client, against a server that sets and tells cookies."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from cyclone.httpclient import AsyncHTTPClient, CookieJar, HTTPClient
from httpclient.conftest import Makes
from httpclient.running import Loop
from httpclient.world import World


class Browser:
    """A client with a jar that knows the servers by names of a domain."""

    def __init__(self, loop: Loop, world: World, jar: CookieJar) -> None:
        self.jar = jar
        names = ("example.com", "www.example.com", "a.www.example.com", "other.com", "example")
        self.http = HTTPClient(
            reactor=loop.reactor,
            cookies=jar,
            ca_certs=str(world.authority.path),
            server_name="localhost",
            hostname_mapping=dict.fromkeys(names, "127.0.0.1"),
        )
        self._world = world

    def url(self, host: str, path: str, *, secure: bool = False) -> str:
        """Spell a URL of the server under a name."""
        scheme, port = ("https", "tls") if secure else ("http", "plain")
        return f"{scheme}://{host}:{self._world.port(port)}{path}"

    async def set(
        self,
        *lines: str,
        host: str = "www.example.com",
        path: str = "/cookies/set",
        secure: bool = False,
    ) -> None:
        """Have the server set cookies by these lines."""
        query = urlencode([("line", line) for line in lines])
        await self.http.get(self.url(host, f"{path}?{query}", secure=secure))

    async def sent(
        self, host: str = "www.example.com", path: str = "/cookies", *, secure: bool = False
    ) -> str:
        """Return the header that the server gets."""
        url = self.url(host, path, secure=secure)
        response = await self.http.get(url, raise_error=False)
        found = response.json()
        if "cookies" in found:
            return str(found["cookies"])
        return "".join(value for name, value in found["headers"] if name == "Cookie")


@pytest.fixture
def browser(loop: Loop, world: World) -> Iterator[Browser]:
    """Such a client."""
    browser = Browser(loop, world, CookieJar())
    yield browser
    browser.http.close()


async def test_kept(browser: Browser) -> None:
    """What a server sets comes back, in the order in which it was set; and is changed and deleted."""
    await browser.set("a=1; Path=/", "b=2; Path=/")
    assert await browser.sent() == "a=1; b=2"
    await browser.set("a=; Path=/; Max-Age=0", "b=3; Path=/")
    assert await browser.sent() == "b=3"
    assert browser.jar["b"].value == "3"


@pytest.mark.parametrize(
    ("line", "hosts"),
    [
        ("a=1; Path=/", ["www.example.com"]),
        ("a=1; Path=/; Domain=www.example.com", ["www.example.com", "a.www.example.com"]),
        (
            "a=1; Path=/; Domain=.example.com",
            ["example.com", "www.example.com", "a.www.example.com"],
        ),
        (
            "a=1; Path=/; Domain=EXAMPLE.com",
            ["example.com", "www.example.com", "a.www.example.com"],
        ),
        ("a=1; Path=/; Domain=a.www.example.com", []),
        ("a=1; Path=/; Domain=ample.com", []),
        ("a=1; Path=/; Domain=other.com", []),
        ("a=1; Path=/; Domain=com", []),
        ("a=1; Path=/; Domain=", ["www.example.com"]),
    ],
)
async def test_domains(browser: Browser, line: str, hosts: list[str]) -> None:
    """A domain says which hosts get it, and must be the server's own or above it (RFC 6265, 5.1.3)."""
    await browser.set(line)
    names = ["example.com", "www.example.com", "a.www.example.com", "other.com"]
    assert [name for name in names if await browser.sent(name)] == hosts


async def test_addresses(browser: Browser) -> None:
    """An IP address has no domain above it."""
    await browser.set("a=1; Path=/", host="127.0.0.1")
    await browser.set("b=1; Path=/; Domain=0.0.1", host="127.0.0.1")
    assert await browser.sent("127.0.0.1") == "a=1"


@pytest.mark.parametrize(
    ("line", "paths"),
    [
        ("a=1; Path=/", ["/anything", "/anything/x", "/anything/x/y", "/anythingx"]),
        ("a=1; Path=/anything/x", ["/anything/x", "/anything/x/y"]),
        ("a=1; Path=/anything/", ["/anything/x", "/anything/x/y"]),
        ("a=1; Path=anything", []),
        ("a=1", []),
    ],
)
async def test_paths(browser: Browser, line: str, paths: list[str]) -> None:
    """A path says below which pages it is sent (RFC 6265, 5.1.4); by default where it was set."""
    await browser.set(line)
    all_paths = ["/anything", "/anything/x", "/anything/x/y", "/anythingx"]
    assert [path for path in all_paths if await browser.sent(path=path)] == paths


async def test_order(browser: Browser) -> None:
    """Longer paths come first, then what is older (RFC 6265, 5.4)."""
    await browser.set("a=1; Path=/")
    await browser.set("b=2; Path=/anything/x")
    await browser.set("c=3; Path=/")
    assert await browser.sent(path="/anything/x") == "b=2; a=1; c=3"


async def test_secure(browser: Browser) -> None:
    """Secure cookies are sent on https only, and http neither sets nor hides one."""
    await browser.set("a=1; Path=/; Secure", "b=1; Path=/", secure=True)
    assert (await browser.sent(), await browser.sent(secure=True)) == ("b=1", "a=1; b=1")
    await browser.set("a=evil; Path=/", "c=evil; Path=/; Secure", "b=2; Path=/")
    assert await browser.sent(secure=True) == "a=1; b=2"
    assert await browser.sent() == "b=2"


@pytest.mark.parametrize(
    ("line", "secure", "kept"),
    [
        ("__Secure-a=1; Path=/; Secure", True, True),
        ("__Secure-a=1; Path=/", True, False),
        ("__Secure-a=1; Path=/; Secure", False, False),
        ("__Host-a=1; Path=/; Secure", True, True),
        ("__Host-a=1; Path=/; Secure; Domain=www.example.com", True, False),
        ("__Host-a=1; Path=/cookies; Secure", True, False),
        ("__host-a=1; Path=/", True, False),
        ("=__Host-a=1; Path=/", True, False),
    ],
)
async def test_prefixes(browser: Browser, line: str, secure: bool, kept: bool) -> None:
    """Names that promise something are kept only if it is so (RFC 6265bis, 4.1.3)."""
    await browser.set(line, secure=secure)
    assert bool(await browser.sent(secure=True)) is kept


@pytest.mark.parametrize(
    ("attributes", "kept"),
    [
        ("Max-Age=60", True),
        ("Max-Age=0", False),
        ("Max-Age=-1", False),
        ("Max-Age=x", True),
        ("Expires=Wed, 09 Jun 2100 10:18:14 GMT", True),
        ("Expires=Wed, 09 Jun 2021 10:18:14 GMT", False),
        ("Expires=Wednesday, 09-Jun-21 10:18:14 GMT", False),
        ("Expires=Wed Jun  9 10:18:14 2021", False),
        ("Expires=yesterday", True),
        ("Expires=Wed, 09 Jun 2021 10:18:14 GMT; Max-Age=60", True),
        ("Max-Age=0; Expires=Wed, 09 Jun 2100 10:18:14 GMT", False),
        ("Unknown; ;; HttpOnly; SameSite=Lax", True),
    ],
)
async def test_ends(browser: Browser, attributes: str, kept: bool) -> None:
    """A cookie ends when it says so; `Max-Age` comes before `Expires` (RFC 6265, 5.3)."""
    await browser.set(f"a=1; Path=/; {attributes}")
    assert await browser.sent() == ("a=1" if kept else "")


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ('a="quoted, value"; Path=/', 'a="quoted, value"'),
        ("a=b=c; Path=/", "a=b=c"),
        ("a  =  1  ; Path=/", "a=1"),
        ("a=; Path=/", "a="),
        ("a; Path=/", "a"),
        ("; Path=/", ""),
        ("a=" + "x" * 5000 + "; Path=/", ""),
    ],
)
async def test_odd_lines(browser: Browser, line: str, sent: str) -> None:
    """Lines are read as browsers read them, and too large ones are dropped."""
    await browser.set(line)
    assert await browser.sent() == sent


async def test_many(browser: Browser) -> None:
    """A server may set some cookies, and none that push out those of others."""
    await browser.set("other=1; Path=/", host="other.com")
    for start in range(0, 400, 50):
        await browser.set(*[f"c{number}=1; Path=/" for number in range(start, start + 50)])
    assert len((await browser.sent()).split("; ")) == 50
    assert await browser.sent("other.com") == "other=1"


async def test_redirects(browser: Browser) -> None:
    """What a redirect sets is sent to where it leads; there are no others."""
    there = browser.url("other.com", "/cookies")
    query = urlencode({"line": "a=1; Path=/", "url": browser.url("www.example.com", "/cookies")})
    response = await browser.http.get(browser.url("www.example.com", f"/cookies/set?{query}"))
    assert response.json() == {"cookies": "a=1"}
    query = urlencode({"line": "b=1; Path=/", "url": there})
    response = await browser.http.get(browser.url("www.example.com", f"/cookies/set?{query}"))
    assert response.json() == {"cookies": ""}


async def test_own_header(browser: Browser) -> None:
    """A Cookie header of the program's own takes the place of the jar's."""
    await browser.set("a=1; Path=/")
    url = browser.url("www.example.com", "/cookies")
    response = await browser.http.get(url, headers={"Cookie": "mine=1"})
    assert response.json() == {"cookies": "mine=1"}


async def test_no_jar(client: AsyncHTTPClient, make_client: Makes, world: World) -> None:
    """Tornado's client keeps none unless it has a jar; two clients share none."""
    jar = CookieJar()
    for asking, cookie in ((client, ""), (make_client(cookies=jar), "a=1"), (make_client(), "")):
        await asking.fetch(world.url("/cookies/set?a=1"))
        told = (await asking.fetch(world.url("/cookies"))).json()
        assert told["cookies"] == cookie
    assert jar["a"].value == "1"


async def test_cookies_of_an_answer(client: AsyncHTTPClient, world: World) -> None:
    """Without a jar an answer tells what it sets."""
    response = await client.fetch(world.url("/cookies/set?line=a%3D1%3B+Path%3D%2Fx&b=2"))
    assert response.cookies == {"a": "1", "b": "2"}


async def test_saved(browser: Browser, loop: Loop, world: World) -> None:
    """A jar can be saved as JSON and loaded again, with the cookies of the session or without."""
    await browser.set("a=1; Path=/; Max-Age=1000", "b=2; Path=/", secure=True)
    jar = CookieJar()
    for session, sent in ((False, "a=1"), (True, "a=1; b=2")):
        saved: Any = json.loads(json.dumps(browser.jar.save(session_cookies=session)))
        jar.load(saved)
        other = Browser(loop, world, jar)
        found = await other.sent()
        other.http.close()
        assert found == sent
    jar.clear()
    assert not jar
