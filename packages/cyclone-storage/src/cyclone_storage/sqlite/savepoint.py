"""Parts of a transaction that can fail by themselves."""

from collections.abc import Callable
from types import TracebackType

from twisted.internet.defer import Deferred

__all__ = ["Savepoint"]


class Savepoint:
    """What `t.savepoint()` gives: `async with t.savepoint()`."""

    def __init__(self, run: Callable[[str], Deferred[None]], name: str) -> None:
        """Make one.

        Args:
            run: Runs a statement in the transaction.
            name: An identifier that no other savepoint of the transaction has, so that one which
                is not ended in its order is an error of SQLite's and never undoes another.
        """
        self._run = run
        self._name = name

    async def __aenter__(self) -> None:
        """Begin."""
        await self._run(f"SAVEPOINT {self._name}")

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Keep what was done inside, or undo it.

        Args:
            kind: The class of the exception that ended the block, or `None`.
            error: The exception.
            traceback: Where it was raised.
        """
        if kind is not None:
            undone = self._run(f"ROLLBACK TO {self._name}")
            if kind is GeneratorExit:
                # A coroutine that is thrown away cannot wait, and its transaction ends as well.
                undone.addErrback(lambda _: None)
                return
            await undone
        await self._run(f"RELEASE {self._name}")
