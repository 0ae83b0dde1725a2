"""When a connection is made again: with a cap, with jitter, on a clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import Clock
from zope.interface import implementer

from cyclone_storage.redis import RedisFactory
from cyclone_storage.redis.pool.backoff import LASTING, Backoff, retry_delay


@implementer(IStreamClientEndpoint)
class Refusing:
    """An endpoint on which nobody listens.

    Attributes:
        times: When it was asked.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.times: list[float] = []

    def connect(self, _factory: object) -> "Deferred[object]":
        """Fail."""
        self.times.append(self.clock.seconds())
        return fail(Refused())


@given(
    st.integers(1, 10**6),
    st.floats(0, 100),
    st.floats(1, 1000),
    st.floats(0, 100),
    st.none() | st.floats(0, 1),
)
def test_a_delay_is_never_above_its_cap(
    attempt: int, initial: float, factor: float, longest: float, jitter: float | None
) -> None:
    """However many attempts have failed, and whatever chance says."""
    delay = retry_delay(attempt, initial, factor, longest, jitter)
    assert 0 <= delay <= longest


def test_delays_grow_and_differ() -> None:
    """Each is longer than the one before, and no two clients wait for the same time."""
    assert [retry_delay(n, 1, 2, 10, None) for n in range(1, 7)] == [1, 2, 4, 8, 10, 10]
    many = {retry_delay(9, 1, 2, 10, 0.2) for _ in range(100)}
    assert len(many) > 90
    assert min(many) >= 8
    assert max(many) <= 10


def test_a_connection_that_lasted_is_made_again_soon() -> None:
    """One that was lost at once counts as a failed attempt."""
    clock, begun = Clock(), []
    backoff = Backoff(
        clock, lambda failures: 100.0 * failures, lambda: begun.append(clock.seconds())
    )
    backoff.ended(LASTING)
    clock.advance(0.1)
    assert len(begun) == 1
    backoff.ended(LASTING / 2)
    clock.advance(99)
    assert len(begun) == 1
    clock.advance(1)
    assert len(begun) == 2
    backoff.ended(None)
    assert backoff.failures == 2
    assert backoff.waits
    backoff.at_once()
    clock.advance(0)
    assert (len(begun), backoff.waits) == (3, False)
    backoff.cancel()


def test_a_pool_tries_again_at_its_own_pace() -> None:
    """`initialDelay`, `factor` and `maxDelay` of the factory say when; a closed one never does."""
    clock = Clock()
    factory = RedisFactory("h:1", None, 1, isLazy=True, reactor=clock)
    factory.jitter = None
    factory.factor = 2
    factory.maxDelay = 5
    endpoint = Refusing(clock)
    factory.startConnecting(endpoint)
    clock.pump([0.5] * 40)
    assert endpoint.times == [0, 1, 3, 7, 12, 17]
    factory.resetDelay()
    clock.pump([0.5] * 10)
    assert endpoint.times[6:] == [22, 23, 25]
    factory.disconnect()
    clock.advance(100)
    assert len(endpoint.times) == 9
    assert not clock.getDelayedCalls()


@pytest.mark.parametrize(
    ("poolsize", "dbid", "problem"),
    [
        (0, None, "poolsize must be an integer of at least 1, not 0"),
        ("3", None, "poolsize must be an integer of at least 1, not '3'"),
        (True, None, "poolsize must be an integer of at least 1, not True"),
        (1, "x", "dbid must be an integer of at least 0, not 'x'"),
        (1, -1, "dbid must be an integer of at least 0, not -1"),
    ],
)
def test_a_pool_needs_numbers(poolsize: object, dbid: object, problem: str) -> None:
    """A wrong one is refused when the pool is made, by a ValueError as in txredisapi."""
    with pytest.raises(ValueError, match=problem):
        RedisFactory("h:1", dbid, poolsize)  # type: ignore[arg-type]
