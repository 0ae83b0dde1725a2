r"""JSON: the standard library's, made safe to stand inside a page.

``</script>`` in a string would end the script element that a page put the JSON into. Writing
``<\/`` for ``</`` is the same string to every JSON parser and harmless to every HTML parser.
"""

from __future__ import annotations

import json
import json.encoder
from typing import TYPE_CHECKING

from cyclone_escape.text import recursive_unicode, to_unicode

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["json_decode", "json_encode"]


def _make_dumps() -> Callable[[object], str]:
    """Return what does as ``json.dumps``, with the encoder made once and not at every call.

    Making it is half the price of a small document. It is made without the search for cycles too:
    one ends in a ``RecursionError``, and then ``json.dumps`` says what is wrong.
    """
    make_encoder = getattr(json.encoder, "c_make_encoder", None)
    if make_encoder is None:  # an interpreter without the C accelerator
        return json.dumps
    default = json.JSONEncoder().default
    quote = json.encoder.encode_basestring_ascii
    encode = make_encoder(None, default, quote, None, ": ", ", ", False, False, True)

    def dumps(value: object) -> str:
        try:
            return "".join(encode(value, 0))
        except RecursionError:
            return json.dumps(value)

    return dumps


_dumps = _make_dumps()


def json_encode(value: object) -> str:
    r"""Write a value as JSON that may stand inside a ``<script>`` element.

    The output is that of ``json.dumps`` with ``</`` written as ``<\/``: ASCII only, and the
    default separators. ``bytes`` are taken for UTF-8 text wherever they stand, as values and as
    keys. (So did cyclone 1.x; Tornado refuses them with a ``TypeError``.) Nothing is converted
    beforehand: plain data costs what ``json.dumps`` costs, small ones half of that.

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
    """
    try:
        text = _dumps(value)
    except TypeError:
        text = ""  # no JSON text is empty
    if not text:
        # Outside the except clause: what fails now is reported once, not as two errors in a row.
        text = _dumps(recursive_unicode(value))
    # Most JSON holds no "<", and to look for one character is quicker than for two.
    return text.replace("</", "<\\/") if "<" in text else text


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
    if not isinstance(value, str | bytes):
        raise TypeError(f"json_decode() takes str or bytes, not {type(value).__name__}")
    try:
        return json.loads(to_unicode(value))
    except RecursionError:
        raise ValueError(
            "the JSON text is nested too deeply to be read: refuse it, or raise the limit with "
            "sys.setrecursionlimit() if you trust its sender"
        ) from None
