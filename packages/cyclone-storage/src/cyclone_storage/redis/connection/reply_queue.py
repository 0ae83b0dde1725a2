"""The commands that wait for a reply, and how long they may."""

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

__all__ = ["ReplyQueue"]


class ReplyQueue:
    """The commands that wait for a reply, in the order in which they were sent.

    It has what programs use of txredisapi's: `get`, `put`, `waiting`. A Deferred that was cancelled
    stays in it, as the server answers all the same; the answer then goes nowhere.

    Attributes:
        waiting: A Deferred for each reply that is to come.
    """

    def __init__(
        self,
        *,
        late: Callable[[float], object],
        unexpected: Callable[[object], object],
        clock: IReactorTime | None = None,
    ) -> None:
        """Begin with none.

        Args:
            late: Called when a reply has not come in time, with the seconds that it had.
            unexpected: Called with a reply for which nobody waits.
            clock: What measures time; None: the reactor.
        """
        self.waiting: deque[Deferred[Any]] = deque()
        self._late = late
        self._unexpected = unexpected
        self._clock = clock
        # One timer, for the earliest, and not one for each: commands are many, and late ones few.
        self._deadlines: dict[Deferred[Any], tuple[float, float]] = {}
        self._timer: IDelayedCall | None = None

    def get(self) -> "Deferred[Any]":
        """Wait for the next reply.

        Returns:
            A Deferred of the reply.
        """
        waiting: Deferred[Any] = Deferred()
        self.waiting.append(waiting)
        return waiting

    def put(self, reply: object) -> None:
        """Give a reply to the one that has waited longest.

        Args:
            reply: The reply; if it is an exception, the waiting fails with it.
        """
        if not self.waiting:
            self._unexpected(reply)
            return
        waiting = self.waiting.popleft()
        if self._deadlines:
            self._deadlines.pop(waiting, None)
        if isinstance(reply, Exception):
            waiting.errback(reply)
        else:
            waiting.callback(reply)

    def expect(self, waiting: "Deferred[Any]", seconds: float) -> None:
        """Bound the time within which a reply has to come.

        Args:
            waiting: One of those that wait.
            seconds: How long it may, from now on.
        """
        clock = self._clock
        if clock is None:
            from twisted.internet import reactor

            clock = self._clock = IReactorTime(reactor)
        when = clock.seconds() + seconds
        self._deadlines[waiting] = when, seconds
        if self._timer is None:
            self._timer = clock.callLater(seconds, self._check, clock)
        elif when < self._timer.getTime():
            self._timer.reset(seconds)

    def _check(self, clock: IReactorTime) -> None:
        self._timer = None
        if self._deadlines:
            when, seconds = min(self._deadlines.values())
            left = when - clock.seconds()
            if left <= 0:
                self._late(seconds)
            else:
                self._timer = clock.callLater(left, self._check, clock)

    def fail(self, make_error: Callable[[int], Exception]) -> None:
        """Fail all of them: no reply will come any more.

        Args:
            make_error: Makes the exception of one, each its own, as a traceback is written into it;
                given the number of those before it.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._deadlines.clear()
        waiting = list(self.waiting)
        self.waiting.clear()
        errors = [make_error(number) for number in range(len(waiting))]
        for each, error in zip(waiting, errors, strict=True):
            each.errback(error)
