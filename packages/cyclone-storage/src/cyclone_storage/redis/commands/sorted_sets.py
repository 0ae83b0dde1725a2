"""Commands on sorted sets."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from twisted.internet.defer import Deferred, fail

from cyclone_storage.redis.commands.replies import (
    cursor_and_items,
    key_member_score,
    scores,
    with_scores,
)
from cyclone_storage.redis.commands.replies import score as as_score
from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.commands.words import listed, option, scan_options
from cyclone_storage.redis.errors import InvalidData
from cyclone_storage.redis.types import Key, Value

__all__ = ["SortedSetCommands"]

_AGGREGATES: Final[Mapping[object, str]] = MappingProxyType({sum: "SUM", min: "MIN", max: "MAX"})


class SortedSetCommands(CommandRunner):
    """Commands on sorted sets."""

    __slots__ = ()

    def zadd(
        self,
        key: Key,
        score: float | str,
        member: Value,
        *args: Value,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
        changed: bool = False,
    ) -> Deferred[int]:
        """Put members into a sorted set, or change their scores.

        Args:
            key: The key.
            score: The score, before the member, as in Redis.
            member: The member.
            args: Further scores and members in turn.
            nx: Only members that are new.
            xx: Only members that are there.
            gt: Only to a higher score (Redis 6.2).
            lt: Only to a lower score (Redis 6.2).
            changed: Whether to count members whose score has changed, too.

        Returns:
            How many are new.

        Raises:
            InvalidData: A member is missing.
        """
        if len(args) % 2:
            return fail(InvalidData("zadd(): scores and members must come in turn; one is missing"))
        flags = (*option("NX", nx), *option("XX", xx), *option("GT", gt), *option("LT", lt))
        flags += option("CH", changed)
        return self._run("execute_command", "ZADD", key, *flags, score, member, *args)

    def zrem(self, key: Key, members: Value | Iterable[Value], *args: Value) -> Deferred[int]:
        """Take members out of a sorted set.

        Args:
            key: The key.
            members: A member or several.
            args: Further ones.

        Returns:
            How many there were.
        """
        return self._run("execute_command", "ZREM", key, *listed(members, args))

    def zincr(self, key: Key, member: Value) -> Deferred[float]:
        """Add 1 to a score.

        Args:
            key: The key.
            member: The member.

        Returns:
            The score.
        """
        return self._run("execute_command", "ZINCRBY", key, 1, member, post_proc=as_score)

    def zdecr(self, key: Key, member: Value) -> Deferred[float]:
        """Subtract 1 from a score.

        Args:
            key: The key.
            member: The member.

        Returns:
            The score.
        """
        return self._run("execute_command", "ZINCRBY", key, -1, member, post_proc=as_score)

    def zincrby(self, key: Key, increment: float, member: Value) -> Deferred[float]:
        """Add to a score.

        Args:
            key: The key.
            increment: By how much.
            member: The member.

        Returns:
            The score.
        """
        return self._run("execute_command", "ZINCRBY", key, increment, member, post_proc=as_score)

    def zrank(self, key: Key, member: Value) -> Deferred[int | None]:
        """Give the rank of a member, from the lowest score.

        Args:
            key: The key.
            member: The member.

        Returns:
            The rank, from 0, or None if there is no such member.
        """
        return self._run("execute_command", "ZRANK", key, member)

    def zrevrank(self, key: Key, member: Value) -> Deferred[int | None]:
        """Give the rank of a member, from the highest score.

        Args:
            key: The key.
            member: The member.

        Returns:
            The rank, from 0, or None if there is no such member.
        """
        return self._run("execute_command", "ZREVRANK", key, member)

    def zcard(self, key: Key) -> Deferred[int]:
        """Count the members of a sorted set.

        Args:
            key: The key.

        Returns:
            How many, 0 if there is no such sorted set.
        """
        return self._run("execute_command", "ZCARD", key)

    def zscore(self, key: Key, element: Value) -> Deferred[float | None]:
        """Give the score of a member.

        Args:
            key: The key.
            element: The member.

        Returns:
            The score, an `int` if it is a whole number; None if there is no such member.
        """
        return self._run("execute_command", "ZSCORE", key, element, post_proc=as_score)

    def zmscore(
        self, key: Key, members: Value | Iterable[Value], *args: Value
    ) -> Deferred[list[float | None]]:
        """Give the scores of members (Redis 6.2).

        Args:
            key: The key.
            members: A member or several.
            args: Further ones.

        Returns:
            The scores in their order, None for those that are not there.
        """
        return self._run(
            "execute_command", "ZMSCORE", key, *listed(members, args), post_proc=scores
        )

    def zpopmin(self, key: Key, count: int | None = None) -> Deferred[list[tuple[Value, float]]]:
        """Take the members of the lowest scores out of a sorted set.

        Args:
            key: The key.
            count: How many; None: one.

        Returns:
            Pairs of a member and its score.
        """
        return self._run(
            "execute_command",
            "ZPOPMIN",
            key,
            *listed(() if count is None else count),
            post_proc=with_scores,
        )

    def zpopmax(self, key: Key, count: int | None = None) -> Deferred[list[tuple[Value, float]]]:
        """Take the members of the highest scores out of a sorted set.

        Args:
            key: The key.
            count: How many; None: one.

        Returns:
            Pairs of a member and its score.
        """
        return self._run(
            "execute_command",
            "ZPOPMAX",
            key,
            *listed(() if count is None else count),
            post_proc=with_scores,
        )

    def bzpopmin(
        self, keys: Key | Iterable[Key], timeout: float = 0
    ) -> Deferred[tuple[Value, Value, float] | None]:
        """Take the member of the lowest score out of the first sorted set that has any, and wait for one.

        Args:
            keys: A key or several.
            timeout: Seconds to wait; 0: without end.

        Returns:
            The key, the member and its score, or None if none has come.
        """
        return self._run_blocking("BZPOPMIN", *listed(keys), timeout, post_proc=key_member_score)

    def bzpopmax(
        self, keys: Key | Iterable[Key], timeout: float = 0
    ) -> Deferred[tuple[Value, Value, float] | None]:
        """Take the member of the highest score out of the first sorted set that has any, and wait for one.

        Args:
            keys: A key or several.
            timeout: Seconds to wait; 0: without end.

        Returns:
            The key, the member and its score, or None if none has come.
        """
        return self._run_blocking("BZPOPMAX", *listed(keys), timeout, post_proc=key_member_score)

    def zrandmember(
        self, key: Key, count: int | None = None
    ) -> Deferred[Value | list[Value] | None]:
        """Give any member, or several, of a sorted set (Redis 6.2).

        Args:
            key: The key.
            count: How many, negative: the same may come again; None: one.

        Returns:
            The member or None, or with `count` a list of members.
        """
        return self._run(
            "execute_command", "ZRANDMEMBER", key, *listed(() if count is None else count)
        )

    def zunionstore(
        self,
        dstkey: Key,
        keys: Key | Iterable[Key] | Mapping[Key, float],
        aggregate: str | Callable[..., object] | None = None,
    ) -> Deferred[int]:
        """Store the members of all of some sorted sets.

        Args:
            dstkey: The key of the result.
            keys: Their keys, or their keys with a weight each.
            aggregate: What becomes of several scores: `"SUM"`, `"MIN"`, `"MAX"`, or those functions.

        Returns:
            How many.

        Raises:
            InvalidData: There is no such aggregate function.
        """
        return self._aggregated("ZUNIONSTORE", dstkey, keys, aggregate)

    def zinterstore(
        self,
        dstkey: Key,
        keys: Key | Iterable[Key] | Mapping[Key, float],
        aggregate: str | Callable[..., object] | None = None,
    ) -> Deferred[int]:
        """Store the members that several sorted sets have in common.

        Args:
            dstkey: The key of the result.
            keys: Their keys, or their keys with a weight each.
            aggregate: What becomes of several scores: `"SUM"`, `"MIN"`, `"MAX"`, or those functions.

        Returns:
            How many.

        Raises:
            InvalidData: There is no such aggregate function.
        """
        return self._aggregated("ZINTERSTORE", dstkey, keys, aggregate)

    def zdiffstore(self, dstkey: Key, keys: Key | Iterable[Key], *args: Key) -> Deferred[int]:
        """Store the members of the first sorted set that no other has (Redis 6.2).

        Args:
            dstkey: The key of the result.
            keys: A key or several.
            args: Further ones.

        Returns:
            How many.
        """
        names = listed(keys, args)
        return self._run("execute_command", "ZDIFFSTORE", dstkey, len(names), *names)

    def zscan(
        self, key: Key, cursor: int = 0, pattern: Key | None = None, count: int | None = None
    ) -> Deferred[list[Any]]:
        """Give some members of a sorted set; begin with cursor 0, and end when it comes back as 0.

        Args:
            key: The key.
            cursor: Where to go on: 0, later what the last call gave.
            pattern: A glob pattern of what is wanted; None: all.
            count: About how many to look at.

        Returns:
            The next cursor, an integer, and a list of members and scores in turn.
        """
        return self._run(
            "execute_command",
            "ZSCAN",
            key,
            *scan_options(cursor, pattern, count),
            post_proc=cursor_and_items,
        )

    def _aggregated(
        self,
        name: str,
        dstkey: Key,
        keys: Key | Iterable[Key] | Mapping[Key, float],
        aggregate: str | Callable[..., object] | None,
    ) -> Deferred[int]:
        names = listed(keys)
        weights = ("WEIGHTS", *keys.values()) if isinstance(keys, Mapping) else ()
        function = _AGGREGATES.get(aggregate, aggregate)
        if function is not None and str(function).upper() not in _AGGREGATES.values():
            return fail(
                InvalidData(f"{name}: no aggregate function {aggregate!r}: it is SUM, MIN or MAX")
            )
        ending = option("AGGREGATE", function)
        return self._run("execute_command", name, dstkey, len(names), *names, *weights, *ending)
