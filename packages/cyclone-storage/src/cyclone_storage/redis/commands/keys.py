"""Commands on keys, whatever they hold."""

from twisted.internet.defer import Deferred

from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.types import Key

__all__ = ["KeyCommands"]


class KeyCommands(CommandRunner):
    """Commands on keys."""

    __slots__ = ()

    def exists(self, key: Key, *more: Key) -> Deferred[int]:
        """Count those of some keys that exist.

        Args:
            key: A key.
            more: Further ones.

        Returns:
            How many; 0 or 1 for one key.
        """
        return self._run("execute_command", "EXISTS", key, *more)
