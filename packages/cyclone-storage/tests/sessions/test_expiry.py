"""When sessions end: unused, too old, and what wrong clocks do to that."""

import pytest

from cyclone_storage.sessions import MemoryStore, SessionPolicy

from .handling import Browser, Clock, Handler, Whatever
from .running import GatedStore, result_of

MINUTE = 60
DAY = 86400


def put(**values: Whatever) -> Whatever:
    """Make a method that sets values."""
    return lambda _, session: session.update(values)


def stop(store: MemoryStore) -> None:
    """Make the store keep all for ever: only the server's own look at the time counts then."""
    store._clock = lambda: 0.0


def test_defaults() -> None:
    """Half an hour without a request, and two weeks in any case."""
    policy = SessionPolicy()
    assert (policy.idle_timeout, policy.lifetime, policy.max_size) == (1800, 14 * DAY, 65536)


@pytest.mark.parametrize("stopped", [False, True])
@pytest.mark.parametrize(("seconds", "alive"), [(1799, True), (1800, False)])
def test_idle(
    browser: Browser, store: MemoryStore, clock: Clock, seconds: int, alive: bool, stopped: bool
) -> None:
    """A session that is not used ends, even if the store would give it."""
    if stopped:
        stop(store)
    browser.now(put(a=1))
    clock.now += seconds
    assert browser.values() == ({"a": 1} if alive else {})


def test_ended_id(browser: Browser, store: MemoryStore, clock: Clock) -> None:
    """The id of a session that has ended is not used again."""
    stop(store)
    browser.now(put(a=1))
    before = browser.cookies["session"].split("|")[3]
    clock.now += 1800
    browser.now(put(b=1))
    after = browser.cookies["session"].split("|")[3]
    assert before[:22] != after[:22]
    assert browser.values() == {"b": 1}


def test_use_keeps_it(browser: Browser, clock: Clock) -> None:
    """A session that is used does not end, though nothing is set."""
    browser.now(put(a=1))
    for _ in range(10):
        clock.now += 1700
        assert browser.values() == {"a": 1}


def test_use_is_saved_seldom(clock: Clock) -> None:
    """Use alone is saved when a tenth of the idle time has passed, not with each request."""
    store = GatedStore(clock=clock)
    browser = Browser(session_store=store, session_clock=clock)
    browser.now(put(a=1))
    handlers = []
    for _ in range(30):
        clock.now += MINUTE
        handlers.append(browser.now(lambda _, session: session["a"]))
    assert store.calls.count("save") == 1 + 10
    assert all(handler.jar == {} for handler in handlers)


@pytest.mark.parametrize("stopped", [False, True])
def test_lifetime(browser: Browser, store: MemoryStore, clock: Clock, stopped: bool) -> None:
    """However often it is used, it ends; setting and rotating make it no younger."""
    if stopped:
        stop(store)
    browser.settings |= {"session_lifetime": 3600, "session_idle_timeout": 600}
    browser.now(put(a=1))
    for number in range(7):
        clock.now += 500
        browser.now(put(a=number))
        browser.now(lambda _, session: session.rotate())
        assert browser.values() == {"a": number}
    clock.now += 99
    assert browser.values() == {"a": 6}
    clock.now += 1
    assert browser.values() == {}


def test_renewed(browser: Browser, clock: Clock) -> None:
    """Signing in may begin its lifetime anew."""
    browser.settings |= {"session_lifetime": 3600}
    browser.now(put(a=1))
    clock.now += 1750
    browser.now(lambda _, session: session.rotate(renew=True))
    clock.now += 1750
    browser.values()
    clock.now += 1750
    assert browser.values() == {"a": 1}
    clock.now += 101
    assert browser.values() == {}


def test_long_lifetime(browser: Browser, clock: Clock) -> None:
    """A lifetime may be longer than signed cookies usually count."""
    browser.settings |= {"session_lifetime": 90 * DAY, "session_idle_timeout": 90 * DAY}
    browser.now(put(a=1))
    clock.now += 89 * DAY
    assert browser.values() == {"a": 1}
    clock.now += DAY
    assert browser.values() == {}


def test_ends_while_a_request_runs(browser: Browser, store: MemoryStore, clock: Clock) -> None:
    """What a request sets after the end of its session is dropped, signing in apart."""
    stop(store)
    browser.settings |= {"session_lifetime": 3600, "session_idle_timeout": 3600}
    browser.now(put(a=1))
    first, second = browser.request(), browser.request()
    one, two = result_of(first.get_session()), result_of(second.get_session())
    clock.now += 3600
    one["b"] = 1
    result_of(browser.end(first))
    assert first.jar == {}
    assert browser.values() == {}
    two["user"] = "me"
    two.rotate()
    result_of(browser.end(second))
    assert browser.values() == {"user": "me"}


def test_clock_goes_back(browser: Browser, store: MemoryStore, clock: Clock) -> None:
    """A clock that was ahead a little, and is put right, neither ends sessions nor lets them live longer."""
    stop(store)
    right = clock.now
    clock.now += 1000
    browser.now(put(a=1))
    clock.now = right
    assert browser.values() == {"a": 1}
    clock.now += 1799
    assert browser.values() == {"a": 1}
    for _ in range(2000):
        clock.now += 1700
        if not browser.values():
            break
    assert 14 * DAY <= clock.now - right < 15 * DAY


@pytest.mark.parametrize("later", [0, 100 * DAY])
def test_clock_was_far_ahead(browser: Browser, clock: Clock, later: float) -> None:
    """A session of a clock that was a year ahead is over: it would count for that year, unused."""
    clock.now += 365 * DAY
    browser.now(put(a=1))
    clock.now -= 365 * DAY - later
    assert browser.values() == {}


@pytest.mark.parametrize(("ahead", "alive"), [(59, True), (60, False)])
def test_short_idle_timeout(browser: Browser, clock: Clock, ahead: float, alive: bool) -> None:
    """However short the idle timeout, clocks of several servers may differ by less than a minute."""
    browser.settings["session_idle_timeout"] = 5
    browser.now(put(a=1))
    clock.now -= ahead
    assert browser.values() == ({"a": 1} if alive else {})


def test_clock_jumps_ahead(browser: Browser, clock: Clock) -> None:
    """A clock that jumps ahead ends sessions: nobody can tell that from time that has passed."""
    browser.now(put(a=1))
    clock.now += DAY
    assert browser.values() == {}


def test_servers_differ(clock: Clock) -> None:
    """Clocks of two servers that differ by seconds change nothing, and cost no save."""
    store = GatedStore(clock=clock)
    browser = Browser(session_store=store, session_clock=clock)
    browser.now(put(a=1))
    clock.now -= 30
    assert browser.values() == {"a": 1}
    assert store.calls.count("save") == 1


def test_clock_by_default(store: MemoryStore) -> None:
    """Without a setting the clock is the system's."""
    browser = Browser(session_store=store)
    handler: Handler = browser.now(put(a=1))
    assert handler.jar
    assert browser.values() == {"a": 1}
