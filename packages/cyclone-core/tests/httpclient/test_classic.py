"""The client of cyclone 1.x, and what Twisted once had."""

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from cyclone_core import httpclient
from cyclone_core.httpclient import (
    ConnectTimeout,
    HTTPClient,
    HTTPClientError,
    HTTPError,
    HTTPResponse,
    InvalidRequest,
    RequestTimeout,
    URLClient,
    fetch,
    getPage,
)
from cyclone_core.testing import result_of

from .asking import ELSEWHERE, URL, Asked, Outcome, asked, redirect
from .network import Network

pytestmark = pytest.mark.usefixtures("handled")


def ask(network: Network, url: Any = URL, **options: Any) -> tuple[Asked, HTTPResponse]:  # noqa: ANN401 -- of fetch
    """Fetch; gives what was asked and the answer."""
    waiting = fetch(url, reactor=network.reactor, **options)
    peer = network.accept()
    seen = asked(peer)
    peer.answer(b"" if seen.method == "HEAD" else b"hello")
    response = result_of(waiting)
    assert network.is_quiet()
    return seen, response


def test_get(network: Network) -> None:
    """Without a body it is a GET; the answer has what it had in cyclone 1.x."""
    seen, response = ask(network, URL + "path?a=1")
    assert (seen.method, seen.target) == ("GET", "/path?a=1")
    assert (response.code, response.phrase, response.length) == (200, "OK", 5)
    assert (response.body, response.error) == (b"hello", None)
    assert response.headers.get_list("content-length") == ["5"]


@pytest.mark.parametrize("postdata", ["a=b", b"a=b"])
def test_post(network: Network, postdata: str | bytes) -> None:
    """With a body it is a POST of a form, unless something else is said."""
    seen, _ = ask(network, postdata=postdata)
    assert (seen.method, seen.body) == ("POST", b"a=b")
    assert seen.headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("postdata", ["", b"", None])
def test_no_postdata(network: Network, postdata: str | bytes | None) -> None:
    """An empty body is none."""
    assert ask(network, postdata=postdata)[0].method == "GET"


def test_method(network: Network) -> None:
    """Another method can be said."""
    assert ask(network, method="PUT", postdata="x")[0].method == "PUT"
    assert ask(network, method="HEAD")[1].body == b""


def test_method_without_body(network: Network) -> None:
    """Tornado's rules of bodies are not those of cyclone 1.x."""
    seen, _ = ask(network, method="POST")
    assert (seen.method, seen.headers["Content-Length"]) == ("POST", "0")
    assert ask(network, method="DELETE", postdata="x")[0].body == b"x"
    assert ask(network, method="PURGE")[0].method == "PURGE"


def test_bytes(network: Network) -> None:
    """URL, method and names may be bytes, as cyclone 1.x needed them on Python 3."""
    seen, _ = ask(network, URL.encode(), method=b"PUT", postdata=b"x", headers={b"X-A": [b"b"]})
    assert (seen.method, seen.headers["X-A"]) == ("PUT", "b")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": ["1", "2"], "content-type": ["x/y"]},
        {"X-A": ("1", "2"), "Content-Type": "x/y"},
    ],
)
def test_headers(network: Network, headers: dict[str, Any]) -> None:
    """Header fields are names and lists of values, or values."""
    seen, _ = ask(network, postdata="x", headers=headers)
    assert seen.headers.get_list("X-A") == ["1", "2"]
    assert seen.headers.get_list("Content-Type") == ["x/y"]


@pytest.mark.parametrize(
    ("status", "wrong"),
    [
        ("302 Found", False),
        ("304 Not Modified", False),
        ("399 Odd", False),
        ("400 Bad", True),
        ("404 Not Found", True),
        ("500 Oh", True),
    ],
)
def test_statuses(network: Network, status: str, wrong: bool) -> None:
    """No status is a failure; `error` is true from 400 on."""
    waiting = fetch(URL, reactor=network.reactor)
    network.accept().answer(b"", status, Location="/x")
    response = result_of(waiting)
    assert f"{response.code} {response.phrase}" == status
    assert bool(response.error) is wrong


@pytest.mark.parametrize("head", ["204 No Content", "304 Not Modified", "200 OK"])
def test_length_without_body(network: Network, head: str) -> None:
    """Where no body can be, `length` is 0, whatever the head says, as Twisted's Agent has it."""
    waiting = fetch(URL, method="HEAD" if head == "200 OK" else "GET", reactor=network.reactor)
    peer = network.accept()
    peer.take()
    peer.send(f"HTTP/1.1 {head}\r\nContent-Length: 5\r\n\r\n".encode())
    assert result_of(waiting).length == 0


def test_failures(network: Network) -> None:
    """What has no answer is one."""
    outcome = Outcome(fetch(URL, reactor=network.reactor))
    network.refuse()
    assert isinstance(outcome.error, HTTPError)
    assert isinstance(Outcome(fetch("nonsense", reactor=network.reactor)).error, InvalidRequest)
    assert network.is_quiet()


def test_redirects(network: Network) -> None:
    """Redirects are followed if that is wanted, up to three."""
    waiting = fetch(URL, followRedirect=1, reactor=network.reactor)
    for number in range(3):
        redirect(network.accept(), f"/{number}")
    peer = network.accept()
    assert asked(peer).target == "/2"
    peer.answer()
    assert result_of(waiting).body == b"hello"
    assert network.is_quiet()


def test_too_many_redirects(network: Network) -> None:
    """The next one is the answer."""
    waiting = fetch(URL, followRedirect=True, maxRedirects=1, reactor=network.reactor)
    redirect(network.accept(), "/1")
    redirect(network.accept(), "/2")
    response = result_of(waiting)
    assert (response.code, response.headers["Location"], response.error) == (302, "/2", None)


def test_unsafe_redirect(network: Network) -> None:
    """So it is with one that leads nowhere."""
    waiting = fetch(URL, followRedirect=True, reactor=network.reactor)
    redirect(network.accept(), "file:///etc/passwd")
    response = result_of(waiting)
    assert (response.code, response.error) == (302, None)
    assert response.headers["Location"] == "file:///etc/passwd"


def test_redirect_takes_no_secrets(network: Network) -> None:
    """Unlike cyclone 1.x it tells no other server who we are."""
    waiting = fetch(
        URL, followRedirect=True, headers={"Authorization": ["x"]}, reactor=network.reactor
    )
    redirect(network.accept(), ELSEWHERE)
    peer = network.accept()
    assert "Authorization" not in asked(peer).headers
    peer.answer()
    result_of(waiting)


def test_timeout(network: Network) -> None:
    """`timeout` is for connecting."""
    outcome = Outcome(fetch(URL, timeout=3, reactor=network.reactor))
    network.advance(3)
    assert type(outcome.error) is ConnectTimeout


def test_request_timeout(network: Network) -> None:
    """An answer may take longer, unless it is told otherwise."""
    outcome = Outcome(fetch(URL, timeout=3, request_timeout=5, reactor=network.reactor))
    network.accept()
    network.advance(5)
    assert type(outcome.error) is RequestTimeout
    assert network.is_quiet()


@pytest.mark.parametrize("proxy", [("127.0.0.9", 3128), "http://127.0.0.9:3128"])
def test_proxy(network: Network, proxy: Any) -> None:  # noqa: ANN401 -- of both kinds
    """A proxy is host and port, or a URL."""
    seen, _ = ask(network, proxy=proxy)
    assert network.reactor.tcpClients[0][:2] == ("127.0.0.9", 3128)
    assert seen.target == URL


def test_other_arguments(network: Network) -> None:
    """All arguments of a request can be given; unknown ones are refused at once."""
    assert ask(network, user_agent="mine")[0].headers["User-Agent"] == "mine"
    with pytest.raises(TypeError):
        fetch(URL, nonsense=1, reactor=network.reactor)
    with pytest.raises(TypeError):
        fetch(URL, raise_error=True, reactor=network.reactor)


def test_cancelled(network: Network) -> None:
    """To cancel ends the request."""
    outcome = Outcome(fetch(URL, reactor=network.reactor))
    peer = network.accept()
    outcome.waiting.cancel()
    assert type(outcome.error) is CancelledError
    assert peer.closed
    assert network.is_quiet()


# The class.


def made(*args: Any, **options: Any) -> URLClient:  # noqa: ANN401 -- wrong ones, too
    """Make one as cyclone 1.x did."""
    client = HTTPClient(*args, **options)
    assert isinstance(client, URLClient)
    return client


def test_client(network: Network) -> None:
    """An object for one request: it knows everything, and then its answer."""
    client = made(URL, postdata="x", headers={"A": ["b"]}, reactor=network.reactor)
    assert (client.url, client.method, client.body) == (URL, "POST", "x")
    assert (client.followRedirect, client.maxRedirects) == (0, 3)
    assert (client.timeout, client.proxyConfig, client.response) == (None, None, None)
    waiting = client.fetch()
    peer = network.accept()
    peer.answer()
    response = result_of(waiting)
    assert client.response is response


def test_client_closes_its_connection(network: Network) -> None:
    """Its connection is closed behind the answer, though nobody closes the client."""
    client = made(URL, reactor=network.reactor)
    for _ in range(2):
        waiting = client.fetch()
        peer = network.accept()
        peer.answer()
        result_of(waiting)
        assert peer.closed
    assert network.is_quiet()


def test_client_has_been_told_everything(network: Network) -> None:
    """Its `fetch` takes no arguments."""
    client: Any = made(URL, reactor=network.reactor)
    with pytest.raises(TypeError, match="no arguments"):
        client.fetch(URL)
    with pytest.raises(TypeError, match="no arguments"):
        client.fetch(method="PUT")


def test_client_can_be_changed(network: Network) -> None:
    """A program may set the attributes before it fetches."""
    client = made(URL, reactor=network.reactor)
    client.method, client.followRedirect, client.maxRedirects = "PUT", 1, 1
    client.headers = {"A": "b"}
    client.body = "x"
    waiting = client.fetch()
    seen = redirect(network.accept(), "/there", "307 X")
    assert (seen.method, seen.headers["A"], seen.body) == ("PUT", "b", b"x")
    network.accept().answer()
    assert result_of(waiting).effective_url == URL + "there"


class Echo(HTTPClient):
    """As a program's subclass of cyclone 1.x."""

    asked = 0

    def fetch(self) -> Deferred[HTTPResponse]:
        """Count."""
        self.asked += 1
        classic: Any = super()
        answer: Deferred[HTTPResponse] = classic.fetch()
        return answer


class Told(HTTPClient):
    """A subclass that has arguments of its own."""

    def __init__(self, name: str, network: Network, *, classic: bool) -> None:
        if classic:
            super().__init__(URL + name, reactor=network.reactor)
        else:
            super().__init__(base_url=URL, headers={"Name": name}, reactor=network.reactor)


def test_client_by_keyword(network: Network) -> None:
    """The URL may be said by name, and may be bytes."""
    client = made(url=URL.encode(), reactor=network.reactor)
    waiting = client.fetch()
    network.accept().answer()
    assert result_of(waiting).code == 200
    assert client.url == URL


def test_subclass(network: Network) -> None:
    """A subclass of a program is what it was, too."""
    client: Any = Echo(URL + "echo", postdata="x", reactor=network.reactor)
    assert isinstance(client, Echo)
    assert isinstance(client, URLClient)
    assert type(client) is type(Echo(URL, reactor=network.reactor))
    assert type(client).__name__ == "Echo"
    waiting = client.fetch()
    peer = network.accept()
    assert (asked(peer).target, client.asked) == ("/echo", 1)
    peer.answer()
    assert client.response is result_of(waiting)
    assert not isinstance(Echo(reactor=network.reactor), URLClient)


def test_subclass_of_the_class_itself(network: Network) -> None:
    """So is one of `URLClient`, also if it calls the constructor of `HTTPClient`."""

    class Own(URLClient):
        def __init__(self, url: str) -> None:
            HTTPClient.__init__(self, url, reactor=network.reactor)

    client = Own(URL)
    assert type(client) is Own
    assert client.url == URL


def test_subclass_with_arguments(network: Network) -> None:
    """What a subclass hands on decides, not what it is called with."""
    old: Any = Told("a", network, classic=True)
    assert (old.url, isinstance(old, Told)) == (URL + "a", True)
    new = Told("a", network, classic=False)
    assert not isinstance(new, URLClient)
    waiting = new.get("b")
    peer = network.accept()
    seen = asked(peer)
    assert (seen.target, seen.headers["Name"]) == ("/b", "a")
    peer.answer()
    assert result_of(waiting).code == 200
    new.close()


@pytest.mark.parametrize("name", ["nonsense", "base_url", "max_clients"])
def test_client_refuses_unknown(network: Network, name: str) -> None:
    """What is no argument of a request is refused when the object is made."""
    with pytest.raises(TypeError, match=name):
        HTTPClient(URL, reactor=network.reactor, **{name: 1})


@pytest.mark.parametrize(("name", "instead"), [("agent", "Agent"), ("proxy_agent", "proxy=")])
def test_gone(name: str, instead: str) -> None:
    """Names of cyclone 1.x that are not here say what is there instead; others are just not there."""
    with pytest.raises(AttributeError, match=f"'{name}', which cyclone 1.x had: .*{instead}"):
        getattr(httpclient, name)
    with pytest.raises(AttributeError, match=r"no attribute 'nonsense'$"):
        getattr(httpclient, "nonsense")  # noqa: B009 -- type checkers know that there is none


# Pages.


def page(network: Network, **options: Any) -> tuple[Asked, bytes]:  # noqa: ANN401 -- of getPage
    """Get a page; gives what was asked and the page."""
    waiting = getPage(URL, **options, reactor=network.reactor)
    peer = network.accept()
    seen = asked(peer)
    peer.answer()
    body = result_of(waiting)
    assert network.is_quiet()
    return seen, body


def test_page(network: Network) -> None:
    """A page is bytes."""
    seen, body = page(network)
    assert (seen.method, body) == ("GET", b"hello")


def test_page_with_everything(network: Network) -> None:
    """All that Twisted had can be said, in bytes or in text."""
    seen, _ = page(
        network,
        method=b"POST",
        postdata=b"x",
        headers={b"X-A": b"b", "X-C": "d"},
        agent=b"mine",
        cookies={b"a": b"1", "b": "2"},
    )
    assert (seen.method, seen.body) == ("POST", b"x")
    assert (seen.headers["X-A"], seen.headers["X-C"]) == ("b", "d")
    assert (seen.headers["User-Agent"], seen.headers["Cookie"]) == ("mine", "a=1; b=2")
    assert page(network, method="GET", postdata="x")[0].body == b"x"


def test_page_of_bytes(network: Network) -> None:
    """The URL may be bytes."""
    waiting = getPage(URL.encode(), reactor=network.reactor)
    network.accept().answer()
    assert result_of(waiting) == b"hello"


def test_no_page(network: Network) -> None:
    """Another status is a failure."""
    outcome = Outcome(getPage(URL, reactor=network.reactor))
    network.accept().answer(b"none", "404 Not Found")
    assert isinstance(outcome.error, HTTPClientError)
    assert outcome.error.response.body == b"none"
    assert network.is_quiet()


def test_page_behind_redirects(network: Network) -> None:
    """Redirects are followed, up to twenty, unless that is not wanted."""
    waiting = getPage(URL, reactor=network.reactor)
    for _ in range(20):
        redirect(network.accept(), URL)
    network.accept().answer()
    assert result_of(waiting) == b"hello"
    outcome = Outcome(getPage(URL, followRedirect=False, reactor=network.reactor))
    redirect(network.accept(), URL)
    assert outcome.error.code == 302
    outcome = Outcome(getPage(URL, redirectLimit=1, reactor=network.reactor))
    redirect(network.accept(), URL)
    redirect(network.accept(), URL)
    assert outcome.error.code == 302


def test_page_and_time(network: Network) -> None:
    """`timeout` is for all of it; without one there is none."""
    outcome = Outcome(getPage(URL, timeout=3, reactor=network.reactor))
    network.accept()
    network.advance(3)
    assert type(outcome.error) is RequestTimeout
    waiting = getPage(URL, reactor=network.reactor)
    peer = network.accept()
    network.advance(1000)
    peer.answer()
    assert result_of(waiting) == b"hello"


@pytest.mark.parametrize(
    "cookies",
    [
        {"a": "1; admin=s3cr3t"},
        {b"a": b"1; admin=s3cr3t"},
        {"a; admin": "s3cr3t"},
        {"a=b": "s3cr3t"},
        {"": "s3cr3t"},
        {"": "admin=s3cr3t"},
        {"a": "s3cr3t\r\n"},
        {"a": "s3cr3t\u20ac"},
    ],
)
def test_page_and_cookies_that_are_none(network: Network, cookies: dict[str, str]) -> None:
    """One cookie does not become two: what no header can carry is refused, and not shown."""
    with pytest.raises(InvalidRequest, match="cookie") as caught:
        getPage(URL, cookies=cookies, reactor=network.reactor)
    assert "s3cr3t" not in str(caught.value)
    assert network.attempts == 0


@pytest.mark.parametrize("bad", [{"agent": "a\r\nb"}, {"cookies": {"a": "b\r\nc"}}])
def test_page_and_injection(network: Network, bad: dict[str, Any]) -> None:
    """Nothing that could split the request is sent."""
    try:
        outcome = Outcome(getPage(URL, reactor=network.reactor, **bad))
    except ValueError:
        pass
    else:
        assert isinstance(outcome.error, ValueError)
    assert network.attempts == 0
