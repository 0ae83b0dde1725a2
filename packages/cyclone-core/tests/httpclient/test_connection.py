"""One connection to a server: what is sent, what is told, and when it can be used again."""

import asyncio
from typing import Any, cast

import pytest
from twisted.internet.abstract import FileDescriptor
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import capturedLogs
from twisted.python.failure import Failure
from twisted.web.iweb import UNKNOWN_LENGTH, IBodyProducer
from zope.interface import implementer

from cyclone_core.errors import HTTPOutputError
from cyclone_core.http1 import ResponseHead
from cyclone_core.httpclient import BadResponse, HTTPStreamClosedError, ResponseTooLarge
from cyclone_core.httpclient.connection import ClientConnection, Message
from cyclone_core.httpclient.sender import BodySender
from cyclone_core.httpclient.settings import response_limits

from .network import Network, Peer

ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Receiver:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.head: ResponseHead | None = None
        self.body = b""
        self.ended: list[Any] = []
        self.wait: list[Deferred[object]] = []
        self.slow = False
        self.fails: BaseException | None = None
        self.on_head: Any = None

    def head_received(self, head: ResponseHead) -> None:
        self.head = head
        if self.on_head is not None:
            self.on_head()

    def data_received(self, data: bytes) -> Deferred[object] | None:
        self.body += data
        if self.fails is not None:
            raise self.fails
        if not self.slow:
            return None
        self.wait.append(Deferred())
        return self.wait[-1]

    def response_finished(self, trailers: dict[str, Any], reusable: bool) -> None:
        self.ended.append((trailers, reusable))

    def response_failed(self, error: BaseException | Failure) -> None:
        self.ended.append(error.value if isinstance(error, Failure) else error)


class Line:
    """A connection, its peer, and who gets the answers."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.closed: list[ClientConnection] = []
        self.connection = ClientConnection(
            network.reactor, response_limits(None), self.closed.append
        )
        self.peer = Peer(self.connection, 80)
        network.peers.append(self.peer)
        self.peer.transport.connect()

    def send(
        self,
        method: str = "GET",
        body: "bytes | Producer | None" = None,
        *,
        length: int | None = None,
        keep_alive: bool = True,
        expects_continue: bool = False,
        most: int = 1000,
    ) -> Receiver:
        """Send a request."""
        receiver = Receiver()
        message = Message(method, ASK, cast("Any", body), length, keep_alive, expects_continue)
        self.connection.send(message, receiver, most)
        return receiver


@pytest.fixture
def line(network: Network) -> Line:
    """Give a connection that is open."""
    return Line(network)


# Answers.


def test_answer(line: Line) -> None:
    """Head, body and end of an answer are told, and the connection can be used again."""
    receiver = line.send()
    assert line.peer.take() == ASK
    line.peer.send(OK)
    assert receiver.head is not None
    assert (receiver.head.status, receiver.body, receiver.ended) == (200, b"hello", [({}, True)])
    again = line.send()
    line.peer.send(*[OK[i : i + 1] for i in range(len(OK))])
    assert (again.body, again.ended, line.connection.requests) == (b"hello", [({}, True)], 2)


@pytest.mark.parametrize(
    ("answer", "keep_alive"),
    [
        (OK, False),
        (OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), True),
        (OK.replace(b"HTTP/1.1", b"HTTP/1.0"), True),
        (OK + b"HTTP/1.1 200 Poison\r\n\r\n", True),
        (OK + b"x", True),
    ],
)
def test_used_up(line: Line, answer: bytes, keep_alive: bool) -> None:
    """A connection that one side wants closed, or on which more came than was asked for, is closed."""
    receiver = line.send(keep_alive=keep_alive)
    line.peer.send(answer)
    assert (receiver.body, receiver.ended) == (b"hello", [({}, False)])
    assert line.peer.closed
    assert line.closed == [line.connection]


def test_until_close(line: Line) -> None:
    """An answer without a length ends with the connection."""
    receiver = line.send()
    line.peer.send(b"HTTP/1.1 200 OK\r\n\r\nhel", b"lo")
    line.peer.close()
    assert (receiver.body, receiver.ended) == (b"hello", [({}, False)])


def test_until_broken(line: Line) -> None:
    """Where the connection breaks nobody knows whether such an answer is complete (RFC 9112 section 9.8)."""
    receiver = line.send()
    line.peer.send(b"HTTP/1.1 200 OK\r\n\r\nhello")
    line.peer.reset()
    (error,) = receiver.ended
    assert isinstance(error, HTTPStreamClosedError)
    assert "nobody can tell whether the answer was complete" in str(error)


def test_trailers(line: Line) -> None:
    """Header fields behind a chunked body are told with its end."""
    receiver = line.send()
    line.peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n")
    assert receiver.ended == [({"X-Sum": "1"}, True)]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"", "before there was an answer"),
        (b"HTTP/1.1 200", "in the middle of the head"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "before there was an answer"),
        (OK[:-1], "1 bytes are missing"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n", "chunked body"),
    ],
)
def test_cut_off(line: Line, sent: bytes, said: str) -> None:
    """An answer that is cut off is an error, which says what is missing and why."""
    receiver = line.send()
    line.peer.send(*([sent] if sent else []))
    line.peer.close()
    (error,) = receiver.ended
    assert isinstance(error, HTTPStreamClosedError)
    assert said in str(error)
    assert isinstance(error.__cause__, ConnectionDone)


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"nonsense\r\n\r\n", BadResponse),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", BadResponse),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 11, BadResponse),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", ResponseTooLarge),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70000, ResponseTooLarge),
    ],
)
def test_bad_answer(line: Line, sent: bytes, kind: type[BadResponse]) -> None:
    """What breaks the rules or the bounds is refused, and the connection is cut."""
    receiver = line.send()
    line.peer.send(sent)
    (error,) = receiver.ended
    assert type(error) is kind
    assert not line.connection.open
    assert line.network.is_quiet()


def test_interim(line: Line) -> None:
    """Interim answers are passed over."""
    receiver = line.send()
    line.peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK)
    assert (receiver.body, receiver.ended) == (b"hello", [({}, True)])


def test_unsolicited(line: Line) -> None:
    """A server that speaks without being asked is not listened to."""
    line.peer.send(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert line.closed == [line.connection]


def test_receiver_fails(line: Line) -> None:
    """What a receiver raises comes back to it, and the connection is cut."""
    receiver = line.send()
    receiver.fails = ZeroDivisionError("mine")
    line.peer.send(OK)
    assert [type(each) for each in receiver.ended] == [ZeroDivisionError]
    assert not line.connection.open


@pytest.mark.parametrize("kind", [asyncio.CancelledError, CancelledError])
@pytest.mark.parametrize("later", [True, False])
def test_receiver_is_cancelled(line: Line, kind: type[BaseException], later: bool) -> None:
    """Who takes an answer and is cancelled does not cancel who waits for it: that gets an error."""
    receiver = line.send()
    if later:
        receiver.slow = True
    else:
        receiver.fails = kind()
    line.peer.send(OK)
    if later:
        receiver.wait[0].errback(kind())
    (error,) = receiver.ended
    assert isinstance(error, HTTPStreamClosedError)
    assert isinstance(error.__cause__, kind)
    assert not line.connection.open


# Waiting.


def test_slow_receiver(line: Line) -> None:
    """While a receiver is not done with a piece, no more is read; then the rest comes."""
    receiver = line.send()
    receiver.slow = True
    line.peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nab", b"cd", b"ef")
    assert (receiver.body, line.connection.paused) == (b"ab", True)
    receiver.wait[0].callback(None)
    assert receiver.body == b"abcd"
    receiver.wait[1].callback(None)
    assert (receiver.body, receiver.ended) == (b"abcdef", [])
    receiver.wait[2].callback(None)
    assert receiver.ended == [({}, True)]


def test_slow_receiver_fails(line: Line) -> None:
    """What a receiver's Deferred fails with comes back to it."""
    receiver = line.send()
    receiver.slow = True
    line.peer.send(OK)
    receiver.wait[0].errback(ZeroDivisionError("mine"))
    assert [type(each) for each in receiver.ended] == [ZeroDivisionError]
    assert not line.connection.open


def test_ready_receiver(line: Line) -> None:
    """A Deferred that has fired already holds nothing up."""
    receiver = line.send()
    receiver.data_received = lambda data: succeed(receiver.body == data)  # type: ignore[method-assign]
    line.peer.send(OK)
    assert receiver.ended == [({}, True)]


def test_lost_while_waiting(line: Line) -> None:
    """What came before the end of a connection is passed on as fast as it is taken, and then the end."""
    receiver = line.send()
    receiver.on_head = line.connection.pause
    line.peer.send(b"HTTP/1.1 200 OK\r\n\r\nhello")
    line.peer.close()
    assert (receiver.body, receiver.ended) == (b"", [])
    line.connection.resume()
    assert (receiver.body, receiver.ended) == (b"hello", [({}, False)])
    line.connection.resume()


def test_data_while_paused(line: Line) -> None:
    """What a transport still delivers when it was told to pause is kept; to pause again changes nothing."""
    receiver = line.send()
    receiver.on_head = line.connection.pause
    line.peer.send(OK[:-5])
    line.connection.pause()
    line.connection.dataReceived(OK[-5:])
    assert receiver.body == b""
    line.connection.resume()
    assert (receiver.body, receiver.ended) == (b"hello", [({}, True)])


def test_pause_too_late(line: Line) -> None:
    """Who pauses when the connection is gone waits all the same."""
    receiver = line.send()
    receiver.slow = True
    line.peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
    line.connection.dataReceived(b"cd")
    line.peer.reset()
    receiver.wait[0].callback(None)
    assert (receiver.body, receiver.ended) == (b"abcd", [])
    receiver.wait[1].callback(None)
    assert receiver.ended == [({}, False)]


def test_fails_too_late(line: Line) -> None:
    """What fails when the connection was cut already is told nobody."""
    receiver = line.send()
    receiver.slow = True
    line.peer.send(OK)
    line.connection.abort()
    receiver.wait[0].errback(ZeroDivisionError())
    assert receiver.ended == []


# Ends.


def test_lost_before_it_is_used(line: Line) -> None:
    """Who asks on a connection that has ended already is told at once."""
    line.peer.close()
    (error,) = line.send().ended
    assert isinstance(error, HTTPStreamClosedError)
    assert isinstance(error.__cause__, ConnectionDone)


def test_abort(line: Line) -> None:
    """After an abort nobody is told anything."""
    receiver = line.send()
    line.connection.abort()
    line.connection.abort()
    assert (receiver.ended, line.closed) == ([], [line.connection])
    assert line.network.is_quiet()


def test_close_and_no_end(line: Line) -> None:
    """A server that does not let a closed connection end is given a second."""
    transport = StringTransport()
    aborted = []
    transport.abortConnection = lambda: aborted.append(True)  # type: ignore[method-assign]
    line.connection.makeConnection(transport)
    line.connection.close()
    line.connection.close()
    assert transport.disconnecting
    line.network.advance(1)
    assert aborted == [True]
    line.connection.connectionLost()


class Descriptor(FileDescriptor):
    """A transport of Twisted's own, whose socket takes a few bytes at a time."""

    def __init__(self) -> None:
        super().__init__(reactor=MemoryReactorClock())
        self.connected = True
        self.sent: list[bytes] = []

    def writeSomeData(self, data: bytes) -> int:  # noqa: N802 -- Twisted's name
        self.sent.append(data[:10])
        return len(data[:10])

    def startWriting(self) -> None:  # noqa: N802 -- as above
        """Wait for the test."""


@pytest.mark.parametrize(("size", "queued"), [(10, b""), (15, b"xxxxx")])
def test_sent_at_once(network: Network, size: int, queued: bytes) -> None:
    """A request leaves at once, if the socket takes it; the rest of it is queued."""
    connection = ClientConnection(network.reactor, response_limits(None), lambda _: None)
    descriptor = Descriptor()
    connection.makeConnection(descriptor)
    connection.send(Message("GET", b"x" * size, None, None, True, False), Receiver(), 1)
    assert descriptor.sent == [b"x" * 10]
    assert b"".join(descriptor._tempDataBuffer) == queued


# Bodies.


@implementer(IBodyProducer)
class Producer:
    """Makes a body when it is told to."""

    def __init__(self, length: object = UNKNOWN_LENGTH) -> None:
        self.length = length
        self.done: Deferred[None] = Deferred()
        self.calls: list[str] = []
        self.consumer: Any = None
        self.fails = False

    def startProducing(self, consumer: BodySender) -> Deferred[None]:  # noqa: N802 -- Twisted's
        if self.fails:
            raise ZeroDivisionError
        self.consumer = consumer
        consumer.registerProducer(self, True)
        consumer.unregisterProducer()
        return self.done

    def pauseProducing(self) -> None:
        self.calls.append("pause")

    def resumeProducing(self) -> None:
        self.calls.append("resume")

    def stopProducing(self) -> None:
        self.calls.append("stop")


def test_bytes(line: Line) -> None:
    """A body of bytes goes out with the head."""
    line.send("POST", b"body", length=4)
    assert line.peer.take() == ASK + b"body"


def test_produced_with_length(line: Line) -> None:
    """A body of known length goes out as it is made."""
    producer = Producer(4)
    receiver = line.send("POST", producer, length=4)
    producer.consumer.write(b"bo")
    assert line.peer.take() == ASK + b"bo"
    producer.consumer.write(b"dy")
    producer.done.callback(None)
    line.peer.send(OK)
    assert (line.peer.take(), receiver.ended) == (b"dy", [({}, True)])


def test_produced_in_chunks(line: Line) -> None:
    """A body of unknown length goes out in chunks; an empty piece is none, because that ends it."""
    producer = Producer()
    receiver = line.send("POST", producer)
    for piece in (b"bo", b"", b"dy"):
        producer.consumer.write(piece)
    producer.done.callback(None)
    assert line.peer.take() == ASK + b"2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"
    line.peer.send(OK)
    assert receiver.ended == [({}, True)]


def test_back_pressure(line: Line) -> None:
    """A producer is paused while the server takes nothing."""
    producer = Producer()
    line.send("POST", producer)
    line.peer.transport.hold()
    producer.consumer.write(b"x" * 70000)
    assert producer.calls == ["pause"]
    line.peer.transport.release()
    assert producer.calls == ["pause", "resume"]


@pytest.mark.parametrize(
    ("piece", "said"), [(b"abc", "lacks 1 of its 4 bytes"), (b"abcde", "longer")]
)
def test_wrong_length(line: Line, piece: bytes, said: str) -> None:
    """A body that is shorter or longer than was said is the program's mistake."""
    producer = Producer(4)
    receiver = line.send("POST", producer, length=4)
    try:
        producer.consumer.write(piece)
    except HTTPOutputError as error:
        producer.done.errback(error)
    else:
        producer.done.callback(None)
    (error,) = receiver.ended
    assert isinstance(error, HTTPOutputError)
    assert said in str(error)
    assert not line.connection.open


def test_producer_fails(line: Line) -> None:
    """What a producer fails with fails the request, at once or later."""
    producer = Producer()
    receiver = line.send("POST", producer)
    producer.done.errback(ZeroDivisionError())
    assert [type(each) for each in receiver.ended] == [ZeroDivisionError]


def test_producer_raises(network: Network) -> None:
    """So does what it raises."""
    producer = Producer()
    producer.length = 1
    producer.fails = True
    receiver = Line(network).send("POST", producer)
    assert [type(each) for each in receiver.ended] == [ZeroDivisionError]


def test_producer_gives_nothing(line: Line) -> None:
    """A producer that returns no Deferred is told so."""
    producer = Producer()
    producer.done = cast("Any", None)
    receiver = line.send("POST", producer)
    (error,) = receiver.ended
    assert isinstance(error, TypeError)
    assert "returns a Deferred, not NoneType" in str(error)
    assert not line.connection.open


def test_producer_does_not_stop(line: Line) -> None:
    """A producer that raises when it is stopped keeps nothing from ending; it is logged."""
    producer = Producer()
    producer.stopProducing = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    receiver = line.send("POST", producer)
    with capturedLogs() as logged:
        line.peer.send(OK)
    assert receiver.ended == [({}, False)]
    assert [each["log_failure"].type for each in logged] == [ZeroDivisionError]


def test_early_answer(line: Line) -> None:
    """A server that answers before it has the body gets no more of it, and the connection is closed."""
    producer = Producer()
    receiver = line.send("POST", producer)
    producer.consumer.write(b"x")
    line.peer.send(OK)
    assert (receiver.ended, producer.calls) == ([({}, False)], ["stop"])
    producer.consumer.write(b"more")
    producer.done.callback(None)
    assert b"more" not in line.peer.take()
    assert line.peer.closed


def test_stopped_producer_fails(line: Line) -> None:
    """A producer that fails because it was stopped is nobody's trouble."""
    producer = Producer()
    receiver = line.send("POST", producer)
    line.peer.send(OK)
    producer.done.errback(ZeroDivisionError())
    assert receiver.ended == [({}, False)]


def test_lost_while_sending(line: Line) -> None:
    """The end of the connection stops the producer."""
    producer = Producer()
    receiver = line.send("POST", producer)
    line.peer.reset()
    assert producer.calls == ["stop"]
    assert isinstance(receiver.ended[0], HTTPStreamClosedError)
    assert not line.connection.answered


def test_transport_lost_while_sending(network: Network) -> None:
    """A transport that is lost stops the producer before it tells the protocol."""
    connection = ClientConnection(network.reactor, response_limits(None), lambda _: None)
    descriptor, producer = Descriptor(), Producer()
    connection.makeConnection(descriptor)
    message = Message("POST", ASK, cast("Any", producer), None, True, False)
    connection.send(message, Receiver(), 1)
    descriptor.connectionLost(Failure(ConnectionDone()))
    assert producer.calls == ["stop"]


def test_lost_before_sending(network: Network) -> None:
    """Where the connection is lost already nothing is asked of the producer."""
    connection = ClientConnection(network.reactor, response_limits(None), lambda _: None)
    descriptor, producer = Descriptor(), Producer()
    connection.makeConnection(descriptor)
    descriptor.disconnected = True
    message = Message("POST", ASK, cast("Any", producer), None, True, False)
    connection.send(message, Receiver(), 1)
    assert (producer.calls, producer.consumer) == ([], None)


# 100 Continue.


def test_continue(line: Line) -> None:
    """The body is sent when the server wants it."""
    receiver = line.send("POST", b"body", length=4, expects_continue=True)
    assert line.peer.take() == ASK
    line.peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert line.peer.take() == b"body"
    line.peer.send(b"HTTP/1.1 100 Continue\r\n\r\n" + OK)
    assert receiver.ended == [({}, True)]
    assert not line.network.reactor.getDelayedCalls()


def test_no_continue(line: Line) -> None:
    """A server that says nothing of it for a second gets the body all the same."""
    line.send("POST", b"body", length=4, expects_continue=True)
    line.network.advance(1)
    assert line.peer.take() == ASK + b"body"


def test_refused_before_body(line: Line) -> None:
    """A body that the server has refused is not sent."""
    producer = Producer()
    receiver = line.send("POST", producer, expects_continue=True)
    line.peer.send(OK.replace(b"200 OK", b"413 No"))
    assert (receiver.ended, producer.consumer) == ([({}, False)], None)
    assert line.peer.take() == ASK
    assert line.network.is_quiet()
