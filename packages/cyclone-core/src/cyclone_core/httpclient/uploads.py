"""The files of a form as programs give them."""

import mimetypes
import os
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.sources import Source, as_source
from cyclone_core.httputil import HTTPFile, HTTPHeaders

__all__ = ["Files", "Upload", "read_upload"]

Files = Mapping[str, Any] | Sequence[tuple[str, Any]]
"""Uploads: field names to an `HTTPFile`, a dict like one, a `pathlib.Path`, an open binary file, bytes, a
tuple `(filename, body)`, `(filename, body, content_type)` or `(filename, body, content_type, headers)`, or
a list of such. In a tuple the body may also be text or an iterable of bytes; a file name of None makes it a
field, which may have a content type; and a content type of None is guessed from the name."""

_UNNAMED: Final = "file"
_UNKNOWN: Final = "application/octet-stream"

# What a file is that was compressed, whatever is inside.
_COMPRESSED: Final = {
    "gzip": "application/gzip",
    "bzip2": "application/x-bzip2",
    "xz": "application/x-xz",
}

_KINDS: Final = (
    "an upload is an HTTPFile, a dict with 'filename' and 'body', a pathlib.Path, an open binary file, bytes"
    " or a tuple (filename, body[, content_type[, headers]])"
)


class Upload(NamedTuple):
    """A part of a form.

    Attributes:
        filename: The name of the file, None if the part is a field.
        source: Its content.
        headers: The header fields of the part, beside `Content-Disposition`.
    """

    filename: str | None
    source: Source
    headers: HTTPHeaders


def read_upload(given: Any) -> Upload:  # noqa: ANN401 -- see Files
    """Find out what a program wants to upload.

    Args:
        given: See `Files`, without lists.

    Returns:
        The upload; nothing is read or opened.

    Raises:
        TypeError: It is none of those.
        ValueError: Content type or headers hold what no header may; or a file is closed.
        InvalidRequest: A path leads to no regular file, or headers say what only we may say.
        OSError: A path leads nowhere.
    """
    content_type: str | None = None
    headers: Any = None
    if isinstance(given, HTTPFile):
        # A copy has a position of its own: the program may be reading from `file` itself.
        filename, content = _item(given, "filename"), given.copy().file
        content_type = given.get("content_type")
    elif isinstance(given, Mapping):
        filename, content = _item(given, "filename"), _item(given, "body")
        content_type, headers = given.get("content_type"), given.get("headers")
    elif isinstance(given, tuple):
        if len(given) not in (2, 3, 4):
            raise TypeError(f"{_KINDS}; this tuple has {len(given)} items")
        filename, content, content_type, headers = (*given, None, None)[:4]
    elif isinstance(given, (str, bytes, bytearray, memoryview, os.PathLike)) or hasattr(
        given, "read"
    ):
        filename, content = _name_of(given), given
    else:
        raise TypeError(f"{_KINDS}, not {type(given).__name__}")
    if filename is not None and not isinstance(filename, str):
        raise TypeError(f"the file name of an upload is str, not {type(filename).__name__}")
    source = as_source(content, "the body of an upload")
    return Upload(filename, source, _headers(content_type, headers, filename))


def _item(given: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 -- see Files
    if name not in given:
        raise TypeError(f"{_KINDS}; this {type(given).__name__} has no {name!r}")
    return given[name]


def _name_of(given: Any) -> str:  # noqa: ANN401 -- see Files
    """Make a file name: it is the last part of the path, because the rest is nobody's business."""
    path = given if isinstance(given, os.PathLike) else getattr(given, "name", None)
    if not isinstance(path, (str, bytes, os.PathLike)):
        return _UNNAMED  # a number, if it was opened by its descriptor
    return PurePath(os.fsdecode(path)).name or _UNNAMED


def _headers(content_type: str | None, given: Any, filename: str | None) -> HTTPHeaders:  # noqa: ANN401 -- a mapping or pairs
    headers = HTTPHeaders(given or ())
    if "Content-Disposition" in headers:
        raise InvalidRequest(
            "the headers of an upload have a Content-Disposition, which is made of the name of the field"
            " and the file name"
        )
    if content_type is not None:
        headers["Content-Type"] = content_type
    elif filename is not None and "Content-Type" not in headers:
        headers["Content-Type"] = _guess(filename)
    return headers


def _guess(filename: str) -> str:
    # Without the dot and the slash the name might be read as a URL, and `data:` brings its type along.
    content_type, coding = mimetypes.guess_type(f"./{filename}")
    if coding is not None:
        return _COMPRESSED.get(coding, _UNKNOWN)
    return content_type or _UNKNOWN
