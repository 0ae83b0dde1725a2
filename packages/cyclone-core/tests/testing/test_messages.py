"""Requests as the test client writes them."""

import io
from pathlib import Path
from typing import Any, cast

import pytest

from cyclone_core.httputil import HTTPFile, HTTPHeaders
from cyclone_core.httputil.forms import parse_body_arguments
from cyclone_core.testing.messages import (
    Body,
    Message,
    Target,
    as_headers,
    locate,
    make_body,
)

Whatever = Any


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("/", "http://here/"),
        ("/a?b=c", "http://here/a?b=c"),
        ("/a#part", "http://here/a"),
        ("/a b/\u00e4?\u00e4=\n", "http://here/a%20b/%C3%A4?%C3%A4=%0A"),
        ("/%2f", "http://here/%2f"),
        ("*", "http://here"),
        ("https://There:8443/x?y", "https://There:8443/x?y"),
        ("HTTP://there", "http://there/"),
        ("http://there?a/b", "http://there/?a/b"),
    ],
)
def test_locate(uri: str, found: str) -> None:
    """A path is asked from the default host, a URL says whom to ask; what a URL may not hold is escaped."""
    assert locate(uri, "http", "here").url == found


def test_host_name() -> None:
    """The name of the host has no port, no brackets and no capitals."""
    assert Target("http", "Example.ORG:80", "/").host_name == "example.org"
    assert Target("http", "[::1]:80", "/").host_name == "::1"


@pytest.mark.parametrize("uri", ["", "index.html", "ftp://here/", "//here/"])
def test_locate_refuses(uri: str) -> None:
    """What is neither a path nor a URL of HTTP is refused."""
    if uri == "//here/":
        assert locate(uri, "http", "here").path == "//here/"
        return
    with pytest.raises(ValueError, match="asked for a path"):
        locate(uri, "http", "here")


def test_query() -> None:
    """Arguments join the query that is there; a list repeats the name, and pairs keep their order."""
    params: dict[str, Any] = {"b": [1, "2"], "c": "\u00e4 &", "d": b"\xff"}
    assert locate("/?a=0", "http", "h", params).path == "/?a=0&b=1&b=2&c=%C3%A4+%26&d=%FF"
    assert locate("/", "http", "h", [("b", 1), ("a", 2), ("b", 3)]).path == "/?b=1&a=2&b=3"


@pytest.mark.parametrize(
    ("method", "options", "body", "query"),
    [
        ("GET", {}, Body(None, None), None),
        ("GET", {"params": {"a": 1}}, Body(None, None), {"a": 1}),
        ("DELETE", {"params": {"a": 1}}, Body(None, None), {"a": 1}),
        ("POST", {}, Body(b"", None), None),
        (
            "PUT",
            {"params": {"a": [1, 2]}},
            Body(b"a=1&a=2", "application/x-www-form-urlencoded"),
            None,
        ),
        ("PATCH", {"params": {"a": 1}, "body": "\u00e4"}, Body(b"\xc3\xa4", None), {"a": 1}),
        ("GET", {"body": bytearray(b"x")}, Body(b"x", None), None),
        ("POST", {"json": {"a": None}}, Body(b'{"a": null}', "application/json"), None),
        ("POST", {"json": [], "params": {"a": 1}}, Body(b"[]", "application/json"), {"a": 1}),
    ],
)
def test_body(method: str, options: dict[str, Any], body: Body, query: object) -> None:
    """Arguments make a form where there is one, and go into the query where there is another body."""
    given = {"params": None, "body": None, "json": None, "files": None} | options
    assert make_body(method, **given) == (body, query)


def test_two_bodies() -> None:
    """A request with two bodies is refused."""
    with pytest.raises(ValueError, match="one body, not body and json"):
        make_body("POST", None, b"a", {"b": 1}, None)


@pytest.mark.parametrize("body", [{"a": 1}, 5])
def test_no_body(body: Whatever) -> None:
    """What is no body is refused with a hint."""
    with pytest.raises(TypeError, match="sent with json= or, as a form, with params="):
        make_body("POST", None, body, None, None)


def parsed(
    files: Whatever, params: Whatever = None
) -> tuple[dict[str, list[bytes]], dict[str, Any]]:
    """Encode uploads, and read them with the server's parser."""
    body, query = make_body("POST", params, None, None, files)
    assert query is None
    assert isinstance(body.content, bytes)
    arguments: dict[str, list[bytes]] = {}
    uploads: dict[str, list[HTTPFile]] = {}
    parse_body_arguments(body.content_type or "", body.content, arguments, uploads)
    found = {
        name: [(each.filename, each.body, each.content_type) for each in several]
        for name, several in uploads.items()
    }
    return arguments, found


def test_uploads(tmp_path: Path) -> None:
    """An upload may be given in every form that tests have; the server reads all of them."""
    path = tmp_path / "page.html"
    path.write_bytes(b"<p>")
    with path.open("rb") as opened:
        arguments, files = parsed(
            {
                "one": ("a.txt", b"\x00\r\n--"),
                "two": [("b", "text", "x/y"), HTTPFile("c.png", b"c", "image/png")],
                "three": {"filename": "d", "body": b"d"},
                "four": b"bare",
                "five": opened,
                "six": ("e", io.BytesIO(b"e")),
            },
            {"field": ["1", b"\xff", 2]},
        )
    assert arguments == {"field": [b"1", b"\xff", b"2"]}
    assert files == {
        "one": [("a.txt", b"\x00\r\n--", "text/plain")],
        "two": [("b", b"text", "x/y"), ("c.png", b"c", "image/png")],
        "three": [("d", b"d", "application/octet-stream")],
        "four": [("file", b"bare", "application/octet-stream")],
        "five": [("page.html", b"<p>", "text/html")],
        "six": [("e", b"e", "application/octet-stream")],
    }


def test_upload_names() -> None:
    """Names are escaped as browsers do it, so that no name ends its line or its quotes."""
    arguments, files = parsed([('a"\r\n', ('\u00e4".txt', b"x"))], {"\u00fc": "y"})
    assert arguments == {"\u00fc": [b"y"]}
    assert files == {'a"%0D%0A': [('\u00e4".txt', b"x", "text/plain")]}


@pytest.mark.parametrize("given", [5, ("name", 5)])
def test_no_upload(given: object) -> None:
    """What is no upload is refused."""
    with pytest.raises(TypeError, match=r"an upload is|body of an upload is"):
        parsed({"a": given})


def test_headers() -> None:
    """Header fields are a mapping or pairs; values may be bytes and numbers."""
    headers = as_headers([("A", b"\xe4"), ("A", 1), ("B", "c")])
    assert list(headers.get_all()) == [("A", "\u00e4"), ("A", "1"), ("B", "c")]
    assert as_headers(headers) == headers
    assert as_headers(headers) is not headers
    assert dict(as_headers({"X": "y"})) == {"X": "y"}
    assert not as_headers(None)
    with pytest.raises(TypeError):
        as_headers({"X": cast("str", 1.5)})


def message(content: Whatever, version: str = "HTTP/1.1", **headers: str) -> Message:
    """Make a message to `http://h/`."""
    named = HTTPHeaders([(name.replace("_", "-"), value) for name, value in headers.items()])
    return Message("POST", Target("http", "h", "/"), version, named, Body(content, "a/b"))


def test_head() -> None:
    """The head names host, type and length, unless the test does."""
    assert message(b"abc").head() == (
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\n"
    )
    assert message(b"abc", Host="other", Content_Type="c/d", Content_Length="9").head() == (
        b"POST / HTTP/1.1\r\nHost: other\r\nContent-Type: c/d\r\nContent-Length: 9\r\n\r\n"
    )


def test_pieces() -> None:
    """Pieces are sent in chunks, an empty one not at all; with a length they are sent as they are."""
    chunked = message([b"abc", b"", bytes(16)])
    assert b"Transfer-Encoding: chunked" in chunked.head()
    assert b"".join(chunked.body()) == b"3\r\nabc\r\n10\r\n" + bytes(16) + b"\r\n0\r\n\r\n"
    counted = message([b"ab", b"c"], "HTTP/1.0", Content_Length="3")
    assert b"".join(counted.body()) == b"abc"
    announced = message(b"abc", Transfer_Encoding="Chunked")
    assert b"Content-Length" not in announced.head()
    assert b"".join(announced.body()) == b"3\r\nabc\r\n0\r\n\r\n"


def test_refusals() -> None:
    """HTTP/1.0 has no chunks, other versions are unknown, and a piece is bytes."""
    with pytest.raises(ValueError, match="give a body in pieces a Content-Length"):
        message([b"a"], "HTTP/1.0")
    with pytest.raises(ValueError, match="not 'HTTP/2'"):
        message(b"", "HTTP/2")
    with pytest.raises(TypeError, match="a piece of a body is bytes, not str"):
        list(message(["a"]).body())
