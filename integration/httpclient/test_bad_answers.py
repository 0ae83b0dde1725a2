"""Answers that no server should give: which are refused, which are read all the same, and how."""

import itertools
import time
from typing import Protocol

import pytest

from cyclone.httpclient import (
    AsyncHTTPClient,
    BadResponse,
    HTTPClientError,
    HTTPRequest,
    HTTPResponse,
    HTTPStreamClosedError,
    ResponseTooLarge,
)
from httpclient.conftest import Makes
from httpclient.running import Loop, sockets_to
from httpclient.servers.hostile import for_ever, say, say_and_wait
from httpclient.world import World

OK = b"HTTP/1.1 200 OK\r\n"
HELLO = b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"

REFUSED = {
    "bare LF": b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    "bare LF in one line": OK + b"A: b\n" + HELLO,
    "bare CR": OK + b"A: b\rC: d\r\n" + HELLO,
    "NUL": OK + b"A: b\0c\r\n" + HELLO,
    "control character": OK + b"A: b\x01c\r\n" + HELLO,
    "DEL": OK + b"A: b\x7fc\r\n" + HELLO,
    "no colon": OK + b"nocolon\r\n" + HELLO,
    "blank before the colon": OK + b"Content-Length : 5\r\n\r\nhello",
    "fold in the first line": OK + b" A: b\r\n" + HELLO,
    "no name": OK + b": b\r\n" + HELLO,
    "name with a blank": OK + b"A B: c\r\n" + HELLO,
    "name beyond ASCII": OK + "Ä: b\r\n".encode() + HELLO,
    "length and chunks": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "chunked, identity": OK + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKS,
    "identity": OK + b"Transfer-Encoding: identity\r\n\r\nhello",
    "gzip, chunked": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS,
    "chunked twice": OK + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n" + CHUNKS,
    "xchunked": OK + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKS,
    "chunks in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "two lengths": OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "the same length twice": OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "list of lengths": OK + b"Content-Length: 5, 5\r\n\r\nhello",
    **{
        f"length {length!r}": OK + b"Content-Length: " + length + b"\r\n\r\nhello"
        for length in (
            b"+5",
            b"-5",
            b"0x5",
            b"5_0",
            b"",
            b"5 5",
            b"5.0",
            b"\xef\xbc\x95",
            b"9" * 30,
        )
    },
    **{
        f"chunk of {size!r}": CHUNKED + size + b"\r\nhello\r\n0\r\n\r\n"
        for size in (b"0x5", b"+5", b"-5", b"", b" 5", b"5 ", b"g", b"0" * 400 + b"5", b"f" * 20)
    },
    "chunk without an end": CHUNKED + b"5\r\nhelloXX0\r\n\r\n",
    "chunk with LF": CHUNKED + b"5\nhello\n0\n\r\n\r\n",
    "LF in an extension": CHUNKED + b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    "trailer without a colon": CHUNKED + b"5\r\nhello\r\n0\r\nnocolon\r\n\r\n",
    "101 unasked": b"HTTP/1.1 101 Other\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nx",
    "HTTP/2": b"HTTP/2.0 200 OK\r\n" + HELLO,
    "HTTP/0.9": b"hello",
    "another protocol": b"ICY 200 OK\r\n" + HELLO,
    "SSH": b"SSH-2.0-OpenSSH_9.0\r\n",
    "TLS": b"\x15\x03\x01\x00\x02\x02\x28",
    "small letters": b"http/1.1 200 OK\r\n" + HELLO,
    "status of two digits": b"HTTP/1.1 20 OK\r\n" + HELLO,
    "status of four digits": b"HTTP/1.1 2000 OK\r\n" + HELLO,
    "status 099": b"HTTP/1.1 099 OK\r\n" + HELLO,
    "status with a sign": b"HTTP/1.1 +20 OK\r\n" + HELLO,
    "no status": b"HTTP/1.1\r\n" + HELLO,
    "control character in the reason": b"HTTP/1.1 200 O\0K\r\n" + HELLO,
    "two blanks": b"HTTP/1.1  200 OK\r\n" + HELLO,
    "two empty lines": b"\r\n\r\n" + OK + HELLO,
    "interim answer with a body": b"HTTP/1.1 103 E\r\nContent-Length: 5\r\n\r\nhello" + OK + HELLO,
    "10,000 interim answers": b"HTTP/1.1 103 Early\r\n\r\n" * 10_000 + OK + HELLO,
    "11 interim answers": b"HTTP/1.1 103 Early\r\n\r\n" * 11 + OK + HELLO,
}
TOO_LARGE = {
    "100,000 header lines": OK + b"X: y\r\n" * 100_000 + HELLO,
    "300 header lines": OK + b"".join(b"X-%d: y\r\n" % n for n in range(300)) + HELLO,
    "header line of a megabyte": OK + b"X: " + b"y" * 1_000_000 + b"\r\n" + HELLO,
    "status line of a megabyte": b"HTTP/1.1 200 " + b"y" * 1_000_000 + b"\r\n" + HELLO,
}
CUT_OFF = {
    "nothing": b"",
    "half of a head": OK + b"Content-Le",
    "half of a body": OK + b"Content-Length: 50\r\n\r\nhello",
    "half of the chunks": CHUNKED + b"5\r\nhello\r\n",
    "half of a chunk": CHUNKED + b"5\r\nhel",
    "no end of the trailers": CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n",
    "interim answer only": b"HTTP/1.1 103 Early\r\n\r\n",
}
READ = {
    "plain": OK + HELLO,
    "until the end": OK + b"\r\nhello",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\nhello",
    "HTTP/1.9": b"HTTP/1.9 200 OK\r\n" + HELLO,
    "no reason": b"HTTP/1.1 200\r\n" + HELLO,
    "empty reason": b"HTTP/1.1 200 \r\n" + HELLO,
    "reason beyond ASCII": "HTTP/1.1 200 schön\r\n".encode() + HELLO,
    "fold": OK + b"A: b\r\n c\r\n" + HELLO,
    "blanks around a value": OK + b"Content-Length:\t 5 \t\r\n\r\nhello",
    "no blank": OK + b"Content-Length:5\r\n\r\nhello",
    "value beyond ASCII": OK + "A: ä\r\n".encode() + HELLO,
    "other letters": OK + b"cOnTeNt-LeNgTh: 5\r\n\r\nhello",
    "CHUNKED": OK + b"Transfer-Encoding: CHUNKED\r\n\r\n" + CHUNKS,
    "extension of a chunk": CHUNKED + b'5;a="b;c"\r\nhello\r\n0\r\n\r\n',
    "zeros before the size": CHUNKED + b"0005\r\nhello\r\n000\r\n\r\n",
    "interim answers": b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" * 10 + OK + HELLO,
    "100 unasked": b"HTTP/1.1 100 Go on\r\n\r\n" + OK + HELLO,
    "one empty line": b"\r\n" + OK + HELLO,
}


class Read(Protocol):
    """Fetches what the hostile server says."""

    async def __call__(self, data: bytes, *, slowly: bool = False) -> HTTPResponse:
        """Have it said in one piece, or byte by byte."""
        ...


@pytest.fixture
def read(loop: Loop, client: AsyncHTTPClient, world: World) -> Read:
    """Fetch what the hostile server says, in one piece or byte by byte."""

    async def read(data: bytes, *, slowly: bool = False) -> HTTPResponse:
        pieces = (data[n : n + 1] for n in range(len(data))) if slowly else (data,)
        try:
            return await client.fetch(world.answers(list(pieces)))
        finally:
            await loop.until("end", lambda: not sockets_to(world.port("hostile")))

    return read


@pytest.mark.parametrize("name", REFUSED)
async def test_refused(read: Read, name: str) -> None:
    """What breaks the rules of HTTP is refused, and the connection is closed."""
    with pytest.raises(BadResponse) as caught:
        await read(REFUSED[name])
    assert caught.value.code == 599
    assert caught.value.response is None


@pytest.mark.parametrize("name", [name for name in REFUSED if len(REFUSED[name]) < 1000])
async def test_refused_slowly(read: Read, name: str) -> None:
    """So it is if it comes byte by byte."""
    with pytest.raises(BadResponse):
        await read(REFUSED[name], slowly=True)


@pytest.mark.parametrize("name", TOO_LARGE)
async def test_too_large(read: Read, name: str) -> None:
    """A head has a bound."""
    with pytest.raises(ResponseTooLarge):
        await read(TOO_LARGE[name])


@pytest.mark.parametrize("name", CUT_OFF)
async def test_cut_off(read: Read, name: str) -> None:
    """What is cut off is an error, not a shorter answer."""
    with pytest.raises(HTTPStreamClosedError):
        await read(CUT_OFF[name])


@pytest.mark.parametrize("slowly", [False, True])
@pytest.mark.parametrize("name", READ)
async def test_read(read: Read, name: str, slowly: bool) -> None:
    """What is unusual and means one thing only is read."""
    response = await read(READ[name], slowly=slowly)
    assert (response.code, response.body) == (200, b"hello")
    if name == "fold":
        assert response.headers["A"] == "b c"


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"HTTP/1.1 200 ", b"a" * 65536),
        (OK + b"X: ", b"a" * 65536),
        (OK, b"X: y\r\n" * 10_000),
        (b"", b"HTTP/1.1 100 Go on\r\n\r\n" * 3_000),
        (CHUNKED + b"5;", b"a" * 65536),
        (CHUNKED, b"1;" + b"a" * 200 + b"\r\nx\r\n"),
        (CHUNKED + b"0\r\n", b"X: y\r\n" * 10_000),
        (CHUNKED + b"0", b"0" * 65536),
        (b"", b"\r\n" * 10_000),
    ],
    ids=[
        "status line",
        "header line",
        "header lines",
        "interim answers",
        "extension",
        "extensions",
        "trailers",
        "size",
        "empty lines",
    ],
)
async def test_endless(
    loop: Loop, client: AsyncHTTPClient, world: World, start: bytes, more: bytes
) -> None:
    """Nothing is read for ever: it is refused after some kilobytes."""
    with pytest.raises(BadResponse):
        await client.fetch(world.answers(for_ever(start, more)))
    await loop.until("end", lambda: not sockets_to(world.port("hostile")))


async def test_endless_body(make_client: Makes, world: World) -> None:
    """An endless body ends at `max_body_size`, whatever its framing is."""
    client = make_client(max_body_size=1_000_000)
    for start, more in (
        (OK + b"\r\n", b"x" * 65536),
        (b"HTTP/1.0 200 OK\r\n\r\n", b"x" * 65536),
        (CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        (OK + b"Content-Length: 1000001\r\n\r\n", b""),
    ):
        with pytest.raises(ResponseTooLarge):
            await client.fetch(world.answers(for_ever(start, more, pause=0 if more else 0.01)))


@pytest.mark.parametrize("size", [1, 10])
async def test_tiny_chunks(loop: Loop, client: AsyncHTTPClient, world: World, size: int) -> None:
    """Hundreds of thousands of tiny chunks are read, and others have their turns meanwhile."""
    chunk = b"%x\r\n" % size + b"x" * size + b"\r\n"
    fetch = client.fetch(world.answers(CHUNKED + chunk * 200_000 + b"0\r\n\r\n"))
    longest, before = 0.0, time.monotonic()
    while not fetch.called:
        await loop.pause(0)
        longest, before = max(longest, time.monotonic() - before), time.monotonic()
    assert len((await fetch).body) == 200_000 * size
    assert longest < 1


async def test_body_where_none_is(client: AsyncHTTPClient, world: World) -> None:
    """What follows the head of 204, 304 or the answer to HEAD is no body, and no next answer either."""
    evil = OK + b"Content-Length: 4\r\n\r\nevil"
    for head, method in (
        (b"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", "GET"),
        (b"HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n", "GET"),
        (OK + b"Content-Length: 100\r\n\r\n", "HEAD"),
    ):
        url = world.answers(say(head + evil, then_close=False))
        for _ in range(2):
            try:
                response = await client.fetch(url, method=method, raise_error=False)
            except BadResponse:
                continue
            assert response.body == b""


async def test_late_answer(loop: Loop, client: AsyncHTTPClient, world: World) -> None:
    """What comes while nobody has asked ends the connection."""
    url = world.answers(say_and_wait(OK + HELLO, b"", OK + b"Content-Length: 4\r\n\r\nevil"))
    assert (await client.fetch(url)).body == b"hello"
    await loop.until("end", lambda: not sockets_to(world.port("hostile")))


async def test_two_at_a_time(make_client: Makes, world: World) -> None:
    """One bad answer harms no other that is under way."""
    client = make_client(max_clients=50)
    data = list(itertools.chain(REFUSED.values(), CUT_OFF.values(), READ.values()))
    fetches = [client.fetch(world.answers(each)) for each in data]
    outcomes = []
    for fetch in fetches:
        try:
            outcomes.append((await fetch).body)
        except HTTPClientError as error:
            outcomes.append(type(error))  # type: ignore[arg-type]
    wanted = [BadResponse] * len(REFUSED) + [HTTPStreamClosedError] * len(CUT_OFF)
    assert outcomes == [*wanted, *[b"hello"] * len(READ)]


async def test_reason_is_no_danger(client: AsyncHTTPClient, world: World) -> None:
    """The reason of an answer is in the error, on one line."""
    url = world.answers(b"HTTP/1.1 500 <b>\x1b[31m\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(HTTPClientError) as caught:
        await client.fetch(HTTPRequest(url))
    assert "\n" not in str(caught.value)
