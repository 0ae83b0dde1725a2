"""Fixtures of the tests of WSGI."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

# Tests are no package; what they share is a module in this directory.
sys.path.insert(0, str(Path(__file__).parent))

from wsgi_site import App, Log, Loop, Serve, Site


@pytest.fixture(autouse=True, scope="session")
def _short_collections() -> Iterator[None]:
    """Keep what exists already out of the collections that follow: one for each test."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def log() -> Iterator[Log]:
    """What was logged; a failure that the test does not take fails it."""
    record = Log()

    def observe(event: LogEvent) -> None:
        record.events.append(event)

    globalLogPublisher.addObserver(observe)
    yield record
    gc.collect()
    globalLogPublisher.removeObserver(observe)
    left = [formatEvent(event) for event in record.events if "log_failure" in event]
    assert not left, left


@pytest.fixture
def loop() -> Iterator[Loop]:
    """A loop whose threads have ended when the test has."""
    loop = Loop()
    yield loop
    loop.running = False
    loop.rest()


@pytest.fixture
def serve(loop: Loop) -> Serve:
    """A function that serves an application, with options of the container."""

    def serve(app: App, **options: Any) -> Site:  # noqa: ANN401 -- options
        return Site(app, loop, options)

    return serve
