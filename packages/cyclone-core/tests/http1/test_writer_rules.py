"""The rules of framing in tables, and the writer under any order of calls."""

import contextlib

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclone_core.errors import HTTPOutputError
from cyclone_core.http1 import ResponseWriter
from cyclone_core.http1.status import is_final
from cyclone_core.httputil import HTTPHeaders

# Request, status and promised length; then the framing lines of an answer with two bytes in one piece,
# and of one in pieces; None where that is a mistake. RFC 9112 sections 6.1 to 6.3, RFC 9110 section 8.6.
CHUNKED = "Transfer-Encoding: chunked"
TWO = "Content-Length: 2"
CLOSE = "Connection: close"
ALIVE = "Connection: keep-alive"
FRAMING: dict[tuple[str, str, int, str | None], tuple[list[str] | None, list[str] | None]] = {
    ("1.1", "GET", 200, None): ([TWO], [CHUNKED]),
    ("1.1", "GET", 200, "2"): ([TWO], [TWO]),
    ("1.1", "POST", 201, None): ([TWO], [CHUNKED]),
    ("1.1", "GET", 404, None): ([TWO], [CHUNKED]),
    ("1.1", "GET", 299, None): ([TWO], [CHUNKED]),
    ("1.1", "GET", 599, None): ([TWO], [CHUNKED]),
    ("1.1", "HEAD", 200, None): ([TWO], []),
    ("1.1", "HEAD", 200, "2"): ([TWO], [TWO]),
    ("1.1", "HEAD", 404, None): ([TWO], []),
    ("1.1", "GET", 204, None): (None, None),
    ("1.1", "GET", 304, None): (None, None),
    ("1.1", "GET", 205, None): (None, None),
    ("1.1", "GET", 205, "2"): (None, None),
    ("1.0", "GET", 200, None): ([TWO, ALIVE], [CLOSE]),
    ("1.0", "GET", 200, "2"): ([TWO, ALIVE], [TWO, ALIVE]),
    ("1.0", "HEAD", 200, None): ([TWO, ALIVE], [ALIVE]),
    ("1.0", "HEAD", 200, "2"): ([TWO, ALIVE], [TWO, ALIVE]),
    ("1.0", "GET", 500, None): ([TWO, ALIVE], [CLOSE]),
    ("1.0", "GET", 204, None): (None, None),
}

# Likewise without a byte.
EMPTY: dict[tuple[str, str, int, str | None], tuple[list[str] | None, list[str] | None]] = {
    ("1.1", "GET", 200, None): (["Content-Length: 0"], [CHUNKED]),
    ("1.1", "GET", 200, "0"): (["Content-Length: 0"], ["Content-Length: 0"]),
    ("1.1", "GET", 200, "2"): (None, None),
    ("1.1", "GET", 204, None): ([], []),
    ("1.1", "GET", 204, "0"): (None, None),
    ("1.1", "HEAD", 204, None): ([], []),
    ("1.1", "HEAD", 204, "2"): (None, None),
    ("1.1", "GET", 304, None): ([], []),
    ("1.1", "GET", 304, "2"): ([TWO], [TWO]),
    ("1.1", "GET", 205, None): (["Content-Length: 0"], ["Content-Length: 0"]),
    ("1.1", "GET", 205, "0"): (["Content-Length: 0"], ["Content-Length: 0"]),
    ("1.1", "GET", 205, "2"): (None, None),
    ("1.1", "HEAD", 200, None): (["Content-Length: 0"], []),
    ("1.1", "HEAD", 200, "2"): ([TWO], [TWO]),
    ("1.0", "GET", 200, None): (["Content-Length: 0", ALIVE], [CLOSE]),
    ("1.0", "GET", 204, None): ([ALIVE], [ALIVE]),
    ("1.0", "GET", 304, None): ([ALIVE], [ALIVE]),
    ("1.0", "GET", 205, None): (["Content-Length: 0", ALIVE], ["Content-Length: 0", ALIVE]),
    ("1.1", "GET", 199, None): (None, None),
    ("1.1", "GET", 101, None): (None, None),
    ("1.1", "GET", 600, None): (None, None),
    ("1.1", "GET", 0, None): (None, None),
}


def lines_of(answer: bytes) -> list[str]:
    """List the header lines of an answer."""
    return answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]


def framed(
    version: str, method: str, status: int, promised: str | None, body: bytes
) -> tuple[list[str] | None, list[str] | None]:
    """Send an answer in one piece and one in several, and list the header lines of each."""
    results: list[list[str] | None] = []
    for whole in (True, False):
        headers = HTTPHeaders({} if promised is None else {"Content-Length": promised})
        writer = ResponseWriter(f"HTTP/{version}", method, keep_alive=True)
        try:
            if whole:
                answer = writer.send_response(status, "X", headers, body)
            else:
                answer = writer.send_head(status, "X", headers, body[:1])
                answer += writer.send_data(body[1:]) + writer.end()
        except HTTPOutputError:
            results.append(None)
        else:
            assert writer.done
            assert writer.keep_alive is (CLOSE not in lines_of(answer))
            results.append(lines_of(answer))
    return results[0], results[1]


@pytest.mark.parametrize("case", FRAMING)
def test_framing_of_two_bytes(case: tuple[str, str, int, str | None]) -> None:
    """Length, chunks, or the end of the connection, as version, method and status have it."""
    assert framed(*case, b"xy") == FRAMING[case]


@pytest.mark.parametrize("case", EMPTY)
def test_framing_of_nothing(case: tuple[str, str, int, str | None]) -> None:
    """An empty body has its framing too, unless there may be none."""
    assert framed(*case, b"") == EMPTY[case]


def test_a_promised_length_of_two_lines_is_none() -> None:
    """Even for a status without content a length that is no number is refused."""
    headers = HTTPHeaders([("Content-Length", "0"), ("Content-Length", "0")])
    for status in (200, 204, 205, 304):
        writer = ResponseWriter("HTTP/1.1", "GET", keep_alive=True)
        with pytest.raises(HTTPOutputError):
            writer.send_response(status, "X", headers, b"")
        with pytest.raises(HTTPOutputError):
            writer.send_head(status, "X", headers, b"")
        assert not writer.started


HEADERS = st.sampled_from(
    [
        {},
        {},
        {"X": "y"},
        {"Content-Length": "3"},
        {"Content-Length": "0"},
        {"Content-Length": "x"},
        {"Connection": "close"},
        {"Connection": "keep-alive"},
        {"Transfer-Encoding": "chunked"},
    ]
)
# 101 hands the connection to another protocol.
STATUSES = st.sampled_from([100, 102, 103, 199, 200, 200, 200, 204, 205, 304, 404, 600])
CHUNKS = st.sampled_from([b"", b"a", b"abc", b"\r\n", b"0\r\n\r\n"])
CALLS = st.one_of(
    st.tuples(st.just("interim"), STATUSES, HEADERS, CHUNKS),
    st.tuples(st.just("response"), STATUSES, HEADERS, CHUNKS),
    st.tuples(st.just("head"), STATUSES, HEADERS, CHUNKS),
    st.tuples(st.just("data"), STATUSES, HEADERS, CHUNKS),
    st.tuples(st.just("data"), STATUSES, HEADERS, CHUNKS),
    st.tuples(st.just("end"), STATUSES, HEADERS, CHUNKS),
)


class Recorder:
    """Makes calls and keeps what they send.

    Attributes:
        sent: All bytes.
        status: The status of the answer that has begun.
        body: The body that was taken.
        interims: The interim statuses.
    """

    def __init__(self, version: str, method: str) -> None:
        self.writer = ResponseWriter(version, method, keep_alive=True)
        self.version = version
        self.sent = b""
        self.status = 0
        self.body = b""
        self.interims: list[int] = []

    def call(self, kind: str, status: int, headers: dict[str, str], chunk: bytes) -> None:
        """Make one call, which may raise."""
        writer, fields = self.writer, HTTPHeaders(headers)
        if kind == "interim":
            self.sent += writer.send_interim(status, fields)
            if self.version == "HTTP/1.1":
                self.interims.append(status)
        elif kind == "end":
            self.sent += writer.end()
        elif kind == "data":
            self.sent += writer.send_data(chunk)
            self.body += chunk
        else:
            send = writer.send_response if kind == "response" else writer.send_head
            self.sent += send(status, "X", fields, chunk)
            self.status, self.body = status, chunk


@settings(max_examples=500)
@given(
    version=st.sampled_from(["HTTP/1.1", "HTTP/1.0"]),
    method=st.sampled_from(["GET", "HEAD"]),
    calls=st.lists(CALLS, max_size=8),
)
def test_any_order_of_calls(
    version: str, method: str, calls: list[tuple[str, int, dict[str, str], bytes]]
) -> None:
    """A call is refused, or what was sent stays the beginning of one right answer and no more."""
    recorder = Recorder(version, method)
    for kind, status, headers, chunk in calls:
        before = (recorder.sent, recorder.writer.started, recorder.writer.done)
        try:
            recorder.call(kind, status, headers, chunk)
        except HTTPOutputError:
            assert (recorder.sent, recorder.writer.started, recorder.writer.done) == before
    writer = recorder.writer
    if not writer.started:
        recorder.call("response", 500, {}, b"sorry")
    elif not writer.done:
        with contextlib.suppress(HTTPOutputError):
            recorder.sent += writer.end()
    if not writer.done:
        return  # fewer bytes than promised: the connection must be cut
    assert is_final(recorder.status)
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(recorder.sent)
    if not writer.keep_alive:
        client.receive_data(b"")
    seen: list[object] = []
    body = b""
    while not isinstance(event := client.next_event(), h11.EndOfMessage):
        if isinstance(event, h11.Data):
            body += event.data
        else:
            assert isinstance(event, h11.Response | h11.InformationalResponse)
            seen.append(event.status_code)
    assert seen == [*recorder.interims, recorder.status]
    bodyless = method == "HEAD" or recorder.status in {204, 304}
    assert body == (b"" if bodyless else recorder.body)
    assert client.trailing_data[0] == b""
