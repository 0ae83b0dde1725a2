"""Commands on one connection: what is the same in all of them ends in its `execute_command`."""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from cyclone_storage.redis.commands.surface import Commands
from cyclone_storage.redis.commands.pipeline_state import PipelineState
from cyclone_storage.redis.commands.transaction_state import TransactionState

__all__ = ["ConnectionCommands"]


class ConnectionCommands(TransactionState, PipelineState, Commands):
    """Commands on one connection; stands before txredisapi's protocol in the bases of ours.

    It needs what that protocol has: `execute_command`, `transport`, `factory`, whose
    `connectionQueue.put(connection)` is called once for each exclusive use that ends, `inMulti` and
    `post_proc` (while `inMulti`, `execute_command` appends its `post_proc` there), `pipelining` and
    `pipelined_replies`, and `script_hashes`, emptied when the connection is lost.
    """

    execute_command: Any

    def _run(self, name: str, *args: Any, **kwargs: Any) -> Deferred[Any]:
        result: Deferred[Any] = getattr(self, name)(*args, **kwargs)
        return result
