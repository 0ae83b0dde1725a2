"""Computations that run, and who waits for them."""

from collections import OrderedDict
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from twisted.internet.defer import Deferred

from cyclone_storage.errors import StorageError

__all__ = ["CURRENT", "CircularWait", "Flight"]

_T = TypeVar("_T")


class CircularWait(StorageError, RuntimeError):  # noqa: N818 -- what happened, not that it is an error
    """A cached function waits, perhaps through others, for its own result: that would be for ever."""


@dataclass(slots=True, eq=False)
class Flight(Generic[_T]):
    """A computation that runs.

    Attributes:
        waiting: The Deferreds of those who wait for it, in order, each with the computation that
            waits, None if that is none.
        running: The computation; None while it is begun, and when it has landed.
        landed: Whether it is over.
    """

    waiting: "OrderedDict[Deferred[_T], Flight[Any] | None]" = field(default_factory=OrderedDict)
    running: Deferred[_T] | None = None
    landed: bool = False

    def waits_for(self, other: "Flight[Any]") -> bool:
        """Tell whether another computation cannot end before this one does, or is this one.

        Args:
            other: The other one, which wants to wait for this one.
        """
        seen: set[Flight[Any]] = set()
        above = {other}
        while above - seen:
            if self in above:
                return True
            seen |= above
            above = {asker for each in above for asker in each.waiting.values() if asker}
        return False


# The computation that runs in this context: coroutines and tasks take it with them.
CURRENT: Final[ContextVar[Flight[Any] | None]] = ContextVar("computation", default=None)
