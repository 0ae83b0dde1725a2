"""How large a session may be: alone, with what others have saved meanwhile, and above the bound."""

import pytest

from cyclone_storage.sessions import MemoryStore, Session, SessionTooLarge

from .handling import Browser, Handler, Whatever
from .running import result_of


def put(**values: Whatever) -> Whatever:
    """Make a method that sets values."""
    return lambda _, session: session.update(values)


def test_too_large(browser: Browser, store: MemoryStore) -> None:
    """Values at the bound are saved; beyond it, the error says which is the largest."""
    browser.settings["session_max_size"] = 100
    text = "x" * (100 - len('{"a":1,"b":""}'))
    browser.now(put(a=1, b=text))
    with pytest.raises(
        SessionTooLarge, match=r"101 bytes, more than the 100.*session\['b'\]"
    ) as caught:
        browser.now(put(b=text + "y"))
    assert "xxx" not in str(caught.value)
    assert browser.values() == {"a": 1, "b": text}
    assert len(store) == 1


def test_merged_too_large(browser: Browser) -> None:
    """Requests at once that are small each do not bring the session over the bound together."""
    browser.settings["session_max_size"] = 100
    browser.now(put(a=1))
    running = []
    for number in range(5):
        handler = browser.request()
        result_of(handler.get_session())[f"k{number}"] = "x" * 30
        running.append(handler)
    refused = 0
    for handler in running:
        try:
            result_of(browser.end(handler))
        except SessionTooLarge as error:
            assert "at the same time" in str(error)  # noqa: PT017 -- two of five have it
            refused += 1
    assert refused == 3
    assert browser.values() == {"a": 1, "k0": "x" * 30, "k1": "x" * 30}
    browser.now(put(a=2))
    assert browser.values()["a"] == 2


def test_merged_to_the_bound(browser: Browser) -> None:
    """Together they may have as much as one."""
    browser.settings["session_max_size"] = len('{"a":1,"b":2}')
    browser.now(put(z=1))
    first, second = browser.request(), browser.request()
    for handler, key in ((first, "a"), (second, "b")):
        session = result_of(handler.get_session())
        session.pop("z")
        session[key] = {"a": 1, "b": 2}[key]
    result_of(browser.end(first))
    result_of(browser.end(second))
    assert browser.values() == {"a": 1, "b": 2}


def large(browser: Browser) -> None:
    """Let the browser have a session that is above the bound, as that was lowered."""
    browser.now(put(a="x" * 200, b="y" * 200, c=[1]))
    browser.settings["session_max_size"] = 100


def test_above_the_bound(browser: Browser) -> None:
    """A session that was found above the bound can be read, changed to less, and rotated."""
    large(browser)
    before = dict(browser.cookies)
    browser.now(lambda _, session: session["c"])
    browser.now(lambda _, session: session.rotate())
    assert browser.cookies != before
    browser.now(lambda _, session: session.pop("a"))
    browser.now(put(c=[2]))
    assert browser.values() == {"b": "y" * 200, "c": [2]}
    with pytest.raises(SessionTooLarge, match=r"more than the 100.*session\['b'\]"):
        browser.now(put(c=[2, 3]))


def test_above_the_bound_is_destroyed(browser: Browser, store: MemoryStore) -> None:
    """It can be destroyed, too, and what is set then has the bound."""
    large(browser)

    def method(_: Handler, session: Session) -> None:
        session.destroy()
        session["a"] = "x" * 200

    with pytest.raises(SessionTooLarge):
        browser.now(method)
    assert len(store) == 0


def test_own_session_above_the_bound(browser: Browser, store: MemoryStore) -> None:
    """Nor does a request that begins a session of its own bring one above the bound into the store."""
    large(browser)
    first, second = browser.request(), browser.request()
    result_of(first.get_session()).rotate()
    session = result_of(second.get_session())
    session["a"] = "z" * 150
    session.rotate()
    result_of(Browser(**browser.settings).end(first))
    with pytest.raises(SessionTooLarge):
        result_of(browser.end(second))
    assert len(store) == 1
