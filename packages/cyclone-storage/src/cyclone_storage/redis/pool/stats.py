"""Figures of a pool: what `ConnectionHandler.stats()` returns."""

from dataclasses import dataclass

__all__ = ["PoolStats"]


@dataclass(frozen=True, slots=True)
class PoolStats:
    """How a pool is at one moment; times and counts begin with the pool.

    `commands` is `failures` plus those that were answered plus those that are still on their way: a
    command that waits for a connection is counted from the moment that it was given to the pool.

    Attributes:
        where: The server: `host:port` or the path of its socket.
        size: Connections that the pool keeps, if it can.
        connected: Those of them that can be used.
        exclusive: Those of them that a transaction or a pipeline has for itself.
        blocking: Connections besides those for blocking commands, idle ones included.
        in_flight: Commands that were sent and are not answered.
        waiting: Commands that wait for a connection.
        commands: Commands that were given to the pool; a whole transaction counts as one.
        failures: Those of them that the server has not answered, also because they were cancelled. An
            answer that is an error of Redis is an answer.
        lost: Connections that were lost after they could be used.
        reconnects: Those of them that were replaced.
        last_error: Why a connection was last lost or not made, None if that was never so.
        closed: Whether `disconnect()` was called.
    """

    where: str
    size: int
    connected: int
    exclusive: int
    blocking: int
    in_flight: int
    waiting: int
    commands: int
    failures: int
    lost: int
    reconnects: int
    last_error: str | None
    closed: bool
