"""From the path in a URL to a path below a directory: as it is written, without a look at the disk."""

import os
import re
from functools import lru_cache
from typing import Final

from cyclone_core.web.errors import HTTPError

__all__ = ["absolute_path", "check_inside", "has_file_names", "system_path"]

# What some system does not take for the name of a file: the end of a string, a separator, a drive or a
# stream of NTFS (`a.txt:b`), and devices that are in every directory, whatever their extension.
# Refused on all systems: files move, and who tests on one is surprised on another.
_REFUSED: Final = re.compile(
    r"""
    [\0\\:]
    | (?:^|/)
      (?:con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]|conin\$|conout\$|clock\$)
      [ ]*+ (?:[./]|\Z)
    """,
    re.VERBOSE | re.IGNORECASE,
)


def system_path(url_path: str, separator: str = os.sep) -> str:
    """Write a path of a URL as the system writes it.

    Args:
        url_path: The path, decoded, relative to the URL of a directory.
        separator: What the system puts between names.

    Returns:
        The path, relative to the directory.

    Raises:
        HTTPError: The system's separator stands in a name: 403.
    """
    if separator == "/":
        return url_path
    if separator in url_path:
        raise HTTPError(403, "%s is not the name of a file", url_path)
    return url_path.replace("/", separator)


def absolute_path(root: str, path: str) -> str:
    """Join a directory and a path below it.

    Args:
        root: The directory.
        path: The path, as `system_path` gives it.

    Returns:
        The absolute path, without `..` in it.

    Raises:
        HTTPError: The path leads out of the directory, or has a name in it that no file has on some
            system: 403.
    """
    return _join_again(root, path) if _may_be_kept(root, path) else _join(root, path)


def check_inside(root: str, absolute: str, shown: str) -> None:
    """Check that a path is inside of a directory, or the directory itself.

    Args:
        root: The directory.
        absolute: The absolute path.
        shown: What the log calls it.

    Raises:
        HTTPError: It is not: 403.
    """
    holds = _holds_again if _may_be_kept(root, absolute) else _holds
    if not holds(root, absolute):
        raise HTTPError(403, "%s is not in root static directory", shown)


def has_file_names(path: str, separator: str = os.sep) -> bool:
    """Tell whether all names in a path may be those of files, on all systems.

    Args:
        path: A relative path.
        separator: What the system puts between names.

    Returns:
        False for a path with a NUL, a drive, a stream or a device in it.
    """
    return not _REFUSED.search(path if separator == "/" else path.replace(separator, "/"))


def _join(root: str, path: str) -> str:
    if not has_file_names(path):
        raise HTTPError(403, "%s is not the name of a file", path)
    joined = os.path.abspath(os.path.join(root, path))  # noqa: PTH100, PTH118 -- Path is slower
    if not _holds(root, joined):
        raise HTTPError(403, "%s is not in root static directory", path)
    return joined


def _holds(root: str, absolute: str) -> bool:
    directory = os.path.abspath(root)  # noqa: PTH100 -- Path is slower
    if not directory.endswith(os.sep):
        directory += os.sep  # or `static` would hold `static-private`
    return (absolute + os.sep).startswith(directory)


# What a relative path means depends on the working directory; and nobody should fill the memory.
_LONGEST_KEPT: Final = 256
_join_again: Final = lru_cache(1024)(_join)
_holds_again: Final = lru_cache(1024)(_holds)


def _may_be_kept(root: str, path: str) -> bool:
    return type(root) is str and root[:1] == "/" and len(path) <= _LONGEST_KEPT
