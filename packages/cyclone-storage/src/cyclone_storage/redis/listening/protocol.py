"""What the connections have in common on which the server speaks by itself: subscribers and monitors."""

from collections.abc import Callable
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import ITransport
from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_storage.redis.connection.protocol import RedisProtocol
from cyclone_storage.redis.errors import (
    ConnectionError,  # noqa: A004 -- txredisapi's name
    ResponseError,
)

__all__ = ["ListeningProtocol", "is_refusal"]

_log = Logger(namespace="cyclone.redis")


class ListeningProtocol(RedisProtocol):
    """A connection on which the server speaks by itself.

    What is commonly written for cyclone 1.x has a `connectionMade` and a `connectionLost` that call no
    other. So the password is sent before the one, which does nothing here, and what waits fails after
    the other.
    """

    _lost: Callable[[Failure], object]

    def makeConnection(self, transport: ITransport) -> None:  # noqa: N802 -- Twisted's name
        """Send the password, call `connectionMade`, listen again (Twisted: `IProtocol`).

        Args:
            transport: What it is connected to.
        """
        self.connected = 1
        self.transport = transport
        self._lost, self.connectionLost = self.connectionLost, self._end  # type: ignore[method-assign]
        super().connectionMade()
        keep_alive = getattr(transport, "setTcpKeepAlive", None)
        if keep_alive is not None:
            # Where nothing is published for hours, nothing else tells that the server is gone.
            keep_alive(True)
        self.connectionMade()
        self.listenAgain()

    def connectionMade(self) -> None:
        """Do what a program does with a new connection (Twisted: `BaseProtocol`); nothing here."""

    def _end(self, reason: Failure) -> None:
        # Their connectionLost calls no other, either, and what waits has to be told.
        try:
            self._lost(reason)
        except Exception:  # noqa: BLE001 -- the program's; Twisted's connectors would forget to try again
            _log.failure("connectionLost has failed")
        finally:
            super().connectionLost(reason)

    def listenAgain(self) -> None:  # noqa: N802 -- in the manner of the names beside it
        """Ask for what was asked for on the last connection of the factory; nothing here."""

    def listensAgain(self, _: object = None) -> None:  # noqa: N802 -- in the manner of the names beside it
        """Note that the server sends again what was asked for; nothing here."""

    def cannotListen(self, problem: Exception) -> None:  # noqa: N802 -- in the manner of the names beside it
        """Note that the server refuses what was asked for.

        Args:
            problem: What it says.
        """
        _log.warn("Redis at {host} refuses to go on: {problem}", host=self.host, problem=problem)

    def failedAgain(self, failure: Failure) -> None:  # noqa: N802 -- in the manner of the names beside it
        """Tell a refusal from the end of the connection, of which the factory is told.

        Args:
            failure: What has become of the question.
        """
        inner: Failure = getattr(failure.value, "subFailure", failure)
        if is_refusal(inner):
            self.cannotListen(cast("Exception", inner.value))

    def give(self, *arguments: Any) -> None:  # noqa: ANN401 -- what messageReceived takes
        """Call `messageReceived`; what it raises is logged, and the connection goes on.

        It may be a coroutine function, or return a Deferred.

        Args:
            arguments: Its arguments.
        """
        receive: Any = self.messageReceived  # type: ignore[attr-defined] # of both
        try:
            result = receive(*arguments)
        except Exception:  # noqa: BLE001 -- the program's
            _log.failure("messageReceived has failed")
            return
        if hasattr(result, "__await__") and not isinstance(result, Deferred):
            result = Deferred.fromCoroutine(cast("Any", result))
        if isinstance(result, Deferred):
            result.addErrback(lambda failure: _log.failure("messageReceived has failed", failure))


def is_refusal(failure: Failure) -> bool:
    """Tell whether the server does not want to do something; a wrong password is of the connection.

    Args:
        failure: What has become of a command.
    """
    return bool(failure.check(ResponseError)) and not failure.check(ConnectionError)
