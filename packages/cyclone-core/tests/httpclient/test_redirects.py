"""Where redirects lead, what goes along, and what does not."""

from typing import Any

import pytest

from cyclone_core.http1 import ResponseHead, ResponseReader
from cyclone_core.httpclient import (
    AsyncHTTPClient,
    CookieJar,
    HTTPClient,
    HTTPClientError,
    HTTPRequest,
    TooManyRedirects,
    UnsafeRedirect,
)
from cyclone_core.httpclient.bodies import Body
from cyclone_core.httpclient.messages import Hop
from cyclone_core.httpclient.redirects import follow
from cyclone_core.httpclient.settings import response_limits
from cyclone_core.httpclient.urls import parse_url
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.testing import result_of

from .asking import ELSEWHERE, PASSWORD, URL, Asked, Clients, Outcome, asked, redirect
from .network import Network, Peer


def follows(client: AsyncHTTPClient, network: Network, location: str, **options: Any) -> Asked:  # noqa: ANN401 -- of a request
    """Give what is asked behind a redirect."""
    options.setdefault("headers", {"Authorization": "secret", "Cookie": "a=b"})
    waiting = client.fetch(URL, **options)
    peer = network.accept()
    redirect(peer, location)
    peer = network.accept() if network.attempts else peer
    second = asked(peer)
    peer.answer()
    assert result_of(waiting).code == 200
    return second


# Where they lead.


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/b?c=d", "/b?c=d"),
        ("c", "/a/c"),
        ("../c", "/c"),
        ("?d", "/a/b?d"),
        ("", "/a/b"),
        ("//127.0.0.1/d#e", "/d"),
        ("http://127.0.0.1:80/d", "/d"),
        ("HTTP://127.0.0.1/d", "/d"),
        ("/ blank", "/%20blank"),
        ("/\xe4", "/%E4"),
        ("/a\\b", "/a%5Cb"),
    ],
)
def test_relative(client: AsyncHTTPClient, network: Network, location: str, target: str) -> None:
    """A location is relative to what was asked for, and escaped as browsers have it."""
    waiting = client.fetch(URL + "a/b")
    peer = network.accept()
    peer.take()
    peer.send(
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
        + location.encode("latin-1")
        + b"\r\n\r\n"
    )
    assert asked(peer).target == target
    peer.answer()
    assert result_of(waiting).effective_url == f"http://127.0.0.1{target}"


@pytest.mark.parametrize(
    "location",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,x",
        "gopher://127.0.0.1:25/_MAIL",
        "about:blank",
        "http:/\\127.0.0.2/",
        "http://",
        "http://127.0.0.1:99999/",
        "http://a@b@c/",
        "http://127.0.0.1\\@127.0.0.2/",
        "//[::1",
        "http:///etc/passwd",
    ],
)
def test_not_followed(client: AsyncHTTPClient, network: Network, location: str) -> None:
    """Another scheme than http and https, or what is no URL, is an error; it has the answer."""
    outcome = Outcome(client.fetch(URL))
    redirect(network.accept(), location, "301 Moved")
    assert type(outcome.error) is UnsafeRedirect
    assert outcome.error.code == 301
    assert outcome.error.response.headers["Location"] == location
    assert outcome.error.response.error is outcome.error
    assert network.attempts == 0


def test_two_locations(client: AsyncHTTPClient, network: Network) -> None:
    """A redirect that names two places leads nowhere."""
    outcome = Outcome(client.fetch(URL))
    network.accept().send(
        b"HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    )
    assert type(outcome.error) is UnsafeRedirect


@pytest.mark.parametrize("status", [300, 304, 305, 306, 309, 399])
def test_no_redirect(client: AsyncHTTPClient, network: Network, status: int) -> None:
    """Other statuses lead nowhere, even with a location."""
    outcome = Outcome(client.fetch(URL))
    network.accept().send(
        f"HTTP/1.1 {status} X\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n".encode()
    )
    assert (type(outcome.error), outcome.error.code) == (HTTPClientError, status)


def test_without_location(client: AsyncHTTPClient, network: Network) -> None:
    """A redirect that does not say where is an answer like others."""
    outcome = Outcome(client.fetch(URL))
    network.accept().answer(b"where?", "302 Found")
    assert (type(outcome.error), outcome.error.response.body) == (HTTPClientError, b"where?")


# How many.


@pytest.mark.parametrize("most", [1, 5])
def test_too_many(client: AsyncHTTPClient, network: Network, most: int) -> None:
    """After `max_redirects` the next one is an error, whose answer can be read."""
    outcome = Outcome(client.fetch(URL, max_redirects=most))
    peer = network.accept()
    for number in range(most):
        redirect(peer, f"/{number}")
    peer.answer(b"page", "302 Found", Location="/more?token=s3cr3t")
    assert type(outcome.error) is TooManyRedirects
    assert (outcome.error.code, outcome.error.response.body) == (302, b"page")
    assert f"{most} redirects" in str(outcome.error)
    assert "http://127.0.0.1/more?... is" in str(outcome.error)


def test_default_bound(client: AsyncHTTPClient, network: Network) -> None:
    """By default five are followed, as in Tornado."""
    waiting = client.fetch(URL)
    peer = network.accept()
    for _ in range(5):
        redirect(peer, URL)
    peer.answer()
    assert result_of(waiting).code == 200


@pytest.mark.parametrize("option", [{"max_redirects": 0}, {"follow_redirects": False}])
def test_none_wanted(client: AsyncHTTPClient, network: Network, option: dict[str, Any]) -> None:
    """Who wants no redirects gets them: they are answers."""
    outcome = Outcome(client.fetch(URL, **option))
    network.accept().answer(b"page", "302 Found", Location="/more")
    assert type(outcome.error) is HTTPClientError
    assert outcome.error.response.body == b"page"


@pytest.mark.parametrize(
    ("location", "kind"), [("ftp://a/", UnsafeRedirect), ("/more", TooManyRedirects)]
)
def test_no_exception_wanted(
    client: AsyncHTTPClient, network: Network, location: str, kind: type[Exception]
) -> None:
    """With `raise_error=False` one gets the redirect that was not followed; `error` says why."""
    waiting = client.fetch(URL, raise_error=False, max_redirects=1)
    peer = network.accept()
    redirect(peer, URL)
    redirect(peer, location)
    response = result_of(waiting)
    assert (response.code, type(response.error)) == (302, kind)
    with pytest.raises(kind):
        response.rethrow()


# Methods and bodies.

TABLE = [
    # status, method, method behind it, whether the body goes along
    (301, "GET", "GET", False),
    (301, "HEAD", "HEAD", False),
    (301, "POST", "GET", False),
    (301, "PUT", "PUT", True),
    (301, "DELETE", "DELETE", False),
    (301, "PATCH", "PATCH", True),
    (302, "GET", "GET", False),
    (302, "HEAD", "HEAD", False),
    (302, "POST", "GET", False),
    (302, "PUT", "PUT", True),
    (302, "DELETE", "DELETE", False),
    (303, "GET", "GET", False),
    (303, "HEAD", "HEAD", False),
    (303, "POST", "GET", False),
    (303, "PUT", "GET", False),
    (303, "DELETE", "GET", False),
    (307, "GET", "GET", False),
    (307, "HEAD", "HEAD", False),
    (307, "POST", "POST", True),
    (307, "PUT", "PUT", True),
    (307, "DELETE", "DELETE", False),
    (308, "GET", "GET", False),
    (308, "HEAD", "HEAD", False),
    (308, "POST", "POST", True),
    (308, "PUT", "PUT", True),
    (308, "DELETE", "DELETE", False),
]


@pytest.mark.parametrize(("status", "method", "then", "keeps"), TABLE)
def test_methods(
    client: AsyncHTTPClient, network: Network, status: int, method: str, then: str, keeps: bool
) -> None:
    """Status and method decide what is asked next (RFC 9110 section 15.4, and as browsers do it)."""
    body = b"body" if method in {"POST", "PUT", "PATCH"} else None
    waiting = client.fetch(URL, method=method, body=body, headers={"Content-Type": "x/y"})
    peer = network.accept()
    assert redirect(peer, "/there", f"{status} X").method == method
    second = asked(peer)
    assert (second.method, second.target) == (then, "/there")
    assert second.body == (b"body" if keeps else b"")
    assert second.headers.get("Content-Length") == ("4" if keeps else None)
    if body is not None:
        assert ("Content-Type" in second.headers) == keeps
    peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert result_of(waiting).code == 204


def test_fields_of_the_body(client: AsyncHTTPClient, network: Network) -> None:
    """With the body go the header fields that are about it."""
    fields = {
        "Content-Encoding": "x",
        "Content-Language": "x",
        "Content-Location": "x",
        "Content-Type": "x/y",
        "Content-Length": "4",
        "Content-Md5": "x",
        "Expect": "100-continue",
        "Trailer": "X-Sum",
        "Digest": "x",
        "Repr-Digest": "x",
        "Content-Digest": "x",
        "X-Mine": "x",
    }
    waiting = client.fetch(URL, method="POST", body=b"body", headers=fields)
    peer = network.accept()
    redirect(peer, "/there", "303 See Other")
    fresh = network.accept()
    assert set(asked(fresh).headers) == {"Host", "X-Mine", "User-Agent", "Accept-Encoding"}
    fresh.answer()
    result_of(waiting)


def test_chunked_body_goes_along(client: AsyncHTTPClient, network: Network) -> None:
    """A body that is made piece by piece is made again."""
    waiting = client.fetch(URL, method="POST", body=[b"ab", b"cd"])
    peer = network.accept()
    assert redirect(peer, "/there", "308 X").body == b"2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"
    assert asked(peer).body == b"2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"
    peer.answer()
    result_of(waiting)


def test_body_that_cannot_go_along(client: AsyncHTTPClient, network: Network) -> None:
    """One that can be made only once cannot."""
    outcome = Outcome(client.fetch(URL, method="POST", body=iter([b"ab"])))
    redirect(network.accept(), "/there?token=s3cr3t", "307 X")
    assert type(outcome.error) is UnsafeRedirect
    assert str(outcome.error).endswith("a second time, to http://127.0.0.1/there?...")


def test_body_that_need_not_go_along(client: AsyncHTTPClient, network: Network) -> None:
    """That is no matter where it is not sent again."""
    waiting = client.fetch(URL, method="POST", body=iter([b"ab"]))
    peer = network.accept()
    redirect(peer, "/there", "303 X")
    assert asked(peer).method == "GET"
    peer.answer()
    result_of(waiting)


def head_of(raw: bytes, method: str = "GET") -> ResponseHead:
    """Read a head."""
    reader = ResponseReader(response_limits(None))
    reader.expect(method)
    reader.receive_data(raw + b"\r\n\r\n")
    head = reader.next_event()
    assert isinstance(head, ResponseHead)
    return head


@pytest.mark.parametrize(("status", "refused"), [(307, True), (308, True), (301, False)])
def test_body_leaves_https(status: int, refused: bool) -> None:
    """A body that was sent over https does not go on without it."""
    hop = Hop(parse_url("https://a/"), "POST", HTTPHeaders(), Body(b"body", None))
    head = head_of(b"HTTP/1.1 %d X\r\nLocation: http://a/?token=s3cr3t" % status, "POST")
    if refused:
        with pytest.raises(UnsafeRedirect, match=r"http://a/\?\.\.\. would get it in clear"):
            follow(hop, head, 0, 5)
    else:
        following = follow(hop, head, 0, 5)
        assert following is not None
        assert following.body.content is None


# Secrets.


@pytest.mark.parametrize(
    ("here", "location", "kept"),
    [
        ("http://a/", "/there", True),
        ("http://a/", "http://a:80/", True),
        ("http://a/", "http://A/", True),
        ("https://a/", "https://a:443/", True),
        ("http://a/", "//a/x", True),
        ("http://a/", "http://b/", False),
        ("http://a/", "http://a:81/", False),
        ("http://a/", "https://a/", False),
        ("https://a/", "http://a/", False),
        ("https://a/", "https://b.a/", False),
        ("https://a/", "https://a.evil/", False),
        ("https://a/", "https://a@evil/", False),
        ("https://a/", "http://a:443/", False),
        ("https://a/", "https://a./", False),
    ],
)
def test_origins(here: str, location: str, kept: bool) -> None:
    """Secrets go along as long as scheme, host and port are the same, and to nobody else."""
    names = ("Authorization", "Cookie", "Proxy-Authorization", "Host")
    headers = HTTPHeaders(dict.fromkeys(names, "secret"))
    hop = Hop(parse_url(here), "GET", headers, Body(None, None))
    following = follow(hop, head_of(f"HTTP/1.1 302 X\r\nLocation: {location}".encode()), 0, 5)
    assert following is not None
    assert following.trusted == kept
    assert dict(following.headers) == (dict(headers) if kept else {})
    assert len(headers) == 4


@pytest.mark.parametrize("location", [ELSEWHERE, "http://127.0.0.1:81/"])
def test_headers_stay(client: AsyncHTTPClient, network: Network, location: str) -> None:
    """Another origin gets neither `Authorization`, `Cookie` nor `Host`; other fields it gets."""
    headers = {"Authorization": "secret", "Cookie": "a=b", "Host": "mine", "X-Mine": "y"}
    second = follows(client, network, location, headers=headers)
    assert "Authorization" not in second.headers
    assert "Cookie" not in second.headers
    assert second.headers["Host"] == location[7:-1]
    assert second.headers["X-Mine"] == "y"


def test_headers_go_along(client: AsyncHTTPClient, network: Network) -> None:
    """The same origin gets all of them."""
    headers = {"Authorization": "secret", "Cookie": "a=b", "Host": "mine"}
    second = follows(client, network, "/there", headers=headers)
    assert dict(second.headers) | headers == dict(second.headers)


@pytest.mark.parametrize(
    ("location", "sent"),
    [
        ("/there", "Basic bWU6cHc="),
        (URL + "there", "Basic bWU6cHc="),
        (ELSEWHERE, None),
        ("http://127.0.0.1:81/", None),
        ("http://you:their@127.0.0.2/", "Basic eW91OnRoZWly"),
    ],
)
@pytest.mark.parametrize("in_url", [True, False])
def test_name_and_password(
    client: AsyncHTTPClient, network: Network, location: str, sent: str | None, in_url: bool
) -> None:
    """Name and password, as options or in the URL, are for the origin that they were given for."""
    if in_url:
        waiting = client.fetch("http://me:pw@127.0.0.1/")
    else:
        waiting = client.fetch(URL, auth_username="me", auth_password=PASSWORD)
    peer = network.accept()
    assert redirect(peer, location).headers["Authorization"] == "Basic bWU6cHc="
    peer = network.accept() if network.attempts else peer
    assert asked(peer).headers.get("Authorization") == sent
    peer.answer()
    result_of(waiting)


def test_there_and_back(client: AsyncHTTPClient, network: Network) -> None:
    """Who was led away is not trusted when it leads back: it may have chosen the path."""
    waiting = client.fetch(URL, auth_username="me", headers={"Cookie": "a=b"})
    first = network.accept()
    redirect(first, ELSEWHERE)
    redirect(network.accept(), URL + "delete-all")
    again = asked(first)
    assert "Authorization" not in again.headers
    assert "Cookie" not in again.headers
    first.answer()
    result_of(waiting)


def test_cookies_of_the_jar(clients: Clients, network: Network) -> None:
    """What a redirect sets is sent to the next page, and to no other server."""
    http = clients.new()
    waiting = http.get(URL)
    peer = network.accept()
    peer.answer(b"", "302 Found", Location="/there", Set_Cookie="a=b")
    assert redirect(peer, ELSEWHERE).headers["Cookie"] == "a=b"
    other = network.accept()
    assert "Cookie" not in asked(other).headers
    other.answer()
    result_of(waiting)


def test_given_cookie_at_other_origin(clients: Clients, network: Network) -> None:
    """Where the cookies of the program do not go, those of the jar for that server do."""
    jar = CookieJar()
    http = clients.new(cookies=jar)
    jar.set("theirs", "1", domain="127.0.0.2")
    waiting = http.get(URL, headers={"Cookie": "mine=1"})
    peer = network.accept()
    assert redirect(peer, ELSEWHERE).headers["Cookie"] == "mine=1"
    other = network.accept()
    assert asked(other).headers["Cookie"] == "theirs=1"
    other.answer()
    result_of(waiting)


# What a client sends to its own server.


def test_home(clients: Clients, network: Network) -> None:
    """Header fields and credentials of a client go to the origin of its `base_url`."""
    http = clients.new(
        base_url="http://127.0.0.1/v1/",
        headers={"Authorization": "token", "Host": "mine", "X-Mine": "y"},
    )
    waiting = http.get("things")
    peer = network.accept()
    first = asked(peer)
    assert first.target == "/v1/things"
    assert (first.headers["Authorization"], first.headers["Host"]) == ("token", "mine")
    peer.answer()
    result_of(waiting)


@pytest.mark.parametrize("redirected", [True, False])
def test_not_home(clients: Clients, network: Network, redirected: bool) -> None:
    """They go to no other, whether it is asked by its URL or a redirect leads there."""
    http = clients.new(
        base_url="http://127.0.0.1/v1/",
        headers={
            "Authorization": "token",
            "Cookie": "a=b",
            "Proxy-Authorization": "x",
            "Host": "mine",
            "X-Mine": "y",
        },
        auth_username="me",
        auth_password=PASSWORD,
    )
    waiting = http.get("/" if redirected else ELSEWHERE)
    if redirected:
        redirect(network.accept(), ELSEWHERE)
    other = network.accept()
    sent = asked(other).headers
    assert set(sent) == {"Host", "X-Mine", "User-Agent", "Accept-Encoding"}
    assert sent["Host"] == "127.0.0.2"
    other.answer()
    result_of(waiting)


def test_given_elsewhere(clients: Clients, network: Network) -> None:
    """What a request itself says goes where the request goes."""
    http = clients.new(base_url=URL, auth_username="me", headers={"Authorization": "token"})
    waiting = http.get(ELSEWHERE, headers={"Authorization": "other"})
    peer = network.accept()
    assert asked(peer).headers["Authorization"] == "other"
    peer.answer()
    result_of(waiting)


def test_no_home(clients: Clients, network: Network) -> None:
    """A client without `base_url` sends them to whoever is asked; not where redirects lead."""
    client = clients.tornado(defaults={"auth_username": "me", "auth_password": "pw"})
    second = follows(client, network, ELSEWHERE, headers={})
    assert "Authorization" not in second.headers


# The body of a redirect.


def big(peer: Peer) -> None:
    """Send a redirect with a body that is too long to be read."""
    peer.send(
        b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 100000\r\n\r\n" + b"x" * 1000
    )


def test_small_body(client: AsyncHTTPClient, network: Network) -> None:
    """A small page that comes with a redirect is read, and the connection used again."""
    waiting = client.fetch(URL)
    peer = network.accept()
    peer.answer(b"x" * 65536, "302 Found", Location="/there")
    peer.answer()
    assert result_of(waiting).body == b"hello"


def test_large_body(client: AsyncHTTPClient, network: Network) -> None:
    """A large one is not: the connection is closed, and another one made."""
    waiting = client.fetch(URL)
    peer = network.accept()
    big(peer)
    assert peer.closed
    network.accept().answer()
    assert result_of(waiting).body == b"hello"


def test_endless_body(client: AsyncHTTPClient, network: Network) -> None:
    """So it is with one whose length nobody has said."""
    waiting = client.fetch(URL)
    peer = network.accept()
    peer.send(b"HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\n", b"x" * 65536)
    assert not peer.closed
    peer.send(b"x")
    assert peer.closed
    network.accept().answer()
    assert result_of(waiting).body == b"hello"


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 1000\r\n\r\n" + b"x" * 1000,
        b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n",
    ],
)
def test_bound_of_the_answer(clients: Clients, network: Network, body: bytes) -> None:
    """`max_body_size` is a bound of the answer that one gets, not of a redirect's page."""
    client = clients.tornado(max_body_size=10)
    waiting = client.fetch(URL)
    peer = network.accept()
    peer.send(b"HTTP/1.1 302 Found\r\nLocation: /there\r\n" + body)
    peer = network.accept() if network.attempts else peer
    peer.answer()
    assert result_of(waiting).body == b"hello"


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 10\r\n\r\nx",
        b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\n",
    ],
)
def test_damaged_body(client: AsyncHTTPClient, network: Network, rest: bytes) -> None:
    """That the page of a redirect is cut off or damaged is no matter: nobody wants it."""
    waiting = client.fetch(URL)
    peer = network.accept()
    peer.send(b"HTTP/1.1 302 Found\r\nLocation: /there\r\n" + rest)
    peer.close()
    network.accept().answer()
    assert result_of(waiting).body == b"hello"


def test_coded_body(client: AsyncHTTPClient, network: Network) -> None:
    """Nor is it decoded."""
    waiting = client.fetch(URL)
    peer = network.accept()
    peer.answer(b"no gzip", "302 Found", Location="/there", Content_Encoding="gzip")
    peer.answer()
    assert result_of(waiting).body == b"hello"


# The request stays as it is.


def test_request_is_not_changed(client: AsyncHTTPClient, network: Network) -> None:
    """The answer has the request that was given, and that is as it was."""
    request = HTTPRequest(URL, "POST", {"A": "b"}, b"body", auth_username="me")
    waiting = client.fetch(request)
    peer = network.accept()
    redirect(peer, ELSEWHERE, "303 X")
    network.accept().answer()
    response = result_of(waiting)
    assert response.request is request
    assert response.effective_url == ELSEWHERE
    assert (request.url, request.method, request.body) == (URL, "POST", b"body")
    assert dict(request.headers) == {"A": "b"}


def test_host_of_client_without_trust(http: HTTPClient, network: Network) -> None:
    """Options of TLS and proxies are no headers: a redirect does not need them to be followed."""
    waiting = http.get(URL, validate_cert=False, server_name="a.example")
    redirect(network.accept(), ELSEWHERE)
    network.accept().answer()
    assert result_of(waiting).code == 200
