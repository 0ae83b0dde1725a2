"""The Twisted protocol of an HTTP/1.1 server connection.

It has three duties: it moves bytes, keeps deadlines, and applies back-pressure both ways. What the
bytes mean is `cyclone_core.http1`'s business, what to answer is the application's.

Requests are answered in order because there is never more than one in flight: the reader is asked for
the next head only when the last answer is complete. What a client sends ahead waits in the reader; when
that is more than `max_pipeline_size`, reading pauses.

All answers that are complete within one read are sent in one write (they are corked). While the client
takes nothing off its answers no further request is handled, so that it cannot fill the memory; and of
requests that came together so many are handled in one turn of the reactor that others get theirs.
"""

import math
from typing import TYPE_CHECKING, Final, cast
from typing import Protocol as Interface

from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IHandshakeListener,
    IProtocol,
    ITransport,
)
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from cyclone_core.errors import HTTPInputError, NotUpgradable
from cyclone_core.http1 import EndOfBody, RequestHead, RequestReader, ResponseWriter
from cyclone_core.httpserver.clock import NEVER, CoarseClock
from cyclone_core.httpserver.connections import Admission, Connections
from cyclone_core.httpserver.exchange import RequestServer
from cyclone_core.httpserver.http1 import HTTP1Exchange
from cyclone_core.httpserver.incoming import IncomingBody
from cyclone_core.httpserver.lifetime import (
    APPLICATION,
    BODY,
    CLOSE,
    HANDSHAKE,
    HEAD,
    NEXT_REQUEST,
    TimedLink,
)
from cyclone_core.httpserver.options import ServerOptions
from cyclone_core.httpserver.peer import Peer
from cyclone_core.httpserver.proxies import ProxyHeaders
from cyclone_core.httpserver.refusal import error_answer
from cyclone_core.httpserver.streams import close_stream
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.limits import Limits
from cyclone_core.sending import is_gone

if TYPE_CHECKING:
    from cyclone_core.bodies import BodyReceiver

__all__ = ["HTTPConnection", "HTTPConnectionFactory"]

_log = Logger(namespace="cyclone.httpserver")

_INTERNAL_SERVER_ERROR: Final = 500
_REQUEST_TIMEOUT: Final = 408
_SERVICE_UNAVAILABLE: Final = 503

_SECOND: Final = 2

# More bytes than anybody has sent: who has ended its side in a pipeline of requests has gone.
_EVERYTHING: Final = 1 << 62

# Some milliseconds of work, for a client that sends all its requests at once.
_REQUESTS_IN_ONE_TURN: Final = 64


class HTTPConnectionFactory(RequestServer, Interface):
    """What an `HTTPConnection` needs of its factory.

    Attributes:
        limits: The bounds of the connection.
        options: How it is served.
        clock: The clock of all connections.
        connections: All connections.
        proxies: Finds the client of a request behind a proxy; None where the peer is the client.
        server_header: The value of the `Server` header; empty for none.
    """

    limits: Limits
    options: ServerOptions
    clock: CoarseClock
    connections: Connections
    proxies: ProxyHeaders | None
    server_header: str

    def examine_tls(self, transport: ITransport) -> None:
        """Warn if the TLS context of the port is weak."""
        ...


@implementer(IHalfCloseableProtocol, IHandshakeListener)
class HTTPConnection(TimedLink):
    """One connection of a client (cyclone: `httpserver.HTTPConnection`).

    Attributes:
        factory: The application, or whatever else serves requests.
        body: The body of the current request, until it has come to its end.
    """

    factory: HTTPConnectionFactory
    body: IncomingBody | None = None

    # On the class, so that a connection that idles does not have them.
    _exchange: HTTP1Exchange | None = None
    _input_ended = False

    def connectionMade(self) -> None:
        """Prepare for the first request, or refuse it if there are too many connections."""
        factory = self.factory
        self.peer = Peer(self.transport)
        self._limits = limits = factory.limits
        self._clock = factory.clock
        self._reader = RequestReader(limits)
        self._requests = 0
        most = 1 if factory.options.no_keep_alive else limits.max_keep_alive_requests
        self._most_requests: float = most or math.inf
        self._waiting = NEXT_REQUEST
        admission = factory.connections.admit(self, limits.max_connections)
        self.connect()
        if admission is Admission.CUT:
            self.abort("there are too many connections")
        elif admission is Admission.REFUSED:
            self._refuse(_SERVICE_UNAVAILABLE, "there are too many connections")
            # Nothing of it can be in the way of anything but the handshake.
            self.deadline = min(self.deadline, self._clock.now + limits.tls_handshake_timeout)
        elif self.peer.protocol == "https":
            self._wait_for(HANDSHAKE, limits.tls_handshake_timeout)
        else:
            self._wait_for(NEXT_REQUEST, limits.idle_connection_timeout)

    def handshakeCompleted(self) -> None:
        """Wait for the first request on TLS."""
        self.factory.examine_tls(self.transport)
        if self._waiting is HANDSHAKE:
            self._wait_for(NEXT_REQUEST, self._limits.idle_connection_timeout)

    def dataReceived(self, data: bytes) -> None:
        """Take what the client has sent."""
        if self._waiting is CLOSE:
            return  # lingering: the client may finish sending, nobody listens
        self._reader.receive_data(data)
        self._process()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell everybody concerned that the client has gone."""
        self.factory.connections.forget(self)
        self._waiting = CLOSE
        self._stop_producing()
        if self._exchange is not None or self.body is not None or self._full:
            self.end_exchange(reason.getErrorMessage())
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
        if self._exchange is None and self._reader.buffered and self._waiting is not CLOSE:
            # It may have sent more requests, which wait for their turn: they are answered first.
            self._input_ended = True
            self._clock.call_soon(self._process)
            return
        self.end_exchange("the client closed the connection")
        self._close()

    def deadline_passed(self) -> None:
        """Act on a client that was waited for in vain."""
        if self.write_deadline <= self.deadline:
            if self.is_stalled():
                self.cut("the client does not take its answer")
            return
        waiting = self._waiting
        body = self.body
        if waiting is BODY and body is not None:
            # Not moved with each piece that came, which would cost more.
            passed, self.deadline = self.deadline, body.deadline(self._limits)
            if self.deadline > passed:
                return
        self.deadline = NEVER
        if waiting is NEXT_REQUEST:
            # Who still takes off the last answer is not idle: `resumeProducing` counts anew.
            if self._full is None:
                self._close(idle=True)
        elif waiting is CLOSE:
            self.transport.abortConnection()
        elif waiting is HANDSHAKE:
            self.cut("the TLS handshake took too long")
        else:
            what = "head" if waiting is HEAD else "body"
            message = f"the {what} of a request came too late"
            self._refuse_request(HTTPInputError(message, _REQUEST_TIMEOUT))

    def look(self) -> None:
        """See whether the client has gone, which nobody tells while reading is paused."""
        # While a body is paused its rest may be there, with the end of the client's side behind it.
        awaited = self._reader.awaited if self._body_paused else _EVERYTHING
        if is_gone(self.transport, awaited):
            self.abort("the client closed the connection")

    # What `Connections` uses.

    def drain(self) -> None:
        """Close as soon as no request is in flight, and take no other."""
        self._most_requests = 0
        if self._exchange is not None:
            self._exchange.no_keep_alive = True
        elif self._waiting is NEXT_REQUEST or self._waiting is HANDSHAKE:
            self._close(idle=True)

    # What the exchange uses.

    def answer_finished(self, keep_alive: bool) -> None:
        """Go on with the next request, or close."""
        exchange, self._exchange = self._exchange, None
        unread = self.body is not None
        if unread:
            self._fail_body()
        if self._waiting is CLOSE:
            return  # who was told of the end has aborted
        last = self._input_ended and not self._reader.buffered
        if not keep_alive or last or self._requests >= self._most_requests:
            # Who did not ask for the end may be sending the next request just now.
            sending = exchange is None or exchange.client_goes_on
            more = sending or unread or self._reader.buffered > 0
            self._close(linger=more and not self._input_ended)
            return
        self._waiting = NEXT_REQUEST
        self.deadline = self._clock.now + self._limits.idle_connection_timeout
        if self._cork is None and (self._reader.buffered or self._reading_paused):
            # Not now: the framework still has to log this answer before it runs the next handler.
            self._clock.call_soon(self._process)

    @property
    def max_body_size(self) -> int:
        """The bound of the current request's body in bytes."""
        return self._reader.max_body_size

    def set_max_body_size(self, size: int) -> None:
        """Bound the body of the current request in bytes."""
        self._reader.max_body_size = size

    def set_body_timeout(self, seconds: float | None) -> None:
        """Bound the time from now to the end of the current body in seconds."""
        if self.body is not None:
            self.body.set_timeout(seconds, self._clock.now)
            if self._waiting is BODY:
                self.deadline = self.body.deadline(self._limits)

    def pause_body(self) -> None:
        """Stop reading the current body, if it has not come to its end."""
        if self.body is not None and not self.body.paused:
            self.body.pause(self._clock.now)
            self._wait_for(APPLICATION, NEVER)
            self._pause_reading()

    def resume_body(self) -> None:
        """Go on reading the current body."""
        if self.body is not None and self.body.paused:
            self.body.resume(self._clock.now)
            self._resume_reading()
            self._process()

    def upgrade(self, exchange: HTTP1Exchange, protocol: IProtocol) -> bytes:
        """Hand the transport to another protocol, and return what it should have got already."""
        if self._waiting is CLOSE or self._exchange is not exchange:
            raise NotUpgradable("the client has gone, or the exchange is over")
        if exchange.started or self.body is not None:
            raise NotUpgradable("the answer has begun, or the request's body was not read")
        self._flush_cork()
        self._stop_producing()
        self._send_all()
        self._resume_reading()
        # As far as HTTP is concerned; it still counts as open.
        self._waiting = CLOSE
        self.deadline = NEVER
        self._successor = protocol
        # Twisted looks the method up on the instance: from now on data do not pass through here.
        self.dataReceived = protocol.dataReceived  # type: ignore[method-assign]
        protocol.makeConnection(self.transport)
        return self._reader.take_rest()

    def room_made(self) -> None:
        """Go on with what waited for the client to take off its answers."""
        if self._waiting is NEXT_REQUEST:
            self.deadline = self._clock.now + self._limits.idle_connection_timeout
            self._process()
        elif self._waiting is CLOSE and self._producing:
            self._hang_up()

    # Requests.

    def _process(self) -> None:
        """Handle what the reader holds, until it or the application needs time."""
        if self._cork is not None:
            return  # called from within the loop below, which goes on by itself
        self._cork = []
        last = self._requests + _REQUESTS_IN_ONE_TURN
        more = False
        try:
            # Without a byte there is no event, but that a body's end may still be due.
            while self._step() and (self._reader.buffered or self.body is not None):
                if self._requests >= last:
                    more = True
                    self._clock.call_soon(self._process)
                    break
        finally:
            self._flush_cork()
            self._cork = None
        busy = more or self._exchange is not None or self._full is not None
        if busy and self._reader.buffered > self._limits.max_pipeline_size:
            self._pause_reading()
        elif self._reading_paused and self._waiting is not CLOSE and not self._body_paused:
            self._resume_reading()

    @property
    def _body_paused(self) -> bool:
        return self.body is not None and self.body.paused

    def _step(self) -> bool:
        if self._exchange is None:
            blocked = self._full is not None  # the client has to take off earlier answers first
        else:
            body = self.body
            blocked = body is None or body.receiver is None or body.paused
        if blocked or self._waiting is CLOSE:
            return False
        try:
            event = self._reader.next_event()
        except HTTPInputError as error:
            self._refuse_request(error)
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
                return not (self._reader.starved and self._waits_for_more())
        except Exception:  # noqa: BLE001 -- whatever the application raises must not stop the server
            _log.failure("The application failed to handle a request")
            # Behind a complete answer another one would be taken for that of the next request.
            if self._exchange is not None:
                self._refuse(_INTERNAL_SERVER_ERROR, "the application failed")
        return True

    def _begin(self, head: RequestHead) -> None:
        factory, peer = self.factory, self.peer
        self._waiting = APPLICATION
        self.deadline = NEVER
        self._exchange = exchange = HTTP1Exchange(self, head)
        self._requests += 1
        if self._requests == _SECOND and not self._bounded:
            self._bound()
        if self._requests >= self._most_requests:
            exchange.no_keep_alive = True
        remote_ip, protocol = peer.remote_ip, peer.protocol
        if factory.proxies is not None:
            remote_ip, protocol = factory.proxies.client(peer, head.headers)
        request = HTTPServerRequest(
            head.method,
            head.uri,
            head.version,
            HTTPHeaders.from_store(head.headers),
            None,
            remote_ip,
            protocol,
            head.host,
            None,
            exchange,
            limits=self._limits,
        )
        if not head.has_body:
            factory(request)
            return
        self.body = body = IncomingBody(head.expects_continue, self._clock.now)
        body.set_timeout(self._limits.body_timeout, self._clock.now)
        receiver = factory.start_request(request)
        if self._exchange is exchange:
            body.receiver = receiver

    def _deliver(self, chunk: bytes) -> None:
        body = cast("IncomingBody", self.body)
        body.continue_wanted = False  # the client has not waited for it
        body.received += len(chunk)
        receiver = cast("BodyReceiver", body.receiver)
        wait = receiver.data_received(chunk)
        if wait is not None:
            if self.body is body:
                self.pause_body()
            wait.addBoth(self._delivered, body)

    def _delivered(self, result: object, body: IncomingBody) -> None:
        current = self.body is body  # else the exchange is over
        if isinstance(result, Failure):
            _log.failure("The application failed to take the body of a request", result)
            if current:
                self._refuse(_INTERNAL_SERVER_ERROR, "the application failed")
        elif current:
            self.resume_body()

    def _end_body(self) -> None:
        body, self.body = cast("IncomingBody", self.body), None
        self._wait_for(APPLICATION, NEVER)
        cast("BodyReceiver", body.receiver).body_finished()

    # Waiting.

    def _waits_for_more(self) -> bool:
        """Wait for the next piece of a body; asking the reader in vain would cost more."""
        body = self.body
        if body is None or body.paused:
            return False
        self._wait_for_body(body)
        return True

    def _wait_for_client(self) -> None:
        if self._input_ended:
            self.end_exchange("the client closed the connection")
            self._close()
        elif self._exchange is not None:
            body = cast("IncomingBody", self.body)
            self._wait_for_body(body)
            if body.continue_wanted and not self._exchange.started:
                self._exchange.send_interim(100, HTTPHeaders())
            body.continue_wanted = False
        elif self._waiting is not HEAD and self._reader.head_begun:
            # Absolute from the first byte on: a byte now and then does not put it off.
            self._wait_for(HEAD, self._limits.header_timeout)

    def _wait_for_body(self, body: IncomingBody) -> None:
        body.heard = self._clock.now
        if self._waiting is not BODY:
            self._waiting = BODY
            self.deadline = body.deadline(self._limits)

    # Endings.

    def _refuse_request(self, error: HTTPInputError) -> None:
        """Answer a client's mistake; in a body the application does, which knows the request."""
        exchange, body = self._exchange, self.body
        refuse = None if body is None else getattr(body.receiver, "refuse", None)
        if body is None or refuse is None or exchange is None or exchange.started:
            self._refuse(error.status, str(error))
            return
        # Nothing more of it is read.
        body.receiver = None
        self._wait_for(APPLICATION, NEVER)
        try:
            # Without the traceback, which refers to frames that refer to this connection.
            refuse(HTTPInputError(str(error), error.status))
        except Exception:  # noqa: BLE001 -- the application's; the client must get an answer
            _log.failure("The application failed to refuse a request")
            if self._exchange is exchange:
                self._refuse(_INTERNAL_SERVER_ERROR, "the application failed")

    def _refuse(self, status: int, why: str) -> None:
        """Answer with an error if that is still possible, read nothing more, and close."""
        exchange = self._exchange
        _log.info("{status} to {ip}: {why}", status=status, ip=self.peer.remote_ip, why=why)
        if self._successor is not None or (exchange is not None and exchange.started):
            self.abort(why)
            return
        method = exchange.method if exchange else "HEAD" if self._reader.asks_head else ""
        writer = ResponseWriter("HTTP/1.1", method, keep_alive=False)
        answer = error_answer(status, self.factory.server_header, self._clock.date)
        self.write_corked(writer.send_response(*answer))
        self.end_exchange(why)
        self._close(linger=True)

    def end_exchange(self, why: str) -> None:
        """Tell everybody concerned that there will be no answer any more."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.connection_lost(why)
        if self.body is not None:
            self._fail_body()
        if self._full:
            waiting, self._full = self._full, []
            for waiter in waiting:
                close_stream(waiter, why)

    def _fail_body(self) -> None:
        body, self.body = cast("IncomingBody", self.body), None
        if body.receiver is None:
            return
        try:
            body.receiver.body_failed()
        except Exception:  # noqa: BLE001 -- the application's; the connection must still be closed
            _log.failure("The application failed to take note of a body that will not come")
