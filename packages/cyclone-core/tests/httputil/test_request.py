"""The request that a handler sees."""

import itertools
import time

import pytest
from twisted.internet.defer import Deferred

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.limits import Limits

FORM = "application/x-www-form-urlencoded"


def form(body: bytes, content_type: str = FORM, uri: str = "/") -> HTTPServerRequest:
    """Make a POST."""
    headers = HTTPHeaders({"Content-Type": content_type})
    return HTTPServerRequest("POST", uri, "HTTP/1.1", headers, body)


def test_defaults() -> None:
    """Method and target make a request; the rest has the defaults of Tornado."""
    request = HTTPServerRequest("GET", "/a/b?c=d?e")
    assert (request.method, request.uri) == ("GET", "/a/b?c=d?e")
    assert (request.path, request.query) == ("/a/b", "c=d?e")
    assert request.version == "HTTP/1.0"
    assert request.headers == HTTPHeaders()
    assert isinstance(request.headers, HTTPHeaders)
    assert (request.body, request.files) == (b"", {})
    assert (request.protocol, request.host) == ("http", "127.0.0.1")
    assert (request.remote_ip, request.connection) == (None, None)


def test_requests_share_nothing() -> None:
    """The default headers, files and arguments of each request are its own."""
    first, second = (HTTPServerRequest("GET", "/") for _ in range(2))
    first.headers["A"] = "b"
    first.files["a"] = []
    first.arguments["a"] = [b"b"]
    assert (second.headers, second.files, second.arguments) == (HTTPHeaders(), {}, {})


def test_the_query_string_is_parsed() -> None:
    """Arguments of the query are there for each method, blank values included."""
    request = HTTPServerRequest("DELETE", "/?a=1&b=&a=%C3%A9&c")
    expected = {"a": [b"1", b"\xc3\xa9"], "b": [b""], "c": [b""]}
    assert request.query_arguments == request.arguments == expected
    assert request.body_arguments == {}


@pytest.mark.parametrize(
    "content_type", [FORM, FORM.upper(), f"{FORM}; charset=utf-8", f"{FORM} ;x"]
)
def test_a_form_is_parsed(content_type: str) -> None:
    """Parameters and case of the content type do not matter; blank values are kept."""
    request = form(b"a=1&b=", content_type)
    assert request.body_arguments == {"a": [b"1"], "b": [b""]}


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", f"{FORM}2", "application/json", "x;" + FORM]
)
def test_other_bodies_are_no_form(content_type: str) -> None:
    """Only the content type of a form makes one."""
    assert form(b"a=1", content_type).body_arguments == {}
    assert HTTPServerRequest("POST", "/", body=b"a=1").arguments == {}


def test_arguments_are_those_of_query_and_form() -> None:
    """The query's come first; the two parts are still told apart."""
    request = form(b"a=2&b=3", uri="/?a=1&c=4")
    assert request.arguments == {"a": [b"1", b"2"], "b": [b"3"], "c": [b"4"]}
    assert request.query_arguments == {"a": [b"1"], "c": [b"4"]}
    assert request.body_arguments == {"a": [b"2"], "b": [b"3"]}
    request.arguments["a"].append(b"5")
    assert request.query_arguments == {"a": [b"1"], "c": [b"4"]}


def test_arguments_are_parsed_once() -> None:
    """What a handler changes in them stays changed."""
    request = form(b"b=2", uri="/?a=1")
    for name in ("query_arguments", "body_arguments", "arguments"):
        assert getattr(request, name) is getattr(request, name)


@pytest.mark.parametrize("where", ["query", "form"])
def test_the_number_of_arguments_is_bounded(where: str) -> None:
    """At `max_arguments` they are parsed; one more is 400 each time that they are asked for."""
    for count, limits in [(3, Limits(max_arguments=3)), (1000, None)]:
        for surplus in (0, 1):
            encoded = "&".join(["a=b"] * (count + surplus))
            headers = HTTPHeaders({"Content-Type": FORM})
            request = HTTPServerRequest(
                "POST",
                f"/?{encoded}" if where == "query" else "/",
                headers=headers,
                body=encoded.encode() if where == "form" else None,
                limits=limits,
            )
            if not surplus:
                assert request.arguments == {"a": [b"b"] * count}
                continue
            for _ in range(2):
                with pytest.raises(HTTPInputError, match="too many arguments") as caught:
                    request.arguments  # noqa: B018 -- a property that raises
                assert caught.value.http_status == 400


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("a", "a"),
        ("Example.ORG:8080", "example.org"),
        ("a:", "a"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("[FE80::1]:80", "[fe80::1]"),
    ],
)
def test_host_name_is_without_port(host: str, name: str) -> None:
    """Routing by host compares lower-case names; the brackets of IPv6 stay."""
    assert HTTPServerRequest("GET", "/", host=host).host_name == name


def test_the_host_is_what_was_asked_for() -> None:
    """The server's word wins over the header, the header over the default."""
    headers = HTTPHeaders({"host": "b"})
    assert HTTPServerRequest("GET", "/", headers=headers).host == "b"
    assert HTTPServerRequest("GET", "/", headers=headers, host="c").host == "c"
    assert HTTPServerRequest("GET", "/", headers=HTTPHeaders({"Host": ""})).host == "127.0.0.1"


def test_full_url() -> None:
    """Protocol, host and target make the URL; `*` stands for no path (RFC 9112 section 3.3)."""
    request = HTTPServerRequest("GET", "/x?y=z", protocol="https", host="a:1")
    assert request.full_url() == "https://a:1/x?y=z"
    assert HTTPServerRequest("OPTIONS", "*", host="a").full_url() == "http://a"


def test_versions() -> None:
    """Only HTTP/1.1 supports HTTP/1.1."""
    assert HTTPServerRequest("GET", "/", "HTTP/1.1").supports_http_1_1()
    assert not HTTPServerRequest("GET", "/", "HTTP/1.0").supports_http_1_1()


def test_repr_holds_no_secret() -> None:
    """What identifies the request is shown, headers and body are not."""
    request = HTTPServerRequest(
        "POST",
        "/x",
        "HTTP/1.1",
        HTTPHeaders({"Cookie": "secret", "Authorization": "secret"}),
        b"secret",
        remote_ip="127.0.0.2",
        host="a",
    )
    assert repr(request) == (
        "HTTPServerRequest(protocol='http', host='a', method='POST', uri='/x',"
        " version='HTTP/1.1', remote_ip='127.0.0.2')"
    )


def test_request_time_stops_with_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It grows until the answer is complete, and is the same ever after."""
    ticks = itertools.count(100.0)
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    request = HTTPServerRequest("GET", "/")
    assert [request.request_time(), request.request_time()] == [1.0, 2.0]
    request.mark_finished()
    assert [request.request_time(), request.request_time()] == [3.0, 3.0]


class Connection:
    """An exchange, as far as a request knows it."""

    def __init__(self) -> None:
        self.end: Deferred[str | None] = Deferred()

    def notifyFinish(self) -> "Deferred[str | None]":
        return self.end


def test_notify_finish_is_that_of_the_exchange() -> None:
    """The request hands out what its exchange knows about the end of the answer."""
    connection = Connection()
    request = HTTPServerRequest("GET", "/", connection=connection)  # type: ignore[arg-type]
    assert request.notifyFinish() is connection.end


def test_a_request_made_by_hand_has_no_end() -> None:
    """Asking for one says why there is none."""
    with pytest.raises(RuntimeError, match="no connection"):
        HTTPServerRequest("GET", "/").notifyFinish()
