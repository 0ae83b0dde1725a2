"""Bounding a head that is still arriving."""

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1.buffer import ReceiveBuffer
from cyclone_core.http1.head import overlong_request_line
from cyclone_core.limits import Limits

__all__ = ["UnfinishedHead"]


class UnfinishedHead:
    """Refuses at once what can no longer become a valid head.

    A client that drips bytes, or never ends a line, meets the limits without an empty line ever coming.
    Each byte is looked at once.
    """

    __slots__ = ("_line_start", "_lines", "_scanned")

    def __init__(self) -> None:
        """Start at the first byte of a head."""
        self._scanned = 0
        self._line_start = 0
        self._lines = 0

    def check(self, buffer: ReceiveBuffer, limits: Limits) -> None:
        """Check the bytes that came since the last call.

        Args:
            buffer: The received bytes, from the first one of the head on.
            limits: The bounds.

        Raises:
            HTTPInputError: A line or the whole is too large, or a line ends with a bare LF.
        """
        while (newline := buffer.index(b"\n", self._scanned)) >= 0:
            if newline == 0 or buffer.peek(newline - 1, newline) != b"\r":
                raise HTTPInputError("bare LF in the head of a request")
            self._check_line(buffer, newline - 1, limits)
            # RFC 9112 section 2.2: one empty line, left by an old client behind a body, is ignored.
            self._lines += newline > 1
            self._scanned = self._line_start = newline + 1
            if self._lines > limits.max_header_count + 1:
                raise HTTPInputError("too many header fields", 431)
        self._scanned = len(buffer)
        self._check_line(buffer, len(buffer) - 1, limits)
        if len(buffer) > limits.max_header_size + len(b"\r\n\r\n\r\n"):
            raise HTTPInputError("header fields too large", 431)

    def _check_line(self, buffer: ReceiveBuffer, end: int, limits: Limits) -> None:
        start = self._line_start
        if self._lines:
            if end - start > limits.max_header_line:
                raise HTTPInputError("header line too long", 431)
        elif end - start > limits.max_request_line:
            line = buffer.peek(start, start + limits.max_request_line)
            raise overlong_request_line(line.decode("latin-1"))
