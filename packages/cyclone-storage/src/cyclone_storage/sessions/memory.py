"""Sessions in the memory of one process."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from twisted.internet.defer import Deferred, succeed

from cyclone_storage.sessions.arguments import check_clock, check_whole
from cyclone_storage.sessions.protocols import StoredSession

__all__ = ["MemoryStore"]


class _Entry(NamedTuple):
    session: StoredSession
    end: float


class MemoryStore:
    """Keeps sessions as long as the process runs: for tests, and for programs of one process.

    At the bound the session that was saved longest ago goes. Those whose time is over go when others are
    saved, no timer runs.
    """

    def __init__(
        self, max_sessions: int = 100_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Make an empty store.

        Args:
            max_sessions: The number of sessions that it keeps at most.
            clock: Gives seconds that only go forward.

        Raises:
            TypeError: The bound is no whole number, or the clock no function.
            ValueError: The bound is not above 0.
        """
        check_whole("max_sessions", max_sessions)
        if max_sessions < 1:
            raise ValueError(f"max_sessions must be 1 or more, not {max_sessions!r}")
        check_clock(clock)
        self._bound = max_sessions
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()  # the last saved is the last

    def __len__(self) -> int:
        """Return the number of sessions, of which some may be over."""
        return len(self._entries)

    def load(self, key: str) -> "Deferred[StoredSession | None]":
        """Find a session; see `SessionStore`."""
        return succeed(self._find(key))

    def save(
        self, key: str, session: StoredSession, expected: str | None, lifetime: float
    ) -> "Deferred[bool]":
        """Keep a session; see `SessionStore`."""
        found = self._find(key)
        if (None if found is None else found.revision) != expected:
            return succeed(False)
        now = self._clock()
        self._entries[key] = _Entry(session, now + lifetime)
        self._entries.move_to_end(key)
        self._sweep(now)
        return succeed(True)

    def delete(self, key: str) -> "Deferred[None]":
        """Delete a session; see `SessionStore`."""
        self._entries.pop(key, None)
        return succeed(None)

    def _find(self, key: str) -> StoredSession | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.end <= self._clock():
            del self._entries[key]
            return None
        return entry.session

    def _sweep(self, now: float) -> None:
        # Saved before others, most end before them: one that does not keeps those behind it a while.
        entries = self._entries
        while entries and (len(entries) > self._bound or next(iter(entries.values())).end <= now):
            entries.popitem(last=False)
