"""What can be seen of a pool from outside."""

from dataclasses import dataclass

__all__ = ["SQLHealth", "SQLPoolStats"]


@dataclass(frozen=True)
class SQLPoolStats:
    """The figures of a pool at one moment.

    `begun` is `succeeded + failed + running` at any moment; those that were refused, gave up waiting,
    or were cancelled while they waited never began.

    Attributes:
        size: How many connections there may be.
        open: How many there are.
        idle: How many of them nobody uses.
        transactions: How many places are held by `async with pool.transaction()`.
        running: Jobs in threads at present.
        waiting: Callers that wait for a connection.
        begun: Jobs that were given to a thread: statements, functions, beginnings and ends of
            transactions.
        succeeded: Those that have returned.
        failed: Those that have raised.
        refused: Callers that were sent away at once, as too many waited.
        timed_out: Callers that have waited in vain.
        cut: Connections that were cut since the server did not answer.
        connects: Connections that were made.
        lost: Connections that were found broken.
        last_error: What the last failure said, in one line; None if there was none.
    """

    size: int
    open: int
    idle: int
    transactions: int
    running: int
    waiting: int
    begun: int
    succeeded: int
    failed: int
    refused: int
    timed_out: int
    cut: int
    connects: int
    lost: int
    last_error: str | None


@dataclass(frozen=True)
class SQLHealth:
    """The answer of a database to the question whether it is there.

    Attributes:
        ok: It has answered.
        seconds: How long that took, waiting for a connection included.
        error: Why not, in one line; None if it has.
        stats: The figures of the pool.
    """

    ok: bool
    seconds: float
    error: str | None
    stats: SQLPoolStats
