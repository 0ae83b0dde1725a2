"""`multipart/form-data` (RFC 7578) while it arrives: where each part of a form stands in the body.

Nothing of the body is kept here: a part is a range of it, and whoever keeps the body, in memory or in
a file, can read the range. The library `multipart` finds the delimiters. Part headers are read here,
from their raw bytes, because the library knows no `filename*`, trims what should be refused, and bounds
single lines only.

Stricter than RFC 2046, section 5.1, because no browser makes use of what is left out, and because
parsers differ in it, so that a filter in front of us may see another form: before the first delimiter
there may be one CRLF, behind the last one only line ends, and no blanks behind any. The first mistake
ends everything.
"""

import dataclasses
import re
from typing import Final, NoReturn, cast

from multipart import MultipartError, PushMultipartParser  # type: ignore[import-untyped]

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.headers import parse_field_lines
from cyclone_core.httputil.parameters import parse_parameters

__all__ = ["UNKNOWN_TYPE", "FormLimits", "FormPart", "MultipartParser", "check_boundary"]

UNKNOWN_TYPE: Final = "application/unknown"
"""The content type of a file whose part has none (cyclone and Tornado)."""

# RFC 2046 section 5.1.1, except for its short list of characters: clients quote others, such as braces.
_BOUNDARY: Final = re.compile(rb"[\x20-\x7e]{0,69}[\x21-\x7e]")

# RFC 7578 has three, some libraries add two or three of their own.
_MAX_PART_HEADERS: Final = 16

_PLAIN_ENCODINGS: Final = {"binary", "7bit", "8bit", "identity"}

_CRLF: Final = b"\r\n"
_END_OF_HEAD: Final = b"\r\n\r\n"
_LAST: Final = b"--"

_CONTENT_TOO_LARGE: Final = 413


@dataclasses.dataclass(frozen=True, slots=True)
class FormLimits:
    """The bounds of a form.

    Attributes:
        max_arguments: The number of fields (400).
        max_parts: The number of parts of a multipart form, fields and files (400).
        max_part_header_size: Bytes of the header of a part, up to the end of its last line (400).
        max_fields_size: Bytes of all fields of a multipart form together: they stay in memory (413).
    """

    max_arguments: int
    max_parts: int
    max_part_header_size: int
    max_fields_size: int


@dataclasses.dataclass(slots=True)
class FormPart:
    """One part of a form: a range of the body.

    Attributes:
        name: The name of the field.
        filename: The file name as the client says, None if the part is a field.
        content_type: The content type as the client says.
        start: Where the content begins, bytes from the start of the body.
        size: The length of the content in bytes.
    """

    name: str
    filename: str | None
    content_type: str
    start: int
    size: int = 0


def check_boundary(boundary: bytes) -> bytes:
    """Check the boundary of a multipart body.

    Args:
        boundary: What the header says, without quotes.

    Returns:
        The same.

    Raises:
        HTTPInputError: It is empty, longer than 70 bytes, ends in a blank or holds bytes other than
            printable ASCII (RFC 2046 section 5.1.1).
    """
    if not _BOUNDARY.fullmatch(boundary):
        raise HTTPInputError(f"the boundary of a form is missing or invalid: {boundary[:80]!r}")
    return boundary


class MultipartParser:
    """Finds the parts of one form. Feed it the body, in any pieces; then ask for `finish`.

    Attributes:
        parts: What was found so far; the size of the last one grows.
    """

    def __init__(self, boundary: bytes, limits: FormLimits) -> None:
        """Begin a form.

        Args:
            boundary: The boundary, as `check_boundary` returns it.
            limits: The bounds.
        """
        self.parts: list[FormPart] = []
        self._limits = limits
        self._delimiter = b"--" + boundary
        self._framer = PushMultipartParser(
            boundary,
            # It may see the CR behind a line that is as long as the whole header may be.
            max_header_size=limits.max_part_header_size + 1,
            max_header_count=_MAX_PART_HEADERS,
            max_segment_count=limits.max_parts,
            header_charset="latin-1",  # it looks at ASCII only; what is UTF-8 is decided here
            strict=True,
        )
        self._received = 0  # bytes of the body before the current chunk
        self._begun = self._ended = False
        # What came of the first delimiter, later of a part's header, while it is incomplete.
        self._head = bytearray()
        self._head_start: int | None = None
        self._lead = b""  # how the content of a part begins
        self._fields = 0
        self._fields_size = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next piece of the body.

        Args:
            chunk: The piece.

        Raises:
            HTTPInputError: The form is malformed (400) or exceeds a limit (400, for the size of the
                fields 413). Nothing more may be fed.
        """
        if not self._begun:
            held = bytes(self._head)
            if not self._begin(held + chunk[: len(self._delimiter) + 2 * len(_CRLF)]):
                return
            chunk = held + chunk if held else chunk
            if self._ended:
                chunk = chunk[self._head_start :]
        if self._ended:
            _check_epilogue(chunk)
        elif chunk:
            self._parse(chunk)
            self._received += len(chunk)

    def finish(self) -> list[FormPart]:
        """Take note that the body is complete.

        Returns:
            The parts, in order.

        Raises:
            HTTPInputError: The final boundary is missing.
        """
        if not self._ended:
            raise HTTPInputError("a multipart form ends without its final boundary")
        return self.parts

    def _begin(self, head: bytes) -> bool:
        """Look for the first delimiter; the library's judgement depends on how the body is cut."""
        opening = _CRLF + self._delimiter if head.startswith(b"\r") else self._delimiter
        length = len(opening) + len(_CRLF)
        if opening[: len(head)] != head[: len(opening)]:
            raise HTTPInputError("a multipart form does not begin with its boundary")
        if len(head) < length:
            self._head[:] = head
            return False
        if head[len(opening) : length] not in {_CRLF, _LAST}:
            raise HTTPInputError("there is no line end behind the first boundary of a form")
        self._head.clear()
        self._begun = True
        self._begin_head(length, head[length - 1])
        return True

    def _begin_head(self, start: int, last: int) -> None:
        """Note that a delimiter ends at `start`, in CRLF or, if no part follows, in two hyphens."""
        self._head_start = start
        self._ended = last == _LAST[-1]

    def _parse(self, chunk: bytes) -> None:
        mistake = None
        try:
            for event in self._framer.parse(chunk):
                if isinstance(event, bytes):
                    self._count(event)
                elif event is None:
                    self._end_part(chunk)
                else:
                    self._begin_part(chunk)
        except MultipartError as error:
            # The library keeps the exception, whose traceback would lead back to it.
            mistake = error.with_traceback(None)
        if mistake is not None:
            raise HTTPInputError(f"malformed multipart form: {mistake}")
        if self._head_start is not None and not self._ended:
            self._head += chunk[max(self._head_start - self._received, 0) :]
            if len(self._head) > self._limits.max_part_header_size + len(_END_OF_HEAD):
                self._refuse_head()

    def _count(self, content: bytes) -> None:
        part = self.parts[-1]
        size = len(content)
        if part.size < len(self._delimiter):
            # Behind an empty line some parsers take it for the delimiter, and see two parts.
            self._lead += content[: len(self._delimiter) - part.size]
            if self._lead == self._delimiter:
                raise HTTPInputError("the content of a part of a form begins with the boundary")
        part.size += size
        if part.filename is None:
            self._fields_size += size
            if self._fields_size > self._limits.max_fields_size:
                raise HTTPInputError("the fields of a form are too large", _CONTENT_TOO_LARGE)

    def _end_part(self, chunk: bytes) -> None:
        part = self.parts[-1]
        # The delimiter stands between two line ends, the second of which may be two hyphens.
        end = part.start + part.size + len(self._delimiter) + 2 * len(_CRLF)
        # The library waits for the last byte, so it is in this chunk.
        self._begin_head(end, chunk[end - self._received - 1])
        if self._ended:
            _check_epilogue(chunk[end - self._received :])

    def _begin_part(self, chunk: bytes) -> None:
        start = cast("int", self._head_start)
        self._head_start = None
        self._lead = b""
        wanted = self._limits.max_part_header_size + len(_END_OF_HEAD)
        offset = max(start - self._received, 0)
        head = bytes(self._head) + chunk[offset : offset + wanted - len(self._head)]
        self._head.clear()
        end = head.find(_END_OF_HEAD)
        if end < 0:
            self._refuse_head()
        part = _parse_head(head[:end], start + end + len(_END_OF_HEAD))
        if part.filename is None:
            self._fields += 1
            if self._fields > self._limits.max_arguments:
                raise HTTPInputError(f"a form has more than {self._fields - 1} fields")
        self.parts.append(part)

    def _refuse_head(self) -> NoReturn:
        size = self._limits.max_part_header_size
        raise HTTPInputError(f"the header of a part of a form has more than {size} bytes")


def _check_epilogue(rest: bytes) -> None:
    if rest.strip(_CRLF):
        raise HTTPInputError("there is something behind the final boundary of a multipart form")


def _parse_head(head: bytes, start: int) -> FormPart:
    fields = parse_field_lines(head.decode("latin-1").split("\r\n"))
    # That it is form-data the library has seen.
    parameters = parse_parameters(_field(fields, "Content-Disposition"), form=True)[1]
    name = parameters.get("name")
    if not name:
        raise HTTPInputError("a part of a form has no name")
    for field in ("Content-Transfer-Encoding", "Transfer-Encoding"):
        encoding = _field(fields, field)
        if encoding and encoding.lower() not in _PLAIN_ENCODINGS:
            raise HTTPInputError(f"a part of a form is encoded as {encoding[:40]!r}")
    content_type = _field(fields, "Content-Type") or UNKNOWN_TYPE
    # An empty one comes from a file input where nothing was chosen: as in Tornado, that is a field.
    return FormPart(name, parameters.get("filename") or None, content_type, start)


def _field(fields: dict[str, str | list[str]], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, list):
        raise HTTPInputError(f"a part of a form has more than one {name}")
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        raise HTTPInputError(f"the {name} of a part of a form is no UTF-8") from None
