"""Request lines and header fields, by RFC 9112 sections 2, 3, 5 and 6."""

import re
from collections.abc import Callable

import pytest

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import head as head_module
from cyclone_core.http1.head import parse_head
from cyclone_core.limits import Limits

TraceOf = Callable[..., list[object]]


def request(line: str, *headers: str) -> bytes:
    """Write a request without a body."""
    return "\r\n".join([line, *headers, "", ""]).encode("latin-1")


def get(*headers: str) -> bytes:
    return request("GET / HTTP/1.1", "Host: a", *headers)


def test_a_head_says_all(trace_of: TraceOf) -> None:
    """Method, target, version and headers come out; names are normal, values stripped."""
    data = request("POST /a?b=c HTTP/1.1", "host: example.org:80", "x-a:  1 \t", "X-A: 2", "X-B:")
    headers = {"Host": "example.org:80", "X-A": ["1", "2"], "X-B": ""}
    assert trace_of(data) == [("POST", "/a?b=c", "HTTP/1.1", headers, True)]


@pytest.mark.parametrize(
    ("line", "uri", "host"),
    [
        ("GET http://b/x?y HTTP/1.1", "/x?y", "b"),
        ("GET HTTP://B:8080 HTTP/1.1", "/", "B:8080"),
        ("GET https://b?q HTTP/1.1", "/?q", "b"),
        ("GET http://[::1]:80/x HTTP/1.1", "/x", "[::1]:80"),
        ("OPTIONS http://b HTTP/1.1", "*", "b"),
        ("OPTIONS http://b/ HTTP/1.1", "/", "b"),
        ("OPTIONS * HTTP/1.1", "*", "a"),
        ("OPTIONS /x HTTP/1.1", "/x", "a"),
        ("GET //b/x HTTP/1.1", "//b/x", "a"),
        ("PROPFIND /x HTTP/1.0", "/x", "a"),
        ("a!#$%&'*+-.^_`|~9 / HTTP/1.1", "/", "a"),
    ],
)
def test_targets(trace_of: TraceOf, line: str, uri: str, host: str) -> None:
    """An absolute target is routed by its authority, which replaces Host (section 3.2.2)."""
    ((_, got, _, headers, _),) = trace_of(request(line, "Host: a"))  # type: ignore[misc]
    assert (got, headers["Host"]) == (uri, host)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET / HTTP/2.0", 505),
        ("GET / HTTP/3.1", 505),
        ("GET / HTTP/0.9", 505),
        ("GET / http/1.1", 400),
        ("GET / HTTP/1.1 ", 400),
        ("GET / HTTP/11", 400),
        ("GET / HTTP/1.10", 400),
        ("GET / HTCPCP/1.0", 400),
        ("GET /", 400),
        ("GET", 400),
        ("GET  / HTTP/1.1", 400),
        ("GET /  HTTP/1.1", 400),
        (" GET / HTTP/1.1", 400),
        ("GET\t/\tHTTP/1.1", 400),
        ("GET /a\tb HTTP/1.1", 400),
        ("GET /a b HTTP/1.1", 400),
        ("GET /\xe9 HTTP/1.1", 400),
        ("GET /\x7f HTTP/1.1", 400),
        ("GET /\x00 HTTP/1.1", 400),
        ("GET /#x HTTP/1.1", 400),
        ("G(T / HTTP/1.1", 400),
        ("GÉT / HTTP/1.1", 400),
        (" / HTTP/1.1", 400),
        ("GET * HTTP/1.1", 400),
        ("GET a HTTP/1.1", 400),
        ("GET a:80 HTTP/1.1", 400),
        ("GET http:///x HTTP/1.1", 400),
        ("GET http://[::::]/x HTTP/1.1", 400),
        ("GET http://b:x/ HTTP/1.1", 400),
        ("GET http:/x HTTP/1.1", 400),
        ("GET http://u@b/x HTTP/1.1", 400),
        ("GET http://b/#x HTTP/1.1", 400),
        ("GET ftp://b/x HTTP/1.1", 400),
        ("CONNECT a:80 HTTP/1.1", 501),
        ("CONNECT / HTTP/1.1", 501),
    ],
)
def test_bad_request_lines(trace_of: TraceOf, line: str, status: int) -> None:
    """What is no request line is refused: 505 for other versions, 501 for CONNECT, else 400."""
    assert trace_of(request(line, "Host: a") + get()) == [status]


@pytest.mark.parametrize("version", ["HTTP/1.2", "HTTP/1.9"])
def test_later_versions(trace_of: TraceOf, version: str) -> None:
    """A higher minor version is read as the highest that we know (RFC 9110 section 6.2)."""
    assert trace_of(request(f"GET / {version}", "Host: a")) == trace_of(get())


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["Host: a", "Host: a"],
        ["Host: a", "HOST: b"],
        ["Host:"],
        ["Host: a b"],
        ["Host: a/b"],
        ["Host: a@b"],
        ["Host: a:b"],
        ["Host: a:123456"],
        ["Host: [::1"],
        ["Host: ::1"],
        ["Host: [::1]x"],
        ["Host: [::1]:x"],
        ["Host: []"],
        ["Host: [:::]"],
        ["Host: [1.2.3.4]"],
        ["Host: [::1%25lo]"],
        ["Host: a:80:80"],
        ["Host: :80"],
        ["Host: a, b"],
        ["Host: a\\b"],
        ["Host: a<b"],
        ["Host: a#b"],
        ["Host: a?b"],
        ["Host: %zz"],
        ["Host: \xe9"],
        ["Host : a"],
        ["Host"],
    ],
)
def test_bad_hosts(trace_of: TraceOf, headers: list[str]) -> None:
    """HTTP/1.1 has exactly one Host, and it is a valid one (RFC 9112 section 3.2)."""
    assert trace_of(request("GET / HTTP/1.1", *headers) + get()) == [400]


@pytest.mark.parametrize(
    "host",
    ["a", "A.b-c_d~", "a:", "a:80", "[::1]:80", "[fe80::1]", "[::ffff:1.2.3.4]", "%41", "a,b"],
)
def test_good_hosts(trace_of: TraceOf, host: str) -> None:
    """Names, addresses and ports by the grammar of RFC 3986 are taken, the second time as the first."""
    for _ in range(2):
        ((*_, headers, _),) = trace_of(request("GET / HTTP/1.1", f"Host: {host}"))  # type: ignore[misc]
        assert headers["Host"] == host


def test_hosts_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client cannot fill the memory with names, and the next host is still checked."""
    monkeypatch.setattr(head_module, "_hosts", {})
    parse_head(b"GET / HTTP/1.1\r\nHost: " + b"a" * 256, Limits())
    for number in range(300):
        parse_head(f"GET / HTTP/1.1\r\nHost: h{number}".encode(), Limits())
    assert "a" * 256 not in head_module._hosts
    assert len(head_module._hosts) == 100
    with pytest.raises(HTTPInputError, match="invalid Host"):
        parse_head(b"GET / HTTP/1.1\r\nHost: a b", Limits())


def test_http_1_0_needs_no_host(trace_of: TraceOf) -> None:
    """An HTTP/1.0 request without Host is complete, and closes by default."""
    assert trace_of(request("GET / HTTP/1.0")) == [("GET", "/", "HTTP/1.0", {}, False)]


@pytest.mark.parametrize(
    "line",
    [
        "X Y: z",
        "X : z",
        ": z",
        "X",
        " X: z",
        "\tX: z",
        "X\x00: z",
        "X: a\x00b",
        "X: a\x0bb",
        "X: a\x1fb",
        "X: a\x7fb",
        "X: a\rb",
        "X: a\nY: b",
        "X: a\r\n folded",
        "X: a\r\n\tfolded",
        "X(: z",
        "X\xe9: z",
        "Content-Length : 5",
    ],
)
def test_bad_fields(trace_of: TraceOf, line: str) -> None:
    """Folded lines, stray control characters and names that are no token are refused."""
    assert trace_of(get(line) + get()) == [400]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("X: \xa0a\x85", "\xa0a\x85"),
        ("X: a\tb", "a\tb"),
        ("X: \xff", "\xff"),
        ("X:a", "a"),
        ("X: a: b", "a: b"),
        ("X: ", ""),
    ],
)
def test_values_are_kept(trace_of: TraceOf, line: str, value: str) -> None:
    """Only blank and HTAB are stripped; other bytes of obs-text belong to the value."""
    ((*_, headers, _),) = trace_of(get(line))  # type: ignore[misc]
    assert headers["X"] == value


@pytest.mark.parametrize(
    ("version", "lines", "expected"),
    [
        ("1.1", [], True),
        ("1.1", ["Connection: close"], False),
        ("1.1", ["Connection: CLOSE"], False),
        ("1.1", ["Connection: keep-alive, Close"], False),
        ("1.1", ["Connection: upgrade", "Connection: close"], False),
        ("1.1", ["Connection: upgrade"], True),
        ("1.0", [], False),
        ("1.0", ["Connection: Keep-Alive"], True),
        ("1.0", ["Connection: foo,\tkeep-alive"], True),
        ("1.0", ["Connection: keep-alive, close"], False),
    ],
)
def test_keep_alive(trace_of: TraceOf, version: str, lines: list[str], expected: bool) -> None:
    """Connection is a list of options in any case (RFC 9112 section 9.3)."""
    ((*_, keep_alive),) = trace_of(request(f"GET / HTTP/{version}", "Host: a", *lines))  # type: ignore[misc]
    assert keep_alive is expected


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Content-Length: +5"], 400),
        (["Content-Length: -5"], 400),
        (["Content-Length: 5,5"], 400),
        (["Content-Length: 5, 5"], 400),
        (["Content-Length: 0x5"], 400),
        (["Content-Length: 5_0"], 400),
        (["Content-Length: 5 0"], 400),
        (["Content-Length:"], 400),
        (["Content-Length: \xb2"], 400),
        (["Content-Length: \xef\xbc\x95"], 400),
        (["Content-Length: 5;"], 400),
        (["Content-Length: 5\xa0"], 400),
        (["Content-Length: 0" + "0" * 19], 400),
        (["Content-Length: 0", "Content-Length: 0"], 400),
        (["Transfer-Encoding: chunked", "Content-Length: 0"], 400),
        (["Content-Length: 1" + "0" * 19], 400),
        (["Content-Length: 5", "Content-Length: 5"], 400),
        (["Content-Length: 5", "content-LENGTH: 6"], 400),
        (["Content-Length: 5", "Transfer-Encoding: chunked"], 400),
        (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], 400),
        (["Transfer-Encoding: chunked, chunked"], 400),
        (["Transfer-Encoding: chunked, gzip"], 400),
        (["Transfer-Encoding: chunked,"], 400),
        (["Transfer-Encoding: chunked;q=1"], 400),
        (["Transfer-Encoding: \xa0chunked"], 400),
        (["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"], 400),
        (["Transfer-Encoding: ,chunked"], 400),
        (["Transfer-Encoding: chun ked"], 400),
        (["Transfer-Encoding:"], 400),
        (["Transfer-Encoding: \x0bchunked"], 400),
        (["Transfer-Encoding: identity"], 501),
        (["Transfer-Encoding: gzip, chunked"], 501),
        (["Transfer-Encoding: xchunked"], 501),
        (["Expect: 200-ok"], 417),
        (["Expect: 100-continue, x"], 417),
        (["Expect: 100-continue", "Expect: x"], 417),
    ],
)
def test_bad_framing(trace_of: TraceOf, lines: list[str], status: int) -> None:
    """Whatever two servers could read differently is refused (RFC 9112 section 6.3)."""
    assert trace_of(request("POST / HTTP/1.1", "Host: a", *lines) + b"hello" + get()) == [status]


def test_no_transfer_encoding_in_http_1_0(trace_of: TraceOf) -> None:
    """An HTTP/1.0 message with Transfer-Encoding has faulty framing (RFC 9112 section 6.1)."""
    data = request("POST / HTTP/1.0", "Transfer-Encoding: chunked") + b"0\r\n\r\n"
    assert trace_of(data) == [400]


@pytest.mark.parametrize(
    ("lines", "framing"),
    [
        ([], (0, False, False)),
        (["Content-Length: 0"], (0, False, False)),
        (["Content-Length: 05"], (5, False, True)),
        (["Content-Length: 9" + "9" * 18], (int("9" * 19), False, True)),
        (["Transfer-Encoding: Chunked"], (0, True, True)),
        (["transfer-encoding:\tCHUNKED "], (0, True, True)),
    ],
)
def test_framing(lines: list[str], framing: tuple[int, bool, bool]) -> None:
    """Length and coding decide whether a body follows."""
    head = parse_head("\r\n".join(["PUT / HTTP/1.1", "Host: a", *lines]).encode(), Limits())
    assert (head.content_length, head.chunked, head.has_body) == framing


@pytest.mark.parametrize(
    ("version", "value", "expected"),
    [
        ("1.1", "100-CONTINUE", True),
        ("1.1", ", 100-continue,", True),
        ("1.1", "100-continue,100-Continue", True),
        ("1.1", "", False),
        ("1.1", " , ", False),
        ("1.0", "100-continue", False),
    ],
)
def test_expect_continue(version: str, value: str, expected: bool) -> None:
    """100-continue counts in any case, and not from an HTTP/1.0 client (RFC 9110 section 10.1.1)."""
    block = f"PUT / HTTP/{version}\r\nHost: a\r\nContent-Length: 1\r\nExpect: {value}"
    assert parse_head(block.encode(), Limits()).expects_continue is expected


def test_every_regular_expression_is_linear() -> None:
    """The patterns that look at a client's text have no way to backtrack over it twice."""
    hostile = "a%4" * 2000 + "\x01"
    for pattern in (head_module._HOST, head_module._ABSOLUTE, head_module._VERSION):
        assert pattern.fullmatch(hostile) is None
    assert re.compile(head_module._HOST).fullmatch("a" * 8000)
