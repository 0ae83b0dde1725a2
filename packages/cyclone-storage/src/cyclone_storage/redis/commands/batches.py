"""Commands that are collected and sent together, in a transaction or not."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from cyclone_storage.redis.commands.groups import CommandGroups
from cyclone_storage.redis.commands.queued import QueuedReply
from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.errors import RedisError
from cyclone_storage.redis.types import Key, Result

__all__ = ["Batch", "Command", "Transaction"]

Command: TypeAlias = tuple[tuple[object, ...], Callable[[Any], object] | None]
"""The words of a command, and what makes the result of its reply."""

_ENDED: Final = "these commands were sent already, or given up: begin another transaction or batch"


class Batch(CommandGroups):
    """Commands that are sent together; each gives a Deferred that fires when all replies are there.

    It is an asynchronous context manager: at the end of the block the commands are sent, unless an
    exception leaves it. Without one, call `run`.

    Attributes:
        results: The results of all commands in order, errors among them, once they are there.
    """

    _in_transaction = False

    def __init__(self, runner: CommandRunner, *, raise_errors: bool = True) -> None:
        """Collect commands; `pool.batch()` makes one.

        Args:
            runner: A pool or a connection.
            raise_errors: Whether `run` fails with the first error of a command.
        """
        self._runner = runner
        self._raise_errors = raise_errors
        self._commands: list[Command] = []
        self._queued: list[QueuedReply] = []
        self._ended = False
        self.results: list[Result] = []

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Send the commands, or forget them if an exception leaves the block.

        Raises:
            RedisError: See `run`.
        """
        if error is None:
            await self.run()
        else:
            self._give_up(error)

    def run(self) -> Deferred[list[Result]]:
        """Send the commands, and wait for all replies.

        Returns:
            The results in order; one that is an error is an exception, unless that is raised.

        Raises:
            ResponseError: That of the first command that failed, if errors are to be raised; the others
                were run all the same, and `results` is complete.
            ConnectionError: The connection was lost: whether the commands were run is not known.
            RedisError: It was sent already.
        """
        if self._ended:
            return fail(RedisError(_ENDED))
        self._ended = True
        if not self._commands:
            return succeed(self.results)
        return self._send().addCallbacks(self._settle, self._fail)

    def _send(self) -> Deferred[list[Result]]:
        return self._runner._run(  # noqa: SLF001 -- a part of the same surface
            "run_together", self._commands, transaction=self._in_transaction
        )

    def _settle(self, results: list[Result]) -> list[Result]:
        self.results = results
        for queued, result in zip(self._queued, results, strict=True):
            queued.settle(result)
        if self._raise_errors:
            for place, result in enumerate(results):
                if isinstance(result, Exception):
                    name = self._commands[place][0][0]
                    result.add_note(f"command {place + 1} of {len(results)}: {name}")
                    raise result
        return results

    def _fail(self, failure: Failure) -> Failure:
        for queued in self._queued:
            queued.settle(failure.value)
        return failure

    def _give_up(self, error: BaseException) -> None:
        self._ended = True
        for queued in self._queued:
            queued.settle(RedisError(f"not sent, as the block was left by {error!r}"))

    def _run(self, name: str, *args: Any, **kwargs: Any) -> Deferred[Any]:  # noqa: ANN401 -- a command's
        if self._ended:
            return fail(RedisError(_ENDED))
        if name in {"eval", "evalsha"}:
            script, keys, more = args
            return self._queue((name.upper(), script, len(keys), *keys, *more), None)
        if name != "execute_command":
            return fail(RedisError(f"{name}() cannot be a part of a transaction or a batch"))
        return self._queue(args, kwargs.get("post_proc"))

    def _run_blocking(
        self, *words: object, post_proc: Callable[[Any], object] | None = None
    ) -> Deferred[Any]:
        if not self._in_transaction:
            return fail(
                RedisError(f"{words[0]} would hold up a connection that others use: not in a batch")
            )
        # Inside of a transaction it does not block.
        return self._run("execute_command", *words, post_proc=post_proc)

    def _queue(
        self, words: tuple[object, ...], post_proc: Callable[[Any], object] | None
    ) -> QueuedReply:
        queued = QueuedReply()
        self._commands.append((words, post_proc))
        self._queued.append(queued)
        return queued


class Transaction(Batch):
    """Commands that run together or not at all, with nobody's in between.

    While keys are watched, and `multi` was not called yet, commands run at once, so that what is written
    can follow from what was read::

        async with pool.transaction(watch="stock") as t:
            left = await t.get("stock")
            t.multi()
            t.set("stock", left - 1)

    Without keys to watch all commands are collected from the beginning.
    """

    _in_transaction = True

    def __init__(
        self, runner: CommandRunner, watch: Sequence[Key] = (), *, raise_errors: bool = True
    ) -> None:
        """Collect commands; `pool.transaction()` makes one.

        Args:
            runner: A pool or a connection.
            watch: Keys to watch.
            raise_errors: Whether `run` fails with the first error of a command.
        """
        super().__init__(runner, raise_errors=raise_errors)
        self._watch = list(watch)
        self._connection: CommandRunner | None = None
        self._collecting = not self._watch

    async def __aenter__(self) -> Self:
        """Watch the keys, if any.

        Raises:
            ConnectionError: There is no connection.
        """
        if self._watch:
            watching = self._runner._run("watch", self._watch)  # noqa: SLF001 -- see _send
            self._connection = self._runner = await watching
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit, or forget the commands if an exception leaves the block.

        Raises:
            WatchError: A watched key has changed: nothing was run.
            RedisError: See `run`.
        """
        try:
            await super().__aexit__(kind, error, trace)
        finally:
            if self._connection is not None and (error is not None or not self._commands):
                # Nothing was sent that would have ended the watching.
                ending = self._connection._run("unwatch")  # noqa: SLF001 -- see _send
                ending.addErrback(lambda _: None)

    def multi(self) -> None:
        """Collect commands from now on: the values that they follow from have been read.

        Raises:
            RedisError: No keys are watched.
        """
        if not self._watch:
            raise RedisError("multi() is for transaction(watch=...): this one collects already")
        self._collecting = True

    def _run(self, name: str, *args: Any, **kwargs: Any) -> Deferred[Any]:  # noqa: ANN401 -- a command's
        if self._collecting or self._ended:
            return super()._run(name, *args, **kwargs)
        if self._connection is None:
            return fail(RedisError("a transaction that watches keys needs its `async with` block"))
        return self._connection._run(name, *args, **kwargs)  # noqa: SLF001 -- see _send
