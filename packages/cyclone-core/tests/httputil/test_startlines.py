"""First lines of messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httputil import (
    HTTPInputError,
    RequestStartLine,
    ResponseStartLine,
    parse_request_start_line,
    parse_response_start_line,
)


def test_a_request_line() -> None:
    """Its parts have names, and it is a tuple."""
    line = parse_request_start_line("GET /foo?a=%20#é HTTP/1.1")
    assert line == ("GET", "/foo?a=%20#é", "HTTP/1.1")
    assert (line.method, line.path, line.version) == tuple(line)
    assert isinstance(line, RequestStartLine)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "GET",
        "GET /",
        "GET / HTTP/1",
        "GET / HTTP/1.1 ",
        "GET  / HTTP/1.1",
        "GET /a b HTTP/1.1",
        "GET /\x00 HTTP/1.1",
        "GET /\u20ac HTTP/1.1",
        "G(T / HTTP/1.1",
        "GET / HTTP/1.1\n",
        "GET / http/1.1",
        "GET / HTTP/²",
    ],
)
def test_a_malformed_request_line(line: str) -> None:
    """Whatever is not exactly three parts is refused."""
    with pytest.raises(HTTPInputError, match="malformed request line"):
        parse_request_start_line(line)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("HTTP/1.1 200 OK", ("HTTP/1.1", 200, "OK")),
        ("HTTP/1.0 404 Not Found\x80", ("HTTP/1.0", 404, "Not Found\x80")),
        ("HTTP/1.1 200 ", ("HTTP/1.1", 200, "")),
    ],
)
def test_a_status_line(line: str, parts: tuple[str, int, str]) -> None:
    """The reason may be empty, the blank before it not be missing."""
    parsed = parse_response_start_line(line)
    assert parsed == parts
    assert (parsed.version, parsed.code, parsed.reason) == parts
    assert isinstance(parsed, ResponseStartLine)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 \uff12\uff10\uff10 OK",
        "HTTP/1.1 200 O\nK",
        "200 OK",
    ],
)
def test_a_malformed_status_line(line: str) -> None:
    """Whatever is not exactly three parts is refused."""
    with pytest.raises(HTTPInputError, match="malformed status line"):
        parse_response_start_line(line)


@pytest.mark.parametrize("version", ["HTTP/0.9", "HTTP/2.0"])
def test_other_versions(version: str) -> None:
    """Only HTTP/1 has such lines."""
    with pytest.raises(HTTPInputError, match=f"only HTTP/1 has such a first line, not {version}"):
        parse_request_start_line(f"GET / {version}")
    with pytest.raises(HTTPInputError, match=f"only HTTP/1 has such a first line, not {version}"):
        parse_response_start_line(f"{version} 200 OK")


LINES = st.from_regex(r"[A-Z]{1,4} /\S* HTTP/\d\.\d|HTTP/\d\.\d [1-9]\d\d .*", fullmatch=True)


@given(LINES | st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """Nothing else is raised."""
    for parse in (parse_request_start_line, parse_response_start_line):
        try:
            line = parse(text)
        except HTTPInputError:
            continue
        assert " ".join(str(part) for part in line) == text
