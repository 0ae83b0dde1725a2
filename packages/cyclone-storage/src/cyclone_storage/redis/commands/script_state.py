"""Scripts on one connection: which of them the server knows."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cyclone_storage.redis.errors import NoScriptRunning, ResponseError, ScriptDoesNotExist
from cyclone_storage.redis.types import Key, Reply, Value

__all__ = ["ScriptState"]


class ScriptState:
    """Scripts on one connection.

    Attributes:
        script_hashes: The hashes of scripts that were run on it.
        inMulti: Whether commands are queued in the server.
        pipelining: Whether commands wait to be sent together.
    """

    execute_command: Callable[..., Deferred[Any]]
    inMulti: bool  # noqa: N815 -- txredisapi's name
    pipelining: bool
    script_hashes: set[str]

    def eval(
        self, script: str | bytes, keys: Sequence[Key] = (), args: Sequence[Value] = ()
    ) -> Deferred[Reply]:
        """Run a script, by its hash if it was run before, and else, or if it was flushed, by its text."""
        data = script.encode() if isinstance(script, str) else script
        name = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        if self.inMulti or self.pipelining:
            # There is no second attempt: the answer comes when all has been sent.
            return self.execute_command("EVAL", data, len(keys), *keys, *args)
        if name not in self.script_hashes:
            return self._eval(name, data, keys, args)

        def again(failure: Failure) -> Deferred[Reply]:
            failure.trap(ScriptDoesNotExist)
            return self._eval(name, data, keys, args)

        return self.evalsha(name, keys, args).addErrback(again)

    def _eval(
        self, name: str, script: bytes, keys: Sequence[Key], args: Sequence[Value]
    ) -> Deferred[Reply]:
        def remember(reply: Reply) -> Reply:
            self.script_hashes.add(name)
            return reply

        return self.execute_command("EVAL", script, len(keys), *keys, *args).addCallback(remember)

    def evalsha(
        self, sha1_hash: str, keys: Sequence[Key] = (), args: Sequence[Value] = ()
    ) -> Deferred[Reply]:
        """Run a script that the server knows."""
        running = self.execute_command("EVALSHA", sha1_hash, len(keys), *keys, *args)

        def explain(failure: Failure) -> Failure:
            failure.trap(ResponseError)
            if not str(failure.value).startswith("NOSCRIPT"):
                return failure
            self.script_hashes.discard(sha1_hash)
            raise ScriptDoesNotExist(
                f"No script matching hash: {sha1_hash} found; eval() sends the script itself"
            ) from failure.value

        return running.addErrback(explain)

    def script_flush(self, mode: str | None = None) -> Deferred[str]:
        """Have the server forget all scripts."""
        words = () if mode is None else (mode,)
        self.script_hashes.clear()
        return self.execute_command("SCRIPT", "FLUSH", *words)

    def script_kill(self) -> Deferred[str]:
        """End the script that runs."""

        def explain(failure: Failure) -> Failure:
            failure.trap(ResponseError)
            if str(failure.value).startswith("NOTBUSY"):
                raise NoScriptRunning("No script running") from failure.value
            return failure

        return self.execute_command("SCRIPT", "KILL").addErrback(explain)
