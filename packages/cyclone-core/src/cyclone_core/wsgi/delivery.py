"""From the thread of a WSGI application to the exchange, which lives in the reactor's thread."""

import threading
from collections.abc import Callable
from typing import BinaryIO, Final, NamedTuple, Protocol

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_core.errors import StreamClosedError
from cyclone_core.httpserver import Exchange
from cyclone_core.httpserver.refusal import error_answer
from cyclone_core.httputil import HTTPHeaders

__all__ = ["ClientGoneError", "Delivery", "Head", "Reactor"]

_log = Logger(namespace="cyclone.wsgi")

_INTERNAL_SERVER_ERROR: Final = 500

# Bytes that an application may be ahead of its client, beside what the connection itself keeps.
_MOST_QUEUED: Final = 256 * 1024

# Seconds. A reactor that has stopped wakes nobody up.
_LOOK_AROUND: Final = 1.0


class Reactor(Protocol):
    """What is needed of Twisted's reactor.

    Attributes:
        running: Whether it has not stopped.
    """

    running: bool

    def callFromThread(  # noqa: N802 -- Twisted's name
        self,
        function: Callable[..., object],
        /,
        *args: object,
        **kwargs: object,
    ) -> None:
        """Call a function in the reactor's thread."""
        ...


class Head(NamedTuple):
    """The head of an answer.

    Attributes:
        status: The status.
        reason: The reason phrase.
        headers: The header fields.
    """

    status: int
    reason: str
    headers: HTTPHeaders


class ClientGoneError(StreamClosedError):
    """Raised in the application's thread: nobody reads any more what it writes."""


class Delivery:
    """One answer on its way. What is public belongs to one of the two threads, as is said there.

    Attributes:
        is_head: Whether the request's method is HEAD.
        gone: Why nothing more need be sent: the client has left or the server stops; else None.
        status: The status of the answer, as far as it was sent; to be read in the reactor's thread.
    """

    def __init__(
        self, exchange: Exchange, reactor: Reactor, *, is_head: bool, server: str, date: str
    ) -> None:
        """Make a delivery, in the reactor's thread.

        Args:
            exchange: What takes the answer.
            reactor: The reactor.
            is_head: Whether the request's method is HEAD.
            server: The value of the `Server` header of error pages.
            date: The value of their `Date` header.
        """
        self.is_head = is_head
        self.gone: str | None = None
        self.status = _INTERNAL_SERVER_ERROR
        self._exchange = exchange
        self._reactor = reactor
        self._server = server
        self._date = date
        self._started = False
        # Guards what follows; notified when there is room, or nobody who needs it.
        self._room = threading.Condition()
        self._head: Head | None = None
        self._queue: list[bytes] = []
        self._queued = 0
        self._last = False
        self._scheduled = False
        exchange.notifyFinish().addCallback(self._ended)

    # In the application's thread.

    def send(self, chunk: bytes, *, head: Head | None = None, last: bool = False) -> None:
        """Send a piece of the answer; wait as long as the client is too far behind.

        Args:
            chunk: The piece.
            head: With the first piece, the head.
            last: Whether the answer is complete then.

        Raises:
            ClientGoneError: Nobody reads it.
        """
        with self._room:
            while self._queued >= _MOST_QUEUED and self.gone is None:
                if not self._room.wait(_LOOK_AROUND) and not self._reactor.running:
                    self.gone = "the server stops"
            if self.gone is not None:
                raise ClientGoneError(self.gone)
            self._head = self._head or head
            self._queue.append(chunk)
            self._queued += len(chunk)
            self._last = last
            scheduled, self._scheduled = self._scheduled, True
        if not scheduled:
            self._reactor.callFromThread(self._pump)

    def send_file(
        self, head: Head, file: BinaryIO, offset: int, count: int, close: Callable[[], object]
    ) -> None:
        """Send a file as the whole answer, without waiting.

        Args:
            head: The head.
            file: A binary file.
            offset: Where to begin, bytes from its start.
            count: How many bytes to send.
            close: Is called in the reactor's thread when the file is not needed any more.
        """
        self._reactor.callFromThread(self._send_file, head, file, offset, count, close)

    def fail(self, failure: Failure, message: str) -> None:
        """Log an error, and answer it with a page of status 500; cut off an answer that has begun.

        Args:
            failure: What was raised.
            message: What it happened in.
        """
        self._reactor.callFromThread(self.fail_now, failure, message)

    def log(self, failure: Failure, message: str) -> None:
        """Log an error that changes nothing of the answer.

        Args:
            failure: What was raised.
            message: What it happened in.
        """
        self._reactor.callFromThread(_log.failure, "{text}", failure, text=message)

    def warn(self, message: str) -> None:
        """Log a warning.

        Args:
            message: What has happened.
        """
        self._reactor.callFromThread(_log.warn, "{text}", text=message)

    # In the reactor's thread.

    def fail_now(self, failure: Failure, message: str) -> None:
        """Do the same as `fail`, in the reactor's thread."""
        _log.failure("{text}", failure, text=message)
        if self._started:
            self._exchange.abort("the WSGI application failed behind the head of its answer")
        else:
            self.refuse(_INTERNAL_SERVER_ERROR)

    def refuse(self, status: int, headers: HTTPHeaders | None = None) -> None:
        """Answer with a small page.

        Args:
            status: 400 to 599.
            headers: More header fields.
        """
        status, reason, fields, page = error_answer(status, self._server, self._date)
        fields.update(headers or {})
        self.status = status
        self._started = True
        self._exchange.respond(status, reason, fields, page)

    def _pump(self) -> None:
        with self._room:
            queue, self._queue = self._queue, []
            head, self._head = self._head, None
            last = self._last
            self._scheduled = False
        chunk = queue[0] if len(queue) == 1 else b"".join(queue)
        try:
            self._put(head, chunk, last)
        except Exception:  # noqa: BLE001 -- the application's head may break a rule of HTTP
            self._give_up()
            return
        waiting = None if last else self._exchange.drained()
        if waiting is None:
            self._make_room(len(chunk))
        else:
            # Its failure says that the client has gone, which `_ended` has seen already.
            waiting.addBoth(lambda _: self._make_room(len(chunk)))

    def _put(self, head: Head | None, chunk: bytes, last: bool) -> None:
        exchange = self._exchange
        if head is not None:
            self.status = head.status
            # The whole answer to HEAD is longer than nothing.
            if last and not self.is_head and (not chunk or "Content-Length" in head.headers):
                exchange.respond(*head, chunk)
                self._started = True
                return
            exchange.write_headers(*head, chunk)
            self._started = True
        else:
            exchange.write(chunk)
        if last:
            exchange.finish()

    def _give_up(self) -> None:
        self._leave("the answer cannot be sent")
        self.fail_now(Failure(), "the answer of a WSGI application cannot be sent")

    def _send_file(
        self, head: Head, file: BinaryIO, offset: int, count: int, close: Callable[[], object]
    ) -> None:
        sent = maybeDeferred(self._begin_file, head, file, offset, count)
        sent.addCallback(lambda _: self._exchange.finish())
        sent.addErrback(self._file_failed)
        sent.addBoth(lambda _: close())

    def _begin_file(self, head: Head, file: BinaryIO, offset: int, count: int) -> Deferred[None]:
        self.status = head.status
        self._exchange.write_headers(*head, b"")
        self._started = True
        return self._exchange.send_file(file, offset, count)

    def _file_failed(self, failure: Failure) -> None:
        if failure.check(StreamClosedError) is None:
            self.fail_now(failure, "a file of a WSGI application cannot be sent")

    def _make_room(self, size: int) -> None:
        with self._room:
            self._queued -= size
            self._room.notify_all()

    def _leave(self, why: str) -> None:
        with self._room:
            self.gone = why
            self._room.notify_all()

    def _ended(self, message: str | None) -> str | None:
        if message is not None:
            self._leave(message)
        return message
