"""The coarse clock."""

import math

import pytest
import twisted.internet
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock

from cyclone_core.httpserver.clock import NEVER, CoarseClock


class Watched:
    """Counts how often its deadline has passed."""

    def __init__(self, deadline: float = NEVER) -> None:
        self.deadline = deadline
        self.write_deadline = NEVER
        self.passed = 0

    def deadline_passed(self) -> None:
        """Count."""
        self.passed += 1
        self.deadline = NEVER


def test_stands_still(reactor: MemoryReactorClock) -> None:
    """Without connections nothing is called."""
    clock = CoarseClock(reactor)
    assert reactor.getDelayedCalls() == []
    assert (clock.now, clock.date) == (0.0, "")


def test_ticks_while_watching() -> None:
    """It ticks once a second from the first connection to the tick behind the last."""
    reactor = Clock()
    reactor.advance(784111777.0)
    clock = CoarseClock(reactor)
    watched = Watched()
    clock.watch(watched)
    clock.watch(Watched())
    assert len(reactor.getDelayedCalls()) == 1
    assert (clock.now, clock.date) == (784111777.0, "Sun, 06 Nov 1994 08:49:37 GMT")
    reactor.advance(0.5)
    assert clock.now == 784111777.0
    reactor.advance(0.5)
    assert (clock.now, clock.date) == (784111778.0, "Sun, 06 Nov 1994 08:49:38 GMT")
    assert len(reactor.getDelayedCalls()) == 1


def test_what_was_done_about_another_one() -> None:
    """A deadline that was moved while others were acted upon has not passed."""

    class Pardoning(Watched):
        def deadline_passed(self) -> None:
            super().deadline_passed()
            for other in both:
                other.deadline = NEVER

    both = [Pardoning(1.0), Pardoning(1.0)]
    reactor = Clock()
    clock = CoarseClock(reactor)
    for watched in both:
        clock.watch(watched)
    reactor.pump([1.0] * 5)
    assert sum(watched.passed for watched in both) == 1


@pytest.mark.parametrize("name", ["deadline", "write_deadline"])
def test_two_deadlines(name: str) -> None:
    """One that has passed is enough."""
    reactor = Clock()
    clock = CoarseClock(reactor)
    watched = Watched()
    clock.watch(watched)
    setattr(watched, name, 2.0)
    reactor.pump([1.0] * 2)
    assert watched.passed == 0
    reactor.pump([1.0] * 2)
    assert watched.passed > 0


def test_ends_with_the_last() -> None:
    """Behind the last connection it ticks no more, and begins anew with the next."""
    reactor = Clock()
    clock = CoarseClock(reactor)
    watched = Watched()
    clock.watch(watched)
    clock.forget(watched)
    clock.forget(watched)
    reactor.advance(1)
    assert reactor.getDelayedCalls() == []
    reactor.advance(100)
    clock.watch(watched)
    assert clock.now == 101.0
    assert len(reactor.getDelayedCalls()) == 1


def test_deadline() -> None:
    """A deadline is noticed once, not early, and less than two seconds late."""
    reactor = Clock()
    clock = CoarseClock(reactor)
    early, late = Watched(2.0), Watched(2.5)
    clock.watch(early)
    clock.watch(late)
    reactor.pump([1.0] * 2)
    assert (early.passed, late.passed) == (0, 0)
    reactor.advance(1)
    assert (early.passed, late.passed) == (1, 0)
    reactor.advance(1)
    assert (early.passed, late.passed) == (1, 1)
    reactor.pump([1.0] * 5)
    assert (early.passed, late.passed) == (1, 1)


def test_never() -> None:
    """The deadline of who does not wait never passes."""
    assert math.inf == NEVER
    reactor = Clock()
    clock = CoarseClock(reactor)
    watched = Watched()
    clock.watch(watched)
    reactor.advance(1e9)
    assert watched.passed == 0


def test_failing_connection() -> None:
    """A connection that fails to act on its deadline does not stop the clock for the others."""

    class Failing(Watched):
        def deadline_passed(self) -> None:
            super().deadline_passed()
            raise ValueError

    reactor = Clock()
    clock = CoarseClock(reactor)
    failing, watched = Failing(1.0), Watched(2.0)
    clock.watch(failing)
    clock.watch(watched)
    reactor.advance(1)
    with pytest.raises(ValueError):  # noqa: PT011 -- ours, which a reactor would log
        reactor.advance(1)
    reactor.advance(1)
    assert (failing.passed, watched.passed) == (1, 1)


class TestStop:
    """The end of a port."""

    def test_without_connections(self) -> None:
        """A clock that nobody needs stops at once."""
        reactor = Clock()
        clock = CoarseClock(reactor)
        clock.stop()
        watched = Watched()
        clock.watch(watched)
        clock.forget(watched)
        clock.stop()
        assert reactor.getDelayedCalls() == []
        clock.stop()

    def test_with_connections(self) -> None:
        """The deadlines of connections that outlive their port are kept; then it stops at once."""
        reactor = Clock()
        clock = CoarseClock(reactor)
        watched, other = Watched(2.0), Watched()
        clock.watch(watched)
        clock.watch(other)
        clock.stop()
        reactor.pump([1.0] * 3)
        assert watched.passed == 1
        clock.forget(watched)
        assert len(reactor.getDelayedCalls()) == 1
        clock.forget(other)
        assert reactor.getDelayedCalls() == []

    def test_begins_anew(self) -> None:
        """A new connection makes a stopped clock tick as if it had never stopped."""
        reactor = Clock()
        clock = CoarseClock(reactor)
        clock.stop()
        watched = Watched()
        clock.watch(watched)
        clock.forget(watched)
        assert len(reactor.getDelayedCalls()) == 1


def test_call_soon() -> None:
    """A function is called in the next turn, not before."""
    reactor = Clock()
    called: list[int] = []
    CoarseClock(reactor).call_soon(lambda: called.append(1))
    assert called == []
    reactor.advance(0)
    assert called == [1]


def test_global_reactor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a reactor of its own it takes the installed one, when it is needed."""
    reactor = Clock()
    clock = CoarseClock()
    monkeypatch.setattr(twisted.internet, "reactor", reactor, raising=False)
    clock.watch(Watched())
    assert len(reactor.getDelayedCalls()) == 1


def test_whether_it_has_a_reactor() -> None:
    """It is known whether the reactor was given, so that nobody has one installed just by asking."""
    assert CoarseClock(Clock()).has_reactor
    assert not CoarseClock().has_reactor
