"""One answer: its body is decoded, bounded and passed on."""

import gzip
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from cyclone_core.httpclient import (
    AsyncHTTPClient,
    BadResponse,
    HTTPClient,
    HTTPResponse,
    HTTPStreamClosedError,
    ResponseTooLarge,
)
from cyclone_core.testing import result_of

from .asking import URL, Clients, Outcome, pool_of
from .network import Network, Peer

TEXT = b"so much to say, so much to say, so much to say" * 100
# Without the time, which would stand in the names of tests: all workers must find the same ones.
GZIP = gzip.compress(TEXT, mtime=0)
DEFLATE = zlib.compress(TEXT)
RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)
RAW_DEFLATE = RAW.compress(TEXT) + RAW.flush()
BOMB = gzip.compress(b"\0" * 20_000_000)


def fetch(client: AsyncHTTPClient, network: Network, body: bytes, **options: Any) -> HTTPResponse:  # noqa: ANN401 -- of a request
    """Fetch something that has a coding."""
    coding = options.pop("coding", "gzip")
    waiting = client.fetch(URL, **options)
    peer = network.accept() if network.attempts else network.peers[0]
    peer.answer(body, Content_Encoding=coding)
    turns(network)
    return result_of(waiting)


def turns(network: Network) -> None:
    """Let the reactor turn, as often as is needed."""
    while any(
        call.getTime() <= network.reactor.seconds() for call in network.reactor.getDelayedCalls()
    ):
        network.advance(0)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", GZIP),
        ("GZip", GZIP),
        ("x-gzip", GZIP),
        ("deflate", DEFLATE),
        ("deflate", RAW_DEFLATE),
        ("gzip", gzip.compress(TEXT[:1000], mtime=0) + gzip.compress(TEXT[1000:], mtime=0)),
    ],
)
def test_decoded(client: AsyncHTTPClient, network: Network, coding: str, body: bytes) -> None:
    """What was asked for is decoded; the header fields are those of what the program gets."""
    response = fetch(client, network, body, coding=coding)
    assert response.body == TEXT
    assert response.headers["X-Consumed-Content-Encoding"] == coding
    assert "Content-Encoding" not in response.headers
    assert response.headers.get_list("Content-Length") == [str(len(TEXT))]
    assert response.length == len(body)
    assert pool_of(client).idle == 1


@pytest.mark.parametrize(
    "coding", ["br", "zstd", "gzip, gzip", "gzip,", "identity", "", "gzip;q=1"]
)
def test_other_codings(client: AsyncHTTPClient, network: Network, coding: str) -> None:
    """What nobody has asked for is left to the program."""
    response = fetch(client, network, GZIP, coding=coding)
    assert response.body == GZIP
    assert response.headers["Content-Encoding"] == coding
    assert "X-Consumed-Content-Encoding" not in response.headers


def test_two_codings(client: AsyncHTTPClient, network: Network) -> None:
    """So it is with two header fields: a bomb in a bomb is not opened."""
    waiting = client.fetch(URL)
    network.accept().send(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"
    )
    assert result_of(waiting).body == b"x"


def test_not_wanted(client: AsyncHTTPClient, network: Network) -> None:
    """Who wants nothing decoded gets the bytes."""
    response = fetch(client, network, GZIP, decompress_response=False)
    assert response.body == GZIP
    assert response.headers["Content-Encoding"] == "gzip"


def test_part(client: AsyncHTTPClient, network: Network) -> None:
    """A part of what is coded begins in the middle, and cannot be decoded."""
    waiting = client.fetch(URL, headers={"Range": "bytes=10-19"})
    network.accept().answer(
        GZIP[10:20], "206 Partial Content", Content_Encoding="gzip", Content_Range="bytes 10-19/99"
    )
    response = result_of(waiting)
    assert (response.body, response.headers["Content-Encoding"]) == (GZIP[10:20], "gzip")


def test_whole_instead_of_part(client: AsyncHTTPClient, network: Network) -> None:
    """A server that sends all of it instead, and codes it, is understood."""
    response = fetch(client, network, GZIP, headers={"Range": "bytes=0-9"})
    assert response.body == TEXT


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("HEAD", b"200 OK\r\nContent-Length: 5"),
        ("GET", b"204 No Content"),
        ("GET", b"304 Not Modified\r\nContent-Length: 5"),
        ("GET", b"200 OK\r\nContent-Length: 0"),
    ],
)
def test_no_body(client: AsyncHTTPClient, network: Network, method: str, head: bytes) -> None:
    """Where there is no body nothing is decoded, and the header fields stay as they are."""
    waiting = client.fetch(URL, method=method, raise_error=False)
    network.accept().send(b"HTTP/1.1 " + head + b"\r\nContent-Encoding: gzip\r\n\r\n")
    response = result_of(waiting)
    assert response.body == b""
    assert response.headers["Content-Encoding"] == "gzip"
    if b"Content-Length" in head:
        assert response.headers["Content-Length"] == head[-1:].decode()


def test_empty_chunks(client: AsyncHTTPClient, network: Network) -> None:
    """A body without a byte is empty, whatever its coding is."""
    waiting = client.fetch(URL)
    network.accept().send(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n0\r\n\r\n"
    )
    response = result_of(waiting)
    assert (response.body, response.headers["Content-Length"]) == (b"", "0")


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", GZIP[:-1]),
        ("gzip", GZIP[:5]),
        ("gzip", GZIP[:1]),
        ("gzip", GZIP + b"garbage"),
        ("gzip", GZIP + GZIP[:5]),
        ("gzip", b"no gzip"),
        ("gzip", GZIP[:-8] + b"\0" * 8),
        ("gzip", gzip.compress(b"", mtime=0) * 1001),
        ("deflate", DEFLATE[:-1]),
        ("deflate", DEFLATE + b"x"),
        ("deflate", RAW_DEFLATE[:-1]),
        ("deflate", RAW_DEFLATE + b"x"),
        ("deflate", GZIP),
        ("deflate", b"x"),
    ],
)
def test_damaged(client: AsyncHTTPClient, network: Network, coding: str, body: bytes) -> None:
    """What is cut off, damaged or goes on behind its end is an error, never taken for the whole."""
    with pytest.raises(BadResponse, match="cannot be decoded"):
        fetch(client, network, body, coding=coding)
    assert pool_of(client).lent == 0


def test_cut_off(client: AsyncHTTPClient, network: Network) -> None:
    """If the connection ends in the middle that is what is said."""
    outcome = Outcome(client.fetch(URL))
    peer = network.accept()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9999\r\n\r\n" + GZIP)
    peer.reset()
    assert type(outcome.error) is HTTPStreamClosedError


def test_bomb(clients: Clients, network: Network) -> None:
    """What inflates to more than `max_body_size` is refused before it has."""
    client = clients.tornado(max_body_size=1_000_000)
    outcome = Outcome(client.fetch(URL))
    peer = network.accept()
    peer.answer(BOMB, Content_Encoding="gzip")
    assert type(outcome.error) is ResponseTooLarge
    assert "inflates to more than 1000000 bytes" in str(outcome.error)
    assert peer.closed


def test_large_body(client: AsyncHTTPClient, network: Network) -> None:
    """After each megabyte that is decoded the reactor turns."""
    outcome = Outcome(client.fetch(URL))
    network.accept().answer(BOMB, Content_Encoding="gzip")
    assert outcome.open
    turns(network)
    assert len(outcome.results[0].body) == 20_000_000


def test_cancelled_between_turns(client: AsyncHTTPClient, network: Network) -> None:
    """Who is cancelled meanwhile leaves nothing behind but that turn."""
    outcome = Outcome(client.fetch(URL))
    peer = network.accept()
    peer.answer(BOMB, Content_Encoding="gzip")
    outcome.waiting.cancel()
    assert peer.closed
    network.advance(0)
    assert network.is_quiet()


def test_bomb_in_turns(clients: Clients, network: Network) -> None:
    """So is one that is found later."""
    client = clients.tornado(max_body_size=2_000_000)
    outcome = Outcome(client.fetch(URL))
    network.accept().answer(BOMB, Content_Encoding="gzip")
    assert outcome.open
    turns(network)
    assert type(outcome.error) is ResponseTooLarge


def test_damaged_in_turns(client: AsyncHTTPClient, network: Network) -> None:
    """Damage may be found later, too."""
    outcome = Outcome(client.fetch(URL))
    network.accept().answer(BOMB[:-1], Content_Encoding="gzip")
    assert outcome.open
    turns(network)
    assert type(outcome.error) is BadResponse


@pytest.mark.parametrize("most", [len(TEXT) - 1, len(TEXT)])
def test_bound(client: AsyncHTTPClient, network: Network, most: int) -> None:
    """The bound holds to the byte."""
    waiting = Outcome(client.fetch(URL, max_body_size=most))
    network.accept().answer(GZIP, Content_Encoding="gzip")
    if most < len(TEXT):
        assert type(waiting.error) is ResponseTooLarge
    else:
        assert waiting.results[0].body == TEXT


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate"]))
def test_whatever(body: bytes, coding: str) -> None:
    """Whatever a server calls compressed, there is an answer or `BadResponse`, and nothing is left."""
    network = Network()
    client = AsyncHTTPClient(reactor=network.reactor, max_body_size=100_000)
    outcome = Outcome(client.fetch(URL))
    network.accept().answer(body, Content_Encoding=coding)
    assert not outcome.open
    assert all(isinstance(error, BadResponse) for error in outcome.errors)
    result_of(client.close())
    assert network.is_quiet()


# Down to a callback and a reader.


def test_decoded_for_a_callback(client: AsyncHTTPClient, network: Network) -> None:
    """A callback gets what is decoded; no length is told that would be wrong."""
    pieces: list[bytes] = []
    response = fetch(client, network, GZIP, streaming_callback=pieces.append)
    assert b"".join(pieces) == TEXT
    assert "Content-Length" not in response.headers


def test_header_callback_sees_the_coding(client: AsyncHTTPClient, network: Network) -> None:
    """The lines of the head are those that came."""
    lines: list[str] = []
    fetch(client, network, GZIP, header_callback=lines.append)
    assert "Content-Encoding: gzip\r\n" in lines
    assert f"Content-Length: {len(GZIP)}\r\n" in lines


async def read_all(http: HTTPClient, pieces: list[bytes], **options: Any) -> None:  # noqa: ANN401 -- of a request
    """Read an answer piece by piece."""
    async with http.stream("GET", URL, **options) as response:
        while (piece := await response.read_chunk()) is not None:
            pieces.append(piece)


def begin(
    http: HTTPClient,
    network: Network,
    body: bytes,
    **options: Any,  # noqa: ANN401 -- as above
) -> tuple[Outcome, Peer, list[bytes]]:
    """Stream something that has a coding."""
    pieces: list[bytes] = []
    outcome = Outcome(Deferred.fromCoroutine(read_all(http, pieces, **options)))
    peer = network.accept()
    peer.answer(body, Content_Encoding="gzip")
    return outcome, peer, pieces


def test_decoded_stream(http: HTTPClient, network: Network) -> None:
    """So does who reads."""
    outcome, _, pieces = begin(http, network, BOMB)
    turns(network)
    assert outcome.results == [None]
    assert sum(map(len, pieces)) == 20_000_000
    assert pool_of(http).idle == 1


def test_damaged_stream(http: HTTPClient, network: Network) -> None:
    """Who reads gets what is whole, and then the error."""
    outcome, _, pieces = begin(http, network, GZIP[:-1])
    assert b"".join(pieces) == TEXT
    assert type(outcome.error) is BadResponse


def test_bomb_in_a_stream(http: HTTPClient, network: Network) -> None:
    """A stream has a bound if it is told one."""
    outcome, peer, _ = begin(http, network, BOMB, max_body_size=1000)
    assert type(outcome.error) is ResponseTooLarge
    assert peer.closed
