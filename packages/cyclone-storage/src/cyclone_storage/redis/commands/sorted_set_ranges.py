"""Commands on ranges of sorted sets: by rank, by score, by text."""

from typing import Any

from twisted.internet.defer import Deferred, fail

from cyclone_storage.redis.commands.replies import (
    with_scores,
)
from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.errors import InvalidData
from cyclone_storage.redis.types import Key, Value

__all__ = ["SortedSetRangeCommands"]


class SortedSetRangeCommands(CommandRunner):
    """Commands on ranges of sorted sets: by rank, by score, by text."""

    __slots__ = ()

    def zrange(
        self, key: Key, start: int = 0, end: int = -1, withscores: bool = False
    ) -> Deferred[list[Value] | list[tuple[Value, float]]]:
        """Give members by rank, from the lowest score.

        Args:
            key: The key.
            start: The first index, from 0; negative: from the end.
            end: The last index, included; negative: from the end.
            withscores: Whether to give scores, too.

        Returns:
            The members; with `withscores` pairs of a member and its score.
        """
        return self._ranged(("ZRANGE", key, start, end), withscores)

    def zrevrange(
        self, key: Key, start: int = 0, end: int = -1, withscores: bool = False
    ) -> Deferred[list[Value] | list[tuple[Value, float]]]:
        """Give members by rank, from the highest score.

        Args:
            key: The key.
            start: The first index, from 0; negative: from the end.
            end: The last index, included; negative: from the end.
            withscores: Whether to give scores, too.

        Returns:
            The members; with `withscores` pairs of a member and its score.
        """
        return self._ranged(("ZREVRANGE", key, start, end), withscores)

    def zrangebyscore(
        self,
        key: Key,
        min: float | str = "-inf",  # noqa: A002 -- txredisapi's name
        max: float | str = "+inf",  # noqa: A002 -- txredisapi's name
        withscores: bool = False,
        offset: int | None = None,
        count: int | None = None,
    ) -> Deferred[list[Value] | list[tuple[Value, float]]]:
        """Give members by score, from the lowest.

        Args:
            key: The key.
            min: The lowest score; `"(1"`: above 1.
            max: The highest score; `"(1"`: below 1.
            withscores: Whether to give scores, too.
            offset: How many to leave out.
            count: How many to give; only together with `offset`.

        Returns:
            The members; with `withscores` pairs of a member and its score.

        Raises:
            InvalidData: Of `offset` and `count` one is missing.
        """
        return self._ranged(("ZRANGEBYSCORE", key, min, max), withscores, offset, count)

    def zrevrangebyscore(
        self,
        key: Key,
        max: float | str = "+inf",  # noqa: A002 -- txredisapi's name
        min: float | str = "-inf",  # noqa: A002 -- txredisapi's name
        withscores: bool = False,
        offset: int | None = None,
        count: int | None = None,
    ) -> Deferred[list[Value] | list[tuple[Value, float]]]:
        """Give members by score, from the highest.

        Args:
            key: The key.
            max: The highest score; `"(1"`: below 1.
            min: The lowest score; `"(1"`: above 1.
            withscores: Whether to give scores, too.
            offset: How many to leave out.
            count: How many to give; only together with `offset`.

        Returns:
            The members; with `withscores` pairs of a member and its score.

        Raises:
            InvalidData: Of `offset` and `count` one is missing.
        """
        return self._ranged(("ZREVRANGEBYSCORE", key, max, min), withscores, offset, count)

    def zrangebylex(
        self,
        key: Key,
        min: Value = "-",  # noqa: A002 -- txredisapi's name
        max: Value = "+",  # noqa: A002 -- txredisapi's name
        offset: int | None = None,
        count: int | None = None,
    ) -> Deferred[list[Value]]:
        """Give members of the same score by their text.

        Args:
            key: The key.
            min: The first one; `"[a"`: from a, `"(a"`: behind a, `"-"`: from the first.
            max: The last one; `"[a"`: up to a, `"(a"`: before a, `"+"`: up to the last.
            offset: How many to leave out.
            count: How many to give; only together with `offset`.

        Returns:
            The members.

        Raises:
            InvalidData: Of `offset` and `count` one is missing.
        """
        return self._ranged(("ZRANGEBYLEX", key, min, max), False, offset, count)

    def zrevrangebylex(
        self,
        key: Key,
        max: Value = "+",  # noqa: A002 -- txredisapi's name
        min: Value = "-",  # noqa: A002 -- txredisapi's name
        offset: int | None = None,
        count: int | None = None,
    ) -> Deferred[list[Value]]:
        """Give members of the same score by their text, from the last.

        Args:
            key: The key.
            max: As of `zrangebylex`.
            min: As of `zrangebylex`.
            offset: How many to leave out.
            count: How many to give; only together with `offset`.

        Returns:
            The members.

        Raises:
            InvalidData: Of `offset` and `count` one is missing.
        """
        return self._ranged(("ZREVRANGEBYLEX", key, max, min), False, offset, count)

    def zlexcount(
        self,
        key: Key,
        min: Value = "-",  # noqa: A002 -- txredisapi's name
        max: Value = "+",  # noqa: A002 -- txredisapi's name
    ) -> Deferred[int]:
        """Count members of the same score by their text.

        Args:
            key: The key.
            min: As of `zrangebylex`.
            max: As of `zrangebylex`.

        Returns:
            How many.
        """
        return self._run("execute_command", "ZLEXCOUNT", key, min, max)

    def zcount(
        self,
        key: Key,
        min: float | str = "-inf",  # noqa: A002 -- txredisapi's name
        max: float | str = "+inf",  # noqa: A002 -- txredisapi's name
    ) -> Deferred[int]:
        """Count members by score.

        Args:
            key: The key.
            min: The lowest score; `"(1"`: above 1.
            max: The highest score; `"(1"`: below 1.

        Returns:
            How many.
        """
        return self._run("execute_command", "ZCOUNT", key, min, max)

    def zremrangebyrank(
        self,
        key: Key,
        min: int = 0,  # noqa: A002 -- txredisapi's name
        max: int = -1,  # noqa: A002 -- txredisapi's name
    ) -> Deferred[int]:
        """Take members out of a sorted set by rank.

        Args:
            key: The key.
            min: The lowest rank, from 0; negative: from the highest.
            max: The highest rank, included.

        Returns:
            How many there were.
        """
        return self._run("execute_command", "ZREMRANGEBYRANK", key, min, max)

    def zremrangebyscore(
        self,
        key: Key,
        min: float | str = "-inf",  # noqa: A002 -- txredisapi's name
        max: float | str = "+inf",  # noqa: A002 -- txredisapi's name
    ) -> Deferred[int]:
        """Take members out of a sorted set by score.

        Args:
            key: The key.
            min: The lowest score; `"(1"`: above 1.
            max: The highest score; `"(1"`: below 1.

        Returns:
            How many there were.
        """
        return self._run("execute_command", "ZREMRANGEBYSCORE", key, min, max)

    def zremrangebylex(
        self,
        key: Key,
        min: Value = "-",  # noqa: A002 -- txredisapi's name
        max: Value = "+",  # noqa: A002 -- txredisapi's name
    ) -> Deferred[int]:
        """Take members of the same score out of a sorted set by their text.

        Args:
            key: The key.
            min: As of `zrangebylex`.
            max: As of `zrangebylex`.

        Returns:
            How many there were.
        """
        return self._run("execute_command", "ZREMRANGEBYLEX", key, min, max)

    def zrangestore(self, dstkey: Key, key: Key, start: int = 0, end: int = -1) -> Deferred[int]:
        """Store members of a sorted set by rank, from the lowest score (Redis 6.2).

        Args:
            dstkey: The key of the result.
            key: The key.
            start: The first index, from 0; negative: from the end.
            end: The last index, included; negative: from the end.

        Returns:
            How many.
        """
        return self._run("execute_command", "ZRANGESTORE", dstkey, key, start, end)

    def _ranged(
        self,
        words: tuple[object, ...],
        withscores: bool,
        offset: int | None = None,
        count: int | None = None,
    ) -> Deferred[Any]:
        if (offset is None) != (count is None):
            return fail(
                InvalidData(f"{words[0]}: `offset` and `count` must both be given, or none")
            )
        if withscores:
            words += ("WITHSCORES",)
        if offset is not None:
            words += ("LIMIT", offset, count)
        if withscores:
            return self._run("execute_command", *words, post_proc=with_scores)
        return self._run("execute_command", *words)
