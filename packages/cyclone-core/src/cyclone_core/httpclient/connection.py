"""One connection to a server, and one request on it after the other.

Theory of operation. `ResponseReader` knows HTTP, the pool knows who may use the connection; this class
moves bytes between the two:

    state     event                                      next state
    idle      send                                       asking
    asking    head of the answer                         asking; its receiver may pause
    asking    end of the answer, all can go on           idle; the receiver learns it is `reusable`
    asking    end of the answer, otherwise               closed
    any       bytes that nobody has asked for            closed
    any       the connection is lost, abort              closed

A receiver gets exactly one of `response_finished` and `response_failed`; nothing after `abort`.
"""

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.iweb import IBodyProducer

from cyclone_core.coroutines import CANCELLATIONS, FAILURES
from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import EndOfBody, ResponseHead, ResponseReader
from cyclone_core.httpclient.errors import BadResponse, HTTPStreamClosedError, ResponseTooLarge
from cyclone_core.httpclient.sender import BodySender
from cyclone_core.limits import Limits
from cyclone_core.sending import send_at_once, sends_at_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from twisted.internet.defer import Deferred

__all__ = ["ClientConnection", "Message", "Receiver"]

_CONTINUE: Final = 100
_SWITCHING_PROTOCOLS: Final = 101
_FIRST_FINAL: Final = 200
_TOO_LARGE: Final = frozenset({413, 431})

# As long as curl waits; a server that knows nothing of it would else never get the body.
_CONTINUE_TIMEOUT: Final = 1.0

# A server that does not close its half of TLS would keep the connection.
_CLOSE_TIMEOUT: Final = 1.0


class Message(NamedTuple):
    """A request as it is sent.

    Attributes:
        method: Its method.
        head: Request line and header fields, with the empty line.
        body: The body: bytes, or what makes it.
        length: Bytes of a body that is made; None if it goes out in chunks.
        keep_alive: Whether the connection may be used again.
        expects_continue: Whether the body waits until the server wants it.
    """

    method: str
    head: bytes
    body: bytes | IBodyProducer | None
    length: int | None
    keep_alive: bool
    expects_continue: bool


class Receiver(Protocol):
    """Who gets an answer."""

    def head_received(self, head: ResponseHead) -> None:
        """Take the head of the answer; interim ones do not come here."""
        ...

    def data_received(self, data: bytes) -> "Deferred[object] | None":
        """Take a piece of the body; no more comes before what is returned has fired."""
        ...

    def response_finished(self, trailers: dict[str, str | list[str]], reusable: bool) -> None:
        """Take note that the answer is complete, and whether the connection can be used again."""
        ...

    def response_failed(self, error: BaseException | Failure) -> None:
        """Take note that there will be no more of it; the connection is closed."""
        ...


class ClientConnection(TwistedProtocol):
    """A connection to a server.

    Attributes:
        requests: How many requests were sent.
        answered: Whether anything has come back to the last one.
        open: Whether it can be used.
        last_activity: When bytes last went one way or the other, in seconds of the reactor.
        on_close: Called once when it is closed.
        paused: Whether it reads nothing, because nobody takes it.
    """

    transport: ITCPTransport

    def __init__(
        self,
        reactor: Any,  # noqa: ANN401 -- IReactorTime
        limits: Limits,
        on_close: "Callable[[ClientConnection], None]",
    ) -> None:
        """Make the protocol of a connection.

        Args:
            reactor: Tells the time.
            limits: The bounds of what the server sends.
            on_close: See the attribute.
        """
        self.requests = 0
        self.answered = False
        self.open = False
        self.on_close = on_close
        self.last_activity = 0.0
        self._reactor = reactor
        self._reader = ResponseReader(limits)
        self._receiver: Receiver | None = None
        self._sender: BodySender | None = None
        self._keep_alive = False
        self.paused = False
        self._waits_for_continue: Any = None
        self._closing: Any = None
        self._processing = False
        self._sends = False
        self._lost: Failure | None = None

    def connectionMade(self) -> None:
        """Get ready (Twisted: `Protocol.connectionMade`)."""
        self.open = True
        self._sends = sends_at_once(self.transport)
        no_delay = getattr(self.transport, "setTcpNoDelay", None)
        if no_delay is not None:
            no_delay(True)

    def send(self, message: Message, receiver: Receiver, max_body_size: int) -> None:
        """Send a request.

        Args:
            message: The request.
            receiver: Who gets the answer.
            max_body_size: Most bytes of its body as they are sent.
        """
        self._receiver = receiver
        self._keep_alive = message.keep_alive
        self._sender = None
        self.answered = False
        self.requests += 1
        self.last_activity = self._reactor.seconds()
        self._reader.expect(message.method)
        self._reader.max_body_size = max_body_size
        if not self.open:
            self._end_if_lost()
            return
        body = message.body
        if body is None or (type(body) is bytes and not message.expects_continue):
            self._write(message.head + body if body else message.head)
            return
        self._write(message.head)
        if message.expects_continue:
            later = self._reactor.callLater(
                _CONTINUE_TIMEOUT, self._send_body, body, message.length
            )
            self._waits_for_continue = later
        else:
            self._send_body(body, message.length)

    def pause(self) -> None:
        """Read no more until `resume`."""
        if not self.paused:
            self.paused = True
            if self.open:
                self.transport.pauseProducing()  # type: ignore[attr-defined]  # all transports have it

    def resume(self) -> None:
        """Read on."""
        if not self.paused:
            return
        self.paused = False
        if self.open:
            self.last_activity = self._reactor.seconds()
            self.transport.resumeProducing()  # type: ignore[attr-defined]  # as above
        if not self._processing:
            self._process()
            self._end_if_lost()

    def abort(self) -> None:
        """Cut the connection; the receiver hears no more."""
        self._receiver = None
        self._stop_sending()
        if self.open:
            self.transport.abortConnection()

    def close(self) -> None:
        """End the connection in peace."""
        if self.open and self._closing is None:
            self._closing = self._reactor.callLater(_CLOSE_TIMEOUT, self.transport.abortConnection)
            self.transport.loseConnection()

    # What the transport calls.

    def dataReceived(self, data: bytes) -> None:
        """Take what the server has sent (Twisted: `Protocol.dataReceived`)."""
        self.last_activity = self._reactor.seconds()
        self._reader.receive_data(data)
        if self._receiver is None:
            # Nobody has asked: either a time-out's 408, or an attempt to answer the next request.
            self.transport.abortConnection()
        elif not self.paused:
            self._process()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Bring what is open to an end (Twisted: `Protocol.connectionLost`)."""
        self.open = False
        if self._closing is not None and self._closing.active():
            self._closing.cancel()
        self._stop_sending()
        self._lost = reason
        self._end_if_lost()
        self.on_close(self)

    # The answer.

    def _process(self) -> None:
        """Pass on what has come, as long as the receiver takes it."""
        reader = self._reader
        self._processing = True
        try:
            while not self.paused and (receiver := self._receiver) is not None:
                event = reader.next_event()
                if event is None:
                    break
                self.answered = True
                if isinstance(event, bytes):
                    wait = receiver.data_received(event)
                    if wait is not None:
                        self.pause()
                        wait.addCallbacks(self._go_on, self._receiver_failed)
                elif isinstance(event, ResponseHead):
                    self._head(receiver, event)
                else:
                    self._finish(receiver, event)
        except HTTPInputError as error:
            self._fail(_bad_response(error))
        except FAILURES:  # the receiver's, which its owner is to see
            self._receiver_failed(Failure())
        finally:
            self._processing = False

    def _head(self, receiver: Receiver, head: ResponseHead) -> None:
        if head.status >= _FIRST_FINAL:
            self._keep_alive = self._keep_alive and head.keep_alive
            receiver.head_received(head)
        elif head.status == _SWITCHING_PROTOCOLS:
            raise HTTPInputError("the server switches protocols, and nobody has asked it to")
        elif head.status == _CONTINUE and self._waits_for_continue is not None:
            later, arguments = self._waits_for_continue, self._waits_for_continue.args
            later.cancel()
            self._send_body(*arguments)

    def _finish(self, receiver: Receiver, end: EndOfBody) -> None:
        self._receiver = None
        sent = self._waits_for_continue is None and (self._sender is None or self._sender.done)
        self._stop_sending()
        reusable = self.open and sent and self._keep_alive and self._is_silent()
        if not reusable:
            self.close()
        receiver.response_finished(end.trailers, reusable)

    def _is_silent(self) -> bool:
        """Tell whether nothing has come behind the answer: it would be taken for that to the next request."""
        try:
            self._reader.next_event()
        except HTTPInputError:
            return False
        return True

    def _end_if_lost(self) -> None:
        """Find out whether the end of the connection is that of the answer, once all was passed on."""
        receiver = self._receiver
        if self._lost is None or self.paused or receiver is None:
            return
        try:
            end = self._reader.close()
        except HTTPInputError as error:
            problem = f"the connection ended before the answer did: {error}"
        else:
            if end is not None and self._lost.check(ConnectionDone):
                self._finish(receiver, end)
                return
            problem = "the connection ended before there was an answer"
            if end is not None:
                # RFC 9112 section 9.8: whoever can cut a connection could shorten such an answer.
                problem = (
                    "the connection broke, and nobody can tell whether the answer was complete"
                )
        lost = HTTPStreamClosedError(problem)
        lost.__cause__ = self._lost.value
        self._fail(lost)

    def _go_on(self, _: object) -> None:
        self.resume()

    def _receiver_failed(self, failure: Failure) -> None:
        error: BaseException | Failure = failure
        if failure.check(*CANCELLATIONS):
            # As it is it would look as if somebody had cancelled who waits for the answer.
            error = HTTPStreamClosedError("what took the answer was cancelled")
            error.__cause__ = failure.value
        self._fail(error)

    def _fail(self, error: BaseException | Failure) -> None:
        receiver, self._receiver = self._receiver, None
        self.abort()
        if receiver is not None:
            receiver.response_failed(error)

    # The request.

    def _write(self, data: bytes) -> None:
        if self._sends:
            data = send_at_once(self.transport, data)
        if data:
            self.transport.write(data)

    def _send_body(self, body: bytes | IBodyProducer, length: int | None) -> None:
        self._waits_for_continue = None
        if isinstance(body, bytes):
            self.transport.write(body)
            return
        self._sender = sender = BodySender(body, length, self.transport, self._note_activity)
        sender.start().addErrback(self._body_failed, sender)

    def _note_activity(self) -> None:
        self.last_activity = self._reactor.seconds()

    def _body_failed(self, failure: Failure, sender: BodySender) -> None:
        if self._sender is sender:
            self._fail(failure)

    def _stop_sending(self) -> None:
        later, self._waits_for_continue = self._waits_for_continue, None
        if later is not None and later.active():
            later.cancel()
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.stop()


def _bad_response(error: HTTPInputError) -> BadResponse:
    kind = ResponseTooLarge if error.status in _TOO_LARGE else BadResponse
    return kind(f"the answer breaks the rules of HTTP: {error}")
