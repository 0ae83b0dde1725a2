"""What a session may hold: JSON, and nothing that would come back as something else."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from cyclone_storage.sessions.errors import InvalidSessionValue

__all__ = ["EMPTY", "FLASHES", "changes", "check_item", "check_key", "decode", "encode", "merge"]

EMPTY: Final = "{}"
"""The values of an empty session."""

FLASHES: Final = "_flashes"
"""The key of the messages of `Session.flash`."""

# Exactly these: see `_unknown`.
_SIMPLE: Final = frozenset({type(None), bool})
_NUMBERS: Final = frozenset({int, float})
_SUBCLASSED: Final = (int, float, str, list, dict)

# Text that was taken for UCS-2: JSON escapes halves of a character and whole ones alike.
_HALVES: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")

# Nobody nests deeper by hand, and the parser of JSON would end with a RecursionError at some depth.
_DEEPEST: Final = 64

# What CPython reads back: beyond, the conversion takes quadratic time and is refused.
_MOST_BITS: Final = 4096

_HINTS: Final = {
    "tuple": "it would come back as a list: put list(...) of it",
    "set": "JSON has no sets: put a sorted list of it",
    "bytes": "JSON has no bytes: put text, for example base64",
    "datetime": "put its isoformat()",
    "date": "put its isoformat()",
    "Decimal": "put str(...) of it",
    "UUID": "put str(...) of it",
}


def check_key(key: object) -> None:
    """Make sure that something can be the key of a value.

    Args:
        key: What is to be one.

    Raises:
        InvalidSessionValue: It is no text, or of a subclass of `str`.
    """
    if type(key) is not str:
        raise InvalidSessionValue(
            f"keys of a session are str, as in JSON, not {type(key).__name__}"
        )
    _check_text(key, "a key of a session")


def check_item(key: str, value: object) -> None:
    """Make sure that a value of a session comes back as it is.

    Args:
        key: Its key.
        value: The value.

    Raises:
        InvalidSessionValue: It would not.
    """
    if key == FLASHES:
        check_flashes(value)
    else:
        check_value(value, f"session[{key!r}]")


def check_value(value: Any, path: str, depth: int = 0) -> None:  # noqa: ANN401 -- checked here
    """Make sure that a value comes back from JSON as it is.

    Args:
        value: The value.
        path: Where it stands, for the message: the value itself may be secret.
        depth: How deep that is.

    Raises:
        InvalidSessionValue: It would not.
    """
    kind = type(value)
    if kind is str:
        _check_text(value, path)
    elif kind in _NUMBERS:
        _check_number(value, path)
    elif depth >= _DEEPEST:
        raise InvalidSessionValue(f"{path} lies deeper than {_DEEPEST} levels, or in itself")
    elif kind is list:
        for index, each in enumerate(value):
            check_value(each, f"{path}[{index}]", depth + 1)
    elif kind is dict:
        for key, each in value.items():
            _check_inner_key(key, path)
            check_value(each, f"{path}[{key!r}]", depth + 1)
    elif kind not in _SIMPLE:
        raise _unknown(value, path)


def check_flashes(value: object) -> None:
    """Make sure that something can be the messages of `flash`, which are values of the session.

    Args:
        value: What is to be that.

    Raises:
        InvalidSessionValue: It is no list of categories and texts.
    """
    if type(value) is list and all(map(_is_flash, value)):
        return
    raise InvalidSessionValue(
        f"session[{FLASHES!r}] has the messages of flash(), a list of [category, text]: use flash(), or"
        " another key"
    )


def _is_flash(value: object) -> bool:
    return type(value) is list and [type(each) for each in value] == [str, str]


def _unknown(value: object, path: str) -> InvalidSessionValue:
    name = type(value).__name__
    for kind in _SUBCLASSED:
        # JSON would take it. But an IntEnum is no enum any more in the next request, nor has a
        # defaultdict its default: better here, where somebody looks, than there.
        if isinstance(value, kind):
            plain = kind.__name__
            return InvalidSessionValue(
                f"{path} is a {name}, which would come back as {plain}: put {plain}(...) of it"
            )
    hint = _HINTS.get(name, "put None, bool, int, float, str, list or dict")
    return InvalidSessionValue(f"{path} is a {name}, which JSON does not know: {hint}")


def _check_text(value: str, path: str) -> None:
    if not value.isascii() and _HALVES.search(value) is not None:
        raise InvalidSessionValue(
            f"{path} has two surrogates that would come back as one character: decode the text rightly"
        )


def _check_number(value: float, path: str) -> None:
    if isinstance(value, int):
        if value.bit_length() > _MOST_BITS:
            raise InvalidSessionValue(f"{path} is a number of more than {_MOST_BITS} bits")
    elif not math.isfinite(value):
        raise InvalidSessionValue(f"{path} is {value!r}: JSON has finite numbers only")


def _check_inner_key(key: object, path: str) -> None:
    if type(key) is not str:
        raise InvalidSessionValue(
            f"{path} has a key of type {type(key).__name__}: it would come back as str"
        )
    _check_text(key, f"a key of {path}")


def encode(data: Mapping[str, Any]) -> str:
    """Write values as JSON.

    Args:
        data: The values.

    Returns:
        ASCII text.

    Raises:
        InvalidSessionValue: One of them would not come back as it is.
    """
    for key, value in data.items():
        check_item(key, value)
    return json.dumps(data, separators=(",", ":"))


def decode(text: str) -> dict[str, Any]:
    """Read what `encode` has written.

    Args:
        text: The text.

    Returns:
        The values.

    Raises:
        ValueError: It is something else.
    """
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("the values of a session are a JSON object")  # noqa: TRY004 -- as others
    return data


def changes(base: str, mine: str) -> tuple[dict[str, Any], set[str]]:
    """Find what has changed between two states of a session.

    Args:
        base: The values before.
        mine: The values after.

    Returns:
        The values that are new or others, by key, and the keys that are gone.
    """
    before, after = decode(base), decode(mine)
    changed = {
        key: value
        for key, value in after.items()
        # As text: 1, 1.0 and True are equal, but not the same.
        if key not in before or json.dumps(before[key]) != json.dumps(value)
    }
    return changed, before.keys() - after.keys()


def merge(base: str, mine: str, theirs: str) -> str:
    """Apply the changes of one request to what another one has saved meanwhile, key by key.

    Args:
        base: The values from which this request began.
        mine: The values at its end.
        theirs: The values that are saved now.

    Returns:
        The latter with the changes; where both have changed a key, it is the value of this request.
    """
    changed, gone = changes(base, mine)
    merged = {key: value for key, value in decode(theirs).items() if key not in gone}
    return encode(merged | changed)
