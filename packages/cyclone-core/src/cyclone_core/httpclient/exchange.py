"""One request and its answer on one connection."""

from collections.abc import Callable
from typing import Final, Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from cyclone_core.bodies import BodyReceiver, DecompressedBody
from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import ResponseHead
from cyclone_core.httpclient.connecting.tls_problems import explain_tls
from cyclone_core.httpclient.connection import ClientConnection, Message
from cyclone_core.httpclient.errors import BadResponse, HTTPStreamClosedError, ResponseTooLarge
from cyclone_core.httpclient.pool import ConnectionPool
from cyclone_core.httpclient.routes import Route
from cyclone_core.httpclient.sinks import Discarder
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.httputil.inflate import CODINGS, Inflater

__all__ = ["Exchange", "Owner"]

_PARTIAL_CONTENT: Final = 206
_TOO_LARGE: Final = 413

# So much of an unwanted body is read; a new connection costs about as much.
_MOST_DISCARDED: Final = 64 * 1024


_DONE: Final[Deferred[None]] = succeed(None)

# Nothing of a body comes before the head.
_NOBODY: Final = Discarder(0, lambda: None)


class Owner(Protocol):
    """Who has begun an exchange."""

    def sink_for(self, head: ResponseHead) -> BodyReceiver | None:
        """Decide who takes the body; None for nobody, because something else is asked next."""
        ...

    def stream_ended(self, error: BaseException | None) -> None:
        """Take note that the body of a streamed answer has ended, or failed."""
        ...


class Exchange:
    """The receiver of one answer; it returns its connection to the pool by itself.

    Attributes:
        head: The head of the answer, once it has come.
        done: It fires when the answer is complete; for a streamed one with a body when its head has come.
            Then another one is in its place.
        trailers: Header fields behind the body.
        decoded: Whether the body was sent compressed.
        headed_at: When the head came, in seconds of the reactor.
    """

    __slots__ = (
        "_call_soon",
        "_connection",
        "_decode",
        "_max_body_size",
        "_owner",
        "_pool",
        "_released",
        "_route",
        "_seconds",
        "_sink",
        "_streams",
        "_unwanted",
        "decoded",
        "done",
        "head",
        "headed_at",
        "trailers",
    )

    def __init__(
        self,
        owner: Owner,
        connection: ClientConnection,
        pool: ConnectionPool,
        route: Route,
        *,
        streams: bool,
        decode: bool,
        max_body_size: int,
        seconds: Callable[[], float],
        call_soon: Callable[[Callable[[], object]], object],
    ) -> None:
        """Prepare an exchange.

        Args:
            owner: Who has begun it.
            connection: A connection that was lent.
            pool: Who has lent it.
            route: What it was made for.
            streams: Whether `done` fires with the head.
            decode: Whether the body is decoded.
            max_body_size: Bytes that it may have, as sent and as decoded.
            seconds: Tells the time.
            call_soon: Calls a function in the next turn of the reactor.
        """
        self.done: Deferred[None] = Deferred(self._cancelled)
        self.head: ResponseHead | None = None
        self.trailers: dict[str, str | list[str]] = {}
        self.decoded = False
        self.headed_at = 0.0
        self._owner = owner
        self._connection = connection
        self._pool = pool
        self._route = route
        self._streams = streams
        self._decode = decode
        self._max_body_size = max_body_size
        self._seconds = seconds
        self._call_soon = call_soon
        self._sink: BodyReceiver = _NOBODY
        self._released = False
        self._unwanted = False

    def start(self, message: Message) -> None:
        """Send the request.

        Args:
            message: The request.
        """
        self._connection.send(message, self, self._max_body_size)

    @property
    def over(self) -> bool:
        """Whether the connection is somebody else's, or closed."""
        return self._released

    def resume(self) -> None:
        """Let the body of a streamed answer come."""
        if not self._released:
            self._connection.resume()

    def stop(self) -> None:
        """Cut the connection if the answer is not complete; nobody wants the rest."""
        if not self._released:
            self._connection.abort()
            self._release(False)
            # A decoder may have more than it has passed on.
            self._sink.body_failed()

    # What the connection calls.

    def head_received(self, head: ResponseHead) -> None:
        """Decide who takes the body."""
        self.head = head
        self.headed_at = self._seconds()
        sink = self._owner.sink_for(head)
        if sink is None:
            self._unwanted = True
            self._sink = Discarder(_MOST_DISCARDED, self._end_early)
            if head.has_body and (head.content_length or 0) > _MOST_DISCARDED:
                self._end_early()
            return
        self._sink = self._decoder(head, sink) if self._decode and head.has_body else sink
        # Without a body the connection need not wait for somebody to read that.
        if self._streams and head.has_body:
            self._connection.pause()
            self._take_done().callback(None)

    def data_received(self, data: bytes) -> Deferred[object] | None:
        """Pass on a piece of the body."""
        return self._sink.data_received(data)

    def response_finished(self, trailers: dict[str, str | list[str]], reusable: bool) -> None:
        """Take note of the end; a decoder may tell before that it was none."""
        self.trailers = trailers
        self._release(reusable)
        self._sink.body_finished()
        self._end(None)

    def response_failed(self, error: BaseException | Failure) -> None:
        """Take note that there is no more."""
        self._release(False)
        self._sink.body_failed()
        lost = error.__cause__ if isinstance(error, HTTPStreamClosedError) else None
        if lost is not None and self.head is None:
            error = explain_tls(lost, self._route) or error
        self._end(None if self._unwanted else error)

    # Ends.

    def _end(self, error: BaseException | Failure | None) -> None:
        if self.done.called:
            self._owner.stream_ended(error.value if isinstance(error, Failure) else error)
        elif error is None:
            self._take_done().callback(None)
        else:
            self._take_done().errback(error)

    def _take_done(self) -> Deferred[None]:
        # It refers to this object, which would else refer to it until the garbage is collected.
        done, self.done = self.done, _DONE
        return done

    def _release(self, reusable: bool) -> None:
        if self._released:
            return
        self._released = True
        if reusable:
            self._pool.give_back(self._connection, self._route)
        else:
            self._pool.drop()

    def _cancelled(self, _: Deferred[None]) -> None:
        self.stop()

    def _end_early(self) -> None:
        """Give up the connection rather than read on."""
        self.stop()
        self._end(None)

    # Decoding.

    def _decoder(self, head: ResponseHead, sink: BodyReceiver) -> BodyReceiver:
        """Put a decoder in front of who takes the body, if it has a coding that is known."""
        coding = head.headers.get("Content-Encoding", "").strip(" \t").lower()
        # A part of what is coded begins anywhere: only who has all parts can decode it.
        if coding not in CODINGS or head.status == _PARTIAL_CONTENT:
            return sink
        self.decoded = True
        mark_decoded(head.headers)
        inflater = Inflater(coding, raw_deflate=True)
        limit = self._max_body_size
        return DecompressedBody(inflater, sink, self._refused, lambda: limit, self._call_soon)

    def _refused(self, error: HTTPInputError) -> None:
        """Take note that the body cannot be decoded."""
        kind = ResponseTooLarge if error.status == _TOO_LARGE else BadResponse
        self.stop()
        self._end(kind(f"the answer cannot be decoded: {error}"))


def mark_decoded(headers: HTTPHeaders) -> None:
    """Take the content coding off a head, as Tornado does.

    `Content-Length` was that of the coded body, and would mislead whoever passes the answer on.

    Args:
        headers: The header fields of an answer whose body is decoded.
    """
    headers["X-Consumed-Content-Encoding"] = headers["Content-Encoding"]
    del headers["Content-Encoding"]
    headers.pop("Content-Length", None)
