"""The types that users see. Checked by mypy --strict, never run."""

import json as json_module
import re
from typing import TYPE_CHECKING, Any, assert_type

import orjson

import cyclone_escape as escape

if TYPE_CHECKING:
    from cyclone_escape.html import HasHTML


class Widget:
    """Something with markup."""

    def __html__(self) -> str:
        """Return markup."""
        return "<b>"


def text(either: str | bytes, maybe: str | None) -> None:
    """None stays None, and only None does."""
    assert_type(escape.utf8("a"), bytes)
    assert_type(escape.utf8(either), bytes)
    assert_type(escape.utf8(None), None)
    assert_type(escape.to_unicode(either), str)
    assert_type(escape._unicode(b"a"), str)
    assert_type(escape.native_str(b"a"), str)
    assert_type(escape.to_basestring(None), None)
    assert_type(escape.squeeze("a"), str)
    assert_type(escape.recursive_unicode([b"a"]), Any)
    escape.utf8(1)  # type: ignore[call-overload]
    if maybe is not None:
        assert_type(escape.utf8(maybe), bytes)


def html(either: str | bytes) -> None:
    """Text, bytes and objects with markup are escaped; None is refused."""
    widget: HasHTML = Widget()
    assert_type(escape.xhtml_escape(either), str)
    assert_type(escape.xhtml_escape(widget), str)
    assert_type(escape.xhtml_escape(Widget()), str)
    assert_type(escape.xhtml_unescape(either), str)
    escape.xhtml_escape(None)  # type: ignore[arg-type]


def urls(either: str | bytes) -> None:
    """The encoding decides about the type."""
    assert_type(escape.url_escape(either), str)
    assert_type(escape.url_escape("a", plus=False), str)
    assert_type(escape.url_unescape(either), str)
    assert_type(escape.url_unescape("a", "latin-1", False), str)
    assert_type(escape.url_unescape("a", plus=False), str)
    assert_type(escape.url_unescape(either, None), bytes)
    assert_type(escape.url_unescape("a", encoding=None, plus=False), bytes)
    assert_type(escape.parse_qs_bytes(either, True, max_num_fields=10), dict[str, list[bytes]])
    escape.parse_qs_bytes("a", False, False, 10)  # type: ignore[call-arg]


def json() -> None:
    """Anything goes in, anything comes out."""
    assert_type(escape.json_encode({"a": b"b"}), str)
    assert_type(escape.json_decode(b"1"), Any)
    assert_type(escape.json_decode("1"), Any)
    previous = escape.use_json("orjson")
    escape.use_json(previous)
    escape.use_json(json_module.dumps)
    escape.use_json(orjson.dumps)
    escape.use_json(None)  # type: ignore[arg-type]
    escape.use_json(lambda value: [value])  # type: ignore[arg-type,return-value]


def links(either: str | bytes) -> None:
    """Attributes are text or a function; protocols are any collection."""
    assert_type(escape.linkify(either), str)
    escape.linkify("a", True, "rel=x", True, ["http"])
    escape.linkify("a", extra_params=lambda href: href.upper(), permitted_protocols={"ftp"})
    escape.linkify("a", extra_params=lambda href: re.match("a", href))  # type: ignore[arg-type,return-value]


def objects() -> None:
    """ObjectDict is generic over its values, and Any without a parameter."""
    plain: escape.ObjectDict = escape.ObjectDict(a=1, b="c")
    assert_type(plain.anything, Any)
    numbers = escape.ObjectDict[int](a=1)
    assert_type(numbers.a, int)
    assert_type(numbers["a"], int)
    assert_type(numbers.copy(), escape.ObjectDict[int])
    numbers.b = 2
    numbers.b = "c"  # type: ignore[assignment]
    del numbers.b
    as_dict: dict[str, int] = numbers
    assert_type(as_dict["a"], int)


def imports() -> None:
    """Anything can be imported."""
    assert_type(escape.import_object("json.dumps"), Any)
