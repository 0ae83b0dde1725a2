"""Answers, from bytes to events, as a client reads them; the numbers are sections of RFC 9112 and RFC 9110."""

import re
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import EndOfBody, ResponseHead, ResponseReader
from cyclone_core.limits import Limits

Trace = list[object]

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = OK + b"Content-Length: 0\r\n\r\n"


def drain(reader: ResponseReader, trace: Trace) -> None:
    """Take all events that there are; adjoining data are joined."""
    while (event := reader.next_event()) is not None:
        if isinstance(event, EndOfBody):
            trace.append(("end", event.trailers))
        elif isinstance(event, bytes) and trace and isinstance(trace[-1], bytes):
            trace[-1] += event
        else:
            trace.append(event)


def read(pieces: Iterable[bytes], methods: Iterable[str], limits: Limits | None = None) -> Trace:
    """Feed a reader and list its events; an error ends the list, else what `close` says, if anything."""
    reader = ResponseReader(limits or Limits())
    for method in methods:
        reader.expect(method)
    trace: Trace = []
    try:
        for piece in pieces:
            reader.receive_data(piece)
            drain(reader, trace)
        end = reader.close()
    except HTTPInputError as error:
        assert_spoilt(reader, error)
        return [*trace, error]
    return trace if end is None else [*trace, ("end", end.trailers)]


def assert_spoilt(reader: ResponseReader, error: HTTPInputError) -> None:
    """Assert that nothing is parsed after an error, even if it is an answer."""
    reader.expect("GET")
    reader.receive_data(b"\r\n\r\n" + EMPTY)
    for action in (reader.next_event, reader.close):
        with pytest.raises(HTTPInputError, match=re.escape(str(error))) as again:
            action()
        assert again.value.status == error.status


def comparable(trace: Trace) -> Trace:
    """Reduce a trace to what can be compared; how much of a wrong body was passed on may differ."""
    wrong = bool(trace) and isinstance(trace[-1], HTTPInputError)
    reduced: Trace = []
    for event in trace:
        if isinstance(event, ResponseHead):
            framing = (event.keep_alive, event.has_body, event.content_length, event.chunked)
            reduced.append((event.version, event.status, event.reason, event.headers, framing))
        elif isinstance(event, HTTPInputError):
            reduced.append(event.status)
        elif not (wrong and isinstance(event, bytes)):
            reduced.append(event)
    return reduced


def answers(data: bytes, *methods: str, limits: Limits | None = None) -> Trace:
    """Read data whole, and assert that it means the same in pieces: each cut in two, and small ones."""
    methods = methods or ("GET",)
    trace = read([data], methods, limits)
    whole = comparable(trace)
    cuts = [[data[i : i + size] for i in range(0, len(data), size)] for size in (1, 2, 3, 7)]
    if len(data) < 200:
        cuts += [[data[:place], data[place:]] for place in range(1, len(data))]
    for pieces in cuts:
        assert comparable(read(pieces, methods, limits)) == whole, pieces
    return trace


def only(trace: Trace) -> ResponseHead:
    """Give the head of the one answer of a trace, which has no error."""
    head = trace[0]
    assert isinstance(head, ResponseHead), head
    assert not any(isinstance(event, HTTPInputError | ResponseHead) for event in trace[1:]), trace
    return head


def refused(data: bytes, *methods: str, limits: Limits | None = None) -> str:
    """Give the message of the error that is the only event."""
    trace = answers(data, *methods, limits=limits)
    assert len(trace) == 1, trace
    assert isinstance(trace[0], HTTPInputError)
    return str(trace[0])


def test_whole() -> None:
    """An answer is its head with all that it says, the body, and the end."""
    data = OK + b"Content-Length: 3\r\nX: a\r\nx:b \r\n\r\nabc"
    head, body, end = answers(data)
    assert isinstance(head, ResponseHead)
    assert (head.version, head.status, head.reason) == ("HTTP/1.1", 200, "OK")
    assert list(head.headers.get_all()) == [("Content-Length", "3"), ("X", "a"), ("X", "b")]
    assert (head.content_length, head.chunked, head.has_body, head.keep_alive) == (
        *(3, False),
        *(True, True),
    )
    assert (body, end) == (b"abc", ("end", {}))
