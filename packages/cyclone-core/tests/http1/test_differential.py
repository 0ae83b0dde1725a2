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
    b"GET http://b:80/x?y HTTP/1.1\r\nHost: a\r\nConnection: close, x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /x HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n0\r\nA: b\r\n\r\n",
)
SPLICES = (
    b"\r|\n|\r\n|\r\n\r\n|\r\n | |\t|\x0b|\x85|\xa0|\xe9|\x00|\x7f|:|;|,|/|?|#|*|@|%|[|]|+|-|_|0|5|x"
    b"|chunked|identity|X: y\r\n|Host: a\r\n|Content-Length: 5\r\n|Transfer-Encoding: chunked\r\n"
    b"|HTTP/1.0|POST "
)
PIECES = st.sampled_from(SPLICES.split(b"|"))


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


def by_httptools(data: bytes) -> tuple[str, bytes] | None:
    """Do the same with httptools; what follows the first request does not matter."""
    collector = Collector()
    with contextlib.suppress(httptools.HttpParserError):
        collector.parser.feed_data(data)
    return (collector.method, collector.body) if collector.done else None


def explained(data: bytes) -> bool:
    """Tell whether httptools may refuse, or read differently, what we accept."""
    head, _, body = data.partition(b"\r\n\r\n")
    method = head.partition(b" ")[0]
    return (
        # httptools has a list of methods; RFC 9110 section 9.1 has a grammar.
        method not in {b"GET", b"POST"}
        # An upgrade is the application's to accept; httptools stops in front of it.
        or b"upgrade" in head.lower()
        # HTAB may stand around a value, RFC 9110 section 5.6.3; httptools knows only the blank there.
        or b"\t" in head
        # Blanks around a chunk extension: RFC 9112 section 7.1.1 wants them read and removed.
        or re.search(rb"^[0-9A-Fa-f]+[ \t]*;.*\r$", body, re.MULTILINE) is not None
    )


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(mutated())
@example(b"\r\n" + SEEDS[0])
@example(SEEDS[0] + b"POST ")
def test_we_accept_nothing_that_a_witness_refuses(data: bytes) -> None:
    """A complete request that we accept is accepted by both, with the same method and body."""
    accepted = ours(data)
    if accepted is None:
        return
    # h11 knows no empty line before a request line; RFC 9112 section 2.2 does. Nothing else differs.
    data = data.removeprefix(b"\r\n")
    assert by_h11(data) == accepted
    if not explained(data):
        assert by_httptools(data) == accepted


def test_the_witnesses_accept_what_is_right() -> None:
    """The comparison is not empty: all three read each seed alike."""
    for data in SEEDS:
        assert ours(data) is not None
        assert ours(data) == by_h11(data) == by_httptools(data)
