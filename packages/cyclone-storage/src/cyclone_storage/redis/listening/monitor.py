"""All that a server executes, the classic way: a protocol whose `messageReceived` is overridden."""

from typing import Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cyclone_storage.redis.connection.resp import MAX_REPLY_SIZE
from cyclone_storage.redis.listening.factory import ListeningFactory
from cyclone_storage.redis.listening.protocol import ListeningProtocol, is_refusal

__all__ = ["MonitorFactory", "MonitorProtocol"]


class MonitorProtocol(ListeningProtocol):
    """A connection that sees all commands the server executes: override `messageReceived`.

    It costs the server much of its speed, and shows whatever clients send: values, and on servers before
    6.0 passwords. After the loss of the connection the next one of the factory monitors again.

    Source: cyclone 1.x.
    """

    # A command of any length comes as one line.
    MAX_LENGTH: ClassVar[int] = MAX_REPLY_SIZE

    _active = False
    _asked = False

    def messageReceived(self, message: str) -> object:  # noqa: N802 -- txredisapi's name
        """Take what the server has executed; override it.

        What it raises is logged. It may be a coroutine function or return a Deferred.

        Args:
            message: A line, which `parse_monitored` reads.
        """

    def monitor(self) -> Deferred[str]:
        """Begin to monitor.

        Returns:
            `"OK"`; it fails with `ResponseError` if the user may not. (txredisapi gives the `OK` to
            `messageReceived`, and its Deferred never fires.)
        """
        self.factory.monitoring = True
        self._asked = True
        asking: Deferred[Any] = self.execute_command("MONITOR")
        return asking.addCallbacks(self._begun, self._refused)

    def stop(self) -> None:
        """Close the connection; the factory makes no other."""
        factory: Any = self.factory
        factory.monitoring = False
        factory.stopTrying()
        self.transport.loseConnection()

    def replyReceived(self, reply: Any) -> None:  # noqa: ANN401, N802 -- txredisapi's
        """Tell lines from replies (txredisapi).

        Args:
            reply: What has come.
        """
        if self._active and isinstance(reply, str) and reply[:1].isdigit():
            self.give(reply)
        else:
            super().replyReceived(reply)

    def listenAgain(self) -> None:  # noqa: N802 -- in the manner of the names beside it
        """Monitor if the last connection did and `connectionMade` has not begun it."""
        if getattr(self.factory, "monitoring", False) and not self._asked:
            self.monitor().addCallbacks(self.listensAgain, self.failedAgain)

    def _begun(self, reply: str) -> str:
        self._active = True
        return reply

    def _refused(self, failure: Failure) -> Failure:
        if is_refusal(failure):
            self.factory.monitoring = False
        return failure


class MonitorFactory(ListeningFactory):
    """Makes connections to monitor with; set `protocol` to a class of one's own.

    It is used with `reactor.connectTCP(host, port, factory)`, or `startConnecting(endpoint)`.

    Attributes:
        monitoring: Whether each new connection monitors.

    Source: cyclone 1.x.
    """

    protocol: Any = MonitorProtocol
    monitoring = False
