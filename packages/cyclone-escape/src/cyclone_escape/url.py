"""URLs: percent-encoding, and the fields of a query string or an urlencoded form.

Decoding works on what strangers send. Python's own ``unquote_to_bytes`` is linear too, but needs
most of a second for a megabyte of ``%``; here such input costs about as much as any other.
"""

from __future__ import annotations

import re
from binascii import unhexlify
from typing import overload
from urllib.parse import quote, quote_plus

from cyclone_escape.text import to_unicode, utf8

__all__ = ["parse_qs_bytes", "url_escape", "url_unescape"]

# A whole run of escapes at a time, and possessive: neither memory nor time for going back.
_ESCAPES = re.compile(rb"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*+")
# The ASCII stretches of a text that hold an escape. The lookbehind allows one attempt for each.
_ESCAPED_ASCII = re.compile(
    r"(?<![\x00-\x7f])(?:[\x00-\x24\x26-\x7f]|%(?![0-9A-Fa-f]{2}))*+%[\x00-\x7f]*+"
)

# How much of a bad field an error message quotes, in bytes: enough to find it, too little to
# flood a log.
_QUOTED_BYTES = 40


def url_escape(value: str | bytes, plus: bool = True) -> str:
    """Percent-encode text for use in a URL.

    Source: ``url_escape`` of ``tornado.escape``; cyclone 1.x had no ``plus`` and always wrote
    ``+`` for a space. RFC 3986, section 2.1; the ``+`` comes from
    ``application/x-www-form-urlencoded``.

    Args:
        value: The text, encoded as UTF-8 first, or the bytes.
        plus: ``True`` is for query strings and forms: a space becomes ``+`` and ``/`` becomes
            ``%2F``. ``False`` is for paths: a space becomes ``%20`` and ``/`` stays.

    Returns:
        ASCII text with everything escaped but letters, digits and ``_.-~`` (and ``/``, see above).

    Raises:
        TypeError: The value is neither ``str`` nor ``bytes``.
        UnicodeEncodeError: The text holds a lone surrogate.
    """
    if type(value) is not str:
        _require_text("url_escape", value)
    return quote_plus(value) if plus else quote(value)


@overload
def url_unescape(value: str | bytes, encoding: None, plus: bool = True) -> bytes: ...
@overload
def url_unescape(value: str | bytes, encoding: str = "utf-8", plus: bool = True) -> str: ...
def url_unescape(
    value: str | bytes, encoding: str | None = "utf-8", plus: bool = True
) -> str | bytes:
    """Decode percent-encoded text. An escape that is not ``%`` and two hex digits stays as it is.

    Source: ``url_unescape`` of ``tornado.escape``; cyclone 1.x had no ``plus`` and, on Python 3,
    ignored ``encoding``. Unlike Tornado, bytes that are not UTF-8 are welcome when bytes are
    wanted.

    Args:
        value: The encoded text, or its bytes.
        encoding: How the decoded bytes are to be read; a byte sequence that makes no sense in it
            becomes U+FFFD. ``None`` gives the bytes themselves.
        plus: Whether ``+`` means a space, as it does in query strings and forms, but not in paths.

    Returns:
        ``str``, or ``bytes`` if ``encoding`` is ``None``.

    Raises:
        TypeError: The value is neither ``str`` nor ``bytes``.
        UnicodeDecodeError: ``str`` is wanted and the value itself is bytes that are not UTF-8.
        LookupError: Python knows no such encoding.
    """
    if type(value) is not str:
        _require_text("url_unescape", value)
    if encoding is None:
        data = utf8(value)
        return _percent_decode(data.replace(b"+", b" ") if plus else data)
    text = to_unicode(value)
    if plus:
        text = text.replace("+", " ")
    if "%" not in text:
        return text

    def decode(match: re.Match[str]) -> str:
        # The whole stretch and not just its escapes: in Shift JIS "%83A" is one character.
        return _percent_decode(match[0].encode("ascii")).decode(encoding, "replace")

    return _ESCAPED_ASCII.sub(decode, text)


def parse_qs_bytes(
    qs: str | bytes,
    keep_blank_values: bool = False,
    strict_parsing: bool = False,
    *,
    max_num_fields: int | None = None,
) -> dict[str, list[bytes]]:
    """Parse a query string or an urlencoded body into byte values.

    Which encoding a client used is not known at this point, so values stay bytes. Names are
    decoded as latin-1, which loses nothing: ``name.encode("latin-1")`` is what was sent.
    Fields are separated by ``&`` only. Time and memory are linear in the length of the input.

    Source: ``parse_qs_bytes`` of ``tornado.escape``; the one of cyclone 1.x was Python's
    ``parse_qs`` and gave ``str`` values. WHATWG URL Standard, section 5.1.

    Args:
        qs: The query string without its ``?``. Text is read as latin-1.
        keep_blank_values: Whether ``a=`` and ``a`` give an empty value rather than nothing.
        strict_parsing: Whether a field without ``=`` is an error rather than a blank value.
        max_num_fields: The greatest number of fields to accept. They are counted, blank ones
            too, before anything is split.

    Returns:
        The values of each name, in the order in which they came.

    Raises:
        ValueError: There are more fields than allowed, or strict parsing met a bad field.
        UnicodeEncodeError: Text holds a character beyond U+00FF; no server sees such a query.
        TypeError: The input is neither ``str`` nor ``bytes``.
    """
    if type(qs) is not str:
        _require_text("parse_qs_bytes", qs)
    data = qs.encode("latin-1") if isinstance(qs, str) else qs
    if not data:
        return {}
    if max_num_fields is not None:
        count = 1 + data.count(b"&")
        if count > max_num_fields:
            raise ValueError(
                f"the query has {count} fields, {max_num_fields} are allowed (max_num_fields)"
            )
    data = data.replace(b"+", b" ")
    escaped = b"%" in data
    fields: dict[str, list[bytes]] = {}
    for field in data.split(b"&"):
        name, equals, value = field.partition(b"=")
        if not equals and strict_parsing:
            raise ValueError(_bad_field(field))
        if value or (keep_blank_values and field):
            if escaped:
                name, value = _percent_decode(name), _percent_decode(value)
            key = name.decode("latin-1")
            if key in fields:
                fields[key].append(value)
            else:
                fields[key] = [value]
    return fields


def _percent_decode(data: bytes) -> bytes:
    """Decode each ``%`` that two hex digits follow."""
    return _ESCAPES.sub(_decode_run, data) if b"%" in data else data


def _decode_run(match: re.Match[bytes]) -> bytes:
    """Decode one run of escapes."""
    return unhexlify(match[0].replace(b"%", b""))


def _require_text(function: str, value: object) -> None:
    """Refuse what is neither text nor bytes; None too, for here it would mean a forgotten value."""
    if not isinstance(value, str | bytes):
        raise TypeError(f"{function}() takes str or bytes, not {type(value).__name__}")


def _bad_field(field: bytes) -> str:
    """Describe a field without an equals sign, quoting no more than its beginning."""
    shown = repr(field[:_QUOTED_BYTES]) + ("..." if len(field) > _QUOTED_BYTES else "")
    return f"the query field {shown} has no '='; strict parsing wants name=value"
