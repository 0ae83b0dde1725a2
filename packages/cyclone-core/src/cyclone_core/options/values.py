"""From the text of an option to its value: what each type accepts.

Every function here raises for whatever it does not understand, and `Option` makes a message of that which
names the option: so none of them needs to know where its text is from.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from numbers import Integral
from typing import Any, Final, TypeVar

__all__ = ["ValueType", "accepts", "describe", "parse_each", "parse_one"]

ValueType = Callable[[str], Any] | type[Any]
"""What the type of an option may be: a class, or any function that makes a value of a `str`."""

_TRUE: Final = frozenset({"true", "t", "1", "yes", "y", "on"})
_FALSE: Final = frozenset({"false", "f", "0", "no", "n", "off"})

# Tornado's, in its order: two of them may match one text.
_DATETIME_FORMATS: Final = (
    "%a %b %d %H:%M:%S %Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y%m%d %H:%M:%S",
    "%Y%m%d %H:%M",
    "%Y-%m-%d",
    "%Y%m%d",
    "%H:%M:%S",
    "%H:%M",
)

_UNITS: Final = {
    "": "seconds",
    "us": "microseconds",
    "ms": "milliseconds",
    "s": "seconds",
    "sec": "seconds",
    "m": "minutes",
    "min": "minutes",
    "h": "hours",
    "d": "days",
    "w": "weeks",
    **{
        name: name
        for name in ("microseconds", "milliseconds", "seconds", "minutes", "hours", "days", "weeks")
    },
}

_SPAN: Final = re.compile(
    r"\s*([-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[-+]?[0-9]+)?)\s*([a-z]*)\s*", re.IGNORECASE
)

# `0:999999999999` on a command line must not fill the memory. All ports fit in, many times.
_LONGEST_RANGE: Final = 1_000_000

_DESCRIPTIONS: Final = {
    bool: "true or false",
    int: "an int",
    float: "a float",
    str: "a str",
    dt.datetime: "a date and time such as '2026-11-21 18:30'",
    dt.timedelta: "a time span such as '1h 30m'",
}

_Moment = TypeVar("_Moment", bound=dt.datetime)
_Span = TypeVar("_Span", bound=dt.timedelta)


def parse_one(kind: ValueType, text: str) -> Any:  # noqa: ANN401 -- a value of that type
    """Make a value of a text.

    Args:
        kind: The type of the option.
        text: What was given for it.

    Returns:
        The value.

    Raises:
        Exception: Whatever the type raises for a text that it does not understand.
    """
    if kind is bool:
        return _parse_bool(text)
    if isinstance(kind, type):
        if issubclass(kind, dt.datetime):
            return _parse_datetime(kind, text)
        if issubclass(kind, dt.timedelta):
            return _parse_timedelta(kind, text)
    make: Callable[[str], Any] = kind
    return make(text)


def parse_each(kind: ValueType, text: str) -> list[Any]:
    """Make values of a list: parts between commas, and for integers ranges as well.

    Args:
        kind: The type of the option.
        text: What was given for it. `1,5:8` is 1, 5, 6, 7 and 8.

    Returns:
        The values.

    Raises:
        Exception: Whatever the type raises for a part that it does not understand.
    """
    parts = text.split(",")
    if not _is_integer(kind):
        return [parse_one(kind, part) for part in parts]
    values: list[Any] = []
    for part in parts:
        values.extend(_parse_range(kind, part))
    return values


def accepts(kind: ValueType, value: object) -> bool:
    """Tell whether a value may be assigned to an option as it is.

    Args:
        kind: The type of the option.
        value: The value.

    Returns:
        True for an instance of the type, for None, for an `int` where a `float` is asked for, and for
        anything if the type is a function, which cannot tell.
    """
    if value is None or not isinstance(kind, type):
        return True
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return True
    return isinstance(value, kind)


def describe(kind: ValueType, *, multiple: bool = False) -> str:
    """Say in words what an option takes.

    Args:
        kind: Its type.
        multiple: Whether it takes a list.

    Returns:
        The end of a sentence that begins with "it takes".
    """
    name = getattr(kind, "__name__", None) or repr(kind)
    if multiple:
        example = "1,2,5:8" if _is_integer(kind) else "a,b,c"
        return f"a list of {name}, as text {example!r}"
    known = _DESCRIPTIONS.get(kind) if isinstance(kind, type) else None
    return known or f"what {name} accepts"


def _is_integer(kind: ValueType) -> bool:
    # Nothing can be derived from `bool`.
    return kind is not bool and isinstance(kind, type) and issubclass(kind, Integral)


def _parse_bool(text: str) -> bool:
    # Tornado takes whatever is not "false", "f" or "0" for true, `--debug=no` and any misspelt word too.
    word = text.lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(f"{text!r} is neither true nor false")


def _parse_datetime(kind: type[_Moment], text: str) -> _Moment:
    for each in _DATETIME_FORMATS:
        try:
            return kind.strptime(text, each)
        except ValueError:
            continue
    return kind.fromisoformat(text)


def _parse_timedelta(kind: type[_Span], text: str) -> _Span:
    total = dt.timedelta()
    position = 0
    while position < len(text) or not position:
        match = _SPAN.match(text, position)
        if match is None:
            raise ValueError(f"no number at {text[position : position + 20]!r}")
        total += dt.timedelta(**{_UNITS[match[2].lower()]: float(match[1])})
        position = match.end()
    return kind(total.days, total.seconds, total.microseconds)


def _parse_range(kind: ValueType, text: str) -> Iterable[Any]:
    low_text, colon, high_text = text.partition(":")
    low = parse_one(kind, low_text)
    if not colon:
        return (low,)
    high = parse_one(kind, high_text)
    if not low <= high:
        raise ValueError(f"the range {text!r} is empty")
    if high - low >= _LONGEST_RANGE:
        raise ValueError(f"the range {text!r} has more than {_LONGEST_RANGE} numbers")
    numbers = range(int(low), int(high) + 1)
    return numbers if kind is int else map(kind, numbers)  # type: ignore[arg-type]
