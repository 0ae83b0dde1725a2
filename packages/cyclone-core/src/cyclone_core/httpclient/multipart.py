"""`multipart/form-data` (RFC 7578) as clients write it: fields and files, which are not read before they go.

Names and file names are written as the HTML standard has it (section 4.10.21.8): UTF-8 in quotes, in which
`"`, CR and LF become `%22`, `%0D` and `%0A`. All other control characters are refused: servers disagree on
whether they end a line.
"""

import re
import secrets
from typing import Final

from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.forms import Params, field_pairs, pairs_of
from cyclone_core.httpclient.sources import BytesSource, Pieces, Source
from cyclone_core.httpclient.uploads import Files, read_upload
from cyclone_core.httputil import HTTPHeaders

__all__ = ["MultipartForm"]

_ESCAPES: Final = {ord("\r"): "%0D", ord("\n"): "%0A", ord('"'): "%22"}

# The C0 range without what is escaped and without HTAB, DEL, and the C1 range.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

_BOUNDARY: Final = re.compile(r"[0-9A-Za-z_-]{1,70}")

# What is longer is not copied.
_SMALL: Final = 64 * 1024


class MultipartForm:
    r"""A form with fields and files; a `Source`, so that it can be sent piece by piece.

    Attributes:
        boundary: What stands between the parts: 128 random bits, which are in no content by chance.
        content_type: The value of `Content-Type`, with the boundary.
        size: The length in bytes, None if that of a file is not known.
        repeatable: Whether it can be sent again.

    Example:
        >>> form = MultipartForm({"title": "Notes"}, {"file": ("a.txt", b"text")}, boundary="x")
        >>> form.content_type
        'multipart/form-data; boundary=x'
        >>> print(b"".join(form.pieces()).decode().replace("\r", ""), end="")
        --x
        Content-Disposition: form-data; name="title"
        <BLANKLINE>
        Notes
        --x
        Content-Disposition: form-data; name="file"; filename="a.txt"
        Content-Type: text/plain
        <BLANKLINE>
        text
        --x--
    """

    def __init__(self, fields: Params, files: Files, *, boundary: str | None = None) -> None:
        """Describe a form; no file is read.

        Args:
            fields: The fields that are no files; they come first.
            files: The files.
            boundary: Another boundary, for who needs the same bytes each time.

        Raises:
            TypeError: A field or a file has a type that none may have.
            ValueError: A content type or a header holds what none may, or a file is closed.
            InvalidRequest: A name is empty, or holds what none may.
            OSError: A path leads nowhere.
        """
        if boundary is None:
            boundary = secrets.token_hex(16)
        elif not _BOUNDARY.fullmatch(boundary):
            raise InvalidRequest(
                f"a boundary has 1 to 70 letters, digits, hyphens and underscores, unlike {boundary!r}"
            )
        self.boundary = boundary
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self.repeatable = True
        self.size: int | None = 0
        self._segments: list[Source] = []
        self._small: list[bytes] = []
        self._small_size = 0
        for name, value in field_pairs(fields):
            content = value if isinstance(value, bytes) else value.encode()
            self._add_part(name, None, HTTPHeaders(), BytesSource(content))
        for name, several in pairs_of(files, "the files of a form"):
            for each in several if isinstance(several, list) else [several]:
                filename, source, headers = read_upload(each)
                self._add_part(name, filename, headers, source)
        self._add_small(f"--{boundary}--\r\n".encode())
        self._join_small()

    @property
    def whole(self) -> bytes | None:
        """The form in one piece, if it is short and holds nothing that has to be read first."""
        only = self._segments[0]
        return only.content if len(self._segments) == 1 and isinstance(only, BytesSource) else None

    def pieces(self) -> Pieces:
        """Give the form piece by piece; see `Source.pieces`."""
        for segment in self._segments:
            yield from segment.pieces()

    def _add_part(
        self, name: str, filename: str | None, headers: HTTPHeaders, source: Source
    ) -> None:
        if not name:
            raise InvalidRequest("a part of a form has no name: servers refuse it or leave it out")
        disposition = f"form-data; name={_quoted(name, 'field')}"
        if filename is not None:
            disposition += f"; filename={_quoted(filename, 'file')}"
        head = f"Content-Disposition: {disposition}\r\n{headers.to_wire()}"
        self._add_small(f"--{self.boundary}\r\n{head}\r\n".encode())
        if isinstance(source, BytesSource) and source.size <= _SMALL:
            self._add_small(source.content)
        else:
            self._join_small()
            self._segments.append(source)
            self.repeatable = self.repeatable and source.repeatable
            if self.size is None or source.size is None:
                self.size = None
            else:
                self.size += source.size
        self._add_small(b"\r\n")

    def _add_small(self, content: bytes) -> None:
        """Add bytes to those that go together: each piece costs a write, or a chunk."""
        if self._small_size + len(content) > 2 * _SMALL:
            self._join_small()
        self._small.append(content)
        self._small_size += len(content)

    def _join_small(self) -> None:
        self._segments.append(BytesSource(b"".join(self._small)))
        if self.size is not None:
            self.size += self._small_size
        self._small.clear()
        self._small_size = 0


def _quoted(name: str, kind: str) -> str:
    if bad := _CONTROL.search(name):
        raise InvalidRequest(
            f"the name of a {kind} in a form holds the control character {bad[0]!r}: {name[:100]!r}"
        )
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InvalidRequest(
            f"the name of a {kind} in a form is no text that UTF-8 can express: {name[:100]!r}; a file"
            " gets another name in a tuple, (filename, file)"
        ) from None
    escaped = name.translate(_ESCAPES)
    # Browsers escape no backslash, but many parsers take one before the closing quote for an escape, and
    # read on in the next parameter.
    if (len(escaped) - len(escaped.rstrip("\\"))) % 2:
        escaped += "\\"
    return f'"{escaped}"'
