"""What `watchfiles` is asked for, with a stand-in that does what a test says."""

import sys
import threading
from collections.abc import Iterator
from queue import Queue
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from cyclone_core.autoreload.notifier import Notifier

Option = Any


class Watch(NamedTuple):
    """A call of `watch`: the test puts True for a change and False for the end."""

    paths: set[str]
    changes: "Queue[bool]"
    ended: "Queue[None]"


class Library(ModuleType):
    """Stands in for `watchfiles`."""

    def __init__(self) -> None:
        super().__init__("watchfiles")
        self.watches: Queue[Watch] = Queue()

    def watch(
        self, *paths: str, stop_event: threading.Event, **options: Option
    ) -> Iterator[set[str]]:
        """Yield for each change; the event is looked at by who calls."""
        assert not stop_event.is_set()
        assert options["recursive"] is False
        assert options["watch_filter"] is None
        assert options["raise_interrupt"] is False
        watch = Watch(set(paths), Queue(), Queue())
        self.watches.put(watch)
        try:
            while watch.changes.get(timeout=30):
                yield set()
        finally:
            watch.ended.put(None)

    def next(self) -> Watch:
        """Wait for the next call."""
        return self.watches.get(timeout=30)


class Reactor:
    """Takes what other threads have for it."""

    def __init__(self) -> None:
        self.calls: Queue[Any] = Queue()

    def callFromThread(self, function: object) -> None:  # noqa: N802 -- Twisted's name
        """Take a call."""
        self.calls.put(function)


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library there is no notifier."""
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    assert Notifier.if_installed(Reactor(), print) is None


def test_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change calls the function in the reactor's thread."""
    library, reactor = Library(), Reactor()
    monkeypatch.setitem(sys.modules, "watchfiles", library)
    notifier = Notifier.if_installed(reactor, print)
    assert notifier is not None
    notifier.follow({"a", "b"})
    first = library.next()
    assert first.paths == {"a", "b"}
    first.changes.put(True)
    assert reactor.calls.get(timeout=30) is print
    notifier.stop()
    first.changes.put(True)
    first.ended.get(timeout=30)
    assert reactor.calls.empty(), "the watch that was stopped tells nothing"


def test_same_directories() -> None:
    """The same directories are watched on; others in their place."""
    library, reactor = Library(), Reactor()
    notifier = Notifier(library, reactor, print)
    notifier.follow(["a"])
    notifier.follow({"a"})
    first = library.next()
    assert first.paths == {"a"}
    assert library.watches.empty()
    notifier.follow({"b"})
    second = library.next()
    assert second.paths == {"b"}
    for watch in (first, second):
        watch.changes.put(False)
        watch.ended.get(timeout=30)
