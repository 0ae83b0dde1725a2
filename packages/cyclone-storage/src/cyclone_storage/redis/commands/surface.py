"""All commands together."""

from cyclone_storage.redis.commands.keys import KeyCommands
from cyclone_storage.redis.commands.transactions import TransactionCommands

__all__ = ["Commands"]


class Commands(KeyCommands, TransactionCommands):
    """All commands: what pools, connections, transactions and batches have in common.

    A reply of text is text in the connection's charset, or a number if it looks like one
    (`convertNumbers`); what no charset can read stays bytes. Inside of a classic transaction
    (`multi`) each command gives `"QUEUED"`, and `commit` gives the results.
    """

    __slots__ = ()
