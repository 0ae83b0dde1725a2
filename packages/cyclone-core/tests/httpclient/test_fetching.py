"""One fetch: time, cancellation, callbacks, uploads, and who asks."""

import gc
import gzip
import hashlib
import re
import weakref
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from cyclone_core.httpclient import (
    AsyncHTTPClient,
    BadResponse,
    ConnectError,
    HTTPClient,
    HTTPClientError,
    HTTPRequest,
    HTTPStreamClosedError,
    IdleTimeout,
    InvalidRequest,
    RequestTimeout,
    ResponseTooLarge,
)
from cyclone_core.testing import result_of

from .asking import (
    ELSEWHERE,
    OK,
    PASSWORD,
    URL,
    VARIABLE,
    Clients,
    Failures,
    Outcome,
    asked,
    pool_of,
    redirect,
)
from .network import Network, Peer

GZIP_OF_A_MEGABYTE = gzip.compress(b"\0" * 1_000_000)

# Time.


def test_request_timeout(client: AsyncHTTPClient, network: Network) -> None:
    """After `request_timeout` without a whole answer that is an error, and the connection is cut."""
    outcome = Outcome(client.fetch(URL + "?token=s3cr3t", request_timeout=5))
    network.advance(2)
    peer = network.accept()
    network.advance(2)
    peer.send(OK[:-1])
    network.advance(0.5)
    assert outcome.open
    network.advance(0.5)
    assert type(outcome.error) is RequestTimeout
    assert isinstance(outcome.error, TimeoutError)
    assert outcome.error.code == 599
    assert "http://127.0.0.1/?...: there was no whole answer after 5 seconds" in str(outcome.error)
    assert peer.closed
    assert pool_of(client).lent == 0


def test_default_request_timeout(client: AsyncHTTPClient, network: Network) -> None:
    """By default that is 20 seconds, as in Tornado."""
    outcome = Outcome(client.fetch(URL))
    peer = network.accept()
    network.advance(19.5)
    assert outcome.open
    network.advance(0.5)
    assert type(outcome.error) is RequestTimeout
    assert peer.closed


def test_no_request_timeout(client: AsyncHTTPClient, network: Network) -> None:
    """With 0 there is no bound."""
    waiting = client.fetch(URL, request_timeout=0)
    peer = network.accept()
    network.advance(100_000)
    peer.answer()
    assert result_of(waiting).code == 200


def test_request_timeout_with_redirects(client: AsyncHTTPClient, network: Network) -> None:
    """It is one bound for all redirects together."""
    outcome = Outcome(client.fetch(URL, request_timeout=5))
    peer = network.accept()
    network.advance(3)
    redirect(peer, ELSEWHERE)
    other = network.accept()
    network.advance(2)
    assert type(outcome.error) is RequestTimeout
    assert ELSEWHERE in str(outcome.error)
    assert other.closed
    assert not peer.closed


def test_request_timeout_while_connecting(client: AsyncHTTPClient, network: Network) -> None:
    """It ends an attempt to connect."""
    outcome = Outcome(client.fetch(URL, request_timeout=5))
    network.advance(5)
    assert type(outcome.error) is RequestTimeout
    assert network.is_quiet()


def test_idle_timeout(client: AsyncHTTPClient, network: Network) -> None:
    """Silence of `idle_timeout` ends a request; whatever comes begins it anew."""
    outcome = Outcome(client.fetch(URL + "?token=s3cr3t", idle_timeout=5, request_timeout=0))
    network.advance(10)  # there is no connection yet, which is a matter of connect_timeout
    peer = network.accept()
    network.advance(4)
    peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    network.advance(4)
    peer.send(OK[:-1])
    network.advance(4.5)
    assert outcome.open
    network.advance(0.5)
    assert type(outcome.error) is IdleTimeout
    assert "/?...: nothing moved for 5 seconds (idle_timeout)" in str(outcome.error)
    assert peer.closed


def test_both_timeouts(client: AsyncHTTPClient, network: Network) -> None:
    """With both of them the one that ends first counts."""
    outcome = Outcome(client.fetch(URL, idle_timeout=5, request_timeout=7))
    peer = network.accept()
    network.advance(4)
    peer.send(OK[:-2])
    network.advance(2.5)
    assert outcome.open
    network.advance(0.5)
    assert type(outcome.error) is RequestTimeout


def test_idle_timeout_of_a_client(clients: Clients, network: Network) -> None:
    """A client may have one for all its requests."""
    client = clients.tornado(defaults={"idle_timeout": 3})
    outcome = Outcome(client.fetch(URL))
    network.accept()
    network.advance(3)
    assert type(outcome.error) is IdleTimeout


def test_idle_timeout_and_uploads(client: AsyncHTTPClient, network: Network) -> None:
    """What the server takes of a body counts, too: an upload may take longer."""
    room: list[Any] = []

    async def produce(write: Callable[[bytes], Awaitable[None]]) -> None:
        for _ in range(5):
            room.append(Deferred())
            await room[-1]
            await write(b"piece")

    waiting = client.fetch(
        URL, method="PUT", body_producer=produce, idle_timeout=5, request_timeout=0
    )
    peer = network.accept()
    for _ in range(5):
        network.advance(4)
        room[-1].callback(None)
    network.advance(4)
    peer.answer()
    assert result_of(waiting).code == 200


def test_idle_timeout_and_a_server_that_takes_nothing(
    client: AsyncHTTPClient, network: Network
) -> None:
    """A server that takes nothing of a body is as silent as one that says nothing."""
    outcome = Outcome(
        client.fetch(URL, method="PUT", body=[b"x" * 70000] * 3, idle_timeout=5, request_timeout=0)
    )
    peer = network.accept()
    assert outcome.open
    peer.transport.hold()
    network.advance(5)
    assert type(outcome.error) is IdleTimeout


def test_no_idle_timeout_for_a_slow_callback(client: AsyncHTTPClient, network: Network) -> None:
    """While the program is not done with what has come, nobody waits for the server."""
    slow: Deferred[None] = Deferred()
    waiting = client.fetch(
        URL, streaming_callback=lambda _: slow, idle_timeout=5, request_timeout=0
    )
    peer = network.accept()
    peer.send(OK)
    network.advance(100)
    slow.callback(None)
    assert result_of(waiting).code == 200


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), -0.001])
@pytest.mark.parametrize("name", ["request_timeout", "connect_timeout", "idle_timeout"])
def test_impossible_times(
    client: AsyncHTTPClient, network: Network, name: str, value: float
) -> None:
    """A time that is none is refused, and named, also if it was set later."""
    request = HTTPRequest(URL)
    setattr(request, name, value)
    outcome = Outcome(client.fetch(request))
    assert isinstance(outcome.error, InvalidRequest)
    assert name in str(outcome.error)
    assert network.attempts == 0


def test_no_garbage(client: AsyncHTTPClient, network: Network) -> None:
    """What a fetch has made is gone with its answer; no collector of garbage is needed."""
    waiting = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(waiting)
    gc.collect()
    gc.disable()
    try:
        waiting = client.fetch(URL)
        peer.answer()
        response = result_of(waiting)
        left = weakref.ref(response)
        del waiting, response
        assert left() is None
        assert gc.collect() == 0
    finally:
        gc.enable()


# Cancellation.


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\n", OK[:-2]])
def test_cancelled(client: AsyncHTTPClient, network: Network, sent: bytes) -> None:
    """Who is cancelled while it waits for head or body leaves no connection behind."""
    outcome = Outcome(client.fetch(URL))
    peer = network.accept()
    peer.send(*([sent] if sent else []))
    outcome.waiting.cancel()
    assert type(outcome.error) is CancelledError
    assert peer.closed
    assert pool_of(client).lent == 0
    assert network.is_quiet()


def test_cancelled_between_redirects(clients: Clients, network: Network) -> None:
    """So it is if it waits for its turn, or for a connection, behind a redirect."""
    client = clients.tornado(max_clients=1)
    first = Outcome(client.fetch(URL))
    second = client.fetch(URL + "2")
    peer = network.accept()
    redirect(peer, ELSEWHERE)
    assert pool_of(client).waiting == 1
    first.waiting.cancel()
    assert type(first.error) is CancelledError
    redirect(peer, ELSEWHERE)
    second.cancel()
    with pytest.raises(CancelledError):
        result_of(second)


def test_cancelled_in_the_page_of_a_redirect(client: AsyncHTTPClient, network: Network) -> None:
    """So it is in the middle of a body that nobody wants."""
    outcome = Outcome(client.fetch(URL))
    peer = network.accept()
    peer.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 9\r\n\r\nx")
    outcome.waiting.cancel()
    assert peer.closed
    assert type(outcome.error) is CancelledError


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_cancelled_in_a_slow_callback(
    client: AsyncHTTPClient, network: Network, coding: str
) -> None:
    """A callback that is still at work when its fetch is cancelled is called no more."""
    slow: list[Deferred[None]] = []

    def take(_: bytes) -> Deferred[None]:
        slow.append(Deferred())
        return slow[-1]

    outcome = Outcome(client.fetch(URL, streaming_callback=take))
    peer = network.accept()
    body = GZIP_OF_A_MEGABYTE if coding == "gzip" else b"x" * 100_000
    peer.answer(body, Content_Encoding=coding)
    assert len(slow) == 1
    outcome.waiting.cancel()
    assert type(outcome.error) is CancelledError
    assert peer.closed
    slow[0].callback(None)
    assert len(slow) == 1
    assert network.is_quiet()


@pytest.mark.parametrize("how", ["cancel", "timeout", "close"])
@pytest.mark.parametrize("coded", [True, False])
def test_callback_is_cancelled(
    client: AsyncHTTPClient, network: Network, how: str, coded: bool
) -> None:
    """What a callback still waits for is cancelled with its fetch, whatever ends that."""
    states: list[str] = []

    async def take(_: bytes) -> None:
        states.append("thinking")
        try:
            await Deferred()
        except CancelledError:
            states.append("cancelled")
            raise

    outcome = Outcome(client.fetch(URL, streaming_callback=take, request_timeout=5))
    peer = network.accept()
    if coded:
        peer.answer(GZIP_OF_A_MEGABYTE, Content_Encoding="gzip")
    else:
        peer.send(OK)
    if how == "cancel":
        outcome.waiting.cancel()
    elif how == "timeout":
        network.advance(5)
    else:
        client.close()
    assert states == ["thinking", "cancelled"]
    assert len(outcome.errors) == 1
    assert peer.closed


def test_callback_is_not_cancelled(client: AsyncHTTPClient, network: Network) -> None:
    """If the server goes meanwhile, a callback is let finish what it has begun."""
    slow: Deferred[None] = Deferred()
    pieces: list[bytes] = []

    async def take(piece: bytes) -> None:
        pieces.append(piece)
        await slow
        pieces.append(b"done")

    outcome = Outcome(client.fetch(URL, streaming_callback=take))
    peer = network.accept()
    peer.send(OK[:-1])
    peer.reset()
    assert outcome.open
    slow.callback(None)
    assert pieces == [b"hell", b"done"]
    assert type(outcome.error) is HTTPStreamClosedError


@pytest.mark.parametrize("kind", ["canceller", "coroutine"])
def test_callback_cannot_be_cancelled(
    client: AsyncHTTPClient, network: Network, handled: Failures, kind: str
) -> None:
    """A callback that fails when it is cancelled is reported, because nobody waits for it."""

    def fail(_: object) -> None:
        raise ZeroDivisionError

    def take_slowly(_: bytes) -> Deferred[None]:
        return Deferred(fail)

    async def take(_: bytes) -> None:
        try:
            await Deferred()
        finally:
            fail(None)

    outcome = Outcome(
        client.fetch(URL, streaming_callback=take if kind == "coroutine" else take_slowly)
    )
    network.accept().send(OK)
    outcome.waiting.cancel()
    assert type(outcome.error) is CancelledError
    assert [type(failure.value) for failure in handled.flush()] == [ZeroDivisionError]


def test_cancelled_by_its_callback(client: AsyncHTTPClient, network: Network) -> None:
    """A callback may cancel the fetch that it belongs to."""
    outcomes: list[Outcome] = []
    pieces: list[bytes] = []

    def take(piece: bytes) -> None:
        pieces.append(piece)
        outcomes[0].waiting.cancel()

    outcomes.append(Outcome(client.fetch(URL, streaming_callback=take)))
    network.accept().send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", b"b")
    assert type(outcomes[0].error) is CancelledError
    assert pieces == [b"a"]


def test_cancelled_by_a_header_callback(client: AsyncHTTPClient, network: Network) -> None:
    """So may the one that gets the head."""
    outcomes: list[Outcome] = []

    def take(line: str) -> None:
        if line == "\r\n":
            outcomes[0].waiting.cancel()

    outcomes.append(Outcome(client.fetch(URL, header_callback=take)))
    network.accept().send(OK)
    assert type(outcomes[0].error) is CancelledError


def test_cancelled_while_it_sends(client: AsyncHTTPClient, network: Network) -> None:
    """Who makes the body is told that nobody wants it any more."""
    ended: list[BaseException] = []

    async def produce(write: Callable[[bytes], Awaitable[None]]) -> None:
        await write(b"x")
        try:
            await Deferred()
        except CancelledError as error:
            ended.append(error)
            raise

    outcome = Outcome(client.fetch(URL, method="PUT", body_producer=produce))
    peer = network.accept()
    outcome.waiting.cancel()
    assert len(ended) == 1
    assert peer.closed
    assert type(outcome.error) is CancelledError


@pytest.mark.parametrize("early", [OK, b"nonsense\r\n\r\n"])
def test_cancelled_by_who_makes_the_body(
    client: AsyncHTTPClient, network: Network, early: bytes
) -> None:
    """Who is told that nobody wants the rest of the body may cancel the fetch."""
    outcomes: list[Outcome] = []

    async def produce(write: Callable[[bytes], Awaitable[None]]) -> None:
        await write(b"x")
        try:
            await Deferred()
        finally:
            outcomes[0].waiting.cancel()

    outcomes.append(Outcome(client.fetch(URL, method="PUT", body_producer=produce)))
    peer = network.accept()
    peer.send(early)
    assert type(outcomes[0].error) is CancelledError
    assert peer.closed
    assert (pool_of(client).lent, pool_of(client).idle) == (0, 0)


def test_cancelled_while_it_waits_for_continue(client: AsyncHTTPClient, network: Network) -> None:
    """One that waits until the server wants its body waits no longer."""
    outcome = Outcome(client.fetch(URL, method="PUT", body=b"x", expect_100_continue=True))
    network.accept()
    outcome.waiting.cancel()
    assert network.is_quiet()


def test_closed_by_who_makes_the_body(client: AsyncHTTPClient, network: Network) -> None:
    """The client may be closed by code that makes the body; its own fetch fails like others."""

    def produce(_: Callable[[bytes], Awaitable[None]]) -> None:
        client.close()

    outcome = Outcome(client.fetch(URL, method="PUT", body_producer=produce, request_timeout=0))
    network.accept()
    assert type(outcome.error) is HTTPStreamClosedError
    assert "closed before" in str(outcome.error)
    assert network.is_quiet()


@implementer(IBodyProducer)
class Rewound:
    """An empty body of the program's own; it does something before it is sent a second time."""

    length = 0

    def __init__(self, action: Callable[[], object]) -> None:
        self.rewind = lambda: action() is not None

    def startProducing(self, consumer: object) -> Deferred[None]:  # noqa: ARG002, N802 -- Twisted's
        return succeed(None)

    def pauseProducing(self) -> None:
        """Nothing."""

    resumeProducing = stopProducing = pauseProducing


@pytest.mark.parametrize("why", ["stale", "redirect"])
def test_closed_before_the_body_is_sent_again(
    client: AsyncHTTPClient, network: Network, why: str
) -> None:
    """So it is with code that prepares a body for its second time."""
    first = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(first)
    outcome = Outcome(client.fetch(URL, method="PUT", body=Rewound(client.close)))
    if why == "stale":
        peer.reset()
    else:
        redirect(peer, "/there", "307 X")
    assert type(outcome.error) is HTTPStreamClosedError
    assert "closed before" in str(outcome.error)
    assert network.is_quiet()


def test_own_producer(client: AsyncHTTPClient, network: Network) -> None:
    """A program's own producer is sent a second time if it says that it can be."""
    waiting = client.fetch(URL, method="PUT", body=Rewound(lambda: True))
    peer = network.accept()
    redirect(peer, "/there", "307 X")
    assert asked(peer)[:2] == ("PUT", "/there")
    peer.answer()
    result_of(waiting)


# Callbacks.


def test_header_callback(client: AsyncHTTPClient, network: Network) -> None:
    """The lines of the head come with their ends; those of a redirect and interim ones do not."""
    lines: list[str] = []
    waiting = client.fetch(URL, header_callback=lines.append)
    peer = network.accept()
    redirect(peer, "/there")
    peer.send(
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        b"HTTP/1.1 200 Fine\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n"
    )
    result_of(waiting)
    assert lines == [
        "HTTP/1.1 200 Fine\r\n",
        "X-A: 1\r\n",
        "X-A: 2\r\n",
        "Content-Length: 0\r\n",
        "\r\n",
    ]


def test_header_callback_fails(client: AsyncHTTPClient, network: Network) -> None:
    """What it raises is what the caller gets, and the connection is cut."""

    def fail(_: str) -> None:
        raise ZeroDivisionError

    outcome = Outcome(client.fetch(URL, header_callback=fail))
    peer = network.accept()
    peer.send(OK)
    assert type(outcome.error) is ZeroDivisionError
    assert peer.closed


def test_streaming_callback(client: AsyncHTTPClient, network: Network) -> None:
    """The pieces of the body go to the callback, as they come; the answer has none."""
    pieces: list[bytes] = []
    waiting = client.fetch(URL, streaming_callback=pieces.append)
    peer = network.accept()
    peer.send(OK[:-3])
    assert pieces == [b"he"]
    peer.send(OK[-3:])
    response = result_of(waiting)
    assert (pieces, response.body, response.length) == ([b"he", b"llo"], b"", 5)


def test_streaming_callback_and_redirects(client: AsyncHTTPClient, network: Network) -> None:
    """The page of a redirect does not go there; that of an error does."""
    pieces: list[bytes] = []
    outcome = Outcome(client.fetch(URL, streaming_callback=pieces.append))
    peer = network.accept()
    peer.answer(b"moved", "302 Found", Location="/there")
    peer.answer(b"none", "404 Not Found")
    assert type(outcome.error) is HTTPClientError
    assert pieces == [b"none"]


@pytest.mark.parametrize("kind", ["Deferred", "coroutine"])
def test_slow_callback(client: AsyncHTTPClient, network: Network, kind: str) -> None:
    """If it is not done at once, the next piece waits, and so does the end."""
    slow: list[Deferred[None]] = []
    pieces: list[bytes] = []

    def take(piece: bytes) -> Deferred[None]:
        pieces.append(piece)
        slow.append(Deferred())
        return slow[-1]

    async def take_later(piece: bytes) -> None:
        await take(piece)

    outcome = Outcome(
        client.fetch(URL, streaming_callback=take if kind == "Deferred" else take_later)
    )
    peer = network.accept()
    peer.send(OK[:-3], OK[-3:])
    assert pieces == [b"he"]
    slow[0].callback(None)
    assert pieces == [b"he", b"llo"]
    assert outcome.open
    slow[1].callback(None)
    assert outcome.results[0].code == 200


async def _fails(_: bytes) -> None:
    raise ZeroDivisionError


def _raises(_: bytes) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("callback", [_fails, _raises])
@pytest.mark.parametrize("coded", [True, False])
def test_callback_fails(
    client: AsyncHTTPClient, network: Network, callback: Callable[[bytes], Any], coded: bool
) -> None:
    """What it raises is what the caller gets, and the connection is cut."""
    outcome = Outcome(client.fetch(URL, streaming_callback=callback))
    peer = network.accept()
    if coded:
        peer.answer(GZIP_OF_A_MEGABYTE, Content_Encoding="gzip")
    else:
        peer.send(OK)
    assert type(outcome.error) is ZeroDivisionError
    assert peer.closed


@pytest.mark.parametrize("coded", [True, False])
def test_callback_fails_later(client: AsyncHTTPClient, network: Network, coded: bool) -> None:
    """So it is with what it fails with later."""
    slow: Deferred[None] = Deferred()
    outcome = Outcome(client.fetch(URL, streaming_callback=lambda _: slow))
    peer = network.accept()
    if coded:
        peer.answer(GZIP_OF_A_MEGABYTE, Content_Encoding="gzip")
    else:
        peer.send(OK)
    slow.errback(ZeroDivisionError())
    assert type(outcome.error) is ZeroDivisionError
    assert peer.closed


def test_context(client: AsyncHTTPClient, network: Network) -> None:
    """Callbacks run in the context in which the request was made, not in that of the reactor."""
    seen: list[str] = []

    def take(_: object) -> None:
        seen.append(VARIABLE.get())

    def begin() -> Deferred[Any]:
        VARIABLE.set("mine")
        return client.fetch(URL, streaming_callback=take, header_callback=take)

    waiting = copy_context().run(begin)
    network.accept().send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
    result_of(waiting)
    assert seen == ["mine"] * 4
    assert VARIABLE.get() == "unset"


# Uploads.


def test_body_producer(client: AsyncHTTPClient, network: Network) -> None:
    """A function that writes the body is called when there is a connection."""

    async def produce(write: Callable[[bytes], Awaitable[None]]) -> None:
        await write(b"ab")
        await write(b"c")

    waiting = client.fetch(URL, method="POST", body_producer=produce)
    peer = network.accept()
    seen = asked(peer)
    assert seen.headers["Transfer-Encoding"] == "chunked"
    assert seen.body == b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    peer.answer()
    result_of(waiting)


def test_body_producer_with_length(client: AsyncHTTPClient, network: Network) -> None:
    """With a length in the header fields there are no chunks."""

    def produce(write: Callable[[bytes], Awaitable[None]]) -> Awaitable[None]:
        return write(b"abc")

    headers = {"Content-Length": "3"}
    waiting = client.fetch(URL, method="PUT", body_producer=produce, headers=headers)
    peer = network.accept()
    seen = asked(peer)
    assert ("Transfer-Encoding" in seen.headers, seen.body) == (False, b"abc")
    peer.answer()
    result_of(waiting)


def test_body_producer_fails(client: AsyncHTTPClient, network: Network) -> None:
    """What it raises is what the caller gets."""

    async def produce(_: Callable[[bytes], Awaitable[None]]) -> None:
        raise ZeroDivisionError

    outcome = Outcome(client.fetch(URL, method="PUT", body_producer=produce))
    peer = network.accept()
    assert type(outcome.error) is ZeroDivisionError
    assert peer.closed


def test_body_producer_fails_while_a_page_is_discarded(
    client: AsyncHTTPClient, network: Network
) -> None:
    """A redirect that comes before the body was sent is followed, whatever becomes of the body."""
    later: Deferred[None] = Deferred()
    waiting = client.fetch(URL, method="POST", body_producer=lambda _: later)
    peer = network.accept()
    peer.send(b"HTTP/1.1 303 X\r\nLocation: /x\r\nContent-Length: 5\r\n\r\n")
    later.errback(ZeroDivisionError())
    network.accept().answer()
    assert result_of(waiting).code == 200


def test_refused_upload(client: AsyncHTTPClient, network: Network) -> None:
    """A server that refuses a body before it has it is believed, and the connection closed."""
    outcome = Outcome(client.fetch(URL, method="PUT", body=b"x" * 100, expect_100_continue=True))
    peer = network.accept()
    assert asked(peer).body == b""
    peer.answer(b"too large", "413 Content Too Large")
    assert outcome.error.code == 413
    assert outcome.error.response.body == b"too large"
    assert (peer.received, peer.closed) == (b"", True)


def test_no_continue(client: AsyncHTTPClient, network: Network) -> None:
    """A server that does not know of 100 gets the body after a second."""
    waiting = client.fetch(URL, method="PUT", body=b"x", expect_100_continue=True)
    peer = network.accept()
    assert asked(peer).body == b""
    network.advance(1)
    assert peer.answer() == b"x"
    result_of(waiting)


# Refused, lost, and wrong answers.


def test_refused(client: AsyncHTTPClient, network: Network) -> None:
    """If nothing listens that is said."""
    outcome = Outcome(client.fetch(URL))
    network.refuse()
    assert type(outcome.error) is ConnectError
    assert isinstance(outcome.error, ConnectionError)
    assert "127.0.0.1:80" in str(outcome.error)


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 2", OK[:-1]])
def test_lost(client: AsyncHTTPClient, network: Network, sent: bytes) -> None:
    """An answer that is cut off is an error, also if there is not a byte of it."""
    outcome = Outcome(client.fetch(URL))
    peer = network.accept()
    peer.send(*([sent] if sent else []))
    peer.close()
    assert type(outcome.error) is HTTPStreamClosedError
    assert outcome.error.code == 599


def test_bad_answer(client: AsyncHTTPClient, network: Network) -> None:
    """What is no HTTP is an error, and the connection is cut."""
    outcome = Outcome(client.fetch(URL))
    peer = network.accept()
    peer.send(b"220 mail.example ESMTP\r\n")
    assert type(outcome.error) is BadResponse
    assert peer.closed


@pytest.mark.parametrize("own", [True, False])
def test_too_large(clients: Clients, network: Network, own: bool) -> None:
    """A body is no longer than `max_body_size`, of the client or of the request."""
    client = clients.tornado() if own else clients.tornado(max_body_size=4)
    options: dict[str, Any] = {"max_body_size": 4} if own else {}
    outcome = Outcome(client.fetch(URL, **options))
    peer = network.accept()
    peer.send(OK)
    assert type(outcome.error) is ResponseTooLarge
    assert peer.closed


def test_too_large_head(clients: Clients, network: Network) -> None:
    """Nor is a head longer than `max_header_size`."""
    client = clients.tornado(max_header_size=100)
    outcome = Outcome(client.fetch(URL))
    network.accept().send(b"HTTP/1.1 200 OK\r\nA: " + b"x" * 100)
    assert type(outcome.error) is ResponseTooLarge


# Who asks.


@pytest.mark.parametrize(
    ("url", "options", "sent"),
    [
        (URL, {"auth_username": "me", "auth_password": PASSWORD}, "Basic bWU6cHc="),
        (URL, {"auth_username": "me"}, "Basic bWU6"),
        (URL, {"auth_username": ""}, "Basic Og=="),
        (URL, {"auth_password": PASSWORD}, None),
        ("http://me:pw@127.0.0.1/", {}, "Basic bWU6cHc="),
        ("http://me:p%77@127.0.0.1/", {}, "Basic bWU6cHc="),
        ("http://me@127.0.0.1/", {"auth_password": "x"}, "Basic bWU6"),
        ("http://me:pw@127.0.0.1/", {"auth_username": "you"}, "Basic bWU6cHc="),
        (URL, {"auth_username": "me", "headers": {"Authorization": "mine"}}, "mine"),
        ("http://me:pw@127.0.0.1/", {"headers": {"Authorization": "mine"}}, "mine"),
    ],
)
def test_basic(
    client: AsyncHTTPClient, network: Network, url: str, options: dict[str, Any], sent: str | None
) -> None:
    """Name and password come from the options or from the URL; a header field wins."""
    waiting = client.fetch(url, **options)
    peer = network.accept()
    assert asked(peer).headers.get("Authorization") == sent
    peer.answer()
    result_of(waiting)


def test_unknown_mode(client: AsyncHTTPClient, network: Network) -> None:
    """Another `auth_mode` than the two is refused, also if it was set later."""
    request = HTTPRequest(URL, auth_username="me")
    request.auth_mode = "ntlm"
    outcome = Outcome(client.fetch(request))
    assert isinstance(outcome.error, InvalidRequest)
    assert "'ntlm'" in str(outcome.error)
    assert network.attempts == 0


def test_curl(client: AsyncHTTPClient, network: Network) -> None:
    """There is no curl that a callback could prepare."""
    outcome = Outcome(client.fetch(URL, prepare_curl_callback=lambda _: None))
    assert isinstance(outcome.error, InvalidRequest)
    assert network.attempts == 0


# Digest.

CHALLENGE = 'Digest realm="r", nonce="n1", qop="auth", algorithm=MD5'


def challenge(peer: Peer, header: str = CHALLENGE) -> dict[str, str] | None:
    """Answer with a challenge; gives what the request said of the user, if it did."""
    said = asked_as(peer)
    peer.answer(b"who?", "401 Unauthorized", WWW_Authenticate=header)
    return said


def asked_as(peer: Peer) -> dict[str, str] | None:
    """Read what a request says of the user."""
    value = asked(peer).headers.get("Authorization")
    if value is None:
        return None
    assert value.startswith("Digest ")
    return {name: text.strip('"') for name, text in re.findall(r'(\w+)=("[^"]*"|[^,]+)', value)}


def md5(text: str) -> str:
    """Hash."""
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 -- what Digest has


def right(said: dict[str, str] | None, method: str = "GET", password: str = PASSWORD) -> bool:
    """Tell whether an answer is right."""
    assert said is not None
    first, second = md5(f"me:r:{password}"), md5(f"{method}:{said['uri']}")
    middle = f"{said['nonce']}:{said['nc']}:{said['cnonce']}:{said['qop']}"
    return said["response"] == md5(f"{first}:{middle}:{second}")


DIGEST: dict[str, Any] = {
    "auth_username": "me",
    "auth_password": PASSWORD,
    "auth_mode": "digest",
}


def test_digest(client: AsyncHTTPClient, network: Network) -> None:
    """A challenge is answered on the same connection; the next request answers it beforehand."""
    waiting = client.fetch(URL + "a?b", **DIGEST)
    peer = network.accept()
    assert challenge(peer) is None
    said = asked_as(peer)
    assert right(said)
    assert said is not None
    assert (said["uri"], said["nc"], said["username"]) == ("/a?b", "00000001", "me")
    peer.answer()
    assert result_of(waiting).body == b"hello"
    waiting = client.fetch(URL, **DIGEST)
    said = asked_as(peer)
    assert right(said)
    assert said is not None
    assert (said["nonce"], said["nc"]) == ("n1", "00000002")
    peer.answer()
    result_of(waiting)


def test_digest_with_a_body(client: AsyncHTTPClient, network: Network) -> None:
    """The body is sent again, also one that is made piece by piece."""
    waiting = client.fetch(URL, method="PUT", body=[b"ab"], **DIGEST)
    peer = network.accept()
    assert challenge(peer) is None
    seen = asked(peer)
    assert seen.body == b"2\r\nab\r\n0\r\n\r\n"
    peer.answer()
    result_of(waiting)


def test_digest_with_a_body_that_cannot_be_made_again(
    client: AsyncHTTPClient, network: Network
) -> None:
    """If that cannot be, the challenge is the answer; the next request knows it."""
    outcome = Outcome(client.fetch(URL, method="PUT", body=iter([b"ab"]), **DIGEST))
    peer = network.accept()
    assert challenge(peer) is None
    assert outcome.error.code == 401
    waiting = client.fetch(URL, method="PUT", body=iter([b"ab"]), **DIGEST)
    assert right(asked_as(peer), "PUT")
    peer.answer()
    result_of(waiting)


def test_wrong_password(client: AsyncHTTPClient, network: Network) -> None:
    """Who is refused twice has the wrong password, and gets the answer."""
    outcome = Outcome(client.fetch(URL, **DIGEST | {"auth_password": "no"}))
    peer = network.accept()
    assert challenge(peer) is None
    assert not right(challenge(peer, CHALLENGE.replace("n1", "n2")))
    assert outcome.error.code == 401
    assert outcome.error.response.body == b"who?"


def test_stale_nonce(client: AsyncHTTPClient, network: Network) -> None:
    """A nonce that has become too old is replaced, once."""
    waiting = client.fetch(URL, **DIGEST)
    peer = network.accept()
    challenge(peer)
    assert right(challenge(peer, CHALLENGE.replace("n1", "n2") + ", stale=true"))
    said = asked_as(peer)
    assert right(said)
    assert said is not None
    assert said["nonce"] == "n2"
    peer.answer()
    result_of(waiting)


def test_stale_nonce_for_ever(client: AsyncHTTPClient, network: Network) -> None:
    """A server that says so again and again is not asked for ever."""
    outcome = Outcome(client.fetch(URL, **DIGEST))
    peer = network.accept()
    count = 0
    while outcome.open and count < 10:
        challenge(peer, f'Digest realm="r", nonce="n{count}", qop="auth", stale=true')
        count += 1
    assert outcome.error.code == 401
    assert count == 3


def test_stale_nonce_of_an_earlier_request(client: AsyncHTTPClient, network: Network) -> None:
    """An answer beforehand that is refused is no attempt: the request is asked again."""
    waiting = client.fetch(URL, **DIGEST)
    peer = network.accept()
    challenge(peer)
    peer.answer()
    result_of(waiting)
    waiting = client.fetch(URL, **DIGEST)
    assert right(challenge(peer, CHALLENGE.replace("n1", "n9")))
    said = asked_as(peer)
    assert right(said)
    assert said is not None
    assert said["nonce"] == "n9"
    peer.answer()
    result_of(waiting)


def test_next_nonce(client: AsyncHTTPClient, network: Network) -> None:
    """A server may say what nonce it wants next time."""
    waiting = client.fetch(URL, **DIGEST)
    peer = network.accept()
    challenge(peer)
    peer.answer(Authentication_Info='nextnonce="n7"')
    result_of(waiting)
    waiting = client.fetch(URL, **DIGEST)
    said = asked_as(peer)
    assert right(said)
    assert said is not None
    assert (said["nonce"], said["nc"]) == ("n7", "00000001")
    peer.answer()
    result_of(waiting)


def test_digest_is_no_basic(client: AsyncHTTPClient, network: Network) -> None:
    """A server that wants Basic does not get the password of who wants Digest."""
    outcome = Outcome(client.fetch(URL, **DIGEST))
    peer = network.accept()
    assert challenge(peer, 'Basic realm="r"') is None
    assert outcome.error.code == 401


@pytest.mark.parametrize(
    ("url", "changed"),
    [
        (ELSEWHERE, {}),
        ("http://127.0.0.1:81/", {}),
        (URL, {"auth_password": "other"}),
        (URL, {"auth_username": "you"}),
    ],
)
def test_other_challenges(
    client: AsyncHTTPClient, network: Network, url: str, changed: dict[str, Any]
) -> None:
    """What one server has asked of one user is not told another, nor to another's name."""
    waiting = client.fetch(URL, **DIGEST)
    peer = network.accept()
    challenge(peer)
    peer.answer()
    result_of(waiting)
    waiting = client.fetch(url, **DIGEST | changed)
    peer = network.accept() if network.attempts else peer
    assert asked_as(peer) is None
    peer.answer()
    result_of(waiting)


def test_digest_behind_a_redirect(client: AsyncHTTPClient, network: Network) -> None:
    """A server to which a redirect leads is not told who we are, whatever it asks."""
    outcome = Outcome(client.fetch(URL, **DIGEST))
    redirect(network.accept(), ELSEWHERE)
    other = network.accept()
    assert challenge(other) is None
    assert outcome.error.code == 401
    assert other.received == b""


def test_redirect_behind_digest(client: AsyncHTTPClient, network: Network) -> None:
    """Each page may ask anew."""
    waiting = client.fetch(URL, **DIGEST)
    peer = network.accept()
    challenge(peer)
    assert right(asked_as(peer))
    peer.answer(b"", "302 Found", Location="/two")
    assert right(challenge(peer, CHALLENGE.replace("n1", "n2")))
    said = asked_as(peer)
    assert right(said)
    assert said is not None
    assert said["uri"] == "/two"
    peer.answer()
    assert result_of(waiting).code == 200


def test_given_authorization(client: AsyncHTTPClient, network: Network) -> None:
    """A header field of the program's own is not replaced by an answer to a challenge."""
    outcome = Outcome(client.fetch(URL, headers={"Authorization": "mine"}, **DIGEST))
    peer = network.accept()
    assert asked(peer).headers["Authorization"] == "mine"
    peer.answer(b"", "401 Unauthorized", WWW_Authenticate=CHALLENGE)
    assert outcome.error.code == 401


def test_many_servers(client: AsyncHTTPClient, network: Network) -> None:
    """What is known of servers is bounded: what was not used for longest is forgotten."""
    waiting = client.fetch(URL, **DIGEST)
    first = network.accept()
    challenge(first)
    first.answer()
    result_of(waiting)
    for number in range(100):
        waiting = client.fetch(f"http://127.0.1.{number}/", **DIGEST)
        network.accept().answer()
        result_of(waiting)
    assert len(client._fetcher.settings.digests) == 100
    waiting = client.fetch(URL, **DIGEST)
    peer = network.accept() if network.attempts else first
    assert asked_as(peer) is None
    peer.answer()
    result_of(waiting)


# Cookies.


def test_cookies(http: HTTPClient, network: Network) -> None:
    """What a server sets it gets back, and no other server does."""
    waiting = http.get(URL)
    peer = network.accept()
    assert "Cookie" not in asked(peer).headers
    peer.answer(Set_Cookie="a=b; Path=/")
    result_of(waiting)
    waiting = http.get(URL + "c")
    assert asked(peer).headers["Cookie"] == "a=b"
    peer.answer()
    result_of(waiting)
    waiting = http.get(ELSEWHERE)
    other = network.accept()
    assert "Cookie" not in asked(other).headers
    other.answer()
    result_of(waiting)
    assert http.cookies is not None
    assert http.cookies["a"].value == "b"


def test_given_cookies(http: HTTPClient, network: Network) -> None:
    """Cookies that the program gives take the place of those in the jar."""
    assert http.cookies is not None
    http.cookies.set("a", "b")
    waiting = http.get(URL, headers={"Cookie": "mine=1"})
    peer = network.accept()
    assert asked(peer).headers.get_list("Cookie") == ["mine=1"]
    peer.answer()
    result_of(waiting)


def test_no_cookies(clients: Clients, network: Network) -> None:
    """A client that keeps none sends none; Tornado's interface keeps none by itself."""
    for client in (clients.new(cookies=False), clients.tornado()):
        waiting = client.fetch(URL)
        peer = network.accept()
        peer.answer(Set_Cookie="a=b")
        result_of(waiting)
        waiting = client.fetch(URL)
        assert "Cookie" not in asked(peer).headers
        peer.answer()
        result_of(waiting)
