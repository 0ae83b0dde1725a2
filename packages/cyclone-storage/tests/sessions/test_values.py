"""What a session takes: what comes back from JSON as it was, and nothing else."""

import enum
from collections import Counter, OrderedDict, defaultdict
from typing import Any

import pytest

from cyclone_storage.sessions import InvalidSessionValue, Session

from .handling import Browser, Handler, Whatever


class Level(enum.IntEnum):
    HIGH = 3


class Colour(enum.StrEnum):
    RED = "red"


class Name(str):
    __slots__ = ()


class Half(float):
    __slots__ = ()


class Row(list[Any]):
    pass


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Level.HIGH, r"is a Level, which would come back as int: put int\(\.\.\.\) of it"),
        (Colour.RED, r"is a Colour, .* str\(\.\.\.\)"),
        (Name("a"), r"is a Name, .* str\(\.\.\.\)"),
        (Half(0.5), r"is a Half, .* float\(\.\.\.\)"),
        (Row([1]), r"is a Row, .* list\(\.\.\.\)"),
        (OrderedDict(a=1), r"is a OrderedDict, .* dict\(\.\.\.\)"),
        (defaultdict(list), r"is a defaultdict, .* dict\(\.\.\.\)"),
        (Counter("a"), r"is a Counter, .* dict\(\.\.\.\)"),
        ([{"a": Level.HIGH}], r"\[0\]\['a'\] is a Level"),
        ({Colour.RED: 1}, r"has a key of type Colour"),
    ],
)
def test_subclass(browser: Browser, value: Whatever, said: str) -> None:
    """A kind of JSON's types that would come back as something less is refused, and the error helps."""

    def method(_: Handler, session: Session) -> None:
        with pytest.raises(InvalidSessionValue, match=said):
            session["k"] = value

    assert browser.now(method).jar == {}


def test_key_of_subclass(browser: Browser) -> None:
    """So is a key of the session itself."""

    def method(_: Handler, session: Session) -> None:
        with pytest.raises(InvalidSessionValue, match="are str, as in JSON, not Colour"):
            session[Colour.RED] = 1

    browser.now(method)


@pytest.mark.parametrize("value", ["text", 1, {}, ["a"], [["a"]], [["a", 1]], [["a", "b", "c"]]])
def test_place_of_flashes(browser: Browser, value: Whatever) -> None:
    """The key of flash messages takes nothing that could not be shown as such."""

    def method(_: Handler, session: Session) -> None:
        with pytest.raises(InvalidSessionValue, match=r"session\['_flashes'\].*flash\(\)"):
            session["_flashes"] = value

    browser.now(method)
    browser.now(lambda _, session: session.flash("a"))
    with pytest.raises(InvalidSessionValue, match=r"_flashes.*flash\(\)"):
        browser.now(lambda _, session: session["_flashes"].append(value))
    assert browser.values() == {"_flashes": [["info", "a"]]}
    browser.now(lambda _, session: session.update({"_flashes": [["info", "b"]]}))
    assert browser.values() == {"_flashes": [["info", "b"]]}
