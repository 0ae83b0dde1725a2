"""Commands on one connection: what is the same in all of them ends in its `execute_command`."""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, fail
from twisted.python.failure import Failure

from cyclone_storage.redis.commands.batches import Command
from cyclone_storage.redis.commands.pipeline_state import PipelineState
from cyclone_storage.redis.commands.script_state import ScriptState
from cyclone_storage.redis.commands.surface import Commands
from cyclone_storage.redis.commands.transaction_state import TransactionState
from cyclone_storage.redis.errors import (
    ConnectionError,  # noqa: A004 -- txredisapi's name
    RedisError,
    TimeoutError,  # noqa: A004 -- txredisapi's name
)
from cyclone_storage.redis.types import Result

__all__ = ["ConnectionCommands"]


class ConnectionCommands(TransactionState, PipelineState, ScriptState, Commands):
    """Commands on one connection; stands before txredisapi's protocol in the bases of ours.

    It needs what that protocol has: `execute_command`, `transport`, `factory`, whose
    `connectionQueue.put(connection)` is called once for each exclusive use that ends, `inMulti` and
    `post_proc` (while `inMulti`, `execute_command` appends its `post_proc` there), `pipelining` and
    `pipelined_replies`, and `script_hashes`, emptied when the connection is lost.
    """

    _build_command: Any

    def _run(self, name: str, *args: object, **kwargs: object) -> Deferred[Any]:
        result: Deferred[Any] = getattr(self, name)(*args, **kwargs)
        return result

    def quit(self) -> Deferred[str]:
        """End the connection, and do not come back."""
        self.factory.stopTrying()
        return self.execute_command("QUIT")

    def shutdown(self, mode: str | None = None) -> Deferred[None]:
        """End the server; that it ends the connection is its answer."""

        def ended(failure: Failure) -> None:
            failure.trap(ConnectionError)
            if failure.check(TimeoutError) is not None:
                failure.raiseException()
            self.factory.stopTrying()

        words = () if mode is None else (mode,)
        return self.execute_command("SHUTDOWN", *words).addErrback(ended)

    def run_together(
        self, commands: Sequence[Command], *, transaction: bool = False
    ) -> Deferred[list[Result]]:
        """Send commands at once, with nobody's in between, and wait for all replies.

        Args:
            commands: The words of each, and what makes its result of the reply.
            transaction: Whether they are run together or not at all.

        Returns:
            The results in order, errors among them.

        Raises:
            WatchError: A watched key has changed: nothing was run.
            ResponseError: The server refused a command of a transaction: nothing was run.
            InvalidData: A value cannot be sent: nothing was sent.
            InvalidResponse: The reply to EXEC has another shape; the connection was closed.
        """
        if self.inMulti:
            return fail(RedisError("a transaction is open on this connection: use its commands"))
        try:
            for words, _ in commands:
                # All of them before the first is sent: there must not be half of a transaction.
                self._build_command(*words)
        except Exception as error:  # noqa: BLE001 -- whatever the `__str__` of a value raises
            if transaction and self.inTransaction:
                self.unwatch().addErrback(lambda _: None)
            return fail(error)
        if transaction:
            ending = self._run_transaction(commands)
            return ending.addBoth(self._release) if self.inTransaction else ending
        asking = [
            self.execute_command(*words, post_proc=conversion) for words, conversion in commands
        ]
        return DeferredList(asking, consumeErrors=True).addCallback(_outcomes)

    def _run_transaction(self, commands: Sequence[Command]) -> Deferred[list[Result]]:
        watched = self._watching
        asking = [
            self.execute_command("MULTI"),
            *(self.execute_command(*words) for words, _ in commands),
            self.execute_command("EXEC"),
        ]

        def results(pairs: list[tuple[bool, Any]]) -> list[Result]:
            *queued, replies = _outcomes(pairs)
            if isinstance(replies, Exception):
                # That a command was refused says more than that EXEC was, therefore.
                refused = (each for each in queued if isinstance(each, Exception))
                raise next(refused, replies)
            return self._results(
                replies, [conversion for _, conversion in commands], watched=watched
            )

        return DeferredList(asking, consumeErrors=True).addCallback(results)


def _outcomes(pairs: list[tuple[bool, Any]]) -> list[Any]:
    return [value.value if isinstance(value, Failure) else value for _, value in pairs]
