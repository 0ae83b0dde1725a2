"""Tornado's interface."""

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from cyclone_core.httpclient import (
    AsyncHTTPClient,
    CookieJar,
    HTTPClientError,
    HTTPRequest,
    HTTPResponse,
    InvalidRequest,
    ResponseTooLarge,
)
from cyclone_core.testing import result_of

from .asking import ELSEWHERE, OK, PASSWORD, URL, Clients, Outcome, asked, pool_of, redirect
from .network import Network


@pytest.fixture
def configuration() -> Iterator[None]:
    """Leave the configuration as it was."""
    saved = AsyncHTTPClient._save_configuration()
    yield
    AsyncHTTPClient._restore_configuration(saved)


# Making one.


def test_each_is_new(network: Network) -> None:
    """Unlike Tornado's, each call makes a client of its own, which shares nothing."""
    one, two = (AsyncHTTPClient(reactor=network.reactor) for _ in range(2))
    assert one is not two
    assert AsyncHTTPClient(force_instance=True, reactor=network.reactor) is not one
    assert pool_of(one) is not pool_of(two)


def test_defaults(clients: Clients, network: Network) -> None:
    """Defaults hold for requests that say nothing else, also with None."""
    client = clients.tornado(
        defaults={"user_agent": "ours", "follow_redirects": False, "auth_username": "me"}
    )
    assert client.defaults["user_agent"] == "ours"
    assert client.defaults["request_timeout"] == 20
    waiting = client.fetch(URL, user_agent=None, raise_error=False)
    peer = network.accept()
    sent = redirect(peer, "/there").headers
    assert (sent["User-Agent"], sent["Authorization"]) == ("ours", "Basic bWU6")
    assert result_of(waiting).code == 302
    waiting = client.fetch(URL, user_agent="mine", follow_redirects=True)
    assert redirect(peer, "/there").headers["User-Agent"] == "mine"
    peer.answer()
    assert result_of(waiting).code == 200


@pytest.mark.parametrize(
    "name",
    ["request_timeout", "idle_timeout", "connect_timeout", "max_redirects", "user_agent"],
)
def test_default_of_none(clients: Clients, network: Network, name: str) -> None:
    """A default of None is none: the usual one holds."""
    client = clients.tornado(defaults={name: None})
    waiting = client.fetch(URL)
    peer = network.accept()
    assert asked(peer).headers["User-Agent"] == "cyclone"
    peer.answer()
    assert result_of(waiting).code == 200


@pytest.mark.parametrize(
    "name",
    [
        "nonsense",
        "url",
        "method",
        "headers",
        "body",
        "body_producer",
        "params",
        "form",
        "json",
        "files",
        "streaming_callback",
        "header_callback",
        "prepare_curl_callback",
        "if_modified_since",
        "use_gzip",
        "max_body_size",
        "expect_100_continue",
    ],
)
def test_no_default(network: Network, name: str) -> None:
    """What is no option, or would mean nothing as a default, is refused when the client is made."""
    with pytest.raises(TypeError, match=name):
        AsyncHTTPClient(reactor=network.reactor, defaults={name: 1})


def test_sizes(clients: Clients, network: Network) -> None:
    """`max_buffer_size` is what it is in Tornado, a weaker name of `max_body_size`."""
    for options in (
        {"max_buffer_size": 4},
        {"max_body_size": 4},
        {"max_buffer_size": 100, "max_body_size": 4},
    ):
        outcome = Outcome(clients.tornado(**options).fetch(URL))
        network.accept().send(OK)
        assert type(outcome.error) is ResponseTooLarge
    waiting = clients.tornado(max_buffer_size=4, max_body_size=100).fetch(URL)
    network.accept().send(OK)
    assert result_of(waiting).code == 200


def test_cookies(clients: Clients, network: Network) -> None:
    """A jar can be given; then it is filled and used."""
    jar = CookieJar()
    client = clients.tornado(cookies=jar)
    waiting = client.fetch(URL)
    peer = network.accept()
    peer.answer(Set_Cookie="a=b")
    result_of(waiting)
    assert jar["a"].value == "b"
    waiting = client.fetch(URL)
    assert asked(peer).headers["Cookie"] == "a=b"
    peer.answer()
    result_of(waiting)


@pytest.mark.parametrize(
    "mapping",
    [
        {"a.example": "127.0.0.7"},
        {("a.example", 80): ("127.0.0.7", 80)},
        {"a.example": ("127.0.0.7", 80)},
    ],
)
def test_hostname_mapping(clients: Clients, network: Network, mapping: Any) -> None:  # noqa: ANN401 -- of any form
    """Hosts can be mapped to others; the server is asked by the name that was given."""
    waiting = clients.tornado(hostname_mapping=mapping).fetch("http://a.example/")
    peer = network.accept()
    assert network.reactor.tcpClients[0][:2] == ("127.0.0.7", 80)
    assert asked(peer).headers["Host"] == "a.example"
    peer.answer()
    result_of(waiting)


# Configuring.


@pytest.mark.usefixtures("configuration")
def test_configure(network: Network) -> None:
    """Arguments of all clients can be configured; those of a call win."""
    AsyncHTTPClient.configure(None, max_clients=1, defaults={"user_agent": "ours"})
    client = AsyncHTTPClient(reactor=network.reactor)
    assert client.defaults["user_agent"] == "ours"
    first, second = client.fetch(URL), client.fetch(URL)
    assert network.attempts == 1
    peer = network.accept()
    peer.answer()
    peer.answer()
    result_of(first)
    result_of(second)
    other = AsyncHTTPClient(reactor=network.reactor, defaults={})
    assert other.defaults["user_agent"] == "cyclone"


class Own(AsyncHTTPClient):
    """A subclass of a program."""


class Fake(AsyncHTTPClient):
    """One that asks nobody."""

    def initialize(self, **_: Any) -> None:  # type: ignore[override]  # noqa: ANN401 -- none
        """Take nothing."""

    def fetch(self, request: Any, *_: Any, **__: Any) -> Deferred[HTTPResponse]:  # noqa: ANN401 -- as it is
        """Give an answer."""
        done: Deferred[HTTPResponse] = Deferred()
        done.callback(HTTPResponse(HTTPRequest(request), 299))
        return done


@pytest.mark.usefixtures("configuration")
def test_other_class(network: Network) -> None:
    """A program can put a class of its own in the place of the client."""
    assert type(AsyncHTTPClient(reactor=network.reactor)) is AsyncHTTPClient
    assert type(Own(reactor=network.reactor)) is Own
    AsyncHTTPClient.configure(Fake)
    client = AsyncHTTPClient()
    assert type(client) is Fake
    assert result_of(client.fetch(URL)).code == 299
    with pytest.raises(ValueError, match="no subclass"):
        AsyncHTTPClient.configure(dict)  # type: ignore[arg-type]


# Fetching.


def test_request_object(client: AsyncHTTPClient, network: Network) -> None:
    """A request can be given, and again."""
    request = HTTPRequest(URL, "POST", body=b"body")
    for _ in range(2):
        waiting = client.fetch(request)
        peer = network.accept() if network.attempts else network.peers[0]
        assert asked(peer).body == b"body"
        peer.answer()
        assert result_of(waiting).request is request


def test_arguments_beside_a_request(client: AsyncHTTPClient) -> None:
    """Beside it there are no arguments."""
    with pytest.raises(ValueError, match="HTTPRequest"):
        client.fetch(HTTPRequest(URL), method="POST")


@pytest.mark.parametrize("options", [{"nonsense": 1}, {"url": "x"}, {"raise_errors": False}])
def test_unknown_arguments(client: AsyncHTTPClient, options: Any) -> None:  # noqa: ANN401 -- wrong
    """Unknown ones are refused at once."""
    with pytest.raises(TypeError):
        client.fetch(URL, **options)


@pytest.mark.parametrize("url", [b"http://127.0.0.1/", None, 5])
def test_no_text(client: AsyncHTTPClient, url: Any) -> None:  # noqa: ANN401 -- wrong
    """A URL is text."""
    assert isinstance(Outcome(client.fetch(url)).error, TypeError)


def test_raise_error(client: AsyncHTTPClient, network: Network) -> None:
    """With `raise_error=False` every answer is one; without an answer there is an error all the same."""
    waiting = client.fetch(URL, False)
    network.accept().answer(b"", "500 Oh")
    response = result_of(waiting)
    with pytest.raises(HTTPClientError, match="500: Oh"):
        response.rethrow()
    outcome = Outcome(client.fetch(ELSEWHERE, raise_error=False))
    network.refuse()
    assert outcome.error.code == 599
    assert isinstance(Outcome(client.fetch("nonsense", raise_error=False)).error, InvalidRequest)


def test_in_a_coroutine(client: AsyncHTTPClient, network: Network) -> None:
    """The result can be awaited."""

    async def get() -> bytes:
        response = await client.fetch(URL, auth_username="me", auth_password=PASSWORD)
        return response.body

    waiting = Deferred.fromCoroutine(get())
    network.accept().answer()
    assert result_of(waiting) == b"hello"


def test_own_reactor() -> None:
    """Without a reactor the installed one is used, when there is something to do."""
    from twisted.internet import reactor

    client = AsyncHTTPClient()
    assert client._fetcher.settings.reactor is reactor
    assert isinstance(Outcome(client.fetch("nonsense")).error, InvalidRequest)
    result_of(client.close())
