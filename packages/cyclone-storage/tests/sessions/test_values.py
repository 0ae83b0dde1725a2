"""What a session takes: what comes back from JSON as it was, and nothing else."""

import enum
from collections import Counter, OrderedDict, defaultdict
from typing import Any

import pytest

from cyclone_storage.sessions import InvalidSessionValue, Session

from .handling import Browser, Handler, Whatever


def put(**values: Whatever) -> Whatever:
    """Make a method that sets values."""
    return lambda _, session: session.update(values)


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


class Decimal:
    """Stands for any type that JSON does not know."""


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ((1, 2), r"session\['k'\] is a tuple.* list\(\.\.\.\)"),
        ({1}, r"session\['k'\] is a set"),
        (b"x", r"session\['k'\] is a bytes.*base64"),
        ([{"a": Decimal()}], r"session\['k'\]\[0\]\['a'\] is a Decimal.*str\(\.\.\.\)"),
        (object(), r"session\['k'\] is a object"),
        (float("nan"), r"session\['k'\] is nan"),
        ([float("-inf")], r"session\['k'\]\[0\] is -inf"),
        ({"a": {1: 2}}, r"session\['k'\]\['a'\] has a key of type int"),
        (CIRCLE, r"deeper than 64 levels"),
        (1 << 4096, r"session\['k'\] is a number of more than 4096 bits"),
    ],
)
def test_invalid_value(browser: Browser, value: Whatever, said: str) -> None:
    """What JSON would lose or change is refused where it is set, by its place and without the value."""

    def method(_: Handler, session: Session) -> None:
        with pytest.raises(InvalidSessionValue, match=said):
            session["k"] = value
        assert "k" not in session

    assert browser.now(method).jar == {}


def test_invalid_key(browser: Browser) -> None:
    """So is a key that is no text."""

    def method(_: Handler, session: Whatever) -> None:
        with pytest.raises(InvalidSessionValue, match="are str, as in JSON, not int"):
            session[1] = 1

    browser.now(method)


def test_invalid_deep_change(browser: Browser) -> None:
    """What is put into a list later is refused when it is saved."""
    browser.now(put(k=[]))
    with pytest.raises(InvalidSessionValue, match=r"session\['k'\]\[0\] is a tuple"):
        browser.now(lambda _, session: session["k"].append(()))
    assert browser.values() == {"k": []}


def test_greatest_number(browser: Browser) -> None:
    """The greatest number that is taken comes back."""
    browser.now(put(k=(1 << 4096) - 1))
    assert browser.values() == {"k": (1 << 4096) - 1}


@pytest.mark.parametrize("value", ["\ud83d\ude00", ["a\ud83d\ude00"], {"\ud83d\ude00": 1}])
def test_halves_of_a_character(browser: Browser, value: Whatever) -> None:
    """Two halves of one character (UTF-16) would come back as that one, and are refused; one is not."""

    def method(_: Handler, session: Session) -> None:
        with pytest.raises(InvalidSessionValue, match="surrogates"):
            session["k"] = value
        session["k"] = "\ude00\ud83d"

    browser.now(method)
    assert browser.values() == {"k": "\ude00\ud83d"}


def test_key_of_halves(browser: Browser) -> None:
    """So are they in a key."""

    def method(_: Handler, session: Session) -> None:
        with pytest.raises(InvalidSessionValue, match="surrogates"):
            session["\ud83d\ude00"] = 1

    browser.now(method)
