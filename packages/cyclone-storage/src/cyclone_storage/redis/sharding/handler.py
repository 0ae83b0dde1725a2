"""Several servers as one: each key is on one of them, by a ring of hashes.

What belongs together has to be on one server to be used in one command: a tag in braces says so.
`user:{42}:name` and `user:{42}:mail` are on the server of `42`. A command whose keys are on different
servers is refused; cyclone 1.x sent it to the server of the first, where the others are not.
"""

# ruff: noqa: ANN401, SLF001 -- commands run on connections of any class; a handler's parts

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self, cast

from twisted.internet.defer import Deferred, fail, gatherResults, succeed
from twisted.python.failure import Failure

from cyclone_storage.errors import StorageError
from cyclone_storage.redis.commands import Commands
from cyclone_storage.redis.errors import ConnectionError  # noqa: A004 -- txredisapi's name
from cyclone_storage.redis.pool.handler import ConnectionHandler
from cyclone_storage.redis.sharding.hashring import HashRing, hashed_part
from cyclone_storage.redis.sharding.shardable import SPREAD, ShardedMethods, find_keys
from cyclone_storage.redis.types import Key, Value

if TYPE_CHECKING:
    from types import TracebackType

    from cyclone_storage.redis.pool.stats import PoolStats

__all__ = [
    "DifferentShards",
    "NotShardable",
    "ShardedConnectionHandler",
    "ShardedMethods",
    "ShardedUnixConnectionHandler",
]


class NotShardable(StorageError, NotImplementedError):  # noqa: N818 -- as the others
    """A command has no key that says to which of several servers it goes: the program's mistake."""


class DifferentShards(StorageError, ValueError):  # noqa: N818 -- as the others
    """The keys of one command are on different servers: the program's mistake."""


class ShardedConnectionHandler(Commands):
    """Pools of connections to several Redis servers, used as one.

    Every command goes to the server of its keys. Those without a key (`keys`, `scan`, `flushdb`, …),
    transactions and pipelines are for one server: `node_of(key)` and `nodes` give the handler of it.
    It is an asynchronous context manager, which closes all pools at its end.

    Source: cyclone 1.x.
    """

    def __init__(self, connections: "Iterable[ConnectionHandler] | Deferred[Any]") -> None:
        """Put servers on a ring; their order does not matter, their names do.

        Args:
            connections: A handler for each server; or a Deferred of them, also a `DeferredList`, which
                then fires with this handler.

        Raises:
            ValueError: There is none.
        """
        self._ring: HashRing[ConnectionHandler] | None = None
        if isinstance(connections, Deferred):
            connections.addCallback(self._make_ring)
        else:
            self._put_on_ring(list(connections))

    @property
    def nodes(self) -> tuple[ConnectionHandler, ...]:
        """The handlers of the servers."""
        return tuple(self._ring.nodes) if self._ring is not None else ()

    def node_of(self, key: Key) -> ConnectionHandler:
        """Return the handler of the server of a key, for what goes to one server only.

        Args:
            key: A key; with a tag in braces, the tag decides.

        Raises:
            ValueError: It is no text and no bytes.
            ConnectionError: The servers are not connected yet.
        """
        if not isinstance(key, (str, bytes)):
            raise ValueError(f"a key of several servers must be text or bytes, not {key!r}")  # noqa: TRY004 -- cyclone 1.x's class
        if self._ring is None:
            raise ConnectionError("Not connected: the pools of the servers are not complete yet")
        charset = self._ring.nodes[0]._factory.charset
        data = key.encode(charset or "utf-8") if isinstance(key, str) else key
        return cast("ConnectionHandler", self._ring(hashed_part(data)))

    # What goes to several servers

    def mget(self, keys: Key | Iterable[Key], *args: Key) -> Deferred[list[Value | None]]:
        """Return the values of keys on any servers, each of which is asked once.

        Args:
            keys: A key or several.
            args: Further ones.

        Returns:
            The values in the order of the keys, None for each key that there is not. It fails if one
            server does; cyclone 1.x gave the values of the others, without saying of which keys.
        """
        wanted = [keys] if isinstance(keys, (str, bytes)) else list(keys)
        wanted += args
        groups = self._group(wanted)
        values: list[Value | None] = [None] * len(wanted)

        def put(found: Sequence[Value | None], places: Sequence[int]) -> None:
            for place, value in zip(places, found, strict=True):
                values[place] = value

        asking = [
            node.mget([wanted[place] for place in places]).addCallback(put, places)
            for node, places in groups
        ]
        return _together(asking).addCallback(lambda _: values)

    def get_type(self, key: Key) -> Deferred[str]:
        """Tell what a key holds (`type` by an older name).

        Args:
            key: The key.

        Returns:
            As of `type`.
        """
        return self.type(key)

    def pipeline(self) -> "Deferred[Commands]":
        """Refuse: a pipeline is of one connection.

        Raises:
            NotShardable: Always; `node_of(key).pipeline()` is one.
        """
        raise NotShardable(
            "Pipelining is not supported across shards: node_of(key).pipeline() is of one server"
        )

    # The pools

    def ready(self, timeout: float | None = None) -> "Deferred[Self]":
        """Wait until all servers can be used.

        Args:
            timeout: Seconds to wait; as long as a command would if None.

        Returns:
            A Deferred of this handler; it fails as a command would, and with the first that does.
        """
        return _together([node.ready(timeout) for node in self.nodes]).addCallback(lambda _: self)

    def stats(self) -> "dict[str, PoolStats]":
        """Return how each pool is at this moment, by the name of its server."""
        found = [node.stats() for node in self.nodes]
        return {stats.where: stats for stats in found}

    def disconnect(self) -> Deferred[bool]:
        """Close all pools.

        Returns:
            A Deferred of True when no connection is left; it fails with ConnectionError if there never
            was one.
        """
        if self._ring is None:
            return fail(ConnectionError("Not connected"))
        return _together([node.disconnect() for node in self.nodes]).addCallback(lambda _: True)

    def close(self) -> Deferred[bool]:
        """Close all pools (`disconnect` by its usual name).

        Returns:
            As of `disconnect`.
        """
        return self.disconnect()

    async def __aenter__(self) -> Self:
        """Return this."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        """Close all pools."""
        await self.disconnect()

    def __repr__(self) -> str:
        """Return the servers that are connected, each with the size of its pool."""
        pools = [node._factory for node in self.nodes]
        connected = ", ".join(f"{pool.uuid}/{pool.size}" for pool in pools if pool.size)
        return f"<Redis Sharded Connection: {connected}>"

    # Inside

    def _run(self, name: str, *args: Any, **kwargs: Any) -> Deferred[Any]:
        if name == "execute_command":
            return self._run_words(args, kwargs)
        if name in {"eval", "evalsha"}:
            return self._common_node(name, args[1])._run(name, *args, **kwargs)
        raise _not_shardable(name)

    def _run_words(self, words: tuple[Any, ...], kwargs: dict[str, Any]) -> Deferred[Any]:
        command = _command(words)
        keys = find_keys((command, *words[1:]))
        if command not in SPREAD:
            return self._common_node(command, keys)._run("execute_command", *words, **kwargs)
        if not keys:
            raise ValueError(f"{command} needs a key")
        asking = [
            node._run("execute_command", command, *(keys[place] for place in places), **kwargs)
            for node, places in self._group(keys)
        ]
        return _together(asking).addCallback(sum)

    def _run_blocking(self, *words: Any, post_proc: Any = None) -> Deferred[Any]:
        command = _command(words)
        node = self._common_node(command, find_keys((command, *words[1:])))
        return node._run_blocking(*words, post_proc=post_proc)

    def _common_node(self, what: str, keys: Sequence[Any]) -> ConnectionHandler:
        if not keys:
            raise _not_shardable(what)
        nodes = [self.node_of(key) for key in keys]
        if any(node is not nodes[0] for node in nodes):
            raise DifferentShards(
                f"The keys of {what} are on different servers. A tag that they share puts them on one:"
                " user:{42}:name and user:{42}:mail"
            )
        return nodes[0]

    def _group(self, keys: Sequence[Key]) -> list[tuple[ConnectionHandler, list[int]]]:
        """Return the places of keys by their servers."""
        groups: dict[int, tuple[ConnectionHandler, list[int]]] = {}
        for place, key in enumerate(keys):
            node = self.node_of(key)
            groups.setdefault(id(node), (node, []))[1].append(place)
        return list(groups.values())

    def _put_on_ring(self, connections: list[ConnectionHandler]) -> None:
        if not connections:
            raise ValueError("Several servers as one need at least one server")
        self._ring = HashRing(connections)

    def _make_ring(self, results: Iterable[Any]) -> Self:
        """Take what a Deferred has given: handlers, or a DeferredList's pairs of success and handler."""
        found = [each[1] if isinstance(each, tuple) else each for each in results]
        failures = [each for each in found if isinstance(each, Failure)]
        if failures:
            # Nobody else has those that are connected.
            for each in found:
                if not isinstance(each, Failure):
                    each.disconnect()
            failures[0].raiseException()
        self._put_on_ring(found)
        return self


class ShardedUnixConnectionHandler(ShardedConnectionHandler):
    """Pools of connections to several Unix sockets, used as one."""


def _together(deferreds: "list[Deferred[Any]]") -> "Deferred[list[Any]]":
    def unwrap(failure: Failure) -> Failure:
        inner: Failure = getattr(failure.value, "subFailure", failure)
        return inner

    if not deferreds:
        return succeed([])
    return gatherResults(deferreds, consumeErrors=True).addErrback(unwrap)


def _command(words: Sequence[Any]) -> str:
    name = words[0]
    return (name.decode("ascii", "replace") if isinstance(name, bytes) else str(name)).upper()


def _not_shardable(name: str) -> NotShardable:
    return NotShardable(
        f"Method {name!r} cannot be sharded: no key says to which server it goes. Give it to one of them,"
        " node_of(key), or to each of `nodes`"
    )
