"""Sessions in Redis."""

import sys
from typing import Any, Final

from twisted.python.failure import Failure

from cyclone_storage.errors import StorageError, StorageUnavailable
from cyclone_storage.sessions.arguments import check_text, check_what_has
from cyclone_storage.sessions.identifiers import REVISION_LENGTH
from cyclone_storage.sessions.protocols import RedisLike, StoredSession

__all__ = ["RedisStore"]

# One round trip, in which nobody else comes between: without a key GETRANGE gives the empty string.
_SAVE: Final = f"""
if redis.call('GETRANGE', KEYS[1], 0, {REVISION_LENGTH - 1}) ~= ARGV[1] then
    return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""

_METHODS: Final = ("get", "eval", "delete")

_MILLISECONDS: Final = 1000


class RedisStore:
    """Keeps sessions in Redis, each under a key that Redis deletes when its time is over.

    Loading takes one round trip, and so does saving.
    """

    def __init__(self, redis: RedisLike, prefix: str = "session:") -> None:
        """Make a store; nothing is asked of Redis yet.

        Args:
            redis: A pool or connection of `cyclone_storage.redis`; it stays the caller's to close.
            prefix: What the keys begin with.

        Raises:
            TypeError: One of them is something else, a URL for example.
        """
        check_what_has(redis, _METHODS, 'RedisStore(connect("redis://127.0.0.1:6379/0"))')
        check_text("prefix", prefix)
        self._redis = redis
        self._prefix = prefix

    async def load(self, key: str) -> StoredSession | None:
        """Find a session; see `SessionStore`."""
        value = await self._redis.get(self._prefix + key).addErrback(_unavailable)
        if value is None:
            return None
        text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
        return StoredSession(text[:REVISION_LENGTH], text[REVISION_LENGTH + 1 :])

    async def save(
        self, key: str, session: StoredSession, expected: str | None, lifetime: float
    ) -> bool:
        """Keep a session; see `SessionStore`."""
        milliseconds = max(1, int(lifetime * _MILLISECONDS))
        # With a colon in it no reply reads like a number, which pools convert.
        args = [expected or "", f"{session.revision}:{session.value}", milliseconds]
        running = self._redis.eval(_SAVE, [self._prefix + key], args)
        return bool(await running.addErrback(_unavailable) == 1)

    async def delete(self, key: str) -> None:
        """Delete a session; see `SessionStore`."""
        await self._redis.delete(self._prefix + key).addErrback(_unavailable)


def _unavailable(failure: Failure) -> Failure:
    """Say of what Redis cannot do now that the storage is away."""
    if failure.check(StorageUnavailable) is None and failure.check(
        StorageError, OSError, *_redis_errors()
    ):
        error = failure.value
        # Redis repeats the arguments of a command that it does not know, and they may be secret.
        text = str(error).partition(", with args")[0]
        raise StorageUnavailable(f"sessions in Redis: {type(error).__name__}: {text}") from error
    return failure


def _redis_errors() -> tuple[Any, ...]:
    """Give the errors of txredisapi, which installs a reactor when it is imported."""
    library = sys.modules.get("txredisapi")
    return () if library is None else (library.RedisError,)
