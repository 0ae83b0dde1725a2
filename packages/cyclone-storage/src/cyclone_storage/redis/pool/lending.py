"""How a pool lends its connections: to anybody in turn, or to one alone until it gives them back."""

# ruff: noqa: ANN401 -- a connection is an instance of whatever class of protocols a program has

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred, fail, succeed

from cyclone_storage.redis.pool.rotation import Rotation
from cyclone_storage.redis.pool.waiting import WaitingLine

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

    from cyclone_storage.redis.pool.troubles import Troubles

__all__ = ["MOST_WAITING", "Lending"]

# A server that is away for a while must not fill the memory with commands that wait for it.
MOST_WAITING: Final = 10_000


class Lending:
    """The connections of a pool that can be used, and those who wait for one.

    Attributes:
        connections: All of them.
        exclusive: Those that somebody has for itself.
        line: Those who wait.
        closed: Whether nothing is lent any more.
    """

    def __init__(
        self,
        clock: Any,
        troubles: "Troubles",
        wait_timeout: float,
        hopeful: Callable[[], bool],
    ) -> None:
        """Begin with no connections.

        Args:
            clock: What time it has.
            troubles: Makes the exceptions.
            wait_timeout: Seconds that a command waits for a connection.
            hopeful: Tells whether there may be a connection some time.
        """
        self._clock = clock
        self._troubles = troubles
        self._wait_timeout = wait_timeout
        self._hopeful = hopeful
        self._free = Rotation()
        self._serving: IDelayedCall | None = None
        self.connections: list[Any] = []
        self.exclusive: set[Any] = set()
        self.line = WaitingLine(clock)
        self.closed = False

    def __contains__(self, conn: object) -> bool:
        """Tell whether a connection is one of them."""
        return conn in self._free or conn in self.exclusive

    @property
    def free(self) -> list[Any]:
        """Those that anybody may use."""
        return list(self._free.items)

    def add(self, conn: Any) -> None:
        """Lend one more.

        Args:
            conn: Its protocol.
        """
        self.connections.append(conn)
        self._free.add(conn)
        self._serve_soon()

    def remove(self, conn: Any) -> None:
        """Lend one no more; it may be none of these.

        Args:
            conn: Its protocol.
        """
        if conn in self:
            self._free.discard(conn)
            self.exclusive.discard(conn)
            self.connections.remove(conn)

    def pick(self) -> Any:
        """Return the next connection that anybody may use, None if there is none."""
        conn = self._free.next()
        if conn is None or conn.connected:
            return conn
        # It was given up; the reactor will say so in its next turn.
        for each in self.free:
            if not each.connected:
                self._free.discard(each)
                self.exclusive.add(each)
        return self._free.next()

    def wait(self, *, exclusive: bool = False, timeout: float | None = None) -> "Deferred[Any]":
        """Return a connection as soon as there is one.

        Args:
            exclusive: Whether nobody else gets it, until `release`.
            timeout: Seconds to wait; those of the pool if None.

        Returns:
            A Deferred of its protocol. It fails with RedisPoolClosed, AuthenticationError, NotConnected or
            WaitTimeout if there is none.
        """
        if self.closed:
            return fail(self._troubles.closed())
        if self.pick() is not None:
            return succeed(self._give(exclusive))
        problem = self._obstacle()
        if problem is not None:
            return fail(problem)
        seconds = self._wait_timeout if timeout is None else timeout
        return self.line.add(
            seconds,
            lambda: self._troubles.waited(seconds, len(self.connections)),
            exclusive=exclusive,
        )

    def wait_any(self, timeout: float | None) -> "Deferred[Any]":
        """Return a Deferred that fires as soon as there is a connection, be it lent to somebody.

        Args:
            timeout: Seconds to wait; those of the pool if None.
        """
        if self.connections and not self.closed:
            return succeed(None)
        return self.wait(timeout=timeout)

    def _obstacle(self) -> Exception | None:
        if self.connections:
            found = None
        elif self._troubles.refusal is not None:
            found = self._troubles.refused()
        elif not self._hopeful():
            found = self._troubles.not_connected()
        else:
            found = None
        if found is None and len(self.line) >= MOST_WAITING:
            found = self._troubles.crowded(MOST_WAITING)
        return found

    def _give(self, exclusive: bool) -> Any:
        conn = self.pick()
        if exclusive:
            self._free.discard(conn)
            self.exclusive.add(conn)
        return conn

    def release(self, conn: Any) -> None:
        """Take a connection back; what was lost meanwhile is not.

        Args:
            conn: Its protocol.
        """
        if conn in self.exclusive and conn.connected:
            self.exclusive.discard(conn)
            self._free.add(conn)
            self._serve_soon()

    def _serve_soon(self) -> None:
        # Not at once: a protocol of txredisapi's gives its connection back before it writes DISCARD or
        # UNWATCH, and a command that is sent in between becomes part of the transaction.
        if self.line and self._serving is None:
            self._serving = self._clock.callLater(0, self._serve)

    def _serve(self) -> None:
        self._serving = None
        self.line.serve(any_free=lambda: self.pick() is not None, give=self._give)
