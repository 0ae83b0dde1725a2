"""Answers that are read piece by piece."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from cyclone_core.httpclient import (
    HTTPClient,
    HTTPClientError,
    HTTPRequest,
    HTTPStreamClosedError,
    IdleTimeout,
    RequestTimeout,
    ResponseTooLarge,
    StreamedResponse,
    UnsafeRedirect,
)
from cyclone_core.testing import result_of

from .asking import ELSEWHERE, OK, URL, Clients, Outcome, asked, pool_of, redirect
from .network import Network, Peer

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Block:
    """A block `async with client.stream(...)`, whose inside a test drives.

    Attributes:
        entered: What becomes of its beginning.
        ended: What becomes of all of it.
    """

    def __init__(
        self,
        http: HTTPClient,
        method: str = "GET",
        url: str = URL,
        **options: Any,  # noqa: ANN401 -- of a request
    ) -> None:
        self.entered = Outcome(Deferred())
        self._leave: Deferred[None] = Deferred()
        self.ended = Outcome(Deferred.fromCoroutine(self._run(http, method, url, options)))

    async def _run(self, http: HTTPClient, method: str, url: str, options: Any) -> None:  # noqa: ANN401 -- as above
        async with http.stream(method, url, **options) as response:
            self.entered.waiting.callback(response)
            await self._leave

    @property
    def response(self) -> StreamedResponse:
        """What the block has got."""
        (response,) = self.entered.results
        assert isinstance(response, StreamedResponse)
        return response

    def read(self) -> Outcome:
        """Ask for the next piece."""
        return Outcome(Deferred.fromCoroutine(self.response.read_chunk()))

    def next(self) -> bytes | None:
        """Give the next piece, which is there."""
        return result_of(self.response.read_chunk())

    def leave(self) -> None:
        """Leave the block."""
        self._leave.callback(None)
        assert self.ended.results == [None]


# Reading.


def test_head(http: HTTPClient, network: Network) -> None:
    """The block begins when the head has come; of the body nothing is read before it is asked for."""
    block = Block(http)
    peer = network.accept()
    peer.send(b"HTTP/1.1 200 Fine\r\nContent-Length: 5\r\n")
    assert block.entered.open
    peer.send(b"X-A: b\r\n\r\n")
    response = block.response
    assert (response.code, response.reason, response.headers["X-A"]) == (200, "Fine", "b")
    assert (response.effective_url, dict(response.trailers)) == (URL, {})
    assert response.response.body == b""
    assert response.response.length == 5
    peer.send(b"hello")
    assert block.next() == b"hello"
    assert block.next() is None
    assert block.next() is None
    block.leave()
    assert not peer.closed
    assert pool_of(http).idle == 1


def test_waiting_for_a_piece(http: HTTPClient, network: Network) -> None:
    """Who asks for a piece that is not there waits for it."""
    block = Block(http)
    peer = network.accept()
    peer.send(CHUNKED)
    piece = block.read()
    assert piece.open
    peer.send(b"2\r\nab\r\n")
    assert piece.results == [b"ab"]
    end = block.read()
    peer.send(b"0\r\nX-Sum: 1\r\n\r\n")
    assert end.results == [None]
    assert block.response.trailers["X-Sum"] == "1"
    block.leave()


def test_connection_is_free_at_the_end_of_the_body(http: HTTPClient, network: Network) -> None:
    """When the body has been read others can use the connection, also inside of the block."""
    block = Block(http)
    peer = network.accept()
    peer.send(OK)
    assert result_of(block.response.read()) == b"hello"
    assert (pool_of(http).idle, pool_of(http).lent) == (1, 0)
    waiting = http.get(URL)
    # The block has nothing to do with that connection any more.
    assert block.next() is None
    block.response.close()
    peer.answer(b"other")
    assert result_of(waiting).body == b"other"
    block.leave()


def test_read(http: HTTPClient, network: Network) -> None:
    """`read` gives the rest."""
    block = Block(http)
    peer = network.accept()
    peer.send(CHUNKED + b"1\r\na\r\n")
    assert block.next() == b"a"
    rest = Outcome(Deferred.fromCoroutine(block.response.read()))
    peer.send(b"1\r\nb\r\n", b"1\r\nc\r\n", b"0\r\n\r\n")
    assert rest.results == [b"bc"]
    assert result_of(block.response.read()) == b""
    block.leave()


def test_iteration(http: HTTPClient, network: Network) -> None:
    """The pieces can be iterated over, and the iteration left."""
    pieces: list[bytes] = []

    async def iterate(http: HTTPClient) -> None:
        async with http.stream("GET", URL) as response:
            async for piece in response:
                pieces.append(piece)
                if piece == b"b":
                    break

    outcome = Outcome(Deferred.fromCoroutine(iterate(http)))
    peer = network.accept()
    peer.send(CHUNKED, b"1\r\na\r\n", b"1\r\nb\r\n")
    assert pieces == [b"a", b"b"]
    assert outcome.results == [None]
    assert peer.closed


def test_back_pressure(http: HTTPClient, network: Network) -> None:
    """No more is read than is asked for: the server is held up instead."""
    block = Block(http)
    peer = network.accept()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n")
    peer.send(b"x" * 300_000)
    piece = block.next()
    assert piece is not None
    assert len(piece) <= 65536
    # 64 KiB are the size of one read.
    assert len(list(peer.transport._incoming)) > 1
    rest = result_of(block.response.read())
    assert len(rest) + len(piece) == 300_000
    block.leave()


def test_large_body(http: HTTPClient, network: Network) -> None:
    """A stream may be larger than what is collected may be."""
    block = Block(http)
    peer = network.accept()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
    peer.send(b"x")
    assert block.next() == b"x"
    block.leave()
    assert peer.closed


def test_own_bound(http: HTTPClient, network: Network) -> None:
    """Unless one says how large."""
    block = Block(http, max_body_size=4)
    peer = network.accept()
    peer.send(OK)
    assert type(block.read().error) is ResponseTooLarge
    assert peer.closed
    block.leave()


def test_bound_of_the_client(clients: Clients, network: Network) -> None:
    """Or the client was told."""
    block = Block(clients.new(max_body_size=4))
    network.accept().send(OK)
    assert type(block.read().error) is ResponseTooLarge
    block.leave()


# Without a body.


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("HEAD", b"200 OK\r\nContent-Length: 5"),
        ("GET", b"204 No Content"),
        ("GET", b"200 OK\r\nContent-Length: 0"),
    ],
)
@pytest.mark.parametrize("reads", [True, False])
def test_no_body(http: HTTPClient, network: Network, method: str, head: bytes, reads: bool) -> None:
    """Where there is no body the connection is free at once, read or not."""
    block = Block(http, method)
    peer = network.accept()
    peer.send(b"HTTP/1.1 " + head + b"\r\n\r\n")
    assert pool_of(http).idle == 1
    if reads:
        assert block.next() is None
    block.leave()
    assert not peer.closed
    assert len(network.reactor.getDelayedCalls()) == 1  # that of the kept connection


# Not to the end.


def test_not_read(http: HTTPClient, network: Network) -> None:
    """An answer whose body is not read costs its connection."""
    block = Block(http)
    peer = network.accept()
    peer.send(OK)
    block.leave()
    assert peer.closed
    assert pool_of(http).lent == 0
    assert network.is_quiet()


def test_half_read(http: HTTPClient, network: Network) -> None:
    """So does one that is read in part."""
    block = Block(http)
    peer = network.accept()
    peer.send(OK[:-2])
    assert block.next() == b"hel"
    block.leave()
    assert peer.closed


def test_read_too_late(http: HTTPClient, network: Network) -> None:
    """Behind the block nothing can be read; that is no end of a body, but an error."""
    block = Block(http)
    network.accept().send(OK)
    block.leave()
    outcome = block.read()
    assert type(outcome.error) is HTTPStreamClosedError
    assert "closed" in str(outcome.error)


def test_half_read_too_late(http: HTTPClient, network: Network) -> None:
    """So it is with the rest of what was read in part, also if that has come."""
    block = Block(http)
    peer = network.accept()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"he", b"llo")
    assert block.next() == b"he"
    block.leave()
    assert type(block.read().error) is HTTPStreamClosedError


def test_closed_while_somebody_waits(http: HTTPClient, network: Network) -> None:
    """Who waits for a piece when the answer is closed waits no longer."""
    block = Block(http)
    network.accept().send(CHUNKED)
    piece = block.read()
    block.leave()
    assert type(piece.error) is HTTPStreamClosedError


def test_error_in_the_block(http: HTTPClient, network: Network) -> None:
    """An error inside of the block gets out of it, and the connection is closed."""

    async def fail(http: HTTPClient) -> None:
        async with http.stream("GET", URL):
            raise ZeroDivisionError

    outcome = Outcome(Deferred.fromCoroutine(fail(http)))
    peer = network.accept()
    peer.send(OK)
    assert type(outcome.error) is ZeroDivisionError
    assert peer.closed


def test_lost(http: HTTPClient, network: Network) -> None:
    """If the connection ends in the middle, who reads gets what has come, and then the error."""
    block = Block(http)
    peer = network.accept()
    peer.send(OK[:-1])
    peer.reset()
    assert block.next() == b"hell"
    outcome = block.read()
    assert type(outcome.error) is HTTPStreamClosedError
    assert "1 bytes are missing" in str(outcome.error)
    assert type(block.read().error) is HTTPStreamClosedError
    block.leave()


def test_lost_before_the_head(http: HTTPClient, network: Network) -> None:
    """If it ends before, the block does not begin."""
    block = Block(http)
    network.accept().reset()
    assert type(block.ended.error) is HTTPStreamClosedError


def test_until_close(http: HTTPClient, network: Network) -> None:
    """A body may go on until the connection ends."""
    block = Block(http)
    peer = network.accept()
    peer.send(b"HTTP/1.1 200 OK\r\n\r\nab")
    assert block.next() == b"ab"
    end = block.read()
    peer.close()
    assert end.results == [None]
    block.leave()


# Statuses and redirects.


@pytest.mark.parametrize("how", ["request", "client"])
def test_status(clients: Clients, network: Network, how: str) -> None:
    """A status that is none of 200 to 299 is an error, unless one wants to read that."""
    block = Block(clients.new())
    peer = network.accept()
    peer.answer(b"none", "404 Not Found")
    assert type(block.ended.error) is HTTPClientError
    assert peer.closed
    if how == "request":
        block = Block(clients.new(), raise_error=False)
    else:
        block = Block(clients.new(raise_error=False))
    network.accept().answer(b"none", "404 Not Found")
    assert block.response.code == 404
    assert result_of(block.response.read()) == b"none"
    block.leave()


def test_redirect(http: HTTPClient, network: Network) -> None:
    """Redirects are followed before the block begins."""
    block = Block(http)
    redirect(network.accept(), ELSEWHERE)
    assert block.entered.open
    network.accept().send(OK)
    assert block.response.effective_url == ELSEWHERE
    assert result_of(block.response.read()) == b"hello"
    block.leave()


def test_bad_redirect(http: HTTPClient, network: Network) -> None:
    """If one leads nowhere the block does not begin."""
    block = Block(http)
    redirect(network.accept(), "ftp://a/")
    assert type(block.ended.error) is UnsafeRedirect


def test_redirect_with_a_page(http: HTTPClient, network: Network) -> None:
    """The page of a redirect is not read by who reads."""
    block = Block(http)
    peer = network.accept()
    peer.answer(b"moved", "302 Found", Location="/there")
    peer.send(OK)
    assert result_of(block.response.read()) == b"hello"
    block.leave()


def test_stale_connection(http: HTTPClient, network: Network) -> None:
    """A kept connection that is dead is replaced, as in any fetch; who reads knows nothing of it."""
    waiting = http.get(URL)
    peer = network.accept()
    peer.answer()
    result_of(waiting)
    block = Block(http)
    peer.reset()
    network.accept().send(OK)
    assert result_of(block.response.read()) == b"hello"
    block.leave()


def test_upload(http: HTTPClient, network: Network) -> None:
    """A stream may have a body in the other direction."""
    block = Block(http, "POST", body=[b"ab"])
    peer = network.accept()
    assert asked(peer).body == b"2\r\nab\r\n0\r\n\r\n"
    peer.send(OK)
    assert result_of(block.response.read()) == b"hello"
    block.leave()


# Time.


def test_idle_timeout(http: HTTPClient, network: Network) -> None:
    """A server that falls silent while somebody reads is waited for 20 seconds."""
    block = Block(http)
    peer = network.accept()
    peer.send(CHUNKED)
    piece = block.read()
    for _ in range(3):
        network.advance(19)
        peer.send(b"1\r\na\r\n")
        assert piece.results == [b"a"]
        piece = block.read()
    network.advance(19.5)
    assert piece.open
    network.advance(0.5)
    assert type(piece.error) is IdleTimeout
    assert peer.closed
    block.leave()


def test_idle_timeout_before_the_head(http: HTTPClient, network: Network) -> None:
    """So it is before there is a head."""
    block = Block(http)
    network.accept()
    network.advance(20)
    assert type(block.ended.error) is IdleTimeout


def test_no_idle_timeout_for_slow_readers(http: HTTPClient, network: Network) -> None:
    """Who reads may take his time: the server is not silent, it is held up."""
    block = Block(http)
    peer = network.accept()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
    network.advance(1000)
    peer.send(b"a")
    assert block.next() == b"a"
    network.advance(10)
    peer.send(b"b")
    network.advance(1000)
    assert block.next() == b"b"
    assert block.next() is None
    block.leave()


def test_idle_timeout_begins_with_reading(http: HTTPClient, network: Network) -> None:
    """The 20 seconds begin when somebody wants to read."""
    block = Block(http)
    peer = network.accept()
    peer.send(CHUNKED)
    network.advance(1000)
    piece = block.read()
    network.advance(19.5)
    assert piece.open
    network.advance(1)
    assert type(piece.error) is IdleTimeout
    assert peer.closed
    block.leave()


@pytest.mark.parametrize("how", ["request", "client"])
@pytest.mark.parametrize("redirected", [True, False])
def test_request_timeout(clients: Clients, network: Network, how: str, redirected: bool) -> None:
    """The whole has no bound unless one is given, to the request or to the client."""
    options: dict[str, Any] = {"request_timeout": 30}
    of_client, of_request = (options, {}) if how == "client" else ({}, options)
    block = Block(clients.new(**of_client), **of_request)
    peer = network.accept()
    if redirected:
        redirect(peer, "/there")
    peer.send(CHUNKED)
    piece = block.read()
    network.advance(15)
    peer.send(b"1\r\na\r\n")
    piece = block.read()
    network.advance(15)
    assert type(piece.error) is RequestTimeout
    assert peer.closed
    block.leave()


@pytest.mark.parametrize("how", ["request", "client"])
def test_other_idle_timeout(clients: Clients, network: Network, how: str) -> None:
    """The bound of silence can be another one, for the request or for the client."""
    block = (
        Block(clients.new(), idle_timeout=3)
        if how == "request"
        else Block(clients.new(idle_timeout=3))
    )
    peer = network.accept()
    peer.send(CHUNKED)
    piece = block.read()
    network.advance(3)
    assert type(piece.error) is IdleTimeout
    block.leave()


def test_none_is_nothing_said(http: HTTPClient, network: Network) -> None:
    """None as a bound says nothing, as everywhere."""
    block = Block(http, request_timeout=None, idle_timeout=None, max_body_size=None)
    peer = network.accept()
    peer.send(CHUNKED)
    piece = block.read()
    network.advance(19)
    peer.send(b"1\r\na\r\n")
    assert piece.results == [b"a"]
    piece = block.read()
    network.advance(19)
    assert piece.open
    network.advance(1)
    assert type(piece.error) is IdleTimeout
    block.leave()


def test_no_timer_behind_the_body(http: HTTPClient, network: Network) -> None:
    """When the body is complete nothing is watched any more."""
    block = Block(http, request_timeout=5)
    peer = network.accept()
    peer.send(OK)
    assert result_of(block.response.read()) == b"hello"
    network.advance(100)
    assert block.next() is None
    block.leave()


# Ends from outside.


def test_client_closed(clients: Clients, network: Network) -> None:
    """If the client is closed meanwhile, who reads gets an error."""
    http = clients.new()
    block = Block(http)
    peer = network.accept()
    peer.send(CHUNKED)
    piece = block.read()
    result_of(http.close())
    assert type(piece.error) is HTTPStreamClosedError
    assert "the client was closed" in str(piece.error)
    assert peer.closed
    block.leave()


def test_client_closed_behind_the_body(clients: Clients, network: Network) -> None:
    """A body that has been read to its end is complete, whatever happens then."""
    http = clients.new()
    block = Block(http)
    network.accept().send(OK)
    assert block.next() == b"hello"
    assert block.next() is None
    result_of(http.close())
    assert block.next() is None
    block.leave()


def test_client_closed_while_a_block_is_entered(clients: Clients, network: Network) -> None:
    """If it is closed before the head has come the block does not begin."""
    http = clients.new()
    block = Block(http)
    network.accept()
    result_of(http.close())
    assert type(block.ended.error) is HTTPStreamClosedError
    assert type(Block(http).ended.error) is RuntimeError


def test_client_closed_by_the_maker_of_a_body(clients: Clients, network: Network) -> None:
    """Code that makes the body of a stream may close the client."""
    http = clients.new()

    def produce(_: Callable[[bytes], Awaitable[None]]) -> None:
        http.close()

    block = Block(http, "PUT", body_producer=produce)
    network.accept()
    assert type(block.ended.error) is HTTPStreamClosedError


@pytest.mark.parametrize("sent", [b"", OK[:20], OK[:-1]])
def test_cancelled(http: HTTPClient, network: Network, sent: bytes) -> None:
    """A block that is cancelled, in whatever phase, leaves no connection behind."""
    block = Block(http)
    peer = network.accept()
    peer.send(*([sent] if sent else []))
    block.ended.waiting.cancel()
    assert type(block.ended.error) is CancelledError
    assert peer.closed
    assert pool_of(http).lent == 0
    assert network.is_quiet()


def test_cancelled_while_reading(http: HTTPClient, network: Network) -> None:
    """Who waits for a piece can be cancelled, and another one can read on."""
    block = Block(http)
    peer = network.accept()
    peer.send(CHUNKED)
    piece = block.read()
    piece.waiting.cancel()
    assert type(piece.error) is CancelledError
    peer.send(b"1\r\na\r\n")
    assert block.next() == b"a"
    block.leave()


def test_two_readers(http: HTTPClient, network: Network) -> None:
    """Two cannot read at a time: each piece comes once."""
    block = Block(http)
    peer = network.accept()
    peer.send(CHUNKED)
    first = block.read()
    assert type(block.read().error) is RuntimeError
    peer.send(b"1\r\na\r\n")
    assert first.results == [b"a"]
    block.leave()


def test_header_callback(http: HTTPClient, network: Network) -> None:
    """A stream calls back with the lines of its head; that may fail."""

    def fail(_: str) -> None:
        raise ZeroDivisionError

    block = Block(http, header_callback=fail)
    peer = network.accept()
    peer.send(OK)
    assert type(block.ended.error) is ZeroDivisionError
    assert peer.closed


def test_closed_by_a_header_callback(clients: Clients, network: Network) -> None:
    """It may close the client."""
    http = clients.new()
    block = Block(http, header_callback=lambda _: http.close())
    peer = network.accept()
    peer.send(OK)
    assert type(block.ended.error) is HTTPStreamClosedError
    assert peer.closed


def test_streaming_callback(http: HTTPClient, network: Network) -> None:
    """Who reads is who is asked for: a `streaming_callback` beside is refused."""
    block = Block(http, streaming_callback=lambda _: None)
    assert isinstance(block.ended.error, ValueError)
    assert "streaming_callback" in str(block.ended.error)
    assert network.attempts == 0


# Passing on.


class Handler:
    """Somebody who takes pieces slowly."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.room: Deferred[None] = Deferred()

    async def write(self, piece: bytes) -> None:
        """Take a piece, and wait."""
        self.taken.append(piece)
        await self.room


def test_passed_on(http: HTTPClient, network: Network) -> None:
    """What a slow receiver has no room for stays with the server."""
    handler = Handler()

    async def pass_on(pieces: Callable[[], AsyncIterator[bytes]]) -> None:
        async for piece in pieces():
            await handler.write(piece)

    async def run() -> None:
        async with http.stream("GET", URL) as response:
            await pass_on(response.__aiter__)

    outcome = Outcome(Deferred.fromCoroutine(run()))
    peer: Peer = network.accept()
    peer.send(CHUNKED, b"1\r\na\r\n", b"1\r\nb\r\n", b"0\r\n\r\n")
    assert handler.taken == [b"a"]
    room, handler.room = handler.room, Deferred()
    room.callback(None)
    assert handler.taken == [b"a", b"b"]
    handler.room.callback(None)
    assert outcome.results == [None]


def test_closed_before_opened(network: Network) -> None:
    """A client that is closed, and an answer that is closed, before anything was asked: nothing happens."""
    client = HTTPClient(reactor=network.reactor)
    streamed = client._fetcher.stream(HTTPRequest(URL))
    client.close()
    streamed.close()
    assert not network.attempts
    assert network.is_quiet()
