"""What is peculiar to sessions in memory: its bound, and how it forgets."""

import pytest

from cyclone_storage.sessions import MemoryStore, StoredSession

from .handling import Clock
from .running import result_of


def save(store: MemoryStore, number: int, lifetime: float, expected: str | None = None) -> None:
    """Save a session."""
    assert result_of(store.save(str(number), StoredSession(str(number), ""), expected, lifetime))


def kept(store: MemoryStore) -> set[int]:
    """Return the numbers of those that are there."""
    return {number for number in range(100) if result_of(store.load(str(number))) is not None}


def test_bound(clock: Clock) -> None:
    """At the bound the session goes that was saved longest ago."""
    store = MemoryStore(3, clock)
    for number in range(3):
        save(store, number, 100)
    save(store, 0, 100, "0")
    save(store, 3, 100)
    assert len(store) == 3
    assert kept(store) == {0, 2, 3}


def test_bound_of_one() -> None:
    """A bound of one keeps one."""
    store = MemoryStore(1)
    for number in range(3):
        save(store, number, 100)
    assert kept(store) == {2}


def test_ended(clock: Clock) -> None:
    """Sessions that are over leave the memory when others are saved."""
    store = MemoryStore(clock=clock)
    for number in range(50):
        save(store, number, 100)
    save(store, 50, 1000)
    clock.now += 100
    assert len(store) == 51
    save(store, 51, 100)
    assert len(store) == 2
    assert kept(store) == {50, 51}


def test_ended_itself(clock: Clock) -> None:
    """A save that comes with no time left leaves nothing."""
    store = MemoryStore(clock=clock)
    save(store, 1, 0)
    assert len(store) == 0


@pytest.mark.parametrize("bound", [0, -1])
def test_malformed_bound(bound: int) -> None:
    """A bound below one is refused."""
    with pytest.raises(ValueError, match="max_sessions must be 1 or more"):
        MemoryStore(bound)
