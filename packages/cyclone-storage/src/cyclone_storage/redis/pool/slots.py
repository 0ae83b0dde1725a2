"""One connection of a pool: attempts to make it, and the pauses between them."""

# ruff: noqa: ANN401 -- protocols are of any class

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_storage.redis.errors import TimeoutError  # noqa: A004 -- txredisapi's name
from cyclone_storage.redis.pool.backoff import Backoff
from cyclone_storage.redis.pool.progress import describe_progress

if TYPE_CHECKING:
    from twisted.internet.interfaces import IAddress, IDelayedCall, IStreamClientEndpoint

    from cyclone_storage.redis.pool.factory import RedisFactory

__all__ = ["Attempt", "Slot", "watch_loss"]

_log = Logger(namespace="cyclone.redis")


def watch_loss(
    protocol: Any, gone: Callable[[], object], ended: Callable[[Failure], object]
) -> None:
    """Learn when a connection is lost, whatever its protocol does about it.

    The protocol cannot be asked to say so: those that are written for a `SubscriberFactory` commonly
    have a `connectionLost` that calls no other.

    Args:
        protocol: The protocol.
        gone: Called before its `connectionLost`, whose callbacks may give the next command.
        ended: Called with the reason afterwards.
    """
    lost = protocol.connectionLost

    def connection_lost(reason: Failure) -> None:
        gone()
        try:
            lost(reason)
        except Exception:  # noqa: BLE001 -- the program's
            _log.failure("connectionLost has failed")
        finally:
            ended(reason)

    protocol.connectionLost = connection_lost


class Attempt(Factory):
    """One attempt to connect, and the connection that comes of it.

    Attributes:
        protocol: The protocol of the connection, None before there is one.
        usable_since: When it could be used, None if it cannot (yet).
        extra: Whether the connection is for blocking commands, outside the pool.
        dropped: Whether we have ended the connection ourselves, to have a new one.
        problem: What the server said against the connection.
    """

    noisy = False

    def __init__(
        self,
        factory: "RedisFactory",
        ended: "Callable[[Attempt, Failure], object]",
        *,
        extra: bool = False,
    ) -> None:
        """Prepare; nothing is done before `begin`.

        Args:
            factory: What makes protocols, and learns of connections that can be used.
            ended: Called once, when there is no connection (any more).
            extra: Whether it is outside the pool.
        """
        self._factory = factory
        self._ended = ended
        self._dialing: Deferred[Any] = succeed(None)
        self._timer: IDelayedCall | None = None
        self.extra = extra
        self.protocol: Any = None
        self.usable_since: float | None = None
        self.dropped = False
        self.problem: Exception | None = None

    def begin(self, endpoint: "IStreamClientEndpoint") -> None:
        """Connect.

        Args:
            endpoint: Whereto.
        """
        self._factory.attempts.add(self)
        # An endpoint of somebody else's may raise.
        dialing: Deferred[Any] = maybeDeferred(endpoint.connect, self)
        self._dialing = dialing
        dialing.addErrback(self._failed)

    def _failed(self, reason: Failure) -> None:
        if self.protocol is None:
            self._end(reason)
        else:
            # An endpoint that has regretted it; it ends when the connection does.
            self.problem = self.problem or cast("Exception", reason.value)
            self.abort()

    def buildProtocol(self, addr: "IAddress | None") -> Any:
        """Make the protocol of the connection (Twisted: `IProtocolFactory`)."""
        factory = self._factory
        protocol: Any = factory.buildProtocol(addr)
        if protocol is None:
            return None
        self.protocol = protocol
        factory.attempt_of[protocol] = self
        watch_loss(protocol, lambda: factory.withdraw(protocol), self._end)
        if factory.probes(protocol):
            self._timer = factory.clock.callLater(factory.setup_timeout, self._too_slow)
        return protocol

    def usable(self) -> None:
        """Note that the connection can be used."""
        self._stop_timer()
        self.usable_since = self._factory.clock.seconds()

    @property
    def doing(self) -> str:
        """How far it is."""
        return describe_progress(self.protocol)

    def lasted(self) -> float | None:
        """Return the seconds for which the connection could be used, None if it never could."""
        if self.usable_since is None:
            return None
        return float(self._factory.clock.seconds() - self.usable_since)

    def stop(self) -> None:
        """End it: the attempt, or the connection after what is written has been sent."""
        self._leave("loseConnection")

    def abort(self) -> None:
        """End it at once."""
        self._leave("abortConnection")

    def _leave(self, how: str) -> None:
        transport = getattr(self.protocol, "transport", None)
        if transport is not None:
            getattr(transport, how)()
        else:
            self._dialing.cancel()

    def _too_slow(self) -> None:
        self._timer = None
        self.problem = TimeoutError(
            f"{self._factory.troubles.where} accepted the connection and did not answer"
            f" within {self._factory.setup_timeout:g} s"
        )
        self.abort()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self, reason: Failure) -> None:
        self._stop_timer()
        self._factory.attempts.discard(self)
        self._factory.attempt_of.pop(self.protocol, None)
        # The protocol knows more than the reactor: what the server said, or the certificate is wrong.
        self.problem = self.problem or getattr(self.protocol, "problem", None)
        self._ended(self, reason)


class Slot:
    """One connection of a pool, made again whenever it is lost."""

    def __init__(self, factory: "RedisFactory", endpoint: "IStreamClientEndpoint") -> None:
        """Prepare.

        Args:
            factory: The pool.
            endpoint: Whereto it connects.
        """
        self._factory = factory
        self._endpoint = endpoint
        self._attempt: Attempt | None = None
        self.backoff = Backoff(factory.clock, factory.retryDelay, self.start)

    @property
    def alive(self) -> bool:
        """Whether it has a connection, or will try to get one."""
        return self._attempt is not None or self.backoff.waits

    def start(self) -> None:
        """Connect."""
        self._attempt = Attempt(self._factory, self._ended)
        self._attempt.begin(self._endpoint)

    def _ended(self, attempt: Attempt, reason: Failure) -> None:
        self._attempt = None
        if self._factory.wanted:
            if attempt.dropped:
                self.backoff.at_once()
            else:
                self.backoff.ended(attempt.lasted())
        # What we have ended ourselves tells nothing of the server.
        renewed = attempt.dropped and self._factory.wanted
        self._factory.failed(None if renewed else attempt.problem or reason.value)

    def stop_trying(self) -> None:
        """Leave a connection alone that can be used, and try nothing else."""
        self.backoff.cancel()
        if self._attempt is not None and self._attempt.protocol is None:
            self._attempt.stop()
