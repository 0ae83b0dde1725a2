"""Commands on lists."""

import warnings
from collections.abc import Iterable
from typing import Any

from twisted.internet.defer import Deferred

from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.commands.words import listed, option
from cyclone_storage.redis.types import Key, Value

__all__ = ["ListCommands"]


class ListCommands(CommandRunner):
    """Commands on lists."""

    __slots__ = ()

    def push(self, key: Key, value: Value, tail: bool = False) -> Deferred[int]:
        """Put an element into a list; deprecated: `lpush` and `rpush` say where.

        Args:
            key: The key.
            value: The value.
            tail: Whether at its end.

        Returns:
            The length of the list.
        """
        warnings.warn(
            "push() is deprecated: use lpush() or rpush()", DeprecationWarning, stacklevel=2
        )
        return self.rpush(key, value) if tail else self.lpush(key, value)

    def pop(self, key: Key, tail: bool = False) -> Deferred[Value | None]:
        """Take an element out of a list; deprecated: `lpop` and `rpop` say where.

        Args:
            key: The key.
            tail: Whether at its end.

        Returns:
            The element, or None if there is none.
        """
        warnings.warn("pop() is deprecated: use lpop() or rpop()", DeprecationWarning, stacklevel=2)
        name = "RPOP" if tail else "LPOP"
        return self._run("execute_command", name, key)

    def rpush(self, key: Key, value: Value | Iterable[Value], *more: Value) -> Deferred[int]:
        """Put elements at the end of a list.

        Args:
            key: The key.
            value: An element or several.
            more: Further ones.

        Returns:
            The length of the list.
        """
        return self._run("execute_command", "RPUSH", key, *listed(value, more))

    def lpush(self, key: Key, value: Value | Iterable[Value], *more: Value) -> Deferred[int]:
        """Put elements at the beginning of a list, one after the other: the last is the first then.

        Args:
            key: The key.
            value: An element or several.
            more: Further ones.

        Returns:
            The length of the list.
        """
        return self._run("execute_command", "LPUSH", key, *listed(value, more))

    def rpushx(self, key: Key, value: Value | Iterable[Value], *more: Value) -> Deferred[int]:
        """Put elements at the end of a list that is there.

        Args:
            key: The key.
            value: An element or several.
            more: Further ones.

        Returns:
            The length of the list, 0 if there is none.
        """
        return self._run("execute_command", "RPUSHX", key, *listed(value, more))

    def lpushx(self, key: Key, value: Value | Iterable[Value], *more: Value) -> Deferred[int]:
        """Put elements at the beginning of a list that is there.

        Args:
            key: The key.
            value: An element or several.
            more: Further ones.

        Returns:
            The length of the list, 0 if there is none.
        """
        return self._run("execute_command", "LPUSHX", key, *listed(value, more))

    def llen(self, key: Key) -> Deferred[int]:
        """Give the length of a list.

        Args:
            key: The key.

        Returns:
            The length, 0 if there is none.
        """
        return self._run("execute_command", "LLEN", key)

    def lrange(self, key: Key, start: int, end: int) -> Deferred[list[Value]]:
        """Give a part of a list.

        Args:
            key: The key.
            start: The first index, from 0; negative: from the end.
            end: The last index, included; negative: from the end.

        Returns:
            The elements.
        """
        return self._run("execute_command", "LRANGE", key, start, end)

    def ltrim(self, key: Key, start: int, end: int) -> Deferred[str]:
        """Keep a part of a list, and forget the rest.

        Args:
            key: The key.
            start: The first index, from 0; negative: from the end.
            end: The last index, included; negative: from the end.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "LTRIM", key, start, end)

    def lindex(self, key: Key, index: int) -> Deferred[Value | None]:
        """Give an element of a list.

        Args:
            key: The key.
            index: Its index; negative: from the end.

        Returns:
            The element, or None if there is none.
        """
        return self._run("execute_command", "LINDEX", key, index)

    def lset(self, key: Key, index: int, value: Value) -> Deferred[str]:
        """Replace an element of a list.

        Args:
            key: The key.
            index: Its index; negative: from the end.
            value: The value.

        Returns:
            `"OK"`.

        Raises:
            ResponseError: There is no such element.
        """
        return self._run("execute_command", "LSET", key, index, value)

    def linsert(self, key: Key, where: str, pivot: Value, value: Value) -> Deferred[int]:
        """Put an element beside another one.

        Args:
            key: The key.
            where: `"BEFORE"` or `"AFTER"`.
            pivot: The other one.
            value: The value.

        Returns:
            The length of the list, -1 if it has no such element, 0 if there is none.
        """
        return self._run("execute_command", "LINSERT", key, where, pivot, value)

    def lrem(self, key: Key, count: int, value: Value) -> Deferred[int]:
        """Delete elements of a list that have a value.

        Args:
            key: The key.
            count: How many; negative: from the end; 0: all.
            value: The value.

        Returns:
            How many there were.
        """
        return self._run("execute_command", "LREM", key, count, value)

    def lpos(
        self,
        key: Key,
        value: Value,
        rank: int | None = None,
        count: int | None = None,
        maxlen: int | None = None,
    ) -> Deferred[int | list[int] | None]:
        """Find elements of a list that have a value (Redis 6).

        Args:
            key: The key.
            value: The value.
            rank: The how manieth to begin with; negative: from the end.
            count: How many to find, 0: all; None: one.
            maxlen: How many to look at.

        Returns:
            The index or None; with `count` the indices.
        """
        words = (*option("RANK", rank), *option("COUNT", count), *option("MAXLEN", maxlen))
        return self._run("execute_command", "LPOS", key, value, *words)

    def lpop(self, key: Key, count: int | None = None) -> Deferred[Value | list[Value] | None]:
        """Take the first element, or several, out of a list.

        Args:
            key: The key.
            count: How many (Redis 6.2); None: one.

        Returns:
            The element, or with `count` the elements; None if there is no such list.
        """
        return self._run("execute_command", "LPOP", key, *listed(() if count is None else count))

    def rpop(self, key: Key, count: int | None = None) -> Deferred[Value | list[Value] | None]:
        """Take the last element, or several, out of a list.

        Args:
            key: The key.
            count: How many (Redis 6.2); None: one.

        Returns:
            The element, or with `count` the elements; None if there is no such list.
        """
        return self._run("execute_command", "RPOP", key, *listed(() if count is None else count))

    def rpoplpush(self, srckey: Key, dstkey: Key) -> Deferred[Value | None]:
        """Move the last element of a list to the beginning of another.

        Args:
            srckey: The key to take from.
            dstkey: The key to put into.

        Returns:
            The element, or None if there is none.
        """
        return self._run("execute_command", "RPOPLPUSH", srckey, dstkey)

    def lmove(
        self, source: Key, destination: Key, where_from: str = "LEFT", where_to: str = "RIGHT"
    ) -> Deferred[Value | None]:
        """Move an element of a list into another (Redis 6.2).

        Args:
            source: The key to take from.
            destination: The key to put into.
            where_from: `"LEFT"` or `"RIGHT"`.
            where_to: `"LEFT"` or `"RIGHT"`.

        Returns:
            The element, or None if there is none.
        """
        return self._run("execute_command", "LMOVE", source, destination, where_from, where_to)

    def lmpop(
        self, keys: Key | Iterable[Key], where: str = "LEFT", count: int | None = None
    ) -> Deferred[list[Any] | None]:
        """Take elements out of the first of some lists that has any (Redis 7).

        Args:
            keys: A key or several.
            where: `"LEFT"` or `"RIGHT"`.
            count: How many; None: one.

        Returns:
            The key and a list of the elements, or None if there are none.
        """
        names = listed(keys)
        return self._run(
            "execute_command", "LMPOP", len(names), *names, where, *option("COUNT", count)
        )

    def blpop(self, keys: Key | Iterable[Key], timeout: float = 0) -> Deferred[list[Value] | None]:
        """Take the first element out of the first of some lists that has any, and wait for one.

        Args:
            keys: A key or several.
            timeout: Seconds to wait; 0: without end.

        Returns:
            The key and the element, or None if none has come.
        """
        return self._run_blocking("BLPOP", *listed(keys), timeout)

    def brpop(self, keys: Key | Iterable[Key], timeout: float = 0) -> Deferred[list[Value] | None]:
        """Take the last element out of the first of some lists that has any, and wait for one.

        Args:
            keys: A key or several.
            timeout: Seconds to wait; 0: without end.

        Returns:
            The key and the element, or None if none has come.
        """
        return self._run_blocking("BRPOP", *listed(keys), timeout)

    def brpoplpush(
        self, source: Key, destination: Key, timeout: float = 0
    ) -> Deferred[Value | None]:
        """Move the last element of a list to the beginning of another, and wait for one.

        Args:
            source: The key to take from.
            destination: The key to put into.
            timeout: Seconds to wait; 0: without end.

        Returns:
            The element, or None if none has come.
        """
        return self._run_blocking("BRPOPLPUSH", source, destination, timeout)

    def blmove(
        self,
        source: Key,
        destination: Key,
        timeout: float = 0,
        where_from: str = "LEFT",
        where_to: str = "RIGHT",
    ) -> Deferred[Value | None]:
        """Move an element of a list into another, and wait for one (Redis 6.2).

        Args:
            source: The key to take from.
            destination: The key to put into.
            timeout: Seconds to wait; 0: without end.
            where_from: `"LEFT"` or `"RIGHT"`.
            where_to: `"LEFT"` or `"RIGHT"`.

        Returns:
            The element, or None if none has come.
        """
        return self._run_blocking("BLMOVE", source, destination, where_from, where_to, timeout)
