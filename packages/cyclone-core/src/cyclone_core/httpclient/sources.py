"""What gives the bytes of a body one after the other: bytes, files, paths and iterables."""

import io
import os
import stat
from collections.abc import AsyncIterable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, cast

from cyclone_core.httpclient.errors import InvalidRequest

__all__ = [
    "BytesSource",
    "FileSource",
    "IterableSource",
    "PathSource",
    "Pieces",
    "Source",
    "as_piece",
    "as_source",
]

_PIECE: Final = 64 * 1024

Pieces = Generator[bytes, None, None]
"""Pieces of bytes. To close it closes what was opened for it."""


class Source(Protocol):
    """What gives the bytes of a body, or of a part of it.

    Attributes:
        size: How many bytes there are, None if nobody knows.
        repeatable: Whether it gives the same bytes once more.
    """

    @property
    def size(self) -> int | None:
        """How many bytes there are, None if nobody knows."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether it gives the same bytes once more."""
        ...

    def pieces(self) -> Pieces:
        """Give the bytes, from the beginning.

        Yields:
            The pieces; an empty one means nothing.

        Raises:
            TypeError: There is a piece that is no bytes.
            OSError: A file cannot be opened or read.
        """
        ...


def as_piece(given: object) -> bytes:
    """Make bytes of a piece of a body.

    Args:
        given: Bytes of any kind. A `bytearray` is copied: it may be filled again before it is sent.

    Returns:
        The bytes.

    Raises:
        TypeError: It is something else.
    """
    if type(given) is bytes:
        return given
    if isinstance(given, (bytes, bytearray, memoryview)):
        return bytes(given)
    raise TypeError(
        f"a piece of a body is bytes, not {type(given).__name__}: encode text, and open files with 'rb'"
    )


def as_source(given: object, what: str) -> Source:
    """Find out how to get the bytes of what a program gives.

    Args:
        given: Text, bytes, a path, an open binary file or an iterable of bytes.
        what: What it is, for the error.

    Returns:
        The source.

    Raises:
        TypeError: It is none of them.
        InvalidRequest: A path leads to no plain file.
        OSError: A path leads nowhere.
        ValueError: A file is closed.
    """
    if isinstance(given, str):
        return BytesSource(given.encode())
    if isinstance(given, (bytes, bytearray, memoryview)):
        return BytesSource(bytes(given))
    if isinstance(given, os.PathLike):
        return PathSource(given)
    if isinstance(given, io.TextIOBase):
        raise TypeError(f"{what} is a file of text: open it with 'rb', so that its bytes are sent")
    if hasattr(given, "read"):
        return FileSource(cast("BinaryIO", given))
    if isinstance(given, Iterable) and not isinstance(given, (Mapping, AsyncIterable)):
        return IterableSource(given)
    raise TypeError(
        f"{what} is str, bytes, a pathlib.Path, an open binary file or an iterable of bytes, not"
        f" {type(given).__name__}"
    )


class BytesSource:
    """Bytes; a `Source`."""

    repeatable = True

    def __init__(self, content: bytes) -> None:
        """Wrap bytes.

        Args:
            content: The bytes.
        """
        self.content = content
        self.size = len(content)

    def pieces(self) -> Pieces:
        """Give all of them; see `Source.pieces`."""
        yield self.content


class FileSource:
    """An open file, from where it stands now; a `Source`. Whoever has opened it closes it.

    It is read in the reactor's thread, 64 KiB when there is room for them. To hand each piece to a thread
    costs several times what it takes to read it, unless the disk is slow; a file that blocks for long, such
    as a pipe, is better read by an asynchronous iterable of the program's own.

    A regular file that grows meanwhile is sent as long as it was.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Look where the file stands, and where it ends.

        Args:
            file: A binary file.

        Raises:
            ValueError: It is closed.
        """
        self._file = file
        self._start: int | None
        self.size: int | None
        self._start, self.size = _measure(file)
        self.repeatable = self._start is not None

    def pieces(self) -> Pieces:
        """Read; see `Source.pieces`."""
        if self._start is not None:
            self._file.seek(self._start)
        yield from _read(self._file, self.size)


class PathSource:
    """A file by its path; a `Source`. It is opened when it is sent, and closed then."""

    repeatable = True

    def __init__(self, path: "os.PathLike[str]") -> None:
        """Look how long the file is.

        Args:
            path: Where it is.

        Raises:
            OSError: There is none.
            InvalidRequest: It is a directory, a device or a pipe.
        """
        self.path = Path(path)
        found = self.path.stat()
        if not stat.S_ISREG(found.st_mode):
            # To open a pipe would wait for whoever writes to it.
            raise InvalidRequest(f"{self.path} is no regular file: open it, and give the file")
        self.size = found.st_size

    def pieces(self) -> Pieces:
        """Open it and read; see `Source.pieces`."""
        with self.path.open("rb") as file:
            yield from _read(file, self.size)


class IterableSource:
    """An iterable of bytes, such as a list or a generator; a `Source`."""

    size = None

    def __init__(self, iterable: Iterable[bytes]) -> None:
        """Wrap an iterable.

        Args:
            iterable: What gives the pieces; an iterator gives them once.
        """
        self._iterable = iterable
        self.repeatable = not isinstance(iterable, Iterator)

    def pieces(self) -> Pieces:
        """Iterate, and close a generator that was not asked for all; see `Source.pieces`."""
        iterator = iter(self._iterable)
        try:
            for piece in iterator:
                yield as_piece(piece)
        finally:
            if isinstance(iterator, Generator):
                iterator.close()


def _read(file: BinaryIO, size: int | None) -> Pieces:
    left = size
    while left is None or left > 0:
        piece = as_piece(file.read(_PIECE if left is None else min(_PIECE, left)))
        if not piece:
            return
        if left is not None:
            left -= len(piece)
        yield piece


def _measure(file: Any) -> tuple[int, int] | tuple[None, None]:  # noqa: ANN401 -- whatever has `read`
    """Tell where a file stands and how many bytes follow; nothing if it cannot go back."""
    try:
        # A device has a position, too, and its end is where it begins.
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return None, None
    except (AttributeError, OSError):
        pass  # it is in memory, or reads from something else
    try:
        start = file.tell()
        file.seek(0, os.SEEK_END)
        end = file.tell()
        file.seek(start)
    except (AttributeError, OSError):
        return None, None
    return start, max(end - start, 0)
