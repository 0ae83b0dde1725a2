"""What all groups of commands stand on: three ways to have a command run."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

__all__ = ["CommandRunner"]


class CommandRunner:
    """Runs commands: on a connection of a pool, or on this connection if it is one.

    Each method of the groups builds the words of its command and says how its reply is converted.
    Who inherits them says where it runs:

    * a pool overrides `_run`, which calls a method of that name of a connection, and
      `_run_blocking`, which does that with a connection that nobody else waits for;
    * a connection inherits `cyclone_storage.redis.commands.ConnectionCommands`, whose commands end
      in its `execute_command`.
    """

    __slots__ = ()

    def _run(self, name: str, *args: object, **kwargs: object) -> Deferred[Any]:
        """Call a method of a connection.

        Args:
            name: `"execute_command"` for nearly all commands; otherwise a method that needs the
                connection's state or makes it one's own: `multi`, `watch`, `pipeline` (which do, until
                it is put back), `commit`, `discard`, `unwatch`, `execute_pipeline`, `eval`, `evalsha`,
                `script_flush`, `quit`, `shutdown`, `run_together`.
            args: Its arguments: of `execute_command` the words of the command.
            kwargs: Its named arguments: of `execute_command` `post_proc`, a function that makes the
                result of the reply, also of one that a transaction gives later.

        Returns:
            What it returns; what it raises fails the Deferred.
        """
        raise NotImplementedError

    def _run_blocking(
        self, *words: object, post_proc: Callable[[Any], object] | None = None
    ) -> Deferred[Any]:
        """Run a command that may wait in the server, with no bound on the time of its reply.

        Args:
            words: The words of the command.
            post_proc: A function that makes the result of the reply.

        Returns:
            The result.
        """
        return self._run("execute_command", *words, post_proc=post_proc, apply_timeout=False)
