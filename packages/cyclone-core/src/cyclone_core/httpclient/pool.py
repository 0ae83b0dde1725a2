"""Connections that are kept for the next request, and how many there may be."""

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from cyclone_core.httpclient.connection import ClientConnection
from cyclone_core.httpclient.errors import QueueTimeout
from cyclone_core.httpclient.routes import Route

__all__ = ["ConnectionPool"]

Connect = Callable[[Route, Callable[[ClientConnection], None], "float | None"], Deferred[Any]]


class ConnectionPool:
    """Lends connections, `max_clients` at a time; who comes then waits in a queue.

    A connection is only lent for the route that it was made for, so that nothing of one request, say a
    client's certificate or the password for a proxy, gets into another one.

    Attributes:
        lent: How many connections are in use or being made.
    """

    def __init__(
        self,
        reactor: Any,  # noqa: ANN401 -- IReactorTime
        connect: Connect,
        *,
        max_clients: int,
        max_idle: int,
        idle_timeout: float,
    ) -> None:
        """Make an empty pool.

        Args:
            reactor: Tells the time.
            connect: Makes a connection: called with a route, with what is to be called when the
                connection is closed, and with a timeout in seconds or None.
            max_clients: Most connections in use.
            max_idle: Most connections that are kept.
            idle_timeout: Seconds for which one is kept.
        """
        self.lent = 0
        self._reactor = reactor
        self._connect = connect
        self._max_clients = max_clients
        self._max_idle = max_idle
        self._idle_timeout = idle_timeout
        # Oldest first in both, because what is kept is added at the end and taken from there.
        self._idle: dict[ClientConnection, tuple[Route, float]] = {}
        self._by_route: dict[Route, list[ClientConnection]] = {}
        self._queue: deque[Deferred[None]] = deque()
        self._open: set[ClientConnection] = set()
        self._all_closed: list[Deferred[None]] = []
        self._rights = 0
        self._sweep: Any = None
        self._closed = False

    @property
    def idle(self) -> int:
        """How many connections are kept."""
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """How many requests wait for a connection."""
        return len(self._queue)

    def turn(self, timeout: float | None) -> Deferred[None] | None:
        """Ask for the right to have a connection; `give_back` or `drop` returns it.

        Args:
            timeout: Seconds to wait at most; None for no bound.

        Returns:
            None if it is given at once, else a Deferred that fires when it is. That fails with
            `QueueTimeout`; it may be cancelled.
        """
        if self.lent < self._max_clients:
            self.lent += 1
            return None
        waiting: Deferred[None] = Deferred(self._queue.remove)
        self._queue.append(waiting)
        if timeout is not None:
            later = self._reactor.callLater(timeout, self._queue_timeout, waiting, timeout)
            waiting.addBoth(_cancel, later)
        return waiting

    def find(self, route: Route) -> ClientConnection | None:
        """Take a connection that was kept.

        Args:
            route: What it must have been made for.

        Returns:
            The one that was used last; None if there is none.
        """
        kept = self._by_route.get(route)
        if not kept:
            return None
        connection = kept[-1]
        self._take(connection, kept)
        return connection

    def connect(self, route: Route, timeout: float | None) -> Deferred[ClientConnection]:
        """Make a connection.

        Args:
            route: Where to.
            timeout: Seconds at most; None for no bound.

        Returns:
            A Deferred that fires with it; see `connecting.connect` for how it fails.
        """
        return self._connect(route, self._lost, timeout).addCallback(self._made)

    def give_back(self, connection: ClientConnection, route: Route) -> None:
        """Return a connection that can be used again.

        Args:
            connection: The connection.
            route: What it was made for.
        """
        if self._closed or self._max_idle == 0:
            connection.close()
        else:
            if len(self._idle) >= self._max_idle:
                self._drop_oldest()
            self._idle[connection] = (route, self._reactor.seconds())
            self._by_route.setdefault(route, []).append(connection)
            if self._sweep is None:
                self._sweep = self._reactor.callLater(self._idle_timeout, self._drop_old)
        self.drop()

    def drop(self) -> None:
        """Return the right to have a connection, without one."""
        if self._closed or not self._queue:
            self.lent -= 1
            self._stop_sweeping_nothing()
            return
        # The right goes to who waits: nobody who comes now can take it away.
        self._rights += 1
        if self._rights > 1:
            return  # somebody below on the stack, which thousands who fail at once would fill, passes it on
        while self._rights:
            if self._queue:
                self._queue.popleft().callback(None)
            else:
                self.lent -= 1
            self._rights -= 1

    def close(self) -> Deferred[None]:
        """Close what is kept, and from now on keep nothing.

        What is in use goes on. Who waits in the queue gets no turn, and is to be cancelled.

        Returns:
            A Deferred that fires when no connection is left.
        """
        self._closed = True
        while self._idle:
            self._drop_oldest()
        self._stop_sweeping()
        gone = Deferred[None]()
        self._all_closed.append(gone)
        self._tell_if_all_closed()
        return gone

    def _made(self, connection: ClientConnection) -> ClientConnection:
        if connection.open:
            self._open.add(connection)
        return connection

    def _tell_if_all_closed(self) -> None:
        if not self._open:
            waiting, self._all_closed = self._all_closed, []
            for each in waiting:
                each.callback(None)

    def _take(self, connection: ClientConnection, kept: list[ClientConnection]) -> None:
        route, _ = self._idle.pop(connection)
        kept.remove(connection)
        if not kept:
            del self._by_route[route]

    def _lost(self, connection: ClientConnection) -> None:
        """Forget a connection that the server has closed."""
        if connection in self._idle:
            self._take(connection, self._by_route[self._idle[connection][0]])
            self._stop_sweeping_nothing()
        self._open.discard(connection)
        self._tell_if_all_closed()

    def _drop_oldest(self) -> None:
        connection = next(iter(self._idle))
        self._take(connection, self._by_route[self._idle[connection][0]])
        connection.close()

    def _stop_sweeping_nothing(self) -> None:
        # What is in use will be kept again: to stop the timer and start it for each request costs more.
        if not (self._idle or self.lent):
            self._stop_sweeping()

    def _stop_sweeping(self) -> None:
        sweep, self._sweep = self._sweep, None
        if sweep is not None:
            sweep.cancel()

    def _drop_old(self) -> None:
        self._sweep = None
        now = self._reactor.seconds()
        while self._idle:
            _, since = next(iter(self._idle.values()))
            left = since + self._idle_timeout - now
            if left > 0:
                self._sweep = self._reactor.callLater(left, self._drop_old)
                return
            self._drop_oldest()

    def _queue_timeout(self, waiting: Deferred[None], timeout: float) -> None:
        self._queue.remove(waiting)
        waiting.errback(
            QueueTimeout(
                f"all {self._max_clients} connections of this client (max_clients) were in use for"
                f" {timeout:g} seconds"
            )
        )


def _cancel(result: object, later: Any) -> object:  # noqa: ANN401 -- IDelayedCall
    if later.active():
        later.cancel()
    return result
