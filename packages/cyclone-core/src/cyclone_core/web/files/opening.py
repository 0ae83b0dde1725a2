"""Opening files to be served: regular ones, and only where symbolic links do not lead out of a directory.

A file is opened first and looked at then, so that what was looked at is what is sent, whatever becomes of
the path meanwhile. Where the system tells the path of an open file (Linux does in `/proc`), that path is
checked: it has no links left in it. Elsewhere the path is resolved, and must lead to the file that is open.

Resolving costs as much as all the rest of a small file. So an answer holds for a second, for the same file:
the same inode, which has not changed since. Nobody can get at another file that way; only a file whose
directory was moved away, and linked to, may still be served for the rest of that second.
"""

import errno
import io
import os
import stat
import time
from collections.abc import Iterable
from typing import Final, Self, TypeVar

from cyclone_core.web.errors import HTTPError
from cyclone_core.web.files.facts import FileFacts, Identity, identity_of

__all__ = [
    "OpenFile",
    "forget_files",
    "is_unchanged",
    "only_regular",
    "open_inside",
    "open_regular",
]

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

# A FIFO or a terminal must not block, nor the file be inherited; Windows has a text mode instead.
_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)

_DELETED: Final = " (deleted)"

_SECOND: Final = 1.0
_MOST_KEPT: Final = 1024

_MISSING: Final = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL}
)
_NO_FILE: Final = frozenset({errno.ENXIO, errno.ENODEV, errno.EOPNOTSUPP})
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})


_confirmed: Final[dict[tuple[str, tuple[str, ...]], FileFacts]] = {}
_resolved: Final[dict[str, tuple[float, str]]] = {}


def forget_files() -> None:
    """Forget what is known of files, and which directories links lead to."""
    _confirmed.clear()
    _resolved.clear()


class OpenFile:
    """A file, or a directory, that is open; close it once you are done.

    Attributes:
        asked: The path that was opened.
        path: Where it is, without symbolic links in it if it was opened with `open_inside`.
        status: What the system said of it after it was opened.
    """

    __slots__ = ("_facts", "_file", "_number", "asked", "path", "status")

    def __init__(self, number: int | None, path: str) -> None:
        """Take over a file.

        Args:
            number: Its descriptor; None for a directory that cannot be opened.
            path: Where it is.
        """
        self._number = number
        self._file: io.FileIO | None = None
        self._facts: FileFacts | None = None
        self.asked = self.path = path
        self.status = os.stat(path) if number is None else os.fstat(number)  # noqa: PTH116

    @property
    def number(self) -> int | None:
        """The descriptor, None when it is closed."""
        return self._number

    @property
    def facts(self) -> FileFacts:
        """What is known of it."""
        if self._facts is None:
            self._facts = FileFacts(self.path, self.status, 0)
        return self._facts

    @facts.setter
    def facts(self, facts: FileFacts) -> None:
        self._facts = facts
        self.path = facts.path

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self.status.st_size

    def read(self, start: int, count: int) -> bytes:
        """Read a part at once.

        Args:
            start: Where it begins, bytes from the start.
            count: Its length in bytes.

        Returns:
            The part; less where the file has become shorter.
        """
        if self._number is None:
            raise ValueError(f"{self.path} is closed")
        data = _read_at(self._number, count, start)
        if len(data) == count:
            return data
        pieces = []
        while data:  # the system may give less than it has
            pieces.append(data)
            start += len(data)
            count -= len(data)
            data = _read_at(self._number, count, start)
        return b"".join(pieces)

    def file(self) -> io.FileIO:
        """Give the file as an object that reads it; closing that is closing this."""
        if self._number is None:
            raise ValueError(f"{self.path} is closed")
        if self._file is None:
            self._file = io.FileIO(self._number)
        return self._file

    def close(self) -> None:
        """Close it; a second time does nothing."""
        number = self._number
        if number is not None:
            self._number = None
            if self._file is None:
                os.close(number)
            else:
                self._file.close()

    def __enter__(self) -> Self:
        """Close it at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def __del__(self) -> None:
        """Close it, if who has opened it lost it: a subclass may only validate a path."""
        self.close()


def _seek_and_read(number: int, count: int, start: int) -> bytes:
    os.lseek(number, start, os.SEEK_SET)
    return os.read(number, count)


_read_at: Final = getattr(os, "pread", _seek_and_read)  # Windows has none


def open_regular(path: str, shown: str) -> OpenFile:
    """Open a file that was found to be one that may be served.

    Args:
        path: Where it is.
        shown: What the log calls it.

    Returns:
        The file.

    Raises:
        HTTPError: There is nothing: 404; it is no regular file, or may not be read: 403; there are too
            many open files: 503.
    """
    return only_regular(_open(path, shown), shown)


def open_inside(path: str, allowed: tuple[str, ...], shown: str) -> OpenFile:
    """Open a file or directory, unless symbolic links lead out of where it must be.

    Args:
        path: The absolute path, already checked as it is written.
        allowed: The directories of which it must be in one.
        shown: What the log calls it.

    Returns:
        What is there.

    Raises:
        HTTPError: As `open_regular`; and it is somewhere else: 403, whether or not there is anything.
    """
    try:
        found = _open(path, shown)
    except HTTPError:
        if not _is_inside(_real_path(path), map(_resolve, allowed)):
            raise _outside(shown) from None
        raise
    try:
        found.facts = _confirm(found, path, allowed, shown)
    except HTTPError:
        found.close()
        raise
    return found


def is_unchanged(path: str, identity: Identity) -> bool:
    """Tell whether a file that was read is still the same one, in a third of the time of reading it.

    Args:
        path: Where it was opened.
        identity: What it was.

    Returns:
        False if anything is different.
    """
    try:
        return identity_of(os.stat(path)) == identity  # noqa: PTH116
    except OSError:
        return False


def only_regular(found: OpenFile, shown: str) -> OpenFile:
    """Refuse, and close, what is no regular file.

    Args:
        found: What was opened.
        shown: What the log calls it.

    Returns:
        The same.

    Raises:
        HTTPError: It is a directory, a device, a FIFO or the like: 403.
    """
    if not stat.S_ISREG(found.status.st_mode):
        found.close()
        raise HTTPError(403, "%s is not a file", shown)
    return found


def _open(path: str, shown: str) -> OpenFile:
    try:
        return OpenFile(os.open(path, _FLAGS), path)
    except PermissionError:
        # A directory that may be searched and not read, and any one on Windows.
        if os.path.isdir(path):  # noqa: PTH112
            return OpenFile(None, path)
        raise HTTPError(403, "%s may not be read", shown) from None
    except ValueError:  # not the name of any file, in the system's encoding
        raise HTTPError(404) from None
    except OSError as error:
        if error.errno in _MISSING:
            raise HTTPError(404) from None
        if error.errno in _NO_FILE:
            raise HTTPError(403, "%s is not a file", shown) from None
        if error.errno in _EXHAUSTED:
            raise HTTPError(503, "%s cannot be opened: %s", shown, error.strerror) from None
        raise


def _confirm(found: OpenFile, path: str, allowed: tuple[str, ...], shown: str) -> FileFacts:
    """Check that an open file is in one of some directories; gives what is known of it."""
    now = time.monotonic()
    key = (path, allowed)
    facts = _confirmed.get(key)
    if facts is not None and now < facts.until and facts.identity == identity_of(found.status):
        return facts
    real = _path_of(found)
    if real is None or not _is_inside(real, [_resolve_lately(each, now) for each in allowed]):
        real = os.path.realpath(path)
        if not (_is_inside(real, map(_resolve, allowed)) and _is_same(real, found.status)):
            raise _outside(shown)
    facts = FileFacts(real, found.status, now + _SECOND)
    _keep(_confirmed, key, facts)
    return facts


def _outside(shown: str) -> HTTPError:
    return HTTPError(403, "%s is not in root static directory", shown)


def _path_of(found: OpenFile, links: str = "/proc/self/fd") -> str | None:
    """Ask the system where an open file is; None if it does not tell."""
    try:
        path = os.readlink(f"{links}/{found.number}")  # noqa: PTH115
    except OSError:
        return None
    if path.endswith(_DELETED) and not _is_same(path, found.status):
        # It is not called so: somebody has put another file in its place meanwhile. Its links are not
        # counted instead, because it may have another name.
        return path.removesuffix(_DELETED)
    return path


def _real_path(path: str) -> str:
    try:
        return os.path.realpath(path)
    except ValueError:  # it has a NUL in it, and no links
        return path


def _is_same(path: str, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), status)  # noqa: PTH116
    except OSError:
        return False


def _is_inside(real: str, directories: Iterable[str]) -> bool:
    return any((real + os.sep).startswith(directory) for directory in directories)


def _resolve(directory: str) -> str:
    real = os.path.realpath(directory)
    return real if real.endswith(os.sep) else real + os.sep


def _resolve_lately(directory: str, now: float) -> str:
    """Resolve a directory, as it was a second ago; what is not in it is looked at again."""
    until, real = _resolved.get(directory, (now, ""))
    if now >= until:
        real = _resolve(directory)
        _keep(_resolved, directory, (now + _SECOND, real))
    return real


def _keep(kept: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    if len(kept) >= _MOST_KEPT:
        kept.clear()  # it is filled again in a second
    kept[key] = value
