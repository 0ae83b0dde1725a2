"""Commands on hashes."""

from collections.abc import Iterable, Mapping
from typing import Any

from twisted.internet.defer import Deferred, fail

from cyclone_storage.redis.commands.replies import cursor_and_items, score, truth
from cyclone_storage.redis.commands.replies import mapping as as_mapping
from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.commands.words import flatten, listed, scan_options
from cyclone_storage.redis.errors import InvalidData
from cyclone_storage.redis.types import Key, Value

__all__ = ["HashCommands"]


class HashCommands(CommandRunner):
    """Commands on hashes."""

    __slots__ = ()

    def hset(
        self,
        key: Key,
        field: Value | None = None,
        value: Value | None = None,
        *,
        mapping: Mapping[Key, Value] | None = None,
    ) -> Deferred[int]:
        """Set a field of a hash, or several.

        Args:
            key: The key.
            field: The field.
            value: The value.
            mapping: Values of further fields (Redis 4).

        Returns:
            How many fields are new.

        Raises:
            InvalidData: A field has no value, or there is none.
        """
        if (field is None) != (value is None) or (field is None and not mapping):
            return fail(InvalidData("hset(): give a field and its value, or `mapping`, or both"))
        first = () if field is None else (field, value)
        return self._run("execute_command", "HSET", key, *first, *flatten(mapping or {}))

    def hsetnx(self, key: Key, field: Value, value: Value) -> Deferred[int]:
        """Set a field of a hash unless it is there.

        Args:
            key: The key.
            field: The field.
            value: The value.

        Returns:
            1 if it was set, 0 if not.
        """
        return self._run("execute_command", "HSETNX", key, field, value)

    def hget(self, key: Key, field: Value) -> Deferred[Value | None]:
        """Give a field of a hash.

        Args:
            key: The key.
            field: The field.

        Returns:
            The value, or None if there is none.
        """
        return self._run("execute_command", "HGET", key, field)

    def hmget(
        self, key: Key, fields: Value | Iterable[Value], *more: Value
    ) -> Deferred[list[Value | None]]:
        """Give several fields of a hash.

        Args:
            key: The key.
            fields: A field or several.
            more: Further ones.

        Returns:
            The values in the order of the fields, None for those that are not there.
        """
        return self._run("execute_command", "HMGET", key, *listed(fields, more))

    def hmset(self, key: Key, mapping: Mapping[Key, Value]) -> Deferred[str]:
        """Set several fields of a hash.

        Args:
            key: The key.
            mapping: Their values.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "HMSET", key, *flatten(mapping))

    def hincr(self, key: Key, field: Value) -> Deferred[int]:
        """Add 1 to a field of a hash.

        Args:
            key: The key.
            field: The field.

        Returns:
            The sum.
        """
        return self._run("execute_command", "HINCRBY", key, field, 1)

    def hdecr(self, key: Key, field: Value) -> Deferred[int]:
        """Subtract 1 from a field of a hash.

        Args:
            key: The key.
            field: The field.

        Returns:
            The difference.
        """
        return self._run("execute_command", "HINCRBY", key, field, -1)

    def hincrby(self, key: Key, field: Value, integer: int) -> Deferred[int]:
        """Add to a field of a hash.

        Args:
            key: The key.
            field: The field.
            integer: By how much.

        Returns:
            The sum.
        """
        return self._run("execute_command", "HINCRBY", key, field, integer)

    def hincrbyfloat(self, key: Key, field: Value, amount: float) -> Deferred[float]:
        """Add to a field of a hash that need not be an integer.

        Args:
            key: The key.
            field: The field.
            amount: By how much.

        Returns:
            The sum; an `int` if it is a whole number.
        """
        return self._run("execute_command", "HINCRBYFLOAT", key, field, amount, post_proc=score)

    def hexists(self, key: Key, field: Value) -> Deferred[bool]:
        """Tell whether a hash has a field.

        Args:
            key: The key.
            field: The field.

        Returns:
            Whether it has.
        """
        return self._run("execute_command", "HEXISTS", key, field, post_proc=truth)

    def hdel(self, key: Key, fields: Value | Iterable[Value], *more: Value) -> Deferred[int]:
        """Delete fields of a hash.

        Args:
            key: The key.
            fields: A field or several.
            more: Further ones.

        Returns:
            How many there were.
        """
        return self._run("execute_command", "HDEL", key, *listed(fields, more))

    def hlen(self, key: Key) -> Deferred[int]:
        """Count the fields of a hash.

        Args:
            key: The key.

        Returns:
            How many, 0 if there is no such hash.
        """
        return self._run("execute_command", "HLEN", key)

    def hstrlen(self, key: Key, field: Value) -> Deferred[int]:
        """Give the length of a field of a hash.

        Args:
            key: The key.
            field: The field.

        Returns:
            Bytes; 0 if there is no such field.
        """
        return self._run("execute_command", "HSTRLEN", key, field)

    def hkeys(self, key: Key) -> Deferred[list[Value]]:
        """Give the names of the fields of a hash.

        Args:
            key: The key.

        Returns:
            The names.
        """
        return self._run("execute_command", "HKEYS", key)

    def hvals(self, key: Key) -> Deferred[list[Value]]:
        """Give the values of the fields of a hash.

        Args:
            key: The key.

        Returns:
            The values.
        """
        return self._run("execute_command", "HVALS", key)

    def hgetall(self, key: Key) -> Deferred[dict[Value, Value]]:
        """Give all fields of a hash.

        Args:
            key: The key.

        Returns:
            Names and values; empty if there is no such hash.
        """
        return self._run("execute_command", "HGETALL", key, post_proc=as_mapping)

    def hrandfield(
        self, key: Key, count: int | None = None
    ) -> Deferred[Value | list[Value] | None]:
        """Give the name of any field, or several, of a hash (Redis 6.2).

        Args:
            key: The key.
            count: How many, negative: the same may come again; None: one.

        Returns:
            The name or None, or with `count` a list of names.
        """
        return self._run(
            "execute_command", "HRANDFIELD", key, *listed(() if count is None else count)
        )

    def hscan(
        self, key: Key, cursor: int = 0, pattern: Key | None = None, count: int | None = None
    ) -> Deferred[list[Any]]:
        """Give some fields of a hash; begin with cursor 0, and end when it comes back as 0.

        Args:
            key: The key.
            cursor: Where to go on: 0, later what the last call gave.
            pattern: A glob pattern of what is wanted; None: all.
            count: About how many to look at.

        Returns:
            The next cursor, an integer, and a list of names and values in turn.
        """
        return self._run(
            "execute_command",
            "HSCAN",
            key,
            *scan_options(cursor, pattern, count),
            post_proc=cursor_and_items,
        )
