"""Two independent parsers as witnesses of answers: what either refuses, we refuse too.

The differences that remain are listed with their reasons; a new one fails the test.
"""

import contextlib
import dataclasses
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import h11
import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import EndOfBody, ResponseHead, ResponseReader
from cyclone_core.limits import Limits

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package

from grammar import answers, slipped

SEEDS = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 404\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n0\r\nA: b\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\nuntil the end",
)

# Status, reason, fields in lower case and in order, body.
Fields = list[tuple[str, str]]
Message = tuple[int, str, Fields, bytes]


def in_order(pairs: Iterable[tuple[bytes | str, bytes | str]]) -> Fields:
    """Bring fields in an order that does not depend on whether equal names are kept together."""
    fields = []
    for pair in pairs:
        name, value = [each if isinstance(each, str) else each.decode("latin-1") for each in pair]
        name = name.lower()
        # h11 writes what it has understood.
        fields.append((name, value.lower() if name == "transfer-encoding" else value))
    return sorted(fields, key=lambda pair: pair[0])


def ours(data: bytes, method: str) -> Message | HTTPInputError | None:
    """Return the first final answer, the mistake, or None if it is incomplete."""
    reader = ResponseReader(Limits())
    reader.expect(method)
    reader.receive_data(data)
    head: ResponseHead | None = None
    body = b""
    try:
        while (event := reader.next_event()) is not None and not isinstance(event, EndOfBody):
            if isinstance(event, bytes):
                body += event
            elif event.status >= 200:
                head = event
        if event is None:
            event = reader.close()
    except HTTPInputError as error:
        return error
    if head is None or event is None:
        return None
    return head.status, head.reason, in_order(head.headers.get_all()), body


def by_h11(data: bytes, method: str) -> Message | None:
    """Do the same with h11; None for a mistake as well."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    connection.receive_data(b"")
    body = b""
    with contextlib.suppress(h11.RemoteProtocolError):
        while isinstance(head := connection.next_event(), h11.InformationalResponse):
            pass
        if not isinstance(head, h11.Response):
            return None
        while isinstance(event := connection.next_event(), h11.Data):
            body += event.data
        if isinstance(event, h11.EndOfMessage):
            reason = bytes(head.reason).decode("latin-1")
            return head.status_code, reason, in_order(head.headers), bytes(body)
    return None


class Collector:
    """Collects what httptools calls back, for each answer."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.seen: list[Seen] = []

    def on_message_begin(self) -> None:
        self.seen.append(Seen())

    def on_status(self, reason: bytes) -> None:
        self.seen[-1].reason += reason.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.seen[-1].status:  # no trailer
            self.seen[-1].fields.append((name, value))

    def on_headers_complete(self) -> None:
        self.seen[-1].status = self.parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self.seen[-1].body += body

    def on_message_complete(self) -> None:
        self.seen[-1].done = True


@dataclasses.dataclass
class Seen:
    """What httptools has seen of an answer."""

    status: int = 0
    reason: str = ""
    fields: list[tuple[bytes, bytes]] = dataclasses.field(default_factory=list)
    body: bytes = b""
    done: bool = False


def by_httptools(data: bytes) -> Message | None:
    """Do the same with httptools, which knows neither the method nor of the end of the connection."""
    collector = Collector()
    failed = False
    try:
        collector.parser.feed_data(data)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        failed = True
    for seen in collector.seen:
        if seen.status >= 200:
            names = {name.lower() for name, _ in seen.fields}
            until_close = not failed and not names & {b"content-length", b"transfer-encoding"}
            if seen.done or until_close:
                return seen.status, seen.reason, in_order(seen.fields), seen.body
            break
    return None


def folded(data: bytes) -> bool:
    """Tell whether a line of the head is folded."""
    return re.search(rb"\r\n[ \t]", data) is not None


def unfolded(message: Message | None) -> Message | None:
    """Make blanks equal: how many of them a fold is worth is not said (RFC 9112 section 5.2)."""
    if message is None:
        return None
    status, reason, fields, body = message
    return status, reason, [(name, " ".join(value.split())) for name, value in fields], body


def blank_in_extension(data: bytes) -> bool:
    """Tell whether a chunk extension holds whitespace, which is to be read and removed (9112 7.1.1)."""
    return re.search(rb"^[0-9A-Fa-f]+(?=[ \t;])[^\r\n]*[ \t]", data, re.MULTILINE) is not None


def h11_explained(data: bytes) -> bool:
    """Tell whether h11 may refuse what we accept."""
    # The empty line that some leave behind a body h11 passes over in front of requests only.
    return blank_in_extension(data) or re.search(rb"^\r\n|\r\n\r\n\r\nHTTP", data) is not None


def httptools_explained(data: bytes) -> bool:
    """Tell whether httptools may refuse, or read differently, what we accept."""
    return (
        blank_in_extension(data)
        # RFC 9112 section 5.2: a client must unfold; httptools reads for servers, too, which need not.
        or folded(data)
        # RFC 9110 section 6.2: a higher minor version is read as the highest that is known.
        or re.search(rb"^HTTP/1\.[2-9] ", data, re.MULTILINE) is not None
    )


@settings(max_examples=400, deadline=None)
@given(answers(most=1))
def test_right_answers(case: tuple[bytes, list[str]]) -> None:
    """What is right is read by all three alike, by httptools as far as it can know."""
    data, (method,) = case
    message = ours(data, method)
    assert isinstance(message, tuple)
    if not h11_explained(data):
        assert by_h11(data, method) == message
    if method == "GET" and not httptools_explained(data):
        assert by_httptools(data) == message


WRONG = slipped(answers(most=1).filter(lambda case: case[1] == ["GET"]).map(lambda case: case[0]))


@settings(max_examples=2000, deadline=None)
@given(WRONG | slipped(st.sampled_from(SEEDS)))
def test_slips(data: bytes) -> None:
    """What we accept h11 and httptools accept, too, and understand the same."""
    message = ours(data, "GET")
    if not isinstance(message, tuple):
        return
    message = unfolded(message)
    if not h11_explained(data):
        assert unfolded(by_h11(data, "GET")) == message
    if not httptools_explained(data):
        assert unfolded(by_httptools(data)) == message


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

# What we refuse, and at least one of the two reads all the same.
STRICTER = {
    "bare LF ends lines": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "control character": b"HTTP/1.1 200 OK\r\nX: \x01\r\nContent-Length: 0\r\n\r\n",
    "HTTP/2": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a length twice": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "a list of lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na",
    "length and chunks": CHUNKED[:-2] + b"Content-Length: 0\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": CHUNKED.replace(b"1.1", b"1.0") + b"0\r\n\r\n",
    "two transfer codings": CHUNKED.replace(b"chunked", b"gzip, chunked") + b"0\r\n\r\n",
    "an interim answer with a body": b"HTTP/1.1 103 a\r\nContent-Length: 1\r\n\r\nHTTP/1.1 204 a\r\n\r\n",
    "framing in a trailer": CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n",
    "blanks behind a chunk size": CHUNKED + b"1 \r\na\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("what", STRICTER)
def test_stricter(what: str) -> None:
    """Where the witnesses are lenient, and could be led to different readings, we refuse."""
    data = STRICTER[what]
    assert isinstance(ours(data, "GET"), HTTPInputError)
    assert by_h11(data, "GET") is not None or by_httptools(data) is not None
