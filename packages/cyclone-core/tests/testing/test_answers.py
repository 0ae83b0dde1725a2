"""The client's half of HTTP/1.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.testing import BadAnswer
from cyclone_core.testing.answers import AnswerEvent, AnswerHead, AnswerReader, EndOfAnswer


def read(data: bytes, *methods: str, size: int = 1 << 20) -> list[AnswerEvent]:
    """Read answers that arrive in reads of some size; pieces of a body are joined."""
    reader = AnswerReader()
    for method in methods:
        reader.expect(method)
    events: list[AnswerEvent] = []
    for start in range(0, len(data), size):
        reader.receive_data(data[start : start + size])
        while (event := reader.next_event()) is not None:
            if isinstance(event, bytes) and events and isinstance(events[-1], bytes):
                events[-1] += event
            else:
                events.append(event)
    end = reader.close()
    return events if end is None else [*events, end]


def shown(events: list[AnswerEvent]) -> list[object]:
    """Show events in short."""
    return [
        event.status
        if isinstance(event, AnswerHead)
        else dict(event.trailers)
        if isinstance(event, EndOfAnswer)
        else event
        for event in events
    ]


SEVERAL = (
    b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: a\r\nx: b\r\n\r\nabc"
    b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\nDigest: g\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
    b"HTTP/1.1 204 No Content\r\n\r\n"
    b"HTTP/1.0 404 Not Found\r\n\r\nuntil the end"
)
METHODS = ("GET", "GET", "HEAD", "DELETE", "GET")


@given(st.integers(min_value=1, max_value=len(SEVERAL)))
def test_framing(size: int) -> None:
    """Every framing is understood, however the bytes are cut: length, chunks, none, and until the end."""
    events = read(SEVERAL, *METHODS, size=size)
    assert shown(events) == [
        *(103, 200, b"abc", {}),
        *(200, b"def", {"Digest": "g"}),
        *(200, {}),
        *(204, {}),
        *(404, b"until the end", {}),
    ]


def test_head() -> None:
    """A head has version, reason, which may be missing, and all its header fields."""
    hints, first, _, _, second, *_ = read(SEVERAL, *METHODS)
    assert isinstance(hints, AnswerHead)
    assert isinstance(first, AnswerHead)
    assert isinstance(second, AnswerHead)
    assert (hints.version, hints.reason, hints.headers["Link"]) == ("HTTP/1.1", "Early Hints", "a")
    assert first.headers.get_list("X") == ["a", "b"]
    assert second.reason == ""


def test_switching_protocols() -> None:
    """Behind a 101 all bytes are the other protocol's."""
    data = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\nHTTP/1.1 nothing"
    assert shown(read(data, "GET", size=9)) == [101, b"HTTP/1.1 nothing"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"SSH-2.0\r\n\r\n", "this is no status line: 'SSH-2.0'"),
        (b"HTTP/2.0 200 OK\r\n\r\n", "no status line"),
        (b"HTTP/1.1 600 OK\r\n\r\n", "no status line"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "breaks the rules of HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", "no Content-Length: '+1'"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", "'1,1'"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "malformed chunk-size"),
        (
            b"HTTP/1.1 204 a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            "nobody has asked for this answer: 200 OK",
        ),
    ],
)
def test_no_answer(data: bytes, said: str) -> None:
    """What is no HTTP answer is refused, and the message says why."""
    with pytest.raises(BadAnswer, match=said.replace("+", r"\+")):
        read(data, "GET")
