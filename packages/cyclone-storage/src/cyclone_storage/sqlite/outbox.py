"""The way back from the threads to the reactor."""

from collections import deque
from collections.abc import Callable
from typing import Any

__all__ = ["Outbox"]


class Outbox:
    """Has the reactor call functions, all that came meanwhile in one turn.

    `callFromThread` for each would write a byte to the reactor's pipe for each.
    """

    def __init__(self, reactor: Any) -> None:  # noqa: ANN401 -- three of Twisted's interfaces
        """Make one.

        Args:
            reactor: Its `callFromThread` is used.
        """
        self._reactor = reactor
        self._functions: deque[Callable[[], object]] = deque()
        self._woken = False

    def post(self, function: Callable[[], object]) -> None:
        """Have a function called in the reactor's thread, soon; called in any thread.

        Args:
            function: The function; it must not raise.
        """
        # No lock: what stands in the deque before `_woken` is read is seen by whoever resets it,
        # as the reset comes before the reading of the deque.
        self._functions.append(function)
        if not self._woken:
            self._woken = True
            self._reactor.callFromThread(self._deliver)

    def _deliver(self) -> None:
        self._woken = False
        for _ in range(len(self._functions)):
            self._functions.popleft()()
