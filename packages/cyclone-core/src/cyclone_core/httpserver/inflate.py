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

# The name for messages, the frame, and how often it may follow itself.
CODINGS: Final = {
    "gzip": ("gzip", _GZIP, _MOST_MEMBERS),
    "x-gzip": ("gzip", _GZIP, _MOST_MEMBERS),
    "deflate": ("deflate in the zlib format", _ZLIB, 1),
}
"""What an `Inflater` decodes, by the names of content codings."""


class Inflater:
    """Decodes one stream (RFC 9110 section 8.4.1, RFC 1950, RFC 1952).

    A gzip stream may have many members; nothing else may follow its end. What `deflate` names is the
    zlib format: some clients leave its frame out, but to guess which of the two was meant would let one
    body mean two things to two servers.

    Attributes:
        waiting: Whether `take` has something to do.
    """

    __slots__ = ("_data", "_format", "_members", "_most_members", "_stream", "_window", "waiting")

    def __init__(self, coding: str) -> None:
        """Make a decoder.

        Args:
            coding: One of `CODINGS`.
        """
        self._format, self._window, self._most_members = CODINGS[coding]
        self._data = b""
        self._members = 0
        self._stream: zlib._Decompress | None = None
        self.waiting = False

    @property
    def complete(self) -> bool:
        """Whether the stream may end here: between members, or where nothing has come."""
        return self._stream is None and not self.waiting

    def feed(self, data: bytes) -> None:
        """Add input; all that came before must have been taken.

        Args:
            data: The next bytes of the stream.
        """
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
