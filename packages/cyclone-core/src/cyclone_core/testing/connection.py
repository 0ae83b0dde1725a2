"""The client's end of a connection in memory, and the requests that are open on it."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cyclone_core.http1 import EndOfBody, ResponseHead
from cyclone_core.http1.status import FIRST_FINAL
from cyclone_core.httpserver.addresses import parse_address
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.testing.errors import AnswerLost, BadAnswer
from cyclone_core.testing.reading import close, make_reader, next_event
from cyclone_core.testing.response import Response
from cyclone_core.testing.transport import MemoryTransport

if TYPE_CHECKING:
    from twisted.internet.interfaces import IAddress, IDelayedCall

    from cyclone_core.httputil import HTTPServerRequest
    from cyclone_core.testing.messages import Message
    from cyclone_core.testing.port import Port
    from cyclone_core.web import RequestHandler

__all__ = ["Connection", "OpenRequest"]

_UNIX: Final = "unix:"
_CONTINUE: Final = 100
_SWITCHING_PROTOCOLS: Final = 101

# Nothing listens there: the connection has no socket.
_CLIENT_PORT: Final = 50000
_SERVER_PORT: Final = 8888


class OpenRequest:
    """A request whose answer is still to come, or comes in pieces; `Client.open` makes it.

    Attributes:
        response: A Deferred that fires with the `Response` when the answer is complete and the handler
            done. It fails with `AnswerLost` if the connection ends before. Cancelling it disconnects.
        message: What was asked.
        interim: The interim answers that have come, each with `status` and `headers`.
        status: The status code, None until the head of the answer has come.
        reason: The reason phrase, likewise.
        headers: The header fields, likewise.
        request: What the server makes of the request, None until its head has arrived there.
        handler: The handler, None until it has answered.
    """

    request: "HTTPServerRequest | None" = None
    handler: "RequestHandler | None" = None
    status: int | None = None
    reason: str | None = None
    headers: HTTPHeaders | None = None

    def __init__(
        self,
        connection: "Connection",
        message: "Message",
        on_head: Callable[[HTTPHeaders], None],
    ) -> None:
        """Make a request; the client does.

        Args:
            connection: What it is sent on.
            message: What is asked.
            on_head: It is called with the header fields of the answer.
        """
        self.message = message
        self.interim: list[ResponseHead] = []
        self.response: Deferred[Response] = Deferred(lambda _: self.disconnect())
        self._connection = connection
        self._on_head = on_head
        self._content = bytearray()
        self._taken = 0
        self._body_wanted = True
        self._ended = False  # the body of the request
        self._complete = False
        self._settled = False
        self._handler_done = False
        self.late = False
        self._later: IDelayedCall | None = None

    @property
    def received(self) -> bytes:
        """What has come of the body so far; behind a 101, of the other protocol."""
        return bytes(self._content)

    def take(self) -> bytes:
        """Give what has come of the body since the last call."""
        new = bytes(self._content[self._taken :])
        self._taken = len(self._content)
        return new

    def send(self, data: bytes) -> None:
        """Send a piece of the request's body; behind a 101, whatever the other protocol needs.

        Args:
            data: The piece.

        Raises:
            RuntimeError: The body is complete.
        """
        if self.status == _SWITCHING_PROTOCOLS:
            self._connection.send(data)
            return
        if self._ended:
            raise RuntimeError("the body of this request is complete already")
        self._connection.send(self.message.piece(data))

    def end(self) -> None:
        """Complete the request's body; a second call does nothing."""
        if not self._ended:
            self._ended = True
            self._connection.send(self.message.end())

    def pause(self) -> None:
        """Take nothing off the server from now on, as a slow client does."""
        self._connection.transport.hold()

    def resume(self) -> None:
        """Take what has come meanwhile, and go on."""
        self._connection.transport.release()

    def disconnect(self, *, reset: bool = False) -> None:
        """Close the connection in the middle.

        Args:
            reset: Go without a word, as a client does whose network fails.
        """
        self._connection.disconnect(reset=reset)

    # What the connection and the port do.

    def start(self) -> None:
        """Send the head, and the body if there is one and nobody has to be asked for it."""
        message, transport = self.message, self._connection.transport
        self._ended = message.content is not None
        if message.waits and self._ended:
            self._body_wanted = False
            transport.deliver([message.head()])
        elif isinstance(message.content, bytes):
            # Most requests come in one read.
            transport.deliver([message.head() + b"".join(message.body())])
        else:
            transport.deliver([message.head()])
            transport.deliver(message.body())

    def take_head(self, head: ResponseHead) -> None:
        """Take the head of an answer."""
        if head.status < FIRST_FINAL:
            self.interim.append(head)
            if head.status == _CONTINUE and not self._body_wanted:
                self._body_wanted = True
                self._connection.transport.deliver(self.message.body())
            if head.status != _SWITCHING_PROTOCOLS:
                return
        self.status, self.reason, self.headers = head.status, head.reason, head.headers
        self._on_head(head.headers)

    def take_content(self, piece: bytes) -> None:
        """Take a piece of the body."""
        self._content += piece

    def take_end(self, *, late: bool) -> None:
        """Take note that the answer is complete.

        Args:
            late: Whether it came by itself, and not while the server dealt with what it was sent.
        """
        self._complete = True
        self.late = late

    def answered_by(self, handler: "RequestHandler") -> None:
        """Take note of the handler, which has answered and has still to call `on_finish`."""
        self.handler = handler
        if self._connection.transport.delivering:
            self._handler_done = True  # when the server is, that is
            return
        own = vars(handler).get("on_finish")
        original = handler.on_finish

        def on_finish() -> None:
            if own is None:
                del handler.on_finish
            else:
                handler.on_finish = own  # type: ignore[method-assign]
            try:
                original()
            finally:
                self._handler_done = True
                self.settle()

        # Who goes on when the answer is there may expect that the handler has done everything.
        handler.on_finish = on_finish  # type: ignore[method-assign]

    def settle(self) -> None:
        """Fire `response`, if the answer is complete."""
        if not self._complete or self._settled:
            return
        self._leave()
        version, headers = self.message.version, self.headers or HTTPHeaders()
        head = ResponseHead(version, self.status or 0, self.reason or "", headers)
        self._connection.answered(self)
        self.response.callback(
            Response(head, self.received, self.message.target.url, self.handler, self.interim)
        )

    def settle_soon(self) -> None:
        """Settle when the handler is done."""
        if self._handler_done:
            self.settle()
        elif self.handler is None and self._later is None:
            # What answers may be no handler: then nobody tells when it is done.
            self._later = self._connection.port.clock.reactor.callLater(0, self.settle)

    def lose(self, why: str, *, wanted: bool) -> None:
        """Fail, unless the answer has come.

        Args:
            why: Why it will not come.
            wanted: Whether the test has asked for it, and so need not handle the failure.
        """
        if self._settled:
            return
        self._leave()
        error = AnswerLost(why, self.status, self.headers, self.received)
        self.response.errback(error)
        failure = getattr(self.response, "result", None)
        debug_info = self.response._debugInfo  # noqa: SLF001 -- see httpserver.streams.close_stream
        if wanted and debug_info is not None and isinstance(failure, Failure):
            debug_info.failResult = None

    def fail(self, error: BadAnswer) -> None:
        """Fail because of what the server has sent."""
        self._leave()
        self.response.errback(error)

    def _leave(self) -> None:
        self._settled = True
        if self._later is not None and self._later.active():
            self._later.cancel()
        self._connection.port.forget(self)


class Connection:
    """A connection of a test to a server, in memory; `Client.connect` makes it.

    Without requests of the client it carries what `send` gets, and `received` is what has come back:
    so a test looks at bytes.

    Attributes:
        port: The server's side.
        transport: What the server writes to.
        protocol: The server's end: an `HTTPConnection`.
        received: What the server has sent and what belongs to no request of the client.
    """

    def __init__(self, port: "Port", remote_ip: str) -> None:
        """Open a connection.

        Args:
            port: The server's side.
            remote_ip: Where the test comes from: an IP address, or `unix:PATH`.

        Raises:
            ValueError: It is neither.
        """
        peer, host = _addresses(remote_ip)
        built: Any = port.buildProtocol(peer)
        self.port = port
        self.received = bytearray()
        self.protocol = built
        self.transport = MemoryTransport(
            built,
            peer,
            host,
            received=self._receive,
            ended=self._end,
            delivered=self._settle,
        )
        self._reader = make_reader()
        self._open: deque[OpenRequest] = deque()
        self._answered: deque[OpenRequest] = deque()
        self._once = False
        self._eof = False
        self._wanted = False
        port.watch(self)
        self.transport.connect()

    @property
    def open(self) -> bool:
        """Whether neither side has closed it."""
        return self.transport.connected

    def send(self, data: bytes) -> None:
        """Send bytes.

        Args:
            data: Whatever the server is to get.
        """
        self.transport.deliver([data])

    def disconnect(self, *, reset: bool = False) -> None:
        """Close the connection from the client's side; a second call does nothing.

        Args:
            reset: Go without a word, as a client does whose network fails.
        """
        self._wanted = True
        if reset:
            self.transport.reset()
        else:
            self.transport.close()

    # What the client and its requests do.

    def begin(self, opened: OpenRequest, *, once: bool) -> None:
        """Send a request.

        Args:
            opened: The request.
            once: Close the connection when it is answered.
        """
        self._once = once
        self._reader.expect(opened.message.method)
        self._open.append(opened)
        opened.start()

    def arrived(self, request: "HTTPServerRequest") -> OpenRequest | None:
        """Take note of what the server has read; returns the request that it belongs to."""
        for opened in self._open:
            if opened.request is None:
                opened.request = request
                return opened
        return None

    def answered(self, opened: OpenRequest) -> None:
        """Take note that a request is done."""
        self._answered.remove(opened)
        if self._once and opened.status != _SWITCHING_PROTOCOLS:
            self.disconnect()

    # What the transport does.

    def _receive(self, data: bytes) -> None:
        if not self._open and not self._answered:
            self.received += data
            return
        self._reader.receive_data(data)
        try:
            while (event := next_event(self._reader)) is not None:
                self._take(event)
        except BadAnswer as error:
            failed, self._open = self._open, deque()
            self.disconnect(reset=True)
            for opened in failed:
                opened.fail(error)
        self._settle_late()

    def _take(self, event: ResponseHead | bytes | EndOfBody) -> None:
        # The reader gives nothing that nobody has asked for.
        current = self._open[0]
        if isinstance(event, ResponseHead):
            current.take_head(event)
            if event.status != _SWITCHING_PROTOCOLS:
                return
        elif isinstance(event, EndOfBody):
            self._open.popleft()
        else:
            current.take_content(event)
            return
        self._answered.append(current)
        current.take_end(late=not self.transport.delivering)

    def _end(self) -> None:
        """Take note that the server sends nothing more."""
        if self._eof:
            return
        self._eof = True
        end = close(self._reader)
        if end is not None and self._open and not self._wanted:
            self._take(end)
        if not self.transport.delivering:
            self._settle()
            self._settle_late()

    def _settle(self) -> None:
        """Do what had to wait until the server was done with what it was told."""
        for opened in list(self._answered):
            # Who closes does not wait for a late one to be settled in the reactor's next turn.
            if not opened.late or (self._wanted and opened.handler is None):
                opened.settle()
        if not self._eof:
            return
        self.transport.close()
        lost, self._open = self._open, deque()
        who = "the test" if self._wanted else "the server"
        for opened in lost:
            opened.lose(f"{who} has closed the connection", wanted=self._wanted)
        self.port.unwatch(self)

    def _settle_late(self) -> None:
        for opened in list(self._answered):
            if opened.late:
                opened.settle_soon()


def _addresses(remote_ip: str) -> "tuple[IAddress, IAddress]":
    """Make the addresses of the client and of the server."""
    if remote_ip.startswith(_UNIX):
        path = remote_ip.removeprefix(_UNIX)
        return UNIXAddress(None), UNIXAddress(path.encode() or None)
    address = parse_address(remote_ip)
    if address is None:
        raise ValueError(f"remote_ip is an IP address or 'unix:PATH', not {remote_ip!r}")
    kind = IPv4Address if address.ip.version == 4 else IPv6Address  # noqa: PLR2004 -- IP's versions
    loopback = "127.0.0.1" if kind is IPv4Address else "::1"
    return kind("TCP", address.text, _CLIENT_PORT), kind("TCP", loopback, _SERVER_PORT)
