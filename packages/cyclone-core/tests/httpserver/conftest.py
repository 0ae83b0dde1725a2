"""What the tests of the HTTP server share: a client in memory, and watches on the log.

The transport is Twisted's own `FileDescriptor`; only its socket is a pair of lists. So buffering,
producers, and closing by halves are those of a real TCP connection, without a network.
"""

import gc
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.abstract import FileDescriptor
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure

from cyclone_core.httpserver import BodyReceiver, BufferedBody, HTTPServer
from cyclone_core.httpserver.refusal import error_answer
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest

READ_SIZE = 64 * 1024

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
OK_CLOSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Wire(FileDescriptor):
    """The server's end of a connection.

    Attributes:
        room: How many bytes the client's side takes before it is full.
        taken: What the client has got.
        writes: What was handed over, each time: to be sent at once, or to be queued.
        half_closed: Whether the server has closed its sending half.
        aborted: Whether the server has cut the connection.
    """

    def __init__(self, reactor: MemoryReactorClock) -> None:
        super().__init__(reactor)
        self.protocol: Any = None
        self.connected = True
        self.room = math.inf
        self.taken = bytearray()
        self.writes: list[bytes] = []
        self.half_closed = False
        self.aborted = False
        self.no_delay: bool | None = None
        self._in_turn = False  # the reactor sends, not the server
        self._unsent = b""  # the rest of what the server has sent at once
        self.startReading()

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802 -- Twisted's name
        self.no_delay = enabled

    def getHost(self) -> IAddress:
        return IPv4Address("TCP", "127.0.0.1", 8888)

    def getPeer(self) -> IAddress:
        return IPv4Address("TCP", "127.0.0.2", 54321)

    def write(self, data: bytes) -> None:
        if data != self._unsent:
            self.writes.append(data)
        self._unsent = b""
        super().write(data)

    def doWrite(self) -> object:  # noqa: N802 -- Twisted's name
        self._in_turn = True
        try:
            return super().doWrite()
        finally:
            self._in_turn = False

    def writeSomeData(self, data: bytes) -> int:  # noqa: N802 -- Twisted's name
        count = int(min(len(data), self.room))
        if not self._in_turn:
            self.writes.append(data)
            self._unsent = data[count:]
        self.taken += data[:count]
        self.room -= count
        return count

    def _closeWriteConnection(self) -> None:  # noqa: N802 -- Twisted's name
        self.half_closed = True
        self.protocol.writeConnectionLost()

    def readConnectionLost(self, reason: Failure) -> None:
        if IHalfCloseableProtocol.providedBy(self.protocol):
            self.protocol.readConnectionLost()
        else:
            self.connectionLost(reason)

    def abortConnection(self) -> None:  # noqa: N802 -- Twisted's name
        if self.disconnected or self.aborted:
            return
        self.aborted = True
        self.stopReading()
        self.stopWriting()
        self.reactor.callLater(0, self.connectionLost, Failure(ConnectionAborted()))

    def connectionLost(self, reason: Failure) -> None:
        if self.connected:
            super().connectionLost(reason)
            self.stopReading()
            self.stopWriting()
            self.protocol.connectionLost(reason)


class Client:
    """A client in memory, and the means to look at its server's end.

    Attributes:
        reactor: The clock of everything.
        server: The factory.
        wire: The transport of the server's end.
    """

    def __init__(
        self, server: HTTPServer, reactor: MemoryReactorClock, wire: Wire | None = None
    ) -> None:
        self.reactor = reactor
        self.server = server
        self.wire = wire or Wire(reactor)
        self.protocol = self.wire.protocol = server.buildProtocol(self.wire.getPeer())
        self._sent: list[bytes] = []
        self.protocol.makeConnection(self.wire)

    @property
    def reading(self) -> bool:
        """Whether the server reads."""
        return self.wire in self.reactor.getReaders()

    @property
    def waiting(self) -> int:
        """The number of bytes that were sent and that the server has not read."""
        return sum(map(len, self._sent))

    @property
    def closed(self) -> bool:
        """Whether the connection is at its end."""
        return bool(self.wire.disconnected)

    def send(self, *pieces: bytes) -> None:
        """Send; each piece, or 64 KiB of it, is one read of the server."""
        for piece in pieces:
            starts = range(0, len(piece), READ_SIZE)
            self._sent += [piece[start : start + READ_SIZE] for start in starts]
            self.pump()

    def pump(self) -> None:
        """Move bytes both ways until nothing moves."""
        moved = True
        while moved:
            moved = self._write()
            while self._sent and self.reading:
                moved = True
                self.protocol.dataReceived(self._sent.pop(0))

    def _write(self) -> bool:
        moved = False
        wire = self.wire
        while wire in self.reactor.getWriters() and (wire.room or not self._pending()):
            moved = True
            ended = wire.doWrite()
            if ended is not None:
                wire.connectionLost(Failure(ended))
        return moved

    def _pending(self) -> bool:
        return bool(len(self.wire.dataBuffer) - self.wire.offset + self.wire._tempDataLen)

    def received(self) -> bytes:
        """Give what has come since the last call."""
        self.pump()
        taken = bytes(self.wire.taken)
        self.wire.taken.clear()
        return taken

    def advance(self, seconds: float) -> None:
        """Let time pass, second by second."""
        self.reactor.pump([1.0] * int(seconds) + [seconds % 1])
        self.pump()

    def turn(self) -> None:
        """Let the reactor turn once."""
        self.reactor.advance(0)
        self.pump()

    def half_close(self) -> None:
        """Say that nothing more will be sent."""
        self.wire.stopReading()
        self.wire.readConnectionLost(Failure(ConnectionDone()))
        self.pump()

    def leave(self) -> bool:
        """Close when the server has closed its half, as clients do; tell whether that was the end."""
        lingered = self.wire.half_closed and not self.closed
        self.half_close()
        return lingered and self.closed

    def vanish(self) -> None:
        """Go without a word."""
        self.wire.connectionLost(Failure(ConnectionLost()))


class Script:
    """An application that does what a test says, and records what it was asked.

    Attributes:
        requests: The complete requests.
    """

    def __init__(
        self,
        answer: Callable[[HTTPServerRequest], object] | None = None,
        start: Callable[[HTTPServerRequest], BodyReceiver | None] | None = None,
    ) -> None:
        self.requests: list[HTTPServerRequest] = []
        self._answer = answer
        self._start = start

    def __call__(self, request: HTTPServerRequest) -> None:
        if request.body_error is not None:
            refuse(request)
            return
        self.requests.append(request)
        if self._answer is not None:
            self._answer(request)

    def start_request(self, request: HTTPServerRequest) -> BodyReceiver | None:
        """Take the body in memory, or as the test says."""
        return self._start(request) if self._start else BufferedBody(request, self)

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.path for request in self.requests]


class Receiver:
    """Takes a body as a test says.

    Attributes:
        seen: The pieces, then `end` or `failed`.
        answers: What `data_received` returns, call by call; then None.
    """

    def __init__(self, *answers: object) -> None:
        self.request: HTTPServerRequest | None = None
        self.seen: list[object] = []
        self.answers = list(answers)
        self.on_data = self.on_end = lambda: None

    def start(self, request: HTTPServerRequest) -> BodyReceiver:
        """Begin."""
        self.request = request
        return self

    def data_received(self, chunk: bytes) -> Deferred[object] | None:
        """Take a piece."""
        self.seen.append(chunk)
        self.on_data()
        return self.answers.pop(0) if self.answers else None

    def body_finished(self) -> None:
        """Take the end."""
        self.seen.append("end")
        self.on_end()

    def body_failed(self) -> None:
        """Take the failure."""
        self.seen.append("failed")


def refuse(request: HTTPServerRequest) -> None:
    """Answer a request with a bad body."""
    exchange, error = request.connection, request.body_error
    exchange.respond(*error_answer(error.status, "cyclone", ""))


def respond(request: HTTPServerRequest, body: bytes = b"ok", **headers: str) -> None:
    """Answer with status 200."""
    fields = HTTPHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    request.connection.respond(200, "OK", fields, body)


def begin(request: HTTPServerRequest, chunk: bytes = b"", **headers: str) -> None:
    """Begin an answer in pieces."""
    fields = HTTPHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    request.connection.write_headers(200, "OK", fields, chunk)


class Log:
    """The events of Twisted's log.

    Attributes:
        events: All of them.
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def flush(self, *kinds: type[Exception]) -> list[Failure]:
        """Take away the failures of the given types, and return them."""
        gc.collect()
        failures = [event["log_failure"] for event in self.events if "log_failure" in event]
        found = [failure for failure in failures if failure.check(*kinds)]
        self.events = [event for event in self.events if event.get("log_failure") not in found]
        return found


@pytest.fixture(scope="package", autouse=True)
def _frozen() -> Iterator[None]:
    """Keep what is there already out of the many collections below, which take seconds otherwise."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def log() -> Iterator[Log]:
    """The log; failures in it that a test does not take away make it fail."""
    watched = Log()
    observer = watched.events.append
    globalLogPublisher.addObserver(observer)
    yield watched
    gc.collect()
    globalLogPublisher.removeObserver(observer)
    left = [event["log_failure"] for event in watched.events if "log_failure" in event]
    assert [failure.getTraceback() for failure in left] == []


@pytest.fixture
def reactor() -> MemoryReactorClock:
    """The clock of the server and of its transports."""
    return MemoryReactorClock()


def turn_once(reactor: MemoryReactorClock) -> None:
    """Make the calls that are due now; what they want to be called soon waits for the next turn."""
    due = [call for call in reactor.getDelayedCalls() if call.getTime() <= reactor.seconds()]
    for call in due:
        function, args = call.func, call.args
        call.cancel()
        function(*args)


Connect = Callable[..., Client]


@pytest.fixture
def connect(reactor: MemoryReactorClock) -> Connect:
    """A function that connects a client to a server around a script; options are `Limits`."""

    def make(script: Script, **options: float) -> Client:
        return Client(HTTPServer(script, reactor=reactor, **options), reactor)

    return make
