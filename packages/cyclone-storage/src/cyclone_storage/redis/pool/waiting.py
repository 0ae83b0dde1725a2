"""The line of those who wait for a connection: first come, first served, nobody for ever."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

__all__ = ["WaitingLine"]


@dataclass(slots=True, eq=False)
class _Place:
    deferred: "Deferred[Any]"
    exclusive: bool
    timer: IDelayedCall | None = None


class WaitingLine:
    """Deferreds that wait for a connection; who is cancelled or has waited too long leaves it."""

    def __init__(self, clock: IReactorTime) -> None:
        """Begin with nobody.

        Args:
            clock: What time it has.
        """
        self._clock = clock
        self._places: OrderedDict[_Place, None] = OrderedDict()

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._places)

    def add(
        self, timeout: float, explain: Callable[[], Exception], *, exclusive: bool = False
    ) -> "Deferred[Any]":
        """Let somebody wait.

        Args:
            timeout: Seconds after which they have waited in vain.
            explain: Makes the exception that they get then.
            exclusive: Whether they want a connection for themselves.

        Returns:
            A Deferred of a connection.
        """
        place = _Place(Deferred(lambda _: self._remove(place)), exclusive)
        clock: Any = self._clock
        place.timer = clock.callLater(timeout, self._expire, place, explain)
        self._places[place] = None
        return place.deferred

    def serve(self, *, any_free: Callable[[], object], give: Callable[[bool], object]) -> None:
        """Give connections to those who wait, as long as there are both.

        Args:
            any_free: Tells whether there is a connection.
            give: Returns one; it is told whether it is for exclusive use.
        """
        while self._places and any_free():
            place = next(iter(self._places))
            self._remove(place)
            place.deferred.callback(give(place.exclusive))

    def fail(self, explain: Callable[[], Exception]) -> None:
        """Send all away who wait now.

        Args:
            explain: Makes the exception for each: one that is shared would collect their traces.
        """
        for place in list(self._places):
            # A callback of another may have cancelled this one.
            if place in self._places:
                self._remove(place)
                place.deferred.errback(explain())

    def _expire(self, place: _Place, explain: Callable[[], Exception]) -> None:
        self._remove(place)
        place.deferred.errback(explain())

    def _remove(self, place: _Place) -> None:
        del self._places[place]
        if place.timer is not None and place.timer.active():
            place.timer.cancel()
