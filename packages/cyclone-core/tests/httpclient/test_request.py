"""Requests as programs describe them."""

import datetime as dt
import inspect
from typing import Any, cast

import pytest
from tornado.httpclient import HTTPRequest as TornadosRequest

from cyclone_core.httpclient import AsyncHTTPClient, HTTPRequest
from cyclone_core.httpclient.checks import CALLBACKS, FLAGS, NUMBERS, TEXTS
from cyclone_core.httpclient.request import FetchOptions, RequestOptions, as_headers
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.testing import result_of

from .asking import URL, asked
from .network import Network


def test_attributes() -> None:
    """Nearly all arguments become attributes of their names, and are None or False by default."""
    signature = inspect.signature(HTTPRequest)
    values: dict[str, object] = {name: object() for name in signature.parameters}
    values.update((name, f"of {name}") for name in TEXTS)
    values.update((name, 1000 + number) for number, name in enumerate(NUMBERS))
    values.update((name, True) for name in FLAGS)
    values.update((name, lambda: None) for name in CALLBACKS)
    values["auth_mode"] = "digest"
    special = {"headers": None, "if_modified_since": None, "use_gzip": None, "body": b"b"}
    request = HTTPRequest(**cast("Any", values | special))
    for name, value in values.items():
        if name not in special:
            assert getattr(request, name) is value
    assert request.body == b"b"
    plain = HTTPRequest("u")
    assert (plain.url, plain.method, plain.expect_100_continue) == ("u", "GET", False)
    others = values.keys() - special.keys() - {"url", "method", "expect_100_continue"}
    assert {getattr(plain, name) for name in others} == {None}


def test_options_are_typed() -> None:
    """What `fetch` takes by name are the arguments of a request, no more and no less."""
    names = list(inspect.signature(HTTPRequest).parameters)
    assert set(FetchOptions.__annotations__) == set(names) - {"url"}
    assert set(RequestOptions.__annotations__) == set(names) - {"url", "method"}


def test_order_of_tornado() -> None:
    """Arguments that are given by place are those of Tornado."""
    tornados = list(inspect.signature(TornadosRequest).parameters)
    assert list(inspect.signature(HTTPRequest).parameters)[: len(tornados)] == tornados


def test_text_is_utf8() -> None:
    """A body of text is encoded."""
    assert HTTPRequest("u", body="é").body == b"\xc3\xa9"


@pytest.mark.parametrize(
    ("when", "sent"),
    [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784111777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (784111777.9, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (dt.datetime(1994, 11, 6, 8, 49, 37, tzinfo=dt.UTC), "Sun, 06 Nov 1994 08:49:37 GMT"),
    ],
)
def test_if_modified_since(
    client: AsyncHTTPClient, network: Network, when: float | dt.datetime, sent: str
) -> None:
    """A time becomes a header field; a 304 is the answer, and an error as in Tornado."""
    waiting = client.fetch(URL, if_modified_since=when, raise_error=False)
    peer = network.accept()
    assert asked(peer).headers["If-Modified-Since"] == sent
    peer.send(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n")
    response = result_of(waiting)
    assert (response.code, response.body) == (304, b"")
    assert response.error is not None


@pytest.mark.parametrize(
    ("options", "decodes"),
    [
        ({}, None),
        ({"use_gzip": False}, False),
        ({"use_gzip": False, "decompress_response": True}, True),
        ({"decompress_response": False}, False),
    ],
)
def test_use_gzip(options: dict[str, Any], decodes: bool | None) -> None:
    """`use_gzip` is the older name of `decompress_response`, which wins."""
    assert HTTPRequest("u", **options).decompress_response is decodes


# Header fields.


def test_headers_are_copied() -> None:
    """What was given is not changed by the request, nor the request by what was given."""
    given = HTTPHeaders({"A": "b"})
    request = HTTPRequest("u", headers=given, if_modified_since=1)
    given["A"] = "c"
    assert request.headers["A"] == "b"
    assert "If-Modified-Since" not in given


def test_values() -> None:
    """A value is text, bytes, a number, or a list of them."""
    headers = as_headers({"a": "x", "b": b"\xe9", "c": 1, "d": 1.5, "e": ["1", "2"], "f": ("3",)})
    assert list(headers.get_all()) == [
        ("A", "x"),
        ("B", "é"),
        ("C", "1"),
        ("D", "1.5"),
        ("E", "1"),
        ("E", "2"),
        ("F", "3"),
    ]
    assert dict(as_headers(None)) == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"A": None},
        {"A": [None]},
        {"A": {"b": "c"}},
        {"A": True},
        {1: "b"},
        [("A", "b")],
        "A: b",
        b"A",
        5,
    ],
)
def test_no_headers(headers: Any) -> None:  # noqa: ANN401 -- what it must not be
    """Something else is refused at once, with a word on what it should be."""
    with pytest.raises(TypeError, match="header"):
        HTTPRequest("u", headers=headers)


@pytest.mark.parametrize("name", ["", "a b", "a:", "é", "a\n"])
def test_no_name(name: str) -> None:
    """So is a name that is none."""
    with pytest.raises(ValueError, match="header name"):
        HTTPRequest("u", headers={name: "b"})


@pytest.mark.parametrize("name", ["headers", "body", "url", "method", "request_timeout"])
def test_changed_afterwards(client: AsyncHTTPClient, network: Network, name: str) -> None:
    """A program may change the attributes of a request that it has made, as in Tornado."""
    values: dict[str, Any] = {
        "headers": {"A": "b"},
        "body": "é",
        "url": URL + "x",
        "method": "PATCH",
        "request_timeout": 3,
    }
    request = HTTPRequest(URL, "POST", body=b"")
    setattr(request, name, values[name])
    waiting = client.fetch(request)
    peer = network.accept()
    seen = asked(peer)
    peer.answer()
    result_of(waiting)
    assert seen.headers.get("A") == ("b" if name == "headers" else None)
    assert seen.body == ("é".encode() if name == "body" else b"")
    assert seen.target == ("/x" if name == "url" else "/")
    assert seen.method == ("PATCH" if name == "method" else "POST")


def test_no_headers_afterwards(client: AsyncHTTPClient, network: Network) -> None:
    """To take all header fields away is to give none."""
    request = HTTPRequest(URL, headers={"A": "b"})
    cast("Any", request).headers = None
    waiting = client.fetch(request)
    peer = network.accept()
    assert "A" not in asked(peer).headers
    peer.answer()
    result_of(waiting)


# What is shown.


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://a/b", " http://a/b"),
        ("http://me:s3cr3t@a/b", " http://a/b"),
        ("http://me:s3cr3t@a/b?token=s3cr3t@d", " http://a/b?..."),
        ("http://a/b?token=s3cr3t", " http://a/b?..."),
        ("http://u:s3cr3t?x@h", ""),
        ("http://me:s3cr3t#x@a/b", ""),
        ("/relative?token=s3cr3t", ""),
        (None, ""),
    ],
)
def test_repr(url: Any, shown: str) -> None:  # noqa: ANN401 -- whatever a program has put there
    """A representation shows neither a password nor a query, and nothing of what is no URL."""
    assert repr(HTTPRequest(url)) == f"<HTTPRequest GET{shown}>"


def test_start_time() -> None:
    """A request knows when it was made."""
    assert abs(HTTPRequest("u").start_time - dt.datetime.now(dt.UTC).timestamp()) < 60
