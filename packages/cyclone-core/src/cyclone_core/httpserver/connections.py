"""The open connections of an application: how many there may be, and how they end with it."""

import enum
import math
import operator
import weakref
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from twisted.internet.defer import Deferred, gatherResults, succeed

from cyclone_core.httpserver.clock import CoarseClock, Timed
from cyclone_core.sending import has_unsent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from twisted.internet.interfaces import IDelayedCall, ITransport

__all__ = ["Admission", "Connections", "Managed"]

# Files that an application, its log and the reactor keep open beside the connections.
_FEWEST_OTHER_FILES: Final = 50
_OTHER_FILES: Final = 20  # one of so many

# So many clients at a time are told that there is no room; others are cut off without a word.
_TURNED_AWAY: Final = 16

# The connections that have been idle longest are looked up so many at a time.
_BATCH: Final = 100


class Admission(enum.Enum):
    """What becomes of a new connection."""

    ADMITTED = enum.auto()
    REFUSED = enum.auto()  # it is told why
    CUT = enum.auto()  # there is no room even for that


class Managed(Timed, Protocol):
    """What is asked of a connection."""

    @property
    def transport(self) -> "ITransport":
        """Its transport."""
        ...

    @property
    def idle(self) -> bool:
        """Whether nothing happens but that the next request is waited for."""
        ...

    def close_idle(self) -> None:
        """Close; it is called while the connection is idle."""
        ...

    def drain(self) -> None:
        """Close as soon as no request is in flight, and take no other."""
        ...

    def cut(self, why: str) -> None:
        """Close at once, whatever is in flight."""
        ...


class Connections:
    """Counts, bounds and drains the connections that one clock watches.

    An application has one of these for all its ports; so does an `HTTPServer` around a function.

    Attributes:
        clock: The clock that watches the connections.
        draining: Whether the process ends, so that nobody is admitted any more.
    """

    def __init__(self, clock: CoarseClock) -> None:
        """Make an empty collection.

        Args:
            clock: The clock that watches the connections.
        """
        self.draining = False
        self.clock = clock
        self._default_maximum: float | None = None
        self._longest_idle: list[tuple[float, Managed]] = []
        self._ports = 0
        self._trigger: Any = None
        self._waiting: list[Deferred[None]] = []
        self._listeners: list[Callable[[], Deferred[Any]]] = []
        self._leaving: list[tuple[set[Managed], Deferred[None]]] = []
        self._grace: IDelayedCall | None = None
        _everybody.add(self)

    def __len__(self) -> int:
        """Count the open connections."""
        return len(self.clock.watched)

    # Admission.

    def admit(self, connection: Managed, maximum: int | None) -> Admission:
        """Count a new connection, and make room for it if that is necessary and possible.

        Args:
            connection: The new one.
            maximum: `Limits.max_connections`.

        Returns:
            Whether it may go on; if not, whether it is told so.
        """
        clock = self.clock
        if maximum is None:
            # The limit is the process's, so everybody's connections count.
            sharing = tuple(_everybody)
            limit = self._maximum()
        else:
            sharing = (self,)
            limit = maximum
        count = sum([len(each) for each in sharing])
        if not self.draining and (count < limit or self._close_longest_idle(sharing)):
            clock.watch(connection)
            return Admission.ADMITTED
        if count >= limit + _TURNED_AWAY:
            return Admission.CUT
        clock.watch(connection)
        return Admission.REFUSED

    def forget(self, connection: Managed) -> None:
        """Take note that a connection has ended, or is no HTTP connection any more."""
        self.clock.forget(connection)
        if self._leaving:
            self._left(connection)
        if self._waiting and not self.clock.watched:
            self._all_closed()

    def _maximum(self) -> float:
        if self._default_maximum is None:
            self._default_maximum = _open_files()
        return self._default_maximum

    def _close_longest_idle(self, sharing: "Collection[Connections]") -> bool:
        while True:
            while self._longest_idle:
                deadline, connection = self._longest_idle.pop()
                # It may have had a request since, and would not be the longest then; and a port with a
                # limit of its own must not close what it does not count.
                counted = any(connection in each.clock.watched for each in sharing)
                if counted and connection.idle and connection.deadline == deadline:
                    connection.close_idle()
                    return True
            idle = [
                (each.deadline, each)
                for connections in sharing
                for each in cast("set[Managed]", connections.clock.watched)
                if each.idle
            ]
            if not idle:
                return False
            idle.sort(key=operator.itemgetter(0))
            self._longest_idle = idle[:_BATCH][::-1]

    # The end.

    def start(self, grace: float) -> None:
        """Take note of a port; with the first one the end of the reactor will drain first.

        Args:
            grace: Seconds that requests may go on then.
        """
        self.draining = False
        self._ports += 1
        reactor = self.clock.reactor
        add_trigger = getattr(reactor, "addSystemEventTrigger", None)
        if self._trigger is None and add_trigger is not None:
            self._trigger = add_trigger("before", "shutdown", self._shut_down, grace)

    def stop(self) -> None:
        """Take note that a port was closed; with the last one the clock stops, too."""
        self._ports -= 1
        if self._ports > 0:
            return
        self.clock.stop()
        if self._trigger is not None:
            trigger, self._trigger = self._trigger, None
            cast("Any", self.clock.reactor).removeSystemEventTrigger(trigger)

    def add_listener(self, stop: "Callable[[], Deferred[Any]]") -> None:
        """Stop a listener of ours ahead of a drain.

        Args:
            stop: What stops it, and returns a Deferred that fires then and never fails.
        """
        self._listeners.append(stop)

    def remove_listener(self, stop: "Callable[[], Deferred[Any]]") -> None:
        """Take note that a listener was stopped."""
        if stop in self._listeners:
            self._listeners.remove(stop)

    def cut(self, which: "Callable[[Managed], bool]", why: str) -> Deferred[None]:
        """Close some connections, whatever is in flight.

        Those that are idle are closed in good order: their clients read the end, and no error. With TLS
        that takes until the client has said so too, or for `Limits.linger_timeout`. The others are cut.

        Args:
            which: Tells for each of them whether it is meant.
            why: For the log and for who waits for the end of a request.

        Returns:
            A Deferred that fires when they are closed. It never fails.
        """
        meant = {each for each in cast("set[Managed]", self.clock.watched) if which(each)}
        if not meant:
            return succeed(None)
        waiter: Deferred[None] = Deferred()
        self._leaving.append((meant, waiter))
        for connection in list(meant):
            # A client that takes nothing off its last answer could delay the end.
            if connection.idle and not has_unsent(connection.transport):
                connection.drain()
            else:
                connection.cut(why)
        return waiter

    def _left(self, connection: Managed) -> None:
        for leaving in list(self._leaving):
            meant, waiter = leaving
            meant.discard(connection)
            if not meant:
                self._leaving.remove(leaving)
                waiter.callback(None)

    def drain(self, grace: float) -> Deferred[None]:
        """Let the requests in flight be answered, and close everything.

        The listeners that it knows are stopped first.

        Args:
            grace: Seconds; who is not ready then is cut off.

        Returns:
            A Deferred that fires when every connection and these listeners are closed. It never fails.
        """
        listeners, self._listeners = self._listeners, []
        stopped = [stop() for stop in listeners]
        closed = self.drain_connections(grace)
        if not stopped:
            return closed
        return gatherResults([*stopped, closed]).addCallback(lambda _: None)

    def drain_connections(self, grace: float) -> Deferred[None]:
        """Let the requests in flight be answered, and close their connections; listeners stay as they are.

        Args:
            grace: Seconds; who is not ready then is cut off.

        Returns:
            A Deferred that fires when every connection is closed. It never fails.
        """
        self.draining = True
        for connection in list(cast("set[Managed]", self.clock.watched)):
            connection.drain()
        if not self.clock.watched:
            return succeed(None)
        if self._grace is None:
            self._grace = self.clock.reactor.callLater(grace, self._cut_all)
        waiter: Deferred[None] = Deferred()
        self._waiting.append(waiter)
        return waiter

    def _shut_down(self, grace: float) -> Deferred[None]:
        self._trigger = None  # it cannot be removed any more
        return self.drain(grace)

    def _cut_all(self) -> None:
        self._grace = None
        for connection in list(cast("set[Managed]", self.clock.watched)):
            connection.cut("the server ends")

    def _all_closed(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            waiter.callback(None)


_everybody: Final[weakref.WeakSet[Connections]] = weakref.WeakSet()


def _open_files() -> float:
    """Tell how many connections the limit of open files leaves room for."""
    try:
        import resource
    except ImportError:  # there is no such limit on Windows
        return math.inf
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return math.inf
    return max(1, files - max(_FEWEST_OTHER_FILES, files // _OTHER_FILES))
