"""What the tests of the test helpers share."""

import gc
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher

from cyclone_core.testing import Client
from cyclone_core.web import Application, RequestHandler

Handlers = type[RequestHandler] | list[Any]
More = Any
MakeClient = Callable[..., Client]


@pytest.fixture(autouse=True, scope="package")
def _short_collections() -> Iterator[None]:
    """Keep what exists already out of the collections that follow: one for each test."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def log() -> Iterator[list[LogEvent]]:
    """What was logged; a failure that the test does not take away makes it fail."""
    events: list[LogEvent] = []
    observer = cast("ILogObserver", events.append)
    globalLogPublisher.addObserver(observer)
    yield events
    gc.collect()  # a Deferred reports an unhandled failure when it is collected
    globalLogPublisher.removeObserver(observer)
    assert [formatEvent(event) for event in events if "log_failure" in event] == []


@pytest.fixture
def clock() -> Clock:
    """The clock of the application."""
    return Clock()


@pytest.fixture
def make_client(clock: Clock) -> Iterator[MakeClient]:
    """A function that makes a client of a handler class or of routes; nothing may be left behind."""
    clients: list[Client] = []

    def make(handlers: Handlers, /, **settings: More) -> Client:
        routes = [(r"/.*", handlers)] if isinstance(handlers, type) else handlers
        options = {
            name: settings.pop(name)
            for name in ("headers", "follow_redirects", "cookies")
            if name in settings
        }
        settings.setdefault("log_function", lambda _: None)
        application = Application(routes, reactor=cast("Any", clock), **settings)
        clients.append(Client(application, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()
        assert "log_request" not in vars(client.app)
        assert not client.app.connections.clock.watched
    assert clock.getDelayedCalls() == []
