"""What a connection waits for, and how it comes to its end."""

import enum
from typing import Final

from twisted.internet.interfaces import IHalfCloseableProtocol, IProtocol
from twisted.logger import Logger

from cyclone_core.httpserver.clock import NEVER
from cyclone_core.httpserver.link import Link
from cyclone_core.httpserver.peer import Peer
from cyclone_core.sending import has_unsent

__all__ = [
    "APPLICATION",
    "BODY",
    "CLOSE",
    "HANDSHAKE",
    "HEAD",
    "NEXT_REQUEST",
    "TimedLink",
    "Wait",
]

_log = Logger(namespace="cyclone.httpserver")

# Bytes that a client takes at once: ten full packets.
_SMALL: Final = 14 * 1024


class Wait(enum.Enum):
    """What a connection waits for; its deadline belongs to that."""

    HANDSHAKE = enum.auto()
    NEXT_REQUEST = enum.auto()
    HEAD = enum.auto()
    BODY = enum.auto()
    APPLICATION = enum.auto()
    CLOSE = enum.auto()


# Looked up once: a member of an enumeration costs more than a global.
HANDSHAKE: Final = Wait.HANDSHAKE
NEXT_REQUEST: Final = Wait.NEXT_REQUEST
HEAD: Final = Wait.HEAD
BODY: Final = Wait.BODY
APPLICATION: Final = Wait.APPLICATION
CLOSE: Final = Wait.CLOSE


class TimedLink(Link):
    """The middle of an `HTTPConnection`: it keeps a deadline and closes in good order.

    Attributes:
        peer: The client.
        deadline: When `deadline_passed` is due, in seconds of the clock.
    """

    peer: Peer
    deadline: float = NEVER

    # On the class, so that a connection that idles does not have them.
    _lingering = False
    _successor: IProtocol | None = None

    _waiting: Wait

    @property
    def idle(self) -> bool:
        """Whether nothing happens but that the next request is waited for."""
        return self._waiting is NEXT_REQUEST and self._full is None

    def close_idle(self) -> None:
        """Make room for another connection now; it is called while this one is idle."""
        if self.peer.protocol == "https" or has_unsent(self.transport):
            # To close in good order would take as long as the client likes.
            self.abort("another connection needed the room")
        else:
            self._close()

    def cut(self, why: str) -> None:
        """Close at once, whatever is in flight, and log why."""
        _log.info("{ip} was cut off: {why}", ip=self.peer.remote_ip, why=why)
        self.abort(why)

    def abort(self, why: str) -> None:
        """Cut the connection."""
        if self._cork is not None:
            self._cork.clear()
        self._waiting = CLOSE
        self.deadline = NEVER
        self._stop_producing()
        self.end_exchange(why)
        self.transport.abortConnection()

    def writeConnectionLost(self) -> None:
        """Wait a moment for the client to read the last answer and to close its side."""
        successor = IHalfCloseableProtocol(self._successor, None)
        if successor is not None:
            successor.writeConnectionLost()
        else:
            limits = self._limits
            taken = self._lingering and not has_unsent(self.transport)
            self._wait_for(CLOSE, limits.linger_timeout if taken else limits.write_timeout)

    def end_exchange(self, why: str) -> None:
        """Override to tell everybody concerned that there will be no answer any more.

        Args:
            why: The reason, for them and for the log.
        """

    def _wait_for(self, what: Wait, seconds: float) -> None:
        self._waiting = what
        self.deadline = self._clock.now + seconds

    def _close(self, *, linger: bool = False, idle: bool = False) -> None:
        """Close when the client has taken off its answers.

        Args:
            linger: Whether the client may still be sending.
            idle: Whether the last answer was sent some time ago.
        """
        # What fits into any client's window is sent and closed in one turn of the reactor, which
        # costs less than to send it now, to ask whether it was sent, and to close then.
        small = self._cork and self._corked <= _SMALL and self.peer.protocol == "http"
        if small:
            self._sends = False
        self._flush_cork()
        self._waiting = CLOSE
        self.deadline = NEVER
        self._lingering = linger
        if self._full is None:
            self._hang_up(ask=not small)
        if idle and self.peer.protocol == "https" and not has_unsent(self.transport):
            # Only the client's close_notify is waited for.
            self._wait_for(CLOSE, self._limits.linger_timeout)

    def _hang_up(self, *, ask: bool = True) -> None:
        """Close so that the client can read the last answer.

        Closing a socket with unread input resets the connection, and a reset destroys what the client
        has not read yet. So only the sending half is closed, and input is discarded for a while. The
        same is done while the client has not taken the answer: once the socket is closed nobody
        would cut off who never takes it.

        Args:
            ask: Whether the client may not have taken it.
        """
        self._stop_producing()
        # The transport still has what the client has not taken, and TLS waits for its close_notify.
        self._wait_for(CLOSE, self._limits.write_timeout)
        lose_write_connection = getattr(self.transport, "loseWriteConnection", None)
        if self.peer.protocol == "https":
            self._resume_reading()
            self.transport.loseConnection()
        elif lose_write_connection is not None and (
            self._lingering or (ask and has_unsent(self.transport))
        ):
            self._resume_reading()
            lose_write_connection()  # when that is done `writeConnectionLost` sets the deadline
        else:
            self.transport.loseConnection()
