"""What the tests of the web framework share: an application behind connections in memory."""

import gc
import io
import warnings
from collections.abc import Callable, Iterator
from http.client import HTTPMessage, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import pytest
from twisted.internet.testing import MemoryReactorClock, StringTransportWithDisconnection
from twisted.logger import (
    LogEvent,
    LogLevel,
    formatEvent,
    globalLogBeginner,
    globalLogPublisher,
)

from cyclone_core.httpserver.factory import HTTPFactory
from cyclone_core.web import Application, RequestHandler, StaticFileHandler

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime
    from twisted.python.failure import Failure

    from cyclone_core.httpserver import HTTPConnection

More = Any
Handlers = type[RequestHandler] | list[Any]


class Answer(NamedTuple):
    """One answer as the standard library's HTTP client reads it."""

    status: int
    reason: str
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class _Stream(io.BytesIO):
    """What `HTTPResponse` takes for a socket; it does not close the stream behind an answer."""

    def makefile(self, _: str) -> "_Stream":
        return self

    def close(self) -> None:
        """Stay open for the next answer."""


def read_answers(data: bytes, *methods: str) -> list[Answer]:
    """Parse the answers to requests with these methods; there must be nothing else."""
    stream = _Stream(data)
    answers = []
    for method in methods:
        response = HTTPResponse(stream, method=method)  # type: ignore[arg-type]
        response.begin()
        body = response.read()
        answers.append(Answer(response.status, response.reason, response.headers, body))
    rest = stream.read()
    assert rest == b"", rest
    return answers


def request_bytes(
    path: str = "/", method: str = "GET", body: bytes | None = None, **headers: str
) -> bytes:
    """Make the bytes of a request; an underscore in a header's name stands for a hyphen."""
    version = headers.pop("version", "HTTP/1.1")
    lines = [f"{method} {path} {version}", "Host: test"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


class Connection:
    """A client's connection to an application."""

    def __init__(self, factory: HTTPFactory) -> None:
        built = factory.buildProtocol(None)  # type: ignore[arg-type]
        self.protocol = cast("HTTPConnection", built)
        self.transport = StringTransportWithDisconnection()
        self.transport.protocol = self.protocol
        self.protocol.makeConnection(self.transport)

    @property
    def sent(self) -> bytes:
        """What the server has sent and nobody has read yet."""
        return self.transport.value()

    @property
    def open(self) -> bool:
        """Whether the server has not closed the connection."""
        return self.transport.connected

    def send(self, data: bytes) -> None:
        """Send bytes to the server."""
        self.protocol.dataReceived(data)

    def request(self, path: str = "/", method: str = "GET", **more: More) -> None:
        """Send a request; see `request_bytes`."""
        self.send(request_bytes(path, method, **more))

    def read(self, *methods: str) -> list[Answer]:
        """Take the answers to requests with these methods."""
        data = self.sent
        self.transport.clear()
        return read_answers(data, *methods)

    def leave(self) -> None:
        """Close the connection from the client's side."""
        self.transport.loseConnection()


class Server:
    """An application on a clock of its own, and its connections."""

    def __init__(self, handlers: Handlers, **settings: More) -> None:
        routes = [(r"/.*", handlers)] if isinstance(handlers, type) else handlers
        self.clock = MemoryReactorClock()
        self.answered: list[RequestHandler] = []
        settings.setdefault("log_function", self.answered.append)
        reactor = cast("IReactorTime", self.clock)
        self.application = Application(routes, reactor=reactor, **settings)

    def connect(self, factory: HTTPFactory | None = None) -> Connection:
        """Open a connection, by default to the application itself."""
        return Connection(factory or self.application)

    @staticmethod
    def request(path: str = "/", method: str = "GET", **more: More) -> bytes:
        """Make the bytes of a request, to be sent together with others."""
        return request_bytes(path, method, **more)

    def ask(self, path: str = "/", method: str = "GET", **more: More) -> Answer:
        """Send one request on a connection of its own and return its answer."""
        connection = self.connect()
        connection.request(path, method, **more)
        (answer,) = connection.read(method)
        return answer


class Log:
    """The events that were logged; what is serious must be taken by the test."""

    def __init__(self) -> None:
        self.events: list[LogEvent] = []

    def take(self, namespace: str = "cyclone") -> list[str]:
        """Take the events of a namespace, as text."""
        taken = [event for event in self.events if event["log_namespace"].startswith(namespace)]
        self.events[:] = [event for event in self.events if event not in taken]
        return [formatEvent(event) for event in taken]

    def failures(self) -> list[Exception]:
        """Take the exceptions that were logged with a traceback."""
        taken = [event for event in self.events if "log_failure" in event]
        self.events[:] = [event for event in self.events if event not in taken]
        return [cast("Failure", event["log_failure"]).value for event in taken]

    @property
    def serious(self) -> list[LogEvent]:
        """What is left of errors and failures."""
        return [
            event
            for event in self.events
            if event["log_level"] >= LogLevel.error or "log_failure" in event
        ]


@pytest.fixture(autouse=True, scope="session")
def _short_collections() -> Iterator[None]:
    """Keep what exists already out of the collections that follow: one for each test."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True, scope="session")
def _no_log_on_stderr() -> None:
    """Keep Twisted from printing and storing what is logged before somebody asks for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other tests may have begun already
        globalLogBeginner.beginLoggingTo([], discardBuffer=True, redirectStandardIO=False)


@pytest.fixture(autouse=True)
def log() -> Iterator[Log]:
    """What was logged; a failure that the test does not take fails it."""
    record = Log()
    globalLogPublisher.addObserver(record.events.append)
    yield record
    gc.collect()  # a Deferred reports an unhandled failure when it is collected
    gc.freeze()  # what is left is not looked at again behind each test
    globalLogPublisher.removeObserver(record.events.append)
    assert not record.serious, [formatEvent(event) for event in record.serious]


Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Serve:
    """A function that serves a handler class or routes, with settings."""
    return Server


@pytest.fixture
def files_closed() -> Iterator[None]:
    """What is known of static files is forgotten, and in the end all are closed."""
    StaticFileHandler.reset()
    gc.collect()
    before = len(list(Path("/proc/self/fd").iterdir()))
    yield
    gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    StaticFileHandler.reset()
