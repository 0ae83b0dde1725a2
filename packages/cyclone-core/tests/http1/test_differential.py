"""Two independent parsers as witnesses: what either refuses, we refuse too.

The differences that remain are listed with their reasons; a new one fails the test.
"""

import contextlib
import re

import h11
import httptools
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import EndOfBody, RequestHead, RequestReader
from cyclone_core.limits import Limits

SEEDS = (
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a?b=c HTTP/1.0\r\nConnection: keep-alive\r\nX-Y: z\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n0\r\nA: b\r\n\r\n",
)
PIECES = st.sampled_from(
    [
        b"\r",
        b"\n",
        b"\r\n",
        b" ",
        b"\t",
        b":",
        b";",
        b",",
        b"0",
        b"5",
        b"+",
        b"\x00",
        b"\x7f",
        b"\xe9",
        b"chunked",
        b"X: y\r\n",
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Make a request, valid but for a few bytes."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        stop = draw(st.integers(start, min(start + 3, len(data))))
        data = data[:start] + draw(st.just(b"") | PIECES | st.binary(max_size=2)) + data[stop:]
    return data


def ours(data: bytes) -> tuple[str, bytes] | None:
    """Return method and body of a complete request, None if it is refused or incomplete."""
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
    except HTTPInputError:
        return None
    return head.method, body


def by_h11(data: bytes) -> tuple[str, bytes] | None:
    """Do the same with h11."""
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
        self.body = b""
        self.done = False

    def on_body(self, body: bytes) -> None:
        if not self.done:
            self.body += body

    def on_message_complete(self) -> None:
        self.done = True


def by_httptools(data: bytes) -> tuple[str, bytes] | None:
    """Do the same with httptools; what follows the first request does not matter."""
    collector = Collector()
    parser = httptools.HttpRequestParser(collector)
    with contextlib.suppress(httptools.HttpParserError):
        parser.feed_data(data)
    return (parser.get_method().decode(), collector.body) if collector.done else None


def explained(data: bytes) -> bool:
    """Tell whether a witness may refuse, or read differently, what we accept."""
    head, _, body = data.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    method = head.partition(b" ")[0]
    return (
        # h11 and httptools know no empty line before a request line; RFC 9112 section 2.2 does.
        data.startswith(b"\r\n")
        # httptools has a list of methods; RFC 9110 section 9.1 has a grammar.
        or method not in {b"GET", b"POST"}
        # An upgrade is the application's to accept; httptools stops in front of it.
        or b"upgrade" in head.lower()
        # HTAB may stand around a value, RFC 9110 section 5.6.3; httptools knows only the blank there.
        or b"\t" in head
        # Blanks around a chunk extension: RFC 9112 section 7.1.1 wants them read and removed.
        or re.search(rb"^[0-9A-Fa-f]+[ \t]*;.*\r$", body, re.MULTILINE) is not None
    )


@settings(max_examples=600, deadline=None, derandomize=True)
@given(mutated())
@example(SEEDS[0])
@example(SEEDS[2])
@example(SEEDS[3])
@example(SEEDS[4])
def test_we_accept_nothing_that_a_witness_refuses(data: bytes) -> None:
    """A complete request that we accept is accepted by both, with the same method and body."""
    accepted = ours(data)
    if accepted is not None and not explained(data):
        assert by_h11(data) == accepted
        assert by_httptools(data) == accepted


def test_the_witnesses_accept_what_is_right() -> None:
    """The comparison is not empty: all three read each seed alike."""
    for data in SEEDS:
        assert ours(data) is not None
        assert ours(data) == by_h11(data) == by_httptools(data)
