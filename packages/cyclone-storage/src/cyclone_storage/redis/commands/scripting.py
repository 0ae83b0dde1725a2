"""Commands on Lua scripts and functions."""

from collections.abc import Sequence

from twisted.internet.defer import Deferred

from cyclone_storage.redis.commands.replies import flags
from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.commands.words import option
from cyclone_storage.redis.types import Key, Reply, Value

__all__ = ["ScriptingCommands"]


def _one_or_all(reply: object) -> object:
    known = flags(reply)
    return known[0] if isinstance(known, list) and len(known) == 1 else known


class ScriptingCommands(CommandRunner):
    """Commands on Lua scripts and functions."""

    __slots__ = ()

    def eval(
        self, script: str | bytes, keys: Sequence[Key] = (), args: Sequence[Value] = ()
    ) -> Deferred[Reply]:
        """Run a Lua script; one that this connection has run before is named by its hash only.

        Args:
            script: The script.
            keys: The keys that it uses, its `KEYS`.
            args: Its `ARGV`.

        Returns:
            What it returns.
        """
        return self._run("eval", script, keys, args)

    def evalsha(
        self, sha1_hash: str, keys: Sequence[Key] = (), args: Sequence[Value] = ()
    ) -> Deferred[Reply]:
        """Run a Lua script that the server knows.

        Args:
            sha1_hash: Its hash, as `script_load` gives it.
            keys: The keys that it uses, its `KEYS`.
            args: Its `ARGV`.

        Returns:
            What it returns.

        Raises:
            ScriptDoesNotExist: The server does not know it: it was restarted, or its scripts were
                flushed.
        """
        return self._run("evalsha", sha1_hash, keys, args)

    def script_exists(self, *hashes: str) -> Deferred[bool | list[bool]]:
        """Tell whether the server knows scripts.

        Args:
            hashes: Their hashes.

        Returns:
            Whether it does; of several a list.
        """
        return self._run("execute_command", "SCRIPT", "EXISTS", *hashes, post_proc=_one_or_all)

    def script_flush(self, mode: str | None = None) -> Deferred[str]:
        """Have the server forget all scripts.

        Args:
            mode: `"SYNC"` or `"ASYNC"` (Redis 6.2).

        Returns:
            `"OK"`.
        """
        return self._run("script_flush", mode)

    def script_kill(self) -> Deferred[str]:
        """End the script that runs, if it has not written anything yet.

        Returns:
            `"OK"`.

        Raises:
            NoScriptRunning: There is none.
        """
        return self._run("script_kill")

    def script_load(self, script: str | bytes) -> Deferred[str]:
        """Have the server know a script.

        Args:
            script: The script.

        Returns:
            Its hash.
        """
        return self._run("execute_command", "SCRIPT", "LOAD", script)

    def fcall(
        self, function: str, keys: Sequence[Key] = (), args: Sequence[Value] = ()
    ) -> Deferred[Reply]:
        """Call a function (Redis 7).

        Args:
            function: Its name.
            keys: The keys that it uses.
            args: Its further arguments.

        Returns:
            What it returns.
        """
        return self._run("execute_command", "FCALL", function, len(keys), *keys, *args)

    def function_load(self, code: str | bytes, replace: bool = False) -> Deferred[str]:
        """Have the server know a library of functions (Redis 7).

        Args:
            code: The library, which begins with `#!lua name=...`.
            replace: Whether it may take the place of one of the same name.

        Returns:
            Its name.
        """
        return self._run("execute_command", "FUNCTION", "LOAD", *option("REPLACE", replace), code)

    def function_delete(self, library: str) -> Deferred[str]:
        """Have the server forget a library of functions (Redis 7).

        Args:
            library: Its name.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "FUNCTION", "DELETE", library)

    def function_flush(self) -> Deferred[str]:
        """Have the server forget all functions (Redis 7).

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "FUNCTION", "FLUSH")
