"""Links: find the URLs in plain text and make them clickable.

Theory of operation. One regular expression walks over the text and never goes back: each of its
repetitions is possessive, and it always swallows a whole word, so that no character is the start
of more than one attempt. That is what makes ``linkify`` linear on text made to slow it down.

A URL starts with ``scheme:/`` or, at the start of a word, ``www.``. Its body is made of *stretches*
and *groups*. A stretch holds no white space, no parenthesis and none of ``<>'``, and ends with a
character that is no punctuation: the full stop after a URL belongs to the sentence. A group is a
pair of parentheses around the same characters; so ``(see http://a.example/b_(c))`` gives the link
``http://a.example/b_(c)``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cyclone_escape.html import xhtml_escape
from cyclone_escape.text import to_unicode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

__all__ = ["linkify"]

_PUNCTUATION = r"!\"#$%&*+,.:;=?@\[\]^`{|}~"
_BODY = rf"""
    (?:
        (?:[{_PUNCTUATION}]*+[^\s()<>'{_PUNCTUATION}])++
      | \([^\s()<>']*+\)
    )++
"""
_WORD_OR_URL = re.compile(
    rf"""
    \w[\w-]*+
    (?:
        :(?P<after_scheme>/{_BODY})
      | (?<=\bwww)\.(?P<after_www>{_BODY})
    )?+
    """,
    re.VERBOSE,
)

# What is left visible of a long URL. Tornado's figures: links look the same after a move.
_SHORT = 30
_TOO_LONG = 45
_SHORT_PATH = 8


def linkify(
    text: str | bytes,
    shorten: bool = False,
    extra_params: str | Callable[[str], str] = "",
    require_protocol: bool = False,
    permitted_protocols: Collection[str] = ("http", "https"),
) -> str:
    """Turn plain text into HTML in which URLs are links.

    The text is escaped on the way: do not escape it before. Objects with ``__html__`` get no
    special treatment, since only plain text can be searched for URLs. The work is linear in the
    length of the text.

    Source: ``linkify`` of ``tornado.escape`` and ``cyclone.escape``. Differences: ``shorten``
    counts the characters a reader sees (Tornado counts ``&amp;`` as five), and no blank is written
    where ``extra_params`` turns out empty.

    Args:
        text: The text, or its UTF-8 bytes.
        shorten: Whether long URLs are shown as about 30 characters, with the whole URL as
            ``title``.
        extra_params: Further attributes for each ``<a>`` tag, written as they are, or a function
            that is called with the link's ``href`` (escaped already) and returns them.
        require_protocol: Whether only URLs that name a protocol become links, so that
            ``www.example.com`` stays text.
        permitted_protocols: The protocols that become links, compared exactly. It is unwise to
            permit ``javascript``.

    Returns:
        Safe HTML, provided that ``extra_params`` is safe.

    Raises:
        TypeError: The text is neither ``str`` nor ``bytes``.
        UnicodeDecodeError: The bytes are not UTF-8.
    """
    if type(text) is not str:
        if not isinstance(text, str | bytes):
            raise TypeError(f"linkify() takes str or bytes, not {type(text).__name__}")
        # A slice of a markup class is markup again, and xhtml_escape() would let it through.
        text = str.__str__(to_unicode(text))
    if ":/" not in text and "www." not in text:
        return xhtml_escape(text)
    parts: list[str] = []
    done = 0
    for match in _WORD_OR_URL.finditer(text):
        start = match.start()
        if match["after_scheme"] is not None:
            protocol = text[start : match.start("after_scheme") - 1]
            if protocol not in permitted_protocols:
                continue
        elif match["after_www"] is not None and not require_protocol:
            protocol = ""
            start = match.start("after_www") - len("www.")
        else:
            continue
        parts.append(xhtml_escape(text[done:start]))
        done = match.end()
        parts.append(_link(text[start:done], protocol, shorten, extra_params))
    parts.append(xhtml_escape(text[done:]))
    return "".join(parts)


def _link(url: str, protocol: str, shorten: bool, extra_params: str | Callable[[str], str]) -> str:
    """Write the ``<a>`` element of one URL; a URL without a protocol gets ``http``."""
    escaped = xhtml_escape(url)
    href = escaped if protocol else "http://" + escaped
    attributes = f'href="{href}"'
    if params := (extra_params(href) if callable(extra_params) else extra_params).strip():
        attributes += " " + params
    if shorten and (shown := _shorten(url, protocol)) != url:
        attributes += f' title="{href}"'
        escaped = xhtml_escape(shown)
    return f"<a {attributes}>{escaped}</a>"


def _shorten(url: str, protocol: str) -> str:
    """Leave of a long URL its host and the beginning of its path, followed by three dots."""
    if len(url) <= _SHORT:
        return url
    start = 0
    if protocol:
        start = len(protocol) + 1
        while url.startswith("/", start) and start < len(protocol) + 4:
            start += 1
    host, slash, path = url[start:].partition("/")
    short = url
    if slash:
        first = path.partition("/")[0][:_SHORT_PATH]
        short = url[:start] + host + "/" + first.partition("?")[0].partition(".")[0]
    if len(short) > _TOO_LONG:
        short = short[:_SHORT]
    return short + "..." if len(short) + 3 < len(url) else url
