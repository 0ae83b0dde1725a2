"""Commands on keys, whatever they hold."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from twisted.internet.defer import Deferred, fail

from cyclone_storage.redis.commands.replies import cursor_and_items
from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.commands.words import listed, option, scan_options
from cyclone_storage.redis.errors import RedisError
from cyclone_storage.redis.types import Key, Reply, Value

__all__ = ["KeyCommands"]


class KeyCommands(CommandRunner):
    """Commands on keys, whatever they hold."""

    __slots__ = ()

    def exists(self, key: Key, *more: Key) -> Deferred[int]:
        """Count those of some keys that exist.

        Args:
            key: A key.
            more: Further ones.

        Returns:
            How many; 0 or 1 for one key.
        """
        return self._run("execute_command", "EXISTS", key, *more)

    def delete(self, keys: Key | Iterable[Key], *args: Key) -> Deferred[int]:
        """Delete keys.

        Args:
            keys: A key or several.
            args: Further ones.

        Returns:
            How many there were.
        """
        return self._run("execute_command", "DEL", *listed(keys, args))

    def unlink(self, keys: Key | Iterable[Key], *args: Key) -> Deferred[int]:
        """Delete keys; the server frees their memory in another thread (Redis 4).

        Args:
            keys: A key or several.
            args: Further ones.

        Returns:
            How many there were.
        """
        return self._run("execute_command", "UNLINK", *listed(keys, args))

    def touch(self, keys: Key | Iterable[Key], *args: Key) -> Deferred[int]:
        """Make keys the most recently used ones.

        Args:
            keys: A key or several.
            args: Further ones.

        Returns:
            How many there are.
        """
        return self._run("execute_command", "TOUCH", *listed(keys, args))

    def type(self, key: Key) -> Deferred[str]:
        """Tell what a key holds.

        Args:
            key: The key.

        Returns:
            `"string"`, `"list"`, `"set"`, `"zset"`, `"hash"`, `"stream"` or `"none"`.
        """
        return self._run("execute_command", "TYPE", key)

    def keys(self, pattern: Key = "*") -> Deferred[list[Value]]:
        """Find keys by a pattern; the server does nothing else meanwhile: `scan` is for many.

        Args:
            pattern: A glob pattern.

        Returns:
            The keys.
        """
        return self._run("execute_command", "KEYS", pattern)

    def scan(
        self,
        cursor: int = 0,
        pattern: Key | None = None,
        count: int | None = None,
        type: str | None = None,  # noqa: A002 -- txredisapi's name
    ) -> Deferred[list[Any]]:
        """Give some of the keys; begin with cursor 0, and end when it comes back as 0.

        Args:
            cursor: Where to go on: 0, later what the last call gave.
            pattern: A glob pattern of what is wanted; None: all.
            count: About how many to look at.
            type: What they hold, as `type` gives it (Redis 6).

        Returns:
            The next cursor, an integer, and a list of keys.
        """
        return self._run(
            "execute_command",
            "SCAN",
            *scan_options(cursor, pattern, count),
            *option("TYPE", type),
            post_proc=cursor_and_items,
        )

    def randomkey(self) -> Deferred[Value | None]:
        """Give any key.

        Returns:
            It, or None if there is none.
        """
        return self._run("execute_command", "RANDOMKEY")

    def rename(self, oldkey: Key, newkey: Key) -> Deferred[str]:
        """Rename a key; what the new one held is lost.

        Args:
            oldkey: Its name.
            newkey: Its new name.

        Returns:
            `"OK"`.

        Raises:
            ResponseError: There is no such key.
        """
        return self._run("execute_command", "RENAME", oldkey, newkey)

    def renamenx(self, oldkey: Key, newkey: Key) -> Deferred[int]:
        """Rename a key unless the new one exists.

        Args:
            oldkey: Its name.
            newkey: Its new name.

        Returns:
            1 if it was renamed, 0 if not.

        Raises:
            ResponseError: There is no such key.
        """
        return self._run("execute_command", "RENAMENX", oldkey, newkey)

    def copy(
        self, source: Key, destination: Key, db: int | None = None, replace: bool = False
    ) -> Deferred[int]:
        """Copy what a key holds (Redis 6.2).

        Args:
            source: The key to take from.
            destination: The key to put into.
            db: The number of the database of the copy; None: the same.
            replace: Whether it may take the place of what is there.

        Returns:
            1 if it was copied, 0 if not.
        """
        return self._run(
            "execute_command",
            "COPY",
            source,
            destination,
            *option("DB", db),
            *option("REPLACE", replace),
        )

    def move(self, key: Key, dbindex: int) -> Deferred[int]:
        """Move a key into another database.

        Args:
            key: The key.
            dbindex: The number of that database.

        Returns:
            1 if it was moved, 0 if not.
        """
        return self._run("execute_command", "MOVE", key, dbindex)

    def expire(self, key: Key, time: int, condition: str | None = None) -> Deferred[int]:
        """Have a key deleted after some time.

        Args:
            key: The key.
            time: Seconds.
            condition: `"NX"`, `"XX"`, `"GT"` or `"LT"` (Redis 7), see Redis's EXPIRE.

        Returns:
            1 if it will be, 0 if there is no such key or the condition is not met.
        """
        return self._run("execute_command", "EXPIRE", key, time, *listed(condition or ()))

    def pexpire(self, key: Key, time: int, condition: str | None = None) -> Deferred[int]:
        """Have a key deleted after some time.

        Args:
            key: The key.
            time: Milliseconds.
            condition: As for `expire`.

        Returns:
            As of `expire`.
        """
        return self._run("execute_command", "PEXPIRE", key, time, *listed(condition or ()))

    def expireat(self, key: Key, when: int, condition: str | None = None) -> Deferred[int]:
        """Have a key deleted at some time.

        Args:
            key: The key.
            when: Seconds since 1970.
            condition: As for `expire`.

        Returns:
            As of `expire`.
        """
        return self._run("execute_command", "EXPIREAT", key, when, *listed(condition or ()))

    def pexpireat(self, key: Key, when: int, condition: str | None = None) -> Deferred[int]:
        """Have a key deleted at some time.

        Args:
            key: The key.
            when: Milliseconds since 1970.
            condition: As for `expire`.

        Returns:
            As of `expire`.
        """
        return self._run("execute_command", "PEXPIREAT", key, when, *listed(condition or ()))

    def expiretime(self, key: Key) -> Deferred[int]:
        """Tell when a key will be deleted (Redis 7).

        Args:
            key: The key.

        Returns:
            Seconds since 1970; -1 never, -2 there is no such key.
        """
        return self._run("execute_command", "EXPIRETIME", key)

    def persist(self, key: Key) -> Deferred[int]:
        """Keep a key that was to be deleted.

        Args:
            key: The key.

        Returns:
            1 if it was, 0 if not.
        """
        return self._run("execute_command", "PERSIST", key)

    def ttl(self, key: Key) -> Deferred[int]:
        """Tell how long a key will be kept.

        Args:
            key: The key.

        Returns:
            Seconds; -1 without end, -2 there is no such key.
        """
        return self._run("execute_command", "TTL", key)

    def pttl(self, key: Key) -> Deferred[int]:
        """Tell how long a key will be kept.

        Args:
            key: The key.

        Returns:
            Milliseconds; -1 without end, -2 there is no such key.
        """
        return self._run("execute_command", "PTTL", key)

    def sort(
        self,
        key: Key,
        start: int | None = None,
        end: int | None = None,
        by: Key | None = None,
        get: Key | Iterable[Key] | None = None,
        desc: bool | None = None,
        alpha: bool = False,
        store: Key | None = None,
    ) -> Deferred[Reply]:
        """Sort a list, a set or a sorted set.

        Args:
            key: The key.
            start: How many to leave out (the offset of LIMIT).
            end: How many to give (the count of LIMIT), in spite of its name.
            by: A pattern of keys by which to sort, `*` for the element.
            get: A pattern of keys, or several, whose values to give, `#` for the element.
            desc: Whether the greatest comes first.
            alpha: Whether to sort as text.
            store: A key to put the result into.

        Returns:
            The elements, or how many were stored.

        Raises:
            RedisError: Of `start` and `end` one is missing.
        """
        if (start is None) != (end is None):
            return fail(
                RedisError("sort(): `start` (offset) and `end` (count) must both be given, or none")
            )
        limit = () if start is None else ("LIMIT", start, end)
        patterns = () if get is None else listed(get)
        gets = [word for pattern in patterns for word in ("GET", pattern)]
        words = (key, *option("BY", by), *limit, *gets, *option("DESC", bool(desc)))
        words += (*option("ALPHA", alpha), *option("STORE", store))
        return self._run("execute_command", "SORT", *words)

    def object_encoding(self, key: Key) -> Deferred[str | None]:
        """Tell how the server keeps what a key holds.

        Args:
            key: The key.

        Returns:
            The name of the encoding, or None if there is no such key.
        """
        return self._run("execute_command", "OBJECT", "ENCODING", key)

    def object_idletime(self, key: Key) -> Deferred[int | None]:
        """Tell how long a key was not used.

        Args:
            key: The key.

        Returns:
            Seconds, or None if there is no such key.
        """
        return self._run("execute_command", "OBJECT", "IDLETIME", key)

    def object_freq(self, key: Key) -> Deferred[int | None]:
        """Tell how often a key is used, where the server's `maxmemory-policy` is LFU.

        Args:
            key: The key.

        Returns:
            The counter, or None if there is no such key.
        """
        return self._run("execute_command", "OBJECT", "FREQ", key)

    def object_refcount(self, key: Key) -> Deferred[int | None]:
        """Tell how many references there are to what a key holds.

        Args:
            key: The key.

        Returns:
            The number, or None if there is no such key.
        """
        return self._run("execute_command", "OBJECT", "REFCOUNT", key)

    def memory_usage(self, key: Key, samples: int | None = None) -> Deferred[int | None]:
        """Tell how much memory a key needs.

        Args:
            key: The key.
            samples: How many elements to look at, 0: all; None: as the server has it.

        Returns:
            Bytes, or None if there is no such key.
        """
        return self._run("execute_command", "MEMORY", "USAGE", key, *option("SAMPLES", samples))

    async def scan_iter(
        self,
        pattern: Key | None = None,
        count: int | None = None,
        type: str | None = None,  # noqa: A002 -- as of `scan`
    ) -> AsyncIterator[Reply]:
        """Give all keys, some with each round trip; one may come twice.

        Args:
            pattern: A glob pattern of what is wanted; None: all.
            count: About how many to look at in one round trip.
            type: What they hold.

        Yields:
            The keys.
        """
        cursor = 0
        while True:
            cursor, found = await self.scan(cursor, pattern, count, type)
            for key in found:
                yield key
            if cursor == 0:
                return
