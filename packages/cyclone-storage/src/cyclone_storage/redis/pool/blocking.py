"""Connections for commands that block: each has one to itself, outside the pool."""

# ruff: noqa: ANN401 -- connections and replies are of any class

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.python.failure import Failure

from cyclone_storage.redis.errors import ResponseError, WaitTimeout
from cyclone_storage.redis.pool.errors import NotConnected
from cyclone_storage.redis.pool.slots import Attempt
from cyclone_storage.redis.pool.waiting import WaitingLine

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

    from cyclone_storage.redis.pool.factory import RedisFactory

__all__ = ["BlockingConnections"]

# Seconds for which a connection is kept that nobody uses.
_IDLE: Final = 60.0


class BlockingConnections:
    """Connections that are made when a blocking command needs one, and used again.

    In the pool such a command would hold one for as long as it blocks: a few `blpop` of a queue's
    consumers would stop everybody else.
    """

    def __init__(self, factory: "RedisFactory", most: int) -> None:
        """Begin with none.

        Args:
            factory: The pool.
            most: How many there may be at the same time.
        """
        self._factory = factory
        self._most = most
        self._idle: dict[Any, IDelayedCall] = {}
        self._dialing: dict[Attempt, Deferred[Any]] = {}
        self._line = WaitingLine(factory.clock)
        self.connections: set[Any] = set()

    @property
    def waiting(self) -> int:
        """Commands that wait for a connection."""
        return len(self._line) + len(self._dialing)

    def run(self, words: tuple[Any, ...], post_proc: Any) -> "Deferred[Any]":
        """Run a command on a connection of its own, with no bound on the time of its reply.

        Args:
            words: Its words.
            post_proc: What makes the result of the reply.

        Returns:
            The result. Cancelling it closes the connection at once. What the server has sent by then, or
            sends before it learns of that, is lost: as with any client, only a command that leaves a copy
            in Redis (`blmove`) loses nothing.
        """

        def begin(conn: Any) -> Any:
            running = maybeDeferred(
                conn.execute_command, *words, post_proc=post_proc, apply_timeout=False
            )
            return running.addBoth(self._done, conn)

        return self._take().addCallback(begin)

    def _done(self, result: Any, conn: Any) -> Any:
        if isinstance(result, Failure) and not isinstance(result.value, ResponseError):
            # Given up: the server would still give it what comes later, and that would be lost.
            _hang_up(conn.transport)
        elif conn in self.connections and self._factory.outdated(conn):
            conn.transport.loseConnection()
        elif conn in self.connections:
            self._idle[conn] = self._factory.clock.callLater(_IDLE, self._close, conn)
            self._serve()
        else:
            self._factory.release(conn)
        return result

    def _take(self, _: object = None) -> "Deferred[Any]":
        factory = self._factory
        if factory.endpoint is None:
            # Made by reactor.connectTCP: there is nothing to make another with.
            return factory.lending.wait(exclusive=True)
        if self._idle:
            conn, timer = self._idle.popitem()
            timer.cancel()
            return succeed(conn)
        if factory.size == 0:
            # Whoever waits for the server waits in one way, with one set of errors.
            return factory.lending.wait().addCallback(self._take)
        if not self._room:
            return self._line.add(factory.wait_timeout, self._explain).addCallback(self._take)
        attempt = Attempt(factory, self._ended, extra=True)

        def give_up(_: object) -> None:
            del self._dialing[attempt]
            attempt.abort()

        deferred: Deferred[Any] = Deferred(give_up)
        self._dialing[attempt] = deferred
        attempt.begin(factory.endpoint)
        return deferred

    @property
    def _room(self) -> bool:
        return len(self.connections) + len(self._dialing) < self._most

    def usable(self, attempt: Attempt) -> None:
        """Give a connection to the command that it was made for.

        Args:
            attempt: What has made it.
        """
        deferred = self._dialing.pop(attempt)
        self.connections.add(attempt.protocol)
        deferred.callback(attempt.protocol)

    def _ended(self, attempt: Attempt, reason: Failure) -> None:
        deferred = self._dialing.pop(attempt, None)
        self._factory.tell_if_empty()
        if deferred is not None:
            problem = attempt.problem or reason.value
            deferred.errback(
                NotConnected(
                    f"no connection to {self._factory.troubles.where} for a blocking command: {problem}"
                )
            )
        self._serve()

    def withdraw(self, conn: Any) -> None:
        """Forget a connection that is lost.

        Args:
            conn: Its protocol; it may be none of these.
        """
        self.connections.discard(conn)
        timer = self._idle.pop(conn, None)
        if timer is not None and timer.active():
            timer.cancel()

    def renew(self) -> None:
        """Close what is idle: it has another database or password than the pool now."""
        for conn in list(self._idle):
            self._idle.pop(conn).cancel()
            conn.transport.loseConnection()

    def close(self) -> None:
        """Close all."""
        for timer in self._idle.values():
            timer.cancel()
        self._idle.clear()
        self._line.fail(self._factory.troubles.closed)

    def _close(self, conn: Any) -> None:
        del self._idle[conn]
        conn.transport.loseConnection()

    def _serve(self) -> None:
        self._line.serve(any_free=lambda: self._idle or self._room, give=lambda _: None)

    def _explain(self) -> Exception:
        return WaitTimeout(
            f"all {self._most} connections to {self._factory.troubles.where} for blocking commands were"
            f" in use for {self._factory.wait_timeout:g} s"
        )


def _hang_up(transport: Any) -> None:
    """Close a connection now.

    abortConnection() does it in the reactor's next turn. What the program pushes meanwhile would be sent
    before that, and go to the command that was given up.
    """
    below = transport
    while hasattr(below, "wrappedProtocol"):  # TLS
        below = below.transport
    with suppress(AttributeError, OSError):  # it is lost already, or is not by a socket
        below.getHandle().shutdown(socket.SHUT_RDWR)
    transport.abortConnection()
