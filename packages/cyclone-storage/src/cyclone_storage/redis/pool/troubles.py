"""What is wrong between a pool and its server, and what commands are told of it."""

import copy
from collections.abc import Callable

from twisted.logger import Logger

from cyclone_storage.redis.errors import AuthenticationError, CertificateError, WaitTimeout
from cyclone_storage.redis.pool.errors import NotConnected, RedisPoolClosed

__all__ = ["Troubles"]

_log = Logger(namespace="cyclone.redis")


class Troubles:
    """Remembers the last problem, and makes the exceptions of a pool.

    Each exception is a new one: one that many Deferreds share would collect their traces.

    Attributes:
        where: What the server is called.
        last_error: The last problem in words, None if there was none yet.
        refusal: The exception of a server that does not want us, None if it is not so.
    """

    def __init__(self, where: str, under_way: Callable[[], str | None]) -> None:
        """Begin with none.

        Args:
            where: What the server is called: never with a password.
            under_way: Tells how far a connection is that is being made, None if there is none.
        """
        self.where = where
        self._under_way = under_way
        self.last_error: str | None = None
        self.refusal: Exception | None = None
        self._unreachable = False

    def note(self, problem: BaseException) -> None:
        """Remember a problem.

        Args:
            problem: What an attempt to connect has met, or a connection has ended with.
        """
        self.last_error = f"{type(problem).__name__}: {problem}"

    def tell(self) -> None:
        """Log, once, that there is no connection."""
        if not self._unreachable:
            self._unreachable = True
            _log.warn(
                "Redis at {where} cannot be reached: {problem}",
                where=self.where,
                problem=self.last_error,
            )

    def over(self) -> None:
        """Note that there is a connection; log it if there was none."""
        self.refusal = None
        if self._unreachable:
            self._unreachable = False
            _log.info("Redis at {where} can be reached again", where=self.where)

    def given_up(self, problem: Exception) -> None:
        """Log that a pool has ended before it was complete, as nobody else is told.

        Args:
            problem: Why.
        """
        _log.warn(
            "The pool of connections to Redis at {where} has ended before it was complete: {problem}",
            where=self.where,
            problem=problem,
        )

    @staticmethod
    def lasting(problem: BaseException) -> bool:
        """Tell whether it makes little sense to wait for the end of a problem."""
        return isinstance(problem, (AuthenticationError, CertificateError))

    def refused(self) -> Exception | None:
        """Return what commands fail with while the server refuses us, None if it does not."""
        return copy.copy(self.refusal)

    def closed(self) -> Exception:
        """Return what commands fail with after `disconnect()`."""
        return RedisPoolClosed(f"the connections to {self.where} were closed by disconnect()")

    def not_connected(self) -> Exception:
        """Return what commands fail with when nothing tries to connect."""
        return NotConnected(
            f"Not connected to {self.where}, and nothing tries to: reconnect=False, stopTrying() or"
            f" quit(){self.last()}"
        )

    def crowded(self, waiting: int) -> Exception:
        """Return what commands fail with when too many others wait.

        Args:
            waiting: How many.
        """
        return WaitTimeout(f"{waiting} commands wait for {self.where} already{self.last()}")

    def waited(self, seconds: float, connections: int) -> Exception:
        """Return what commands fail with that have waited too long.

        Args:
            seconds: For how long.
            connections: How many connections there are, all in exclusive use.
        """
        if connections:
            return WaitTimeout(
                f"all {connections} connections to {self.where} were in use by transactions and"
                f" pipelines for {seconds:g} s; make the pool larger, or see that each of them ends"
            )
        return WaitTimeout(
            f"no connection to {self.where} became usable within {seconds:g} s{self.last()}"
        )

    def incomplete(self, seconds: float, connected: int, size: int) -> Exception:
        """Return what a maker fails with whose pool did not become complete.

        Args:
            seconds: For how long it has waited.
            connected: How many connections there are.
            size: How many there should be.
        """
        return WaitTimeout(
            f"{connected} of {size} connections to {self.where} became usable within"
            f" {seconds:g} s{self.last()}"
        )

    def last(self) -> str:
        """Return what an error may say of the last attempt to connect."""
        if self.last_error is not None:
            return f"; the last attempt met {self.last_error}"
        doing = self._under_way()
        return "" if doing is None else f"; the first attempt still goes on: {doing}"
