"""Commands on strings."""

from collections.abc import Iterable, Mapping

from twisted.internet.defer import Deferred, fail

from cyclone_storage.redis.commands.replies import score
from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.commands.words import flatten, listed, option
from cyclone_storage.redis.errors import RedisError
from cyclone_storage.redis.types import Key, Value

__all__ = ["StringCommands"]


class StringCommands(CommandRunner):
    """Commands on strings."""

    __slots__ = ()

    def set(
        self,
        key: Key,
        value: Value,
        expire: int | None = None,
        pexpire: int | None = None,
        only_if_not_exists: bool = False,
        only_if_exists: bool = False,
        *,
        keep_ttl: bool = False,
        get: bool = False,
    ) -> Deferred[Value | None]:
        """Set a key.

        Args:
            key: The key.
            value: The value.
            expire: Seconds to keep it.
            pexpire: Milliseconds to keep it.
            only_if_not_exists: Not if there is such a key.
            only_if_exists: Only if there is such a key.
            keep_ttl: Whether to keep the time that it was to be kept (Redis 6).
            get: Whether to give what it held before (Redis 6.2).

        Returns:
            `"OK"`, or None if it was not set; with `get` what it held before, or None.

        Raises:
            RedisError: Both conditions are given.
            InvalidData: The value is None, a `bool`, a list or a dict, or anything else that is no text
                and no number.
        """
        if only_if_not_exists and only_if_exists:
            return fail(
                RedisError("set(): `only_if_not_exists` and `only_if_exists` exclude each other")
            )
        words = (*option("EX", expire), *option("PX", pexpire), *option("NX", only_if_not_exists))
        words += (*option("XX", only_if_exists), *option("KEEPTTL", keep_ttl), *option("GET", get))
        return self._run("execute_command", "SET", key, value, *words)

    def get(self, key: Key) -> Deferred[Value | None]:
        """Give what a key holds.

        Args:
            key: The key.

        Returns:
            The value, or None if there is no such key.
        """
        return self._run("execute_command", "GET", key)

    def getset(self, key: Key, value: Value) -> Deferred[Value | None]:
        """Set a key, and give what it held before.

        Args:
            key: The key.
            value: The value.

        Returns:
            That value, or None if there was none.
        """
        return self._run("execute_command", "GETSET", key, value)

    def getdel(self, key: Key) -> Deferred[Value | None]:
        """Give what a key holds, and delete it (Redis 6.2).

        Args:
            key: The key.

        Returns:
            The value, or None if there is no such key.
        """
        return self._run("execute_command", "GETDEL", key)

    def getex(
        self, key: Key, expire: int | None = None, pexpire: int | None = None, persist: bool = False
    ) -> Deferred[Value | None]:
        """Give what a key holds, and change how long it is kept (Redis 6.2).

        Args:
            key: The key.
            expire: Seconds to keep it.
            pexpire: Milliseconds to keep it.
            persist: Whether to keep it without end.

        Returns:
            The value, or None if there is no such key.
        """
        words = (*option("EX", expire), *option("PX", pexpire), *option("PERSIST", persist))
        return self._run("execute_command", "GETEX", key, *words)

    def mget(self, keys: Key | Iterable[Key], *args: Key) -> Deferred[list[Value | None]]:
        """Give what several keys hold.

        Args:
            keys: A key or several.
            args: Further ones.

        Returns:
            The values in the order of the keys, None for those that are not there.
        """
        return self._run("execute_command", "MGET", *listed(keys, args))

    def setnx(self, key: Key, value: Value) -> Deferred[int]:
        """Set a key unless it is there.

        Args:
            key: The key.
            value: The value.

        Returns:
            1 if it was set, 0 if not.
        """
        return self._run("execute_command", "SETNX", key, value)

    def setex(self, key: Key, time: int, value: Value) -> Deferred[str]:
        """Set a key that is kept for some time.

        Args:
            key: The key.
            time: Seconds.
            value: The value.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "SETEX", key, time, value)

    def psetex(self, key: Key, time: int, value: Value) -> Deferred[str]:
        """Set a key that is kept for some time.

        Args:
            key: The key.
            time: Milliseconds.
            value: The value.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "PSETEX", key, time, value)

    def mset(self, mapping: Mapping[Key, Value]) -> Deferred[str]:
        """Set several keys.

        Args:
            mapping: Their values.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "MSET", *flatten(mapping))

    def msetnx(self, mapping: Mapping[Key, Value]) -> Deferred[int]:
        """Set several keys if none of them is there.

        Args:
            mapping: Their values.

        Returns:
            1 if they were set, 0 if not.
        """
        return self._run("execute_command", "MSETNX", *flatten(mapping))

    def incr(self, key: Key, amount: int = 1) -> Deferred[int]:
        """Add to a number.

        Args:
            key: The key.
            amount: By how much.

        Returns:
            The sum.
        """
        return self._run("execute_command", "INCRBY", key, amount)

    def incrby(self, key: Key, amount: int) -> Deferred[int]:
        """Add to a number.

        Args:
            key: The key.
            amount: By how much.

        Returns:
            The sum.
        """
        return self._run("execute_command", "INCRBY", key, amount)

    def incrbyfloat(self, key: Key, amount: float) -> Deferred[float]:
        """Add to a number that need not be an integer.

        Args:
            key: The key.
            amount: By how much.

        Returns:
            The sum; an `int` if it is a whole number.
        """
        return self._run("execute_command", "INCRBYFLOAT", key, amount, post_proc=score)

    def decr(self, key: Key, amount: int = 1) -> Deferred[int]:
        """Subtract from a number.

        Args:
            key: The key.
            amount: By how much.

        Returns:
            The difference.
        """
        return self._run("execute_command", "DECRBY", key, amount)

    def decrby(self, key: Key, amount: int) -> Deferred[int]:
        """Subtract from a number.

        Args:
            key: The key.
            amount: By how much.

        Returns:
            The difference.
        """
        return self._run("execute_command", "DECRBY", key, amount)

    def append(self, key: Key, value: Value) -> Deferred[int]:
        """Write behind what a key holds.

        Args:
            key: The key.
            value: The value.

        Returns:
            Its length in bytes.
        """
        return self._run("execute_command", "APPEND", key, value)

    def substr(self, key: Key, start: int, end: int = -1) -> Deferred[Value]:
        """Give a part of what a key holds, by the command's old name.

        Args:
            key: The key.
            start: The first index, from 0; negative: from the end.
            end: The last index, included; negative: from the end.

        Returns:
            The part; empty if there is none.
        """
        return self._run("execute_command", "SUBSTR", key, start, end)

    def getrange(self, key: Key, start: int, end: int) -> Deferred[Value]:
        """Give a part of what a key holds.

        Args:
            key: The key.
            start: The first index, from 0; negative: from the end.
            end: The last index, included; negative: from the end.

        Returns:
            The part; empty if there is none.
        """
        return self._run("execute_command", "GETRANGE", key, start, end)

    def setrange(self, key: Key, offset: int, value: Value) -> Deferred[int]:
        """Write over a part of what a key holds.

        Args:
            key: The key.
            offset: Bytes before that part.
            value: The value.

        Returns:
            Its length in bytes.
        """
        return self._run("execute_command", "SETRANGE", key, offset, value)

    def strlen(self, key: Key) -> Deferred[int]:
        """Give the length of what a key holds.

        Args:
            key: The key.

        Returns:
            Bytes; 0 if there is no such key.
        """
        return self._run("execute_command", "STRLEN", key)
