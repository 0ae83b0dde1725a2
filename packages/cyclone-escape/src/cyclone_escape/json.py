r"""JSON: the standard library's, made safe to stand inside a page.

``</script>`` in a string would end the script element that a page put the JSON into. Writing
``<\/`` for ``</`` is the same string to every JSON parser and harmless to every HTML parser.
"""

from __future__ import annotations

import json
import json.encoder
import re
import threading
from typing import TYPE_CHECKING, Any

from cyclone_escape.orjson import make_dumps
from cyclone_escape.text import recursive_unicode, to_unicode

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Dumps: TypeAlias = Callable[[Any], str | bytes]

__all__ = ["json_decode", "json_encode", "use_json"]

_CLOSING = re.compile("</")


_encoder = json.JSONEncoder()


def _default(value: object) -> object:
    """Ask the encoder's class each time: who replaces its method, for dates say, does so for all."""
    return _encoder.default(value)


# None in an interpreter without the C accelerator.
_make_encoder: Any = getattr(json.encoder, "c_make_encoder", None)
_quote = json.encoder.encode_basestring_ascii


def _stdlib_dumps(value: object) -> str:
    """Return what ``json.dumps`` returns, sooner.

    A third of the price of a small document is what ``json.dumps`` does around the C encoder. The
    encoder itself is made each time: it notes which containers it is in, and those notes, which
    find a value that contains itself, cannot be shared by threads.
    """
    if _make_encoder is None:
        return json.dumps(value)
    encode = _make_encoder({}, _default, _quote, None, ": ", ", ", False, False, True)
    return "".join(encode(value, 0))


def _make_checked(dumps: Dumps) -> Callable[[object], str]:
    """Return a user's function as one that returns ``str`` or says that it cannot."""

    def checked(value: object) -> str:
        text = dumps(value)
        if isinstance(text, bytes):
            return text.decode()
        if isinstance(text, str):
            return text
        raise TypeError(
            f"the function given to use_json() returned {type(text).__name__}: "
            "it has to return JSON as str or bytes"
        )

    return checked


# json_encode() reads this one name at every call, so that the switch reaches those who imported
# the function before. A call sees the old function or the new one, whatever the threads do.
_dumps: Callable[[object], str] = _stdlib_dumps
_in_use: str | Dumps = "stdlib"
_switching = threading.Lock()


def use_json(library: str | Dumps) -> str | Dumps:
    """Choose what ``json_encode`` writes JSON with, for the whole process.

    Nothing is ever chosen because it happens to be installed: without a call of this function it
    is the standard library. The choice may be made at any time and in any thread; each document
    is written by one library or the other.

    ``"orjson"`` changes the speed and the spelling, never the meaning. There are no blanks after
    ``:`` and ``,``, other characters than ASCII stand as they are, and a float may be spelled
    ``1e16`` for ``1e+16``: ``json_decode`` gives the same value for both texts. What orjson
    refuses or writes with another meaning is written, the whole document, by the standard
    library: keys that are no ``str``, NaN and infinities, integers of more than 64 bits, lone
    surrogates, instances of subclasses (an ``ObjectDict``, an ``OrderedDict``, an ``IntEnum``), and
    deep nesting. What the standard library refuses stays refused, with the same errors: dates,
    dataclasses, UUIDs, sets.

    A function is asked to write every document, and its meaning is its own: ``orjson.dumps``
    itself for all that orjson knows, or ``functools.partial(json.dumps, default=str)``. Only two
    things are still done around it: if it refuses a value with ``TypeError``, it is called once
    more with all bytes decoded, and ``</`` is escaped in what it returns.

    ``json_decode`` always uses the standard library.

    Args:
        library: ``"stdlib"``, ``"orjson"`` (which needs the extra ``cyclone-escape[orjson]``), or
            a function that takes a value and returns JSON as ``str`` or UTF-8 ``bytes``.

    Returns:
        What was in use before, to be given to this function again.

    Raises:
        ImportError: orjson is not installed. What was in use stays in use.
        ValueError: There is no such library.
        TypeError: The argument is neither a name nor a function.

    Example:
        >>> previous = use_json("stdlib")
        >>> json_encode([1, 2])
        '[1, 2]'
        >>> _ = use_json(previous)
    """
    global _dumps, _in_use
    dumps: Callable[[object], str]
    if isinstance(library, str):
        if library == "stdlib":
            dumps = _stdlib_dumps
        elif library == "orjson":
            dumps = make_dumps(_stdlib_dumps)
        else:
            raise ValueError(f"use_json() knows 'stdlib' and 'orjson', not {library!r}")
    elif callable(library):
        dumps = _make_checked(library)
    else:
        raise TypeError(
            "use_json() takes 'stdlib', 'orjson' or a function that writes JSON, not "
            f"{type(library).__name__}"
        )
    with _switching:
        previous = _in_use
        _dumps, _in_use = dumps, library
    return previous


def json_encode(value: object) -> str:
    r"""Write a value as JSON that may stand inside a ``<script>`` element.

    The output is that of ``json.dumps`` with ``</`` written as ``<\/``: ASCII only, and the
    default separators, unless ``use_json`` chose another library. ``bytes`` are taken for UTF-8
    text wherever they stand, as values and as keys. (So did cyclone 1.x; Tornado refuses them
    with a ``TypeError``.) Nothing is converted beforehand: plain data costs what ``json.dumps``
    costs, a small document less.

    NaN and the infinities are written as Python writes them, although JSON has no word for them.

    Source: ``json_encode`` of ``tornado.escape`` and ``cyclone.escape``; RFC 8259, section 7.

    Args:
        value: What ``json.dumps`` accepts, and ``bytes``.

    Returns:
        The JSON text.

    Raises:
        TypeError: JSON has no form for something in the value.
        ValueError: The value contains itself.
        UnicodeDecodeError: Some bytes are not UTF-8.
        RecursionError: The value is nested more deeply than Python can follow.
    """
    try:
        text = _dumps(value)
    except TypeError:
        text = ""  # no JSON text is empty
    if not text:
        # Outside the except clause: what fails now is reported once, not as two errors in a row.
        text = _dumps(recursive_unicode(value))
    # Most JSON holds no "<", and to look for one character is quicker than for two. A page of HTML
    # takes an expression half the time that it takes text.replace().
    return _CLOSING.sub(r"<\\/", text) if "<" in text else text


def json_decode(value: str | bytes) -> Any:  # noqa: ANN401 - any JSON value may come out
    """Read a JSON text.

    Everything that can be wrong with a text from outside is a ``ValueError``, nesting without end
    included, for which Python and Tornado raise ``RecursionError``.

    Source: ``json_decode`` of ``tornado.escape`` and ``cyclone.escape``; RFC 8259.

    Args:
        value: The text, or its UTF-8 bytes.

    Returns:
        The value: ``dict``, ``list``, ``str``, ``int``, ``float``, ``bool`` or ``None``.

    Raises:
        ValueError: The text is no JSON (``json.JSONDecodeError``), is not UTF-8
            (``UnicodeDecodeError``), holds a number with too many digits, or is nested too deeply.
        TypeError: The value is neither ``str`` nor ``bytes``.
    """
    if type(value) is not str:
        if not isinstance(value, str | bytes):
            raise TypeError(f"json_decode() takes str or bytes, not {type(value).__name__}")
        value = to_unicode(value)
    try:
        return json.loads(value)
    except RecursionError:
        raise ValueError(
            "the JSON text is nested too deeply to be read: refuse it, or raise the limit with "
            "sys.setrecursionlimit() if you trust its sender"
        ) from None
