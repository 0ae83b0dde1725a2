"""One option: its value, and what is said if it gets a wrong one."""

import datetime as dt
from typing import Any, NoReturn

import pytest

from cyclone_core.options import Error
from cyclone_core.options.option import Option


class Email:
    def __init__(self, text: str) -> None:
        if "@" not in text:
            raise ValueError
        self.text = text


def broken(text: str) -> NoReturn:
    raise RuntimeError(f"no network for {text}")


def test_default() -> None:
    """The default holds until a value is given, and a list is empty by default."""
    option = Option("port", default=80, type=int)
    assert option.value() == 80
    option.assign(None)
    assert option.value() is None
    assert Option("hosts", multiple=True).value() == []
    assert Option("hosts", multiple=True, default=["a"]).value() == ["a"]


def test_callback() -> None:
    """The callback gets every value that is given, and not the default."""
    values: list[object] = []
    option = Option("port", default=80, type=int, callback=values.append)
    option.parse("443")
    option.assign(8443)
    assert values == [443, 8443]


def test_callback_raises() -> None:
    """What the callback raises is not a mistake of the option."""
    option = Option("a", callback=broken)
    with pytest.raises(RuntimeError, match="no network for b"):
        option.parse("b")
    assert option.value() == "b"


def test_assigned_list() -> None:
    """A list is assigned as a list, whose items have the type; None may be among them."""
    option = Option("ports", type=int, multiple=True)
    option.assign([1, None])
    assert option.value() == [1, None]


def test_float_of_int() -> None:
    """An int is taken for a float, and becomes one."""
    option = Option("ratio", type=float)
    option.assign(2)
    assert repr(option.value()) == "2.0"
    several = Option("ratios", type=float, multiple=True)
    several.assign([1, 2.5, None])
    assert repr(several.value()) == "[1.0, 2.5, None]"


@pytest.mark.parametrize(
    ("more", "text", "said"),
    [
        (
            {"type": int},
            "80x",
            "option 'it' takes an int, not '80x' (invalid literal for int() with base 10: '80x')",
        ),
        ({"type": bool}, "maybe", "option 'it' takes true or false, not 'maybe' ("),
        ({"type": dt.datetime}, "now", "option 'it' takes a date and time such as '2026-11-21 18"),
        (
            {"type": dt.timedelta},
            "5 x",
            "option 'it' takes a time span such as '1h 30m', not '5 x'",
        ),
        ({"type": Email}, "me", "option 'it' takes what Email accepts, not 'me'"),
        (
            {"type": broken},
            "me",
            "option 'it' takes what broken accepts, not 'me' (no network for m",
        ),
        (
            {"type": int, "multiple": True},
            "1;2",
            "option 'it' takes a list of int, as text '1,2,5:",
        ),
    ],
)
def test_wrong_text(more: dict[str, Any], text: str, said: str) -> None:
    """A wrong text is an Error that names place, option and value, whatever the type has raised."""
    option = Option("it", **more)
    with pytest.raises(Error) as caught:
        option.parse(text, "command line")
    assert str(caught.value).startswith(f"command line: {said}")
    assert (caught.value.option, caught.value.source) == ("it", "command line")
    assert caught.value.__cause__ is not None
    assert option.value() in (None, [])


@pytest.mark.parametrize(
    ("more", "value", "said"),
    [
        ({"type": int}, "80", "option 'it' takes an int, not '80', a str"),
        ({"type": str}, 80, "option 'it' takes a str, not 80, a int"),
        ({"multiple": True}, ("a",), "takes a list of str, as text 'a,b,c', not ('a',), a tuple"),
        ({"multiple": True}, [1], "takes a list of str, as text 'a,b,c', not 1, a int"),
    ],
)
def test_wrong_value(more: dict[str, Any], value: object, said: str) -> None:
    """A value of a wrong type is an Error that names both types."""
    option = Option("it", **more)
    with pytest.raises(Error) as caught:
        option.assign(value)
    assert said in str(caught.value)
    assert (caught.value.option, caught.value.source) == ("it", None)


def test_long_value() -> None:
    """A message shows no pages of what was given."""
    option = Option("it", type=int)
    with pytest.raises(Error) as caught:
        option.parse("x" * 100_000)
    assert len(str(caught.value)) < 500
