"""The classic way to connect: `reactor.connectTCP(host, port, factory)`, and again by its connector."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cyclone_storage.redis.pool.backoff import Backoff
from cyclone_storage.redis.pool.progress import describe_progress

if TYPE_CHECKING:
    from twisted.internet.interfaces import IConnector
    from twisted.python.failure import Failure

    from cyclone_storage.redis.pool.factory import RedisFactory

__all__ = ["Connectors"]


@dataclass(slots=True)
class _Dialled:
    backoff: Backoff
    begun: float
    open: bool = True


class Connectors:
    """What `reactor.connectTCP`, `connectUNIX` and `connectSSL` have returned for one factory."""

    def __init__(self, factory: "RedisFactory") -> None:
        """Begin with none.

        Args:
            factory: The factory that they were given.
        """
        self._factory = factory
        self._all: dict[Any, _Dialled] = {}

    @property
    def alive(self) -> bool:
        """Whether one of them is connected, connects or will."""
        return any(each.open or each.backoff.waits for each in self._all.values())

    def backoffs(self) -> list[Backoff]:
        """Return what plans their next attempts."""
        return [each.backoff for each in self._all.values()]

    @property
    def doing(self) -> str | None:
        """How far one of them is that is open, None if none is."""
        for connector, each in self._all.items():
            if each.open:
                protocol = getattr(connector.transport, "protocol", None)
                return describe_progress(getattr(protocol, "wrappedProtocol", protocol))
        return None

    def started(self, connector: "IConnector") -> None:
        """Note an attempt.

        Args:
            connector: What makes it.
        """
        factory = self._factory
        now = factory.clock.seconds()
        known = self._all.get(connector)
        if known is not None:
            known.begun, known.open = now, True
            return
        address: Any = connector.getDestination()
        if factory.uuid is None:
            factory.troubles.where = _describe(address)
        backoff = Backoff(factory.clock, factory.retryDelay, connector.connect)
        self._all[connector] = _Dialled(backoff, now)

    def ended(self, connector: "IConnector", reason: "Failure") -> None:
        """Plan the next attempt.

        Args:
            connector: Which one has ended.
            reason: Why.
        """
        factory = self._factory
        known = self._all[connector]
        known.open = False
        if factory.wanted:
            known.backoff.ended(factory.clock.seconds() - known.begun)
        else:
            del self._all[connector]
        factory.failed(factory.troubles.refusal or reason.value)

    @property
    def open(self) -> bool:
        """Whether one of them is connected or connects."""
        return any(each.open for each in self._all.values())

    def close(self) -> None:
        """Plan nothing any more, and close all."""
        for connector, each in list(self._all.items()):
            each.backoff.cancel()
            if each.open:
                connector.disconnect()

    def stop(self) -> None:
        """Plan nothing any more; give up what has not connected yet."""
        for connector, each in list(self._all.items()):
            each.backoff.cancel()
            if connector.state == "connecting":
                connector.stopConnecting()
            elif not each.open:
                self._all.pop(connector, None)


def _describe(address: Any) -> str:  # noqa: ANN401 -- IPv4Address, IPv6Address or UNIXAddress
    if hasattr(address, "port"):
        return f"{address.host}:{address.port}"
    name = address.name
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)
