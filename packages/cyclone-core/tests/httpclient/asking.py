"""Requests as servers see them, and clients that have to leave nothing behind."""

import contextvars
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cyclone_core.httpclient import AsyncHTTPClient, HTTPClient
from cyclone_core.httpclient.pool import ConnectionPool
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.testing import result_of

from .network import Network, Peer

URL = "http://127.0.0.1/"
ELSEWHERE = "http://127.0.0.2/"

PASSWORD = "pw"  # noqa: S105 -- of nobody

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Asked(NamedTuple):
    """A request as a server sees it."""

    method: str
    target: str
    headers: HTTPHeaders
    body: bytes


def read(raw: bytes) -> Asked:
    """Read one request."""
    head, _, body = raw.partition(b"\r\n\r\n")
    line, _, fields = head.decode("latin-1").partition("\r\n")
    method, target, version = line.split(" ")
    assert version == "HTTP/1.1"
    return Asked(method, target, HTTPHeaders.parse(fields), body)


def asked(peer: Peer) -> Asked:
    """Read the request that has come."""
    return read(peer.take())


def redirect(peer: Peer, location: str, status: str = "302 Found") -> Asked:
    """Answer with a redirect; gives what was asked."""
    return read(peer.answer(b"", status, Location=location))


def pool_of(client: AsyncHTTPClient | HTTPClient) -> ConnectionPool:
    """Look at the connections of a client."""
    return client._fetcher.settings.pool


class Clients:
    """Makes clients on a network.

    Attributes:
        made: All of them.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.made: list[AsyncHTTPClient | HTTPClient] = []

    def tornado(self, **options: Any) -> AsyncHTTPClient:  # noqa: ANN401 -- those of the class
        """Make one with Tornado's interface."""
        client = AsyncHTTPClient(reactor=self.network.reactor, **options)
        self.made.append(client)
        return client

    def new(self, **options: Any) -> HTTPClient:  # noqa: ANN401 -- as above
        """Make one for new code."""
        client = HTTPClient(reactor=self.network.reactor, **options)
        self.made.append(client)
        return client

    def check(self) -> None:
        """Close them; then nothing may be left."""
        for client in self.made:
            pool = pool_of(client)
            assert (pool.lent, pool.waiting) == (0, 0)
            assert not client._fetcher._active
        closing = [client.close() for client in self.made]
        self.network.advance(0)
        if not self.network.is_quiet():
            self.network.advance(1)  # servers that do not answer the end of TLS are given a second
        for each in closing:
            result_of(each)
        assert self.network.is_quiet()


class Outcome:
    """What becomes of a Deferred.

    Attributes:
        results: What it has fired with.
        errors: What it has failed with.
    """

    def __init__(self, waiting: Deferred[Any]) -> None:
        self.waiting = waiting
        self.results: list[Any] = []
        self.errors: list[BaseException] = []
        waiting.addCallbacks(self.results.append, lambda failure: self.errors.append(failure.value))

    @property
    def open(self) -> bool:
        """Whether it has not fired yet."""
        return not (self.results or self.errors)

    @property
    def error(self) -> Any:  # noqa: ANN401 -- of any class
        """What it has failed with."""
        (error,) = self.errors
        return error


class Failures:
    """The failures in the log.

    Attributes:
        events: What was logged.
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def flush(self) -> list[Failure]:
        """Give the failures, and forget them."""
        events, self.events[:] = list(self.events), []
        return [event["log_failure"] for event in events if "log_failure" in event]


VARIABLE: contextvars.ContextVar[str] = contextvars.ContextVar("VARIABLE", default="unset")
"""For tests of the context in which code of the program runs."""
