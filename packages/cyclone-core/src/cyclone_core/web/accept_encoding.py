"""Reading `Accept-Encoding`: which content codings a client takes (RFC 9110 section 12.5.3)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

__all__ = ["coding_weights"]

_QUALITY: Final = re.compile(r"[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*", re.IGNORECASE)
_ALIASES: Final = {"x-gzip": "gzip"}

# Browsers have some ten different ones; a long one is somebody's joke.
_LONGEST_KEPT: Final = 200


def coding_weights(field: str) -> Mapping[str, float]:
    """Read an `Accept-Encoding`.

    Args:
        field: The value of the header.

    Returns:
        The weight of each coding that is named, 0 to 1, by its name in lower case; `*` and `identity` are
        names like others. What is malformed does not count. It is shared: nobody may change it.
    """
    return _parse_again(field) if len(field) <= _LONGEST_KEPT else _parse(field)


def _parse(field: str) -> Mapping[str, float]:
    weights: dict[str, float] = {}
    for element in field.split(","):
        coding, semicolon, parameter = element.partition(";")
        match = _QUALITY.fullmatch(parameter) if semicolon else None
        if match or not semicolon:
            name = coding.strip(" \t").lower()
            weights[_ALIASES.get(name, name)] = float(match[1]) if match else 1.0
    return weights


_parse_again: Final = lru_cache(256)(_parse)
