"""Every conformance case through connections in memory, whole and byte by byte."""

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from battery import PROBE, Case, expected_answers, judge
from conformance_application import make_application
from hypothesis import HealthCheck, example, given, settings
from tables import identified
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogEvent, globalLogPublisher
from twisted.python.failure import Failure

from cyclone_core.errors import HTTPOutputError

sys.path.insert(0, str(Path(__file__).parents[1] / "http1"))  # tests are no package

from grammar import slipped

CASES = dict(identified())


def _memory() -> Any:  # noqa: ANN401 -- a module
    """Load what the tests of the server use: a client and a transport in memory."""
    path = Path(__file__).parents[1] / "httpserver" / "conftest.py"
    spec = importlib.util.spec_from_file_location("memory_transport", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


memory = _memory()


def told(data: bytes, size: int) -> tuple[bytes, list[dict[str, Any]]]:
    """Send without regard to the answers, and wait for the end.

    Args:
        data: What the client sends.
        size: The size of each read of the server.

    Returns:
        What the server has sent, without `100 Continue`, and what its handlers were asked.
    """
    reactor = MemoryReactorClock()
    application = make_application(reactor=reactor)
    client = memory.Client(application, reactor)
    client.send(*[data[start : start + size] for start in range(0, len(data), size)])
    for _ in range(8):
        client.advance(5)  # and take what comes, or the server waits for that
    assert client.closed, "the connection is never closed"
    answers = client.received().replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")
    return re.sub(rb"Date: [^\r]*", b"Date", answers), application.settings.seen


def converse(case: Case, size: int) -> tuple[bytes, list[dict[str, Any]], bool]:
    """Have the conversation of a case.

    Args:
        case: The case.
        size: The size of each read of the server; 0 for all that can be read at once.

    Returns:
        What the server has sent, what its handlers were asked, and whether it has closed.
    """
    reactor = MemoryReactorClock()
    application = make_application(reactor=reactor)
    client = memory.Client(application, reactor)

    def send(data: bytes) -> None:
        step = size or len(data) or 1
        client.send(*[data[start : start + step] for start in range(0, len(data), step)])
        client.turn()
        client.turn()

    received = b""
    if case.waits:
        send(case.data)
        client.advance(40)
    elif case.then:
        send(case.data)
        received = client.received()
        send(case.then + PROBE)
    else:
        send(case.data + PROBE)
    received += client.received()
    closed = client.closed or client.wire.half_closed
    if not client.closed:
        client.advance(4)  # as long as it lingers, and a tick of the clock
    assert client.closed, "the connection is never closed"
    assert client.received() == b"", "something comes behind the end"
    return received, application.settings.seen, closed


# Mistakes of the handlers, made on purpose; nothing else may be in the log.
ON_PURPOSE = (KeyError, ValueError, HTTPOutputError)


@pytest.fixture(autouse=True)
def failures() -> Iterator[list[Failure]]:
    """The failures in the log, of which each must have been meant."""
    found: list[Failure] = []

    def observe(event: LogEvent) -> None:
        if "log_failure" in event:
            found.append(event["log_failure"])

    globalLogPublisher.addObserver(observe)
    yield found
    globalLogPublisher.removeObserver(observe)
    assert [failure.getTraceback() for failure in found if not failure.check(*ON_PURPOSE)] == []


@pytest.mark.parametrize("size", [0, 1], ids=["whole", "bytes"])
@pytest.mark.parametrize("name", CASES)
def test_case(name: str, size: int, failures: list[Failure]) -> None:
    """The answers are as the case says, and no handler has seen anything else."""
    case = CASES[name]
    received, seen, closed = converse(case, size)
    assert judge(case, received, seen) == []
    assert closed
    wanted = [answer.cut or answer.status == 500 for answer in expected_answers(case)]
    assert len(failures) <= sum(wanted)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    # A refused head of nothing, and behind it something else that begins like a HEAD.
    b"OPTIONS /%41? HTTP/1.1\r\nHost: a \t \r\nConnection: keep-alive\r\nX: y0\r\n\r\n"
    b"\r\n\r\nHEAD / HTTP/1.1\r\nHost:a\r\n\r\n"
)
@given(slipped())
def test_slips(failures: list[Failure], data: bytes) -> None:
    """Right requests with a slip or two: no failure, an end, and the cuts between reads do not matter."""
    assert told(data, 1) == told(data, len(data) or 1)
    assert failures == []
