"""HTML: make text safe inside markup, and take the escapes out again.

``xhtml_escape`` is the one line of defence between a value and a page, so it is called for every
``{{ expression }}`` of every template: the path of a plain ``str`` is kept as short as it can be.
"""

from __future__ import annotations

import html
import re
from typing import Protocol

from cyclone_escape.text import to_unicode

__all__ = ["HasHTML", "xhtml_escape", "xhtml_unescape"]

# Eight digits are more than any code point has.
_LONG_REFERENCE = re.compile(r"&#([0-9]{8,})")
_TOO_BIG = "1114112"  # the first number beyond U+10FFFF


class HasHTML(Protocol):
    """What brings its own markup: the ``__html__`` protocol of MarkupSafe, Django and others."""

    def __html__(self) -> str:
        """Return safe markup."""


def xhtml_escape(value: str | bytes | HasHTML) -> str:
    r"""Escape text for use in HTML and XML, as content or inside a quoted attribute.

    ``&`` becomes ``&amp;``, ``<`` ``&lt;``, ``>`` ``&gt;``, ``"`` ``&quot;`` and ``'`` ``&#x27;``.
    (cyclone 1.x wrote ``&#39;``; Tornado 6.6 and Python's ``html`` write ``&#x27;``, browsers
    read both alike.)

    An object whose *class* has an ``__html__`` method says that it is markup already. Its markup
    is returned without change, as a plain ``str``, so that values made with MarkupSafe mix with
    ours. (Tornado and cyclone 1.x do not know the protocol: they escape such strings again and
    refuse other objects.) The instance is never asked for ``__html__``: data, such as the keys of
    an ``ObjectDict`` read from JSON, cannot pass itself off as markup.

    Source: ``xhtml_escape`` of ``tornado.escape`` and ``cyclone.escape``.

    Args:
        value: The text, or its UTF-8 bytes, or an object with ``__html__``.

    Returns:
        The escaped text.

    Raises:
        TypeError: The value is none of these, or its ``__html__`` returned no ``str``.
        UnicodeDecodeError: The bytes are not UTF-8.
    """
    if type(value) is not str:
        markup = getattr(type(value), "__html__", None)
        if markup is not None:
            return _as_plain_str(markup(value), value)
        if not isinstance(value, str | bytes):
            raise TypeError(
                "xhtml_escape() takes str, bytes or an object with an __html__ method, not "
                f"{type(value).__name__}: convert the value first, for example with str()"
            )
        # Exact: what a subclass makes of `in` and replace() must not decide about escaping.
        value = str.__str__(to_unicode(value))
    # html.escape() written out: a call would cost more than two replace() that find nothing. Text
    # with "<" is markup and likely to hold the other characters too. All other text is looked at
    # before each replace(): most values of a page are clean, and a look that finds nothing costs
    # half of a replace() that finds nothing, on long text a tenth.
    if "<" in value:
        return (
            value.replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
            .replace('"', "&quot;")
            .replace("'", "&#x27;")
        )
    if "&" in value:
        value = value.replace("&", "&amp;")
    if ">" in value:
        value = value.replace(">", "&gt;")
    if '"' in value:
        value = value.replace('"', "&quot;")
    if "'" in value:
        value = value.replace("'", "&#x27;")
    return value


def xhtml_unescape(value: str | bytes) -> str:
    """Replace character references by the characters they stand for, by the rules of HTML5.

    Named, decimal and hexadecimal references are known, and those that HTML5 lets stand without
    a semicolon. What is no reference stays as it is. (cyclone 1.x knew named and decimal ones
    only.) The work is linear: a number too large for a code point becomes U+FFFD whatever its
    length, where Python's ``html.unescape``, and Tornado with it, refuse one of more than 4300
    digits with a ``ValueError``.

    Source: ``xhtml_unescape`` of ``tornado.escape`` and ``cyclone.escape``; HTML Living Standard,
    section 13.2.5.72 and following.

    Args:
        value: The escaped text, or its UTF-8 bytes.

    Returns:
        The text.

    Raises:
        TypeError: The value is neither ``str`` nor ``bytes``.
        UnicodeDecodeError: The bytes are not UTF-8.
    """
    if type(value) is not str:
        if not isinstance(value, str | bytes):
            raise TypeError(f"xhtml_unescape() takes str or bytes, not {type(value).__name__}")
        value = str.__str__(to_unicode(value))
    if "&" not in value:
        return value
    if "&#" in value:
        value = _LONG_REFERENCE.sub(_shorten_reference, value)
    return html.unescape(value)


def _as_plain_str(markup: object, value: object) -> str:
    """Turn the answer of ``__html__``, often an instance of a ``str`` subclass, into a ``str``."""
    if isinstance(markup, str):
        return str.__str__(markup)
    raise TypeError(
        f"__html__() of {type(value).__name__} returned {type(markup).__name__}, not str: "
        "xhtml_escape() cannot tell whether that is safe markup"
    )


def _shorten_reference(match: re.Match[str]) -> str:
    """Write a decimal reference with few digits, so that ``int()`` need not read them all."""
    digits = match[1].lstrip("0") or "0"
    return "&#" + (digits if len(digits) <= len(_TOO_BIG) else _TOO_BIG)
