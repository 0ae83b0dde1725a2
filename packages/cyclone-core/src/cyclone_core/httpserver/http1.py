"""The exchange of an HTTP/1.1 connection."""

from typing import IO, TYPE_CHECKING

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IProtocol, ITransport

from cyclone_core.errors import HTTPOutputError
from cyclone_core.http1 import RequestHead, ResponseWriter
from cyclone_core.httpserver.peer import Peer
from cyclone_core.httpserver.sendfile import FileTransfer
from cyclone_core.httpserver.streams import close_stream
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.limits import check_limit

if TYPE_CHECKING:
    from cyclone_core.httpserver.connection import HTTPConnection

__all__ = ["HTTP1Exchange"]


class HTTP1Exchange:
    """One request of an `HTTPConnection`; see `Exchange` for the methods.

    It ends when the answer is finished or the connection is lost, whatever comes first.

    Attributes:
        client_goes_on: Whether the client wants to send another request behind this one.
    """

    __slots__ = (
        "_connection",
        "_ended",
        "_lost",
        "_transfer",
        "_waiting",
        "_writer",
        "client_goes_on",
        "method",
        "no_keep_alive",
    )

    def __init__(self, connection: "HTTPConnection", head: RequestHead) -> None:
        """Make the exchange for a request; the connection does.

        Args:
            connection: Where the request came from.
            head: Its head.
        """
        self.method = head.method
        self.no_keep_alive = False
        self.client_goes_on = head.keep_alive
        self._connection = connection
        self._writer = ResponseWriter(head.version, head.method, head.keep_alive)
        self._waiting: list[Deferred[str | None]] | None = None
        self._ended = False
        self._lost: str | None = None
        self._transfer: FileTransfer | None = None

    @property
    def peer(self) -> Peer:
        """The client."""
        return self._connection.peer

    @property
    def transport(self) -> ITransport | None:
        """The connection's Twisted transport."""
        return self._connection.transport

    @property
    def started(self) -> bool:
        """Whether the head of the answer is out."""
        return self._writer.started

    def send_interim(self, status: int, headers: HTTPHeaders) -> None:
        """Send an interim answer; see `Exchange.send_interim`."""
        if self._lost is not None:
            return
        data = self._writer.send_interim(status, headers)
        if data:
            self._connection.write_now(data)

    def respond(self, status: int, reason: str, headers: HTTPHeaders, body: bytes) -> None:
        """Send a whole answer; see `Exchange.respond`."""
        if self._lost is not None:
            return
        # What is left of an unread body would be taken for the next request.
        if self.no_keep_alive or self._connection.body is not None:
            self._writer.keep_alive = False
        data = self._writer.send_response(status, reason, headers, body)
        self._connection.write_corked(data)
        self._end(None)

    def write_headers(self, status: int, reason: str, headers: HTTPHeaders, chunk: bytes) -> None:
        """Begin an answer in pieces; see `Exchange.write_headers`."""
        if self._lost is not None:
            return
        if self.no_keep_alive or self._connection.body is not None:
            self._writer.keep_alive = False
        data = self._writer.send_head(status, reason, headers, chunk)
        self._connection.write_now(data)

    def write(self, chunk: bytes) -> None:
        """Send a piece of the body; see `Exchange.write`."""
        if self._lost is not None:
            return
        if self._transfer is not None:
            self._refuse_during_transfer()
        data = self._writer.send_data(chunk)
        if data:
            self._connection.write_now(data)

    def send_file(self, file: IO[bytes], offset: int, count: int) -> Deferred[None]:
        """Send a part of a file; see `Exchange.send_file`."""
        if self._lost is not None:
            return close_stream(Deferred(), self._lost)
        self._refuse_during_transfer()
        self._transfer = FileTransfer(self._connection, self._writer, file, self.abort)
        # For HEAD all of it would be read to be discarded.
        return self._transfer.start(offset, 0 if self.method == "HEAD" else count)

    def _refuse_during_transfer(self) -> None:
        if self._transfer is not None and self._transfer.active:
            raise HTTPOutputError(
                "a file is being sent: wait for the Deferred of send_file() before"
            )

    def drained(self) -> Deferred[None] | None:
        """Wait for room; see `Exchange.drained`."""
        if self._lost is not None:
            return close_stream(Deferred(), self._lost)
        return self._connection.drained()

    def finish(self) -> None:
        """End an answer in pieces; see `Exchange.finish`."""
        if self._lost is not None:
            return
        try:
            self._refuse_during_transfer()
            data = self._writer.end()
        except HTTPOutputError:
            if self.started and not self._ended:
                self.abort("the answer is shorter than its Content-Length")
            raise
        if data:
            self._connection.write_now(data)
        self._end(None)

    def abort(self, why: str) -> None:
        """Cut the connection; see `Exchange.abort`."""
        if not self._ended:
            self._connection.abort(why)

    def notifyFinish(self) -> Deferred[str | None]:
        """Wait for the end of the exchange; see `Exchange.notifyFinish`."""
        if self._ended:
            return succeed(self._lost)
        waiter: Deferred[str | None] = Deferred()
        if self._waiting is None:
            self._waiting = []
        self._waiting.append(waiter)
        return waiter

    @property
    def max_body_size(self) -> int:
        """Bytes that the request body may have; see `Exchange.max_body_size`."""
        return self._connection.max_body_size

    def set_max_body_size(self, size: int) -> None:
        """Bound the request body; see `Exchange.set_max_body_size`."""
        check_limit("max_body_size", size)
        if not self._ended:
            self._connection.set_max_body_size(size)

    def set_body_timeout(self, seconds: float | None) -> None:
        """Bound the time of the request body; see `Exchange.set_body_timeout`."""
        check_limit("body_timeout", seconds)
        if not self._ended:
            self._connection.set_body_timeout(seconds)

    def pause_body(self) -> None:
        """Stop the request body; see `Exchange.pause_body`."""
        if not self._ended:
            self._connection.pause_body()

    def resume_body(self) -> None:
        """Let the request body come again; see `Exchange.resume_body`."""
        if not self._ended:
            self._connection.resume_body()

    def upgrade(self, protocol: IProtocol) -> bytes:
        """Hand the connection to another protocol; see `Exchange.upgrade`."""
        rest = self._connection.upgrade(self, protocol)
        # An answer would be taken for the other protocol's bytes.
        self._lost = "the connection was handed to another protocol"
        return rest

    def connection_lost(self, why: str) -> None:
        """Take note that the client has gone; the connection calls it.

        Args:
            why: The message for `notifyFinish`.
        """
        if not self._ended:
            self._lost = why
            self._end(why)

    def _end(self, lost: str | None) -> None:
        self._ended = True
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            for waiter in waiting:
                waiter.callback(lost)
        if lost is None:
            self._connection.answer_finished(self._writer.keep_alive)
