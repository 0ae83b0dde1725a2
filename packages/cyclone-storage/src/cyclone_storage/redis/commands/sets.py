"""Commands on sets."""

from collections.abc import Iterable
from typing import Any

from twisted.internet.defer import Deferred

from cyclone_storage.redis.commands.replies import cursor_and_items, flags, members, truth
from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.commands.words import listed, option, scan_options
from cyclone_storage.redis.types import Key, Value

__all__ = ["SetCommands"]


class SetCommands(CommandRunner):
    """Commands on sets."""

    __slots__ = ()

    def sadd(self, key: Key, members: Value | Iterable[Value], *args: Value) -> Deferred[int]:
        """Put members into a set.

        Args:
            key: The key.
            members: A member or several.
            args: Further ones.

        Returns:
            How many were new.
        """
        return self._run("execute_command", "SADD", key, *listed(members, args))

    def srem(self, key: Key, members: Value | Iterable[Value], *args: Value) -> Deferred[int]:
        """Take members out of a set.

        Args:
            key: The key.
            members: A member or several.
            args: Further ones.

        Returns:
            How many there were.
        """
        return self._run("execute_command", "SREM", key, *listed(members, args))

    def spop(self, key: Key, count: int | None = None) -> Deferred[Value | list[Value] | None]:
        """Take any member, or several, out of a set.

        Args:
            key: The key.
            count: How many; None: one.

        Returns:
            The member or None, or with `count` a list of members.
        """
        return self._run("execute_command", "SPOP", key, *listed(() if count is None else count))

    def smove(self, srckey: Key, dstkey: Key, member: Value) -> Deferred[bool]:
        """Move a member of a set into another.

        Args:
            srckey: The key to take from.
            dstkey: The key to put into.
            member: The member.

        Returns:
            Whether there was such a member.
        """
        return self._run("execute_command", "SMOVE", srckey, dstkey, member, post_proc=truth)

    def scard(self, key: Key) -> Deferred[int]:
        """Count the members of a set.

        Args:
            key: The key.

        Returns:
            How many, 0 if there is no such set.
        """
        return self._run("execute_command", "SCARD", key)

    def sismember(self, key: Key, value: Value) -> Deferred[bool]:
        """Tell whether a set has a member.

        Args:
            key: The key.
            value: The member.

        Returns:
            Whether it has.
        """
        return self._run("execute_command", "SISMEMBER", key, value, post_proc=truth)

    def smismember(
        self, key: Key, members: Value | Iterable[Value], *args: Value
    ) -> Deferred[list[bool]]:
        """Tell which members a set has (Redis 6.2).

        Args:
            key: The key.
            members: A member or several.
            args: Further ones.

        Returns:
            Whether it has each of them.
        """
        return self._run(
            "execute_command", "SMISMEMBER", key, *listed(members, args), post_proc=flags
        )

    def sinter(self, keys: Key | Iterable[Key], *args: Key) -> Deferred[set[Value]]:
        """Give the members that several sets have in common.

        Args:
            keys: A key or several.
            args: Further ones.

        Returns:
            The members.
        """
        return self._run("execute_command", "SINTER", *listed(keys, args), post_proc=members)

    def sinterstore(self, dstkey: Key, keys: Key | Iterable[Key], *args: Key) -> Deferred[int]:
        """Store the members that several sets have in common.

        Args:
            dstkey: The key of the result.
            keys: A key or several.
            args: Further ones.

        Returns:
            How many.
        """
        return self._run("execute_command", "SINTERSTORE", dstkey, *listed(keys, args))

    def sintercard(self, keys: Key | Iterable[Key], limit: int | None = None) -> Deferred[int]:
        """Count the members that several sets have in common (Redis 7).

        Args:
            keys: A key or several.
            limit: Where to stop counting; None: count all.

        Returns:
            How many.
        """
        names = listed(keys)
        return self._run(
            "execute_command", "SINTERCARD", len(names), *names, *option("LIMIT", limit)
        )

    def sunion(self, keys: Key | Iterable[Key], *args: Key) -> Deferred[set[Value]]:
        """Give the members of all of some sets.

        Args:
            keys: A key or several.
            args: Further ones.

        Returns:
            The members.
        """
        return self._run("execute_command", "SUNION", *listed(keys, args), post_proc=members)

    def sunionstore(self, dstkey: Key, keys: Key | Iterable[Key], *args: Key) -> Deferred[int]:
        """Store the members of all of some sets.

        Args:
            dstkey: The key of the result.
            keys: A key or several.
            args: Further ones.

        Returns:
            How many.
        """
        return self._run("execute_command", "SUNIONSTORE", dstkey, *listed(keys, args))

    def sdiff(self, keys: Key | Iterable[Key], *args: Key) -> Deferred[set[Value]]:
        """Give the members of the first set that no other has.

        Args:
            keys: A key or several.
            args: Further ones.

        Returns:
            The members.
        """
        return self._run("execute_command", "SDIFF", *listed(keys, args), post_proc=members)

    def sdiffstore(self, dstkey: Key, keys: Key | Iterable[Key], *args: Key) -> Deferred[int]:
        """Store the members of the first set that no other has.

        Args:
            dstkey: The key of the result.
            keys: A key or several.
            args: Further ones.

        Returns:
            How many.
        """
        return self._run("execute_command", "SDIFFSTORE", dstkey, *listed(keys, args))

    def smembers(self, key: Key) -> Deferred[set[Value]]:
        """Give the members of a set.

        Args:
            key: The key.

        Returns:
            The members.
        """
        return self._run("execute_command", "SMEMBERS", key, post_proc=members)

    def srandmember(
        self, key: Key, count: int | None = None
    ) -> Deferred[Value | list[Value] | None]:
        """Give any member, or several, of a set.

        Args:
            key: The key.
            count: How many, negative: the same may come again; None: one.

        Returns:
            The member or None, or with `count` a list of members.
        """
        return self._run(
            "execute_command", "SRANDMEMBER", key, *listed(() if count is None else count)
        )

    def sscan(
        self, key: Key, cursor: int = 0, pattern: Key | None = None, count: int | None = None
    ) -> Deferred[list[Any]]:
        """Give some members of a set; begin with cursor 0, and end when it comes back as 0.

        Args:
            key: The key.
            cursor: Where to go on: 0, later what the last call gave.
            pattern: A glob pattern of what is wanted; None: all.
            count: About how many to look at.

        Returns:
            The next cursor, an integer, and a list of members.
        """
        return self._run(
            "execute_command",
            "SSCAN",
            key,
            *scan_options(cursor, pattern, count),
            post_proc=cursor_and_items,
        )
