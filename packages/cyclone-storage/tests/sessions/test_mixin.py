"""Sessions of handlers: finding, saving, rotating, signing out; on the store in memory."""

import gc
import weakref
from typing import Any

import pytest

from cyclone_storage.sessions import (
    InvalidSessionValue,
    MemoryStore,
    Session,
    SessionClosed,
    SessionSettingError,
    SessionTooLarge,
)

from .handling import Browser, Clock, Handler, sign


@pytest.fixture
def clock() -> Clock:
    """Give the clock of cookies and sessions."""
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    """Give an empty store."""
    return MemoryStore(clock=clock)


@pytest.fixture
def browser(store: MemoryStore, clock: Clock) -> Browser:
    """Give a browser without cookies."""
    return Browser(session_store=store, session_clock=clock)


def put(**values: Any) -> Any:
    """Make a method that sets values."""
    return lambda _, session: session.update(values)


def test_values(browser: Browser) -> None:
    """What one request sets, the next one sees; no attribute of it is lost."""
    values = {"n": None, "b": True, "i": 1, "f": 1.5, "s": "\u20ac\ud800", "l": [1, {"d": []}]}
    browser.now(put(**values))
    assert browser.values() == values


def test_nothing(browser: Browser, store: MemoryStore) -> None:
    """A visitor for whom nothing is set gets no cookie, and nothing is stored."""
    handler = browser.now(lambda _, session: session.get("user"))
    assert (handler.jar, len(store)) == ({}, 0)
    assert handler.headers == [("Vary", "Cookie")]
