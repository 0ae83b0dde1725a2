"""The library `watchfiles`, where it is installed: it tells at once that a file has changed.

It is asked for nothing but that. Which files count, and whether they have changed, is looked up as
without it, so there is one rule for both.
"""

import threading
from collections.abc import Callable, Iterable
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["Notifier"]

_DEBOUNCE = 50
"""Milliseconds in which changes count as one."""


class Notifier:
    """Watches directories in a thread of its own.

    Args:
        library: The module `watchfiles`.
        reactor: Whose thread is told (Twisted: `IReactorFromThreads`).
        changed: Called in the reactor's thread when something has changed.
    """

    def __init__(self, library: ModuleType, reactor: Any, changed: Callable[[], object]) -> None:  # noqa: ANN401
        self._library = library
        self._reactor = reactor
        self._changed = changed
        self._directories: frozenset[str] = frozenset()
        self._end = threading.Event()

    @classmethod
    def if_installed(cls, reactor: Any, changed: Callable[[], object]) -> "Notifier | None":  # noqa: ANN401
        """Make a notifier, or return None if the library is not there.

        Args:
            reactor: As above.
            changed: As above.
        """
        try:
            # By its name: the library is an extra, and type checkers need not have it.
            library = import_module("watchfiles")
        except ImportError:
            return None
        return cls(library, reactor, changed)

    def follow(self, directories: Iterable[str]) -> None:
        """Watch these directories, and no others any more.

        Args:
            directories: Their paths; what is below them is not watched.
        """
        wanted = frozenset(directories)
        if wanted != self._directories:
            self.stop()
            self._directories = wanted
            self._end = threading.Event()
            arguments = (wanted, self._end)
            threading.Thread(target=self._watch, args=arguments, daemon=True).start()

    def stop(self) -> None:
        """Watch nothing any more."""
        self._end.set()
        self._directories = frozenset()

    def _watch(self, directories: Iterable[str], end: threading.Event) -> None:
        for _ in self._library.watch(
            *directories,
            watch_filter=None,
            debounce=_DEBOUNCE,
            stop_event=end,
            raise_interrupt=False,
            recursive=False,
        ):
            if end.is_set():
                return
            self._reactor.callFromThread(self._changed)
