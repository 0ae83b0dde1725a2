"""Sessions of handlers: finding them, saving them before the head, and their cookie."""

import gc
import hashlib
import weakref
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import formatEvent

from cyclone_storage.errors import StorageUnavailable
from cyclone_storage.sessions import (
    InvalidSessionValue,
    MemoryStore,
    Session,
    SessionClosed,
    SessionMixin,
)

from .handling import Browser, Clock, Handler, Plain, Whatever, sign
from .running import AwayStore, GatedStore, result_of

DAY = 86400


def put(**values: Whatever) -> Whatever:
    """Make a method that sets values."""
    return lambda _, session: session.update(values)


# Values.


def test_values(browser: Browser) -> None:
    """What one request sets, the next one sees, of any type that JSON has."""
    values = {"n": None, "b": True, "i": 1, "f": 1.5, "s": "\u20ac\ud800", "l": [1, {"d": []}]}
    browser.now(put(**values))
    assert browser.values() == values


def test_mapping(browser: Browser) -> None:
    """A session behaves like a dict."""

    def method(_: Handler, session: Session) -> None:
        session["a"] = 1
        assert session.setdefault("b", 2) == 2
        assert (len(session), list(session), "a" in session, 1 in session) == (
            2,
            ["a", "b"],
            True,
            False,
        )
        assert session.pop("a") == 1
        with pytest.raises(KeyError, match="a"):
            del session["a"]
        assert session == {"b": 2}

    browser.now(method)
    assert browser.values() == {"b": 2}
    browser.now(lambda _, session: session.clear())
    assert browser.values() == {}


def test_nothing(browser: Browser, store: MemoryStore) -> None:
    """A visitor for whom nothing is set gets no cookie, and nothing is stored."""
    handler = browser.now(lambda _, session: session.get("user"))
    assert (handler.jar, len(store)) == ({}, 0)
    assert handler.headers == [("Vary", "Cookie")]


def test_set_and_deleted(browser: Browser, store: MemoryStore) -> None:
    """Nor one for whom something was set and deleted again."""

    def method(_: Handler, session: Session) -> None:
        session["a"] = 1
        session.rotate()
        session.clear()

    assert browser.now(method).jar == {}
    assert len(store) == 0


def test_new(browser: Browser) -> None:
    """`new` tells whether anything was stored before, and stays during the request."""
    seen: list[bool] = []

    def method(_: Handler, session: Session) -> None:
        seen.append(session.new)
        session["a"] = 1
        seen.append(session.new)

    for _ in range(2):
        browser.now(method)
    assert seen == [True, True, False, False]


@pytest.mark.parametrize(
    "change",
    [
        lambda session: session["list"].append(2),
        lambda session: session.get("list").append(2),
        lambda session: next(iter(session.values())).append(2),
        lambda session: session["dict"].update(a=2),
    ],
)
def test_deep_change(browser: Browser, change: Whatever) -> None:
    """A change deep inside is saved, however the list or dict was found."""
    browser.now(put(list=[1], dict={"a": 1}))
    browser.now(lambda _, session: change(session))
    assert browser.values() != {"list": [1], "dict": {"a": 1}}


def test_change_of_what_was_set(browser: Browser) -> None:
    """What a request changes in a list after it has set it is saved, between two saves too."""
    held: list[int] = []
    handler = browser.request()
    session = result_of(handler.get_session())
    session["list"] = held
    result_of(handler.save())
    held.append(1)
    session["b"] = 1
    result_of(browser.end(handler))
    assert browser.values() == {"list": [1], "b": 1}


def test_flashes(browser: Browser) -> None:
    """A flash message is there for one request, in order with others."""
    seen: list[Any] = []
    browser.now(lambda _, session: session.flash("Saved."))
    browser.now(lambda _, session: session.flash("Full.", "warning"))
    for _ in range(2):
        browser.now(lambda _, session: seen.append(session.take_flashes()))
    assert seen == [[("info", "Saved."), ("warning", "Full.")], []]


@pytest.mark.parametrize("flash", [(1,), ("a", None)])
def test_invalid_flash(browser: Browser, flash: Whatever) -> None:
    """It is text, and so is its category."""

    def method(_: Handler, session: Session) -> None:
        with pytest.raises(InvalidSessionValue, match="flash message is text"):
            session.flash(*flash)

    browser.now(method)


# Requests.


def test_saved_once(clock: Clock) -> None:
    """A session is loaded once and saved once, whatever is done; unchanged it is not saved."""
    store = GatedStore(clock=clock)
    browser = Browser(session_store=store, session_clock=clock)
    browser.now(put(a=1, b=[]))
    assert store.calls == ["save"]

    async def method(handler: Handler, session: Session) -> None:
        assert await handler.get_session() is session
        session["a"] = 2
        session["b"].append(3)

    browser.now(method)
    assert store.calls == ["save", "load", "save"]
    browser.now(lambda _, session: list(session.values()))
    browser.now(put(a=2))
    assert store.calls == ["save", "load", "save", "load", "load"]


def test_shared(clock: Clock) -> None:
    """Callers at the same time share one question; each gets the session, but the one that gives up."""
    store = GatedStore(clock=clock)
    browser = Browser(session_store=store, session_clock=clock)
    browser.now(put(a=1))
    store.gate = Deferred()
    handler = browser.request()
    waiting = [handler.get_session() for _ in range(3)]
    given_up: list[Any] = []
    waiting[1].addErrback(given_up.append)
    waiting[1].cancel()
    assert given_up[0].check(CancelledError)
    store.gate.callback(None)
    first, second = result_of(waiting[0]), result_of(waiting[2])
    assert first is second
    assert first == {"a": 1}
    assert store.calls.count("load") == 1


def test_shared_failure(clock: Clock) -> None:
    """A failure goes to all of them, too; a later call asks again."""
    store = GatedStore(clock=clock)
    browser = Browser(session_store=store, session_clock=clock)
    browser.now(put(a=1))
    store.gate = Deferred()
    handler = browser.request()
    waiting = [handler.get_session() for _ in range(3)]
    failures: list[Any] = []
    for each in waiting:
        each.addErrback(failures.append)
    waiting[0].cancel()
    store.gate.errback(StorageUnavailable("away"))
    assert [each.type for each in failures] == [CancelledError, *[StorageUnavailable] * 2]
    store.gate = None
    assert result_of(handler.get_session()) == {"a": 1}
    result_of(browser.end(handler))


def test_not_waited_for(clock: Clock) -> None:
    """An answer does not wait for a session that nobody has waited for; it cannot be changed then."""
    store = GatedStore(clock=clock)
    browser = Browser(session_store=store, session_clock=clock)
    browser.now(put(a=1))
    store.gate = Deferred()
    handler = browser.request()
    waiting = handler.get_session()
    result_of(handler.send_head())
    store.gate.callback(None)
    session = result_of(waiting)
    assert session == {"a": 1}
    with pytest.raises(SessionClosed, match="before flush"):
        session["a"] = 2
    assert session == {"a": 1}


@pytest.mark.parametrize(
    "change",
    [
        lambda session: session.update(a=2),
        lambda session: session.pop("a"),
        lambda session: session.clear(),
        lambda session: session.rotate(),
        lambda session: session.destroy(),
        lambda session: session.flash("a"),
    ],
)
def test_changed_late(browser: Browser, change: Whatever) -> None:
    """Behind the head a session can be read and not be changed."""
    browser.now(put(a=1))
    handler = browser.request()
    session = result_of(handler.get_session())
    result_of(browser.end(handler))
    with pytest.raises(SessionClosed, match="behind the head"):
        change(session)
    assert (session["a"], session.take_flashes()) == (1, [])
    assert browser.values() == {"a": 1}


def test_found_late(browser: Browser) -> None:
    """A session that is asked for behind the head can be read only."""
    browser.now(put(a=1))
    handler = browser.request()
    handler.head_is_out = True
    session = result_of(handler.get_session())
    assert session == {"a": 1}
    with pytest.raises(SessionClosed):
        session["a"] = 2


def test_changed_while_saved(clock: Clock) -> None:
    """A change that comes while the session is saved is saved before the head, too."""
    store = GatedStore(clock=clock)
    browser = Browser(session_store=store, session_clock=clock)
    browser.now(put(a=1))
    handler = browser.request()
    session = result_of(handler.get_session())
    session["a"] = 2
    store.gate = Deferred()
    ending = Deferred.fromCoroutine(browser.end(handler))
    session["b"] = 3
    gate, store.gate = store.gate, None
    gate.callback(None)
    result_of(ending)
    assert browser.values() == {"a": 2, "b": 3}
    assert handler.headers.count(("Vary", "Cookie")) == 1


def test_outlives_its_request(browser: Browser) -> None:
    """A session that is kept longer than its handler can be read and not be changed."""
    browser.now(put(a=1))
    handler = browser.request()
    session = result_of(handler.get_session())
    (queue,) = handler.before
    queue()
    queue, save = handler.before
    del handler
    assert session["a"] == 1
    assert queue() is None
    result_of(save())
    with pytest.raises(SessionClosed):
        session["a"] = 2
    del queue, save
    with pytest.raises(SessionClosed):
        session["a"] = 2


def test_no_circle(browser: Browser) -> None:
    """Nothing of a request waits for the garbage collector."""
    browser.now(put(a=1))
    gc.collect()
    gc.disable()
    try:
        handler = browser.now(lambda _, session: session.update(a=[2]))
        seen = [weakref.ref(handler), weakref.ref(handler._session_access)]  # type: ignore[arg-type] # it has one
        del handler
        assert [each() for each in seen] == [None, None]
    finally:
        gc.enable()


@pytest.mark.parametrize("status", [200, 204, 302, 304, 400, 404, 499])
def test_status(browser: Browser, status: int) -> None:
    """Redirects and refusals save what was set."""
    browser.now(put(a=1), status)
    assert browser.values() == {"a": 1}


@pytest.mark.parametrize("status", [500, 503])
def test_server_error(browser: Browser, store: MemoryStore, status: int) -> None:
    """A request that has failed saves nothing, be it half of a sign-in; a sign-out holds."""
    assert browser.now(put(a=1), status).jar == {}
    assert len(store) == 0
    browser.now(put(a=1))
    before = dict(browser.cookies)

    def method(_: Handler, session: Session) -> None:
        session["user"] = "me"
        session.rotate()

    browser.now(method, status)
    assert browser.cookies == before
    assert browser.values() == {"a": 1}

    def sign_out(_: Handler, session: Session) -> None:
        session.destroy()
        session["a"] = 3

    browser.now(sign_out, status)
    assert (browser.cookies, len(store)) == ({}, 0)


def test_saves_last(browser: Browser, store: MemoryStore) -> None:
    """It is saved behind all else that was to come before the head: what fails there saves nothing."""
    order: list[str] = []
    handler = browser.request()
    session = result_of(handler.get_session())

    async def fail() -> None:
        order.append("failed")
        handler.status = 500

    handler.before_headers(fail)
    session["a"] = 1
    result_of(browser.end(handler))
    assert (order, handler.jar, len(store)) == (["failed"], {}, 0)
    assert ("Vary", "Cookie") in handler.headers


def test_changed_by_the_last(browser: Browser) -> None:
    """What such a function changes is saved as well, also one that comes while others are called."""
    handler = browser.request()
    session = result_of(handler.get_session())

    async def count() -> None:
        session["a"] = session.get("a", 0) + 1
        if session["a"] < 3:
            handler.before_headers(count)

    handler.before_headers(count)
    result_of(browser.end(handler))
    assert browser.values() == {"a": 3}


@pytest.mark.parametrize("what", ["load", "save", "delete"])
def test_store_away(clock: Clock, what: str) -> None:
    """A store that is away fails the request with 503, before anything is promised to the browser."""
    store = AwayStore(clock=clock)
    browser = Browser(session_store=store, session_clock=clock)
    browser.now(put(a=1))
    before = dict(browser.cookies)
    store.away = {what}

    def method(_: Handler, session: Session) -> None:
        if what == "delete":
            session.destroy()
        else:
            session.rotate()

    handler = browser.request()

    async def whole() -> None:
        method(handler, await handler.get_session())
        await browser.end(handler)

    with pytest.raises(StorageUnavailable, match="away") as caught:
        result_of(whole())
    assert (caught.value.http_status, handler.jar) == (503, {})
    # The error page goes out without asking again.
    handler.status = 503
    result_of(browser.end(handler))
    store.away = set()
    assert browser.cookies == before
    assert browser.values() == {"a": 1}


def test_store_refuses(clock: Clock) -> None:
    """A store that takes no session ends in an error, not in a loop."""

    class Full(MemoryStore):
        def save(self, *_: object) -> "Deferred[bool]":
            result: Deferred[bool] = Deferred()
            result.callback(False)
            return result

    browser = Browser(session_store=Full(), session_clock=clock)
    with pytest.raises(StorageUnavailable, match="takes no new session"):
        browser.now(put(a=1))


@pytest.mark.parametrize(
    "value",
    ["", "2 a - 1 1\n{}", "1 a - 1\n{}", "1 a - 1 nan\n{}", "1 a b@x 1 1\n{}", "1 a b 1 1\n{}"],
)
@pytest.mark.parametrize("data", ["{", "[]", "secret"])
def test_unreadable(
    browser: Browser, store: MemoryStore, value: str, data: str, events: list[Any]
) -> None:
    """What cannot be read in the store is no session; the log says so once, without what it is."""
    browser.now(put(a=1))
    ((key, entry),) = store._entries.items()
    if value.endswith("{}"):
        value = value[:-2] + data
    else:
        value = entry.session.value.partition("\n")[0] + "\n" + data
    session = entry.session._replace(value=value)
    result_of(store.save(key, session, session.revision, 100))
    assert browser.values() == {}
    (line,) = [formatEvent(event) for event in events]
    assert "cannot be read" in line
    assert "secret" not in line


# The cookie.


def test_cookie(browser: Browser) -> None:
    """The cookie is signed, HttpOnly and SameSite=Lax, for the whole site, and ends with the browser."""
    handler = browser.now(put(a=1))
    ((name, (value, attributes)),) = handler.jar.items()
    assert (name, value is None) == ("session", False)
    assert attributes == {"path": "/", "httponly": True, "samesite": "Lax", "expires_days": None}
    assert ("Cache-Control", "private") in handler.headers
    assert browser.now(put(a=2)).jar == {}


def test_secure_cookie(browser: Browser) -> None:
    """Over https it is Secure."""
    browser.protocol = "https"
    _, attributes = browser.now(put(a=1)).jar["session"]
    assert attributes["secure"] is True


@pytest.mark.parametrize("protocol", ["http", "https"])
def test_cookie_settings(browser: Browser, protocol: str) -> None:
    """Settings choose its name and attributes, of the one that is cleared as well."""
    browser.protocol = protocol
    browser.settings |= {
        "session_cookie_name": "sid",
        "session_cookie_domain": "example.com",
        "session_cookie_samesite": "Strict",
        "session_cookie_secure": protocol == "http",
        "session_cookie_persistent": True,
        "session_lifetime": 3 * DAY,
    }
    expected = {
        "path": "/",
        "httponly": True,
        "samesite": "Strict",
        "secure": protocol == "http",
        "domain": "example.com",
    }
    _, attributes = browser.now(put(a=1)).jar["sid"]
    assert attributes == expected | {"expires_days": 3}
    handler = browser.now(lambda _, session: session.destroy())
    assert handler.jar == {"sid": (None, expected)}


def test_cookie_is_small(browser: Browser) -> None:
    """It holds an id, however much the session does: browsers take 4096 bytes."""
    browser.now(put(a="x" * 60_000))
    assert len(browser.cookies["session"]) < 200


def test_store_knows_no_id(browser: Browser, store: MemoryStore) -> None:
    """Nothing of the id is in the store, only digests: who reads it cannot be anybody."""
    browser.now(put(a=1))
    browser.now(lambda _, session: session.rotate())
    value = browser.cookies["session"].split("|")[3]
    ((key, entry),) = store._entries.items()
    kept = key + entry.session.value
    assert len(value) == 65
    assert not any(value[start : start + 8] in kept for start in range(len(value) - 8))
    assert key == hashlib.sha256(value[:22].encode()).hexdigest()
    assert hashlib.sha256(value[22:].encode()).hexdigest() in kept


def test_ids_differ(store: MemoryStore, clock: Clock) -> None:
    """No two visitors have the same id."""
    seen = set()
    for _ in range(100):
        browser = Browser(session_store=store, session_clock=clock)
        browser.now(put(a=1))
        seen.add(browser.cookies["session"])
    assert len(seen) == len(store) == 100


ID = "A" * 65


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        ID,
        "2|1800000000|session|" + ID + "|" + "0" * 64,
        sign("other", ID, 1_800_000_000),
        sign("session", ID, 1_800_000_000, version=1),
        sign("session", ID[:-1], 1_800_000_000),
        sign("session", "=" * 65, 1_800_000_000),
        sign("session", "", 1_800_000_000),
    ],
)
def test_foreign_cookie(clock: Clock, cookie: str) -> None:
    """A cookie that is not ours, or of a weak format, is not even looked for in the store."""
    store = GatedStore(clock=clock)
    browser = Browser(session_store=store, session_clock=clock)
    browser.cookies["session"] = cookie
    assert browser.values() == {}
    assert store.calls == []
    browser.now(put(a=1))
    assert ID not in browser.cookies["session"]
    assert browser.values() == {"a": 1}


def test_unknown_id(browser: Browser, clock: Clock) -> None:
    """An id that we have signed and do not know any more is not taken over."""
    browser.cookies["session"] = sign("session", ID, clock())
    browser.now(put(a=1))
    assert ID not in browser.cookies["session"]
    assert browser.values() == {"a": 1}


def test_repr(browser: Browser) -> None:
    """What is shown of a session has neither its values nor its id."""
    hidden = "not to be seen"
    browser.now(put(a=hidden))
    handler = browser.request()
    session = result_of(handler.get_session())
    access: Any = handler._session_access
    assert repr(session) == "<Session of 1 values>"
    cookie = browser.cookies["session"].split("|")[3]
    for each in (access, access._id, access._record, access._state):
        assert hidden not in repr(each)
        assert not any(cookie[start : start + 8] in repr(each) for start in range(57))
    result_of(browser.end(handler))


def test_mixin_alone() -> None:
    """The mixin adds one method, and leaves all else to the handler."""
    public = {name for name in vars(SessionMixin) if not name.startswith("_")}
    assert public == {"get_session"}
    assert not hasattr(Plain, "get_session")
