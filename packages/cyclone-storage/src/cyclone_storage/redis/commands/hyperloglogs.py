"""Commands on HyperLogLogs, which count about how many different things there were."""

from collections.abc import Iterable

from twisted.internet.defer import Deferred

from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.commands.words import listed
from cyclone_storage.redis.types import Key, Value

__all__ = ["HyperLogLogCommands"]


class HyperLogLogCommands(CommandRunner):
    """Commands on HyperLogLogs, which count about how many different things there were."""

    __slots__ = ()

    def pfadd(self, key: Key, elements: Value | Iterable[Value], *args: Value) -> Deferred[int]:
        """Count elements.

        Args:
            key: The key.
            elements: An element or several.
            args: Further ones.

        Returns:
            1 if that has changed the count, 0 if not.
        """
        return self._run("execute_command", "PFADD", key, *listed(elements, args))

    def pfcount(self, keys: Key | Iterable[Key], *args: Key) -> Deferred[int]:
        """Tell about how many different elements were counted.

        Args:
            keys: A key or several.
            args: Further ones.

        Returns:
            About how many, of all keys together.
        """
        return self._run("execute_command", "PFCOUNT", *listed(keys, args))

    def pfmerge(self, dstkey: Key, keys: Key | Iterable[Key], *args: Key) -> Deferred[str]:
        """Put counts together.

        Args:
            dstkey: The key of the result, which is counted, too.
            keys: A key or several.
            args: Further ones.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "PFMERGE", dstkey, *listed(keys, args))
