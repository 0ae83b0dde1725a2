"""What a connection does to its transport: bytes out, and back-pressure both ways."""

from collections import deque
from typing import Final, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer, IFileDescriptor, IPushProducer, ITCPTransport
from twisted.internet.protocol import Protocol
from zope.interface import implementer

from cyclone_core.httpserver.clock import NEVER, CoarseClock
from cyclone_core.limits import Limits
from cyclone_core.sending import (
    LARGEST_UNSENT,
    bound_unsent,
    count_unsent,
    has_queued,
    send_at_once,
    sends_at_once,
)

__all__ = ["Link", "ServerTransport"]

# As much as Twisted's transport takes before it asks its producer to pause.
_CORK_SIZE: Final = 64 * 1024

# As much as Twisted's transport sends at once. It tells only when all that it has is gone, so that
# larger pieces would hide for how long a client has taken nothing.
_PIECE: Final = LARGEST_UNSENT


# So much of a stream goes out in one turn; what follows has to wait for the reactor.
_AT_ONCE: Final = 256 * 1024


class ServerTransport(ITCPTransport, IConsumer, IPushProducer, IFileDescriptor):
    """What an `HTTPConnection` needs of its transport: Twisted's TCP, TLS and UNIX ones have it.

    A file descriptor is needed only for what is sent past the transport, see `sending.has_socket`.

    Attributes:
        producerPaused: Whether the producer was asked to pause.
    """

    producerPaused: bool  # noqa: N815 -- Twisted's name

    def startWriting() -> None:  # noqa: N802 -- Twisted's name
        """Ask for bytes as soon as the socket takes some."""


@implementer(IPushProducer)
class Link(Protocol):
    """The lower half of an `HTTPConnection`, which derives from it and knows HTTP.

    Answers that are complete within one read are corked: they go out in one write. The connection is
    its transport's push producer, and so learns when the client cannot keep up; what is written then
    waits here and not in the transport.

    Attributes:
        write_deadline: When the client must have taken what the transport has, in seconds of the
            clock.
    """

    transport: ServerTransport

    # On the class, so that a connection that idles does not have most of them.
    write_deadline: float = NEVER
    _cork: list[bytes] | None = None
    _corked = 0
    _reading_paused = False
    _full: list[Deferred[None]] | None = None  # who waits for room, if there is none
    _unsent: deque[bytes | memoryview] | None = None
    _producing = False
    _sends = False  # whether what the transport would queue may be sent at once
    _bounded = False  # whether the kernel was told how much to take
    _unsent_before = 0  # bytes of a file in the kernel, when `write_deadline` was set
    _at_once = 0  # bytes that were sent past the reactor since it last had its turn

    _clock: CoarseClock
    _limits: Limits

    def connect(self) -> None:
        """Prepare a connected transport; `connectionMade` calls it."""
        transport = self.transport
        self._sends = sends_at_once(transport)
        if not self._sends:
            self._produce()

    def write_corked(self, data: bytes) -> None:
        """Send bytes, together with the other answers of this read."""
        if self._cork is None:
            self._send(data)
            return
        self._cork.append(data)
        self._corked += len(data)
        if self._corked > _CORK_SIZE:
            self._flush_cork()

    def write_now(self, data: bytes) -> None:
        """Send bytes at once, behind those that are corked."""
        if not self._bounded:
            self._bound()  # a stream may write more than anybody takes, in whatever pieces
        self._flush_cork()
        self._send(data)

    def _flush_cork(self) -> None:
        if self._cork:
            data = self._cork[0] if len(self._cork) == 1 else b"".join(self._cork)
            self._cork.clear()
            self._corked = 0
            self._send(data)

    def _send(self, data: bytes) -> None:
        if self._full is None and len(data) <= _PIECE:
            if self._sends and self._at_once < _AT_ONCE:
                data = self._send_at_once(data)
            if data:
                self._produce()
                self.transport.write(data)
            return
        if not self._bounded:
            self._bound()
        self._produce()
        if self._unsent is None:
            self._unsent = deque()
        self._unsent.append(data)
        self._send_waiting()

    def _send_at_once(self, data: bytes) -> bytes:
        rest = send_at_once(self.transport, data)
        self._at_once += len(data)
        if self._at_once >= _AT_ONCE:
            # A client that takes everything at once would keep the reactor from all the others.
            self._clock.call_soon(self._new_turn)
        return rest

    def _new_turn(self) -> None:
        self._at_once = 0

    def _bound(self) -> None:
        # Not for every connection: system calls that small answers do not need.
        self._bounded = True
        bound_unsent(self.transport)
        self._send_without_delay()

    def _send_without_delay(self) -> None:
        # Nagle's algorithm keeps what is written behind something that was not acknowledged yet; the
        # first answer is behind nothing.
        set_no_delay = getattr(self.transport, "setTcpNoDelay", None)
        if set_no_delay is not None:
            set_no_delay(True)

    def _produce(self) -> None:
        # Once for a connection, which costs less than once for each streamed answer; but not before
        # the transport has something to keep, which most never have.
        if not self._producing:
            self._producing = True
            self.transport.registerProducer(self, True)

    def _send_waiting(self) -> None:
        """Give the transport what waits, until it has enough."""
        unsent = self._unsent
        while unsent and self._full is None:
            data = unsent.popleft()
            if len(data) > _PIECE:
                view = memoryview(data)
                unsent.appendleft(view[_PIECE:])
                data = view[:_PIECE]
            self.transport.write(bytes(data))

    def _send_all(self) -> None:
        """Leave all that waits to the transport, which passes into other hands."""
        unsent, self._unsent = self._unsent, None
        for data in unsent or ():
            self.transport.write(bytes(data))

    def drained(self) -> Deferred[None] | None:
        """Wait for room in the transport; None if there is some."""
        if self._full is None:
            return None
        waiter: Deferred[None] = Deferred()
        self._full.append(waiter)
        return waiter

    # For what goes to the socket past the transport: files.

    def wait_for_turn(self) -> Deferred[None] | None:
        """Wait until something may be sent past the transport.

        Returns:
            None if the transport has nothing that must be sent before, and this turn has bytes left;
            else a Deferred like that of `drained`.
        """
        if self._full is None:
            if self._at_once < _AT_ONCE and not has_queued(self.transport):
                return None
            return self.wait_until_writable()
        return self.drained()

    def wait_until_writable(self) -> Deferred[None]:
        """Wait until the socket takes bytes again, in another turn of the reactor.

        Returns:
            A Deferred like that of `drained`; meanwhile the client counts as one that does not keep up.
        """
        transport = self.transport
        self._produce()
        # A transport that may write, and has nothing to write, asks the producer that it has paused.
        transport.producerPaused = True
        transport.startWriting()
        self.pauseProducing()
        self._unsent_before = count_unsent(transport) or 0
        return cast("Deferred[None]", self.drained())

    def is_stalled(self) -> bool:
        """Tell whether a client has to be cut off at its `write_deadline`, or gets a new one.

        While a file is sent the kernel may have more than the client can take by then. It is enough if it
        has taken what it must take of other answers before more can be written.
        """
        left = count_unsent(self.transport)
        if left is None or left > self._unsent_before - LARGEST_UNSENT // 2:
            return True
        self._unsent_before = left
        self.write_deadline = self._clock.now + self._limits.write_timeout
        return False

    def count_sent(self, count: int) -> None:
        """Take note of what was sent past the transport."""
        self._at_once += count
        if self._at_once >= _AT_ONCE:
            self._clock.call_soon(self._new_turn)

    def pauseProducing(self) -> None:
        """Take note that the client does not keep up with its answers."""
        if self._full is None:
            self._full = []
            self.write_deadline = self._clock.now + self._limits.write_timeout

    def resumeProducing(self) -> None:
        """Tell those who wait for room that there is some, and go on with what waited for it."""
        if self._full is None:
            return
        waiting, self._full = self._full, None
        self._send_waiting()
        if self._full is not None:
            self._full[:0] = waiting
            return
        self._unsent = None
        self._unsent_before = 0
        self.write_deadline = NEVER
        for waiter in waiting:
            waiter.callback(None)
        self.room_made()

    def stopProducing(self) -> None:
        """Do nothing: `connectionLost` follows."""

    def look(self) -> None:
        """Override to see whether the client has gone; it is called while reading is paused."""

    def room_made(self) -> None:
        """Override to go on when the client has caught up."""

    def _stop_producing(self) -> None:
        self.write_deadline = NEVER
        self._clock.deaf.discard(self)
        if self._producing:
            self._producing = False
            self.transport.unregisterProducer()

    def _pause_reading(self) -> None:
        if not self._reading_paused:
            self._reading_paused = True
            self._clock.deaf.add(self)
            self.transport.pauseProducing()

    def _resume_reading(self) -> None:
        if self._reading_paused:
            self._reading_paused = False
            self._clock.deaf.discard(self)
            self.transport.resumeProducing()
