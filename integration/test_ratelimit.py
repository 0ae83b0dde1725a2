"""A rate limit before the methods of real handlers: how it goes with their other decorators."""

import re
from typing import TYPE_CHECKING, Any, cast

import pytest
from twisted.internet.defer import inlineCallbacks, succeed
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import capturedLogs

import cyclone.web
from cyclone_storage.ratelimit import RateLimit, remote_network

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime


class Base(cyclone.web.RequestHandler):
    """Has a limit of its own for each class."""

    limit: RateLimit

    def get_current_user(self) -> str | None:
        """Sign in whoever says so."""
        return self.get_argument("user", None)


class Plain(Base):
    """Answers at once."""

    limit = RateLimit(1, 60)

    @limit.by(remote_network)
    def get(self) -> None:
        """Answer."""
        self.write("done")


class Coroutine(Base):
    """Answers in a coroutine; the same limit counts for POST and DELETE, which costs two."""

    limit = RateLimit(2, 60)

    @limit.by(remote_network)
    async def get(self) -> None:
        """Answer."""
        self.write("done")

    @limit.by(remote_network, cost=2)
    async def delete(self) -> None:
        """Answer."""
        self.write("done")


class Classic(Base):
    """Finishes by itself, as handlers did."""

    limit = RateLimit(1, 60)

    @limit.by(remote_network)
    @cyclone.web.asynchronous
    @inlineCallbacks
    def get(self) -> Any:  # noqa: ANN401 -- what inlineCallbacks makes of it
        """Answer."""
        yield None
        self.finish("done")


class Generator(Base):
    """Has forgotten `inlineCallbacks`, with which handlers run nevertheless."""

    limit = RateLimit(1, 60)

    @limit.by(remote_network)
    def get(self) -> Any:  # noqa: ANN401 -- a generator
        """Answer."""
        self.write((yield succeed("done")))


class Forgotten(Base):
    """Has a decorator without its key, and nothing by which that could be told earlier."""

    limit = RateLimit(1, 60)

    @limit.by
    def answer(self) -> Any:  # type: ignore[misc]  # noqa: ANN401 -- never
        """Answer."""

    get = cast("Any", answer)


class SignedIn(Base):
    """Limits each user."""

    limit = RateLimit(1, 60)

    @cyclone.web.authenticated
    @limit.by(lambda handler: handler.current_user)
    async def post(self) -> None:
        """Answer."""
        self.write("done")


KINDS = (Plain, Coroutine, Classic, Generator, Forgotten, SignedIn)


@pytest.fixture
def ask() -> Any:  # noqa: ANN401 -- a function
    """A function that asks and gives status, `Retry-After` and body."""
    routes = [(f"/{each.__name__.lower()}", each) for each in KINDS]
    for _, each in routes:
        for address in ("192.168.1.1", "ann", "bob"):
            each.limit.reset(address)
    clock = cast("IReactorTime", MemoryReactorClock())
    application = cyclone.web.Application(routes, reactor=clock, log_function=lambda _: None)

    def ask(method: str, path: str) -> tuple[int, str | None, bytes]:
        protocol = application.buildProtocol(None)
        assert protocol is not None
        transport = StringTransport()
        protocol.makeConnection(transport)
        protocol.dataReceived(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head, _, body = transport.value().partition(b"\r\n\r\n")
        found = re.search(rb"\r\nRetry-After: (\d+)", head)
        return int(head.split()[1]), found and found[1].decode(), body

    return ask


@pytest.mark.parametrize("path", ["/plain", "/classic", "/generator"])
def test_methods(ask: Any, path: str) -> None:  # noqa: ANN401 -- see there
    """Plain and classic methods and generators answer once, then the client is told when to come again."""
    assert ask("GET", path) == (200, None, b"done")
    status, retry_after, body = ask("GET", path)
    assert (status, retry_after) == (429, "60")
    assert b"too many attempts" not in body


def test_costs(ask: Any) -> None:  # noqa: ANN401 -- see there
    """Methods of a handler share its limit, each at its cost; a refused one takes nothing."""
    assert ask("GET", "/coroutine")[0] == 200
    assert ask("DELETE", "/coroutine")[0] == 429
    assert ask("HEAD", "/coroutine") == (200, None, b"")
    assert ask("GET", "/coroutine")[0] == 429


def test_without_a_key(ask: Any) -> None:  # noqa: ANN401 -- see there
    """A decorator that has lost its key is an error, never an empty page."""
    with capturedLogs() as lines:
        assert ask("GET", "/forgotten")[0] == 500
    assert any(
        "was @limit.by written without its key?" in str(line["log_failure"]) for line in lines
    )


def test_signed_in(ask: Any) -> None:  # noqa: ANN401 -- see there
    """Below `authenticated` the limit is asked for those who are signed in only, each by itself."""
    assert ask("POST", "/signedin")[0] == 403
    assert ask("POST", "/signedin?user=ann")[0] == 200
    assert ask("POST", "/signedin?user=ann")[0] == 429
    assert ask("POST", "/signedin?user=bob")[0] == 200
