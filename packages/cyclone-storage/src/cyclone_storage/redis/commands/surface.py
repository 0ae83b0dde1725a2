"""All commands together."""

from collections.abc import Iterable

from cyclone_storage.redis.commands.batches import Batch, Transaction
from cyclone_storage.redis.commands.groups import CommandGroups
from cyclone_storage.redis.commands.transactions import TransactionCommands
from cyclone_storage.redis.commands.words import listed
from cyclone_storage.redis.types import Key

__all__ = ["Commands"]


class Commands(CommandGroups, TransactionCommands):
    """All commands: what pools and connections have in common.

    A reply of text is text in the connection's charset, or a number if it looks like one and the pool
    converts numbers: `convertNumbers`, which the classic makers do unless told otherwise, and
    `convert_numbers`, which `connect` does only when told. What no charset can read stays bytes. A reply of
    which the result of a method cannot be made fails it with `InvalidResponse`, and the connection is
    closed: replies may be out of step.

    Inside of a classic transaction (`multi`) each command gives `"QUEUED"`, and `commit` gives the results.
    """

    __slots__ = ()

    def transaction(
        self, watch: Key | Iterable[Key] = (), *, raise_errors: bool = True
    ) -> Transaction:
        """Run commands together or not at all, with nobody's in between.

        `async with pool.transaction() as t:` sends what its body asks of `t` when it ends. The
        connection always goes back to the pool, whatever happens.

        Args:
            watch: Keys to watch, if any; see `Transaction`.
            raise_errors: Whether an error of one command is raised at the end; the others were run
                all the same. `results` has it in any case.

        Returns:
            The transaction.
        """
        return Transaction(self, listed(watch), raise_errors=raise_errors)

    def batch(self, *, raise_errors: bool = True) -> Batch:
        """Send commands together, and wait once for all replies.

        `async with pool.batch() as b:` sends what its body asks of `b` when it ends.

        Args:
            raise_errors: Whether an error of one command is raised at the end; the others were run
                all the same. `results` has it in any case.

        Returns:
            The batch.
        """
        return Batch(self, raise_errors=raise_errors)
