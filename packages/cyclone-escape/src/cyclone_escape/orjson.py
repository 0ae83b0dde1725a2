"""orjson behind the meaning of ``json``: the same data is accepted and refused, only quicker.

Left to itself orjson has ideas of its own about some data: NaN becomes ``null``, an ``enum`` member
its value, a UUID text. A program would come to rely on that, and break where the library is
missing. So the standard library's encoder writes every document that is not made of plain data
alone. That includes what orjson refuses and Python does not: other keys than ``str``, numbers of
more than 64 bits, lone surrogates, subclasses of ``dict``, nesting of more than 254 levels.

Reading is not done by orjson. It makes floats of integers of more than 64 bits and says nothing, so
every text would have to be searched for them first. Measured with that search, rows are read less
than twice as fast as by ``json``, and text beyond ASCII is read more slowly.
"""

from __future__ import annotations

import marshal
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__: list[str] = []

# A float is written by marshal as "g", its high bit set if it is referred to again, and eight
# bytes, the least significant first. NaN and the infinities have all bits of the exponent set.
# An expression that begins with one literal is the quickest to find nothing, hence two, which
# begin with the last byte and look back. What else looks alike is only written less quickly.
_POSITIVE_NOT_FINITE = re.compile(rb"\x7f(?<=[g\xe7].{6}[\xf0-\xff].)", re.DOTALL)
_NEGATIVE_NOT_FINITE = re.compile(rb"\xff(?<=[g\xe7].{6}[\xf0-\xff].)", re.DOTALL)
_MARSHAL_VERSION = 4


def make_dumps(fallback: Callable[[object], str]) -> Callable[[object], str]:
    """Return a function that writes JSON by orjson where it writes what ``fallback`` means.

    Args:
        fallback: Writes what orjson does not, or not in the same way, and raises the errors.

    Returns:
        The function.

    Raises:
        ImportError: orjson is not installed.
    """
    try:
        import orjson
    except ImportError as error:
        raise ImportError(
            f'use_json("orjson") needs orjson ({error}): pip install "cyclone-escape[orjson]"',
            name="orjson",
        ) from error
    encode = orjson.dumps
    options = (
        orjson.OPT_PASSTHROUGH_DATACLASS
        | orjson.OPT_PASSTHROUGH_DATETIME
        | orjson.OPT_PASSTHROUGH_SUBCLASS
    )
    marshalled = marshal.dumps

    def dumps(value: object) -> str:
        try:
            data = encode(value, None, options)
            # marshal knows exactly the plain types: it refuses enum members, UUIDs, and whatever
            # a release to come may convert, about as quickly as orjson writes. Looking at each
            # item in Python would take longer than the standard library's encoder does.
            plain = marshalled(value, _MARSHAL_VERSION)  # type: ignore[arg-type] # or it refuses
        except (TypeError, ValueError):
            plain = b""
        # Outside the except clause: an error of the fallback is the only one that is reported.
        if not plain or (b"null" in data and _may_hold_nan(plain)):
            return fallback(value)
        return data.decode()

    return dumps


def _may_hold_nan(marshalled: bytes) -> bool:
    """Tell whether there may be a NaN or an infinity in marshalled data."""
    return bool(_POSITIVE_NOT_FINITE.search(marshalled) or _NEGATIVE_NOT_FINITE.search(marshalled))
