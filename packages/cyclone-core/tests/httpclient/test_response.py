"""Answers as programs get them."""

import encodings
import io
import pickle
from time import thread_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httpclient import (
    AsyncHTTPClient,
    HTTPClient,
    HTTPClientError,
    HTTPRequest,
    HTTPResponse,
)
from cyclone_core.httpclient.charsets import CHARSETS, decode_text
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.testing import result_of

from .asking import URL, Outcome
from .network import Network

REQUEST = HTTPRequest("http://a/")


def response(body: bytes = b"", code: int = 200, **headers: str) -> HTTPResponse:
    """Make an answer."""
    fields = HTTPHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    return HTTPResponse(REQUEST, code, fields, io.BytesIO(body))


# Made by hand, as tests of handlers do.


def test_defaults() -> None:
    """An answer needs a request and a status; the rest has sensible defaults."""
    made = HTTPResponse(REQUEST, 200)
    assert (made.request, made.code, made.reason, made.phrase) == (REQUEST, 200, "OK", "OK")
    assert (made.body, made.buffer.getvalue(), made.text) == (b"", b"", "")
    assert (made.effective_url, made.error, made.length) == ("http://a/", None, -1)
    assert (made.request_time, made.time_info, made.start_time) == (None, {}, None)
    assert dict(made.headers) == dict(made.trailers) == {}
    made.rethrow()


def test_all_arguments() -> None:
    """Everything can be given, in Tornado's order."""
    error = ValueError()
    made = HTTPResponse(
        REQUEST,
        404,
        HTTPHeaders({"A": "b"}),
        io.BytesIO(b"body"),
        "http://b/",
        error,
        1.5,
        {"queue": 1.0},
        "Gone Fishing",
        7.0,
    )
    assert (made.headers["A"], made.body, made.effective_url) == ("b", b"body", "http://b/")
    assert (made.request_time, made.time_info) == (1.5, {"queue": 1.0})
    assert (made.reason, made.start_time) == ("Gone Fishing", 7.0)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 -- that one
        made.rethrow()
    assert caught.value is error


@pytest.mark.parametrize("code", [200, 204, 206, 299])
def test_success(code: int) -> None:
    """Statuses from 200 to 299 are no errors."""
    assert HTTPResponse(REQUEST, code).error is None


@pytest.mark.parametrize("code", [101, 199, 300, 304, 404, 500, 599, 799])
def test_error(code: int) -> None:
    """All others are; the error has the answer."""
    made = HTTPResponse(REQUEST, code)
    assert isinstance(made.error, HTTPClientError)
    assert (made.error.code, made.error.response) == (code, made)
    with pytest.raises(HTTPClientError):
        made.rethrow()


def test_buffer_and_body() -> None:
    """The body can be had as bytes and as a file, in any order; to set it sets both."""
    made = response(b"body")
    assert made.buffer.read() == b"body"
    assert made.body == b"body"
    made.body = b"other"
    assert (made.buffer.getvalue(), made.body) == (b"other", b"other")


def test_repr() -> None:
    """A representation shows status and URL, but neither credentials nor a query."""
    assert repr(response(code=404)) == "<HTTPResponse 404 Not Found, http://a/>"
    made = HTTPResponse(HTTPRequest("http://me:s3cr3t@a/b?token=s3cr3t"), 200)
    assert repr(made) == "<HTTPResponse 200 OK, http://a/b?...>"
    assert repr(HTTPResponse(HTTPRequest("s3cr3t"), 200)) == "<HTTPResponse 200 OK>"


# Text and JSON.


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/plain; charset=latin-1", b"\xe9", "é"),
        ('text/plain; charset="UTF-8"', b"\xc3\xa9", "é"),
        ("text/plain", b"\xc3\xa9", "é"),
        ("text/plain; charset=utf-16", b"\xff\xfea\x00", "a"),
        ("text/plain", b"\xff", "\ufffd"),
        ("text/plain; charset=ascii", b"\xe9", "\ufffd"),
        ("text/plain; charset=nonsense", b"\xc3\xa9", "é"),
        ("text/plain; charset=", b"\xc3\xa9", "é"),
        ("", b"a", "a"),
        (";;;=;", b"a", "a"),
        # What Python knows beside encodings of text, or calls one.
        ("x; charset=hex", b"61", "61"),
        ("x; charset=zlib", b"a", "a"),
        ("x; charset=rot13", b"a", "a"),
        ("x; charset=idna", b"xn--a", "xn--a"),
        ("x; charset=punycode", b"a-\xc3\xa9", "a-é"),
        ("x; charset=undefined", b"a", "a"),
        ("x; charset=unicode_escape", b"\\x41", "\\x41"),
        ("x; charset=raw_unicode_escape", b"\\u0041", "\\u0041"),
        ("x; charset=palmos.__doc__", b"a", "a"),
        ("x; charset=Windows-1252", b"\x80", "€"),
        ("x; charset=ISO_8859-15:", b"\xa4", "€"),
        ("x; charset=IBM866", b"\x80", "А"),  # noqa: RUF001 -- Cyrillic
        ("x; charset=Shift_JIS", b"\x82\xa0", "あ"),
        ("x; charset=cp65001", b"\xc3\xa9", "é"),
        ("x; charset=1250", b"\x8a", "Š"),
        ("x; charset=\xe9", b"a", "a"),
        ("x; charset=utf-7", b"+AOk-", "+AOk-"),  # no browser knows it, for what it can hide
    ],
)
def test_text(kind: str, body: bytes, text: str | None) -> None:
    """Text is decoded as the server says, and never fails: what is wrong is replaced."""
    made = response(body, Content_Type=kind)
    assert isinstance(made.text, str)
    if text is not None:
        assert made.text == text


@pytest.mark.parametrize("charset", ["punycode", "idna", "utf-7", *sorted(CHARSETS)])
@pytest.mark.parametrize("unit", [b"\xe9", b"a", b"\x1b"])
def test_text_is_decoded_in_linear_time(charset: str, unit: bytes) -> None:
    """No server chooses an encoding whose decoder takes the square of the length."""
    made = response(unit * 200_000, Content_Type=f"text/plain; charset={charset}")
    start = thread_time()
    assert isinstance(made.text, str)
    assert thread_time() - start < 2


def test_charsets_exist() -> None:
    """Each that is known can be decoded, and its name is found."""
    for charset in CHARSETS:
        assert b"".decode(charset) == ""
        assert decode_text(b"", charset) == ""


def test_unknown_charsets_are_not_looked_up() -> None:
    """Python keeps each name that it was asked for, so a server must not choose them."""
    decode_text(b"a", "utf-8")
    kept = len(vars(encodings)["_cache"])
    for number in range(10):
        assert decode_text(b"\xc3\xa9", f"nonsense-{number}") == "é"
    assert len(vars(encodings)["_cache"]) == kept


@given(charset=st.text(st.characters(max_codepoint=255), max_size=12), body=st.binary(max_size=30))
def test_text_whatever(charset: str, body: bytes) -> None:
    """Whatever a server calls its charset, there is text."""
    made = response(body)
    try:
        made.headers["Content-Type"] = f"text/plain; charset={charset}"
    except ValueError:
        return
    assert isinstance(made.text, str)


def test_json() -> None:
    """JSON is read in the encodings that it may have."""
    assert response(b'{"a": [1, null]}').json() == {"a": [1, None]}
    assert response('"é"'.encode("utf-16")).json() == "é"
    assert response(b"\xef\xbb\xbf1").json() == 1


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xff", b"[" * 200_000])
def test_no_json(body: bytes) -> None:
    """What is none is a `ValueError`, however deep it is."""
    with pytest.raises(ValueError):  # noqa: PT011 -- of any kind
        response(body).json()


# Cookies.


def test_cookies() -> None:
    """What the answer sets can be had by name."""
    made = response()
    for line in (
        "a=1; Path=/; HttpOnly",
        "b = 2 ",
        'c="x y"; Secure',
        "d=e=f",
        "empty=",
        "a=3",
        "nothing",
        "=nameless",
        "",
        'q="\\303\\251"',
    ):
        made.headers.add("Set-Cookie", line)
    found = made.cookies
    assert found["a"] == "3"
    assert found["b"] == "2"
    assert found["c"] == "x y"
    assert found["d"] == "e=f"
    assert found["empty"] == ""
    assert set(found) == {"a", "b", "c", "d", "empty", "q"}


def test_cookies_are_read_in_linear_time() -> None:
    """A value of escapes costs what its length costs (CVE-2024-7592)."""
    made = response(Set_Cookie='a="' + "\\a" * 250_000 + '"')
    start = thread_time()
    assert made.cookies == {"a": "a" * 250_000}
    assert thread_time() - start < 2


# From a server.


def test_from_a_server(client: AsyncHTTPClient, network: Network) -> None:
    """An answer has what the server has said, and how long it took."""
    waiting = client.fetch(URL + "a#b")
    network.advance(1)
    peer = network.accept()
    network.advance(2)
    peer.send(b"HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nX-A: 1\r\nX-A: 2\r\n\r\n")
    network.advance(4)
    peer.send(b"hello")
    made = result_of(waiting)
    assert (made.code, made.reason, made.phrase) == (200, "Fine", "Fine")
    assert made.headers.get_list("X-A") == ["1", "2"]
    assert (made.body, made.text, made.length) == (b"hello", "hello", 5)
    assert made.effective_url == URL + "a"
    assert made.time_info == {"connect": 1, "queue": 0, "starttransfer": 3, "total": 7}
    assert made.request_time == 7
    assert made.start_time == made.request.start_time


def test_without_reason(client: AsyncHTTPClient, network: Network) -> None:
    """A server need not give a reason; then the usual one stands there."""
    waiting = client.fetch(URL, raise_error=False)
    network.accept().send(b"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n")
    made = result_of(waiting)
    assert made.reason == "Not Found"
    assert str(made.error) == "HTTP 404: Not Found"


def test_length_of_chunks(client: AsyncHTTPClient, network: Network) -> None:
    """The length of a body in chunks is known by nobody; header fields behind it are told."""
    waiting = client.fetch(URL)
    network.accept().send(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\nX-Sum: 9\r\n\r\n"
    )
    made = result_of(waiting)
    assert (made.body, made.length, made.trailers["x-sum"]) == (b"abcde", -1, "9")


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("HEAD", b"200 OK\r\nContent-Length: 5"),
        ("HEAD", b"200 OK\r\nTransfer-Encoding: chunked"),
        ("GET", b"204 No Content"),
        ("GET", b"304 Not Modified\r\nContent-Length: 5"),
        ("GET", b"200 OK\r\nContent-Length: 0"),
    ],
)
def test_no_body(client: AsyncHTTPClient, network: Network, method: str, head: bytes) -> None:
    """Where there is no body none is waited for, and the connection is kept."""
    for _ in range(2):
        waiting = client.fetch(URL, method=method, raise_error=False)
        peer = network.accept() if network.attempts else network.peers[0]
        peer.send(b"HTTP/1.1 " + head + b"\r\n\r\n")
        assert result_of(waiting).body == b""
    assert len(network.peers) == 1


def test_error_can_be_pickled(client: AsyncHTTPClient, network: Network) -> None:
    """An error goes into other processes, without its answer's connection."""
    outcome = Outcome(client.fetch(URL))
    network.accept().answer(b"", "503 Busy")
    error = outcome.error
    error.response = None
    error.args = (error.code, error.message, None)
    again: Any = pickle.loads(pickle.dumps(error))  # noqa: S301 -- our own
    assert (again.code, again.message) == (503, "Busy")


def test_json_of_a_server(http: HTTPClient, network: Network) -> None:
    """The client for new code gives the same answers."""
    waiting = http.get(URL)
    network.accept().answer(b"[1]", Content_Type="application/json", Set_Cookie="a=b")
    made = result_of(waiting)
    assert (made.json(), made.cookies) == ([1], {"a": "b"})
