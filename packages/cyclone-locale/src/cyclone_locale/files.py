"""Reading a file from a directory of catalogues, where anything may lie."""

from __future__ import annotations

import errno
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_regular"]


def read_regular(path: Path) -> bytes:
    """Read a file, and nothing that only looks like one.

    To open a named pipe waits until somebody writes to it, and a device may never end: either would
    stop the whole program.

    Args:
        path: The file, or a link to it.

    Returns:
        Its content.

    Raises:
        OSError: It cannot be read, or is no regular file.
    """
    mode = path.stat().st_mode
    # A directory raises by itself, in the words of the system.
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    return path.read_bytes()
