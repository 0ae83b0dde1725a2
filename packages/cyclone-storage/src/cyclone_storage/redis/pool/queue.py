"""How protocols and programs of txredisapi take connections out of a pool, and give them back."""

# ruff: noqa: ANN401 -- connections are of any class

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from cyclone_storage.redis.pool.factory import RedisFactory

__all__ = ["ConnectionQueue"]


class ConnectionQueue:
    """What a protocol puts itself into when its transaction or pipeline is over (txredisapi's name)."""

    def __init__(self, factory: "RedisFactory") -> None:
        """Prepare.

        Args:
            factory: The pool.
        """
        self._factory = factory
        self._lending = factory.lending

    @property
    def pending(self) -> list[Any]:
        """The connections that anybody may use."""
        return self._lending.free

    def put(self, connection: Any) -> None:
        """Give a connection back."""
        self._factory.release(connection)

    def get(self) -> "Deferred[Any]":
        """Take a connection out of the pool."""
        return self._lending.wait(exclusive=True)

    def peek(self) -> "Deferred[Any]":
        """Return a connection and leave it in the pool."""
        return self._lending.wait()
