"""The temporary file of a body that is too large for the memory."""

import contextlib
import errno
import os
import tempfile
import threading
from typing import IO, Final

from cyclone_core.errors import HTTPInputError

__all__ = ["BodySpool", "SpoolError"]

_PIECE: Final = 64 * 1024

_DISK_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_TOO_MANY_FILES: Final = {errno.EMFILE, errno.ENFILE}
_INSUFFICIENT_STORAGE: Final = 507
_SERVICE_UNAVAILABLE: Final = 503
_INTERNAL_SERVER_ERROR: Final = 500


class SpoolError(HTTPInputError):
    """A body cannot be kept on disk.

    The status is 507 if the disk or the quota is full or the file too large (RFC 4918 section 11.5), 503
    if the process or the system has too many files open, and else 500.

    It is no mistake of the client, but reaches the request in the way of one, as its `body_error`: the
    web framework answers it with an error page, before `prepare`. In the log 507 and 503 are one line,
    500 an error like any that nobody expects.
    """

    def __init__(self, reason: OSError, directory: str | None) -> None:
        """Describe the failure.

        Args:
            reason: What the system says.
            directory: The setting `body_spool_dir`.
        """
        status, hint = _INTERNAL_SERVER_ERROR, "see the settings body_spool_dir and max_body_size"
        if reason.errno in _DISK_FULL:
            status = _INSUFFICIENT_STORAGE
        elif reason.errno in _TOO_MANY_FILES:
            status = _SERVICE_UNAVAILABLE
            hint = "raise the limit of open files (ulimit -n) or lower the setting max_connections"
        place = _place(directory)
        super().__init__(f"a body cannot be kept in {place}: {reason.strerror}; {hint}", status)


def _cause(error: OSError, directory: str | None) -> OSError:
    # `tempfile` finds the system's directory by writing a file, the first time; whatever fails then, it
    # says that there is no directory.
    if directory is None and error.errno == errno.ENOENT:
        try:
            os.close(os.open(os.devnull, os.O_RDONLY))
        except OSError as cause:
            return cause
    return error


def _place(directory: str | None) -> str:
    if directory is None:
        try:
            directory = tempfile.gettempdir()
        except OSError:
            return "a temporary file"
    return repr(directory)


class BodySpool:
    """A body in an unnamed temporary file; a `BodyStore`.

    The file lives as long as somebody refers to it: the request, an uploaded file, a file object. So
    what a handler does with a large body after its answer, or after the client has gone, does not
    fail where it works with a small one. Nothing here refers back, so that the last reference goes,
    and the file with it, at the end of the request, without the garbage collector.

    Attributes:
        size: The number of bytes written.
    """

    __slots__ = ("_directory", "_file", "_lock", "size")

    def __init__(self, directory: str | None) -> None:
        """Make the file.

        Args:
            directory: Where; None is the system's directory for temporary files.

        Raises:
            SpoolError: There can be no file.
        """
        self.size = 0
        self._directory = directory
        self._lock = threading.Lock()
        try:
            file = tempfile.TemporaryFile(buffering=_PIECE, dir=directory)  # noqa: SIM115 -- kept open
            self._file: IO[bytes] = file
        except OSError as error:
            raise SpoolError(_cause(error, directory), directory) from None

    def write(self, chunk: bytes) -> None:
        """Append a piece; the disk gets 64 KiB at a time.

        Args:
            chunk: The piece.

        Raises:
            SpoolError: The disk does not take it.
        """
        try:
            self._file.write(chunk)
        except OSError as error:
            raise SpoolError(error, self._directory) from None
        self.size += len(chunk)

    def flush(self) -> None:
        """Give the disk what is left.

        Raises:
            SpoolError: The disk does not take it.
        """
        try:
            self._file.flush()
        except OSError as error:
            raise SpoolError(error, self._directory) from None

    def read_range(self, start: int, size: int) -> bytes:
        """Read a range, from any thread; see `BodyStore.read_range`.

        Raises:
            OSError: The disk has failed.
        """
        with self._lock:
            self._file.seek(start)
            return self._file.read(size)

    def close(self) -> None:
        """Remove the file at once."""
        # What a full disk has not taken is tried once more.
        with contextlib.suppress(OSError):
            self._file.close()

    def __del__(self) -> None:
        """Remove the file."""
        if hasattr(self, "_file"):
            self.close()
