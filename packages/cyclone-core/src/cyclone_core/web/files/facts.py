"""What is known of a file, so that most requests for it need not find it out."""

import datetime as dt
import mimetypes
import os
from collections.abc import Mapping

from cyclone_core.httputil import http_date
from cyclone_core.web.files.siblings import find_siblings

__all__ = ["FileFacts", "Identity", "guess_content_type", "identity_of"]

Identity = tuple[int, int, int, int]
"""Device, inode, size, and the time of the last change of anything in nanoseconds.

That time cannot be set by anybody, unlike that of the last modification.
"""

_OCTETS = "application/octet-stream"


def identity_of(status: os.stat_result) -> Identity:
    """Tell what a file is, and whether it is still the same.

    Args:
        status: What the system says of it.

    Returns:
        Something that is equal for the same file only, and only as long as nothing is changed in it.
    """
    return status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns


def guess_content_type(path: str) -> str:
    """Tell the `Content-Type` of a file by the extension of its name.

    Args:
        path: Its path.

    Returns:
        What Python's `mimetypes` says. A compressed file is what it is, and not what it would be when
        decompressed (RFC 6713); what nobody knows is `application/octet-stream`.
    """
    kind, coding = mimetypes.guess_type(path)
    if coding == "gzip":
        return "application/gzip"
    return kind if kind is not None and coding is None else _OCTETS


class FileFacts:
    """What is known of a file.

    It holds as long as the file is the same (`identity`); for what else it depends on, one second: on
    links in its path, on other files beside it, and on the types that `mimetypes` knows.

    Attributes:
        identity: What the file is.
        path: Where it is.
        until: For how long that holds, in seconds of `time.monotonic()`.
        modified: When it was modified, in whole seconds.
        last_modified: The same as a header says it.
        versions: Its versions by the class that has made them; None for none.
    """

    __slots__ = (
        "_codings",
        "_content_type",
        "_suffixes",
        "identity",
        "last_modified",
        "modified",
        "path",
        "until",
        "versions",
    )

    def __init__(self, path: str, status: os.stat_result, until: float) -> None:
        """Begin with what is known of a file.

        Args:
            path: Where it is.
            status: What the system says of it.
            until: See the attribute.
        """
        self.identity = identity_of(status)
        self.path = path
        self.until = until
        modified = int(status.st_mtime)
        self.modified = dt.datetime.fromtimestamp(modified, dt.UTC)
        self.last_modified = http_date(modified)
        self.versions: dict[type, str | None] = {}
        self._content_type: str | None = None
        self._suffixes: Mapping[str, str] | None = None
        self._codings: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """Its content type, see `guess_content_type`."""
        if self._content_type is None:
            self._content_type = guess_content_type(self.path)
        return self._content_type

    def codings(self, suffixes: Mapping[str, str]) -> tuple[str, ...]:
        """Tell which compressed files are beside it; see `find_siblings`.

        Args:
            suffixes: By content coding what is added to the name.

        Returns:
            The codings.
        """
        if self._suffixes is not suffixes:
            self._codings = find_siblings(self.path, self.modified.timestamp(), suffixes)
            self._suffixes = suffixes
        return self._codings
