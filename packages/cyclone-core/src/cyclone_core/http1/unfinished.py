"""Bounding a head that is still arriving."""

from collections.abc import Callable

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1.buffer import ReceiveBuffer
from cyclone_core.limits import Limits

__all__ = ["UnfinishedHead"]


class UnfinishedHead:
    """Refuses at once what can no longer become a valid head.

    A peer that drips bytes, or never ends a line, meets the limits without an empty line ever coming.
    Each byte is looked at once.
    """

    __slots__ = ("_limits", "_line_start", "_lines", "_max_first_line", "_overlong", "_scanned")

    def __init__(
        self, limits: Limits, max_first_line: int, overlong: Callable[[str], HTTPInputError]
    ) -> None:
        """Start at the first byte of a head.

        Args:
            limits: The bounds of header lines.
            max_first_line: How long the request or status line may be.
            overlong: Called with that much of a longer one; makes the error.
        """
        self._limits = limits
        self._max_first_line = max_first_line
        self._overlong = overlong
        self._scanned = 0
        self._line_start = 0
        self._lines = 0

    def check(self, buffer: ReceiveBuffer) -> None:
        """Check the bytes that came since the last call.

        Args:
            buffer: The received bytes, from the first one of the head on.

        Raises:
            HTTPInputError: A line or the whole is too large, or a line ends with a bare LF.
        """
        limits = self._limits
        while (newline := buffer.index(b"\n", self._scanned)) >= 0:
            if newline == 0 or buffer.peek(newline - 1, newline) != b"\r":
                raise HTTPInputError("bare LF in a head")
            self._check_line(buffer, newline - 1)
            # RFC 9112 section 2.2: one empty line, left by an old client behind a body, is ignored.
            self._lines += newline > 1
            self._scanned = self._line_start = newline + 1
            if self._lines > limits.max_header_count + 1:
                raise HTTPInputError("too many header fields", 431)
        self._scanned = len(buffer)
        self._check_line(buffer, len(buffer) - 1)
        if len(buffer) > limits.max_header_size + len(b"\r\n\r\n\r\n"):
            raise HTTPInputError("header fields too large", 431)

    def _check_line(self, buffer: ReceiveBuffer, end: int) -> None:
        start = self._line_start
        if self._lines:
            if end - start > self._limits.max_header_line:
                raise HTTPInputError("header line too long", 431)
        elif end - start > self._max_first_line:
            line = buffer.peek(start, start + self._max_first_line)
            raise self._overlong(line.decode("latin-1"))
