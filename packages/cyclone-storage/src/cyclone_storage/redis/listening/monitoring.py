"""All that a server executes: `async with pool.monitor() as commands`."""

from typing import cast

from cyclone_storage.redis.listening.inbox import MAX_BYTES, MAX_MESSAGES, Inbox, WhenFull
from cyclone_storage.redis.listening.monitor import MonitorProtocol
from cyclone_storage.redis.listening.monitored import MonitoredCommand, parse_monitored
from cyclone_storage.redis.listening.stream import MessageStream, StreamFactory
from cyclone_storage.redis.pool.factory import RedisFactory

__all__ = ["Monitor"]


class Monitor(MessageStream[MonitoredCommand]):
    """All commands that a server executes, as an asynchronous iterator.

    It costs the server much of its speed, and shows whatever clients send.
    """

    def __init__(
        self,
        pool: RedisFactory,
        *,
        max_messages: int = MAX_MESSAGES,
        max_bytes: int = MAX_BYTES,
        when_full: WhenFull = "drop_oldest",
    ) -> None:
        """Prepare; nothing is sent before `async with`.

        Args:
            pool: The pool whose server it is.
            max_messages: How many commands wait at most for a reader.
            max_bytes: How many characters of their lines wait at most.
            when_full: `drop_oldest` or `close`, as of `Subscription`.

        Raises:
            ValueError: An option is out of its range.
        """
        # No heartbeat: the server shows its own questions to every monitor.
        super().__init__(pool, Inbox(max_messages, max_bytes, when_full), None)

    def _make_factory(self, pool: RedisFactory) -> StreamFactory:
        factory = super()._make_factory(pool)
        factory.protocol = _Monitoring
        factory.monitoring = True
        return factory


class _Monitoring(MonitorProtocol):
    @property
    def _monitor(self) -> Monitor:
        return cast("Monitor", cast("StreamFactory", self.factory).stream)

    def messageReceived(self, message: str) -> None:  # noqa: N802
        self._monitor.received(parse_monitored(message), len(message))

    def listensAgain(self, _: object = None) -> None:  # noqa: N802
        self._monitor.listens(self)

    def cannotListen(self, problem: Exception) -> None:  # noqa: N802
        self._monitor.refused(problem)
