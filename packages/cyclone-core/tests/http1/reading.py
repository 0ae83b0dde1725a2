"""Helpers for tests of `ResponseReader`: feed bytes, get events."""

import re
from collections.abc import Iterable

import pytest

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import EndOfBody, ResponseHead, ResponseReader
from cyclone_core.limits import Limits

__all__ = ["EMPTY", "OK", "Trace", "answers", "comparable", "cut", "only", "read", "refused"]

Trace = list[object]

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = OK + b"Content-Length: 0\r\n\r\n"

_SHORT = 200


def _drain(reader: ResponseReader, trace: Trace) -> None:
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
            _drain(reader, trace)
        end = reader.close()
    except HTTPInputError as error:
        _assert_spoilt(reader, error)
        return [*trace, error]
    return trace if end is None else [*trace, ("end", end.trailers)]


def _assert_spoilt(reader: ResponseReader, error: HTTPInputError) -> None:
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


def cut(data: bytes, size: int) -> list[bytes]:
    """Cut data into pieces of one size."""
    return [data[i : i + size] for i in range(0, len(data), size)]


def answers(data: bytes, *methods: str, limits: Limits | None = None) -> Trace:
    """Read data whole, and assert that it means the same in pieces: each cut in two, and small ones."""
    methods = methods or ("GET",)
    trace = read([data], methods, limits)
    whole = comparable(trace)
    cuts = [cut(data, size) for size in (1, 2, 3, 7)]
    if len(data) <= _SHORT:
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


def refused(data: bytes, *methods: str, limits: Limits | None = None) -> HTTPInputError:
    """Give the error that is the only event."""
    trace = answers(data, *methods, limits=limits)
    assert len(trace) == 1, trace
    assert isinstance(trace[0], HTTPInputError)
    return trace[0]
