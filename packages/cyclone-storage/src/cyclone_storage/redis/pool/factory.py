"""The pool: it makes connections to one server, keeps them, and lends them to commands."""

# ruff: noqa: ANN401, N802, N803, N815 -- names of txredisapi and Twisted; protocols are of any class

from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred, succeed

from cyclone_storage.redis.connection.protocol import RedisProtocol
from cyclone_storage.redis.errors import AuthenticationError, ResponseError
from cyclone_storage.redis.pool.backoff import retry_delay
from cyclone_storage.redis.pool.blocking import BlockingConnections
from cyclone_storage.redis.pool.connectors import Connectors
from cyclone_storage.redis.pool.endpoints import tune
from cyclone_storage.redis.pool.errors import NotConnected
from cyclone_storage.redis.pool.handler import ConnectionHandler
from cyclone_storage.redis.pool.lending import Lending
from cyclone_storage.redis.pool.queue import ConnectionQueue
from cyclone_storage.redis.pool.slots import Attempt, Slot, watch_loss
from cyclone_storage.redis.pool.stats import PoolStats
from cyclone_storage.redis.pool.troubles import Troubles

if TYPE_CHECKING:
    from collections.abc import Callable

    from twisted.internet.interfaces import (
        IAddress,
        IConnector,
        IDelayedCall,
        IStreamClientEndpoint,
    )
    from twisted.internet.protocol import Factory as _Classic
    from twisted.internet.protocol import Protocol as MonitorProtocol
    from twisted.internet.protocol import Protocol as SubscriberProtocol
    from twisted.python.failure import Failure
else:
    from txredisapi import MonitorProtocol, SubscriberProtocol
    from txredisapi import RedisFactory as _Classic

__all__ = ["RedisFactory"]

_WAIT: Final = 30.0
# Seconds that a server has to answer the first PING, if the program sets no other bound.
_SETUP: Final = 30.0
# Seconds after which disconnect() no longer waits for what is written to be sent.
_GRACE: Final = 5.0

# Answers to PING which say that the connection can be used all the same.
_USABLE: Final = ("NOPERM", "BUSY", "MASTERDOWN", "MISCONF", "NOREPLICAS")


class RedisFactory(_Classic):
    """A pool of connections to one Redis server.

    `startConnecting(endpoint)` makes and keeps `poolsize` of them. The classic way works, too:
    `reactor.connectTCP(host, port, factory)` makes and keeps one.

    Attributes:
        uuid: What the server is called: `host:port` or a path.
        dbid: The number of the database, None for what the server chooses.
        poolsize: Connections to keep.
        pool: Those that can be used, those in exclusive use included.
        size: Their number.
        handler: What commands are given to.
        deferred: Fires with the handler when the pool is complete; None after that. It fails if the pool
            is given up before; if nobody has asked for it by then, that is logged.
        protocol: The class of the protocol.
        initialDelay: Seconds before the second attempt to connect.
        maxDelay: Seconds between attempts that are never exceeded.
        factor: By how much the delay grows with each failed attempt.
        jitter: The part of the delay that is left to chance.
        reconnect: Whether lost connections are made again.
        continueTrying: The same by its older name; `stopTrying()` clears it.
        isLazy: Whether the program has the handler already.
        disconnectCalled: Whether it was closed.
        wait_timeout: Seconds that a command waits for a connection.
        setup_timeout: Seconds that the server has to answer the first PING.
        clock: The reactor.
        lending: The connections that can be used, and those who wait.
        troubles: What is wrong with the server.
    """

    protocol: Any = RedisProtocol
    noisy = False
    initialDelay: float = 1.0
    maxDelay: float = 10
    factor: float = 2.7182818284590451
    jitter: float | None = 0.119626565582
    reconnect: bool = True
    continueTrying: Any = 1

    # txredisapi's own __init__ is not called: it would make a handler, queues and Deferreds of its own.
    def __init__(
        self,
        uuid: str | None,
        dbid: int | None,
        poolsize: int,
        isLazy: bool = False,
        handler: "Callable[[RedisFactory], ConnectionHandler]" = ConnectionHandler,
        charset: str | None = "utf-8",
        password: str | None = None,
        replyTimeout: float | None = None,
        convertNumbers: bool = True,
        username: str | None = None,
        *,
        wait_timeout: float | None = None,
        setup_timeout: float | None = None,
        max_blocking: int = 100,
        max_reply_size: int | None = None,
        client_name: str | None = None,
        reactor: Any = None,
    ) -> None:
        """Make a pool without connections.

        Args:
            uuid: What the server is called: `host:port` or a path.
            dbid: The number of the database to select.
            poolsize: Connections to keep.
            isLazy: Whether the program has the handler already.
            handler: Makes what commands are given to.
            charset: By what text is encoded and replies are decoded; None for bytes.
            password: The password to authenticate with.
            replyTimeout: Seconds after which a connection is given up that does not answer.
            convertNumbers: Whether replies that look like a number become one.
            username: Whose password it is (ACLs of Redis 6); the default user if None.
            wait_timeout: Seconds that a command waits for a connection; `replyTimeout`, or else 30.
            setup_timeout: Seconds that the server has to answer the first PING; 30 if None.
            max_blocking: Connections for blocking commands at the same time, besides the pool.
            max_reply_size: Bytes that one reply may have; the protocol's default if None.
            client_name: What the server lists the connections as.
            reactor: The reactor; the installed one if None.

        Raises:
            ValueError: `poolsize` or `dbid` is no number, or out of its range.
        """
        _check("poolsize", poolsize, 1)
        if dbid is not None:
            _check("dbid", dbid, 0)
        # Classes of protocols that a program has written know txredisapi's arguments only.
        more = {"clock": reactor, "max_reply_size": max_reply_size, "client_name": client_name}
        self._more = {name: value for name, value in more.items() if value is not None}
        if reactor is None:
            from twisted.internet import reactor
        self.clock: Any = reactor
        self.uuid = uuid
        self.dbid = dbid
        self.poolsize = poolsize
        self.isLazy = isLazy
        self.charset = charset
        self.username = username
        self.password = password
        self.replyTimeout = replyTimeout
        self.convertNumbers = convertNumbers
        self.wait_timeout = wait_timeout or replyTimeout or _WAIT
        self.setup_timeout = setup_timeout or _SETUP
        self.endpoint: IStreamClientEndpoint | None = None
        self.slots: list[Slot] = []
        self.attempts: set[Attempt] = set()
        self.attempt_of: dict[Any, Attempt] = {}
        self.troubles = Troubles(uuid or "the server", self._under_way)
        self.connectors = Connectors(self)
        self.lending = Lending(self.clock, self.troubles, self.wait_timeout, lambda: self.hopeful)
        self.blocking = BlockingConnections(self, max_blocking)
        self.connectionQueue = ConnectionQueue(self)
        self.commands = self.failures = self.lost = self.reconnects = 0
        self.stopped = False
        self.disconnectCalled = False
        self._grace: IDelayedCall | None = None
        self._waitingForEmptyPool: set[Deferred[None]] = set()
        self._deferred: Deferred[Any] | None = Deferred(self._cancelled)
        self._heard = False
        self.handler = handler(self)

    @property
    def deferred(self) -> "Deferred[Any] | None":
        """Fires when the pool is complete, or is given up; None after that."""
        self._heard = True
        return self._deferred

    @property
    def pool(self) -> list[Any]:
        """The connections that can be used, those in exclusive use included."""
        return self.lending.connections

    @property
    def size(self) -> int:
        """How many connections can be used."""
        return len(self.lending.connections)

    @property
    def wanted(self) -> bool:
        """Whether a lost connection is made again."""
        return bool(self.reconnect and self.continueTrying and not self.stopped)

    @property
    def hopeful(self) -> bool:
        """Whether there is a connection, or there may be one."""
        return bool(self.pool) or any(slot.alive for slot in self.slots) or self.connectors.alive

    # Connecting

    def startConnecting(self, endpoint: "IStreamClientEndpoint") -> None:
        """Make and keep `poolsize` connections.

        Args:
            endpoint: Whereto.
        """
        self.endpoint = endpoint
        self.slots += [Slot(self, endpoint) for _ in range(self.poolsize)]
        for slot in list(self.slots):
            slot.start()

    def retryDelay(self, attempt: int) -> float:
        """Return the seconds to wait before an attempt.

        Args:
            attempt: How many have failed.
        """
        return retry_delay(attempt, self.initialDelay, self.factor, self.maxDelay, self.jitter)

    def resetDelay(self) -> None:
        """Begin anew with `initialDelay` (Twisted: `ReconnectingClientFactory`)."""
        for backoff in [*(slot.backoff for slot in self.slots), *self.connectors.backoffs()]:
            backoff.failures = 0

    def buildProtocol(self, addr: "IAddress | None") -> Any:  # noqa: ARG002 -- Twisted's
        """Make the protocol of a connection (Twisted: `IProtocolFactory`)."""
        protocol = self.protocol(
            self.charset,
            replyTimeout=self.replyTimeout,
            password=self.password,
            dbid=self.dbid,
            convertNumbers=self.convertNumbers,
            username=self.username,
            **self._more,
        )
        protocol.factory = self
        protocol.whenConnected().addCallback(self._connection_ready)
        return protocol

    def probes(self, protocol: Any) -> bool:
        """Tell whether a connection is asked whether it can be used.

        Those that listen for messages are not: they may be subscribed already.

        Args:
            protocol: Its protocol.
        """
        return not isinstance(protocol, (SubscriberProtocol, MonitorProtocol))

    def _connection_ready(self, conn: Any) -> None:
        # A connection is "ready" when it is open, and with TLS even sooner. One round trip tells whether
        # this is a Redis that wants no password, has loaded its data and has room for one more client.
        if self.probes(conn):
            conn.execute_command("PING").addCallbacks(
                lambda _: self._usable(conn), self._unusable, errbackArgs=(conn,)
            )
        else:
            self.clock.callLater(0, self.addConnection, conn)

    def _unusable(self, failure: "Failure", conn: Any) -> None:
        problem = failure.value
        if not isinstance(problem, ResponseError):
            return  # the connection is lost, and its end says why
        if str(problem).startswith(_USABLE):
            self._usable(conn)
            return
        if isinstance(problem, AuthenticationError):
            problem = AuthenticationError(
                f"The Redis server at {self.troubles.where} wants a password, and was given none: {problem}"
            )
            self.connectionError(problem)
        attempt = self.attempt_of.get(conn)
        if attempt is not None:
            attempt.problem = problem
        conn.transport.abortConnection()

    def _usable(self, conn: Any) -> None:
        attempt = self.attempt_of.get(conn)
        if attempt is not None:
            attempt.usable()
        if attempt is not None and attempt.extra:
            self.blocking.usable(attempt)
        else:
            self.addConnection(conn)

    def addConnection(self, conn: Any) -> None:
        """Take a connection into the pool.

        Args:
            conn: Its protocol.
        """
        if self.disconnectCalled:
            conn.transport.loseConnection()
            return
        if not conn.connected:
            return  # it died while it waited for its turn
        if self.outdated(conn):
            self.drop(conn)
            return
        if conn not in self.attempt_of:
            # Made by reactor.connectTCP; its connector says only later that it is lost.
            watch_loss(conn, lambda: self.withdraw(conn), lambda _: None)
        tune(conn.transport)
        self.reconnects += self.reconnects < self.lost
        self.troubles.over()
        self.lending.add(conn)
        if self.size == self.poolsize and self._deferred is not None:
            deferred, self._deferred = self._deferred, None
            deferred.callback(self.handler)

    # Losing

    def withdraw(self, conn: Any) -> None:
        """Take a connection out of the pool that is lost.

        Args:
            conn: Its protocol; it may be none of the pool's.
        """
        self.blocking.withdraw(conn)
        if conn in self.lending:
            self.lost += not self.disconnectCalled
            self.delConnection(conn)

    def delConnection(self, conn: Any) -> None:
        """Take a connection out of the pool.

        Args:
            conn: Its protocol.
        """
        self.lending.remove(conn)
        self.tell_if_empty()

    def failed(self, problem: BaseException | None) -> None:
        """Note why there is a connection less; send those away who wait if none will come.

        Args:
            problem: Why.
        """
        self.tell_if_empty()
        if self.disconnectCalled or problem is None:
            return
        self.troubles.note(problem)
        if self.pool:
            return
        self.troubles.tell()
        if isinstance(problem, Exception) and self.troubles.lasting(problem):
            self.connectionError(problem)
        elif not self.hopeful:
            self._give_up(self.troubles.not_connected)

    def connectionError(self, why: object) -> None:
        """Note that the server refuses us; commands fail at once until it does no longer.

        Args:
            why: An exception, or what to say in one.
        """
        problem = why if isinstance(why, Exception) else NotConnected(str(why))
        self.troubles.note(problem)
        if not self.pool:
            self.troubles.refusal = problem
            self._give_up(lambda: self.troubles.refused() or problem)

    def _give_up(self, explain: "Callable[[], Exception]") -> None:
        self.lending.line.fail(explain)
        if self._deferred is not None and not self.isLazy:
            deferred, self._deferred = self._deferred, None
            problem = explain()
            # Nobody has the handler, so nobody else can close what is connected.
            self.disconnect()
            if self._heard:
                deferred.errback(problem)
            else:  # as with most factories that are given to reactor.connectTCP
                self.troubles.given_up(problem)

    def complete(self) -> "Deferred[Any]":
        """Return a Deferred of the handler that fires when the pool is complete.

        After `wait_timeout` it fails, and the pool is closed: nobody has a handler to do that with.
        """
        if self._deferred is None:
            return succeed(self.handler)
        timer = self.clock.callLater(self.wait_timeout, self._incomplete)

        def stop_timer(result: Any) -> Any:
            if timer.active():
                timer.cancel()
            return result

        self._heard = True
        return self._deferred.addBoth(stop_timer)

    def _under_way(self) -> str | None:
        doing = [each.doing for each in self.attempts if each.usable_since is None]
        return doing[0] if doing else self.connectors.doing

    def _incomplete(self) -> None:
        self._give_up(lambda: self.troubles.incomplete(self.wait_timeout, self.size, self.poolsize))

    def _cancelled(self, _: object) -> None:
        self._deferred = None
        self.disconnect()

    # Giving connections to commands

    def getConnection(self, peek: bool = False) -> "Deferred[Any]":
        """Return a connection as soon as there is one (txredisapi's name).

        Args:
            peek: Whether it stays in the pool; if not, `connectionQueue.put` gives it back.
        """
        return self.lending.wait(exclusive=not peek)

    def release(self, conn: Any) -> None:
        """Take a connection back that was in exclusive use.

        Args:
            conn: Its protocol.
        """
        if conn in self.lending.exclusive and self.outdated(conn):
            self.drop(conn)
        else:
            self.lending.release(conn)

    def change(self, name: str, value: object, changed: list[Any]) -> None:
        """Change the database or the password of the pool.

        Connections that know nothing of it are made again, at the latest when they are given back.

        Args:
            name: `dbid` or `password`.
            value: The new one.
            changed: The connections on which the server was told.
        """
        setattr(self, name, value)
        for conn in changed:
            setattr(conn, name, value)
        self.blocking.renew()

    def outdated(self, conn: Any) -> bool:
        """Tell whether a connection is for another database or password than the pool.

        Args:
            conn: Its protocol.
        """
        return bool(conn.dbid != self.dbid or conn.password != self.password)

    def drop(self, conn: Any) -> None:
        """Give up a connection whose state is not known, and make another at once.

        Args:
            conn: Its protocol.
        """
        attempt = self.attempt_of.get(conn)
        if attempt is not None:
            attempt.dropped = True
        conn.transport.abortConnection()

    # Ending

    def stopTrying(self) -> "Deferred[None]":
        """Make no connection any more; those that there are stay until they are lost.

        Returns:
            A Deferred that has fired.
        """
        self.stopped = True
        self.continueTrying = 0
        for slot in self.slots:
            slot.stop_trying()
        self.connectors.stop()
        if not self.hopeful:
            self._give_up(self.troubles.not_connected)
        return succeed(None)

    def disconnect(self) -> "Deferred[None]":
        """Close all connections, and make none any more.

        Commands in flight fail with ConnectionError, those that wait with RedisPoolClosed.

        Returns:
            A Deferred that fires when no connection is left.
        """
        if not self.disconnectCalled:
            self.disconnectCalled = self.stopped = self.lending.closed = True
            self.connectors.close()
            for slot in self.slots:
                slot.backoff.cancel()
            self._give_up(self.troubles.closed)
            self.blocking.close()
            for attempt in list(self.attempts):
                attempt.stop()
            for conn in list(self.pool):
                conn.transport.loseConnection()
            if self._open():
                self._grace = self.clock.callLater(_GRACE, self._abort)
        return self.waitForEmptyPool()

    def _abort(self) -> None:
        self._grace = None
        for attempt in list(self.attempts):
            attempt.abort()
        for conn in list(self.pool):
            conn.transport.abortConnection()

    def _open(self) -> bool:
        if self.disconnectCalled and (self.attempts or self.connectors.open):
            return True
        return bool(self.pool)

    def waitForEmptyPool(self) -> "Deferred[None]":
        """Return a Deferred that fires when the pool has no connection."""
        if not self._open():
            return succeed(None)
        deferred: Deferred[None] = Deferred(self._waitingForEmptyPool.discard)
        self._waitingForEmptyPool.add(deferred)
        return deferred

    def tell_if_empty(self) -> None:
        """Fire the Deferreds that wait for the last connection to be closed, if it is."""
        if self._open():
            return
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
        waiting, self._waitingForEmptyPool = self._waitingForEmptyPool, set()
        for deferred in waiting:
            deferred.callback(None)

    # Twisted's ClientFactory: reactor.connectTCP(host, port, factory)

    def startedConnecting(self, connector: "IConnector") -> None:
        """Note an attempt of `reactor.connectTCP` and its like (Twisted: `ClientFactory`)."""
        self.connectors.started(connector)

    def clientConnectionFailed(self, connector: "IConnector", reason: "Failure") -> None:
        """Try again later (Twisted: `ClientFactory`)."""
        self.connectors.ended(connector, reason)

    def clientConnectionLost(self, connector: "IConnector", reason: "Failure") -> None:
        """Connect again (Twisted: `ClientFactory`)."""
        self.connectors.ended(connector, reason)

    # Figures

    def count_failure(self, failure: "Failure") -> "Failure":
        """Count a command that the server has not answered; an errback."""
        if not isinstance(failure.value, ResponseError):
            self.failures += 1
        return failure

    def stats(self) -> PoolStats:
        """Return how the pool is."""
        connections = [*self.pool, *self.blocking.connections]
        return PoolStats(
            where=self.troubles.where,
            size=self.poolsize,
            connected=self.size,
            exclusive=len(self.lending.exclusive),
            blocking=len(self.blocking.connections),
            in_flight=sum(len(each.replyQueue.waiting) for each in connections),
            waiting=len(self.lending.line) + self.blocking.waiting,
            commands=self.commands,
            failures=self.failures,
            lost=self.lost,
            reconnects=self.reconnects,
            last_error=self.troubles.last_error,
            closed=self.disconnectCalled,
        )


def _check(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"Redis {name} must be an integer of at least {least}, not {value!r}")
