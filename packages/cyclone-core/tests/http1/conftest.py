"""Helpers for tests of the sans-I/O layer: feed bytes, get events."""

from collections.abc import Callable, Iterable

import pytest

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import EndOfBody, RequestHead, RequestReader
from cyclone_core.limits import Limits

Trace = list[object]


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
            return [*trace, error.status]
    return trace


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


def one_by_one(data: bytes) -> list[bytes]:
    """Cut data into single bytes."""
    return [data[i : i + 1] for i in range(len(data))]


@pytest.fixture
def trace_of() -> Callable[..., Trace]:
    """Return a function that reads data whole and byte by byte, and asserts that both agree."""

    def trace_of(data: bytes, limits: Limits | None = None) -> Trace:
        whole = read([data], limits)
        bytewise = read(one_by_one(data), limits)
        if isinstance(whole[-1], int):
            # What had come of the body before the mistake was passed on already.
            bytewise = [event for event in bytewise if not isinstance(event, bytes)]
            whole = [event for event in whole if not isinstance(event, bytes)]
        assert bytewise == whole
        return whole

    return trace_of


@pytest.fixture
def feed() -> Callable[..., Trace]:
    """Return the function that feeds a reader with pieces."""
    return read
