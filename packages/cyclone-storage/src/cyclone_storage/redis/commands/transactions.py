"""Transactions and pipelines as txredisapi has them."""

from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred

from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.types import Key, Result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cyclone_storage.redis.commands.surface import Commands

__all__ = ["TransactionCommands"]


class TransactionCommands(CommandRunner):
    """Transactions and pipelines as txredisapi has them.

    `watch`, `multi` and `pipeline` take a connection out of the pool; it comes back with `commit`,
    `discard`, `unwatch` or `execute_pipeline`. One that is forgotten stays out for ever: `transaction`
    and `batch` cannot be forgotten.
    """

    __slots__ = ()

    def multi(self, keys: "Key | Iterable[Key] | None" = None) -> "Deferred[Commands]":
        """Begin a transaction; call `commit` or `discard` on what this gives.

        Args:
            keys: Keys to watch first, if any.

        Returns:
            A connection of one's own, on which each command gives `"QUEUED"`.
        """
        return self._run("multi", keys)

    def watch(self, keys: "Key | Iterable[Key]", *more: Key) -> "Deferred[Commands]":
        """Watch keys, so that a transaction fails if one of them changes before it is committed.

        Args:
            keys: A key or several.
            more: Further ones.

        Returns:
            A connection of one's own; call `multi` or `unwatch` on it.
        """
        return self._run("watch", keys, *more)

    def unwatch(self) -> Deferred[str]:
        """Watch no key any more; call it on what `watch` gave: the connection goes back.

        Returns:
            `"OK"`.
        """
        return self._run("unwatch")

    def commit(self) -> "Deferred[list[Result]]":
        """Run the commands of a transaction (EXEC); call it on what `multi` gave.

        Returns:
            The results in order; an error of one command is in its place.

        Raises:
            WatchError: A watched key has changed: nothing was run.
            ResponseError: The server refused a command when it was queued: nothing was run.
            InvalidResponse: The results are not those of the commands; the connection was closed.
            RedisError: There is no transaction.
        """
        return self._run("commit")

    def discard(self) -> Deferred[str]:
        """Forget the commands of a transaction; call it on what `multi` gave.

        Returns:
            `"OK"`.

        Raises:
            RedisError: There is no transaction.
        """
        return self._run("discard")

    def pipeline(self) -> "Deferred[Commands]":
        """Begin to collect commands; call `execute_pipeline` on what this gives.

        Returns:
            A connection of one's own, on which commands wait to be sent together. Each gives a
            Deferred that fires after `execute_pipeline` was called.
        """
        return self._run("pipeline")

    def execute_pipeline(self) -> "Deferred[list[Result]]":
        """Send the commands of a pipeline; call it on what `pipeline` gave.

        Returns:
            The results in order.

        Raises:
            FirstError: One of them failed, as txredisapi has it: `subFailure` holds its error, the
                other results are lost. `batch` gives all of them.
            RedisError: There is no pipeline.
        """
        return self._run("execute_pipeline")
