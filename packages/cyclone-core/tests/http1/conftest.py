"""Helpers for tests of the sans-I/O layer: feed bytes, get events."""

import re
from collections.abc import Callable, Iterable, Iterator

import pytest

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import EndOfBody, RequestHead, RequestReader
from cyclone_core.limits import Limits

Trace = list[object]

_SHORT = 160


def summary(head: RequestHead) -> tuple[object, ...]:
    """Reduce a head to what can be compared."""
    return (head.method, head.uri, head.version, head.headers, head.keep_alive)


def read(pieces: Iterable[bytes], limits: Limits | None = None) -> Trace:
    """Feed a reader and list its events; adjoining data are joined, an error ends with its status."""
    reader = RequestReader(limits or Limits())
    trace: Trace = []
    for piece in pieces:
        reader.receive_data(piece)
        try:
            _drain(reader, trace)
        except HTTPInputError as error:
            _assert_spoilt(reader, error)
            return [*trace, error.status]
    return trace


def _assert_spoilt(reader: RequestReader, error: HTTPInputError) -> None:
    """Assert that nothing is parsed after an error, even if it is a request."""
    reader.receive_data(b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
    with pytest.raises(HTTPInputError, match=re.escape(str(error))) as again:
        reader.next_event()
    assert again.value.status == error.status


def _drain(reader: RequestReader, trace: Trace) -> None:
    while (event := reader.next_event()) is not None:
        if isinstance(event, RequestHead):
            trace.append(summary(event))
        elif isinstance(event, EndOfBody):
            trace.append(("end", event.trailers))
        elif trace and isinstance(trace[-1], bytes):
            trace[-1] += event
        else:
            trace.append(event)


def cut(data: bytes, size: int) -> list[bytes]:
    """Cut data into pieces of one size."""
    return [data[i : i + size] for i in range(0, len(data), size)]


def _cuts(data: bytes) -> Iterator[list[bytes]]:
    """Cut data byte by byte, into small pieces, and, if it is short, into two in every way."""
    for size in (1, 2, 3, 7):
        yield cut(data, size)
    if len(data) <= _SHORT:
        for place in range(1, len(data)):
            yield [data[:place], data[place:]]


def _without_unfinished_body(trace: Trace) -> Trace:
    """Forget the data of a body that ends with an error: how much of it was passed on may differ."""
    if trace and isinstance(trace[-1], int):
        return [event for event in trace if not isinstance(event, bytes)]
    return trace


@pytest.fixture
def trace_of() -> Callable[..., Trace]:
    """Return a function that reads data whole and in pieces, and asserts that all agree."""

    def trace_of(data: bytes, limits: Limits | None = None) -> Trace:
        whole = _without_unfinished_body(read([data], limits))
        for pieces in _cuts(data):
            assert _without_unfinished_body(read(pieces, limits)) == whole, pieces
        return whole

    return trace_of


@pytest.fixture(scope="session")
def feed() -> Callable[..., Trace]:
    """Return the function that feeds a reader with pieces."""
    return read
