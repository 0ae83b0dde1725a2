"""One coarse clock for all connections of a server."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol, cast

from cyclone_core.httputil import http_date

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall, IReactorTime

__all__ = ["NEVER", "CoarseClock", "Deaf", "Timed"]

NEVER: Final = math.inf
"""The deadline of a connection that does not wait for its client."""

_TICK: Final = 1.0


class Timed(Protocol):
    """What the clock watches."""

    deadline: float
    write_deadline: float

    def deadline_passed(self) -> None:
        """Act on a deadline, at least one of which lies in the past."""
        ...


class Deaf(Protocol):
    """What is not told that its client has gone, because it does not read."""

    def look(self) -> None:
        """See whether the client has gone."""
        ...


class CoarseClock:
    """Ticks once a second while there are connections, and checks their deadlines.

    A deadline is an attribute that a connection sets, which costs a twentieth of a timer per request
    (0.05 against 0.7 microseconds); the price is that it is noticed up to two seconds late. It is never
    noticed early, although it was computed from a time up to a second old. The same tick formats the
    `Date` header once for all answers.

    Attributes:
        now: Seconds, at most a second old while there are connections.
        date: The `Date` header's value (RFC 9110 section 6.6.1), likewise.
        watched: The connections.
        deaf: Those of them whose reading is paused.
    """

    __slots__ = ("_call", "_reactor", "_stopping", "date", "deaf", "now", "watched")

    def __init__(self, reactor: "IReactorTime | None" = None) -> None:
        """Make a clock that stands still until the first connection.

        Args:
            reactor: What tells and calls the time; by default the global reactor, looked up when the
                first connection arrives.
        """
        self._reactor = reactor
        self.watched: set[Timed] = set()
        self.deaf: set[Deaf] = set()
        self._call: IDelayedCall | None = None
        self._stopping = False
        self.date = ""
        self.now = 0.0

    def watch(self, connection: Timed) -> None:
        """Check a connection's deadline from now on.

        Args:
            connection: Anything with a `deadline`.
        """
        self._stopping = False
        if self._call is None:
            self._start()
        self.watched.add(connection)

    def forget(self, connection: Timed) -> None:
        """Stop checking a connection; one that is not watched is no error."""
        self.watched.discard(connection)
        if self._stopping:
            self.stop()

    def call_soon(self, function: Callable[[], object]) -> None:
        """Call a function in the next turn of the reactor."""
        self.reactor.callLater(0, function)

    def stop(self) -> None:
        """Stop ticking, at once or with the last connection, and leave no call in the reactor.

        Connections outlive the port that has accepted them, and other ports may share the clock.
        """
        self._stopping = True
        if self._call is not None and not self.watched:
            self._call.cancel()
            self._call = None

    @property
    def has_reactor(self) -> bool:
        """Whether the reactor was given, or looked up already."""
        return self._reactor is not None

    @property
    def reactor(self) -> "IReactorTime":
        """What tells the time: the global reactor unless another one was given."""
        if self._reactor is None:
            from twisted.internet import reactor

            self._reactor = cast("IReactorTime", reactor)
        return self._reactor

    def _start(self) -> None:
        time = self.reactor
        self.now = time.seconds()
        self.date = http_date(self.now)
        self._call = time.callLater(_TICK, self._tick)

    def _tick(self) -> None:
        self._call = None
        if not self.watched:
            return
        self._start()
        for each in list(self.deaf):
            each.look()
        passed = self.now - _TICK
        # No function for the condition: with it ten thousand connections cost three times as much.
        late = [
            each
            for each in self.watched
            if each.deadline <= passed or each.write_deadline <= passed
        ]
        for connection in late:
            # What was done about another one may have been enough.
            if connection.deadline <= passed or connection.write_deadline <= passed:
                connection.deadline_passed()
