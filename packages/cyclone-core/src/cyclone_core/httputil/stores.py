"""Where the body of a request is, in memory or on disk, and files that read from it."""

import io
import os
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["BodyStore", "MemoryStore", "open_range"]

_PIECE: Final = 64 * 1024


class BodyStore(Protocol):
    """Where a body is: anything whose ranges can be read, from several threads at once.

    Attributes:
        size: Its length in bytes.
    """

    @property
    def size(self) -> int:
        """The length in bytes."""
        ...

    def read_range(self, start: int, size: int) -> bytes:
        """Read a range.

        Args:
            start: Where it begins, bytes from the start of the body.
            size: Its length in bytes.

        Returns:
            The bytes.
        """
        ...


class MemoryStore:
    """A body in memory; a `BodyStore`."""

    __slots__ = ("_body",)

    def __init__(self, body: bytes) -> None:
        """Wrap a body."""
        self._body = body

    @property
    def size(self) -> int:
        """The length in bytes."""
        return len(self._body)

    def read_range(self, start: int, size: int) -> bytes:
        """Copy a range; see `BodyStore.read_range`."""
        return self._body[start : start + size]


class _Range(io.RawIOBase):
    """A range of a body as a file of its own, with a position of its own."""

    def __init__(self, store: BodyStore, start: int, size: int) -> None:
        super().__init__()
        self._store = store
        self._start = start
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"cannot seek to {base + offset}, before the start of the file")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        piece = self._read(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def readall(self) -> bytes:
        return self._read(self._size)

    def _read(self, size: int) -> bytes:
        left = max(self._size - self._position, 0)
        piece = self._store.read_range(self._start + self._position, min(size, left))
        self._position += len(piece)
        return piece


def open_range(store: BodyStore, start: int, size: int) -> BinaryIO:
    """Open a range of a body as a binary file that reads from it piece by piece.

    Args:
        store: The body, which lives as long as the file.
        start: Where the range begins, bytes from the start of the body.
        size: Its length in bytes.

    Returns:
        A buffered, seekable file at position 0. It has no file descriptor.
    """
    return cast("BinaryIO", io.BufferedReader(_Range(store, start, size), _PIECE))
