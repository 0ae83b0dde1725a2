"""The fields of a form, and the form that browsers send by default: `a=1&b=2`."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any
from urllib.parse import urlencode

__all__ = ["Params", "encode_form", "field_pairs", "pairs_of"]

Params = Mapping[str, Any] | Sequence[tuple[str, Any]]
"""Arguments: names to values, or pairs in which names may be repeated. A value is text, bytes or what
`str()` makes text of, such as a number; a list of values repeats the name."""


def pairs_of(given: object, what: str) -> list[tuple[str, Any]]:
    """Make pairs of what a program gives.

    Args:
        given: A mapping, or pairs.
        what: What it is, for the error.

    Returns:
        The pairs, in order.

    Raises:
        TypeError: It is neither, or a name is no text.
    """
    if isinstance(given, Mapping):
        items: Iterable[object] = given.items()
    elif isinstance(given, Iterable) and not isinstance(given, (str, bytes)):
        items = given
    else:
        raise TypeError(
            f"{what} are a dict or a list of pairs, not {type(given).__name__}; what is encoded already"
            " is a body= with the Content-Type that it has"
        )
    pairs = []
    for item in items:
        if not isinstance(item, (tuple, list)) or len(item) != 2:  # noqa: PLR2004 -- a pair
            raise TypeError(f"{what} are pairs of a name and a value: {item!r} is none")
        name, value = item
        if not isinstance(name, str):
            raise TypeError(f"the names of {what} are str, not {type(name).__name__}: {name!r}")
        pairs.append((name, value))
    return pairs


def field_pairs(params: Params) -> list[tuple[str, str | bytes]]:
    """Make the fields of a form.

    Args:
        params: What a program gives.

    Returns:
        Each name with each of its values.

    Raises:
        TypeError: They are no pairs, a name is no text, or a value is None, a mapping, a set, a file or a
            generator: nobody means what `str()` makes of these.
    """
    fields: list[tuple[str, str | bytes]] = []
    for name, value in pairs_of(params, "the fields of a form"):
        several = value if isinstance(value, (list, tuple)) else (value,)
        fields += [(name, _text(name, each)) for each in several]
    return fields


def encode_form(params: Params) -> str:
    """Encode a form as `application/x-www-form-urlencoded` (WHATWG URL standard, section 5.2).

    Args:
        params: The fields; blank values are kept.

    Returns:
        The form, ASCII only; it may stand in a query as well as in a body.

    Raises:
        TypeError: As `field_pairs`.
        UnicodeEncodeError: There is a lone surrogate, which UTF-8 has no bytes for.
    """
    return urlencode(field_pairs(params))


def _text(name: str, value: object) -> str | bytes:
    if isinstance(value, (str, bytes)):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if value is None:
        raise TypeError(f"the field {name!r} is None: leave it out, or give it the value ''")
    if hasattr(value, "read"):
        raise TypeError(f"the field {name!r} is a file: uploads are given as files=")
    if isinstance(value, (Mapping, AbstractSet)) or hasattr(value, "__next__"):
        raise TypeError(
            f"the field {name!r} is text, bytes, a number or a list of these, not"
            f" {type(value).__name__}; structures are sent with json="
        )
    return str(value)
