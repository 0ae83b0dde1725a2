"""Serving files: `StaticFileHandler`, with the interface that Tornado's has.

The parts of it are in `cyclone_core.web.files`.

A small file is read at once and sent in one write with its head; a larger one goes from the disk to the
socket without passing through the process, see `cyclone_core.httpserver.sendfile`.
"""

import datetime as dt
import os
import time
from operator import attrgetter
from typing import ClassVar, Final
from weakref import WeakKeyDictionary

from twisted.internet.defer import Deferred, succeed

from cyclone_core.web.errors import HTTPError
from cyclone_core.web.files.answers import FileAnswer, FileAnswers
from cyclone_core.web.files.conditions import is_unchanged_since, may_send_part, precondition_fails
from cyclone_core.web.files.hashes import AT_ONCE, SlowHashes
from cyclone_core.web.files.opening import OpenFile, is_unchanged
from cyclone_core.web.files.paths import system_path
from cyclone_core.web.files.ranges import content_range, find_range, unsatisfied_range
from cyclone_core.web.files.sender import SMALL, FileSender, Rest
from cyclone_core.web.files.versions import OWN_CONTENT, is_own

__all__ = ["StaticFileHandler"]

_PRECONDITIONS: Final = frozenset({"If-Match", "If-Unmodified-Since"})

_NOT_MODIFIED: Final = 304
_PARTIAL_CONTENT: Final = 206
_RANGE_NOT_SATISFIABLE: Final = 416

# What may be answered with less than the whole file.
_CONDITIONS: Final = _PRECONDITIONS | {"If-None-Match", "If-Modified-Since", "Range"}

# By application, because each has its own clock.
_slow_hashes: Final[WeakKeyDictionary[object, SlowHashes]] = WeakKeyDictionary()


_answers: Final = FileAnswers()


class StaticFileHandler(FileSender):
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

    modified: dt.datetime | None

    _url_path: str  # what `parse_url_path` was given

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
        if include_body and self._answer_again(path):
            return succeed(None)
        rest = None
        try:
            rest = self._begin_answer(path, include_body)
        finally:
            if rest is None:
                self._close_files()
        return succeed(None) if rest is None else self._send_later(rest)

    @classmethod
    def reset(cls) -> None:
        """Forget all that is known of files."""
        super().reset()
        _answers.forget()

    # Steps that may be overridden.

    def parse_url_path(self, url_path: str) -> str:
        """Find the path of a file in a URL; override it together with `make_static_url`.

        Args:
            url_path: The path in the URL, decoded.

        Returns:
            The path below the directory.
        """
        return system_path(url_path)

    def set_headers(self) -> None:
        """Set the headers of the answer."""
        store = self._headers.store  # for what needs no check
        store["Accept-Ranges"] = "bytes"
        # A browser must not take for a script what was uploaded as a picture.
        store["X-Content-Type-Options"] = "nosniff"
        self.set_etag_header()
        modified, file = self.modified, self._file
        if file is not None and modified is file.facts.modified:
            store["Last-Modified"] = file.facts.last_modified
        elif modified is not None:
            self.set_header("Last-Modified", modified)
        content_type = self.get_content_type()
        if content_type:
            self._headers["Content-Type"] = content_type
        cache_time = self.get_cache_time(self.path, modified, content_type)
        if cache_time > 0:
            self.set_header("Expires", dt.datetime.now(dt.UTC) + dt.timedelta(seconds=cache_time))
            store["Cache-Control"] = f"max-age={cache_time}"
        self.set_extra_headers(self.path)

    def set_extra_headers(self, path: str) -> None:
        """Override to set more headers.

        Args:
            path: The path below the directory.
        """

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

    # A small file that was sent before, and is still the same: its answer is kept for a second, with
    # the content. That is a third of the work.

    def _answer_again(self, path: str) -> bool:
        """Answer a plain request as another one was answered; tells whether that could be done."""
        request = self.request
        if type(self.root) is not str or request.query:
            return False
        answer = _answers.get((type(self), self.root, self.default_filename, request.path, path))
        if (
            answer is None
            or time.monotonic() >= answer.until
            or not _CONDITIONS.isdisjoint(request.headers.store)
            or not self._is_plain()
            or not is_unchanged(answer.asked, answer.identity)
        ):
            return False
        self.path = path
        self.absolute_path = answer.path
        self.modified = answer.modified
        self._headers.store.update(answer.headers)
        self.set_extra_headers(path)
        self.write(answer.content)
        return True

    def _keep_answer(self, file: OpenFile, content: bytes) -> None:
        """Keep the answer that was just made, if it depends on nothing but the path."""
        kind, facts = type(self), file.facts
        if (
            type(self.root) is str
            and os.path.isabs(self.root)  # noqa: PTH117 -- Path is slower
            and kind in facts.versions
            and len(content) == file.size
            and not facts.codings(self.precompressed)
            and self._is_plain()
        ):
            headers = {
                "Accept-Ranges": "bytes",
                "X-Content-Type-Options": "nosniff",
                "Last-Modified": facts.last_modified,
                "Content-Type": facts.content_type,
                "Content-Length": str(file.size),
            }
            if facts.versions[kind]:
                headers["Etag"] = f'"{facts.versions[kind]}"'
            # For a directory it matters whether the URL ends with a slash.
            key = (kind, self.root, self.default_filename, self.request.path, self._url_path)
            _answers.keep(
                key,
                FileAnswer(
                    facts.until,
                    facts.identity,
                    file.asked,
                    facts.path,
                    facts.modified,
                    headers,
                    content,
                ),
            )

    def _is_plain(self) -> bool:
        """Tell whether the answer is that of this class, but for `set_extra_headers`."""
        try:
            plain = _steps(type(self)) == _OWN_STEPS
        except AttributeError:  # a class method became something else
            return False
        return (
            plain
            and _OWN_NAMES.isdisjoint(self.__dict__)
            and self.precompressed is type(self).precompressed
            and self.allowed_symlink_directory is None
            and self._keeps_versions
        )

    # How an answer is made.

    def _begin_answer(self, path: str, include_body: bool) -> Rest | None:
        """Make an answer; returns what is left to do, and closes the files, if anything is left."""
        self._url_path = path
        self.path = self.parse_url_path(path)
        absolute = self.get_absolute_path(self.root, self.path)
        self.absolute_path = validated = self.validate_absolute_path(self.root, absolute)
        self._wants_answer = validated is None
        if validated is None:
            return None
        if is_own(self.get_content, OWN_CONTENT):
            self._sent = sent = self._choose_file(validated)
            if sent.size > AT_ONCE and self._must_hash(sent):
                return self._hash_and_answer(sent, include_body)
        return self._answer(include_body)

    def _answer(self, include_body: bool) -> Rest | None:
        """Set head and content of the answer, or return what sends a content that is larger."""
        self.modified = self.get_modified_time()
        self.set_headers()
        headers = self.request.headers
        if not _PRECONDITIONS.isdisjoint(headers.store):
            etag = self._headers.get("Etag", "")
            if precondition_fails(headers, etag, self.modified):
                raise HTTPError(412)
        if self.should_return_304():
            self.set_status(_NOT_MODIFIED)
            return None
        size = self.get_content_size()
        part = self._part(size) if "Range" in headers.store else range(size)
        if part is None:
            return None
        self._headers.store["Content-Length"] = str(len(part))
        if not include_body:
            return None
        sent = self._sent
        if sent is None:
            return self._send_content(part, size)
        if len(part) > SMALL:
            return self._send_file(sent, part)
        content = sent.read(part.start, len(part))
        self.write(content)
        if sent is self._file and len(part) == size:
            self._keep_answer(sent, content)
        return None

    def _part(self, size: int) -> range | None:
        """Find what part is asked for, and say so; None if there is no such part, which is said then."""
        headers = self.request.headers
        condition = headers.get("If-Range")
        if condition is not None:
            etag, now = self._headers.get("Etag", ""), dt.datetime.now(dt.UTC)
            if not may_send_part(condition, etag, self.modified, now):
                return range(size)
        part = find_range(headers["Range"], size)
        if part is None or len(part) == size > 0:
            return range(size)  # Chrome plays no sound if the whole comes as a part
        if not part:
            self._refuse_range(size)
            return None
        self.set_status(_PARTIAL_CONTENT)
        self._headers["Content-Range"] = content_range(part, size)
        return part

    def _refuse_range(self, size: int) -> None:
        self.set_status(_RANGE_NOT_SATISFIABLE)
        self.clear_header("Content-Encoding")
        self._headers["Content-Type"] = "text/plain"
        self._headers["Content-Range"] = unsatisfied_range(size)

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


_METHODS: Final = (
    "parse_url_path",
    "validate_absolute_path",
    "should_return_304",
    "get_content_size",
    "get_modified_time",
    "get_content_type",
    "get_cache_time",
    "set_headers",
    "set_etag_header",
    "compute_etag",
)
_CLASS_METHODS: Final = ("get_absolute_path", "get_content", "get_content_version")
_steps: Final = attrgetter(*_METHODS, *[f"{name}.__func__" for name in _CLASS_METHODS])
# What a handler may have of its own, for one request.
_OWN_NAMES: Final = frozenset({*_METHODS, *_CLASS_METHODS})
_OWN_STEPS: Final = _steps(StaticFileHandler)
