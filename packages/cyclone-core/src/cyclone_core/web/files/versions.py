"""The class methods of `StaticFileHandler`: from paths to files, their content, versions and URLs."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final

from twisted.logger import Logger

from cyclone_core.web.errors import HTTPError
from cyclone_core.web.files.hashes import VersionCache, hash_chunks, hash_file, too_large
from cyclone_core.web.files.opening import (
    OpenFile,
    forget_files,
    only_regular,
    open_inside,
    open_regular,
)
from cyclone_core.web.files.paths import absolute_path

__all__ = ["OWN_CONTENT", "OWN_VERSION", "FileVersions", "as_directories", "is_own"]

_log = Logger(namespace="cyclone.web")

_PIECE: Final = 64 * 1024

# What has just been changed may be changed once more without another time: clocks of files go in steps of
# a few milliseconds, or of one or two seconds. In nanoseconds.
_FINE_STEP: Final = 100_000_000
_COARSE_STEP: Final = 2_000_000_000
_SECONDS: Final = 1_000_000_000

# How long a URL may have the version of before: a page has many, and each would look at the disk.
_SECOND: Final = 1.0

_cache: Final = VersionCache()
_recent: Final[dict[tuple[type, str], tuple[float, str | None]]] = {}


class FileVersions:
    """The part of `StaticFileHandler` that needs no request.

    Attributes:
        MAX_VERSION_CONTENT_SIZE: Bytes that are hashed at most; a larger file has no version and no
            entity tag. `static_url` hashes while the reactor waits; a request does it in steps.
        MAX_CACHED_VERSIONS: Versions that are kept; the one that was not used longest goes first.
        allowed_symlink_directory: A directory, or several, into one of which every path must lead when
            its symbolic links are resolved. It takes the place of the directory that is served, which
            is what None means.
    """

    MAX_VERSION_CONTENT_SIZE: ClassVar[int] = 64 * 1024 * 1024
    MAX_CACHED_VERSIONS: ClassVar[int] = 10_000

    # On the class, not in initialize(): Jupyter overrides that without calling ours.
    allowed_symlink_directory: str | list[str] | None = None

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        """Find the file for a path; override it to look somewhere else.

        Args:
            root: The directory that is served.
            path: The path below it.

        Returns:
            The absolute path, or whatever else the class's `get_content` understands.

        Raises:
            HTTPError: The path leads out of the directory as it is written, or is not the name of a
                file: 403. Symbolic links are looked at by `validate_absolute_path`.
        """
        return absolute_path(root, path)

    @classmethod
    def get_content(
        cls, abspath: str, start: int | None = None, end: int | None = None
    ) -> bytes | Iterable[bytes]:
        """Read a file; override it to take the content from somewhere else.

        The handler itself does not use this one, but sends the file. An override is used for all.

        Args:
            abspath: What `validate_absolute_path` has returned.
            start: Where to begin, bytes from the start; None for the start.
            end: Where to end, likewise; None for the end.

        Returns:
            The content, in pieces of 64 KiB; an override may return `bytes` as well.

        Raises:
            HTTPError: There is no regular file that can be read: 403 or 404, with the first piece.
        """
        return _read(abspath, start or 0, end)

    @classmethod
    def get_content_version(cls, abspath: str) -> str:
        """Make the version of a file; override it to have another one.

        Args:
            abspath: What `get_absolute_path` has returned.

        Returns:
            The SHA-512 of the content. It is kept until the file is changed; that of an override, or of
            an overridden `get_content`, until `reset` is called.

        Raises:
            ValueError: The content is larger than `MAX_VERSION_CONTENT_SIZE`.
        """
        data = cls.get_content(abspath)
        chunks = [data] if isinstance(data, bytes) else data
        return hash_chunks(chunks, cls.MAX_VERSION_CONTENT_SIZE)

    @classmethod
    def get_version(cls, settings: Mapping[str, Any], path: str) -> str | None:
        """Find the version for a URL.

        Args:
            settings: The application's settings, of which `static_path` is the directory.
            path: The path below it. It should not come from a client: each one is looked up on the disk.

        Returns:
            The version; None if there is none, for which there is a line in the log.

        Raises:
            HTTPError: The path leads out of the directory: 403.
        """
        absolute = cls.get_absolute_path(settings["static_path"], path)
        keep = settings.get("static_hash_cache", True)
        if not cls._reads_files():
            return cls._custom_version(absolute, keep=keep)
        key = (cls, absolute)
        now = time.monotonic()
        until, version = _recent.get(key, (now, None))
        if now >= until or not keep:
            version = cls._look_up(absolute, _allowed(cls, settings), path, keep=keep)
            if len(_recent) >= cls.MAX_CACHED_VERSIONS:
                _recent.clear()  # it is filled again in a second
            _recent[key] = (now + _SECOND, version)
        return version

    @classmethod
    def make_static_url(
        cls, settings: Mapping[str, Any], path: str, include_version: bool = True
    ) -> str:
        """Make the URL of a file; override it together with `parse_url_path`.

        Args:
            settings: The application's settings: `static_url_prefix`, and those of `get_version`.
            path: The path below `static_path`.
            include_version: Whether the URL has the version in it.

        Returns:
            The URL, without scheme and host.
        """
        url: str = settings.get("static_url_prefix", "/static/") + path
        version = cls.get_version(settings, path) if include_version else None
        return f"{url}?v={version}" if version else url

    @classmethod
    def reset(cls) -> None:
        """Forget all that is known of files."""
        _cache.clear()
        _recent.clear()
        forget_files()

    @classmethod
    def _reads_files(cls) -> bool:
        """Tell whether content and versions are those of files, as nothing is overridden."""
        # Not found out once for a class: tests replace methods for a while.
        return is_own(cls.get_content, OWN_CONTENT) and is_own(cls.get_content_version, OWN_VERSION)

    @classmethod
    def _custom_version(cls, absolute: str, *, keep: bool) -> str | None:
        """Find the version of what is no file, or not a file as it is."""
        known = _cache.find((cls, absolute), None) if keep else None
        if known is not None:
            return known[0]
        version: str | None = None
        try:
            version = cls.get_content_version(absolute)
        except Exception as error:  # noqa: BLE001 -- a URL without a version is better than no page
            _complain(absolute, error)
        _cache.keep((cls, absolute), None, version, cls.MAX_CACHED_VERSIONS)
        return version

    @classmethod
    def _look_up(
        cls, absolute: str, allowed: tuple[str, ...], shown: str, *, keep: bool
    ) -> str | None:
        """Open a file, and find or make its version."""
        try:
            found = only_regular(open_inside(absolute, allowed, shown), shown)
        except (HTTPError, OSError) as error:
            if _cache.find((cls, absolute), None) is None:
                _complain(absolute, error)
                _cache.keep((cls, absolute), None, None, cls.MAX_CACHED_VERSIONS)
            return None
        with found:
            known = cls._known_version(found) if keep else None
            if known is not None:
                return known[0]
            if found.size > cls.MAX_VERSION_CONTENT_SIZE:
                _complain(absolute, too_large(cls.MAX_VERSION_CONTENT_SIZE))
            return cls._make_version(found)

    @classmethod
    def _known_version(cls, file: OpenFile) -> tuple[str | None] | None:
        """Find the version of an open file, in a tuple; None if it has to be made."""
        facts = file.facts
        if cls in facts.versions:
            return (facts.versions[cls],)
        known = _cache.find((cls, facts.path), facts.identity)
        if known is not None:
            facts.versions[cls] = known[0]
        return known

    @classmethod
    def _make_version(cls, file: OpenFile) -> str | None:
        """Make the version of an open file, at once."""
        version = None if file.size > cls.MAX_VERSION_CONTENT_SIZE else hash_file(file)
        cls._keep_version(file, version)
        return version

    @classmethod
    def _keep_version(cls, file: OpenFile, version: str | None) -> None:
        """Keep the version of an open file, unless the file has just been changed."""
        changed = file.status.st_ctime_ns
        if time.time_ns() - changed > (_FINE_STEP if changed % _SECONDS else _COARSE_STEP):
            facts = file.facts
            facts.versions[cls] = version
            _cache.keep((cls, facts.path), facts.identity, version, cls.MAX_CACHED_VERSIONS)


def as_directories(directories: Any) -> tuple[str, ...]:  # noqa: ANN401 -- as documented, or a path
    """Make a tuple of one directory or of several.

    Args:
        directories: A path, or an iterable of paths.

    Returns:
        The paths.
    """
    if isinstance(directories, str):
        return (directories,)
    if isinstance(directories, os.PathLike):
        return (os.fspath(directories),)
    return tuple(directories)


def _allowed(cls: type[FileVersions], settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Tell into which directories links may lead, without the handler that would know."""
    arguments = settings.get("static_handler_args") or {}
    allowed = arguments.get("allowed_symlink_directory") or cls.allowed_symlink_directory
    return as_directories(allowed or settings["static_path"])


def _read(path: str, start: int, end: int | None) -> Iterator[bytes]:
    with open_regular(path, path) as file:
        while count := _PIECE if end is None else min(end - start, _PIECE):
            piece = file.read(start, count)
            if not piece:
                return
            start += len(piece)
            yield piece


def _complain(path: str, problem: object) -> None:
    _log.warn("Could not open static file {path!r}: {problem!s}", path=path, problem=problem)


OWN_CONTENT: Final = FileVersions.__dict__["get_content"].__func__
OWN_VERSION: Final = FileVersions.__dict__["get_content_version"].__func__


def is_own(method: object, function: object) -> bool:
    """Tell whether a method of a class or an object is a certain function, and not an override."""
    return getattr(method, "__func__", None) is function
