"""The Twisted protocol of an HTTP/1.1 server connection.

It has three duties: it moves bytes, keeps deadlines, and applies back-pressure both ways. What the
bytes mean is `cyclone_core.http1`'s business, what to answer is the application's.

Requests are answered in order because there is never more than one in flight: the reader is asked for
the next head only when the last answer is complete. What a client sends ahead waits in the reader; when
that is more than `max_pipeline_size`, reading pauses.

All answers that are complete within one read are sent in one write (they are corked). While the client
takes nothing off its answers no further request is handled, so that it cannot fill the memory.
"""

import enum
from typing import Final, cast
from typing import Protocol as Interface

from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IProtocol,
)
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from cyclone_core.errors import HTTPInputError, NotUpgradable
from cyclone_core.http1 import EndOfBody, RequestHead, RequestReader, ResponseWriter
from cyclone_core.httpserver.clock import NEVER, CoarseClock
from cyclone_core.httpserver.exchange import BodyReceiver, RequestServer
from cyclone_core.httpserver.http1 import HTTP1Exchange
from cyclone_core.httpserver.link import Link
from cyclone_core.httpserver.peer import Peer
from cyclone_core.httpserver.refusal import error_answer
from cyclone_core.httpserver.streams import close_stream
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.limits import Limits

__all__ = ["HTTPConnection", "HTTPConnectionFactory"]

_log = Logger(namespace="cyclone.httpserver")

_INTERNAL_SERVER_ERROR: Final = 500
_REQUEST_TIMEOUT: Final = 408


class HTTPConnectionFactory(RequestServer, Interface):
    """What an `HTTPConnection` needs of its factory.

    Attributes:
        limits: The bounds of the connection.
        clock: The clock of all connections.
        server_header: The value of the `Server` header; empty for none.
    """

    limits: Limits
    clock: CoarseClock
    server_header: str


class _Wait(enum.Enum):
    """What the connection waits for; its deadline belongs to that."""

    NEXT_REQUEST = enum.auto()
    HEAD = enum.auto()
    BODY = enum.auto()
    APPLICATION = enum.auto()
    CLOSE = enum.auto()


# Looked up once: a member of an enumeration costs more than a global.
_NEXT_REQUEST, _HEAD, _BODY, _APPLICATION, _CLOSE = _Wait


@implementer(IHalfCloseableProtocol)
class HTTPConnection(Link):
    """One connection of a client (cyclone: `httpserver.HTTPConnection`).

    Attributes:
        factory: The application, or whatever else serves requests.
        peer: The client.
        deadline: When `deadline_passed` is due, in seconds of the factory's clock.
        body_unread: Whether the body of the current request has not come to its end.
    """

    factory: HTTPConnectionFactory
    peer: Peer
    deadline: float = NEVER
    body_unread: bool = False

    def connectionMade(self) -> None:
        """Prepare for the first request."""
        factory = self.factory
        self.peer = Peer(self.transport)
        self._limits = factory.limits
        self._clock = factory.clock
        self._reader = RequestReader(factory.limits)
        self._exchange: HTTP1Exchange | None = None
        self._receiver: BodyReceiver | None = None
        self._continue_wanted = False
        self._body_paused = False
        self._body_paused_at = 0.0
        self._body_deadline = NEVER
        self._lingering = False
        self._successor: IProtocol | None = None
        self._clock.watch(self)
        self._wait_for(_NEXT_REQUEST, self._limits.idle_connection_timeout)
        self.connect()

    def dataReceived(self, data: bytes) -> None:
        """Take what the client has sent."""
        if self._waiting is _CLOSE:
            return  # lingering: the client may finish sending, nobody listens
        self._reader.receive_data(data)
        self._process()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell everybody concerned that the client has gone."""
        self._clock.forget(self)
        self._waiting = _CLOSE
        self._client_gone(reason.getErrorMessage())
        if self._successor is not None:
            successor, self._successor = self._successor, None
            del self.dataReceived
            successor.connectionLost(reason)

    def readConnectionLost(self) -> None:
        """Take note that the client sends no more; nobody tells us whether it still listens.

        What was written already is still sent. A request in flight counts as abandoned, as it does
        on every transport that cannot be closed by halves.
        """
        successor = IHalfCloseableProtocol(self._successor, None)
        if successor is not None:
            successor.readConnectionLost()
            return
        self._waiting = _CLOSE
        self.deadline = NEVER
        self._client_gone("the client closed the connection")
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Wait a moment for the client to read the last answer and to close its side."""
        successor = IHalfCloseableProtocol(self._successor, None)
        if successor is not None:
            successor.writeConnectionLost()
        else:
            self._wait_for(_CLOSE, self._limits.linger_timeout)

    def deadline_passed(self) -> None:
        """Act on a client that was waited for in vain."""
        self.deadline = NEVER
        if self._waiting is _NEXT_REQUEST:
            # Who still takes off the last answer is not idle: `resumeProducing` counts anew.
            if self._full is None:
                self._close()
        elif self._waiting is _CLOSE:
            self.transport.abortConnection()
        elif self._waiting is not _APPLICATION:
            what = "head" if self._waiting is _HEAD else "body"
            self._refuse(_REQUEST_TIMEOUT, f"the {what} of a request came too late")

    # What the exchange uses.

    def answer_finished(self, keep_alive: bool) -> None:
        """Go on with the next request, or close."""
        self._exchange = None
        if self._receiver is not None:
            self._fail_body()
        if self._waiting is _CLOSE:
            return  # who was told of the end has aborted
        if not keep_alive:
            self._flush_cork()
            self._close(linger=self.body_unread or self._reader.buffered > 0)
            return
        self._waiting = _NEXT_REQUEST
        self.deadline = self._clock.now + self._limits.idle_connection_timeout
        if self._cork is None and (self._reader.buffered or self._reading_paused):
            # Not now: the framework still has to log this answer before it runs the next handler.
            self._clock.call_soon(self._process)

    def abort(self, why: str) -> None:
        """Cut the connection."""
        if self._cork is not None:
            self._cork.clear()
        self._waiting = _CLOSE
        self.deadline = NEVER
        self._client_gone(why)
        self.transport.abortConnection()

    def set_max_body_size(self, size: int) -> None:
        """Bound the body of the current request in bytes."""
        self._reader.max_body_size = size

    def set_body_timeout(self, seconds: float | None) -> None:
        """Bound the time from now to the end of the current body in seconds."""
        now = self._clock.now
        self._body_deadline = NEVER if seconds is None else now + seconds
        self._body_paused_at = now
        if self._waiting is _BODY:
            self._wait_for_body()

    def pause_body(self) -> None:
        """Stop reading the current body, if it has not come to its end."""
        if self.body_unread and not self._body_paused:
            self._body_paused = True
            self._body_paused_at = self._clock.now
            self._wait_for(_APPLICATION, NEVER)
            self._pause_reading()

    def resume_body(self) -> None:
        """Go on reading the current body."""
        if self._body_paused:
            self._body_paused = False
            # The time that the application took is not the client's.
            self._body_deadline += self._clock.now - self._body_paused_at
            self._resume_reading()
            self._process()

    def upgrade(self, exchange: HTTP1Exchange, protocol: IProtocol) -> bytes:
        """Hand the transport to another protocol, and return what it should have got already."""
        if self._waiting is _CLOSE or self._exchange is not exchange:
            raise NotUpgradable("the client has gone, or the exchange is over")
        if exchange.started or self.body_unread:
            raise NotUpgradable("the answer has begun, or the request's body was not read")
        self._flush_cork()
        self._stop_producing()
        self._clock.forget(self)
        self._resume_reading()
        self._waiting = _CLOSE  # as far as HTTP is concerned
        self._successor = protocol
        # Twisted looks the method up on the instance: from now on data do not pass through here.
        self.dataReceived = protocol.dataReceived  # type: ignore[method-assign]
        protocol.makeConnection(self.transport)
        return self._reader.take_rest()

    def room_made(self) -> None:
        """Go on with what waited for the client to take off its answers."""
        if self._waiting is _NEXT_REQUEST:
            self.deadline = self._clock.now + self._limits.idle_connection_timeout
            self._process()
        elif self._waiting is _CLOSE and self._producing:
            self._hang_up()

    # Requests.

    def _process(self) -> None:
        """Handle what the reader holds, until it or the application needs time."""
        if self._cork is not None:
            return  # called from within the loop below, which goes on by itself
        self._cork = []
        try:
            # Without a byte there is no event, but that a body's end may still be due.
            while self._step() and (self.body_unread or self._reader.buffered):
                pass
        finally:
            self._flush_cork()
            self._cork = None
        busy = self._exchange is not None or self._full is not None
        if busy and self._reader.buffered > self._limits.max_pipeline_size:
            self._pause_reading()
        elif self._reading_paused and not self._body_paused and self._waiting is not _CLOSE:
            self._resume_reading()

    def _step(self) -> bool:
        if self._exchange is None:
            blocked = self._full is not None  # the client has to take off earlier answers first
        else:
            blocked = self._receiver is None or self._body_paused
        if blocked or self._waiting is _CLOSE:
            return False
        try:
            event = self._reader.next_event()
        except HTTPInputError as error:
            self._refuse(error.status, str(error))
            return False
        if event is None:
            self._wait_for_client()
            return False
        try:
            if isinstance(event, RequestHead):
                self._begin(event)
            elif isinstance(event, EndOfBody):
                self._end_body()
            else:
                self._deliver(event)
        except Exception:  # noqa: BLE001 -- whatever the application raises must not stop the server
            _log.failure("The application failed to handle a request")
            # Behind a complete answer another one would be taken for that of the next request.
            if self._exchange is not None:
                self._refuse(_INTERNAL_SERVER_ERROR, "the application failed")
        return True

    def _begin(self, head: RequestHead) -> None:
        factory, peer = self.factory, self.peer
        self._waiting = _APPLICATION
        self.deadline = NEVER
        self._exchange = exchange = HTTP1Exchange(self, head)
        request = HTTPServerRequest(
            head.method,
            head.uri,
            head.version,
            HTTPHeaders.from_store(head.headers),
            None,
            peer.remote_ip,
            peer.protocol,
            head.host,
            None,
            exchange,
            limits=self._limits,
        )
        if not head.has_body:
            factory(request)
            return
        self.body_unread = True
        self._body_paused = False
        self._continue_wanted = head.expects_continue
        self.set_body_timeout(self._limits.body_timeout)
        receiver = factory.start_request(request)
        if self._exchange is exchange:
            self._receiver = receiver

    def _deliver(self, chunk: bytes) -> None:
        self._continue_wanted = False  # the client has not waited for it
        receiver = cast("BodyReceiver", self._receiver)
        wait = receiver.data_received(chunk)
        if wait is not None:
            if self._receiver is receiver:
                self.pause_body()
            wait.addBoth(self._delivered, receiver)

    def _delivered(self, result: object, receiver: BodyReceiver) -> None:
        current = self._receiver is receiver  # else the exchange is over
        if isinstance(result, Failure):
            _log.failure("The application failed to take the body of a request", result)
            if current:
                self._refuse(_INTERNAL_SERVER_ERROR, "the application failed")
        elif current:
            self.resume_body()

    def _end_body(self) -> None:
        receiver, self._receiver = self._receiver, None
        self.body_unread = False
        self._wait_for(_APPLICATION, NEVER)
        cast("BodyReceiver", receiver).body_finished()

    # Waiting.

    def _wait_for(self, what: _Wait, seconds: float) -> None:
        self._waiting = what
        self.deadline = self._clock.now + seconds

    def _wait_for_client(self) -> None:
        if self._exchange is not None:
            self._wait_for_body()
            if self._continue_wanted and not self._exchange.started:
                self._exchange.send_interim(100, HTTPHeaders())
            self._continue_wanted = False
        elif self._reader.buffered and self._waiting is _NEXT_REQUEST:
            # Absolute from the first byte on: a byte now and then does not put it off.
            self._wait_for(_HEAD, self._limits.header_timeout)

    def _wait_for_body(self) -> None:
        self._wait_for(_BODY, self._limits.body_stall_timeout)
        self.deadline = min(self.deadline, self._body_deadline)

    # Endings.

    def _refuse(self, status: int, why: str) -> None:
        """Answer with an error if that is still possible, read nothing more, and close."""
        exchange = self._exchange
        _log.info("{status} to {ip}: {why}", status=status, ip=self.peer.remote_ip, why=why)
        if self._successor is not None or (exchange is not None and exchange.started):
            self.abort(why)
            return
        writer = ResponseWriter("HTTP/1.1", exchange.method if exchange else "", keep_alive=False)
        answer = error_answer(status, self.factory.server_header, self._clock.date)
        self.write_corked(writer.send_response(*answer))
        self._flush_cork()
        self._client_gone(why)
        self._close(linger=True)

    def _close(self, *, linger: bool = False) -> None:
        """Close when the client has taken off its answers.

        Args:
            linger: Whether the client may still be sending.
        """
        self._waiting = _CLOSE
        self.deadline = NEVER
        self._lingering = linger
        if self._full is None:
            self._hang_up()

    def _hang_up(self) -> None:
        """Close so that the client can read the last answer.

        Closing a socket with unread input resets the connection, and a reset destroys what the client
        has not read yet. So only the sending half is closed, and input is discarded for a while.
        """
        self._stop_producing()
        lose_write_connection = getattr(self.transport, "loseWriteConnection", None)
        if self.peer.protocol == "https":
            # TLS waits for the client's close_notify: it has to be read, and may never come.
            self._resume_reading()
            self._wait_for(_CLOSE, self._limits.idle_connection_timeout)
            self.transport.loseConnection()
        elif self._lingering and lose_write_connection is not None:
            self._resume_reading()
            lose_write_connection()  # when that is done `writeConnectionLost` sets the deadline
        else:
            self.transport.loseConnection()

    def _client_gone(self, why: str) -> None:
        exchange, self._exchange = self._exchange, None
        waiting, self._full = self._full, None
        self._stop_producing()
        if exchange is not None:
            exchange.connection_lost(why)
        if self._receiver is not None:
            self._fail_body()
        for waiter in waiting or ():
            close_stream(waiter, why)

    def _fail_body(self) -> None:
        receiver, self._receiver = self._receiver, None
        try:
            cast("BodyReceiver", receiver).body_failed()
        except Exception:  # noqa: BLE001 -- the application's; the connection must still be closed
            _log.failure("The application failed to take note of a body that will not come")
