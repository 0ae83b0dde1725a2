"""Serving files: `StaticFileHandler`, with the interface that Tornado's has.

The parts are elsewhere: which paths are names of files (`filepaths`), how they are opened (`openfiles`),
what a client asks for (`conditions`, `ranges`, `codings`), and versions (`fileversions`, `versions`).

A small file is read at once and sent in one write with its head; a larger one goes from the disk to the
socket without passing through the process, see `cyclone_core.httpserver.sendfile`.
"""

import datetime as dt
import mimetypes
import os
from collections.abc import Coroutine, Iterable, Mapping
from functools import lru_cache
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from cyclone_core.errors import StreamClosedError
from cyclone_core.httputil import http_date
from cyclone_core.web.codings import choose_coding, find_siblings
from cyclone_core.web.conditions import is_unchanged_since, may_send_part, precondition_fails
from cyclone_core.web.coroutines import settle
from cyclone_core.web.errors import HTTPError
from cyclone_core.web.filepaths import check_inside, system_path
from cyclone_core.web.fileversions import FileVersions, as_directories, is_own
from cyclone_core.web.handler import RequestHandler
from cyclone_core.web.openfiles import OpenFile, only_regular, open_inside, open_regular
from cyclone_core.web.output_transform import OutputTransform
from cyclone_core.web.ranges import content_range, find_range, unsatisfied_range
from cyclone_core.web.redirects import leaves_site
from cyclone_core.web.versions import AT_ONCE, SlowHashes

__all__ = ["StaticFileHandler"]

# What is read at once. More of a file is never in memory.
_SMALL: Final = 64 * 1024

_NOT_MODIFIED: Final = 304
_PARTIAL_CONTENT: Final = 206
_RANGE_NOT_SATISFIABLE: Final = 416

_cached_date: Final = lru_cache(1024)(http_date)

# By application, because each has its own clock.
_slow_hashes: Final[WeakKeyDictionary[object, SlowHashes]] = WeakKeyDictionary()


class StaticFileHandler(FileVersions, RequestHandler):
    """Serves the files of a directory (Tornado and cyclone: `web.StaticFileHandler`).

    The setting `static_path` makes the routes. Another directory needs one of its own, whose pattern has
    a group for the path::

        Application([(r"/content/(.*)", StaticFileHandler, {"path": "/var/www"})])

    A file with the extension `.br` or `.gz` beside another one is what that one is when compressed, and
    is sent instead to clients that like it better; the setting `static_precompressed=False` turns that off,
    as does `precompressed = {}` in a class. It must not be older than the original. A class with content of
    its own (`get_content`, `get_content_size`, `compute_etag`) has none.

    Methods may be overridden as in Tornado. They find what they need in the attributes.

    Attributes:
        CACHE_MAX_AGE: Seconds for which a client may keep what it has asked for with a version.
        precompressed: By content coding, what is added to the name of a file; the best coding first.
        root: The directory.
        default_filename: What is sent for a directory; None for nothing.
        path: The path below the directory, of the request.
        absolute_path: The path of the file, as `validate_absolute_path` has returned it.
        modified: When the file was modified, or None.
    """

    CACHE_MAX_AGE: ClassVar[int] = 86400 * 365 * 10
    precompressed: ClassVar[Mapping[str, str]] = {"br": ".br", "gzip": ".gz"}

    root: str
    path: str
    absolute_path: str | None
    modified: dt.datetime | None

    # On the class, not in initialize(): Jupyter overrides that without calling ours.
    default_filename: str | None = None

    _file: OpenFile | None = None  # what was asked for
    _sent: OpenFile | None = None  # what is sent: that, or what it is when compressed
    _version: str | None = None  # was made for this answer
    _sending = False  # get() has returned and goes on
    _finish_wanted = False  # who has called get() did not wait for it

    def initialize(  # type: ignore[override]
        self,
        path: str,
        default_filename: str | None = None,
        allowed_symlink_directory: str | list[str] | None = None,
    ) -> None:
        """Take the route's arguments.

        Args:
            path: The directory.
            default_filename: What is sent for a directory, for example `index.html`.
            allowed_symlink_directory: Where symbolic links may lead; see the attribute.
        """
        self.root = path
        self.default_filename = default_filename
        if allowed_symlink_directory is not None:
            self.allowed_symlink_directory = allowed_symlink_directory

    def head(self, path: str) -> Deferred[None]:
        """Answer as `get` does, without the content."""
        return self.get(path, include_body=False)

    def get(self, path: str, include_body: bool = True) -> Deferred[None]:
        """Send a file.

        Args:
            path: The path in the URL, decoded.
            include_body: Whether to send more than the head.

        Returns:
            A Deferred that fires when all was handed to the connection, or the client has gone. Who
            overrides this method may await it, or return it, or neither, as in cyclone 1.x.

        Raises:
            HTTPError: There is no file that may be sent: 403 or 404; or a condition of the request does
                not hold: 412.
        """
        rest = None
        try:
            rest = self._begin_answer(path, include_body)
        finally:
            if rest is None:
                self._close_files()
        waiting = None if rest is None else settle(rest, self._context)
        if waiting is None:
            return succeed(None)
        self._sending = True
        done: Deferred[None] = Deferred()
        waiting.addCallbacks(
            self._end_sending, self._fail_sending, callbackArgs=(done,), errbackArgs=(done,)
        )
        return done

    # Steps that may be overridden.

    def parse_url_path(self, url_path: str) -> str:
        """Find the path of a file in a URL; override it together with `make_static_url`.

        Args:
            url_path: The path in the URL, decoded.

        Returns:
            The path below the directory.
        """
        return system_path(url_path)

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
        allowed = as_directories(self.allowed_symlink_directory or root)
        found = open_inside(absolute_path, allowed, self.path)
        if found.is_directory and self.default_filename is not None:
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
        return self._status(self._sent).st_size

    def get_modified_time(self) -> dt.datetime | None:
        """Tell when the file was modified, in whole seconds; None if that is not known."""
        modified = int(self._status(self._file).st_mtime)
        return dt.datetime.fromtimestamp(modified, dt.UTC)

    def get_content_type(self) -> str:
        """Tell the `Content-Type`, as it is guessed from the extension."""
        kind, coding = mimetypes.guess_type(self.absolute_path or "")
        if coding == "gzip":
            return "application/gzip"  # RFC 6713
        if coding is not None or kind is None:
            return "application/octet-stream"
        return kind

    def set_headers(self) -> None:
        """Set the headers of the answer."""
        headers = self._headers
        headers["Accept-Ranges"] = "bytes"
        # A browser must not take for a script what was uploaded as a picture.
        headers["X-Content-Type-Options"] = "nosniff"
        etag = self.compute_etag()
        if etag is not None:
            self.set_header("Etag", etag)
        if self.modified is not None:
            self.set_header("Last-Modified", self.modified)
        content_type = self.get_content_type()
        if content_type:
            self.set_header("Content-Type", content_type)
        cache_time = self.get_cache_time(self.path, self.modified, content_type)
        if cache_time > 0:
            self.set_header("Expires", dt.datetime.now(dt.UTC) + dt.timedelta(seconds=cache_time))
            self.set_header("Cache-Control", f"max-age={cache_time}")
        self.set_extra_headers(self.path)

    def set_extra_headers(self, path: str) -> None:
        """Override to set more headers.

        Args:
            path: The path below the directory.
        """

    def compute_etag(self, body: bytes = b"") -> str | None:
        """Make the entity tag of what is sent: its version, in quotes.

        Args:
            body: Not used: the tag of a part is that of the whole.

        Returns:
            The tag; None if there is none.
        """
        del body
        if self._sent is not None and self._reads_files():
            version = self._version or self._version_of(self._sent)
        else:
            version = self._custom_version(str(self.absolute_path), keep=self._keeps_versions)
        return f'"{version}"' if version else None

    def should_return_304(self) -> bool:
        """Tell whether the client has the file already."""
        store = self.request.headers.store
        if "If-None-Match" in store:
            return self.check_etag_header()
        if "If-Modified-Since" not in store:
            return False
        return is_unchanged_since(self.request.headers["If-Modified-Since"], self.modified)

    def get_cache_time(self, path: str, modified: dt.datetime | None, mime_type: str) -> int:
        """Tell for how long the client may keep the file without asking; override it for another time.

        Args:
            path: The path below the directory.
            modified: When the file was modified, or None.
            mime_type: Its content type.

        Returns:
            Seconds; 0 to say nothing, so that the client asks or guesses. By default `CACHE_MAX_AGE` if
            the URL has a version.
        """
        del path, modified, mime_type
        return self.CACHE_MAX_AGE if self.request.query and "v" in self.request.arguments else 0

    # How an answer is made.

    def _begin_answer(self, path: str, include_body: bool) -> Coroutine[Any, Any, None] | None:
        """Make an answer; returns what is left to do, and closes the files, if anything is left."""
        self.path = self.parse_url_path(path)
        absolute = self.get_absolute_path(self.root, self.path)
        self.absolute_path = validated = self.validate_absolute_path(self.root, absolute)
        if validated is None:
            return None
        if is_own(self.get_content, _CONTENT):
            self._sent = sent = self._choose_file(validated)
            if sent.size > AT_ONCE and self._must_hash(sent):
                return self._hash_and_answer(sent, include_body)
        return self._answer(include_body)

    def _choose_file(self, validated: str) -> OpenFile:
        """Choose what is sent: the file, or what it is when compressed."""
        file = self._file
        if file is None or file.path != validated:
            # An override has validated it in its own way.
            self._close_files()
            self._file = file = open_regular(validated, self.path)
        suffixes = self.precompressed
        if not (suffixes and self._may_be_compressed()):
            return file
        codings = find_siblings(file.path, file.status.st_mtime, suffixes)
        if not codings:
            return file
        self._headers.add("Vary", "Accept-Encoding")
        field = self.request.headers.get("Accept-Encoding")
        coding = choose_coding(field, codings) if field else None
        if coding is None:
            return file
        allowed = as_directories(self.allowed_symlink_directory or self.root)
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
            and cls.get_content_size is StaticFileHandler.get_content_size
            and cls.compute_etag is StaticFileHandler.compute_etag
            and bool(self.settings.get("static_precompressed", True))
        )

    def _answer(self, include_body: bool) -> Coroutine[Any, Any, None] | None:
        """Set head and content of the answer, or return what sends a content that is larger."""
        self.modified = self.get_modified_time()
        self.set_headers()
        headers = self.request.headers
        if precondition_fails(headers, self._headers.get("Etag", ""), self.modified):
            raise HTTPError(412)
        if self.should_return_304():
            self.set_status(_NOT_MODIFIED)
            return None
        size = self.get_content_size()
        part = self._part(size) if "Range" in headers.store else None
        if part is None:
            part = range(size)
        elif not part:
            self._refuse_range(size)
            return None
        elif len(part) != size:
            self.set_status(_PARTIAL_CONTENT)
            self._headers["Content-Range"] = content_range(part, size)
        self._headers["Content-Length"] = str(len(part))
        if not include_body:
            return None
        if self._sent is None:
            return self._send_content(part, size)
        if len(part) > _SMALL:
            return self._send_file(self._sent, part)
        self.write(self._sent.read(part.start, len(part)))
        return None

    def _part(self, size: int) -> range | None:
        """Find the part that the request asks for; None for the whole, empty for what is not there."""
        headers = self.request.headers
        condition = headers.get("If-Range")
        if condition is not None:
            etag, now = self._headers.get("Etag", ""), dt.datetime.now(dt.UTC)
            if not may_send_part(condition, etag, self.modified, now):
                return None
        return find_range(headers["Range"], size)

    def _refuse_range(self, size: int) -> None:
        self.set_status(_RANGE_NOT_SATISFIABLE)
        self.clear_header("Content-Encoding")
        self._headers["Content-Type"] = "text/plain"
        self._headers["Content-Range"] = unsatisfied_range(size)

    async def _send_file(self, file: OpenFile, part: range) -> None:
        """Send a part of a file that is too large to be read at once."""
        try:
            await self.flush()
            if all(map(_passes_on, self._transforms or ())):
                await self._exchange.send_file(file.file(), part.start, len(part))
                return
            for start in range(part.start, part.stop, _SMALL):
                self.write(file.read(start, min(_SMALL, part.stop - start)))
                await self.flush()
        except StreamClosedError:
            pass  # nobody is left to send it to
        finally:
            self._close_files()

    def _send_content(self, part: range, size: int) -> Coroutine[Any, Any, None] | None:
        """Send what an override of `get_content` gives."""
        start, end = (None, None) if len(part) == size else (part.start, part.stop)
        content = self.get_content(str(self.absolute_path), start, end)
        if isinstance(content, bytes):
            self.write(content)
            return None
        return self._send_pieces(content)

    async def _send_pieces(self, content: Iterable[bytes]) -> None:
        try:
            for piece in content:
                self.write(piece)
                await self.flush()
        except StreamClosedError:
            pass  # nobody is left to send it to
        finally:
            close = getattr(content, "close", None)
            if close is not None:
                close()
            self._close_files()

    def _redirect_to_directory(self) -> None:
        if leaves_site(self.request.path):
            raise HTTPError(403, "cannot redirect path with two initial slashes")
        self.redirect(self.request.path + "/", permanent=True)

    def _status(self, file: OpenFile | None) -> os.stat_result:
        # An override of `validate_absolute_path` may have opened nothing.
        return os.stat(str(self.absolute_path)) if file is None else file.status  # noqa: PTH116

    def _close_files(self) -> None:
        for file in (self._file, self._sent):
            if file is not None:
                file.close()

    # Versions.

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

    async def _hash_and_answer(self, file: OpenFile, include_body: bool) -> None:
        rest = None
        try:
            application = self.application
            hashes = _slow_hashes.setdefault(application, SlowHashes())
            self._version = await hashes.hash(file, application.clock.call_soon)
            self._keep_version(file, self._version)
            if self._finished or self._error_pending:
                return
            rest = self._answer(include_body)
            if rest is not None:
                await rest
        finally:
            if rest is None:
                self._close_files()

    # The end of what get() has left to do.

    def _finish(self) -> None:
        if self._sending and not self._error_pending:
            self._finish_wanted = True  # who has called get() and does not wait
        else:
            super()._finish()

    def _end_sending(self, _: object, done: Deferred[None]) -> None:
        self._sending = False
        if self._finish_wanted:
            self._resume(None, self._finish)
        done.callback(None)

    def _fail_sending(self, failure: Failure, done: Deferred[None]) -> None:
        self._sending = False
        if self._finish_wanted:
            self._fail(failure)
            done.callback(None)
        else:
            done.errback(failure)


_CONTENT: Final = StaticFileHandler.get_content.__func__  # type: ignore[attr-defined]


def _passes_on(transform: OutputTransform) -> bool:
    """Tell whether a transform leaves alone what follows the first piece."""
    if getattr(transform, "passes_on", False):
        return True
    method = getattr(transform.transform_chunk, "__func__", None)
    return method is OutputTransform.transform_chunk
