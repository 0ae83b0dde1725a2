"""Fixtures of the tests of sessions."""

from collections.abc import Iterator

import pytest
from twisted.logger import LogEvent, globalLogPublisher

from cyclone_storage.sessions import MemoryStore

from .handling import Browser, Clock


@pytest.fixture
def clock() -> Clock:
    """Give the clock of cookies and sessions."""
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    """Give an empty store in memory."""
    return MemoryStore(clock=clock)


@pytest.fixture
def browser(store: MemoryStore, clock: Clock) -> Browser:
    """Give a browser without cookies."""
    return Browser(session_store=store, session_clock=clock)


@pytest.fixture
def events() -> Iterator[list[LogEvent]]:
    """Collect what sessions log."""
    collected: list[LogEvent] = []

    def observe(event: LogEvent) -> None:
        if event.get("log_namespace") == "cyclone.sessions":
            collected.append(event)

    globalLogPublisher.addObserver(observe)
    yield collected
    globalLogPublisher.removeObserver(observe)
