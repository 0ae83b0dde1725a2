"""Connections that are kept, who may use them, and the queue of those who wait."""

import gc
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from twisted.internet.defer import CancelledError, succeed
from twisted.python import threadable

from cyclone_core.httpclient import (
    AsyncHTTPClient,
    ConnectError,
    ConnectTimeout,
    HTTPStreamClosedError,
    QueueTimeout,
    RequestTimeout,
)
from cyclone_core.httpclient.connection import ClientConnection
from cyclone_core.httpclient.pool import ConnectionPool
from cyclone_core.httpclient.routes import Route
from cyclone_core.httpclient.settings import response_limits
from cyclone_core.testing import result_of

from .asking import ELSEWHERE, OK, URL, Clients, Outcome, asked, pool_of
from .network import Network

if TYPE_CHECKING:
    from collections.abc import Callable

# Which connections are used again.


def test_last_used_first(client: AsyncHTTPClient, network: Network) -> None:
    """Of several connections that are kept the one that was used last is used next."""
    first, second = client.fetch(URL), client.fetch(URL)
    one, two = network.accept(), network.accept()
    one.answer()
    two.answer()
    result_of(first)
    result_of(second)
    assert pool_of(client).idle == 2
    third = client.fetch(URL)
    assert two.received
    assert not one.received
    two.answer()
    result_of(third)


@pytest.mark.parametrize(
    "option",
    [
        {"network_interface": "127.0.0.9"},
        {"allow_ipv6": False},
        {"proxy": "http://127.0.0.1:80"},
        {"proxy": "http://me:secret@127.0.0.1:80"},
    ],
)
def test_other_route(client: AsyncHTTPClient, network: Network, option: dict[str, Any]) -> None:
    """A connection that was made in one way is not used for a request that asks for another."""
    first = client.fetch(URL)
    network.accept().answer()
    result_of(first)
    second = client.fetch(URL, **option)
    peer = network.accept()
    peer.answer()
    result_of(second)
    assert pool_of(client).idle == 2
    third = client.fetch(URL, **option)
    assert not network.attempts
    peer.answer()
    result_of(third)


@pytest.mark.parametrize("url", [ELSEWHERE, "http://127.0.0.1:81/"])
def test_other_server(client: AsyncHTTPClient, network: Network, url: str) -> None:
    """Another host and another port have connections of their own."""
    first = client.fetch(URL)
    network.accept().answer()
    result_of(first)
    second = client.fetch(url)
    network.accept().answer()
    result_of(second)


def test_options_of_tls_are_no_matter_to_http(client: AsyncHTTPClient, network: Network) -> None:
    """What a request says of TLS does not keep it off a connection without TLS."""
    first = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(first)
    second = client.fetch(URL, client_cert="cert.pem", validate_cert=False)
    peer.answer()
    result_of(second)


def test_clients_share_nothing(clients: Clients, network: Network) -> None:
    """A connection of one client is used by no other."""
    first = clients.tornado().fetch(URL)
    network.accept().answer()
    result_of(first)
    second = clients.tornado().fetch(URL)
    network.accept().answer()
    result_of(second)


def test_closed_by_the_server(client: AsyncHTTPClient, network: Network) -> None:
    """A connection that the server has closed meanwhile is forgotten, and so is the timer."""
    first = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(first)
    peer.close()
    assert pool_of(client).idle == 0
    assert network.is_quiet()
    second = client.fetch(URL)
    network.accept().answer()
    result_of(second)


def test_one_of_two_closed_by_the_server(client: AsyncHTTPClient, network: Network) -> None:
    """If one of two connections is closed by the server, the other is kept."""
    waiting = [client.fetch(URL), client.fetch(URL)]
    peers = [network.accept(), network.accept()]
    for peer, each in zip(peers, waiting, strict=True):
        peer.answer()
        result_of(each)
    peers[1].close()
    third = client.fetch(URL)
    peers[0].answer()
    result_of(third)


@pytest.mark.parametrize("header", ["close", "Close", "x, close"])
def test_server_wants_it_closed(client: AsyncHTTPClient, network: Network, header: str) -> None:
    """A connection that the server wants closed is."""
    waiting = client.fetch(URL)
    peer = network.accept()
    peer.answer(Connection=header)
    result_of(waiting)
    assert peer.closed


def test_program_wants_it_closed(client: AsyncHTTPClient, network: Network) -> None:
    """So is one on which the program has said `Connection: close`."""
    waiting = client.fetch(URL, headers={"Connection": "close"})
    peer = network.accept()
    assert asked(peer).headers["Connection"] == "close"
    peer.answer()
    result_of(waiting)
    assert peer.closed


def test_no_timer_for_nothing(client: AsyncHTTPClient, network: Network) -> None:
    """When the last connection is gone no timer is left, though the client is not closed."""
    first = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(first)
    second = client.fetch(URL)
    peer.answer(Connection="close")
    result_of(second)
    assert network.is_quiet()


# How long, and how many.


def test_kept_for_a_while(clients: Clients, network: Network) -> None:
    """A connection is kept for `idle_connection_timeout`, counted from its last use."""
    client = clients.tornado(idle_connection_timeout=10)
    for _ in range(2):
        waiting = client.fetch(URL)
        peer = network.accept() if network.attempts else network.peers[0]
        peer.answer()
        result_of(waiting)
        network.advance(9)
    assert not peer.closed
    network.advance(1)
    assert peer.closed
    assert network.is_quiet()


def test_kept_for_thirty_seconds(client: AsyncHTTPClient, network: Network) -> None:
    """By default that is 30 seconds; the timer of the oldest goes on to the next one."""
    waiting = [client.fetch(URL), client.fetch(URL)]
    one, two = network.accept(), network.accept()
    one.answer()
    network.advance(10)
    two.answer()
    network.advance(20)
    assert (one.closed, two.closed) == (True, False)
    network.advance(10)
    assert two.closed
    for each in waiting:
        result_of(each)


def test_most_that_are_kept(clients: Clients, network: Network) -> None:
    """No more than `max_idle_connections` are kept: the oldest one goes."""
    client = clients.tornado(max_idle_connections=1)
    waiting = [client.fetch(URL), client.fetch(ELSEWHERE)]
    one, two = network.accept(), network.accept()
    one.answer()
    assert not one.closed
    two.answer()
    assert (one.closed, two.closed) == (True, False)
    for each in waiting:
        result_of(each)


def test_none_kept(clients: Clients, network: Network) -> None:
    """With `max_idle_connections=0` no connection outlives its request."""
    client = clients.tornado(max_idle_connections=0)
    waiting = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(waiting)
    assert peer.closed


@pytest.mark.parametrize(
    "option",
    [
        {"max_clients": 0},
        {"max_clients": -1},
        {"max_idle_connections": -1},
        {"idle_connection_timeout": 0},
        {"idle_connection_timeout": -1},
        {"idle_connection_timeout": float("nan")},
        {"idle_connection_timeout": float("inf")},
        {"max_body_size": 0},
        {"max_header_size": 0},
        {"max_buffer_size": -1},
    ],
)
def test_impossible_bounds(network: Network, option: dict[str, Any]) -> None:
    """A bound that makes no sense is refused when the client is made, and named."""
    with pytest.raises(ValueError, match=r"max_|idle_connection_timeout"):
        AsyncHTTPClient(reactor=network.reactor, **option)


# The queue.


def test_queue(clients: Clients, network: Network) -> None:
    """No more than `max_clients` ask at a time; the others follow in their order."""
    client = clients.tornado(max_clients=2)
    waiting = [client.fetch(f"{URL}{number}") for number in range(5)]
    pool = pool_of(client)
    assert (network.attempts, pool.lent, pool.waiting) == (2, 2, 3)
    one, two = network.accept(), network.accept()
    targets = []
    for peer in (one, two, one, two, one):
        targets.append(asked(peer).target)
        peer.answer()
    assert targets == ["/0", "/1", "/2", "/3", "/4"]
    assert len(network.peers) == 2
    for each in waiting:
        result_of(each)


def test_turn_without_a_connection(clients: Clients, network: Network) -> None:
    """Who waits gets the turn of a request that has failed to connect, and connects itself."""
    client = clients.tornado(max_clients=1)
    first, second = Outcome(client.fetch(URL)), client.fetch(URL)
    network.refuse()
    assert isinstance(first.error, ConnectError)
    network.accept().answer()
    assert result_of(second).code == 200


def test_queue_of_failures(clients: Clients) -> None:
    """However many fail at once when their turn comes, the stack has room."""
    client = clients.tornado(max_clients=1)
    options = {"ca_certs": "/no/such/file", "connect_timeout": 0, "request_timeout": 0}
    first = Outcome(client.fetch(URL))
    others = [Outcome(client.fetch("https://127.0.0.1/", **options)) for _ in range(2000)]
    first.waiting.cancel()
    assert {type(each.error).__name__ for each in others} == {"CertificateError"}


def test_cancelled_when_its_turn_has_come(clients: Clients) -> None:
    """Who is cancelled by the failure of the one before it gives its turn back."""
    client = clients.tornado(max_clients=1)
    first = Outcome(client.fetch(URL))
    second = client.fetch("https://127.0.0.1/", ca_certs="/no/such/file")
    third = Outcome(client.fetch(URL))
    second.addErrback(lambda _: third.waiting.cancel())
    first.waiting.cancel()
    assert type(third.error) is CancelledError
    assert (pool_of(client).lent, pool_of(client).waiting) == (0, 0)


def test_queue_timeout(clients: Clients, network: Network) -> None:
    """Who has waited for `connect_timeout` in the queue gets a `QueueTimeout`, and is out of it."""
    client = clients.tornado(max_clients=1)
    first = client.fetch(URL)
    second = Outcome(client.fetch(URL, connect_timeout=5))
    third = client.fetch(URL)
    peer = network.accept()
    network.advance(5)
    assert type(second.error) is QueueTimeout
    assert "5 seconds" in str(second.error)
    assert "max_clients" in str(second.error)
    peer.answer()
    peer.answer()
    result_of(first)
    result_of(third)


def test_no_queue_timeout(clients: Clients, network: Network) -> None:
    """With `connect_timeout=0` one waits as long as the whole may last."""
    client = clients.tornado(max_clients=1)
    first = client.fetch(URL, request_timeout=0)
    second = Outcome(client.fetch(URL, connect_timeout=0, request_timeout=50))
    peer = network.accept()
    network.advance(49)
    assert second.open
    network.advance(1)
    assert type(second.error) is RequestTimeout
    assert pool_of(client).waiting == 0
    peer.answer()
    result_of(first)


def test_cancelled_in_the_queue(clients: Clients, network: Network) -> None:
    """Who is cancelled while it waits is out of the queue."""
    client = clients.tornado(max_clients=1)
    first, second, third = client.fetch(URL), Outcome(client.fetch(URL)), client.fetch(URL + "3")
    second.waiting.cancel()
    assert type(second.error) is CancelledError
    peer = network.accept()
    peer.answer()
    assert asked(peer).target == "/3"
    peer.answer()
    result_of(first)
    result_of(third)


def test_queue_time(clients: Clients, network: Network) -> None:
    """The time in the queue is told, and is no part of `request_time`."""
    client = clients.tornado(max_clients=1)
    first, second = client.fetch(URL), client.fetch(URL)
    peer = network.accept()
    network.advance(3)
    peer.answer()
    network.advance(1)
    peer.answer()
    assert (result_of(first).time_info["queue"], result_of(first).request_time) == (0, 3)
    assert (result_of(second).time_info["queue"], result_of(second).request_time) == (3, 1)


def test_queue_time_of_all_hops(clients: Clients, network: Network) -> None:
    """If it has waited for each of several servers, that is told together."""
    client = clients.tornado(max_clients=1)
    first, second, third = client.fetch(URL), client.fetch(URL), client.fetch(URL)
    peer = network.accept()
    network.advance(2)
    peer.answer()
    network.advance(1)
    peer.answer(b"", "302 Found", Location="/there")
    network.advance(4)
    peer.answer()
    peer.answer()
    response = result_of(second)
    assert response.time_info["queue"] == 6
    assert response.request_time == 1
    result_of(first)
    result_of(third)


# Connecting.


def test_connect_timeout(client: AsyncHTTPClient, network: Network) -> None:
    """Who has no connection after `connect_timeout` gets a `ConnectTimeout`."""
    outcome = Outcome(client.fetch(URL, connect_timeout=3))
    network.advance(2)
    assert outcome.open
    network.advance(1)
    assert type(outcome.error) is ConnectTimeout
    assert pool_of(client).lent == 0


def test_default_connect_timeout(client: AsyncHTTPClient, network: Network) -> None:
    """By default that is 20 seconds, as in Tornado."""
    outcome = Outcome(client.fetch(URL, request_timeout=0))
    network.advance(19.5)
    assert outcome.open
    network.advance(0.5)
    assert type(outcome.error) is ConnectTimeout


def test_no_connect_timeout(client: AsyncHTTPClient, network: Network) -> None:
    """With 0 there is no bound."""
    outcome = Outcome(client.fetch(URL, connect_timeout=0, request_timeout=0))
    network.advance(10_000)
    assert outcome.open
    outcome.waiting.cancel()


def test_cancelled_while_connecting(client: AsyncHTTPClient, network: Network) -> None:
    """Who is cancelled while it connects leaves no attempt behind."""
    outcome = Outcome(client.fetch(URL))
    outcome.waiting.cancel()
    assert type(outcome.error) is CancelledError
    assert pool_of(client).lent == 0
    assert not network.reactor.getDelayedCalls()


# Ends.


def test_close(clients: Clients, network: Network) -> None:
    """`close` ends all that is under way, in whatever phase it is, and all connections."""
    client = clients.tornado(max_clients=3)
    idle = client.fetch(URL)
    kept = network.accept()
    kept.answer()
    result_of(idle)
    outcomes = [Outcome(client.fetch(ELSEWHERE)) for _ in range(6)]
    head, body = network.accept(), network.accept()
    body.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    closed = client.close()
    assert [type(each.error) for each in outcomes] == [HTTPStreamClosedError] * 6
    assert {str(each.error) for each in outcomes} == {
        "HTTP 599: the client was closed before the answer came"
    }
    result_of(closed)
    assert kept.closed
    assert head.closed
    assert body.closed
    assert network.is_quiet()
    with pytest.raises(RuntimeError, match="closed"):
        client.fetch(URL)
    result_of(client.close())


def test_close_connects_nobody(clients: Clients, network: Network) -> None:
    """Who waits in the queue of a client that is closed does not connect first."""
    client = clients.tornado(max_clients=1)
    outcomes = [Outcome(client.fetch(URL)) for _ in range(1000)]
    network.accept()
    result_of(client.close())
    assert network.attempts == 0
    assert {type(each.error) for each in outcomes} == {HTTPStreamClosedError}


def test_close_by_a_callback(clients: Clients, network: Network) -> None:
    """The client may be closed by whoever gets an answer; the others fail."""
    client = clients.tornado()
    first, second = client.fetch(URL), Outcome(client.fetch(URL))
    first.addCallback(lambda _: client.close())
    one = network.accept()
    network.accept()
    one.answer()
    assert type(second.error) is HTTPStreamClosedError
    result_of(first)
    assert network.is_quiet()


def test_close_waits(client: AsyncHTTPClient, network: Network) -> None:
    """What `close` returns fires when the last connection is gone."""
    waiting = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(waiting)
    peer.transport.hold()
    peer.transport.write(b"not sent yet")
    closed = Outcome(client.close())
    assert closed.open
    peer.transport.release()
    assert closed.results == [None]


def test_forgotten(network: Network, handled: object) -> None:  # noqa: ARG001 -- at the end
    """A client that nobody has any more closes its connections, in the next turn of the reactor."""
    client = AsyncHTTPClient(reactor=network.reactor)
    waiting = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(waiting)
    del client
    gc.collect()
    assert not peer.closed
    network.advance(0)
    assert peer.closed
    assert network.is_quiet()


def test_forgotten_too_early(network: Network, handled: object) -> None:  # noqa: ARG001 -- as above
    """A request goes on when nobody has its client any more; then its connection is closed."""
    waiting = AsyncHTTPClient(reactor=network.reactor).fetch(URL)
    gc.collect()
    peer = network.accept()
    gc.collect()
    peer.answer()
    assert result_of(waiting).body == b"hello"
    del waiting
    gc.collect()
    network.advance(0)
    assert network.is_quiet()


def test_forgotten_unused(network: Network) -> None:
    """A client that has no connection has nothing to close."""
    client = AsyncHTTPClient(reactor=network.reactor)
    del client
    gc.collect()
    assert network.is_quiet()


def test_forgotten_in_another_thread(
    network: Network,
    monkeypatch: pytest.MonkeyPatch,
    handled: object,  # noqa: ARG001 -- as above
) -> None:
    """If a client is collected in a thread of its own, its connections are closed by the reactor's."""
    calls: list[Callable[[], object]] = []
    monkeypatch.setattr(network.reactor, "callFromThread", calls.append, raising=False)
    monkeypatch.setattr(threadable, "ioThread", threadable.getThreadID())
    clients = [AsyncHTTPClient(reactor=network.reactor)]
    waiting = clients[0].fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(waiting)
    thread = Thread(target=lambda: (clients.clear(), gc.collect()))
    thread.start()
    thread.join()
    assert not peer.closed
    (close,) = calls
    close()
    assert network.is_quiet()


def test_gone_before_it_was_made(network: Network) -> None:
    """`close` does not wait for a connection that has ended before anybody got it."""
    connection = ClientConnection(network.reactor, response_limits(None), lambda _: None)
    pool = ConnectionPool(
        network.reactor, lambda *_: succeed(connection), max_clients=1, max_idle=1, idle_timeout=1
    )
    route = Route("http", "a", 80)
    assert result_of(pool.connect(route, None)) is connection
    assert result_of(pool.close()) is None


# A connection that has died while it was kept.


def test_stale(client: AsyncHTTPClient, network: Network) -> None:
    """If a kept connection turns out to be dead, the request is sent once more, on a new one."""
    first = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(first)
    second = client.fetch(URL + "again")
    peer.reset()
    fresh = network.accept()
    assert asked(fresh).target == "/again"
    fresh.answer()
    assert result_of(second).code == 200


def test_stale_does_not_take_another_kept_one(client: AsyncHTTPClient, network: Network) -> None:
    """The second attempt takes a new connection: others that were kept may be dead, too."""
    waiting = [client.fetch(URL), client.fetch(URL)]
    peers = [network.accept(), network.accept()]
    for peer, each in zip(peers, waiting, strict=True):
        peer.answer()
        result_of(each)
    third = client.fetch(URL)
    peers[1].reset()
    assert not peers[0].received
    network.accept().answer()
    result_of(third)


def test_stale_once_only(client: AsyncHTTPClient, network: Network) -> None:
    """If the new connection ends without an answer, too, that is the end."""
    first = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(first)
    second = Outcome(client.fetch(URL))
    peer.reset()
    network.accept().reset()
    assert type(second.error) is HTTPStreamClosedError
    assert network.attempts == 0


@pytest.mark.parametrize(
    "sent", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nx"]
)
def test_answered_in_part(client: AsyncHTTPClient, network: Network, sent: bytes) -> None:
    """A server that has begun to answer has got the request: it is not sent again."""
    first = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(first)
    second = Outcome(client.fetch(URL, headers={"X": "y"}))
    peer.send(sent.replace(b"A: b", b"Content-Length: 2"))
    peer.reset()
    assert type(second.error) is HTTPStreamClosedError
    assert network.attempts == 0


@pytest.mark.parametrize(
    ("method", "again"),
    [
        ("GET", True),
        ("HEAD", True),
        ("PUT", True),
        ("DELETE", True),
        ("OPTIONS", True),
        ("TRACE", True),
        ("POST", False),
        ("PATCH", False),
        ("PURGE", False),
    ],
)
def test_stale_methods(client: AsyncHTTPClient, network: Network, method: str, again: bool) -> None:
    """Only what may be done twice without harm is sent twice."""
    first = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(first)
    body = b"body" if method in {"POST", "PUT", "PATCH"} else None
    outcome = Outcome(client.fetch(URL, method=method, body=body, allow_nonstandard_methods=True))
    peer.reset()
    assert network.attempts == again
    if again:
        fresh = network.accept()
        assert asked(fresh)[::3] == (method, body or b"")
        fresh.send(OK if method != "HEAD" else b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        assert outcome.results[0].code == 200
    else:
        assert type(outcome.error) is HTTPStreamClosedError


@pytest.mark.parametrize(("repeatable", "again"), [(True, True), (False, False)])
def test_stale_bodies(
    client: AsyncHTTPClient, network: Network, repeatable: bool, again: bool
) -> None:
    """A body that can be made only once cannot be sent twice."""
    first = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(first)
    pieces = [b"ab", b"cd"]
    outcome = Outcome(client.fetch(URL, method="PUT", body=pieces if repeatable else iter(pieces)))
    assert peer.take().endswith(b"2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n")
    peer.reset()
    assert network.attempts == again
    if again:
        fresh = network.accept()
        assert asked(fresh).body == b"2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"
        fresh.answer()
        assert outcome.results[0].code == 200
    else:
        assert type(outcome.error) is HTTPStreamClosedError


def test_stale_has_to_wait(clients: Clients, network: Network) -> None:
    """The second attempt takes its turn in the queue, like everybody."""
    client = clients.tornado(max_clients=1)
    first = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(first)
    second, third = client.fetch(URL + "2"), client.fetch(URL + "3")
    peer.reset()
    fresh = network.accept()
    assert asked(fresh).target == "/3"
    fresh.answer()
    last = network.accept()
    assert asked(last).target == "/2"
    last.answer()
    result_of(second)
    result_of(third)


def test_unsolicited(client: AsyncHTTPClient, network: Network) -> None:
    """A kept connection on which something comes is closed: it would be taken for an answer."""
    first = client.fetch(URL)
    peer = network.accept()
    peer.answer()
    result_of(first)
    peer.send(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert peer.closed
    second = client.fetch(URL)
    network.accept().answer()
    assert result_of(second).code == 200
