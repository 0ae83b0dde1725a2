"""What is shown of a request."""

import inspect
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.cookies import parse_cookie
from cyclone_core.web.debugpage.frames import shorten
from cyclone_core.web.debugpage.masking import MASK, Masking, arguments_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cyclone_core.web.base import HandlerBase

__all__ = ["Table", "tables", "versions"]

_MAX_ROWS: Final = 60

# Headers whose values are URLs, which may hold secrets in their turn.
_URLS: Final = frozenset({"referer", "origin", "location"})


@dataclass(frozen=True)
class Table:
    """A table of names and values.

    Attributes:
        title: Its title.
        rows: Its rows: name and value.
        left_out: The number of rows that are not shown.
    """

    title: str
    rows: tuple[tuple[str, str], ...]
    left_out: int = 0


def tables(handler: "HandlerBase", masking: Masking) -> list[Table]:
    """Tell what a request is, and who has handled it.

    Args:
        handler: Its handler.
        masking: What makes values fit to be shown.

    Returns:
        Tables that are not empty.
    """
    found = [
        _table("General", _request(handler, masking), masking),
        _table("Path arguments", _path(handler, masking), masking),
        _table("Query arguments", _arguments(handler, masking, "query"), masking),
        _table("Body arguments", _arguments(handler, masking, "body"), masking),
        _table("Files", _files(handler, masking), masking),
        _table("Headers", _headers(handler, masking), masking),
        _table("Cookies", _cookies(handler), masking),
    ]
    return [each for each in found if each.rows]


def versions() -> str:
    """Name the versions of what runs."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"cyclone {_version('cyclone-core')}, Twisted {_version('Twisted')}, {python}"


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:  # it runs from its source, or from an archive
        return "of unknown version"


def _table(title: str, rows: "Iterable[tuple[str, str]]", masking: Masking) -> Table:
    every = [(masking.shown(name, 100), value) for name, value in rows]
    return Table(title, tuple(every[:_MAX_ROWS]), max(0, len(every) - _MAX_ROWS))


def _request(handler: "HandlerBase", masking: Masking) -> list[tuple[str, str]]:
    request = handler.request
    rows = [
        ("URL", masking.uri(request.full_url())),
        ("Method", masking.shown(request.method)),
        ("Version", request.version),
        ("Client", masking.shown(str(request.remote_ip))),
        ("Handler", _handler(handler)),
    ]
    size = request.headers.get("Content-Length")
    if size is not None:
        rows.append(("Body", f"{masking.shown(size)} bytes"))
    return rows


def _handler(handler: "HandlerBase") -> str:
    kind = type(handler)
    name = f"{kind.__module__}.{kind.__qualname__}"
    method: Any = getattr(kind, handler.request.method.lower(), None)
    code = getattr(inspect.unwrap(method), "__code__", None) if callable(method) else None
    if code is None:
        return name
    return f"{name}.{method.__name__}, line {code.co_firstlineno} of {shorten(code.co_filename)}"


def _path(handler: "HandlerBase", masking: Masking) -> list[tuple[str, str]]:
    given = [(str(number), value) for number, value in enumerate(handler.path_args)]
    given += list(getattr(handler, "path_kwargs", {}).items())
    return [(name, masking.value(name, "None" if v is None else v)) for name, v in given]


def _arguments(handler: "HandlerBase", masking: Masking, source: str) -> list[tuple[str, str]]:
    found = arguments_of(handler, source)
    return [
        (name, masking.value(name, value)) for name, values in found.items() for value in values
    ]


def _files(handler: "HandlerBase", masking: Masking) -> list[tuple[str, str]]:
    try:
        found = handler.request.files
    except HTTPInputError:
        return []
    return [
        (name, masking.shown(f"{each.filename}, {each.content_type}, {each.size} bytes"))
        for name, files in found.items()
        for each in files
    ]


def _headers(handler: "HandlerBase", masking: Masking) -> list[tuple[str, str]]:
    return [
        (name, masking.uri(value) if name.lower() in _URLS else masking.value(name, value))
        for name, value in handler.request.headers.get_all()
    ]


def _cookies(handler: "HandlerBase") -> list[tuple[str, str]]:
    # Whoever has a cookie of somebody is that somebody: none of them is shown.
    return [(name, MASK) for name in parse_cookie(handler.request.headers.get("Cookie", ""))]
