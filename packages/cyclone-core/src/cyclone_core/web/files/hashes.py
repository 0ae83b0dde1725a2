"""Versions of files: a hash of what is in them, for entity tags and for URLs that may be cached for ever."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Final

from twisted.internet.defer import Deferred

from cyclone_core.web.files.facts import Identity
from cyclone_core.web.files.opening import OpenFile

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["AT_ONCE", "SlowHashes", "VersionCache", "hash_chunks", "hash_file", "too_large"]

AT_ONCE: Final = 256 * 1024
"""Bytes that are hashed in one turn of the reactor: half a millisecond."""

_PIECE: Final = 64 * 1024

_Key = tuple[object, str]

CallSoon = Callable[[Callable[[], object]], object]
"""Calls a function in the next turn of the reactor."""


class VersionCache:
    """Keeps the versions that were used last; any thread may use it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, tuple[Identity | None, str | None]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        """Count the versions."""
        return len(self._kept)

    def find(self, key: _Key, identity: Identity | None) -> tuple[str | None] | None:
        """Find a version.

        Args:
            key: What has it, and where.
            identity: Which file that is now; None if it is none.

        Returns:
            A tuple of the version, which may be None; or None if it is not known.
        """
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] != identity:
                return None
            self._kept.move_to_end(key)
            return (kept[1],)

    def keep(self, key: _Key, identity: Identity | None, version: str | None, most: int) -> None:
        """Keep a version.

        Args:
            key: What has it, and where.
            identity: Which file that is; None if it is none.
            version: The version, None if there is none.
            most: How many to keep; those are forgotten that were not asked for longest.
        """
        with self._lock:
            self._kept[key] = (identity, version)
            self._kept.move_to_end(key)
            while len(self._kept) > max(most, 1):
                self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._kept.clear()


def _new_digest() -> "_Hash":
    return hashlib.sha512(usedforsecurity=False)


def hash_chunks(chunks: Iterable[bytes], limit: int) -> str:
    """Hash content that comes in chunks.

    Args:
        chunks: The content. Its `close` is called if it has one: it may be a generator that reads a file.
        limit: How many bytes it may have.

    Returns:
        The SHA-512 in hexadecimal digits, as Tornado has it.

    Raises:
        ValueError: There are more bytes.
    """
    digest = _new_digest()
    size = 0
    try:
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise ValueError(too_large(limit))
            digest.update(chunk)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    return digest.hexdigest()


def too_large(limit: int) -> str:
    """Say that content has no version.

    Args:
        limit: How many bytes it may have.

    Returns:
        The message.
    """
    return f"content is larger than MAX_VERSION_CONTENT_SIZE ({limit} bytes)"


def hash_file(file: OpenFile) -> str:
    """Hash a file that is open, in memory of 64 KiB.

    Args:
        file: The file; it stays open.

    Returns:
        As `hash_chunks`.
    """
    digest = _new_digest()
    start = 0
    while piece := file.read(start, _PIECE):
        digest.update(piece)
        start += len(piece)
    return digest.hexdigest()


class SlowHashes:
    """Hashes large files a piece in each turn of the reactor, so that others get theirs.

    A thread would do it, too, and would have to be waited for when the process ends; and all of them
    could be busy with something else.
    """

    def __init__(self) -> None:
        # Each who waits brings a file; the first that is left is read, so that none needs another
        # descriptor, and nobody's hash ends with somebody else's request.
        self._running: dict[Identity, dict[Deferred[str], OpenFile]] = {}

    def hash(self, file: OpenFile, call_soon: CallSoon) -> Deferred[str]:
        """Hash a file; who asks for the same one meanwhile waits for the same hash.

        Args:
            file: The file; it must stay open until the Deferred has fired.
            call_soon: Calls a function in the next turn of the reactor.

        Returns:
            A Deferred that fires with the version, as `hash_file` gives it. It fails with an `OSError`
            if the file cannot be read, and with a `ValueError` if it was closed. It may be cancelled;
            once all are the file is not read any more.
        """
        identity = file.facts.identity
        waiting = self._running.get(identity)
        if waiting is None:
            waiting = self._running[identity] = {}
            call_soon(partial(self._go_on, identity, 0, _new_digest(), call_soon))

        def leave(waiter: Deferred[str]) -> None:
            del waiting[waiter]

        waiter: Deferred[str] = Deferred(leave)
        waiting[waiter] = file
        return waiter

    def _go_on(self, identity: Identity, start: int, digest: "_Hash", call_soon: CallSoon) -> None:
        waiting = self._running[identity]
        if not waiting:
            del self._running[identity]
            return
        first, file = next(iter(waiting.items()))
        try:
            piece = file.read(start, AT_ONCE)
        except (OSError, ValueError):
            del waiting[first]
            first.errback()
            call_soon(partial(self._go_on, identity, start, digest, call_soon))
            return
        if piece:
            digest.update(piece)
            call_soon(partial(self._go_on, identity, start + len(piece), digest, call_soon))
            return
        del self._running[identity]
        version = digest.hexdigest()
        while waiting:
            first = next(iter(waiting))
            del waiting[first]
            first.callback(version)
