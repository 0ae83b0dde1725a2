"""The settings of sessions: defaults, and errors that name the setting before anything is stored."""

from typing import Any

import pytest

from cyclone_storage.sessions import (
    MemoryStore,
    RedisStore,
    SessionSettingError,
    SQLiteStore,
)

from .handling import Browser, Clock, Handler, Request, Whatever
from .running import result_of


def put(**values: Whatever) -> Whatever:
    """Make a method that sets values."""
    return lambda _, session: session.update(values)


@pytest.mark.parametrize("store", [None, "memory", object(), MemoryStore])
def test_no_store(store: Whatever) -> None:
    """Without a store the error says which setting is missing."""
    handler = Handler({"session_store": store}, Request("http", {}))
    with pytest.raises(SessionSettingError, match=r"session_store=MemoryStore\(\)"):
        handler.get_session()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cookie_name", 1),
        ("cookie_name", ""),
        ("cookie_samesite", False),
        ("cookie_domain", 1),
        ("cookie_secure", "no"),
        ("cookie_persistent", []),
        ("idle_timeout", 0),
        ("idle_timeout", True),
        ("idle_timeout", float("inf")),
        ("lifetime", "1 h"),
        ("lifetime", -1),
        ("max_size", 1.5),
        ("max_size", 0),
        ("clock", 1),
        ("cookie_name", "a b"),
        ("cookie_name", "a;b"),
        ("cookie_name", "s\u00e9ssion"),
        ("cookie_name", "Path"),
        ("cookie_samesite", "bogus"),
        ("cookie_domain", "a;b"),
        ("cookie_domain", ""),
        ("cookie_domain", "a..b"),
        ("idle_timeout", 1e15),
        ("lifetime", 1e15),
        ("lifetime", float("nan")),
    ],
)
def test_malformed_setting(browser: Browser, name: str, value: Whatever) -> None:
    """A malformed setting is an error that names it."""
    browser.settings[f"session_{name}"] = value
    with pytest.raises(SessionSettingError, match=f"setting 'session_{name}' must"):
        browser.request().get_session()


def test_settings_of_one_application(browser: Browser) -> None:
    """Settings are those of the application that the handler belongs to."""
    browser.now(put(a=1))
    other = Browser(**{**browser.settings, "session_cookie_name": "other"})
    other.cookies = dict(browser.cookies)
    assert (browser.values(), other.values()) == ({"a": 1}, {})


@pytest.mark.parametrize(
    "settings",
    [
        {"cookie_name": "__Host-session", "cookie_domain": "example.com"},
        {"cookie_name": "__Host-session", "cookie_secure": False},
        {"cookie_name": "__secure-session", "cookie_secure": False},
        {"cookie_samesite": "None", "cookie_secure": False},
    ],
)
def test_cookie_that_browsers_refuse(
    browser: Browser, store: MemoryStore, settings: dict[str, Whatever]
) -> None:
    """Settings that make a cookie which no browser takes are an error, and nothing is stored."""
    browser.settings |= {f"session_{name}": value for name, value in settings.items()}
    with pytest.raises(SessionSettingError, match="browsers refuse") as caught:
        browser.now(put(a=1))
    assert all(f"'session_{name}'" in str(caught.value) for name in settings)
    assert len(store) == 0


@pytest.mark.parametrize(
    "domain", ["example.com", ".example.com", "localhost", "b\u00fccher.example"]
)
def test_domain(browser: Browser, domain: str) -> None:
    """A domain is a host name, with a dot before it if somebody writes it so, and in ASCII."""
    browser.settings["session_cookie_domain"] = domain
    if not domain.isascii():
        with pytest.raises(SessionSettingError, match=r"xn--"):
            browser.request().get_session()
        return
    _, attributes = browser.now(put(a=1)).jar["session"]
    assert attributes["domain"] == domain


def test_unforeseen_cookie(store: MemoryStore, clock: Clock) -> None:
    """A new session whose cookie the framework refuses does not stay in the store."""

    class Refusing(Handler):
        def set_signed_cookie(self, *_: object, **__: object) -> None:
            raise ValueError("no such key_version")

    settings: dict[str, Any] = {"session_store": store, "session_clock": clock}
    handler = Refusing(settings, Request("http", {}))
    result_of(handler.get_session())["a"] = 1
    with pytest.raises(ValueError, match="key_version"):
        result_of(handler.send_head())
    assert len(store) == 0


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: MemoryStore("5"), TypeError, "max_sessions must be an int, not str"),
        (lambda: MemoryStore(1.5), TypeError, "max_sessions must be an int, not float"),
        (lambda: MemoryStore(True), TypeError, "max_sessions must be an int, not bool"),
        (lambda: MemoryStore(float("nan")), TypeError, "max_sessions must be an int, not float"),
        (lambda: MemoryStore(clock=1.0), TypeError, "clock must be a function"),
        (lambda: RedisStore("redis://"), TypeError, r"RedisStore\(connect\(.*not of str"),
        (lambda: RedisStore(None), TypeError, r"RedisStore\(connect\(.*not of NoneType"),
        (lambda: RedisStore(MemoryStore), TypeError, "not of the class MemoryStore"),
        (lambda: RedisStore(FakeRedis(), prefix=b"a:"), TypeError, "prefix must be str, not bytes"),
        (lambda: SQLiteStore("x.db"), TypeError, r"SQLiteStore\(SQLitePool\(.*not of str"),
        (lambda: SQLiteStore(FakePool()), TypeError, "not of FakePool"),
        (lambda: SQLiteStore(FakeAdbapi(), table=1), TypeError, "table must be str, not int"),
        (lambda: SQLiteStore(FakeAdbapi(), clock=2), TypeError, "clock must be a function"),
    ],
)
def test_wrong_argument(make: Whatever, error: type[Exception], said: str) -> None:
    """A store that is made of the wrong thing says so when it is made, and what is right."""
    with pytest.raises(error, match=said):
        make()


class FakeRedis:
    """Has what `RedisStore` needs."""

    get = eval = delete = None


class FakePool:
    """Has half of what `SQLiteStore` needs."""

    runQuery = None  # noqa: N815 -- Twisted's name


class FakeAdbapi(FakePool):
    """Has all of it."""

    runInteraction = None  # noqa: N815 -- as above
