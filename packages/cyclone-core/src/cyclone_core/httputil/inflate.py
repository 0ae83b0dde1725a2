"""Decoding gzip and deflate in steps of a bounded size; bytes in, bytes out."""

import zlib
from typing import Final

from cyclone_core.errors import HTTPInputError

__all__ = ["CODINGS", "Inflater"]

_STEP: Final = 64 * 1024

# Each member costs as much as a step, and an empty one is only 20 bytes long.
_MOST_MEMBERS: Final = 1000

_GZIP: Final = zlib.MAX_WBITS + 16  # zlib's way to ask for a gzip frame
_ZLIB: Final = zlib.MAX_WBITS
_RAW: Final = -zlib.MAX_WBITS

# RFC 1950 section 2.2: the method, 8 for deflate, and 8 less than the binary logarithm of the window's size,
# which is at most 7, are the halves of the first byte; as a number the first two are a multiple of 31.
_DEFLATE: Final = 8
_LARGEST_WINDOW: Final = 7
_DIVISOR: Final = 31

# The name for messages, the frame, and how often it may follow itself.
CODINGS: Final = {
    "gzip": ("gzip", _GZIP, _MOST_MEMBERS),
    "x-gzip": ("gzip", _GZIP, _MOST_MEMBERS),
    "deflate": ("deflate in the zlib format", _ZLIB, 1),
}
"""What an `Inflater` decodes, by the names of content codings."""


class Inflater:
    """Decodes one stream (RFC 9110 section 8.4.1, RFC 1950, RFC 1951, RFC 1952).

    A gzip stream may have many members; nothing else may follow its end. What `deflate` names is the
    zlib format, but some senders leave its frame out. A server refuses that: to guess which of the two was
    meant would let one body mean two things to two servers. A client may accept it, as browsers do.

    Attributes:
        waiting: Whether `take` has something to do.
    """

    __slots__ = (
        "_data",
        "_format",
        "_guesses",
        "_held",
        "_members",
        "_most_members",
        "_stream",
        "_window",
        "waiting",
    )

    def __init__(self, coding: str, *, raw_deflate: bool = False) -> None:
        """Make a decoder.

        Args:
            coding: One of `CODINGS`.
            raw_deflate: Whether `deflate` may be without the frame of the zlib format.
        """
        self._format, self._window, self._most_members = CODINGS[coding]
        self._data = b""
        self._members = 0
        self._stream: zlib._Decompress | None = None
        self.waiting = False
        # While the frame is not known, what may be the first half of one.
        self._guesses = raw_deflate and self._window == _ZLIB
        self._held = b""

    @property
    def complete(self) -> bool:
        """Whether the stream may end here: between members, or where nothing has come."""
        return self._stream is None and not self.waiting and not self._held

    def feed(self, data: bytes) -> None:
        """Add input; all that came before must have been taken.

        Args:
            data: The next bytes of the stream.
        """
        if self._guesses and data:
            data = self._find_frame(self._held + data)
        self._data = data
        self.waiting = bool(data)

    def take(self) -> bytes:
        """Decode the next step.

        Returns:
            At most 64 KiB; nothing, if the input holds only a frame or a part of it.

        Raises:
            HTTPInputError: The stream is malformed, or has too many members: status 400.
        """
        stream = self._stream or self._begin_member()
        problem = None
        try:
            piece = stream.decompress(self._data, _STEP)
        except zlib.error as error:
            # Not raised here: its context would lead to this frame and to what refers to it.
            problem = str(error)
        if problem is not None:
            raise HTTPInputError(f"the body is no valid {self._format}: {problem}")
        if stream.eof:
            self._data = stream.unused_data
            self._stream = None
            self.waiting = bool(self._data)
        else:
            self._data = stream.unconsumed_tail
            # Without input zlib may still hold output that the size of the step has cut off.
            self.waiting = bool(self._data) or len(piece) == _STEP
        return piece

    def _find_frame(self, data: bytes) -> bytes:
        """Find out what a stream begins with; returns it, or nothing if that takes a second byte."""
        first = data[0]
        framed = first % 16 == _DEFLATE and first // 16 <= _LARGEST_WINDOW
        if framed and len(data) == 1:
            self._held = data
            return b""
        self._held = b""
        self._guesses = False
        # No encoder makes raw deflate that looks like a frame: it would be a block of bytes as they are, and
        # what fills up its first byte not zero.
        if not framed or int.from_bytes(data[:2], "big") % _DIVISOR:
            self._format, self._window = "deflate", _RAW
        return data

    def _begin_member(self) -> "zlib._Decompress":
        if self._members == self._most_members:
            raise HTTPInputError(
                f"the body goes on behind the end of its {self._format}"
                if self._members == 1
                else f"the body has more than {self._most_members} members of {self._format}"
            )
        self._members += 1
        self._stream = stream = zlib.decompressobj(self._window)
        return stream
