"""Names and passwords: Basic and Digest, against servers that check them."""

import hashlib
from typing import Any
from urllib.parse import quote

import pytest
from twisted.internet.defer import gatherResults

from cyclone.httpclient import AsyncHTTPClient, HTTPClient, HTTPClientError
from httpclient.conftest import Makes
from httpclient.running import Loop
from httpclient.world import World

SAYING = "Circle of Life"
ALGORITHMS = ["MD5", "SHA-256"]
if "sha512_256" in hashlib.algorithms_available:
    ALGORITHMS.append("SHA-512-256")
SESSIONS = [name for each in ALGORITHMS for name in (each, f"{each}-sess")]


def digest_url(
    world: World,
    algorithm: str = "SHA-256",
    qop: str = "auth",
    query: str = "",
    username: str = "Mufasa",
    password: str = SAYING,
) -> str:
    """Spell the URL of a page that wants Digest."""
    words = [quote(each, safe="") for each in (qop, username, password, algorithm)]
    return world.url(f"/digest-auth/{'/'.join(words)}{query}")


def known(username: str = "Mufasa", password: str = SAYING) -> dict[str, Any]:
    """Make the options of who knows the password."""
    return {"auth_username": username, "auth_password": password, "auth_mode": "digest"}


class TestBasic:
    """Name and password in clear."""

    @pytest.mark.parametrize(
        ("username", "password"),
        [("user", "pass"), ("user", ""), ("usér", "pässwörd: 日本"), ("a b", 'c"d\\e:f')],
    )
    async def test_let_in(
        self, client: AsyncHTTPClient, world: World, username: str, password: str
    ) -> None:
        """They are sent at once, as UTF-8; with the wrong ones nobody is let in."""
        # A path cannot be empty.
        if not password:
            url = world.url("/authorization")
            told = (await client.fetch(url, auth_username=username)).json()
            assert told["authorization"] == "Basic dXNlcjo="
            return
        path = f"/hidden-basic-auth/{quote(username, safe='')}/{quote(password, safe='')}"
        url = world.url(path)
        for mode in (None, "basic"):
            response = await client.fetch(
                url, auth_username=username, auth_password=password, auth_mode=mode
            )
            assert response.json() == {"user": username}
        with pytest.raises(HTTPClientError, match="404"):
            await client.fetch(url, auth_username=username, auth_password="wrong")  # noqa: S106

    async def test_in_the_url(self, client: AsyncHTTPClient, world: World) -> None:
        """They may stand in the URL, escaped; `effective_url` does not show them."""
        url = world.url("/basic-auth/us%C3%A9r/p%40ss").replace("://", "://us%C3%A9r:p%40ss@")
        response = await client.fetch(url)
        assert response.json() == {"user": "usér"}
        assert "@" not in response.effective_url

    async def test_refused(self, client: AsyncHTTPClient, world: World) -> None:
        """Without them the challenge is the answer."""
        with pytest.raises(HTTPClientError) as caught:
            await client.fetch(world.url("/basic-auth/user/pass"))
        assert caught.value.code == 401
        assert caught.value.response is not None
        assert caught.value.response.headers["WWW-Authenticate"].startswith("Basic ")

    async def test_unknown_mode(self, client: AsyncHTTPClient, world: World) -> None:
        """Another mode is a mistake of the program."""
        with pytest.raises(ValueError, match="auth_mode"):
            await client.fetch(world.url(), auth_username="a", auth_mode="asdf")

    async def test_not_for_others(self, make_client: Makes, world: World) -> None:
        """The credentials of one request are not those of the next, or of another client."""
        client = make_client()
        url = world.url("/authorization")
        await client.fetch(url, auth_username="a", auth_password="b")  # noqa: S106 -- a test's
        for asking in (client, make_client()):
            assert (await asking.fetch(url)).json() == {"authorization": None}


class TestDigest:
    """Name and password, proved."""

    @pytest.mark.parametrize("qop", ["auth", "auth-int", "auth,auth-int"])
    @pytest.mark.parametrize("algorithm", SESSIONS)
    async def test_let_in(
        self, client: AsyncHTTPClient, world: World, algorithm: str, qop: str
    ) -> None:
        """Each algorithm and each quality of protection is spoken; a challenge is asked for once."""
        url = digest_url(world, algorithm, qop)
        for count in ("00000001", "00000002"):
            told = (await client.fetch(url, **known())).json()
            assert told == {"user": "Mufasa", "nc": count, "qop": qop.partition(",")[0]}

    @pytest.mark.parametrize("qop", ["auth", "auth-int"])
    @pytest.mark.parametrize("method", ["POST", "PUT"])
    async def test_bodies(
        self, client: AsyncHTTPClient, world: World, method: str, qop: str
    ) -> None:
        """A body is sent again behind the challenge; `auth-int` protects it."""
        url = digest_url(world, qop=qop)
        for body in (b"a body", b"", b"\xff\0"):
            response = await client.fetch(url, method=method, body=body, **known())
            assert response.json()["qop"] == qop

    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    async def test_old_servers(self, client: AsyncHTTPClient, world: World, algorithm: str) -> None:
        """Servers that know no quality of protection (RFC 2069) are spoken to, too."""
        for _ in range(2):
            response = await client.fetch(digest_url(world, algorithm, "none"), **known())
            assert response.json() == {"user": "Mufasa", "nc": None, "qop": None}

    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    @pytest.mark.parametrize("query", ["", "?userhash=1"])
    async def test_names(
        self, client: AsyncHTTPClient, world: World, algorithm: str, query: str
    ) -> None:
        """Names beyond ASCII, with quotes, and hashed ones."""
        for username, password in (("Jäsøn Doe", "Secret, or not?"), ('a"b\\c', 'd"e')):
            url = digest_url(world, algorithm, "auth", query, username, password)
            response = await client.fetch(url, **known(username, password))
            assert response.json()["user"] == username

    async def test_stale(self, client: AsyncHTTPClient, world: World) -> None:
        """A nonce that is too old is replaced, without asking the program."""
        response = await client.fetch(digest_url(world, query="?stale=1"), **known())
        assert response.json()["user"] == "Mufasa"
        url = digest_url(world, query="?uses=2")
        for _ in range(5):
            assert (await client.fetch(url, **known())).code == 200

    async def test_next_nonce(self, client: AsyncHTTPClient, world: World) -> None:
        """A nonce that the server gives for the next request is taken."""
        url = digest_url(world, query="?next=1")
        for _ in range(3):
            assert (await client.fetch(url, **known())).json()["nc"] == "00000001"

    async def test_wrong_password(self, client: AsyncHTTPClient, world: World) -> None:
        """Who is refused twice is not asked for ever."""
        for _ in range(2):
            with pytest.raises(HTTPClientError) as caught:
                await client.fetch(digest_url(world), **known(password="wrong"))  # noqa: S106
            assert caught.value.code == 401

    async def test_strongest(self, client: AsyncHTTPClient, world: World) -> None:
        """Of several challenges the strongest that is known is answered."""
        weak = quote('Digest realm="weak", nonce="x", algorithm=MD5, qop="auth"')
        basic, other = (
            quote('Basic realm="clear"'),
            quote('Digest realm="x", nonce="y", algorithm=X'),
        )
        url = digest_url(world, query=f"?also={weak}&also={basic}&also={other}")
        assert (await client.fetch(url, **known())).json()["user"] == "Mufasa"

    async def test_only_basic_is_offered(self, client: AsyncHTTPClient, world: World) -> None:
        """A server that offers nothing but Basic never gets the password of who wants Digest."""
        asked: list[str] = []
        with pytest.raises(HTTPClientError, match="401"):
            await client.fetch(
                world.url("/basic-auth/Mufasa/x"), header_callback=asked.append, **known()
            )
        told = (await client.fetch(world.url("/authorization"), **known())).json()
        assert told["authorization"] is None

    async def test_side_by_side(self, loop: Loop, world: World) -> None:
        """Twenty at a time get in, and the server sees each count once."""
        url = digest_url(world)
        async with HTTPClient(reactor=loop.reactor, max_clients=5, **known()) as http:
            await http.get(url)
            responses = await gatherResults([http.get(url) for _ in range(20)])
        assert {response.code for response in responses} == {200}

    async def test_stream(self, http: HTTPClient, world: World) -> None:
        """A streamed answer is the one behind the challenge."""
        async with http.stream("GET", digest_url(world), **known()) as response:
            assert b"Mufasa" in await response.read()

    async def test_body_that_cannot_be_sent_again(
        self, client: AsyncHTTPClient, world: World
    ) -> None:
        """A body that can be made only once cannot follow a challenge: the challenge is the answer."""
        url = digest_url(world)
        with pytest.raises(HTTPClientError, match="401"):
            await client.fetch(url, method="POST", body=iter([b"a"]), **known())
        assert (await client.fetch(url, method="POST", body=iter([b"a"]), **known())).code == 200

    async def test_other_origin(self, client: AsyncHTTPClient, world: World) -> None:
        """A redirect to another origin is not followed by a proof, whatever is asked there."""
        there = digest_url(world).replace("127.0.0.1", "localhost")
        url = world.url(f"/redirect-to?url={quote(there, safe='')}")
        with pytest.raises(HTTPClientError, match="401"):
            await client.fetch(url, **known())
