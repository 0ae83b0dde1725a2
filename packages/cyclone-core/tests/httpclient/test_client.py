"""The client for new code."""

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from cyclone_core.httpclient import (
    CookieJar,
    HTTPClient,
    HTTPClientError,
    HTTPRequest,
    HTTPStreamClosedError,
    InvalidRequest,
    URLClient,
)
from cyclone_core.testing import result_of

from .asking import ELSEWHERE, URL, Clients, Outcome, asked, pool_of
from .network import Network


@pytest.mark.parametrize("method", ["get", "head", "options", "delete", "post", "put", "patch"])
def test_methods(http: HTTPClient, network: Network, method: str) -> None:
    """Each method has its function, and takes what a request takes."""
    waiting = getattr(http, method)(URL + "a", headers={"A": "b"}, params={"c": 1})
    peer = network.accept()
    seen = asked(peer)
    assert (seen.method, seen.target, seen.headers["A"]) == (method.upper(), "/a?c=1", "b")
    peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert result_of(waiting).code == 204


def test_any_method(http: HTTPClient, network: Network) -> None:
    """`request` takes any."""
    waiting = http.request("PROPFIND", URL, body="é")
    peer = network.accept()
    seen = asked(peer)
    assert (seen.method, seen.body) == ("PROPFIND", b"\xc3\xa9")
    peer.answer()
    result_of(waiting)


def test_json_both_ways(http: HTTPClient, network: Network) -> None:
    """JSON is sent and read."""
    waiting = http.post(URL, json={"a": 1})
    peer = network.accept()
    assert asked(peer).headers["Content-Type"] == "application/json"
    peer.answer(b'{"b": 2}')
    assert result_of(waiting).json() == {"b": 2}


def test_request_object(http: HTTPClient, network: Network) -> None:
    """`fetch` takes a request, and nothing beside it."""
    waiting = http.fetch(HTTPRequest(URL, "DELETE"))
    peer = network.accept()
    assert asked(peer).method == "DELETE"
    peer.answer()
    result_of(waiting)
    with pytest.raises(ValueError, match="HTTPRequest"):
        http.fetch(HTTPRequest(URL), method="GET")


@pytest.mark.parametrize(
    ("of_client", "of_request", "raises"),
    [(True, None, True), (True, False, False), (False, None, False), (False, True, True)],
)
def test_raise_error(
    clients: Clients, network: Network, of_client: bool, of_request: bool | None, raises: bool
) -> None:
    """Whether a status is an error is decided by the request, or else by the client."""
    http = clients.new(raise_error=of_client)
    outcome = Outcome(http.get(URL, of_request))
    network.accept().answer(b"", "404 X")
    if raises:
        assert type(outcome.error) is HTTPClientError
    else:
        assert outcome.results[0].code == 404


# Where from.


@pytest.mark.parametrize(
    ("base", "url", "target"),
    [
        ("http://127.0.0.1/v1/", "a", "/v1/a"),
        ("http://127.0.0.1/v1", "a", "/a"),
        ("http://127.0.0.1/v1/", "/a", "/a"),
        ("http://127.0.0.1/v1/", "../a", "/a"),
        ("http://127.0.0.1/v1/", "", "/v1/"),
        ("http://127.0.0.1/v1/", "?q", "/v1/?q"),
        ("http://127.0.0.1/v1/", "//127.0.0.1/x", "/x"),
        ("http://127.0.0.1/v1/", "http://127.0.0.1/x", "/x"),
        ("http://127.0.0.1", "a", "/a"),
    ],
)
def test_base_url(clients: Clients, network: Network, base: str, url: str, target: str) -> None:
    """A URL is relative to the base, as a link on that page is."""
    waiting = clients.new(base_url=base).get(url)
    peer = network.accept()
    assert asked(peer).target == target
    peer.answer()
    assert result_of(waiting).effective_url == f"http://127.0.0.1{target}"


def test_credentials_of_the_base(clients: Clients, network: Network) -> None:
    """A name and a password in the base are for URLs that are relative to it."""
    http = clients.new(base_url="http://me:pw@127.0.0.1/")
    for url, sent in ((".", "Basic bWU6cHc="), (ELSEWHERE, None)):
        waiting = http.get(url)
        peer = network.accept()
        assert asked(peer).headers.get("Authorization") == sent
        peer.answer()
        result_of(waiting)


@pytest.mark.parametrize("base", ["nonsense", "ftp://a/", "//a/", "http://", ""])
def test_no_base(network: Network, base: str) -> None:
    """What is no URL is refused when the client is made."""
    with pytest.raises(InvalidRequest):
        HTTPClient(reactor=network.reactor, base_url=base)


def test_relative_without_base(http: HTTPClient, network: Network) -> None:
    """Without a base there are no relative URLs."""
    assert isinstance(Outcome(http.get("/a")).error, InvalidRequest)
    assert network.attempts == 0


def test_headers(clients: Clients, network: Network) -> None:
    """Header fields of the client go with every request that has none of that name."""
    given = {"X-A": "client", "X-B": ["1", "2"], "User-Agent": "ours"}
    http = clients.new(headers=given)
    given["X-A"] = "changed"
    waiting = http.get(URL, headers={"x-a": "request"})
    peer = network.accept()
    sent = asked(peer).headers
    assert sent.get_list("X-A") == ["request"]
    assert sent.get_list("X-B") == ["1", "2"]
    assert sent.get_list("User-Agent") == ["ours"]
    peer.answer()
    result_of(waiting)
    waiting = http.get(URL)
    assert asked(peer).headers["X-A"] == "client"
    peer.answer()
    result_of(waiting)


def test_options(clients: Clients, network: Network) -> None:
    """All other arguments are defaults of requests."""
    http = clients.new(decompress_response=False, user_agent="ours")
    waiting = http.get(URL)
    peer = network.accept()
    sent = asked(peer).headers
    assert ("Accept-Encoding" in sent, sent["User-Agent"]) == (False, "ours")
    peer.answer()
    result_of(waiting)


@pytest.mark.parametrize("option", ["nonsense", "json", "params", "form", "body", "method"])
def test_no_option(network: Network, option: str) -> None:
    """What is none, or would mean nothing, is refused when the client is made."""
    options: Any = {option: "x"}
    with pytest.raises(TypeError, match=option):
        HTTPClient(reactor=network.reactor, **options)


# Cookies.


def test_cookie_jars(network: Network) -> None:
    """A client has a jar of its own, that which it is given, or none."""
    reactor = network.reactor
    jar = CookieJar()
    assert HTTPClient(reactor=reactor).cookies is not HTTPClient(reactor=reactor).cookies
    assert HTTPClient(reactor=reactor, cookies=jar).cookies is jar
    assert HTTPClient(reactor=reactor, cookies=False).cookies is None
    none: Any = None
    assert HTTPClient(reactor=reactor, cookies=none).cookies is None


@pytest.mark.parametrize("wrong", [{"a": "b"}, "a=b", 1])
def test_no_jar(network: Network, wrong: Any) -> None:  # noqa: ANN401 -- that is wrong
    """Something else is no jar."""
    with pytest.raises(TypeError, match="CookieJar"):
        HTTPClient(reactor=network.reactor, cookies=wrong)


def test_jar_of_two(clients: Clients, network: Network) -> None:
    """Two clients may share a jar, if the program wants that."""
    jar = CookieJar()
    waiting = clients.new(cookies=jar).get(URL)
    network.accept().answer(Set_Cookie="a=b")
    result_of(waiting)
    waiting = clients.new(cookies=jar).get(URL)
    peer = network.accept()
    assert asked(peer).headers["Cookie"] == "a=b"
    peer.answer()
    result_of(waiting)


# The block.


def test_block(network: Network, handled: object) -> None:  # noqa: ARG001 -- at the end
    """Behind `async with` the client is closed, and its connections are gone."""

    async def run() -> bytes:
        async with HTTPClient(reactor=network.reactor) as http:
            return (await http.get(URL)).body

    outcome = Outcome(Deferred.fromCoroutine(run()))
    peer = network.accept()
    peer.answer()
    assert outcome.results == [b"hello"]
    assert peer.closed
    assert network.is_quiet()


def test_block_ends_with_an_error(network: Network, handled: object) -> None:  # noqa: ARG001 -- as above
    """So it is if the block ends with an error; what is under way fails."""
    outcomes: list[Outcome] = []

    async def run() -> None:
        async with HTTPClient(reactor=network.reactor) as http:
            outcomes.append(Outcome(http.get(URL)))
            raise ZeroDivisionError

    outcome = Outcome(Deferred.fromCoroutine(run()))
    assert type(outcome.error) is ZeroDivisionError
    assert type(outcomes[0].error) is HTTPStreamClosedError
    assert network.is_quiet()


def test_many_at_a_time(http: HTTPClient, network: Network) -> None:
    """A hundred requests go out at a time."""
    waiting = [http.get(URL) for _ in range(101)]
    assert (network.attempts, pool_of(http).waiting) == (100, 1)
    for each in waiting:
        each.cancel()
        each.addErrback(lambda _: None)


# The class of cyclone 1.x has the same name.


def test_with_a_url(network: Network) -> None:
    """Called with a URL it makes the client of cyclone 1.x."""
    assert type(HTTPClient(URL, reactor=network.reactor)) is URLClient
    assert type(HTTPClient(reactor=network.reactor)) is HTTPClient


class Own(HTTPClient):
    """A subclass of a program."""


def test_subclass(network: Network) -> None:
    """So does a subclass, and only then."""
    assert type(Own(reactor=network.reactor)) is Own
    assert isinstance(Own(URL, reactor=network.reactor), URLClient)
