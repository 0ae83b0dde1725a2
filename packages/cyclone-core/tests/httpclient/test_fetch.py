"""Fetching, through the public interface, from servers in memory."""

import pytest

from cyclone_core.httpclient import AsyncHTTPClient, CookieJar, HTTPClient, HTTPClientError
from cyclone_core.testing import result_of

from .network import Network

URL = "http://127.0.0.1/"


def test_hello(network: Network) -> None:
    """A GET asks with the header fields that servers want, and gives the answer."""
    client = AsyncHTTPClient(reactor=network.reactor)
    waiting = client.fetch(URL + "path?a=1")
    asked = network.accept().answer(b"hello", Content_Type="text/plain")
    assert asked == (
        b"GET /path?a=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: cyclone\r\n"
        b"Accept-Encoding: gzip, deflate\r\n\r\n"
    )
    response = result_of(waiting)
    assert (response.code, response.reason, response.body) == (200, "OK", b"hello")
    assert response.headers["content-type"] == "text/plain"
    assert response.effective_url == "http://127.0.0.1/path?a=1"
    result_of(client.close())
    assert network.is_quiet()


def test_kept_connection(network: Network) -> None:
    """The second request goes over the connection of the first one."""
    client = AsyncHTTPClient(reactor=network.reactor)
    first = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    assert result_of(first).code == 200
    second = client.fetch(URL)
    assert not network.attempts
    peer.answer(b"again")
    assert result_of(second).body == b"again"


def test_status(network: Network) -> None:
    """A status that is none of 200 to 299 is an error, which has the answer."""
    client = AsyncHTTPClient(reactor=network.reactor)
    waiting = client.fetch(URL)
    network.accept().answer(b"gone", "404 Not Found")
    with pytest.raises(HTTPClientError, match="404: Not Found") as caught:
        result_of(waiting)
    assert caught.value.response is not None
    assert caught.value.response.body == b"gone"


async def _stream(client: HTTPClient, chunks: list[bytes]) -> None:
    async with client.stream("GET", URL) as response:
        while chunk := await response.read_chunk():
            chunks.append(chunk)


def test_stream(network: Network) -> None:
    """A streamed answer comes as it is sent, and leaves a connection that can be used again."""
    from twisted.internet.defer import Deferred

    client = HTTPClient(reactor=network.reactor)
    chunks: list[bytes] = []
    done = Deferred.fromCoroutine(_stream(client, chunks))
    peer = network.accept()
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    assert chunks == [b"abc"]
    peer.send(b"2\r\nde\r\n0\r\n\r\n")
    result_of(done)
    assert chunks == [b"abc", b"de"]
    again = client.get(URL)
    assert not network.attempts
    peer.answer()
    assert result_of(again).code == 200


def test_own_jar(network: Network) -> None:
    """A jar that is given is used, also while it is empty."""
    jar = CookieJar()
    client = HTTPClient(reactor=network.reactor, cookies=jar)
    assert client.cookies is jar
    assert HTTPClient(reactor=network.reactor, cookies=False).cookies is None
    assert (
        HTTPClient(reactor=network.reactor).cookies
        is not HTTPClient(reactor=network.reactor).cookies
    )
