"""JSON as the two ends read and write it: strictly, and never deeper than they can follow.

Python's `json` reads words that JSON has not (`NaN`), numbers that no other program can hold, and UTF-16;
nested deeply enough it fails with a `RecursionError`. None of that comes through here.
"""

import math
import re
from itertools import accumulate
from json import JSONDecoder, JSONEncoder
from typing import Any, Final, NoReturn

from cyclone_escape import recursive_unicode

__all__ = ["MAX_DEPTH", "NestedTooDeeply", "read_json", "write_json"]

MAX_DEPTH: Final = 100
"""How deep arrays and objects may be nested. Python itself follows some hundreds of levels."""

# A string without its end reaches to the end of the text: otherwise each quote in it would be tried as
# the beginning of another one, which is quadratic.
_STRINGS: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_OTHERS: Final = re.compile(r"[^\[\]{}]++")
_STEPS: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


class NestedTooDeeply(ValueError):  # noqa: N818 -- an error by its base
    """A text is nested more deeply than is allowed."""


def read_json(text: bytes | str, max_depth: int = MAX_DEPTH) -> Any:  # noqa: ANN401 -- any JSON value
    """Read JSON (RFC 8259), in linear time.

    Args:
        text: The text; bytes are UTF-8.
        max_depth: How deep arrays and objects may be nested.

    Returns:
        The value.

    Raises:
        NestedTooDeeply: There are more levels; a `ValueError`.
        ValueError: It is no JSON, no UTF-8, or holds a number that is too large for Python's floats or
            has thousands of digits.
    """
    if not isinstance(text, str):
        text = text.decode("utf-8")
    # Nearly all texts have fewer brackets in all than would be too deep.
    if text.count("[") + text.count("{") > max_depth and _depth(text) > max_depth:
        raise NestedTooDeeply(f"nested more than {max_depth} levels deep")
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise NestedTooDeeply("nested more deeply than Python can follow here") from None


def write_json(value: object) -> bytes:
    """Write JSON.

    Args:
        value: What JSON can say; bytes are taken for UTF-8 text, as cyclone 1.x has it.

    Returns:
        The text, in ASCII.

    Raises:
        TypeError: There is something in it that JSON cannot say.
        ValueError: It contains itself, is nested too deeply, or holds NaN, an infinity or bytes that are
            no UTF-8.
    """
    try:
        try:
            return _ENCODER.encode(value).encode("ascii")
        except TypeError:
            pass
        # Outside of the except clause: what fails now is one error and not two in a row.
        return _ENCODER.encode(recursive_unicode(value)).encode("ascii")
    except RecursionError:
        raise ValueError("the value is nested too deeply to be written as JSON") from None


def _depth(text: str) -> int:
    brackets = _OTHERS.sub("", _STRINGS.sub("", text))
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError("a number is too large")
    return value


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"JSON has no {word}")


_DECODER: Final = JSONDecoder(parse_float=_finite, parse_constant=_no_constant)
_ENCODER: Final = JSONEncoder(allow_nan=False, separators=(",", ":"))
