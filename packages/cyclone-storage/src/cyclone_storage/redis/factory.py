"""The pool: it keeps connections to one server, and gives them to commands."""

import copy
from typing import TYPE_CHECKING, Any, Final

import txredisapi
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_storage.redis.backoff import retry_delay
from cyclone_storage.redis.blocking import BlockingConnections
from cyclone_storage.redis.connectors import Connectors
from cyclone_storage.redis.errors import (
    AuthenticationError,
    CertificateError,
    ResponseError,
    WaitTimeout,
)
from cyclone_storage.redis.handler import ConnectionHandler
from cyclone_storage.redis.pool_errors import NotConnected, RedisPoolClosed
from cyclone_storage.redis.protocol import RedisProtocol
from cyclone_storage.redis.rotation import Rotation
from cyclone_storage.redis.slots import Attempt, Slot
from cyclone_storage.redis.stats import PoolStats
from cyclone_storage.redis.waiting import WaitingLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from twisted.internet.interfaces import IAddress, IConnector, IStreamClientEndpoint

__all__ = ["ConnectionQueue", "RedisFactory"]

_WAIT: Final = 30.0
# Seconds that a server has for AUTH, SELECT and PING, if the program sets no other bound.
_SETUP: Final = 30.0
# Seconds after which disconnect() no longer waits for what is written to be sent.
_GRACE: Final = 5.0
# A server that is away for a while must not fill the memory with commands that wait for it.
_MOST_WAITING: Final = 10_000

# Answers to PING which say that the connection can be used all the same.
_USABLE: Final = ("NOPERM", "BUSY", "MASTERDOWN", "MISCONF", "NOREPLICAS")


class ConnectionQueue:
    """What txredisapi's protocols put themselves into when a transaction or a pipeline is over."""

    def __init__(self, factory: "RedisFactory") -> None:
        """Prepare.

        Args:
            factory: The pool.
        """
        self._factory = factory

    @property
    def pending(self) -> list[Any]:
        """The connections that anybody may use."""
        return list(self._factory.free.items)

    def put(self, connection: Any) -> None:
        """Give a connection back."""
        self._factory.release(connection)

    def get(self) -> "Deferred[Any]":
        """Take a connection out of the pool."""
        return self._factory.getConnection()

    def peek(self) -> "Deferred[Any]":
        """Return a connection and leave it in the pool."""
        return self._factory.getConnection(peek=True)


class RedisFactory(txredisapi.RedisFactory):  # type: ignore[misc]  # it has no types
    """A pool of connections to one Redis server.

    `startConnecting(endpoint)` makes and keeps `poolsize` of them. The classic way works, too:
    `reactor.connectTCP(host, port, factory)` makes and keeps one.

    Attributes:
        uuid: What the server is called: `host:port` or a path.
        dbid: The number of the database, None for what the server chooses.
        poolsize: Connections to keep.
        pool: Those that can be used, exclusive ones included.
        size: Their number.
        handler: What commands are given to.
        deferred: Fires with the handler when the pool is complete; None after that.
        protocol: The class of the protocol.
        initialDelay: Seconds before the second attempt to connect.
        maxDelay: Seconds between attempts that are never exceeded.
        factor: By how much the delay grows with each failed attempt.
        jitter: The part of the delay that is left to chance.
        reconnect: Whether lost connections are made again.
        continueTrying: The same by its older name; `stopTrying()` clears it.
        isLazy: Whether the program has the handler already.
        wait_timeout: Seconds that a command waits for a connection.
        setup_timeout: Seconds that the server has to accept the password and the database.
    """

    protocol: Any = RedisProtocol
    continueTrying: Any = 1
    noisy = False
    _log = Logger(namespace="cyclone.redis")

    # txredisapi's own __init__ is not called: it makes a handler and queues of its own.
    def __init__(
        self,
        uuid: str | None,
        dbid: int | None,
        poolsize: int,
        isLazy: bool = False,  # noqa: N803 -- txredisapi's
        handler: "Callable[[RedisFactory], ConnectionHandler]" = ConnectionHandler,
        charset: str | None = "utf-8",
        password: str | None = None,
        replyTimeout: float | None = None,  # noqa: N803 -- txredisapi's
        convertNumbers: bool = True,  # noqa: N803 -- txredisapi's
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
            username: Whose password it is; the default user if None (ACLs of Redis 6).
            wait_timeout: Seconds that a command waits for a connection; `replyTimeout`, or else 30.
            setup_timeout: Seconds for AUTH, SELECT and PING; 30 if None.
            max_blocking: Connections for blocking commands at the same time.
            max_reply_size: Bytes that one reply may have; the protocol's default if None.
            client_name: What the server lists the connections as.
            reactor: The reactor; the installed one if None.

        Raises:
            ValueError: `poolsize` or `dbid` is none.
        """
        _check("poolsize", poolsize, 1)
        if dbid is not None:
            _check("dbid", dbid, 0)
        # Classes of protocols that a program has written know txredisapi's arguments only.
        self._extra: dict[str, Any] = {} if reactor is None else {"clock": reactor}
        if max_reply_size is not None:
            self._extra["max_reply_size"] = max_reply_size
        if client_name is not None:
            self._extra["client_name"] = client_name
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

        self.idx = 0
        self.size = 0
        self.pool: list[Any] = []
        self.slots: list[Slot] = []
        self.free = Rotation()
        self.exclusive: set[Any] = set()
        self.attempts: set[Attempt] = set()
        self.attempt_of: dict[Any, Attempt] = {}
        self.endpoint: IStreamClientEndpoint | None = None
        self.line = WaitingLine(self.clock)
        self.blocking = BlockingConnections(self, max_blocking)
        self.connectors = Connectors(self)
        self.connectionQueue = ConnectionQueue(self)

        self.commands = 0
        self.failures = 0
        self.lost = 0
        self.reconnects = 0
        self.last_error: str | None = None
        self.refusal: Exception | None = None
        self._unreachable = False
        self._serving: IDelayedCall | None = None
        self._grace: IDelayedCall | None = None
        self.stopped = False
        self.disconnectCalled = False
        self._waitingForEmptyPool: set[Deferred[None]] = set()
        self.deferred: Deferred[Any] | None = Deferred(lambda _: self.disconnect())
        self.handler = handler(self)

    @property
    def where(self) -> str:
        """What the server is called in messages."""
        return self.uuid or self.connectors.where or "the server"

    @property
    def wanted(self) -> bool:
        """Whether a lost connection is made again."""
        return bool(self.reconnect and self.continueTrying and not self.stopped)

    # Connecting

    def startConnecting(self, endpoint: "IStreamClientEndpoint") -> None:
        """Make and keep `poolsize` connections.

        Args:
            endpoint: Whereto.
        """
        self.endpoint = endpoint
        for _ in range(self.poolsize):
            slot = Slot(self, endpoint)
            self.slots.append(slot)
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
            **self._extra,
        )
        protocol.factory = self
        protocol.whenConnected().addCallback(self._connectionReady)
        return protocol

    def probes(self, protocol: Any) -> bool:
        """Tell whether a connection is asked whether it can be used.

        Those that listen for messages are not: they may be subscribed already.
        """
        return not isinstance(protocol, (txredisapi.SubscriberProtocol, txredisapi.MonitorProtocol))

    def _connectionReady(self, conn: Any) -> None:
        # A connection is "ready" when it is open, and with TLS even sooner. One round trip tells whether
        # this is a Redis that wants no password, has loaded its data and has room for one more client.
        if not self.probes(conn):
            self.clock.callLater(0, self.addConnection, conn)
            return
        conn.execute_command("PING").addCallbacks(
            lambda _: self._usable(conn), self._unusable, errbackArgs=(conn,)
        )

    def _unusable(self, failure: Failure, conn: Any) -> None:
        error = failure.value
        if not isinstance(error, ResponseError):
            return  # the connection is lost, and its end says why
        if str(error).startswith(_USABLE):
            self._usable(conn)
            return
        if isinstance(error, AuthenticationError):
            self.connectionError(error)
        attempt = self.attempt_of.get(conn)
        if attempt is not None:
            attempt.problem = error
        conn.transport.abortConnection()

    def _usable(self, conn: Any) -> None:
        attempt = self.attempt_of.get(conn)
        if attempt is not None:
            attempt.usable()
            if attempt.extra:
                self.blocking.usable(conn)
                return
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
        _set_no_delay(conn.transport)
        self.pool.append(conn)
        self.size = len(self.pool)
        self.free.add(conn)
        self.refusal = None
        if self.reconnects < self.lost:
            self.reconnects += 1
        if self._unreachable:
            self._unreachable = False
            self._log.info("Redis at {where} answers again", where=self.where)
        if self.size == self.poolsize and self.deferred is not None:
            deferred, self.deferred = self.deferred, None
            deferred.callback(self.handler)
        self._serve_soon()

    # Losing

    def withdraw(self, conn: Any) -> None:
        """Take a connection out of the pool that is lost.

        Args:
            conn: Its protocol; it may be none of the pool's.
        """
        self.blocking.withdraw(conn)
        if conn in self.free or conn in self.exclusive:
            self.lost += not self.disconnectCalled
            self.delConnection(conn)

    def delConnection(self, conn: Any) -> None:
        """Take a connection out of the pool.

        Args:
            conn: Its protocol.
        """
        self.free.discard(conn)
        self.exclusive.discard(conn)
        if conn in self.pool:
            self.pool.remove(conn)
        self.size = len(self.pool)
        self._tell_empty()

    def attemptEnded(self, attempt: Attempt, reason: Failure) -> None:
        """Note that a connection of the pool is lost, or that there was none.

        Args:
            attempt: The attempt.
            reason: Why.
        """
        known = attempt.problem or getattr(attempt.protocol, "problem", None) or self.refusal
        self.failed(known or reason.value)

    def failed(self, problem: BaseException) -> None:
        """Note why there is a connection less; end the waiting of commands if none will come.

        Args:
            problem: Why.
        """
        self._tell_empty()
        if self.disconnectCalled:
            return
        self.last_error = f"{type(problem).__name__}: {problem}"
        if isinstance(problem, (AuthenticationError, CertificateError)):
            self.connectionError(problem)
        elif not self.hopeful:
            self._give_up(lambda: self._not_connected(problem))
        if not self.pool and not self._unreachable:
            self._unreachable = True
            self._log.warn(
                "Redis at {where} cannot be reached: {problem}",
                where=self.where,
                problem=self.last_error,
            )

    @property
    def hopeful(self) -> bool:
        """Whether there is a connection, or there may be one."""
        return bool(self.pool) or any(slot.alive for slot in self.slots) or self.connectors.alive

    def connectionError(self, why: object) -> None:
        """Note that the server refuses us; commands fail at once until it does no longer.

        Args:
            why: An exception, or what to say in one.
        """
        error = why if isinstance(why, Exception) else NotConnected(str(why))
        self.last_error = f"{type(error).__name__}: {error}"
        if not self.pool:
            self.refusal = error
            self._give_up(lambda: copy.copy(error))

    def _give_up(self, explain: "Callable[[], Exception]") -> None:
        self.line.fail(explain)
        deferred, self.deferred = self.deferred, None
        if deferred is not None and not self.isLazy:
            # Nobody has the handler, so nobody else can close the others.
            self.disconnect()
            deferred.errback(explain())

    def extraEnded(self) -> None:
        """Note that a connection is lost that was none of the pool's."""
        self._tell_empty()

    def complete(self) -> "Deferred[Any]":
        """Return a Deferred of the handler that fires when the pool is complete.

        After `wait_timeout` it fails, and the pool is closed: nobody has a handler to do that with.
        """
        if self.deferred is None:
            return succeed(self.handler)
        deferred = self.deferred
        timer = self.clock.callLater(self.wait_timeout, self._incomplete)

        def stop_timer(result: Any) -> Any:
            if timer.active():
                timer.cancel()
            return result

        return deferred.addBoth(stop_timer)

    def _incomplete(self) -> None:
        error = WaitTimeout(
            f"{self.size} of {self.poolsize} connections to {self.where} became usable within"
            f" {self.wait_timeout:g} s{self._last()}"
        )
        self._give_up(lambda: error)

    # Giving connections to commands

    def pick(self) -> Any:
        """Return the next connection that anybody may use, None if there is none."""
        conn = self.free.next()
        # One that was given up is connected until the reactor says otherwise.
        if conn is not None and not conn.connected:
            for each in [each for each in self.free.items if not each.connected]:
                self.withdraw(each)
            return self.free.next()
        return conn

    def wait(self, *, exclusive: bool = False, timeout: float | None = None) -> "Deferred[Any]":
        """Return a connection as soon as there is one.

        Args:
            exclusive: Whether it is taken out of the pool, until `release`.
            timeout: Seconds to wait; `wait_timeout` if None.

        Returns:
            A Deferred of its protocol, which fails with what the reason is if there is none:
            RedisPoolClosed, AuthenticationError, NotConnected or WaitTimeout.
        """
        problem = self._obstacle()
        deferred: Deferred[Any]
        if problem is not None:
            deferred = Deferred()
            deferred.errback(problem)
            return deferred
        if self.pick() is not None:
            return succeed(self._give(exclusive=exclusive))
        seconds = self.wait_timeout if timeout is None else timeout
        return self.line.add(seconds, lambda: self._waited(seconds), exclusive=exclusive)

    def wait_ready(self, timeout: float | None = None) -> "Deferred[Any]":
        """Return a Deferred that fires as soon as there is a connection, be it in exclusive use.

        Args:
            timeout: Seconds to wait; `wait_timeout` if None.
        """
        return (
            succeed(None) if self.pool and not self.disconnectCalled else self.wait(timeout=timeout)
        )

    def _obstacle(self) -> Exception | None:
        if self.disconnectCalled:
            return self.closed_error()
        if self.free.items:
            return None
        if self.refusal is not None:
            return copy.copy(self.refusal)
        if not self.hopeful:
            return self._not_connected(self.last_error or "nothing has connected it")
        if len(self.line) >= _MOST_WAITING:
            return WaitTimeout(
                f"{_MOST_WAITING} commands wait for {self.where} already{self._last()}"
            )
        return None

    def closed_error(self) -> Exception:
        """Return what commands fail with after `disconnect()`."""
        return RedisPoolClosed(f"the connections to {self.where} were closed by disconnect()")

    def _not_connected(self, problem: object) -> Exception:
        return NotConnected(
            f"Not connected to {self.where}, and nothing tries to (reconnect=False, quit() or"
            f" stopTrying()): {problem}"
        )

    def _waited(self, seconds: float) -> Exception:
        if self.pool:
            return WaitTimeout(
                f"all {len(self.pool)} connections to {self.where} were in use by transactions and"
                f" pipelines for {seconds:g} s; make the pool larger, or see that each ends"
            )
        return WaitTimeout(
            f"no connection to {self.where} became usable within {seconds:g} s{self._last()}"
        )

    def _last(self) -> str:
        return "" if self.last_error is None else f"; the last attempt met {self.last_error}"

    def _give(self, *, exclusive: bool) -> Any:
        conn = self.pick()
        if exclusive:
            self.free.discard(conn)
            self.exclusive.add(conn)
        return conn

    def getConnection(self, peek: bool = False) -> "Deferred[Any]":
        """Return a connection as soon as there is one (txredisapi's name of `wait`).

        Args:
            peek: Whether it stays in the pool.
        """
        return self.wait(exclusive=not peek)

    def release(self, conn: Any) -> None:
        """Take a connection back that was in exclusive use; what was lost meanwhile is not.

        Args:
            conn: Its protocol.
        """
        if conn in self.exclusive:
            self.exclusive.discard(conn)
            self.free.add(conn)
            self._serve_soon()

    def drop(self, conn: Any) -> None:
        """Give up a connection whose state is not known, and make another at once.

        Args:
            conn: Its protocol.
        """
        attempt = self.attempt_of.get(conn)
        if attempt is not None:
            attempt.dropped = True
        conn.transport.abortConnection()

    def _serve_soon(self) -> None:
        # Not at once: txredisapi gives a connection back before it writes DISCARD or UNWATCH, and a
        # command that was sent in between would become part of the transaction.
        if self.line and self._serving is None:
            self._serving = self.clock.callLater(0, self._serve)

    def _serve(self) -> None:
        self._serving = None
        self.line.serve(
            any_free=lambda: self.pick() is not None,
            give=lambda exclusive: self._give(exclusive=exclusive),
        )

    # Ending

    def stopTrying(self) -> "Deferred[None]":
        """Make no connection any more; those that there are stay until they are lost.

        Returns:
            A Deferred that has fired.
        """
        self.stopped = True
        self.continueTrying = 0
        for slot in self.slots:
            slot.stopTrying()
        self.connectors.stop()
        if not self.hopeful:
            self._give_up(lambda: self._not_connected(self.last_error or "it was stopped"))
        return succeed(None)

    def disconnect(self) -> "Deferred[None]":
        """Close all connections, and make none any more.

        Commands in flight fail with ConnectionError, those that wait with RedisPoolClosed.

        Returns:
            A Deferred that fires when no connection is left.
        """
        if not self.disconnectCalled:
            self.disconnectCalled = self.stopped = True
            self.connectors.stop()
            for slot in self.slots:
                slot.stop()
            self.blocking.close()
            for attempt in list(self.attempts):
                attempt.stop()
            for conn in list(self.pool):
                conn.transport.loseConnection()
            self._give_up(self.closed_error)
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
        return bool(self.pool) or (self.disconnectCalled and bool(self.attempts))

    def waitForEmptyPool(self) -> "Deferred[None]":
        """Return a Deferred that fires when the pool has no connection."""
        if not self._open():
            return succeed(None)
        deferred: Deferred[None] = Deferred(self._waitingForEmptyPool.discard)
        self._waitingForEmptyPool.add(deferred)
        return deferred

    def _tell_empty(self) -> None:
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

    def clientConnectionFailed(self, connector: "IConnector", reason: Failure) -> None:
        """Try again later (Twisted: `ClientFactory`)."""
        self.connectors.ended(connector, reason)

    def clientConnectionLost(self, connector: "IConnector", reason: Failure) -> None:
        """Connect again (Twisted: `ClientFactory`)."""
        self.connectors.ended(connector, reason)

    # Figures

    def count_failure(self, failure: Failure) -> Failure:
        """Count a command that the server has not answered; an errback."""
        if not isinstance(failure.value, ResponseError):
            self.failures += 1
        return failure

    def stats(self) -> PoolStats:
        """Return how the pool is."""
        connections = [*self.pool, *self.blocking.connections]
        return PoolStats(
            where=self.where,
            size=self.poolsize,
            connected=self.size,
            exclusive=len(self.exclusive),
            blocking=len(self.blocking.connections),
            in_flight=sum(_in_flight(each) for each in connections),
            waiting=len(self.line) + self.blocking.waiting,
            commands=self.commands,
            failures=self.failures,
            lost=self.lost,
            reconnects=self.reconnects,
            last_error=self.last_error,
            closed=self.disconnectCalled,
        )


def _check(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"Redis {name} must be an integer of at least {least}, not {value!r}")


def _in_flight(conn: Any) -> int:
    found: int = len(conn.replyQueue.waiting)
    return found


def _set_no_delay(transport: Any) -> None:
    # Commands are small, and wait for their answers; a Unix socket has no such option.
    set_no_delay = getattr(transport, "setTcpNoDelay", None)
    if set_no_delay is not None:
        set_no_delay(True)
        transport.setTcpKeepAlive(True)
