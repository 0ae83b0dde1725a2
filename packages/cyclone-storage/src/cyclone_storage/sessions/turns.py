"""Saving one session from several requests of this process, one behind the other.

Without that, of n requests that end at the same time one is taken in each round, and all others load and
save again: n * n / 2 rounds. A session of another process still gets in between, and is merged.
"""

from collections import deque
from types import TracebackType
from typing import Final

from twisted.internet.defer import Deferred

__all__ = ["Turn"]


class _Queue:
    """Those who want to save one session.

    It is no `DeferredLock`: that calls the next one from within the one before, so that a hundred of them
    in a row, with a store that answers at once, would end in a RecursionError.
    """

    def __init__(self) -> None:
        self.waiting: deque[Deferred[None]] = deque()
        self.turn: Deferred[None] | None = None  # whose turn it is, unless it has not waited
        self.free = False
        self._passing = False

    def passed_on(self) -> bool:
        """Give the turn to the next one; tells whether nobody has it then."""
        self.free, self.turn = True, None
        if self._passing:
            return False  # further up the stack it goes on
        self._passing = True
        while self.free and self.waiting:
            self.free = False
            self.turn = self.waiting.popleft()
            self.turn.callback(None)
        self._passing = False
        return self.free


# By key in the store, of the sessions that are being saved now. The key comes from 128 random bits, so that
# one table does for all stores: a store is made by the application, and need be neither hashable nor ours.
_queues: Final[dict[str, _Queue]] = {}


class Turn:
    """The turn of one request to save a session: `async with Turn(key)`."""

    __slots__ = ("_key",)

    def __init__(self, key: str) -> None:
        """Name the session.

        Args:
            key: Its key in the store.
        """
        self._key = key

    async def __aenter__(self) -> None:
        """Wait until nobody else saves it."""
        queue = _queues.get(self._key)
        if queue is None:
            _queues[self._key] = _Queue()
            return
        waiter: Deferred[None] = Deferred(queue.waiting.remove)
        queue.waiting.append(waiter)
        try:
            await waiter
        except BaseException:
            # A task may be cancelled when its turn has come, and before it knows.
            if queue.turn is waiter:
                self._end()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let the next one save it."""
        self._end()

    def _end(self) -> None:
        if _queues[self._key].passed_on():
            del _queues[self._key]
