"""Which file a request gets: the part of `StaticFileHandler` that finds and opens it."""

import datetime as dt
import os
from collections.abc import Mapping
from typing import ClassVar

from cyclone_core.web.errors import HTTPError
from cyclone_core.web.files.facts import guess_content_type
from cyclone_core.web.files.opening import OpenFile, only_regular, open_inside, open_regular
from cyclone_core.web.files.paths import check_inside
from cyclone_core.web.files.siblings import choose_coding
from cyclone_core.web.files.versions import OWN_VERSION, FileVersions, as_directories, is_own
from cyclone_core.web.handler import RequestHandler
from cyclone_core.web.redirects import leaves_site

__all__ = ["FileFinder"]


class FileFinder(FileVersions, RequestHandler):
    """The part of `StaticFileHandler` that finds a file.

    Attributes:
        precompressed: By content coding, what is added to the name of a file; the best coding first.
        root: The directory.
        default_filename: What is sent for a directory; None for nothing.
        path: The path below the directory, of the request.
        absolute_path: The path of the file, as `validate_absolute_path` has returned it.
    """

    precompressed: ClassVar[Mapping[str, str]] = {"br": ".br", "gzip": ".gz"}

    root: str
    path: str
    absolute_path: str | None = None

    # On the class, not in initialize(): Jupyter overrides that without calling ours.
    default_filename: str | None = None

    _file: OpenFile | None = None  # what was asked for
    _sent: OpenFile | None = None  # what is sent: that, or what it is when compressed
    _allowed: tuple[str, ...] = ()  # where it may be
    _version: str | None = None  # was made for this answer
    _wants_answer = False  # there is no file, and whoever found none must have answered

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Check that there is a file that may be sent.

        Args:
            root: The directory.
            absolute_path: What `get_absolute_path` has returned.

        Returns:
            The path of the file, without symbolic links; for a directory that of its default file. None
            if the request was answered, with a redirect to the URL that ends with a slash.

        Raises:
            HTTPError: The path, or what it links to, is elsewhere: 403; it is no regular file: 403; there
                is nothing: 404.
        """
        check_inside(root, absolute_path, self.path)
        self._allowed = allowed = as_directories(self.allowed_symlink_directory or root)
        found = open_inside(absolute_path, allowed, self.path)
        if self.default_filename is not None and found.is_directory:
            found.close()
            if not self.request.path.endswith("/"):
                self._redirect_to_directory()
                return None
            default = os.path.join(found.path, self.default_filename)  # noqa: PTH118 -- Path is slower
            found = open_inside(default, allowed, self.path)
        self._file = only_regular(found, self.path)
        return found.path

    def get_content_size(self) -> int:
        """Tell the size of the content, in bytes."""
        return self._status(self._sent or self._file).st_size

    def get_modified_time(self) -> dt.datetime | None:
        """Tell when the file was modified, in whole seconds; None if that is not known."""
        if self._file is not None:
            return self._file.facts.modified
        modified = int(self._status(None).st_mtime)
        return dt.datetime.fromtimestamp(modified, dt.UTC)

    def get_content_type(self) -> str:
        """Tell the `Content-Type`, as it is guessed from the extension."""
        path, file = str(self.absolute_path), self._file
        if file is not None and file.path == path:
            return file.facts.content_type
        return guess_content_type(path)

    def compute_etag(self) -> str | None:
        """Make the entity tag of what is sent: its version, in quotes; that of a part is the whole's.

        Returns:
            The tag; None if there is none.

        Raises:
            TypeError: `validate_absolute_path` has returned None, and nothing was answered.
        """
        if self._sent is not None and is_own(self.get_content_version, OWN_VERSION):
            version = self._version or self._version_of(self._sent)
        elif self.absolute_path is not None:
            version = self._custom_version(self.absolute_path, keep=self._keeps_versions)
        elif self._wants_answer and not self._write_buffer:
            raise TypeError(
                f"{type(self).__qualname__}.validate_absolute_path() returned None, which says that the "
                "request was answered, and it was not; return the path of a file, answer with redirect() "
                "or finish(), or raise HTTPError(404)"
            )
        else:
            return super().compute_etag()  # an override of get() has written something else
        return f'"{version}"' if version else None

    def _choose_file(self, validated: str) -> OpenFile:
        """Choose what is sent: the file, or what it is when compressed."""
        file = self._file
        if file is None or file.path != validated:
            # An override has validated it in its own way.
            self._close_files()
            self._allowed = ()
            self._file = file = open_regular(validated, self.path)
        suffixes, allowed = self.precompressed, self._allowed
        if not suffixes or not allowed:
            return file
        codings = file.facts.codings(suffixes)
        if not (codings and self._may_be_compressed()):
            return file
        self._headers.add("Vary", "Accept-Encoding")
        field = self.request.headers.get("Accept-Encoding")
        coding = choose_coding(field, codings) if field else None
        if coding is None:
            return file
        try:
            path = file.path + suffixes[coding]
            compressed = only_regular(open_inside(path, allowed, self.path), self.path)
        except (HTTPError, OSError):
            return file  # it must be as safe to send as the file itself
        self._headers["Content-Encoding"] = coding
        return compressed

    def _may_be_compressed(self) -> bool:
        cls = type(self)
        return (
            self._reads_files()
            and cls.get_content_size is FileFinder.get_content_size
            and cls.compute_etag is FileFinder.compute_etag
            and bool(self.settings.get("static_precompressed", True))
        )

    def _redirect_to_directory(self) -> None:
        if leaves_site(self.request.path):
            raise HTTPError(403, "cannot redirect path with two initial slashes")
        self.redirect(self.request.path + "/", permanent=True)

    def _status(self, file: OpenFile | None) -> os.stat_result:
        # An override of `validate_absolute_path` may have opened nothing.
        return os.stat(str(self.absolute_path)) if file is None else file.status  # noqa: PTH116

    def _close_files(self) -> None:
        file, sent = self._file, self._sent
        if file is not None:
            file.close()
        if sent is not None and sent is not file:
            sent.close()

    @property
    def _keeps_versions(self) -> bool:
        return bool(self.settings.get("static_hash_cache", True))

    def _version_of(self, file: OpenFile) -> str | None:
        known = self._known_version(file) if self._keeps_versions else None
        return self._make_version(file) if known is None else known[0]

    def _must_hash(self, file: OpenFile) -> bool:
        """Tell whether a file must be hashed, which is too large to be hashed at once."""
        if file.size > self.MAX_VERSION_CONTENT_SIZE or not self._reads_files():
            return False
        return not (self._keeps_versions and self._known_version(file) is not None)
