"""Two independent parsers as witnesses: what either refuses, we refuse too.

The differences that remain, in both directions, are listed with their reasons; a new one fails the test.
"""

import contextlib
import re
import sys
from pathlib import Path

import h11
import httptools
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import EndOfBody, RequestHead, RequestReader
from cyclone_core.limits import Limits

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package

from grammar import requests, slipped

SEEDS = (
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a?b=c HTTP/1.0\r\nConnection: keep-alive\r\nX-Y: z\r\n\r\n",
    b"GET http://b:80/x?y HTTP/1.1\r\nHost: a\r\nConnection: close, x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /x HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n0\r\nA: b\r\n\r\n",
)
WRONG = slipped() | slipped(st.sampled_from(SEEDS))

Message = tuple[str, bytes]


def ours(data: bytes) -> Message | HTTPInputError | None:
    """Return method and body of a complete request, the mistake, or None if it is incomplete."""
    reader = RequestReader(Limits())
    reader.receive_data(data)
    body = b""
    try:
        head = reader.next_event()
        if not isinstance(head, RequestHead):
            return None
        while head.has_body and not isinstance(event := reader.next_event(), EndOfBody):
            if event is None:
                return None
            assert isinstance(event, bytes)
            body += event
    except HTTPInputError as error:
        return error
    return head.method, body


def by_h11(data: bytes) -> Message | None:
    """Do the same with h11; None for a mistake as well."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    body = b""
    with contextlib.suppress(h11.RemoteProtocolError):
        request = connection.next_event()
        if not isinstance(request, h11.Request):
            return None
        while isinstance(event := connection.next_event(), h11.Data):
            body += event.data
        if isinstance(event, h11.EndOfMessage):
            return request.method.decode(), bytes(body)
    return None


class Collector:
    """Collects what httptools calls back."""

    def __init__(self) -> None:
        self.method = ""
        self.body = b""
        self.done = False
        self.parser = httptools.HttpRequestParser(self)

    def on_body(self, body: bytes) -> None:
        if not self.done:
            self.body += body

    def on_message_complete(self) -> None:
        if not self.done:
            self.method = self.parser.get_method().decode()
        self.done = True


def by_httptools(data: bytes) -> Message | None:
    """Do the same with httptools; what follows the first request does not matter."""
    collector = Collector()
    with contextlib.suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):
        collector.parser.feed_data(data)
    return (collector.method, collector.body) if collector.done else None


def h11_explained(data: bytes) -> bool:
    """Tell whether h11 may refuse what we accept."""
    body = data.partition(b"\r\n\r\n")[2]
    # RFC 9112 section 7.1.1: whitespace before the semicolon of an extension is to be read and removed.
    return re.search(rb"^[0-9A-Fa-f]+[ \t]+;.*\r$", body, re.MULTILINE) is not None


def httptools_explained(data: bytes) -> bool:
    """Tell whether httptools may refuse, or read differently, what we accept."""
    head, _, body = data.partition(b"\r\n\r\n")
    method = head.partition(b" ")[0]
    return (
        # httptools has a list of methods; RFC 9110 section 9.1 has a grammar.
        method not in {b"GET", b"POST", b"PUT", b"HEAD", b"DELETE", b"OPTIONS", b"PATCH"}
        # RFC 9110 section 6.2: a higher minor version is read as the highest that is known.
        or re.match(rb"[^\r]* HTTP/1\.[2-9]\r", head + b"\r") is not None
        # An upgrade is the application's to accept; httptools stops in front of it.
        or b"upgrade" in head.lower()
        # HTAB may stand behind a value, RFC 9110 section 5.6.3; httptools knows only the blank there.
        or re.search(rb"^transfer-encoding:.*\t\r?$", head.lower(), re.MULTILINE) is not None
        # Blanks around a chunk extension: RFC 9112 section 7.1.1 wants them read and removed.
        or re.search(rb"^[0-9A-Fa-f]+[ \t]*;.*[ \t].*\r$", body, re.MULTILINE) is not None
    )


# What we refuse although both accept it: our message, the reason, and a request that proves it.
_CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
STRICTER = {
    "invalid Host header": (
        "RFC 9112 section 3.2: an invalid Host MUST be answered with 400",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    ),
    "invalid request target": (
        "RFC 9112 section 3.2: http targets have a host, no userinfo, and a port in digits",
        b"GET http://u@b/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    "the request target holds a fragment": (
        "RFC 9110 section 7.1: a fragment never leaves the client",
        b"GET /#x HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    "unknown expectation": (
        "RFC 9110 section 10.1.1 allows 417",
        b"GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n",
    ),
    r"malformed chunk-size line: b'[0-9A-Fa-f]{17,}": (
        "more than 64 bits of a number test only how far we count",
        _CHUNKED + b"00000000000000000\r\n\r\n",
    ),
    r"malformed chunk-size line: b.[0-9A-Fa-f]+[ \\t]*;": (
        "RFC 9112 section 7.1.1: an extension has a name, and its value is a token or quoted",
        _CHUNKED + b"1;=y\r\nx\r\n0\r\n\r\n",
    ),
    "forbidden in a trailer": (
        "RFC 9110 section 6.5.1: what routes or authenticates may not come behind the content",
        _CHUNKED + b"0\r\nHost: b\r\n\r\n",
    ),
    "request line too long": (
        "a limit of ours",
        b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 9000),
    ),
    "header line too long": (
        "a limit of ours",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: %b\r\n\r\n" % (b"x" * 9000),
    ),
    "too many header fields": (
        "a limit of ours",
        b"GET / HTTP/1.1\r\nHost: a\r\n%b\r\n" % (b"X: y\r\n" * 100),
    ),
    "chunk-size line too long": (
        "a limit of ours",
        _CHUNKED + b"1;%b\r\nx\r\n0\r\n\r\n" % (b"x" * 300),
    ),
}


@settings(max_examples=400, derandomize=True)
@given(WRONG)
@example(b"\r\n" + SEEDS[0])
@example(SEEDS[0] + b"POST ")
@example(SEEDS[0].replace(b"HTTP/1.1", b"HTTP/1.2"))
def test_differences_are_explained(data: bytes) -> None:
    """What we accept both read alike, and what we refuse one of them does, or there is a reason."""
    found = ours(data)
    # h11 knows no empty line before a request line; RFC 9112 section 2.2 does.
    data = data.removeprefix(b"\r\n")
    witnesses = by_h11(data), by_httptools(data)
    if isinstance(found, HTTPInputError):
        if None not in witnesses:
            assert [reason for reason in STRICTER if re.match(reason, str(found))], str(found)
    elif found is not None:
        assert h11_explained(data) or witnesses[0] == found
        assert httptools_explained(data) or witnesses[1] == found


@settings(max_examples=300, derandomize=True)
@given(requests())
def test_what_is_right_is_accepted(data: bytes) -> None:
    """Requests by the grammar are complete for us, and the witnesses read them alike."""
    found = ours(data)
    assert isinstance(found, tuple)
    assert h11_explained(data) or by_h11(data) == found
    assert httptools_explained(data) or by_httptools(data) == found


@pytest.mark.parametrize("message", STRICTER)
def test_each_reason_is_needed(message: str) -> None:
    """We refuse the example with this message, and both witnesses accept it."""
    data = STRICTER[message][1]
    found = ours(data)
    assert isinstance(found, HTTPInputError)
    assert re.match(message, str(found))
    assert None not in (by_h11(data), by_httptools(data))


@pytest.mark.parametrize(
    "data",
    [
        _CHUNKED + b"1 ;a\r\nx\r\n0\r\n\r\n",
        b"PURR / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.9\r\nHost: a\r\n\r\n",
        _CHUNKED.replace(b"chunked", b"chunked\t") + b"0\r\n\r\n",
        _CHUNKED + b"1;a= b\r\nx\r\n0\r\n\r\n",
    ],
)
def test_each_leniency_is_needed(data: bytes) -> None:
    """We accept what the RFC wants accepted, and a witness refuses it."""
    assert isinstance(ours(data), tuple)
    assert None in (by_h11(data), by_httptools(data))


def test_the_witnesses_accept_what_is_right() -> None:
    """The comparison is not empty: all three read each seed alike."""
    for data in SEEDS:
        assert isinstance(ours(data), tuple)
        assert ours(data) == by_h11(data) == by_httptools(data)
