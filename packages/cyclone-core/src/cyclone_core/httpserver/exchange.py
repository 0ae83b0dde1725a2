"""What the web framework talks to: one request's way to its client."""

from typing import IO, TYPE_CHECKING, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol, ITransport

from cyclone_core.bodies import BodyReceiver
from cyclone_core.httpserver.peer import Peer
from cyclone_core.httputil import HTTPHeaders

if TYPE_CHECKING:
    from cyclone_core.httputil import HTTPServerRequest

__all__ = ["Exchange", "RequestServer"]


class Exchange(Protocol):
    """One request and its answer, whatever carries them: `request.connection`.

    An HTTP/1.1 connection makes one for each request; an HTTP/2 stream or a test client can be one
    too. Framing (`Content-Length`, chunks, `Connection`) is the exchange's business; what the answer
    says is the caller's. After the client has gone every output method does nothing.

    Attributes:
        no_keep_alive: Set it before the head of the answer to close the connection afterwards.
        peer: The client.
        transport: The Twisted transport below, or None where there is none of its own.
    """

    no_keep_alive: bool

    @property
    def peer(self) -> Peer:
        """The client."""
        ...

    @property
    def transport(self) -> ITransport | None:
        """The Twisted transport, or None on HTTP/2 and in a test client."""
        ...

    def send_interim(self, status: int, headers: HTTPHeaders) -> None:
        """Send an interim answer.

        Args:
            status: 100 to 199.
            headers: Its header fields.

        Raises:
            HTTPOutputError: The answer has begun, or the status is no interim one.
        """
        ...

    def respond(self, status: int, reason: str, headers: HTTPHeaders, body: bytes) -> None:
        """Send a whole answer in one write.

        Args:
            status: 200 to 599.
            reason: The reason phrase.
            headers: The header fields.
            body: The body; for HEAD it is counted and not sent.

        Raises:
            HTTPOutputError: A rule of HTTP would be broken; nothing was sent.
        """
        ...

    def write_headers(self, status: int, reason: str, headers: HTTPHeaders, chunk: bytes) -> None:
        """Begin an answer that comes in pieces.

        Args:
            status: 200 to 599.
            reason: The reason phrase.
            headers: The header fields; with a `Content-Length` that many bytes are owed.
            chunk: The first piece, or `b""`.

        Raises:
            HTTPOutputError: A rule of HTTP would be broken; nothing was sent.
        """
        ...

    def write(self, chunk: bytes) -> None:
        """Send a piece of the body.

        Args:
            chunk: The piece.

        Raises:
            HTTPOutputError: No head was sent, or `Content-Length` is exceeded.
        """
        ...

    def send_file(self, file: IO[bytes], offset: int, count: int) -> Deferred[None]:
        """Send a part of a file as the next piece of the body, never more of it in memory than 64 KiB.

        Nothing can be written, and the answer cannot be finished, before it is done.

        Args:
            file: A binary file; it is not closed.
            offset: Where to begin, bytes from its start.
            count: How many bytes to send.

        Returns:
            A Deferred that fires when the last byte was handed to the transport. It fails with
            `StreamClosedError` if the client goes, with `HTTPOutputError` if the file is shorter. To
            cancel it cuts the connection.

        Raises:
            HTTPOutputError: Another file is being sent.
        """
        ...

    def drained(self) -> Deferred[None] | None:
        """Wait until the client has taken most of what was written.

        Returns:
            None if there is room now; else a Deferred that fires when there is, and fails with
            `StreamClosedError` if the client goes before.
        """
        ...

    def finish(self) -> None:
        """End an answer that `write_headers` began.

        Raises:
            HTTPOutputError: Fewer bytes than `Content-Length` were written, or a file is being sent; the
                connection is aborted.
        """
        ...

    def abort(self, why: str) -> None:
        """Cut the connection: the client notices that its answer is incomplete.

        Args:
            why: For the log and for `notifyFinish`.
        """
        ...

    def notifyFinish(self) -> Deferred[str | None]:
        """Wait for the end of the exchange.

        Returns:
            A Deferred that fires with None when the answer is finished, or with a message if the
            connection is lost before. It never fails.
        """
        ...

    @property
    def max_body_size(self) -> int:
        """Bytes that the request body may have, before and after it is decoded."""
        ...

    def set_max_body_size(self, size: int) -> None:
        """Bound the request body; no effect on what was read already.

        Args:
            size: Bytes.

        Raises:
            ValueError: It is no whole number above 0.
        """
        ...

    def set_body_timeout(self, seconds: float | None) -> None:
        """Bound the time from now to the end of the request body.

        Args:
            seconds: The bound; None for none.

        Raises:
            ValueError: It is no number above 0.
        """
        ...

    def pause_body(self) -> None:
        """Stop the delivery of the request body, and so the client."""
        ...

    def resume_body(self) -> None:
        """Let the request body come again."""
        ...

    def upgrade(self, protocol: IProtocol) -> bytes:
        """Hand the connection to another protocol, behind a `101` that was sent before.

        Args:
            protocol: It gets `makeConnection` at once, then all data that arrives.

        Returns:
            The bytes that were read already and that belong to it.

        Raises:
            NotUpgradable: The exchange has no connection of its own, or the client has gone.
        """
        ...


class RequestServer(Protocol):
    """What a connection needs of the application behind it."""

    def __call__(self, request: "HTTPServerRequest") -> object:
        """Answer a complete request."""
        ...

    def start_request(self, request: "HTTPServerRequest") -> BodyReceiver | None:
        """Look at a request whose body is still to come.

        Returns:
            Who takes the body, or None if the request has been answered without it.
        """
        ...
