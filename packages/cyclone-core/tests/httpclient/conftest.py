"""What the tests of the client share."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.logger import globalLogPublisher

from cyclone_core.httpclient import AsyncHTTPClient, HTTPClient

from .asking import Clients
from .network import Network


@pytest.fixture
def network() -> Network:
    """Give a network without connections."""
    return Network()


@pytest.fixture(scope="package")
def _frozen() -> Iterator[None]:
    """Keep what is there already out of the many collections below, which take seconds otherwise."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def handled(_frozen: None) -> Iterator[None]:
    """Let a test fail if a failure is left that nobody has handled."""
    events: list[dict[str, Any]] = []
    observer = events.append
    globalLogPublisher.addObserver(observer)
    yield
    gc.collect()
    globalLogPublisher.removeObserver(observer)
    left = [event["log_failure"] for event in events if "log_failure" in event]
    assert [failure.getTraceback() for failure in left] == []


@pytest.fixture
def clients(network: Network, handled: None) -> Iterator[Clients]:  # noqa: ARG001 -- behind this one
    """Make clients; at the end of the test they must have nothing left."""
    clients = Clients(network)
    yield clients
    clients.check()


@pytest.fixture
def client(clients: Clients) -> AsyncHTTPClient:
    """Give a client with Tornado's interface."""
    return clients.tornado()


@pytest.fixture
def http(clients: Clients) -> HTTPClient:
    """Give a client for new code."""
    return clients.new()
