"""A connection of its own that the server fills and an `async for` empties."""

# ruff: noqa: ANN401 -- protocols and results are of any class

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from cyclone_storage.errors import StorageError
from cyclone_storage.redis.errors import (
    CertificateError,
    ConnectionError,  # noqa: A004 -- txredisapi's name
    HandshakeError,
    RedisError,
    WaitTimeout,
)
from cyclone_storage.redis.listening.inbox import Inbox, StreamClosed
from cyclone_storage.redis.listening.subscriber import Subscribed
from cyclone_storage.redis.pool.errors import NotConnected
from cyclone_storage.redis.pool.factory import RedisFactory

if TYPE_CHECKING:
    from types import TracebackType

    from twisted.internet.interfaces import IDelayedCall

__all__ = ["MessageStream", "StreamFactory"]

M = TypeVar("M")


class StreamFactory(RedisFactory):
    """Makes the connections of one stream, one after the other."""

    def __init__(self, pool: RedisFactory, stream: "MessageStream[Any]") -> None:
        """Take over how the pool connects.

        Args:
            pool: The pool.
            stream: What is told of connections.
        """
        super().__init__(
            pool.uuid,
            None,
            1,
            isLazy=True,
            charset=pool.charset,
            password=pool.password,
            replyTimeout=pool.replyTimeout,
            convertNumbers=False,
            username=pool.username,
            wait_timeout=pool.wait_timeout,
            setup_timeout=pool.setup_timeout,
            reactor=pool.clock,
        )
        self._more = dict(pool._more)  # noqa: SLF001 -- what it gives to its protocols
        self.reconnect = pool.reconnect
        self.initialDelay = pool.initialDelay
        self.maxDelay = pool.maxDelay
        self.stream = stream
        self.subscribed = Subscribed()
        self.monitoring = False

    def failed(self, problem: BaseException | None) -> None:
        """Tell the stream, too.

        Args:
            problem: Why there is no connection.
        """
        super().failed(problem)
        self.stream.lost(problem)


class MessageStream(Generic[M]):
    """Messages from a connection of its own, which is made again when it is lost.

    `async with` connects and, at its end, closes; `async for` gives messages until then. Messages that
    come faster than they are taken wait, up to a bound.

    Redis keeps nothing for those who are away: what is published between a loss of the connection and
    its return does not come. `reconnected` counts these gaps.

    Attributes:
        reconnected: How often the connection was lost and has come back.
        connected: Whether there is a connection on which messages come.
    """

    def __init__(self, pool: RedisFactory, inbox: Inbox[M], heartbeat: float | None) -> None:
        """Prepare.

        Args:
            pool: Whose server, password and TLS are used.
            inbox: Where messages wait.
            heartbeat: Seconds between questions whether the server is there; None: none are asked.

        Raises:
            ValueError: `heartbeat` is not above zero.
        """
        if heartbeat is not None and heartbeat <= 0:
            raise ValueError(f"heartbeat={heartbeat} must be more than 0 seconds, or None")
        self._pool = pool
        self._inbox = inbox
        self._heartbeat = heartbeat
        self._beat: IDelayedCall | None = None
        self._factory: StreamFactory | None = None
        self._closing: Deferred[None] | None = None
        self._protocol: Any = None
        self._beginning: Deferred[None] | None = None
        self.reconnected = 0

    @property
    def connected(self) -> bool:
        """Whether there is a connection on which messages come."""
        return self._protocol is not None

    @property
    def dropped(self) -> int:
        """How many messages were thrown away as there was no room for them."""
        return self._inbox.dropped

    @property
    def pending(self) -> int:
        """How many messages wait."""
        return len(self._inbox)

    # Beginning and end

    def open(self, timeout: float | None = None) -> "Deferred[Self]":
        """Connect, and wait until messages come; `async with` does it.

        Args:
            timeout: Seconds; None: the pool's `wait_timeout`.

        Returns:
            A Deferred of this stream. It fails with `AuthenticationError`, `CertificateError`,
            `ResponseError` (the user may not), `WaitTimeout`, or `RedisPoolClosed`; the stream is closed
            then.

        Raises:
            StorageError: It was opened before.
        """
        if self._factory is not None or self._inbox.closed:
            raise StorageError("a stream of messages is opened once; make another one")
        pool = self._pool
        if pool.disconnectCalled:
            return fail(pool.troubles.closed())
        if pool.endpoint is None:
            return fail(
                NotConnected(
                    "this pool was connected by reactor.connectTCP, which makes one connection and no"
                    " other; make it with connect(), or use SubscriberFactory and MonitorFactory"
                )
            )
        seconds = pool.wait_timeout if timeout is None else timeout
        self._factory = factory = self._make_factory(pool)
        # The pool closes it at its own end, as it does with connections that are no part of it.
        cast("set[Any]", pool.attempts).add(self)
        beginning: Deferred[None] = Deferred()
        self._beginning = beginning
        timer = pool.clock.callLater(seconds, self._too_late, seconds)

        def stop_timer(result: Any) -> Any:
            if timer.active():
                timer.cancel()
            self._beginning = None
            return result

        def close(failure: Failure) -> Deferred[Any]:
            return self.close().addCallback(lambda _: failure)

        beginning.addBoth(stop_timer)
        opening: Deferred[Any] = beginning.addCallbacks(lambda _: self, close)
        factory.startConnecting(pool.endpoint)
        return opening

    def close(self) -> Deferred[None]:
        """End it: messages that wait can still be taken, and then `async for` ends.

        Returns:
            A Deferred that fires when the connection is closed.
        """
        return self._end(StreamClosed("the stream of messages was closed"))

    async def __aenter__(self) -> Self:
        """Open it."""
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        """Close it."""
        await self.close()

    # Messages

    def get(self, timeout: float | None = None) -> "Deferred[M]":
        """Take the next message.

        Args:
            timeout: Seconds to wait for it; None: as long as it takes.

        Returns:
            A Deferred of it. It fails with `WaitTimeout`, with `StreamClosed` after the end, with
            `SlowConsumer` if the stream was to be closed when it is full, with `ConnectionError` if
            there is no connection and none is being made (`reconnect=False`).
        """
        taking = self._inbox.get()
        if timeout is None:
            return taking

        def explain(_: Any, seconds: float) -> Any:
            raise WaitTimeout(f"no message from {self._pool.troubles.where} within {seconds:g} s")

        return taking.addTimeout(timeout, self._pool.clock, explain)

    def __aiter__(self) -> AsyncIterator[M]:
        """Give messages until the stream is closed."""
        return self

    async def __anext__(self) -> M:
        """Give the next message.

        Raises:
            StopAsyncIteration: The stream was closed.
        """
        try:
            return await self._inbox.get()
        except StreamClosed:
            raise StopAsyncIteration from None

    # From the connection

    def listens(self, protocol: Any) -> None:
        """Note that messages come.

        Args:
            protocol: From where.
        """
        if self._inbox.closed:
            return
        self._protocol = protocol
        if self._beginning is not None:
            self._beginning.callback(None)
        else:
            self.reconnected += 1
        self._plan_beat()

    def refused(self, problem: Exception) -> None:
        """Note that the server will not send messages; that is the end.

        Args:
            problem: What it says.
        """
        self._fail(problem)

    def lost(self, problem: BaseException | None) -> None:
        """Note that there is no connection, or none any more.

        Args:
            problem: Why.
        """
        self._protocol = None
        self._stop_beat()
        factory = self._factory
        if factory is None or factory.disconnectCalled:
            return
        # Trying again will not help, unless it has helped before: then somebody is at work there.
        hopeless = isinstance(problem, (HandshakeError, CertificateError)) and self._beginning
        if hopeless or not factory.hopeful:
            wanted = isinstance(problem, RedisError)
            self._fail(
                problem
                if wanted
                else ConnectionError(f"Lost {self._pool.troubles.where}: {problem}")
            )

    def received(self, message: M, size: int) -> None:
        """Take in a message.

        Args:
            message: The message.
            size: Its bytes, or characters.
        """
        self._inbox.put(message, size)
        if self._inbox.closed:
            self._end(None)

    # What a pool asks of its connections

    def stop(self) -> None:
        """End with the pool."""
        self._end(StreamClosed(f"the pool of {self._pool.troubles.where} was closed"))

    def abort(self) -> None:
        """End at once: the pool has waited long enough."""
        for attempt in list(cast("StreamFactory", self._factory).attempts):
            attempt.abort()

    # Inside

    def _make_factory(self, pool: RedisFactory) -> StreamFactory:
        return StreamFactory(pool, self)

    def _too_late(self, seconds: float) -> None:
        last = cast("StreamFactory", self._factory).troubles.last()
        self._fail(
            WaitTimeout(
                f"no messages could be asked for at {self._pool.troubles.where} within {seconds:g} s{last}"
            )
        )

    def _fail(self, problem: Any) -> None:
        if self._beginning is not None:
            self._beginning.errback(problem)
        else:
            self._end(problem)

    def _end(self, why: Exception | None) -> Deferred[None]:
        self._inbox.close(why)
        self._protocol = None
        self._stop_beat()
        if self._factory is None:
            return succeed(None)
        beginning, self._beginning = self._beginning, None
        if beginning is not None:
            beginning.errback(why or StreamClosed("the stream of messages was closed"))
        return self._factory.disconnect().addCallback(self._ended)

    def _ended(self, _: object) -> None:
        attempts = cast("set[Any]", self._pool.attempts)
        if self in attempts:
            attempts.discard(self)
            self._pool.tell_if_empty()

    def _plan_beat(self) -> None:
        if self._heartbeat is not None:
            self._beat = self._pool.clock.callLater(self._heartbeat, self._ask)

    def _stop_beat(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def _ask(self) -> None:
        # One that has lost its power says nothing, not even that it is gone.
        self._beat = None
        asking = self._protocol.execute_command("PING", reply_timeout=self._heartbeat)
        asking.addCallbacks(lambda _: self._plan_beat(), lambda _: None)
