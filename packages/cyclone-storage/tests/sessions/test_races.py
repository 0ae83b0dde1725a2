"""Several requests of one session at once: changes meet, a sign-out wins, a rotation cuts off."""

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import LogLevel, formatEvent

from cyclone_storage.errors import StorageUnavailable
from cyclone_storage.sessions import MemoryStore, Session

from .handling import Browser, Clock, Handler, Whatever
from .running import AwayStore, GatedStore, result_of


def begin(browser: Browser) -> tuple[Handler, Session]:
    """Begin a request that has found its session."""
    handler = browser.request()
    return handler, result_of(handler.get_session())


def end(browser: Browser, handler: Handler) -> None:
    """End it."""
    result_of(browser.end(handler))


def put(**values: Whatever) -> Whatever:
    """Make a method that sets values."""
    return lambda _, session: session.update(values)


def stolen(browser: Browser) -> Browser:
    """Make another browser with the same cookies."""
    other = Browser(**browser.settings)
    other.cookies = dict(browser.cookies)
    return other


# Saving.


def test_other_keys(browser: Browser) -> None:
    """Requests that change other keys both have their way, deleting included."""
    browser.now(put(a=1, b=1, c=1))
    first, one = begin(browser)
    second, two = begin(browser)
    one["a"] = 2
    del one["c"]
    two["b"] = 2
    two["d"] = 2
    end(browser, first)
    end(browser, second)
    assert browser.values() == {"a": 2, "b": 2, "d": 2}


def test_same_key(browser: Browser) -> None:
    """Of one key the last that saves has its way; of two equal values of other types, too."""
    browser.now(put(a=1, b=1))
    first, one = begin(browser)
    second, two = begin(browser)
    one["a"] = 2
    two["a"] = 3
    two["b"] = True
    end(browser, first)
    end(browser, second)
    assert browser.values() == {"a": 3, "b": True}
    assert browser.values()["b"] is True


def test_changed_again_after_merging(browser: Browser) -> None:
    """A request that goes on after its changes were merged takes nothing of the other one's back."""
    browser.now(put(a=1))
    first, one = begin(browser)
    second, two = begin(browser)
    one["b"] = 1
    end(browser, first)
    two["c"] = 1
    result_of(second.save())
    two["d"] = 1
    end(browser, second)
    assert browser.values() == {"a": 1, "b": 1, "c": 1, "d": 1}


def test_many(browser: Browser) -> None:
    """However many requests meet, none is lost."""
    browser.now(put(a=1))
    running = [begin(browser) for _ in range(50)]
    for number, (_, session) in enumerate(running):
        session[f"k{number}"] = number
    for handler, _ in running:
        end(browser, handler)
    assert browser.values() == {"a": 1} | {f"k{number}": number for number in range(50)}


def test_too_many(clock: Clock) -> None:
    """Somebody who always comes second is told so at last."""

    class Busy(MemoryStore):
        def save(
            self, key: str, session: Whatever, expected: str | None, lifetime: float
        ) -> Whatever:
            if expected is not None:
                found: Any = self._find(key)
                other = found._replace(revision=f"{hash(found.revision):016x}"[:16])
                super().save(key, other, found.revision, lifetime)
            return super().save(key, session, expected, lifetime)

    browser = Browser(session_store=Busy(), session_clock=clock)
    browser.now(put(a=1))
    with pytest.raises(StorageUnavailable, match="again and again"):
        browser.now(put(a=2))


def test_many_at_once(clock: Clock) -> None:
    """Requests of one session that end at the same time in one process save one behind the other.

    Each asks at most thrice more: in vain, for what is there by now, and to save.
    """
    store = GatedStore(clock=clock)
    browser = Browser(session_store=store, session_clock=clock)
    browser.now(put(a=1))
    running = [begin(browser) for _ in range(100)]
    for number, (_, session) in enumerate(running):
        session[f"k{number}"] = number
    store.calls.clear()
    store.gate = gate = Deferred()
    ending = [Deferred.fromCoroutine(browser.end(handler)) for handler, _ in running]
    assert store.calls == ["save"]
    store.gate = None
    gate.callback(None)
    assert all(each.called for each in ending)
    assert browser.values() == {"a": 1} | {f"k{number}": number for number in range(100)}
    assert len(store.calls) <= 3 * 100


def test_gives_up_its_turn(clock: Clock) -> None:
    """A request that ends while it waits for its turn to save holds up nobody."""
    store = GatedStore(clock=clock)
    browser = Browser(session_store=store, session_clock=clock)
    browser.now(put(a=1))
    running = [begin(browser) for _ in range(3)]
    for number, (_, session) in enumerate(running):
        session[f"k{number}"] = number
    store.gate = gate = Deferred()
    ending = [Deferred.fromCoroutine(browser.end(handler)) for handler, _ in running]
    failures: list[Any] = []
    ending[1].addErrback(failures.append)
    ending[1].cancel()
    store.gate = None
    gate.callback(None)
    assert failures[0].check(CancelledError)
    assert browser.values() == {"a": 1, "k0": 0, "k2": 2}


def test_failure_frees_the_turn(clock: Clock) -> None:
    """Nor does one whose save fails."""
    store = AwayStore(clock=clock)
    browser = Browser(session_store=store, session_clock=clock)
    browser.now(put(a=1))
    store.away = {"save"}
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            browser.now(put(a=2))
    store.away = set()
    browser.now(put(a=3))
    assert browser.values() == {"a": 3}


@pytest.mark.parametrize("rotate", [False, True])
def test_sign_out_wins(browser: Browser, store: MemoryStore, rotate: bool) -> None:
    """A session that was destroyed while another request ran does not come back, rotated or not."""
    browser.now(put(user="me"))
    late, session = begin(browser)
    session["seen"] = 1
    if rotate:
        session.rotate()
        del session["seen"]
    browser.now(lambda _, session: session.destroy())
    end(browser, late)
    assert (late.jar, len(store), browser.cookies) == ({}, 0, {})


def test_sign_out_wins_over_a_touch(browser: Browser, store: MemoryStore, clock: Clock) -> None:
    """Nor does it because a request has only used it."""
    browser.now(put(user="me"))
    late, _ = begin(browser)
    browser.now(lambda _, session: session.destroy())
    clock.now += 1000
    end(browser, late)
    assert (late.jar, len(store)) == ({}, 0)


def test_sign_out_while_saving(clock: Clock) -> None:
    """Nor if it is destroyed between loading and the save that is on its way."""
    store = GatedStore(clock=clock)
    browser = Browser(session_store=store, session_clock=clock)
    browser.now(put(user="me"))
    late, session = begin(browser)
    session["seen"] = 1
    store.gate = gate = Deferred()
    ending = Deferred.fromCoroutine(browser.end(late))
    store.gate = None
    stolen(browser).now(lambda _, session: session.destroy())
    gate.callback(None)
    result_of(ending)
    assert len(store) == 0


def test_sign_out_after_rotation(browser: Browser, store: MemoryStore) -> None:
    """A sign-out that began before a rotation hits the session under its new id."""
    browser.now(put(user="me"))
    leaving, session = begin(browser)
    browser.now(lambda _, session: session.rotate())
    session.destroy()
    end(browser, leaving)
    assert len(store) == 0
    assert browser.values() == {}


def test_dropped_stays_dropped(browser: Browser, store: MemoryStore) -> None:
    """What a request sets after its session was found destroyed is dropped as well."""
    browser.now(put(user="me"))
    late, session = begin(browser)
    session["a"] = 1
    browser.now(lambda _, session: session.destroy())
    result_of(late.save())
    session["b"] = 1
    end(browser, late)
    assert (late.jar, len(store)) == ({}, 0)


# Rotation.


def test_rotate(browser: Browser, store: MemoryStore) -> None:
    """A rotated session keeps its values under another id; the one before is worth nothing."""
    browser.now(put(cart=1))
    planted = stolen(browser)

    def sign_in(_: Handler, session: Session) -> None:
        session["user"] = "me"
        session.rotate()

    handler = browser.now(sign_in)
    assert ("Cache-Control", "private") in handler.headers
    assert browser.cookies != planted.cookies
    assert browser.values() == {"cart": 1, "user": "me"}
    assert planted.values() == {}
    assert len(store) == 1


def test_rotate_alone(browser: Browser) -> None:
    """Nothing else need change for it, and twice in one request is once."""
    browser.now(put(a=1))
    before = dict(browser.cookies)

    def method(_: Handler, session: Session) -> None:
        session.rotate(renew=True)
        session.rotate()

    browser.now(method)
    assert browser.cookies != before
    assert browser.values() == {"a": 1}


def test_planted_id(browser: Browser, clock: Clock) -> None:
    """Who has planted the id of a session sees and changes nothing of it once somebody has signed in."""
    attacker = browser
    attacker.now(put(a=1))
    victim = stolen(attacker)
    waiting, held = begin(attacker)  # a request that the attacker keeps open meanwhile
    victim.now(lambda _, session: (session.update(user="victim"), session.rotate()))
    held["user"] = "attacker"
    end(attacker, waiting)
    assert waiting.jar == {}
    assert attacker.values() == {}
    attacker.now(put(user="attacker"))
    clock.now += 61
    assert attacker.values() == {}
    assert victim.values() == {"a": 1, "user": "victim"}


def test_planted_id_with_a_sign_in(browser: Browser, store: MemoryStore) -> None:
    """Nor by signing in with it: that begins a session of its own, without what the other one holds."""
    attacker = browser
    attacker.now(put(admin=False, cart=1))
    victim = stolen(attacker)
    waiting, held = begin(attacker)
    victim.now(lambda _, session: (session.update(admin=True), session.rotate()))
    held["user"] = "attacker"
    held.rotate()
    end(attacker, waiting)
    assert attacker.values() == {"user": "attacker"}
    assert victim.values() == {"admin": True, "cart": 1}
    assert len(store) == 2
    held_again, session = begin(attacker)
    session["more"] = 1
    end(attacker, held_again)
    assert attacker.values() == {"user": "attacker", "more": 1}


def test_rotation_hands_nothing_on(browser: Browser) -> None:
    """A stolen id does not survive a rotation by another one at the same time."""
    browser.now(put(user="me"))
    thief = stolen(browser)
    waiting, session = begin(thief)
    browser.now(lambda _, session: session.rotate())
    session.rotate()
    end(thief, waiting)
    assert waiting.jar == {}
    assert thief.values() == {}
    assert browser.values() == {"user": "me"}


def test_sign_in_twice(browser: Browser) -> None:
    """Somebody who has clicked twice on "sign in" is signed in, whichever answer the browser takes."""
    browser.now(put(cart=1))
    first, one = begin(browser)
    second, two = begin(browser)
    for session in (one, two):
        session["user"] = "me"
        session.rotate()
    end(Browser(**browser.settings), first)  # the browser throws this answer away
    end(browser, second)
    assert browser.values() == {"user": "me"}


def test_sign_in_twice_again(browser: Browser) -> None:
    """So is somebody who was signed in before: what is set counts, even if it is the same."""
    browser.now(put(user="me", cart=1))
    first, one = begin(browser)
    second, two = begin(browser)
    for session in (one, two):
        session["user"] = "me"
        session["gone"] = 1
        del session["gone"]
        session.rotate()
    end(Browser(**browser.settings), first)
    end(browser, second)
    assert browser.values() == {"user": "me"}


def test_goes_on_after_own_session(browser: Browser) -> None:
    """A request that has begun a session of its own goes on with that one."""
    browser.now(put(cart=1))
    first, one = begin(browser)
    second, two = begin(browser)
    one.rotate()
    end(Browser(**browser.settings), first)
    two["user"] = "me"
    two.rotate()
    result_of(second.save())
    two["more"] = 1
    end(browser, second)
    assert browser.values() == {"user": "me", "more": 1}


def test_late_request(browser: Browser, store: MemoryStore, clock: Clock) -> None:
    """A request that comes with the id from before a rotation leaves the browser's new cookie alone."""
    browser.now(put(a=1))
    late = stolen(browser)
    browser.now(lambda _, session: session.rotate())
    clock.now += 59
    assert late.now(put(b=1)).jar == {}
    assert len(store) == 1
    late.now(lambda _, session: (session.update(user="me"), session.rotate()))
    assert late.values() == {"user": "me"}
    assert browser.values() == {"a": 1}


def test_too_late_request(browser: Browser, store: MemoryStore, clock: Clock) -> None:
    """A minute later it is a visitor like any other, and cannot sign out whose id it once was."""
    browser.now(put(a=1))
    late = stolen(browser)
    browser.now(lambda _, session: session.rotate())
    clock.now += 60
    other = stolen(late)
    other.now(lambda _, session: session.destroy())
    assert other.cookies == {}
    late.now(put(b=1))
    assert late.values() == {"b": 1}
    assert browser.values() == {"a": 1}
    assert len(store) == 2


def test_rotations_in_a_row(browser: Browser, store: MemoryStore, clock: Clock) -> None:
    """Nor does one from before several rotations within that minute replace the cookie; then it ends."""
    browser.now(put(a=1))
    late = []
    for _ in range(3):
        late.append(stolen(browser))
        clock.now += 20
        browser.now(lambda _, session: session.rotate())
    assert [each.now(put(b=1)).jar for each in late] == [{}, {}, {}]
    assert len(store) == 1
    clock.now += 20
    assert [bool(each.now(put(b=1)).jar) for each in late] == [True, False, False]
    assert browser.values() == {"a": 1}


def test_flood_of_rotations(browser: Browser, store: MemoryStore) -> None:
    """Of very many rotations only the last ones are remembered: what is stored does not grow."""
    browser.now(put(a=1))
    sizes = []
    for _ in range(30):
        late = stolen(browser)
        browser.now(lambda _, session: session.rotate())
        ((_, entry),) = store._entries.items()
        sizes.append(len(entry.session.value))
    assert sizes[8:] == [sizes[8]] * 22
    assert late.now(put(b=1)).jar == {}


def test_dropped_is_logged(browser: Browser, events: list[Any]) -> None:
    """What is dropped because the session was rotated or destroyed meanwhile leaves a line to debug by."""
    browser.now(put(a=1))
    late, session = begin(browser)
    idle, _ = begin(browser)
    session["a"] = "hidden"
    browser.now(lambda _, session: session.destroy())
    end(browser, late)
    end(browser, idle)
    (event,) = events
    assert event["log_level"] is LogLevel.debug
    assert "dropped" in formatEvent(event)
    assert "hidden" not in formatEvent(event)


def test_late_sign_out(browser: Browser, store: MemoryStore) -> None:
    """A late request may sign out, for whoever does expects to be out; that is all it can."""
    browser.now(put(a=1))
    late = stolen(browser)
    browser.now(lambda _, session: session.rotate())
    late.now(lambda _, session: session.destroy())
    assert (len(store), late.cookies, browser.values()) == (0, {}, {})


# Signing out.


def test_destroy(browser: Browser, store: MemoryStore) -> None:
    """A destroyed session is gone from the store and from the browser."""
    browser.now(put(a=1))
    kept = stolen(browser)
    handler = browser.now(lambda _, session: session.destroy())
    assert handler.jar["session"][0] is None
    assert (len(store), browser.cookies) == (0, {})
    assert kept.values() == {}


def test_destroy_and_set(browser: Browser, store: MemoryStore) -> None:
    """What is set after that is in a session with an id of its own."""
    browser.now(put(a=1))
    before = browser.cookies["session"]

    def method(_: Handler, session: Session) -> None:
        session.rotate()
        session.destroy()
        session.flash("See you.")

    browser.now(method)
    old, new = (each.split("|")[3] for each in (before, browser.cookies["session"]))
    assert old[:22] != new[:22]
    assert len(store) == 1
    browser.now(lambda _, session: session.take_flashes())
    assert browser.values() == {}


def test_destroy_nothing(browser: Browser) -> None:
    """Without a session there is nothing to destroy; a cookie of one that is over is cleared."""
    assert browser.now(lambda _, session: session.destroy()).jar == {}
    browser.now(put(a=1))
    stolen(browser).now(lambda _, session: session.destroy())
    browser.now(lambda _, session: session.destroy())
    assert browser.cookies == {}
