"""Compressed answers: what is decoded, and what is too large, damaged or cut off."""

import functools
import gzip
import zlib
from typing import Any

import pytest

from cyclone.httpclient import AsyncHTTPClient, BadResponse, HTTPClient, ResponseTooLarge
from httpclient.conftest import Makes
from httpclient.running import Loop, sockets_to
from httpclient.world import World

MEGABYTE = 1_000_000
TEXT = b"hello, world " * 100


def answer(body: bytes, coding: str, *, chunked: bool = False) -> bytes:
    """Spell an answer with a coded body."""
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n".encode()
    if chunked:
        framed = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + framed
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


@functools.cache
def bomb(wbits: int) -> bytes:
    """Compress twenty million zeros: they become 20 kB.

    Args:
        wbits: Says as what, see zlib: 31 for gzip, 15 for deflate, -15 for deflate without a head.
    """
    compress = zlib.compressobj(1, wbits=wbits)
    return compress.compress(bytes(20 * MEGABYTE)) + compress.flush()


def raw(data: bytes) -> bytes:
    """Compress without zlib's head."""
    compress = zlib.compressobj(wbits=-15)
    return compress.compress(data) + compress.flush()


@pytest.mark.parametrize(
    "coding", ["gzip", "x-gzip", "deflate", "raw-deflate", "gzip-members", "identity", "twice"]
)
async def test_codings(client: AsyncHTTPClient, world: World, coding: str) -> None:
    """What was asked for is decoded, and the headers say what there is now."""
    response = await client.fetch(world.url(f"/{coding}"))
    if coding == "twice":
        # Nobody has asked for this: it stays as it is.
        assert response.headers["Content-Encoding"] == "deflate, gzip"
        return
    assert response.json()["coding"] == coding
    assert response.headers.get("Content-Encoding", "identity") == "identity"
    assert response.headers["Content-Length"] == str(len(response.body))


async def test_unknown_coding(client: AsyncHTTPClient, world: World) -> None:
    """A coding that nobody has asked for is left to the program."""
    response = await client.fetch(world.url("/unknown"))
    assert response.headers["Content-Encoding"] == "zork"
    assert response.json()["coding"] == "unknown"


async def test_not_wanted(client: AsyncHTTPClient, world: World) -> None:
    """Who wants no decoding asks for none, and gets the bytes."""
    response = await client.fetch(world.url("/gzip"), decompress_response=False)
    assert response.headers["Content-Encoding"] == "gzip"
    assert b"Accept-Encoding" not in gzip.decompress(response.body)
    for options in ({"use_gzip": False}, {"decompress_response": False}):
        told = (await client.fetch(world.url("/get"), **options)).json()  # type: ignore[arg-type]
        assert "Accept-Encoding" not in {name for name, _ in told["headers"]}


async def test_head(client: AsyncHTTPClient, world: World) -> None:
    """The answer to HEAD has no body to decode."""
    response = await client.fetch(world.url("/gzip"), method="HEAD")
    assert (response.body, response.headers["Content-Encoding"]) == (b"", "gzip")


@pytest.mark.parametrize("status", [204, 304])
async def test_no_body(client: AsyncHTTPClient, world: World, status: int) -> None:
    """Neither have these statuses."""
    head = f"HTTP/1.1 {status} X\r\nContent-Encoding: gzip\r\n\r\n".encode()
    assert (await client.fetch(world.answers(head), raise_error=False)).body == b""


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize(
    "damaged",
    [
        gzip.compress(TEXT)[:-1],
        gzip.compress(TEXT)[:30],
        gzip.compress(TEXT)[:5],
        gzip.compress(TEXT) + b"rubbish",
        gzip.compress(TEXT)[:-8] + bytes(8),
        b"this is no gzip",
        gzip.compress(TEXT)[:30] + b"\xff" * 30,
    ],
    ids=["cut", "half", "head", "rubbish", "checksum", "none", "broken"],
)
async def test_damaged(
    loop: Loop, client: AsyncHTTPClient, world: World, damaged: bytes, streams: bool, chunked: bool
) -> None:
    """What is cut off or damaged is an error, never taken for the whole."""
    options: dict[str, Any] = {"streaming_callback": lambda _: None} if streams else {}
    with pytest.raises(BadResponse):
        await client.fetch(world.answers(answer(damaged, "gzip", chunked=chunked)), **options)
    await loop.until("end", lambda: not sockets_to(world.port("hostile")))


@pytest.mark.parametrize("body", [zlib.compress(TEXT)[:-3], raw(TEXT)[:-3], raw(TEXT)[:2]])
async def test_damaged_deflate(client: AsyncHTTPClient, world: World, body: bytes) -> None:
    """So it is with deflate, with zlib's head and without."""
    with pytest.raises(BadResponse):
        await client.fetch(world.answers(answer(body, "deflate")))


async def test_empty(client: AsyncHTTPClient, world: World) -> None:
    """No bytes at all are an empty body."""
    assert (await client.fetch(world.answers(answer(b"", "gzip")))).body == b""


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize(("coding", "wbits"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
async def test_bomb(
    loop: Loop, make_client: Makes, world: World, coding: str, wbits: int, streams: bool
) -> None:
    """What would inflate to more than `max_body_size` is refused long before it has."""
    got = 0

    def count(chunk: bytes) -> None:
        nonlocal got
        got += len(chunk)

    client = make_client(max_body_size=MEGABYTE)
    options: dict[str, Any] = {"streaming_callback": count} if streams else {}
    url = world.answers(answer(bomb(wbits), coding))
    with pytest.raises(ResponseTooLarge):
        await client.fetch(url, **options)
    assert got <= MEGABYTE + 65536
    await loop.until("end", lambda: not sockets_to(world.port("hostile")))
    assert (await client.fetch(world.url())).code == 200


async def test_nested_bomb(make_client: Makes, world: World) -> None:
    """A bomb in a bomb is not opened, because nobody has asked for two codings."""
    client = make_client(max_body_size=MEGABYTE)
    nested = gzip.compress(bomb(31))
    response = await client.fetch(world.answers(answer(nested, "gzip, gzip")))
    assert response.body == nested


@pytest.mark.parametrize("size", [MEGABYTE, MEGABYTE + 1])
@pytest.mark.parametrize("chunked", [False, True])
async def test_bound(make_client: Makes, world: World, size: int, chunked: bool) -> None:
    """`max_body_size` holds to the byte, for plain and for decoded bodies."""
    client = make_client(max_body_size=MEGABYTE)
    for body, coding in ((bytes(size), "identity"), (gzip.compress(bytes(size)), "gzip")):
        url = world.answers(answer(body, coding, chunked=chunked))
        if size > MEGABYTE:
            with pytest.raises(ResponseTooLarge, match="1000000"):
                await client.fetch(url)
        else:
            assert len((await client.fetch(url)).body) == MEGABYTE


async def test_bound_of_a_request(http: HTTPClient, world: World) -> None:
    """A request may have a bound of its own."""
    assert len((await http.get(world.url("/bytes/11"), max_body_size=11)).body) == 11
    for path in ("/bytes/12", "/stream-bytes/12"):
        with pytest.raises(ResponseTooLarge):
            await http.get(world.url(path), max_body_size=11)
    assert (await http.get(world.url("/bytes/12"))).code == 200


async def test_many_members(client: AsyncHTTPClient, world: World) -> None:
    """Members of gzip in a row are one body; ten thousand of them are an attack."""
    members = gzip.compress(b"x")
    assert (await client.fetch(world.answers(answer(members * 10, "gzip")))).body == b"x" * 10
    with pytest.raises(BadResponse, match="member"):
        await client.fetch(world.answers(answer(members * 10_000, "gzip")))
