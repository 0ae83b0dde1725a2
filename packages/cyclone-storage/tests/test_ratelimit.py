"""Limits in memory: who may go on, what is remembered, what is refused."""

import math
import time
from collections.abc import AsyncIterator, Generator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from cyclone_storage.errors import StorageError
from cyclone_storage.ratelimit import Decision, RateLimit, RateLimited, remote_network
from cyclone_storage.ratelimit.keys import short_key


class Request:
    """A request, as far as keys are made of it."""

    def __init__(self, remote_ip: str | None) -> None:
        self.remote_ip = remote_ip


class Scripted:
    """Has what a store needs."""

    def eval(self, *_: object) -> Deferred[Any]:
        """Run a script."""
        return succeed([0, 0])

    def delete(self, _: object) -> Deferred[Any]:
        """Remove a key."""
        return succeed(1)


class Handler:
    """A handler with methods of every kind."""

    limit = RateLimit(1, 60, burst=2)

    def __init__(self, remote_ip: str | None = "192.0.2.1") -> None:
        self.request = Request(remote_ip)
        self.did: list[object] = []

    @limit.by(remote_network)
    def plain(self, *args: object, **kwargs: object) -> None:
        """Do it at once."""
        self.did.append((args, kwargs))

    @limit.by(remote_network)
    async def asynchronous(self) -> None:
        """Do it later."""
        self.did.append(await succeed("later"))

    @limit.by(remote_network)
    @inlineCallbacks
    def classic(self) -> Any:  # noqa: ANN401 -- what inlineCallbacks makes of it
        """Do it as one did."""
        self.did.append((yield succeed("classic")))

    @limit.by(remote_network)
    def generator(self) -> Generator[Deferred[str], str, str]:
        """Do it as one did who has forgotten `inlineCallbacks`."""
        self.did.append((yield succeed("generator")))
        return "its result"

    @limit.by(lambda _: "everybody", cost=2)
    async def failing(self) -> None:
        """Fail."""
        raise ValueError("a mistake")


def outcome(waiting: Deferred[Any]) -> Any:  # noqa: ANN401 -- whatever it is
    """Return what a Deferred has by now, an exception too."""
    results: list[Any] = []
    waiting.addCallbacks(results.append, lambda failure: results.append(failure.value))
    assert len(results) == 1
    return results[0]


def run(coroutine: Any) -> Any:  # noqa: ANN401 -- of a handler
    """Run a method to its end."""
    return outcome(Deferred.fromCoroutine(coroutine))


def test_burst_then_rate() -> None:
    """A full bucket allows its burst at once, then one attempt in each interval."""
    clock = Clock()
    limit = RateLimit(1, 10, burst=3, clock=clock)
    assert [outcome(limit.take("a")) for _ in range(4)] == [
        Decision(True, 2, 0),
        Decision(True, 1, 0),
        Decision(True, 0, 0),
        Decision(False, 0, 10),
    ]
    clock.advance(4)
    assert outcome(limit.take("a")) == Decision(False, 0, 6)
    clock.advance(6)
    assert outcome(limit.take("a")) == Decision(True, 0, 0)
    clock.advance(1000)
    assert outcome(limit.take("a")).remaining == 2


def test_keys_are_apart() -> None:
    """Each key has a bucket of its own; text is the same key as its bytes."""
    limit = RateLimit(1, 10, clock=Clock())
    attempts = [outcome(limit.take(key)).allowed for key in ("ä", "b", "ä", "ä".encode())]
    assert attempts == [True, True, False, False]


def test_cost() -> None:
    """An attempt may cost more; what is refused takes nothing."""
    limit = RateLimit(5, 5, clock=Clock())
    assert outcome(limit.take("a", cost=3)) == Decision(True, 2, 0)
    assert outcome(limit.take("a", cost=4)) == Decision(False, 2, 2)
    assert outcome(limit.take("a", cost=2)) == Decision(True, 0, 0)


def test_default_burst_is_the_rate() -> None:
    """Without `burst` it is the rate, rounded up, so that slow rates allow something."""
    clock = Clock()
    assert outcome(RateLimit(2.5, clock=clock).take("a")).remaining == 2
    assert outcome(RateLimit(0.1, clock=clock).take("a")) == Decision(True, 0, 0)


def test_monotonic_by_default() -> None:
    """Without a clock the limit works with the system's monotonic one."""
    limit = RateLimit(1, 3600)
    assert outcome(limit.take("a")).allowed
    assert 3590 < outcome(limit.take("a")).retry_after <= 3600


def test_check_raises() -> None:
    """`check` gives the decision, or fails with what a web framework answers with 429."""
    clock = Clock()
    limit = RateLimit(1, 2.5, clock=clock)
    assert outcome(limit.check("a")).allowed
    clock.advance(0.1)
    error = outcome(limit.check("a"))
    assert isinstance(error, RateLimited)
    assert isinstance(error, StorageError)
    assert error.http_status == 429
    assert dict(error.http_headers) == {"Retry-After": "3"}
    assert error.decision.retry_after == pytest.approx(2.4)
    assert str(error) == "too many attempts for the limit: the next one in 2.4 s"


def test_retry_after_is_at_least_one() -> None:
    """`Retry-After` is never 0, by which clients would come back too early."""
    limit = RateLimit(1000, burst=1, clock=Clock())
    limit.take("a")
    assert outcome(limit.check("a")).http_headers["Retry-After"] == "1"


def test_reset() -> None:
    """After `reset` the bucket is full; an unknown key is no error."""
    limit = RateLimit(1, 60, clock=Clock())
    limit.take("a")
    assert outcome(limit.reset("a")) is None
    assert outcome(limit.reset("b")) is None
    assert outcome(limit.take("a")).allowed


def test_memory_is_bounded() -> None:
    """Beyond `max_keys` the bucket that was not asked for longest is forgotten, a busy one is not."""
    limit = RateLimit(1, 60, max_keys=3, clock=Clock())
    for key in ("a", "b", "c", "a", "d"):
        limit.take(key)
    assert not outcome(limit.take("a")).allowed
    assert outcome(limit.take("b")).allowed
    size = len(limit._buckets)  # type: ignore[arg-type]
    assert size == 3


def test_full_buckets_are_forgotten() -> None:
    """Buckets that are full again take no memory: a few keys later they are gone."""
    clock = Clock()
    limit = RateLimit(1, 60, clock=clock)
    for number in range(100):
        limit.take(str(number))
    clock.advance(61)
    for _ in range(60):
        limit.take("a")
    size = len(limit._buckets)  # type: ignore[arg-type]
    assert size == 1


def test_too_fast_for_the_clock() -> None:
    """An interval that the clock cannot tell from nothing allows everything and keeps nothing."""
    clock = Clock()
    clock.advance(1e9)
    limit = RateLimit(1e12, burst=1, clock=clock)
    assert outcome(limit.take("a")).allowed
    assert outcome(limit.take("a")).allowed
    size = len(limit._buckets)  # type: ignore[arg-type]
    assert size == 0


def test_long_keys_are_hashed() -> None:
    """A key of any length needs little memory, and still is a key of its own."""
    limit = RateLimit(1, 60, clock=Clock())
    for key in ("x" * 10**6, "x" * 10**6 + "y", b"\xff" * 10**6, "\ud800" * 300):
        assert outcome(limit.take(key)).allowed
        assert not outcome(limit.take(key)).allowed
    kept = limit._buckets._full_at  # type: ignore[attr-defined]
    assert all(len(key) < 100 for key in kept)


def test_hashed_keys_are_apart() -> None:
    """Nobody can type what a long key of somebody else becomes."""
    long = "x" * 300
    digest = short_key(long)
    assert short_key(digest) != digest
    assert len({short_key(digest), short_key(short_key(digest)), digest}) == 3


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 4)), max_size=60), st.integers(4, 7))
def test_like_a_bucket_that_is_filled(attempts: list[tuple[float, int]], burst: int) -> None:
    """It decides as a bucket does that is written down as a number of tokens."""
    clock = Clock()
    limit = RateLimit(3, 2, burst=burst, clock=clock)
    tokens = float(burst)
    for pause, cost in attempts:
        clock.advance(pause)
        tokens = min(burst, tokens + pause * 3 / 2)
        if abs(tokens - cost) < 1e-6:
            # Floating point may go either way here, and the bucket with it.
            limit.reset("a")
            tokens = float(burst)
        decision = outcome(limit.take("a", cost))
        assert decision.allowed == (tokens >= cost)
        if decision.allowed:
            tokens -= cost
        else:
            assert decision.retry_after == pytest.approx((cost - tokens) * 2 / 3, abs=1e-6)
        assert tokens - 1.001 < decision.remaining <= tokens + 0.001


@pytest.mark.parametrize(
    ("error", "says", "options"),
    [
        (ValueError, "rate of a RateLimit is 0", {"rate": 0}),
        (ValueError, "rate of a RateLimit is nan", {"rate": math.nan}),
        (ValueError, "per of a RateLimit is -1", {"per": -1}),
        (ValueError, "timeout of a RateLimit is inf", {"timeout": math.inf}),
        (ValueError, "burst of a RateLimit is 0", {"burst": 0}),
        (TypeError, "burst of a RateLimit is 1.5", {"burst": 1.5}),
        (TypeError, "burst of a RateLimit is True", {"burst": True}),
        (ValueError, "max_keys of a RateLimit is -5", {"max_keys": -5}),
        (TypeError, "rate of a RateLimit is '5'; it must be a number", {"rate": "5"}),
        (TypeError, "rate of a RateLimit is None; it must be a number", {"rate": None}),
        (TypeError, "rate of a RateLimit is True; it must be a number", {"rate": True}),
        (TypeError, "rate of a RateLimit is Decimal", {"rate": Decimal(5)}),
        (TypeError, "timeout of a RateLimit is None; it must be a number", {"timeout": None}),
        (TypeError, r"per of a RateLimit .*give its total_seconds\(\)", {"per": timedelta(1)}),
        (ValueError, "RateLimit of 9.9.*e-321 in 60 s", {"rate": 1e-320, "per": 60}),
        (ValueError, "burst of a RateLimit is above", {"rate": 1e308, "per": 1e-300}),
        (ValueError, r"RateLimit of 1e\+15 in 1e-300 s", {"rate": 1e15, "per": 1e-300}),
        (ValueError, "rate of a RateLimit is 1000", {"rate": 10**400}),
        (ValueError, r"RateLimit of 1 in 1e\+11 s", {"per": 1e11}),
        (ValueError, "burst of a RateLimit is above", {"burst": 10**400}),
        (ValueError, "burst of a RateLimit is above", {"rate": 1e20}),
        (TypeError, "store= of a RateLimit is of type str.*connect", {"store": "redis://x"}),
        (TypeError, "store= of a RateLimit is of type type", {"store": Scripted}),
        (TypeError, "name= of a RateLimit is 5; it must be text", {"name": 5}),
        (TypeError, "clock= of a RateLimit .* has no seconds", {"clock": time.time}),
        (TypeError, "fail_open= of a RateLimit is 'no'", {"fail_open": "no"}),
    ],
)
def test_wrong_options(error: type[Exception], says: str, options: dict[str, Any]) -> None:
    """A number that makes no limit is refused with its name and value."""
    with pytest.raises(error, match=f"^(the |a |)?{says}"):
        RateLimit(**{"rate": 1, **options})


def test_no_password_in_errors() -> None:
    """A URL that was given in the place of a pool is not shown: it may hold a password."""
    url: Any = "redis://:secret@host/0"
    with pytest.raises(TypeError) as caught:
        RateLimit(1, store=url, name="x")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("rate", "per"), [(1, 1e10), (1e12, 1), (1e-10, 1)])
def test_extreme_rates(rate: float, per: float) -> None:
    """The slowest and the fastest limit that can be made count as all others do."""
    limit = RateLimit(rate, per, burst=1, clock=Clock())
    assert outcome(limit.take("a")) == Decision(True, 0, 0)
    assert outcome(limit.take("a")) == Decision(False, 0, pytest.approx(per / rate))


@pytest.mark.parametrize(
    ("error", "says", "key", "cost"),
    [
        (TypeError, "the key of an attempt is None; it must be text", None, 1),
        (TypeError, "the key of an attempt is 5; it must be text", 5, 1),
        (ValueError, "the cost of an attempt is 0; it must be above 0", "a", 0),
        (TypeError, "the cost of an attempt is 0.5; it must be a whole number", "a", 0.5),
        (ValueError, "a cost of 3 is never allowed: buckets hold 2; raise burst=", "a", 3),
    ],
)
def test_wrong_attempts(error: type[Exception], says: str, key: Any, cost: Any) -> None:  # noqa: ANN401
    """A key or a cost that can never be right is refused where it is given."""
    with pytest.raises(error, match=says):
        RateLimit(1, burst=2).take(key, cost)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        (None, ""),
        ("/run/socket", "/run/socket"),
    ],
)
def test_remote_network(address: str | None, key: str) -> None:
    """Clients are told apart by IPv4 address and IPv6 network: a network has one owner."""
    assert remote_network(Handler(address)) == key


def test_decorated_methods() -> None:
    """The limit stands before plain, asynchronous and classic methods, one bucket for all of them."""
    handler = Handler("198.51.100.1")
    assert run(handler.plain(1, two=2)) is None
    assert run(handler.asynchronous()) is None
    error = run(handler.classic())
    assert isinstance(error, RateLimited)
    assert handler.did == [((1,), {"two": 2}), "later"]
    other = Handler("198.51.100.2")
    assert run(other.classic()) is None
    assert other.did == ["classic"]
    assert handler.plain.__name__ == "plain"


def test_decorated_generators() -> None:
    """A generator runs as it does without the limit, and what a method returns is returned."""
    handler = Handler("198.51.100.3")
    with capturedLogs() as lines:
        assert run(handler.generator()) == "its result"
    assert handler.did == ["generator"]
    assert [formatEvent(line) for line in lines] == [
        "Handler.generator returned a generator: is @inlineCallbacks missing?"
    ]
    assert run(handler.generator()) == "its result"
    assert isinstance(run(handler.generator()), RateLimited)


async def iterated(_: object) -> AsyncIterator[str]:
    """Yield where it should await."""
    yield "a"


def get(_: object) -> None:
    """Stand where the key should."""


async def coroutine(_: object) -> None:
    """Stand where the key should."""


def generator(_: object) -> Generator[None, None, None]:
    """Stand where the key should."""
    yield None


@pytest.mark.parametrize(
    ("error", "says", "given"),
    [
        (TypeError, "key of by.. is 'x'; it must be a function", ("x",)),
        (TypeError, "key of by.. is <function get .*@limit.by.remote_network.", (get,)),
        (TypeError, "key of by.. is <function coroutine .*by.remote_network", (coroutine,)),
        (TypeError, "key of by.. is <function generator .*by.remote_network", (generator,)),
        (ValueError, "a cost of 99 is never allowed: buckets hold 2", (remote_network, 99)),
        (ValueError, "the cost of an attempt is 0", (remote_network, 0)),
        (TypeError, "the cost of an attempt is '1'", (remote_network, "1")),
    ],
)
def test_wrong_decorators(error: type[Exception], says: str, given: tuple[Any, ...]) -> None:
    """A key or cost that can never be right is refused when the class is made."""
    with pytest.raises(error, match=says):
        RateLimit(1, burst=2).by(*given)


@pytest.mark.parametrize(
    ("method", "says"),
    [
        (Handler(), r"before a method, not before <.*Handler.*written without its key\?"),
        (iterated, "iterated is an async generator, which nobody iterates"),
    ],
)
def test_wrong_methods(method: Any, says: str) -> None:  # noqa: ANN401 -- that is the mistake
    """What is no method that can be run is refused, not answered by an empty page."""
    with pytest.raises(TypeError, match=says):
        RateLimit(1).by(remote_network)(method)


def test_decorated_failures() -> None:
    """What the method raises comes through, and the attempt has counted with its cost."""
    handler = Handler()
    assert isinstance(run(handler.failing()), ValueError)
    assert isinstance(run(handler.failing()), RateLimited)


def test_repr() -> None:
    """It shows what is allowed."""
    assert repr(RateLimit(2, 5, burst=4)) == "<RateLimit: one in 2.5 s, 4 at once, in memory>"
