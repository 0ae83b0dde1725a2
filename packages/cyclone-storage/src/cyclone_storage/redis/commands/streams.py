"""Commands on streams."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from twisted.internet.defer import Deferred, fail

from cyclone_storage.redis.commands.replies import (
    mapping,
    mappings,
    stream_claimed,
    stream_entries,
    stream_pending,
)
from cyclone_storage.redis.commands.replies import (
    streams as as_streams,
)
from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.commands.words import flatten, listed, option
from cyclone_storage.redis.errors import InvalidData
from cyclone_storage.redis.types import Key, Reply, Value

__all__ = ["Entries", "StreamCommands"]

Entries: TypeAlias = list[tuple[str, dict[Value, Value]]]
"""Entries of a stream: an id and the fields of each; an entry that was deleted has no fields."""

_TWO_BOUNDS: Final = "give one of `maxlen` and `minid`: a stream is cut by one of them"


def _bound(maxlen: int | None, minid: str | None, exact: bool, limit: int | None) -> list[object]:
    if maxlen is None and minid is None:
        return []
    name, value = ("MINID", minid) if maxlen is None else ("MAXLEN", maxlen)
    return [name, "=" if exact else "~", value, *option("LIMIT", limit)]


def _blocking(milliseconds: int | None) -> tuple[object, ...]:
    return option("BLOCK", milliseconds)


def _streams(streams: Mapping[Key, str]) -> tuple[object, ...]:
    return ("STREAMS", *streams, *streams.values())


class StreamCommands(CommandRunner):
    """Commands on streams.

    An id is text as `"1692632086370-0"`.
    """

    __slots__ = ()

    def xadd(
        self,
        key: Key,
        fields: Mapping[Key, Value],
        id: str = "*",  # noqa: A002 -- txredisapi's name
        *,
        create: bool = True,
        maxlen: int | None = None,
        minid: str | None = None,
        exact: bool = False,
        limit: int | None = None,
    ) -> Deferred[str | None]:
        """Put an entry at the end of a stream.

        Args:
            key: The key.
            fields: The entry's fields.
            id: Its id; `"*"`: the server chooses.
            create: Whether the stream may be made by this.
            maxlen: How many entries to keep at least.
            minid: The lowest id to keep.
            exact: Whether to keep no more than that: by default the server deletes only what is cheap
                to delete.
            limit: How many to delete at most; not with `exact`.

        Returns:
            The id, or None if there is no such stream and it may not be made.

        Raises:
            InvalidData: Both `maxlen` and `minid` are given.
        """
        if maxlen is not None and minid is not None:
            return fail(InvalidData(_TWO_BOUNDS))
        bound = _bound(maxlen, minid, exact, limit)
        return self._run(
            "execute_command",
            "XADD",
            key,
            *option("NOMKSTREAM", not create),
            *bound,
            id,
            *flatten(fields),
        )

    def xlen(self, key: Key) -> Deferred[int]:
        """Count the entries of a stream.

        Args:
            key: The key.

        Returns:
            How many, 0 if there is no such stream.
        """
        return self._run("execute_command", "XLEN", key)

    def xrange(
        self,
        key: Key,
        min: str = "-",  # noqa: A002 -- txredisapi's name
        max: str = "+",  # noqa: A002 -- txredisapi's name
        count: int | None = None,
    ) -> Deferred[Entries]:
        """Give entries by id, from the first.

        Args:
            key: The key.
            min: The first id; `"-"`: from the beginning; `"(1-0"`: behind 1-0.
            max: The last id; `"+"`: to the end.
            count: How many.

        Returns:
            The entries.
        """
        return self._run(
            "execute_command",
            "XRANGE",
            key,
            min,
            max,
            *option("COUNT", count),
            post_proc=stream_entries,
        )

    def xrevrange(
        self,
        key: Key,
        max: str = "+",  # noqa: A002 -- txredisapi's name
        min: str = "-",  # noqa: A002 -- txredisapi's name
        count: int | None = None,
    ) -> Deferred[Entries]:
        """Give entries by id, from the last.

        Args:
            key: The key.
            max: The last id; `"+"`: from the end.
            min: The first id; `"-"`: to the beginning.
            count: How many.

        Returns:
            The entries.
        """
        return self._run(
            "execute_command",
            "XREVRANGE",
            key,
            max,
            min,
            *option("COUNT", count),
            post_proc=stream_entries,
        )

    def xread(
        self, streams: Mapping[Key, str], count: int | None = None, block: int | None = None
    ) -> Deferred[dict[Value, Entries]]:
        """Give entries behind an id, of several streams, and wait for one if that is wanted.

        Args:
            streams: Keys, each with an id; `"$"`: only entries that are put there while this waits.
            count: How many of each.
            block: Milliseconds to wait, 0: without end; None: do not wait.

        Returns:
            The entries by key; of streams that have none nothing.
        """
        words = ("XREAD", *option("COUNT", count), *_blocking(block), *_streams(streams))
        if block is None:
            return self._run("execute_command", *words, post_proc=as_streams)
        return self._run_blocking(*words, post_proc=as_streams)

    def xreadgroup(
        self,
        group: str,
        consumer: str,
        streams: Mapping[Key, str],
        count: int | None = None,
        block: int | None = None,
        noack: bool = False,
    ) -> Deferred[dict[Value, Entries]]:
        """Give entries that no consumer of a group was given yet, and wait for one if that is wanted.

        Args:
            group: The consumer group.
            consumer: The consumer.
            streams: Keys, each with `">"`, or with an id: entries behind it that this consumer was
                given and has not acknowledged.
            count: How many of each.
            block: Milliseconds to wait, 0: without end; None: do not wait.
            noack: Whether they need not be acknowledged.

        Returns:
            The entries by key; of streams that have none nothing.
        """
        words = ("XREADGROUP", "GROUP", group, consumer, *option("COUNT", count), *_blocking(block))
        words += (*option("NOACK", noack), *_streams(streams))
        if block is None:
            return self._run("execute_command", *words, post_proc=as_streams)
        return self._run_blocking(*words, post_proc=as_streams)

    def xack(self, key: Key, group: str, ids: str | Iterable[str], *args: str) -> Deferred[int]:
        """Acknowledge entries: what they ask for is done.

        Args:
            key: The key.
            group: The consumer group.
            ids: An id or several.
            args: Further ones.

        Returns:
            How many were waiting for that.
        """
        return self._run("execute_command", "XACK", key, group, *listed(ids, args))

    def xdel(self, key: Key, ids: str | Iterable[str], *args: str) -> Deferred[int]:
        """Delete entries.

        Args:
            key: The key.
            ids: An id or several.
            args: Further ones.

        Returns:
            How many there were.
        """
        return self._run("execute_command", "XDEL", key, *listed(ids, args))

    def xtrim(
        self,
        key: Key,
        maxlen: int | None = None,
        minid: str | None = None,
        exact: bool = False,
        limit: int | None = None,
    ) -> Deferred[int]:
        """Delete the first entries.

        Args:
            key: The key.
            maxlen: How many entries to keep at least.
            minid: The lowest id to keep.
            exact: Whether to keep no more than that: by default the server deletes only what is cheap
                to delete.
            limit: How many to delete at most; not with `exact`.

        Returns:
            How many were deleted.

        Raises:
            InvalidData: Neither `maxlen` nor `minid` is given, or both.
        """
        if (maxlen is None) == (minid is None):
            return fail(InvalidData(_TWO_BOUNDS))
        return self._run("execute_command", "XTRIM", key, *_bound(maxlen, minid, exact, limit))

    def xgroup_create(
        self,
        key: Key,
        group: str,
        id: str = "$",  # noqa: A002 -- txredisapi's name
        mkstream: bool = False,
    ) -> Deferred[str]:
        """Make a group of consumers.

        Args:
            key: The key.
            group: The consumer group.
            id: The id behind which they begin; `"$"`: with new entries; `"0"`: with all.
            mkstream: Whether to make the stream if it is not there.

        Returns:
            `"OK"`.

        Raises:
            ResponseError: There is no such stream, or there is such a group (BUSYGROUP).
        """
        return self._run(
            "execute_command", "XGROUP", "CREATE", key, group, id, *option("MKSTREAM", mkstream)
        )

    def xgroup_setid(
        self,
        key: Key,
        group: str,
        id: str,  # noqa: A002 -- txredisapi's name
    ) -> Deferred[str]:
        """Have a group of consumers go on elsewhere.

        Args:
            key: The key.
            group: The consumer group.
            id: The id behind which they go on.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "XGROUP", "SETID", key, group, id)

    def xgroup_destroy(self, key: Key, group: str) -> Deferred[int]:
        """Delete a group of consumers.

        Args:
            key: The key.
            group: The consumer group.

        Returns:
            1 if there was one, 0 if not.
        """
        return self._run("execute_command", "XGROUP", "DESTROY", key, group)

    def xgroup_createconsumer(self, key: Key, group: str, consumer: str) -> Deferred[int]:
        """Make a consumer (Redis 6.2); reading makes one, too.

        Args:
            key: The key.
            group: The consumer group.
            consumer: The consumer.

        Returns:
            1 if it is new, 0 if not.
        """
        return self._run("execute_command", "XGROUP", "CREATECONSUMER", key, group, consumer)

    def xgroup_delconsumer(self, key: Key, group: str, consumer: str) -> Deferred[int]:
        """Delete a consumer.

        Args:
            key: The key.
            group: The consumer group.
            consumer: The consumer.

        Returns:
            How many entries it had not acknowledged.
        """
        return self._run("execute_command", "XGROUP", "DELCONSUMER", key, group, consumer)

    def xpending(self, key: Key, group: str) -> Deferred[dict[str, Any]]:
        """Tell about entries of a group that are not acknowledged.

        Args:
            key: The key.
            group: The consumer group.

        Returns:
            `pending`, how many; `min` and `max`, the lowest and highest id or None; `consumers`, how
            many each has.
        """
        return self._run("execute_command", "XPENDING", key, group, post_proc=stream_pending)

    def xpending_range(
        self,
        key: Key,
        group: str,
        min: str = "-",  # noqa: A002 -- txredisapi's name
        max: str = "+",  # noqa: A002 -- txredisapi's name
        count: int = 100,
        consumer: str | None = None,
        idle: int | None = None,
    ) -> Deferred[list[list[Value]]]:
        """Give entries of a group that are not acknowledged.

        Args:
            key: The key.
            group: The consumer group.
            min: The lowest id; `"-"`: from the first.
            max: The highest id; `"+"`: up to the last.
            count: How many.
            consumer: Whose; None: everybody's.
            idle: Milliseconds since they were given, at least (Redis 6.2).

        Returns:
            Of each its id, its consumer, the milliseconds since it was given, and how often it was
            given.
        """
        return self._run(
            "execute_command",
            "XPENDING",
            key,
            group,
            *option("IDLE", idle),
            min,
            max,
            count,
            *listed(consumer or ()),
        )

    def xclaim(
        self,
        key: Key,
        group: str,
        consumer: str,
        min_idle_time: int,
        ids: str | Iterable[str],
        *,
        idle: int | None = None,
        time: int | None = None,
        retrycount: int | None = None,
        force: bool = False,
    ) -> Deferred[Entries]:
        """Give a consumer entries of another one that has not acknowledged them.

        Args:
            key: The key.
            group: The consumer group.
            consumer: Who gets them.
            min_idle_time: Milliseconds since they were given, at least.
            ids: An id or several.
            idle: Milliseconds that they count as given.
            time: When they count as given, milliseconds since 1970.
            retrycount: How often they count as given.
            force: Whether also entries that nobody was given.

        Returns:
            The entries.
        """
        words = (*option("IDLE", idle), *option("TIME", time), *option("RETRYCOUNT", retrycount))
        words += option("FORCE", force)
        return self._run(
            "execute_command",
            "XCLAIM",
            key,
            group,
            consumer,
            min_idle_time,
            *listed(ids),
            *words,
            post_proc=stream_entries,
        )

    def xautoclaim(
        self,
        key: Key,
        group: str,
        consumer: str,
        min_idle_time: int,
        start: str = "0-0",
        count: int | None = None,
    ) -> Deferred[tuple[str, Entries]]:
        """Give a consumer the entries that others have not acknowledged in time (Redis 6.2).

        Args:
            key: The key.
            group: The consumer group.
            consumer: Who gets them.
            min_idle_time: Milliseconds since they were given, at least.
            start: The id to begin with: `"0-0"`, later what the last call gave.
            count: How many.

        Returns:
            The id to go on with, `"0-0"` at the end, and the entries.
        """
        words = ("XAUTOCLAIM", key, group, consumer, min_idle_time, start, *option("COUNT", count))
        return self._run("execute_command", *words, post_proc=stream_claimed)

    def xinfo_stream(self, key: Key) -> Deferred[dict[str, Reply]]:
        """Tell about a stream.

        Args:
            key: The key.

        Returns:
            Names and values.
        """
        return self._run("execute_command", "XINFO", "STREAM", key, post_proc=mapping)

    def xinfo_groups(self, key: Key) -> Deferred[list[dict[str, Reply]]]:
        """Tell about the groups of a stream.

        Args:
            key: The key.

        Returns:
            Names and values of each.
        """
        return self._run("execute_command", "XINFO", "GROUPS", key, post_proc=mappings)

    def xinfo_consumers(self, key: Key, group: str) -> Deferred[list[dict[str, Reply]]]:
        """Tell about the consumers of a group.

        Args:
            key: The key.
            group: The consumer group.

        Returns:
            Names and values of each.
        """
        return self._run("execute_command", "XINFO", "CONSUMERS", key, group, post_proc=mappings)
