"""Text, HTML, URL and JSON escaping of the cyclone web framework.

The functions of ``tornado.escape`` and of the classic ``cyclone.escape``, with ``ObjectDict`` and
``import_object`` of their ``util`` modules. Needs nothing but Python's standard library; orjson is
used if ``use_json`` asks for it.
"""

from cyclone_escape.html import xhtml_escape, xhtml_unescape
from cyclone_escape.imports import import_object
from cyclone_escape.json import json_decode, json_encode, use_json
from cyclone_escape.links import linkify
from cyclone_escape.objects import ObjectDict
from cyclone_escape.text import (
    _unicode,
    native_str,
    recursive_unicode,
    squeeze,
    to_basestring,
    to_unicode,
    utf8,
)
from cyclone_escape.url import parse_qs_bytes, url_escape, url_unescape

__all__ = [
    "ObjectDict",
    "_unicode",
    "import_object",
    "json_decode",
    "json_encode",
    "linkify",
    "native_str",
    "parse_qs_bytes",
    "recursive_unicode",
    "squeeze",
    "to_basestring",
    "to_unicode",
    "url_escape",
    "url_unescape",
    "use_json",
    "utf8",
    "xhtml_escape",
    "xhtml_unescape",
]
