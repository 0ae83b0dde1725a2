"""What the tests of the client share."""

import gc
from collections.abc import Iterator

import pytest
from twisted.logger import globalLogPublisher

from cyclone_core.httpclient import AsyncHTTPClient, HTTPClient

from .asking import Clients, Failures
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
def handled(_frozen: None) -> Iterator[Failures]:
    """Let a test fail if a failure is left that nobody has handled, or taken from here."""
    failures = Failures()
    observer = failures.events.append
    globalLogPublisher.addObserver(observer)
    yield failures
    gc.collect()
    globalLogPublisher.removeObserver(observer)
    assert [failure.getTraceback() for failure in failures.flush()] == []


@pytest.fixture
def clients(network: Network, handled: Failures) -> Iterator[Clients]:  # noqa: ARG001 -- behind this one
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
