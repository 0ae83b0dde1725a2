"""WSGI applications for tests, and what runs them.

The applications run in real threads. The reactor is a queue of calls that a test takes out itself, and
waits for: nothing depends on who is faster.
"""

import io
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPMessage, HTTPResponse
from typing import Any, NamedTuple, cast

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock, StringTransportWithDisconnection
from twisted.logger import LogEvent, formatEvent
from twisted.python.threadpool import ThreadPool

from cyclone_core.httpserver import HTTPServer
from cyclone_core.wsgi import WSGIContainer

PATIENCE = 30.0
PIECE = bytes(64 * 1024)

Environ = dict[str, Any]
Start = Callable[..., Callable[[bytes], object]]
App = Callable[[Environ, Start], Iterable[bytes]]


class Loop(MemoryReactorClock):
    """A reactor whose calls from threads wait for the test, with a pool of four threads."""

    def __init__(self) -> None:
        super().__init__()
        self.running = True
        self.from_threads: queue.Queue[Callable[[], object]] = queue.Queue()
        self.pool = ThreadPool(0, 4)
        self.pool.start()

    def callFromThread(self, f: Callable[..., object], *args: object, **kwargs: object) -> None:  # noqa: N802
        self.from_threads.put(lambda: f(*args, **kwargs))

    def getThreadPool(self) -> ThreadPool:  # noqa: N802
        return self.pool

    def until(self, condition: Callable[[], object]) -> None:
        """Make the calls that come from threads, until something holds."""
        while not condition():
            self.from_threads.get(timeout=PATIENCE)()

    def rest(self) -> None:
        """Let all threads end, and make what calls are left."""
        if self.pool.started:
            self.pool.stop()
        while not self.from_threads.empty():
            self.from_threads.get()()


class Answer(NamedTuple):
    """An answer as the standard library's client reads it."""

    status: int
    reason: str
    headers: HTTPMessage
    body: bytes


class _Stream(io.BytesIO):
    def makefile(self, _: str) -> "_Stream":
        return self


class Client:
    """A connection to an application behind an `HTTPServer`, and one request on it."""

    def __init__(self, site: "Site", data: bytes) -> None:
        self.site = site
        self.protocol = site.server.buildProtocol(None)  # type: ignore[arg-type]
        self.transport = StringTransportWithDisconnection()
        self.transport.protocol = self.protocol
        assert self.protocol is not None
        self.protocol.makeConnection(self.transport)
        self.method = data.split(b" ")[0].decode()
        self.protocol.dataReceived(data)

    @property
    def sent(self) -> bytes:
        """What has come."""
        return self.transport.value()

    @property
    def closed(self) -> bool:
        """Whether the server has ended the connection."""
        return not self.transport.connected

    def read(self) -> Answer:
        """Wait for the end of the connection, and read the answer."""
        self.site.loop.until(lambda: self.closed)
        response = HTTPResponse(cast("Any", _Stream(self.sent)), method=self.method)
        response.begin()
        return Answer(response.status, response.reason, response.headers, response.read())


class Site:
    """An application in its container, and the loop that runs it."""

    def __init__(self, app: App, loop: Loop, options: Environ) -> None:
        self.loop = loop
        limits = options.pop("limits", {})
        self.container = WSGIContainer(cast("Any", app), reactor=loop, **options)
        self.server = HTTPServer(self.container, reactor=cast("Any", loop), **limits)

    def open(
        self, path: str = "/", method: str = "GET", body: bytes | None = None, *lines: str
    ) -> Client:
        """Send a request, and do not wait."""
        head = [f"{method} {path} HTTP/1.1", "Host: example.com:8080", "Connection: close", *lines]
        if body is not None:
            head.append(f"Content-Length: {len(body)}")
        return Client(self, "\r\n".join([*head, "", ""]).encode("latin-1") + (body or b""))

    def ask(
        self, path: str = "/", method: str = "GET", body: bytes | None = None, *lines: str
    ) -> Answer:
        """Send a request, and read the answer."""
        return self.open(path, method, body, *lines).read()


class Log:
    """What was logged; what is serious must be taken by the test."""

    def __init__(self) -> None:
        self.events: list[LogEvent] = []

    def texts(self, namespace: str = "cyclone.wsgi") -> list[str]:
        """Take the entries of a namespace that are no failures."""
        taken = [
            event
            for event in self.events
            if event["log_namespace"] == namespace and "log_failure" not in event
        ]
        self.events = [event for event in self.events if event not in taken]
        return [formatEvent(event) for event in taken]

    def failures(self) -> list[BaseException]:
        """Take the exceptions that were logged."""
        taken = [event for event in self.events if "log_failure" in event]
        self.events = [event for event in self.events if event not in taken]
        return [cast("Any", event["log_failure"]).value for event in taken]


Serve = Callable[..., Site]


class Result:
    """What an application returns: an iterable that knows whether it was closed, and where."""

    def __init__(self, pieces: Iterable[Any]) -> None:
        self.pieces = pieces
        self.given = 0
        self.closed = 0
        self.threads: set[int] = set()

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.threads.add(threading.get_ident())
            self.given += 1
            yield piece

    def close(self) -> None:
        """Count."""
        self.threads.add(threading.get_ident())
        self.closed += 1


def answering(
    result: Iterable[Any],
    status: str = "200 OK",
    headers: Iterable[tuple[str, str]] = (("Content-Type", "text/plain"),),
) -> App:
    """An application that answers this."""

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        del environ
        start_response(status, list(headers))
        return result

    return app


def show(environ: Environ, start_response: Start) -> list[bytes]:
    """Answer with the environment."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [repr({name: environ[name] for name in environ if name.isupper()}).encode()]


def environ_of(answer: Answer) -> dict[str, str]:
    """Read what `show` has answered."""
    return cast("dict[str, str]", eval(answer.body))  # noqa: S307 -- our own repr


class RecordingExchange:
    """An exchange that takes a whole answer."""

    def __init__(self) -> None:
        self.finished: list[Deferred[None]] = []

    def notifyFinish(self) -> Any:  # noqa: ANN401 -- a Deferred
        """Wait for the answer."""
        self.finished.append(Deferred())
        return self.finished[-1]

    def respond(self, status: int, reason: str, headers: Any, body: bytes) -> None:  # noqa: ANN401
        """Take the answer."""
        del reason, body
        self.status, self.headers = status, headers
        for waiter in self.finished:
            waiter.callback(None)


class Boom(Exception):  # noqa: N818
    """What applications raise here."""
